"""What a hostile or broken server may say: as much as there is sense in, and then it is cut off; other mailboxes are read meanwhile."""

from __future__ import annotations

import io
import itertools
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailgate.model.mailbox import Start
from mailgate.receive import imap, imap_wire
from mailgate.receive.imap_session import Credentials, reachable
from mailgate.receive.imap_wire import HIGHEST_UID, read_uids
from tests.fakes.imap_server import ImapServer, noon
from tests.receive.mailbox import SECOND, Desk, a_mail


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, server: ImapServer) -> Iterator[Desk]:
    one = Desk(tmp_path, server)
    yield one
    one.close()


def fill(server: ImapServer, mails: int, first: int = 1) -> list[str]:
    names = [f"m{number}" for number in range(first, first + mails)]
    for name in names:
        server.inbox.add(a_mail(name), noon(11))
    return names


def in_pieces(size: int):  # type: ignore[no-untyped-def]
    return lambda uids: [" ".join(map(str, uids[at : at + size])) for at in range(0, len(uids), size)]


# --- answers of a search ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "uids"),
    [
        ([None], []),
        ([b""], []),
        ([b"1 2 3"], [1, 2, 3]),
        ([b"1 2", b"3", b"", b"4 5"], [1, 2, 3, 4, 5]),
        ([b"3 1 2", b"2 3"], [1, 2, 3]),
        ([b" 7  8 "], [7, 8]),
        ([b"7 8 (MODSEQ 917162500)"], [7, 8]),
        ([b"7 (MODSEQ 9)", b"8 (MODSEQ 10)"], [7, 8]),
        ([b"0 1 4294967295 4294967296 99999999999999999999999999"], [1, HIGHEST_UID]),
        ([b"9" * 100_000], []),
    ],
)
def test_the_lines_of_a_search_are_one_answer_and_impossible_numbers_no_mails(lines, uids):
    assert list(read_uids(lines)) == uids


@pytest.mark.parametrize("line", [b"1 2 x", b"-1", b"1,2,3", b"1:5", b"NIL", (b"{3}", b"1 2")])
def test_what_is_no_search_is_not_guessed_at(line):
    with pytest.raises(ValueError, match="search"):
        read_uids([line])


def test_of_too_many_the_lowest_are_given_and_that_there_are_more():
    some = read_uids([b"9 8 7 6 5 4 3 2 1"], most=4)
    assert (list(some), some.more) == ([1, 2, 3, 4], True)
    assert not read_uids([b"4 3 2 1"], most=4).more
    twice = read_uids([b"1 1 1 1 1 1 1 1 1 2 3 9"], most=2)
    assert twice.more and set(twice) <= {1, 2}


def test_a_mebibyte_of_numbers_weighs_little_more_than_itself():
    line = b"1 " * (512 * 1024)
    tracemalloc.start()
    try:
        read_uids([line])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024  # a list of them is 20 MiB, of their texts as much again


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("start", [Start.NOW, Start.UNSEEN])
def test_a_folder_whose_searches_are_answered_in_pieces_is_read_whole(desk, server, size, start):
    server.lines_of_search = in_pieces(size)
    old = fill(server, 150) if start is Start.UNSEEN else []
    watch = desk.watch(start=start)
    watch.look()
    new = fill(server, 150, first=200)
    watch.look()
    assert sorted(desk.subjects()) == sorted([*old, *new])


@pytest.mark.parametrize("start", [Start.NOW, Start.UNSEEN])
def test_more_mails_than_one_search_gives_are_read_all_the_same(desk, server, start, monkeypatch):
    monkeypatch.setattr(imap_wire.read_uids, "__defaults__", (10,))
    old = fill(server, 35) if start is Start.UNSEEN else []
    watch = desk.watch(start=start)
    watch.look()
    new = fill(server, 35, first=100)
    for _ in range(12):
        watch.look()
    assert sorted(desk.subjects()) == sorted([*old, *new])
    assert len(desk.subjects()) == len(set(desk.subjects()))


# --- numbers ------------------------------------------------------------------------------------------------------


def test_a_uidvalidity_of_0_is_a_value_like_another_and_check_remarks_on_it(desk, server):
    server.inbox.uidvalidity = 0
    watch = desk.watch()
    watch.look()
    fill(server, 5)
    watch.look()
    watch.look()
    assert desk.subjects() == ["m1", "m2", "m3", "m4", "m5"]
    said, well = reachable(desk.settings(), Credentials(lambda: desk.password))
    assert well and "UIDVALIDITY is 0" in said


