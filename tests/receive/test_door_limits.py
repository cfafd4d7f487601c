"""Nobody takes the door from the others: limits on connections, memory, commands and time."""

from __future__ import annotations

import os
import resource
import select
import socket
import subprocess
import sys
import time
import tracemalloc
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.model.installation import DoorSettings
from mailgate.receive import connection, replies
from mailgate.receive.limits import Occupancy, affordable_connections, neighbourhood
from mailgate.receive.transfer import Transfer
from tests.receive.doors import MAIL, PATIENCE, Client, open_door

SOON = timedelta(milliseconds=150)


# --- connections --------------------------------------------------------------------------------------------------


def test_one_client_too_many_is_told_so_and_the_others_do_not_notice():
    with open_door(max_connections=3, stress_timeout=SOON, max_connections_from_loopback=3) as house, ExitStack() as stack:
        inside = [stack.enter_context(house.client()) for _ in range(3)]
        assert all(client.reply().startswith("220 ") for client in inside)
        with house.client() as outside:
            assert outside.reply() == "421 4.7.0 Too many connections, try again later"
            assert outside.is_closed()
        assert inside[0].ask("QUIT").startswith("221 ")
        assert inside[0].is_closed()
        house.wait_until(lambda: house.door.connections == 2)
        assert stack.enter_context(house.client()).reply().startswith("220 ")


def test_one_address_gets_its_share_and_another_one_its_own():
    with open_door(max_connections_from_loopback=2) as house, ExitStack() as stack:
        inside = [stack.enter_context(house.client()) for _ in range(2)]
        assert [client.reply()[:3] for client in inside] == ["220", "220"]
        with house.client() as third:
            assert third.reply().startswith("421 4.7.0 ")
        try:
            other = socket.create_connection(("127.0.0.1", house.door.port), PATIENCE, source_address=("127.0.0.2", 0))
        except OSError:
            pytest.skip("this machine has one loopback address only")
        with Client(other) as neighbour:
            assert neighbour.reply().startswith("220 ")


def test_our_own_machine_may_be_free_of_the_limit_per_address():
    with open_door(max_connections_per_address=1) as house, house.client() as one, house.client() as two:
        assert one.reply()[:3] == two.reply()[:3] == "220"


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_customer_counts_once_however_many_addresses_they_have(peer, name):
    assert neighbourhood(peer) == name


def test_who_left_leaves_no_trace_in_the_count():
    rooms = Occupancy(DoorSettings(max_connections_per_address=1))
    for octet in range(200):
        assert rooms.enter(f"192.0.2.{octet}")
        assert not rooms.enter(f"192.0.2.{octet}")
        rooms.leave(f"192.0.2.{octet}")
    assert rooms.connections == 0 and not rooms._per_address


def test_a_thousand_connects_do_not_keep_the_next_mail_out():
    """(fault 84)"""
    with open_door(max_connections=10, stress_timeout=SOON) as house:
        for _ in range(20):
            with ExitStack() as stack:
                crowd = [stack.enter_context(house.client()) for _ in range(50)]
                assert {client.reply()[:3] for client in crowd} <= {"220", "421"}
                assert house.door.connections <= 10
            house.wait_until(lambda: house.door.connections == 0)
        with house.client() as client:
            client.until_data()
            client.send(MAIL + b".\r\n")
            assert client.reply() == "250 2.0.0 Stored"


