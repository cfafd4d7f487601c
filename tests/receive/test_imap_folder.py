"""What a folder can do to us, and what we make of it: a scripted IMAP server on loopback, look by look."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.decide.polling import MOST_REFUSALS
from mailgate.model.mail import NoSpace
from mailgate.model.mailbox import After, FolderKey, FolderRole, Start
from tests.fakes.imap_server import ImapServer, noon
from tests.receive.mailbox import Desk, a_mail

BOX = FolderKey("box", "INBOX")


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, server: ImapServer) -> Iterator[Desk]:
    one = Desk(tmp_path, server)
    yield one
    one.close()


def begun(desk: Desk, **changes: object):
    """A watch that has seen the empty folder: whatever comes from now on is new."""
    watch = desk.watch(**changes)
    assert watch.look() is None
    return watch


# --- the order of things --------------------------------------------------------------------------------------------------


def test_a_mail_is_flagged_after_it_was_committed_and_never_before(desk: Desk, server: ImapServer):
    """Cut off between the two, it comes again and is known (faults 18, 19)."""
    watch = begun(desk)
    uid = server.inbox.add(a_mail("one"), noon(2))
    assert watch.look() is None
    told = [one for one in server.commands if one == "(committed)" or "BODY" in one or "STORE" in one]
    assert told == [f"UID FETCH {uid} (BODY.PEEK[])", "(committed)", f"UID STORE {uid} +FLAGS.SILENT (\\Seen)"]
    assert desk.subjects() == ["one"]


def test_nothing_is_flagged_or_moved_while_the_commit_fails_and_the_next_look_takes_it_in(desk: Desk, server: ImapServer):
    watch = begun(desk)
    server.inbox.add(a_mail("one"), noon(2))
    desk.fails = NoSpace("no room")
    pause = watch.look()
    assert pause is not None and pause > timedelta(0)
    assert server.told("UID STORE") == [] and desk.subjects() == []
    desk.fails = None
    assert watch.look() is None
    assert desk.subjects() == ["one"]


def test_a_mail_is_moved_in_one_step_or_copied_and_deleted_where_the_server_cannot(tmp_path: Path):
    for capabilities in ("MOVE UIDPLUS AUTH=PLAIN", "UIDPLUS AUTH=PLAIN"):
        with ImapServer(capabilities=capabilities) as server:
            folder = tmp_path / capabilities[:4]
            folder.mkdir()
            desk = Desk(folder, server)
            watch = begun(desk, after=After.MOVE, move_to="Done")
            server.inbox.add(a_mail("other"), noon(2), "\\Deleted")  # somebody else's business
            server.inbox.add(a_mail("one"), noon(2))
            watch.look()
            assert [m.raw for m in server.folders["Done"].mails] == [a_mail("other"), a_mail("one")]
            assert server.inbox.mails == []
            desk.close()


def test_without_uidplus_nobody_elses_deleted_mail_is_swept_away(tmp_path: Path):
    with ImapServer(capabilities="AUTH=PLAIN") as server:
        desk = Desk(tmp_path, server)
        watch = begun(desk, after=After.MOVE, move_to="Done")
        server.inbox.add(a_mail("one"), noon(2))
        watch.look()
        assert server.told("UID EXPUNGE") == server.told("EXPUNGE") == []
        assert "\\Deleted" in server.inbox.mails[0].flags
        desk.close()


def test_a_mail_that_cannot_be_moved_is_taken_in_once_told_and_moved_later(desk: Desk, server: ImapServer):
    watch = begun(desk, after=After.MOVE, move_to="Done")
    done = server.folders.pop("Done")
    server.inbox.add(a_mail("one"), noon(2))
    watch.look()
    assert [kind for kind, _ in desk.alarms] == ["mailbox_stuck"]
    server.inbox.add(a_mail("two"), noon(2))
    watch.look()
    assert desk.subjects() == ["one", "two"] and len(server.inbox.mails) == 2
    server.folders["Done"] = done
    desk.clock.turn(minutes=6)
    watch.look()
    assert len(done.mails) == 2 and server.inbox.mails == []
    assert desk.over == ["mailbox_stuck"]


# --- one mail must not hold up the others ---------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_fetched_is_set_aside_after_five_looks_and_the_others_flow(desk: Desk, server: ImapServer):
    """One poison mail does not stop a mailbox (fault 23)."""
    watch = begun(desk)
    server.refuse.add(server.inbox.add(a_mail("poison"), noon(2)))
    for number in range(99):
        server.inbox.add(a_mail(f"mail-{number}"), noon(2))
    watch.look()
    assert desk.subjects() == [f"mail-{number}" for number in range(99)]
    for _ in range(MOST_REFUSALS):
        desk.clock.turn(hours=1)
        watch.look()
    [aside] = desk.store.inbox.rows("set_aside")
    assert "cannot be fetched" in str(aside.reason) and "box/INBOX under UID 1" in str(aside.reason)
    assert desk.subjects("set_aside") == ["poison"]  # its header, at least
    fetched = len(server.told("UID FETCH 1 "))
    desk.clock.turn(hours=5)
    watch.look()
    assert len(server.told("UID FETCH 1 ")) == fetched  # and that was that
    assert len(desk.store.inbox.rows(None, 1000)) == 100


def test_a_mail_that_kills_the_connection_each_time_does_not_hold_up_the_others(desk: Desk, server: ImapServer):
    """(fault 23)"""
    watch = begun(desk)
    poison = server.inbox.add(a_mail("poison"), noon(2))
    for number in range(5):
        server.inbox.add(a_mail(f"mail-{number}"), noon(2))
    server.cut = lambda mail: 10 if mail.uid == poison else None
    for _ in range(3):  # together, alone, and the rest
        desk.clock.turn(seconds=30)
        watch.look()
    assert desk.subjects() == [f"mail-{number}" for number in range(5)]
    server.cut = lambda _: None
    desk.clock.turn(hours=1)
    watch.look()
    assert sorted(desk.subjects()) == [*(f"mail-{number}" for number in range(5)), "poison"]


def test_an_empty_body_is_tried_again_and_one_that_is_gone_is_not(desk: Desk, server: ImapServer):
    watch = begun(desk)
    server.silent.add(server.inbox.add(a_mail("empty"), noon(2)))
    gone = server.inbox.add(a_mail("gone"), noon(2))

    def take_away(command: str) -> None:
        if command == "FETCH" and len(server.told("UID FETCH")) == 2:
            server.inbox.mails = [mail for mail in server.inbox.mails if mail.uid != gone]

    server.before = take_away
    watch.look()
    assert desk.subjects() == []
    server.silent.clear()
    desk.clock.turn(minutes=2)
    watch.look()
    assert desk.subjects() == ["empty"]
    assert desk.store.mailboxes.health()[0].pending == 0


# --- what is too large ----------------------------------------------------------------------------------------------------


def test_a_mail_over_the_limit_is_never_asked_for_and_told_once(desk: Desk, server: ImapServer):
    """Its header is kept, and nobody is told no (fault 26)."""
    watch = begun(desk, max_size=1000)
    server.inbox.add(a_mail("long", 2000), noon(2))
    server.inbox.add(a_mail("short"), noon(2))
    for _ in range(3):
        watch.look()
        desk.clock.turn(hours=1)
    assert desk.subjects("set_aside") == ["long"] and desk.subjects("waiting") == ["short"]
    assert not any("BODY.PEEK[]" in one for one in server.told("UID FETCH 1 "))
    assert server.inbox.mails[0].flags == set()


def test_a_literal_that_was_never_announced_so_long_is_not_read(desk: Desk, server: ImapServer):
    watch = begun(desk)
    huge = server.inbox.add(a_mail("huge"), noon(2))
    server.inbox.add(a_mail("small"), noon(2))
    server.announce[huge] = 524_288_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        desk.clock.turn(minutes=1)
        watch.look()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert desk.subjects("waiting") == ["small"]
    [aside] = desk.store.inbox.rows("set_aside")
    assert "larger than the server says" in str(aside.reason)


# --- UIDs -----------------------------------------------------------------------------------------------------------------


def test_only_what_comes_after_the_first_look_is_taken_in(desk: Desk, server: ImapServer):
    server.inbox.add(a_mail("old"), noon(1))
    watch = begun(desk)
    server.inbox.add(a_mail("moved here, stamped long ago"), noon(1) - timedelta(days=700))
    watch.look()
    assert desk.subjects() == ["moved here, stamped long ago"]
    [row] = desk.store.inbox.rows()
    assert row.arrived_at == noon(1) + timedelta(seconds=1)  # never before the horizon


def test_an_arrival_is_never_in_the_future(desk: Desk, server: ImapServer):
    watch = begun(desk)
    server.inbox.add(a_mail("ahead"), noon(28))
    watch.look()
    assert desk.store.inbox.rows()[0].arrived_at == desk.clock()


@pytest.mark.parametrize(("start", "wanted"), [(Start.NOW, []), (Start.UNSEEN, ["b"]), (noon(2) - timedelta(hours=12), ["b", "c"])])
def test_what_was_there_before_us_is_taken_in_as_the_start_rule_says(desk: Desk, server: ImapServer, start: object, wanted: list[str]):
    server.inbox.add(a_mail("a"), noon(1), "\\Seen")
    server.inbox.add(a_mail("b"), noon(2))
    server.inbox.add(a_mail("c"), noon(3), "\\Seen")
    watch = begun(desk, start=start)
    assert desk.subjects() == wanted
    server.inbox.renumber()
    watch.look()
    assert desk.subjects() == wanted  # and a rescan brings nothing older
    if wanted:
        assert min(row.arrived_at for row in desk.store.inbox.rows()) == noon(2)  # its age is not made young


def test_after_new_uids_everything_new_comes_and_nothing_twice(desk: Desk, server: ImapServer):
    """The same numbers for other mails, too (faults 20, 21)."""
    for number in range(5):
        server.inbox.add(a_mail(f"old-{number}"), noon(1))
    watch = begun(desk)
    for number in range(60):
        server.inbox.add(a_mail(f"mail-{number}"), noon(3))
    watch.look()
    for number in range(60, 70):
        server.inbox.add(a_mail(f"mail-{number}"), noon(4))
    server.inbox.renumber()
    watch.look()
    assert desk.subjects() == [f"mail-{number}" for number in range(70)]


def test_new_mails_under_numbers_that_old_ones_had_are_taken_in(desk: Desk, server: ImapServer):
    """A mailbox that was made anew has the old numbers for other mails; only its UIDVALIDITY says so, for it is no smaller (fault 21)."""
    for number in range(20):
        server.inbox.add(a_mail(f"old-{number}"), noon(1))
    watch = begun(desk)
    for number in range(5):
        server.inbox.add(a_mail(f"mail-{number}"), noon(3))
    watch.look()
    for number in range(5, 10):
        server.inbox.add(a_mail(f"mail-{number}"), noon(4))
    server.inbox.mails.reverse()
    server.inbox.renumber()
    watch.look()
    assert sorted(desk.subjects()) == [f"mail-{number}" for number in range(10)]


def test_a_uidnext_that_went_back_is_a_change_even_if_the_server_does_not_say_so(desk: Desk, server: ImapServer):
    watch = begun(desk)
    for number in range(3):
        server.inbox.add(a_mail(f"mail-{number}"), noon(11))
    watch.look()
    server.inbox.mails.clear()
    server.inbox.uidnext = 1
    server.inbox.add(a_mail("after the crash"), noon(11))
    watch.look()
    assert desk.subjects()[-1] == "after the crash"


def test_the_cursor_outlives_the_process(desk: Desk, server: ImapServer):
    begun(desk).wait(timedelta(0))
    server.inbox.add(a_mail("one"), noon(3))
    again = desk.watch()
    desk.store.mailboxes.forget_leases()
    again.look()
    desk.store.mailboxes.forget_leases()
    desk.watch().look()
    assert desk.subjects() == ["one"]
    assert len([one for one in server.commands if "BODY.PEEK[]" in one]) == 1


# --- several nodes --------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_by_the_node_that_holds_its_lease(desk: Desk, server: ImapServer):
    first, second = begun(desk, holder="first"), desk.watch(holder="second")
    server.inbox.add(a_mail("one"), noon(3))
    assert second.look() == timedelta(minutes=1)
    assert server.connections == 1 and desk.subjects() == []
    desk.clock.turn(minutes=10)  # the first has fallen silent
    assert second.look() is None
    assert desk.subjects() == ["one"]
    server.inbox.add(a_mail("two"), noon(3))
    assert first.look() == timedelta(minutes=1)  # and when it wakes, the folder is not its any more
    assert desk.subjects() == ["one"]


# --- junk -----------------------------------------------------------------------------------------------------------------


def test_a_junk_folder_is_only_looked_at_and_its_mail_set_aside(desk: Desk, server: ImapServer):
    server.folders["Junk"] = type(server.inbox)()
    watch = begun(desk, folder="Junk", role=FolderRole.JUNK)
    server.folders["Junk"].add(a_mail("pills"), noon(3))
    watch.look()
    assert server.told("EXAMINE") and not server.told("SELECT") and not server.told("UID STORE")
    [row] = desk.store.inbox.rows()
    assert (row.state, str(row.reason)) == ("set_aside", "in the junk folder")


# --- waiting --------------------------------------------------------------------------------------------------------------


def test_a_connection_that_dies_during_idle_is_noticed_at_once(desk: Desk, server: ImapServer):
    watch = begun(desk)
    server.before = lambda command: server.hang_up() if command == "IDLE" else None
    began = time.monotonic()
    watch.wait(None)
    assert time.monotonic() - began < 30 and watch._session is None
    server.before = lambda _: None
    server.inbox.add(a_mail("one"), noon(3))
    assert watch.look() is None
    assert desk.subjects() == ["one"]


def test_a_server_that_cuts_every_idle_is_not_asked_again_and_again(desk: Desk, server: ImapServer, monkeypatch: pytest.MonkeyPatch):
    watch = begun(desk)
    waited: list[float] = []
    monkeypatch.setattr(watch._over, "wait", waited.append)
    server.before = lambda command: server.hang_up() if command == "IDLE" else None
    for _ in range(4):
        watch.wait(None)
        assert watch.look() is None
    assert waited == sorted(waited) and len(waited) >= 2