def test_a_folder_that_goes_from_0_to_a_number_is_read_again_and_nothing_comes_twice(desk, server):
    server.inbox.uidvalidity = 0
    watch = desk.watch()
    watch.look()
    fill(server, 3)
    watch.look()
    server.inbox.uidvalidity = 77
    fill(server, 2, first=4)
    watch.look()
    assert desk.subjects() == ["m1", "m2", "m3", "m4", "m5"]


@pytest.mark.parametrize("uidnext", [HIGHEST_UID, HIGHEST_UID + 1, 2**31, 10**6, 2**64, 10**40, 0])
@pytest.mark.parametrize("when", ["first", "later"])
def test_a_uidnext_far_above_all_mails_hides_none_that_comes_below_it(desk, server, uidnext, when):
    fill(server, 2)
    watch = desk.watch()
    if when == "first":
        server.uidnext = uidnext
    watch.look()
    server.uidnext = uidnext
    names = []
    for number in range(3):
        names += fill(server, 2, first=10 * (number + 1))
        watch.look()
    server.uidnext = None  # and it comes to its senses
    names += fill(server, 2, first=90)
    watch.look()
    watch.look()
    assert desk.subjects() == names


@pytest.mark.parametrize("phantom", ["4294967295", "2147483648", "1000000"])
def test_a_uid_that_no_mail_has_hides_none_that_comes_below_it(desk, server, phantom, caplog):
    watch = desk.watch()
    watch.look()
    names = fill(server, 2)
    server.lines_of_search = lambda uids: [" ".join([*map(str, uids), phantom])]
    watch.look()
    names += fill(server, 2, first=10)
    for _ in range(8):
        watch.look()
        desk.clock.turn(hours=1)
    assert desk.subjects() == names
    assert not desk.alarms
    assert "has new UIDs" not in caplog.text and "does not describe" not in caplog.text  # nor is the folder looked through anew each time


def test_the_last_uid_that_there_is_can_be_read_and_the_folder_is_looked_at_after_it(desk, server):
    watch = desk.watch()
    watch.look()
    server.inbox.uidnext = HIGHEST_UID
    names = fill(server, 1)
    assert watch.look() is None
    assert watch.look() is None
    server.inbox.renumber()  # what a server has to do then
    names += fill(server, 1, first=2)
    watch.look()
    assert desk.subjects() == names


@pytest.mark.parametrize("size", [-5, 0, 2**40, 10**30])
def test_a_size_that_cannot_be_is_no_trouble_for_the_mails_beside_it(desk, server, size):
    watch = desk.watch()
    watch.look()
    fill(server, 3)
    server.sizes[2] = size
    for _ in range(3):
        watch.look()
        desk.clock.turn(hours=1)
    assert {"m1", "m3"} <= set(desk.subjects())
    assert len(desk.subjects()) == 3


# --- what nobody asked for ----------------------------------------------------------------------------------------

STORMS = {
    "exists": lambda: itertools.repeat(b"* 5 EXISTS\r\n" * 100),
    "fetches": lambda: itertools.repeat(b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 100),
    "alerts": lambda: itertools.repeat(b"* OK [ALERT] " + b"x" * 500 + b"\r\n"),
    "one-line": lambda: itertools.chain([b"* OK "], itertools.repeat(b"x" * 65536)),
    "literals": lambda: itertools.repeat(b"* 1 FETCH (BODY[] {100000}\r\n" + b"x" * 100_000 + b")\r\n"),
    "a-literal-without-end": lambda: [b"* 1 FETCH (BODY[] {9999999999}\r\n"],
    "a-number-without-end": lambda: [b"* 1 FETCH (BODY[] {" + b"9" * 5000 + b"}\r\n"],
    "parentheses": lambda: [b"* 1 FETCH " + b"(" * 200_000 + b"\r\n"],
    "nonsense": lambda: [b"\x00\xff\xfe\r\n" * 10],
    "bare": lambda: [b"*\r\n* \r\n*  1\r\n"],
}


MOMENTS = ("GREETING", "CAPABILITY", "AUTHENTICATE", "EXAMINE", "SEARCH", "FETCH")


# All of them at all moments: `tests/exam/test_imap_storms.py`.
@pytest.mark.parametrize(("moment", "storm"), [*(("SEARCH", storm) for storm in STORMS), *((moment, "one-line") for moment in MOMENTS[:4])])
def test_a_server_that_says_what_nobody_asked_is_cut_off_and_costs_little(desk, server, storm, moment):
    weather_a_storm(desk, server, storm, moment)


