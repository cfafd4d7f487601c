"""Who is slow, or many, holds no more than a share of the door; the slowest goes first when others wait (fault 84)."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest

from mailgate.model.installation import KIB, MIB, DoorSettings
from mailgate.model.mail import NoSpace
from mailgate.receive import bouts, connection, replies
from mailgate.receive.limits import SLOWEST, Occupancy, Pace
from tests.receive.doors import MAIL, PATIENCE, Client, OpenDoor, open_door

SOON = timedelta(milliseconds=200)
LINE = b"0123456789\r\n"


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(connection, "LOOK_ROUND", 0.05)
    monkeypatch.setattr(connection, "LINGER", 0.1)


def from_(octet: int, house: OpenDoor) -> Client:
    """A peer of its own on loopback."""
    return Client(socket.create_connection(("127.0.0.1", house.door.port), PATIENCE, source_address=(f"127.0.1.{octet}", 0)))


# --- pace, a pure thing -------------------------------------------------------------------------------------------


def test_who_says_nothing_falls_behind_by_the_clock_and_who_sends_steadily_does_not():
    silent, steady = Pace(100.0), Pace(100.0)
    for second in range(101, 161):
        steady.heard(SLOWEST, float(second))
    assert (silent.behind(160.0), steady.behind(160.0)) == (60.0, 0.0)


def test_a_mail_that_came_fast_and_stands_still_then_has_saved_up_nothing():
    pace = Pace(0.0)
    pace.heard(40 * MIB, 1.0)
    assert pace.behind(11.0) == 10.0


def test_an_octet_now_and_then_buys_an_instant_and_no_more():
    pace = Pace(0.0)
    for second in range(1, 21):
        pace.heard(1, float(second))
    assert 19.9 < pace.behind(20.0) < 20.0


# --- shares, a table ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "connections", "address", "loopback"),
    [
        ({}, 150, 64 * MIB, 192 * MIB),
        ({"max_connections": 3, "max_connections_per_address": 1}, 3, 64 * MIB, 192 * MIB),
        ({"max_bytes_in_flight": 64 * MIB}, 150, 50 * MIB + KIB, 50 * MIB + KIB),  # one mail has to fit
        ({"max_bytes_in_flight": 10 * MIB}, 150, 10 * MIB, 10 * MIB),
        ({"max_bytes_per_address": 1, "max_bytes_from_loopback": 100 * MIB}, 150, 50 * MIB + KIB, 100 * MIB),
        ({"max_connections_from_loopback": 5}, 5, 64 * MIB, 192 * MIB),
    ],
)
def test_shares_follow_from_the_door_where_nothing_is_said(said, connections, address, loopback):
    door = DoorSettings(**said)
    assert (door.connections_from_loopback, door.bytes_per_address, door.bytes_from_loopback) == (connections, address, loopback)


def test_the_last_quarter_of_a_door_is_for_those_who_have_little_of_it():
    rooms = Occupancy(DoorSettings(max_connections=100, max_connections_per_address=50))
    assert [rooms.enter("192.0.2.1") for _ in range(60)].count(True) == 50
    assert [rooms.enter("192.0.2.2") for _ in range(60)].count(True) == 33  # up to three quarters freely, then its fair share
    assert all(rooms.enter(f"198.51.100.{octet}") for octet in range(17))
    assert rooms.is_full and not rooms.enter("198.51.100.200")
    assert rooms.crowding("192.0.2.1") == 45 and rooms.crowding("198.51.100.3") == 0


def test_an_ipv6_customer_has_one_share_of_the_octets_however_many_addresses_they_have():
    rooms = Occupancy(DoorSettings(max_bytes_in_flight=1000 * MIB, max_bytes_per_address=100 * MIB))
    rooms.hold("2001:db8:1:2::1", 60 * MIB)
    assert rooms.has_room("2001:db8:1:2::ffff", 40 * MIB)
    assert not rooms.has_room("2001:db8:1:2::ffff", 41 * MIB)
    assert rooms.has_room("2001:db8:1:3::1", 100 * MIB)
    rooms.hold("2001:db8:1:2::2", -60 * MIB)
    assert rooms.bytes_in_flight == 0 and not rooms._octets


# --- six slow ones of one peer ------------------------------------------------------------------------------------


def test_six_slow_mails_of_one_peer_leave_the_octets_of_the_door_to_the_others():
    with open_door(max_size=40_000, max_bytes_in_flight=200_000, max_bytes_from_loopback=50_000) as house, ExitStack() as stack:
        slow = [stack.enter_context(from_(7, house)).until_data() for _ in range(6)]
        for client in slow:
            client.send(LINE * 3000)
        house.wait_until(lambda: any(one._transfer and one._transfer.fault for one in house.door._door.sessions))
        assert house.door.bytes_in_flight <= 50_000
        with from_(8, house) as other:
            other.until_data()
            other.send(LINE * 3000 + b".\r\n")
            assert other.reply() == "250 2.0.0 Stored"
        for client in slow:
            client.send(b".\r\n")
        said = {client.reply() for client in slow}
        assert said == {"250 2.0.0 Stored", replies.NO_ROOM}  # it may come again, and what was whole is kept


def test_a_peer_that_has_its_share_is_told_so_before_it_sends_and_another_is_not():
    with open_door(max_size=40_000, max_bytes_in_flight=200_000, max_bytes_from_loopback=50_000) as house, from_(7, house) as one:
        one.until_data()
        one.send(LINE * 3000)
        house.wait_until(lambda: house.door.bytes_in_flight > 35_000)
        with from_(7, house) as same, from_(8, house) as other:
            for client in (same, other):
                client.reply()
                client.ask("EHLO x")
            assert same.ask("MAIL FROM:<> SIZE=30000") == replies.NO_ROOM
            assert other.ask("MAIL FROM:<> SIZE=30000").startswith("250 ")


def test_octets_that_stand_still_in_many_hands_go_the_slowest_first():
    with open_door(max_size=40_000, max_bytes_in_flight=100_000, stress_timeout=SOON) as house, ExitStack() as stack:
        slow = [stack.enter_context(from_(octet, house)).until_data() for octet in range(1, 4)]
        for client in slow:
            client.send(LINE * 2700)
        house.wait_until(lambda: house.door.bytes_in_flight > 95_000)
        assert slow[0].reply() == replies.TOO_SLOW  # 421: it comes again
        house.wait_until(lambda: house.door.bytes_in_flight < 75_000)
        time_to_go = [client for client in slow[1:] if not client._read]
        for client in time_to_go:
            client.send(b".\r\n")
        assert [client.reply() for client in time_to_go] == ["250 2.0.0 Stored"] * 2  # no more went than had to


# --- two hundred, all at once -------------------------------------------------------------------------------------


def test_a_crowd_of_slow_peers_gives_way_to_an_ordinary_one_who_never_hears_a_no():
    with open_door(max_connections=40, stress_timeout=SOON) as house, ExitStack() as stack:
        crowd = [stack.enter_context(from_(octet, house)) for octet in range(1, 41)]
        assert all(client.reply().startswith("220 ") for client in crowd)
        assert house.door.connections == 40
        began = time.monotonic()
        with from_(99, house) as ordinary:
            ordinary.until_data()
            ordinary.send(MAIL + b".\r\n")
            assert ordinary.reply() == "250 2.0.0 Stored"
        assert time.monotonic() - began < 30
        gone = [client for client in crowd if _was_dismissed(client)]
        assert 10 <= len(gone) <= 12  # down to three quarters: nobody goes for whom there is room


def _was_dismissed(client: Client) -> bool:
    client.sock.settimeout(0.02)
    try:
        return client.reply() == replies.TOO_SLOW
    except TimeoutError:
        return False


@pytest.mark.parametrize("drip", [b"NOOP\r\n", b"X", b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"])
def test_neither_small_talk_nor_single_octets_keep_a_place_at_a_full_door(drip):
    with open_door(max_connections=8, max_commands=10**6, stress_timeout=SOON) as house, ExitStack() as stack:
        over = threading.Event()
        crowd = [stack.enter_context(from_(octet, house)) for octet in range(1, 9)]
        assert all(client.reply().startswith("220 ") for client in crowd)

        def talk(client: Client) -> None:
            try:
                client.send(drip)
                while not over.wait(0.02):
                    client.send(drip[:1] if drip == b"X" else b"NOOP\r\n")
            except OSError:
                return  # sent away

        talkers = [threading.Thread(target=talk, args=(client,)) for client in crowd]
        for talker in talkers:
            talker.start()
        try:
            with from_(99, house) as ordinary:
                ordinary.until_data()
                ordinary.send(MAIL + b".\r\n")
                assert ordinary.reply() == "250 2.0.0 Stored"
        finally:
            over.set()
            for talker in talkers:
                talker.join(PATIENCE)


def test_nobody_is_hurried_at_a_door_that_has_room():
    with open_door(max_connections=40, stress_timeout=timedelta(0)) as house, ExitStack() as stack:
        quiet = [stack.enter_context(from_(octet, house)) for octet in range(1, 11)]
        assert all(client.reply().startswith("220 ") for client in quiet)
        assert house.call(lambda: house.door._door._look) is None  # nobody even looks
        assert house.door.connections == 10
        assert all(client.ask("NOOP") == "250 2.0.0 Ok" for client in quiet)


def test_a_mail_that_waits_for_its_commit_is_never_too_slow_whatever_the_crowd():
    with open_door(max_connections=4, stress_timeout=SOON) as house, ExitStack() as stack:
        house.gateway.slow = True
        stored = stack.enter_context(from_(1, house)).until_data()
        stored.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        others = [stack.enter_context(from_(octet, house)) for octet in range(2, 5)]
        assert all(client.reply().startswith("220 ") for client in others)
        assert others[0].reply() == replies.TOO_SLOW
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert stored.reply() == "250 2.0.0 Stored"


def test_the_connections_of_who_has_most_of_them_go_before_the_single_one_of_another():
    with open_door(max_connections=8, stress_timeout=SOON, max_connections_from_loopback=8) as house, ExitStack() as stack:
        single = stack.enter_context(from_(1, house))
        assert single.reply().startswith("220 ")
        many = [stack.enter_context(from_(2, house)) for _ in range(6)]
        assert [client.reply()[:3] for client in many].count("220") >= 5
        assert single.ask("NOOP") == "250 2.0.0 Ok"
        house.wait_until(lambda: house.door.connections < 6)
        assert not _was_dismissed(single)


def test_after_a_standstill_of_the_machine_nobody_is_blamed_for_what_was_not_heard(monkeypatch):
    with open_door(max_connections=4, stress_timeout=timedelta(seconds=2)) as house, ExitStack() as stack:
        crowd = [stack.enter_context(from_(octet, house)) for octet in range(1, 5)]
        assert all(client.reply().startswith("220 ") for client in crowd)

        def an_hour_later() -> list[bool]:
            now, room = house.loop.time() + 3600, house.door._door
            monkeypatch.setattr(house.loop, "time", lambda: now)
            room._relieve(house.loop, now - 3600)
            monkeypatch.undo()
            return [session.is_leaving for session in room.sessions]

        assert house.call(an_hour_later) == [False] * 4


# --- what is said to the operator ---------------------------------------------------------------------------------


def test_a_full_disk_is_told_once_and_once_that_it_is_over(caplog, monkeypatch):
    """A thousand 452 are two lines in the log (fault 6)."""
    monkeypatch.setattr(bouts, "OVER_AFTER", 0.0)
    with open_door() as house, house.client() as client, caplog.at_level("INFO"):
        house.gateway.trouble = NoSpace()
        client.until_data()
        for _ in range(20):
            client.send(MAIL + b".\r\n")
            assert client.reply() == replies.NO_ROOM
            client.envelope()
        house.gateway.trouble = None
        client.send(MAIL + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
    said = [record.getMessage() for record in caplog.records if "room" in record.getMessage() or "again" in record.getMessage()]
    assert said == ["there is no room to store mail: the doors say 452", "mail can be stored again, after 20 times"]


@pytest.mark.parametrize("trouble", [MemoryError(), OSError(24, "Too many open files"), RuntimeError("can't start new thread")])
def test_what_fails_for_each_mail_has_one_traceback_and_a_451_each(trouble, caplog):
    """No storm of tracebacks (faults 7, 8)."""
    with open_door() as house, house.client() as client, caplog.at_level("INFO"):
        house.gateway.trouble = trouble
        client.until_data()
        for _ in range(10):
            client.send(MAIL + b".\r\n")
            assert client.reply() == replies.TRY_LATER
            client.envelope()
    assert sum(record.exc_info is not None for record in caplog.records) == 1


def test_memory_that_ends_in_the_middle_of_a_mail_puts_it_off_and_the_door_goes_on(monkeypatch):
    with open_door() as house, house.client() as client:
        client.until_data()
        (session,) = house.door._door.sessions

        def no_memory(data: bytes) -> bytes | None:
            raise MemoryError

        class Poor:
            complete, held, feed = False, 0, staticmethod(no_memory)

        house.call(lambda: setattr(session, "_transfer", Poor()))
        client.send(LINE)
        assert client.reply() == replies.BROKEN
        with house.client() as next_one:
            next_one.until_data()
            next_one.send(MAIL + b".\r\n")
            assert next_one.reply() == "250 2.0.0 Stored"