def test_connections_never_use_up_the_descriptors_that_the_database_needs(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert affordable_connections(200) == 192
    assert affordable_connections(20) == 20
    monkeypatch.setattr(resource, "getrlimit", lambda _: (32, 32))
    assert affordable_connections(200) == 16
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert affordable_connections(200) == 200


NARROW = """
import asyncio, logging, os, resource, sys
logging.basicConfig(level=logging.INFO)
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
from datetime import UTC, datetime
from functools import partial
from mailgate.model.installation import DoorSettings
from mailgate.receive import bouts, smtp
from mailgate.receive.smtp import MailDoor
bouts.OVER_AFTER = smtp.PAUSE = 0.1

class Gateway:
    def desk_of(self, recipient):
        return "it"
    async def accept(self, arrival):
        open("/dev/null").close()  # storing needs a descriptor

async def main():
    told = lambda kind, what, way_out: print("alarm", kind, what, file=sys.stderr)
    door = MailDoor(DoorSettings(port=0, max_connections_from_loopback=200), Gateway(), lambda: datetime.now(UTC), None, told)
    await door.start()
    print(door.port, flush=True)
    eaten = []
    for word in iter(partial(asyncio.get_running_loop().run_in_executor, None, sys.stdin.readline), None):
        word = await word
        if word.strip() == "eat":
            try:
                while True:
                    eaten.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                print("eaten", flush=True)
        elif word.strip() == "give":
            for one in eaten:
                os.close(one)
        else:
            break
    await door.stop(2.0)

asyncio.run(main())
"""


def _begin_to_connect(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(("127.0.0.1", port))
    return sock


def _mail_gets_in(port: int) -> bool:
    with Client(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        greeting = client.reply()
        if greeting.startswith("421 4.7.0 "):
            return False
        assert greeting.startswith("220 ")
        client.ask("EHLO x")
        client.envelope()
        client.send(MAIL + b".\r\n")
        return client.reply() == "250 2.0.0 Stored"


def test_a_door_short_of_descriptors_turns_clients_away_and_recovers(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", NARROW]
    with (
        (tmp_path / "errors").open("w") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as narrow,
    ):
        assert narrow.stdout is not None
        port = int(narrow.stdout.readline())
        with Client(socket.create_connection(("127.0.0.1", port), PATIENCE)) as early, ExitStack() as stack:
            early.until_data()
            crowd = [stack.enter_context(_begin_to_connect(port)) for _ in range(200)]
            early.send(MAIL + b".\r\n")
            assert early.reply() == "250 2.0.0 Stored"
            answered, _, _ = select.select(crowd, [], [], PATIENCE)
            assert answered and {sock.recv(3) for sock in answered} <= {b"220", b"421"}
        assert any(_mail_gets_in(port) for _ in range(1000))  # as often as a patient sender tries, though without its pauses
        narrow.communicate("", PATIENCE)
        assert narrow.returncode == 0
    said = (tmp_path / "errors").read_text()
    assert "could not take a mail" not in said and "Traceback" not in said
    assert "pauses" not in said  # they are let in one by one: who is turned away has gone before the next one comes


def _only_waits(crowd: set[socket.socket]) -> bool:
    return not select.select(list(crowd), [], [], 0.5)[0]  # five looks of the door


def test_without_descriptors_the_door_pauses_says_it_once_and_comes_back_by_itself(tmp_path):
    """They are eaten by somebody else, so that no limit on connections helps (fault 7)."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", NARROW]
    with (
        (tmp_path / "errors").open("w") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as narrow,
    ):
        assert narrow.stdout is not None and narrow.stdin is not None

        def say(word: str) -> None:
            narrow.stdin.write(word)
            narrow.stdin.flush()

        port = int(narrow.stdout.readline())
        assert _mail_gets_in(port)
        say("eat\n")
        assert narrow.stdout.readline() == "eaten\n"
        with ExitStack() as stack:
            crowd = [stack.enter_context(_begin_to_connect(port)) for _ in range(30)]
            answered, _, _ = select.select(crowd, [], [], 1.0)
            assert len(answered) <= 1  # who left as they were eaten made one free; the others are neither greeted nor refused
            assert _only_waits(set(crowd) - set(answered))
            say("give\n")
            for sock in crowd:
                assert select.select([sock], [], [], PATIENCE)[0]
                assert sock.recv(3) in (b"220", b"421")
        assert any(_mail_gets_in(port) for _ in range(1000))
        deadline = time.monotonic() + PATIENCE
        while "takes all connections again" not in (tmp_path / "errors").read_text() and time.monotonic() < deadline:
            _mail_gets_in(port)
        narrow.communicate("", PATIENCE)
        assert narrow.returncode == 0
    said = (tmp_path / "errors").read_text()
    assert said.count("pauses: no file descriptors are left") == 1, said
    assert said.count("alarm door_short no file descriptors are left") == 1
    assert said.count("takes all connections again") == 1
    assert "Traceback" not in said


# --- memory -------------------------------------------------------------------------------------------------------


# Ten mails of 20 MB that never end cost aiosmtpd alone more than 200 MiB.
def test_unfinished_mails_are_counted_and_what_exceeds_the_room_is_dropped_and_comes_later():
    with open_door(max_bytes_in_flight=100_000) as house, ExitStack() as stack:
        clients = [stack.enter_context(house.client()).until_data() for _ in range(3)]
        for client in clients[:2]:
            client.send(b"0123456789\r\n" * 3750)  # 45,000 octets
        house.wait_until(lambda: house.door.bytes_in_flight > 89_000)
        clients[2].send(b"0123456789\r\n" * 3750 + b".\r\n")
        assert clients[2].reply() == "452 4.3.1 No room for this mail at the moment, try again later"
        assert 89_000 < house.door.bytes_in_flight <= 90_004
        for client in clients[:2]:
            client.send(b".\r\n")
            assert client.reply() == "250 2.0.0 Stored"
        clients[2].envelope()
        clients[2].send(b"0123456789\r\n" * 3750 + b".\r\n")
        assert clients[2].reply() == "250 2.0.0 Stored"
        assert house.door.bytes_in_flight == 0


def test_a_mail_that_cannot_fit_is_put_off_before_it_is_sent():
    with open_door(max_bytes_in_flight=100_000) as house, house.client() as one, house.client() as two:
        one.until_data()
        one.send(b"0123456789\r\n" * 5000)
        house.wait_until(lambda: house.door.bytes_in_flight > 59_000)
        two.reply()
        two.ask("EHLO x")
        assert two.ask("MAIL FROM:<> SIZE=50000").startswith("452 4.3.1 ")
        assert two.ask("MAIL FROM:<> SIZE=5000").startswith("250 2.1.0 ")


def test_a_mail_that_waits_for_its_commit_still_takes_room():
    with open_door() as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(b"0123456789\r\n" * 100 + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        assert house.door.bytes_in_flight == 1200
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert client.reply() == "250 2.0.0 Stored"


def test_mails_that_never_end_do_not_fill_the_memory():
    """(fault 84)"""
    with open_door(max_bytes_in_flight=4 * 1024 * 1024) as house, ExitStack() as stack:
        clients = [stack.enter_context(house.client()).until_data() for _ in range(6)]
        block = b"0123456789ABCDEF\r\n" * 20_000
        tracemalloc.start()
        try:
            for _ in range(10):
                for client in clients:
                    client.send(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert house.door.bytes_in_flight <= 4 * 1024 * 1024
        assert peak < 16 * 1024 * 1024  # 21 MiB were sent


def test_a_mail_that_comes_octet_by_octet_weighs_no_more_than_another():
    transfer = Transfer(1_000_000, 1_000_000)
    tracemalloc.start()
    try:
        for _ in range(100_000):
            transfer.feed(b"x")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert transfer.held > 99_000
    assert held < 200_000


def test_commands_that_nobody_waits_for_are_left_with_the_client():
    with open_door(max_commands=10**9) as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        client.sock.settimeout(0.2)
        sent = 0
        with pytest.raises(TimeoutError):
            while True:
                sent += client.sock.send(b"NOOP\r\n" * 20_000)
        (session,) = house.door._door.sessions
        assert len(session._incoming) < 1024 * 1024 < sent
        client.sock.settimeout(PATIENCE)
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert client.reply() == "250 2.0.0 Stored"
        assert client.reply() == "250 2.0.0 Ok"


# --- commands -----------------------------------------------------------------------------------------------------


def test_a_flood_of_commands_ends_the_session():
    """(fault 84)"""
    with open_door(max_commands=50) as house, house.client() as client:
        client.reply()
        client.send(b"NOOP\r\n" * 50_000)
        assert [client.reply() for _ in range(50)] == ["250 2.0.0 Ok"] * 50
        assert client.reply() == "421 4.7.0 Too many commands in one session, try again later"
        assert client.sock.recv(1) == b""  # an orderly end: a reset could overtake the reply


@pytest.mark.parametrize("command", ["AUTH LOGIN", "NOOP\x01", "MAIL FROM", "RCPT TO:<a@b.example>", "DATA", "x" * 3000])
def test_who_only_says_nonsense_is_sent_away(command):
    with open_door(max_bad_commands=3) as house, house.client() as client:
        client.reply()
        assert all(client.ask(command)[0] == "5" for _ in range(3))
        assert client.ask(command) == "421 4.7.0 Too many errors, try again later"
        assert client.is_closed()


def test_a_browser_that_was_sent_here_does_not_get_to_say_a_command():
    with open_door() as house, house.client() as client:
        client.reply()
        client.send(b"POST / HTTP/1.1\r\nHost: gate\r\n\r\nEHLO x\r\nMAIL FROM:<>\r\n")
        assert client.reply().startswith("421 4.7.0 ")
        assert client.is_closed()


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"", b"NO", b"MAIL FROM:<>\r\nRCPT"])
def test_who_says_nothing_for_too_long_is_sent_away(said):
    with open_door(command_timeout=SOON) as house, house.client() as client:
        client.reply()
        assert client.ask("EHLO x")[:3] == "250"
        client.send(said)
        assert _last_word(client) == replies.TOO_SLOW


def _last_word(client: Client) -> str:
    while not (reply := client.reply()).startswith("421 "):
        pass
    assert client.is_closed()
    return reply


def test_a_command_that_drips_in_octet_by_octet_does_not_win_time():
    with open_door(command_timeout=SOON) as house, house.client() as client:
        client.reply()
        assert client.drip(b"x") == replies.TOO_SLOW


def test_a_mail_that_drips_in_line_by_line_does_not_win_time():
    with open_door(mail_time_limit=SOON) as house, house.client() as client:
        client.until_data()
        assert client.drip(b"x\r\n") == replies.TOO_SLOW
        assert house.gateway.arrivals == []


def test_a_mail_that_stands_still_is_given_up_and_gives_its_room_back():
    with open_door(command_timeout=SOON) as house, house.client() as client:
        client.until_data()
        client.send(b"From: a@b.example\r\n")
        assert client.reply() == replies.TOO_SLOW
        assert house.door.bytes_in_flight == 0


def test_no_session_lasts_for_ever_however_busy_it_is():
    """(fault 84)"""
    with open_door(session_time_limit=SOON, max_commands=10**9) as house, house.client() as client:
        client.reply()
        while (reply := client.ask("NOOP")) == "250 2.0.0 Ok":
            pass
        assert reply == replies.TOO_SLOW


def test_a_slow_commit_is_our_time_and_not_the_clients():
    with open_door(command_timeout=SOON, session_time_limit=SOON) as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(MAIL + b".\r\n")
        client.sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.reply()
        client.sock.settimeout(PATIENCE)
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert client.reply() == "250 2.0.0 Stored"
        assert client.reply() == replies.TOO_SLOW


def test_a_client_that_never_reads_its_replies_is_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "LINGER", 0.1)
    with open_door(session_time_limit=SOON, max_commands=10**9) as house, house.client() as client:
        client.sock.settimeout(0.1)
        with pytest.raises((TimeoutError, ConnectionError)):
            while True:
                client.send(b"NOOP\r\n" * 10_000)
        house.wait_until(lambda: house.door.connections == 0)


def test_a_dismissed_client_that_does_not_hang_up_is_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "LINGER", 0.1)
    with open_door(max_commands=1) as house, house.client() as client:
        client.reply()
        client.send(b"NOOP\r\nNOOP\r\n")
        house.wait_until(lambda: house.door.connections == 0)