def weather_a_storm(desk, server, storm, moment):
    fill(server, 3)
    server.unasked[moment] = STORMS[storm]
    watch = desk.watch(after="leave", start=Start.UNSEEN, timeout=3 * SECOND)
    tracemalloc.start()
    began = time.monotonic()
    try:
        pause = watch.look()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 120
    assert pause is None or pause.total_seconds() > 0
    assert peak < 128 * 1024 * 1024
    server.hang_up()
    server.unasked.clear()
    desk.clock.turn(hours=2)
    for _ in range(4):
        watch.look()
        desk.clock.turn(hours=2)
    assert sorted(desk.subjects()) == ["m1", "m2", "m3"]  # over without a restart


def test_what_came_before_tls_is_not_read_under_it():
    """What waits belongs to its connection (fault 82)."""

    class Wire(imap_wire._Counted):
        def __init__(self) -> None:
            self.sock, self.file = socket.socket(), io.BufferedReader(io.BytesIO(b"a1 OK begin\r\n* CAPABILITY forged\r\n"))
            self.allow(1000, 5.0)

    wire = Wire()
    assert wire.readline() == b"a1 OK begin\r\n"
    assert wire._rest
    wire.file = io.BufferedReader(io.BytesIO(b"* CAPABILITY true\r\n"))
    assert wire.readline() == b"* CAPABILITY true\r\n"
    wire.sock.close()


def test_a_greeting_that_drips_in_octet_by_octet_has_as_long_as_any_answer(desk, server):
    def drip() -> Iterator[bytes]:
        for _ in range(10_000):
            time.sleep(0.02)
            yield b"*"

    server.unasked["GREETING"] = drip
    watch = desk.watch(timeout=0.5 * SECOND)
    began = time.monotonic()
    assert watch.look() is not None
    assert time.monotonic() - began < 60
    server.hang_up()


def test_a_literal_that_is_announced_and_not_sent_ends_within_the_time_of_an_answer(desk, server):
    watch = desk.watch(timeout=0.5 * SECOND)
    watch.look()
    fill(server, 1)
    server.announce[1] = 100_000
    began = time.monotonic()
    assert watch.look() is not None
    assert time.monotonic() - began < 60
    server.announce.clear()
    desk.clock.turn(hours=1)
    watch.look()
    watch.look()
    assert desk.subjects() == ["m1"]


def test_a_hostile_server_does_not_stop_the_reading_of_another_mailbox(tmp_path):
    with ImapServer() as hostile, ImapServer() as good, ExitStack() as stack:
        for command in ("GREETING", "EXAMINE", "SELECT", "SEARCH"):
            hostile.unasked[command] = STORMS["exists"]
        for name in ("bad", "good"):
            (tmp_path / name).mkdir()
        bad_desk, good_desk = Desk(tmp_path / "bad", hostile), Desk(tmp_path / "good", good)
        stack.callback(bad_desk.close)
        stack.callback(good_desk.close)
        doors = [imap.MailboxDoor([], bad_desk.watch()._shared), imap.MailboxDoor([], good_desk.watch()._shared)]
        doors[0].watches = bad_desk.watches[:1]
        doors[1].watches = good_desk.watches[:1]
        for door in doors:
            door.start()
        good_desk.watches[0]._looked_once.wait(60)
        names = fill(good, 3)
        deadline = time.monotonic() + 100
        good.hang_up()  # it looks again at once
        while sorted(good_desk.subjects()) != names and time.monotonic() < deadline:
            time.sleep(0.02)
        assert sorted(good_desk.subjects()) == names
        assert [door.stop(5.0) for door in doors] == [True, True]


class Chatter:
    """A session whose IDLE ends at once, because somebody talks."""

    can_idle = True

    def __init__(self) -> None:
        self.idles = 0

    def idle(self, _: float) -> None:
        self.idles += 1

    def close(self) -> None: ...


def test_a_server_that_chatters_is_looked_at_less_and_less_often_and_at_most_as_rarely_as_it_is_polled(desk, monkeypatch):
    watch = desk.watch()
    watch._session = Chatter()
    waited: list[float] = []
    monkeypatch.setattr(watch._over, "wait", waited.append)
    for _ in range(20):
        watch.wait(None)
    assert waited[:3] == [0.5, 1.0, 2.0] and waited[-1] == watch.settings.poll.total_seconds()
    assert len(waited) == 20 - imap._OFTEN
