"""A desk whose mail lies in a mailbox, on a real Dovecot: IDLE, flags, moves, junk, sent mail, tokens, and a server that goes away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.app import checks, wall_clock
from mailgate.decide import polling
from mailgate.model.ticket import Visibility
from tests.fakes.token_server import TokenServer
from tests.journeys.world import ANN, MAX, SUPPORT, World, edit
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot

#: Cursors and leases are tested on both in tests/record/test_mailboxes.py; here it is the server that is real.
pytestmark = pytest.mark.either_database

MAILBOX = """
[[mailboxes]]
name = "support"
desk = "it"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
{login}
poll = "{poll}"
{more}
"""
users = (f"desk{number}@example.org" for number in range(1, 1000))


@pytest.fixture(scope="module")
def tokens() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(tokens: TokenServer) -> Iterator[Dovecot]:
    with running_dovecot(introspection=tokens.introspection) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off in real time would only be waited for; that it grows is tested elsewhere."""
    monkeypatch.setattr(polling, "PAUSES", (timedelta(seconds=0.5),))


@pytest.fixture
def user() -> str:
    """Everybody gets a fresh mailbox."""
    return next(users)


@contextmanager
def a_desk(
    folder: Path,
    dovecot: Dovecot,
    user: str,
    more: str = "",
    login: str = 'password_file = "password"',
    poll: str = "1m",
    oauth: str = "",
    policy: tuple[tuple[str, str], ...] = (),
) -> Iterator[World]:
    def changes(config: Path) -> None:
        text = MAILBOX.format(port=dovecot.port, user=user, login=login, poll=poll, more=more) + oauth
        edit(config, "mailgate.toml", ("\n[relay]\n", f"{text}\n[relay]\n"))
        edit(config, "policy.toml", *policy)
        for name, secret in (("password", PASSWORD), ("secret", "canary-client-secret"), ("refresh", "refresh-1")):
            (config / name).write_text(f"{secret}\n")
            (config / name).chmod(0o600)

    world = World(folder, changes=changes)
    world.clock.at = wall_clock()  # Dovecot's clock cannot be turned
    with world:
        until(lambda: begun(world), world)
        yield world


def begun(world: World) -> bool:
    """Whether every folder was looked through."""
    folders = world.store.mailboxes.health()
    return len(folders) == len(world._running.program.mailboxes.watches) and all(one.ok_at for one in folders)


def until(look: Callable[[], object], world: World, seconds: float = 100) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, world.store.mailboxes.health()
        time.sleep(0.02)


def mail(name: str, author: str = MAX, to: str = SUPPORT, text: str = "The printer burns.", **headers: str) -> bytes:
    one = EmailMessage()
    one["From"], one["To"], one["Subject"] = author, to, name
    one["Message-ID"] = "<" + re.sub("[^a-z0-9]+", "-", name.lower()) + "@example.com>"
    for key, value in headers.items():
        one[key.replace("_", "-")] = value
    one.set_content(text)
    return one.as_bytes(policy=SMTP)


def subjects(world: World) -> list[str]:
    return [ticket.title for ticket in world.tickets()]


# --- mail comes in ------------------------------------------------------------------------------------------------------


def test_a_mail_that_comes_during_idle_is_a_ticket_at_once_and_flagged(tmp_path: Path, dovecot: Dovecot, user: str):
    dovecot.append(user, mail("old one"))
    with a_desk(tmp_path, dovecot, user) as world:  # looked at once a minute: only IDLE is faster
        began = time.monotonic()
        dovecot.append(user, mail("new one"))
        until(lambda: subjects(world) == ["new one"], world)
        assert time.monotonic() - began < 45
        until(lambda: rb"\Seen" in dovecot.flags(user)[2], world)
        assert dovecot.flags(user)[1] == set()  # what was there before us is none of our business
        assert world.letter(MAX, "new one")  # acknowledged
        row = world.store.inbox.rows()[0]
        assert (row.door, row.peer, row.recipients) == ("imap", "support", (SUPPORT,))


def test_a_mail_is_moved_once_it_is_committed(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'after = "move:Done"') as world:
        dovecot.append(user, mail("to be moved"))
        until(lambda: len(dovecot.flags(user, "Done")) == 1, world)
        assert dovecot.flags(user) == {} and subjects(world) == ["to be moved"]


def test_a_mail_that_shall_be_left_stays_as_it_is(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'after = "leave"') as world:
        dovecot.append(user, mail("to be left"))
        until(lambda: subjects(world) == ["to be left"], world)
        assert dovecot.flags(user) == {1: set()}


def test_a_mail_that_somebody_has_read_before_us_is_a_ticket_all_the_same(tmp_path: Path, dovecot: Dovecot, user: str):
    """(fault 24)"""
    with a_desk(tmp_path, dovecot, user) as world:
        dovecot.append(user, mail("read by a human"), flags=(rb"\Seen",))
        until(lambda: subjects(world) == ["read by a human"], world)


def test_with_start_unseen_only_what_nobody_has_read_is_taken_in(tmp_path: Path, dovecot: Dovecot, user: str):
    dovecot.append(user, mail("read long ago"), flags=(rb"\Seen",))
    dovecot.append(user, mail("not read yet"))
    with a_desk(tmp_path, dovecot, user, 'start = "unseen"') as world:
        until(lambda: subjects(world) == ["not read yet"], world)


def test_a_mailbox_that_was_made_anew_brings_nothing_twice_and_loses_nothing(tmp_path: Path, dovecot: Dovecot, user: str):
    """(faults 20, 21 and 80)"""
    dovecot.append(user, mail("before us"))
    with a_desk(tmp_path, dovecot, user, poll="5s") as world:
        time_between_stamps()
        for number in range(3):
            dovecot.append(user, mail(f"mail {number}"))
        until(lambda: len(subjects(world)) == 3, world)
        with dovecot.client(user) as client:
            kept = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "INTERNALDATE"])
            before = client.folder_status("INBOX", ["UIDVALIDITY"])
        import_anew(dovecot, user, [(one[b"BODY[]"], one[b"INTERNALDATE"]) for one in kept.values()])
        dovecot.append(user, mail("mail 3"))
        until(lambda: len(subjects(world)) == 4, world)
        with dovecot.client(user) as client:
            assert client.folder_status("INBOX", ["UIDVALIDITY"]) != before
        until(lambda: world.store.mailboxes.health()[0].failures == 0, world)
        assert subjects(world) == ["mail 0", "mail 1", "mail 2", "mail 3"]


def time_between_stamps() -> None:
    """Servers stamp mails by the second; what comes in the same second as the newest old mail counts as old after a rescan."""
    time.sleep(1.1)


def import_anew(dovecot: Dovecot, user: str, mails: list[tuple[bytes, object]]) -> None:
    """As if the account had been moved: the same mails under other UIDs."""
    dovecot.stop()
    box = dovecot.root / "mail" / user
    for name in ("cur", "new"):
        for path in (box / name).iterdir():
            path.unlink()
    for path in box.glob("dovecot*"):
        if path.is_file():
            path.unlink()
    time_between_stamps()  # UIDVALIDITY is made of the clock as well
    dovecot.start()
    for raw, at in mails:
        dovecot.append(user, raw, at=at)  # type: ignore[arg-type]


def test_a_server_that_goes_away_and_comes_back_costs_no_mail(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user) as world:
        dovecot.append(user, mail("first"))
        until(lambda: subjects(world) == ["first"], world)
        dovecot.stop()
        until(lambda: world.store.mailboxes.health()[0].failures > 0, world)
        assert "127.0.0.1" in world.store.mailboxes.health()[0].error
        dovecot.start()
        dovecot.append(user, mail("second"))
        until(lambda: subjects(world) == ["first", "second"], world)
        assert world.store.mailboxes.health()[0].failures == 0


# --- junk and sent ------------------------------------------------------------------------------------------------------


def test_junk_is_set_aside_and_becomes_a_ticket_when_somebody_takes_it_out_of_there(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'junk = "Junk"') as world:
        dovecot.append(user, mail("cheap pills"), "Junk")
        dovecot.append(user, mail("taken for junk"), "Junk")
        until(lambda: len(world.store.inbox.rows("set_aside")) == 2, world)
        assert subjects(world) == []
        health = world.store.standing.health(world.clock())
        assert (health.junk, health.inbox["set_aside"]) == (2, 0)  # nobody is asked about junk
        assert world.letters_for("postmaster@example.org") == []
        with dovecot.client(user, "Junk") as client:
            client.move([2], "INBOX")
        until(lambda: subjects(world) == ["taken for junk"], world)
        [row] = world.store.inbox.rows("set_aside")
        assert world.store.inbox.retry(row.id)
        assert subjects(world) == ["taken for junk", "cheap pills"]


def test_a_colleagues_answer_from_the_mailbox_itself_is_a_public_entry_and_stops_the_first_reply(
    tmp_path: Path, dovecot: Dovecot, user: str
):
    with a_desk(tmp_path, dovecot, user, 'sent = "Sent"') as world:
        dovecot.append(user, mail("broken screen"))
        until(lambda: subjects(world) == ["broken screen"], world)
        world.letter(MAX, "broken screen")
        letters = len(world.letters_for(MAX))
        answer = mail("Re: broken screen", SUPPORT, MAX, "We bring you a new one.", In_Reply_To="<broken-screen@example.com>")
        dovecot.append(user, answer, "Sent", (rb"\Seen",))
        until(lambda: len(world.ticket().entries) == 2, world)
        file = world.ticket()
        entry = file.entries[1]
        assert (entry.visibility, entry.text.strip(), entry.author_role.value) == (Visibility.PUBLIC, "We bring you a new one.", "agent")
        assert "agent_replied" in world.events(file.ticket.number)
        assert [c.outcome.value for c in file.ticket.cycles if c.metric.value == "first_reply"] == ["met"]
        assert len(world.letters_for(MAX)) == letters  # the requester has it already
        assert world.letter(ANN, "We bring you a new one.")  # colleagues hear of it
        again = mail("thanks", MAX, SUPPORT, "When?", In_Reply_To="<re-broken-screen@example.com>")
        dovecot.append(user, again)
        until(lambda: len(world.ticket(file.ticket.number).entries) == 3, world)


def test_what_else_lies_in_the_sent_folder_changes_nothing(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'sent = "Sent"') as world:
        dovecot.append(user, mail("first question"))
        until(lambda: subjects(world) == ["first question"], world)
        own = world.letter(MAX, "first question")  # some hosts put a copy of what is sent through them there
        dovecot.append(user, own.data, "Sent")
        dovecot.append(user, mail("lunch", SUPPORT, "cook@example.net", "At noon?"), "Sent")
        until(lambda: len(world.store.inbox.rows("done")) == 3, world)
        assert len(world.ticket().entries) == 1 and subjects(world) == ["first question"]


def test_what_a_colleague_asks_a_vendor_about_a_ticket_is_internal(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'sent = "Sent"') as world:
        dovecot.append(user, mail("vendor needed"))
        until(lambda: subjects(world) == ["vendor needed"], world)
        number = world.tickets()[0].number
        token = world.letter(MAX, "vendor needed").header("Subject").partition("[")[2].partition("]")[0]
        dovecot.append(user, mail(f"[{token}] a screen", SUPPORT, "vendor@example.net", "How much?"), "Sent")
        until(lambda: len(world.ticket(number).entries) == 2, world)
        assert world.ticket(number).entries[1].visibility is Visibility.INTERNAL


# --- what is too much ---------------------------------------------------------------------------------------------------


def test_a_mail_over_the_limit_is_set_aside_once_with_its_header_and_stays_where_it_is(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user, 'max_size = "20KiB"', poll="5s") as world:
        dovecot.append(user, mail("a film", text="x" * 70 + "\n" + ("y" * 70 + "\n") * 400))
        dovecot.append(user, mail("a line"))
        until(lambda: subjects(world) == ["a line"], world)
        until(lambda: world.store.inbox.rows("set_aside"), world)
        [row] = world.store.inbox.rows("set_aside")
        assert "max_size (20480)" in str(row.reason) and "support/INBOX under UID 1" in str(row.reason)
        raw = world.store.inbox.raw(row.id)
        assert b"Subject: a film" in raw and len(raw) < 2000
        assert world.letter("postmaster@example.org", "max_size")
        assert dovecot.flags(user)[1] == set()
        dovecot.append(user, mail("another line"))
        until(lambda: len(subjects(world)) == 2, world)
        assert len(world.store.inbox.rows("set_aside")) == 1


# --- tokens -------------------------------------------------------------------------------------------------------------

OAUTH = """
[oauth.office]
provider = "other"
token_url = "{url}"
client_id = "the-client"
grant = "refresh_token"
refresh_token_file = "refresh"
client_secret_file = "secret"
imap_scope = "imap"
"""


def test_a_mailbox_is_opened_with_a_token_and_with_another_when_that_is_taken_back(
    tmp_path: Path, dovecot: Dovecot, tokens: TokenServer, user: str
):
    tokens.user = user
    tokens.asked.clear()
    with a_desk(tmp_path, dovecot, user, login='oauth = "office"', oauth=OAUTH.format(url=tokens.token_url)) as world:
        dovecot.append(user, mail("by token"))
        until(lambda: subjects(world) == ["by token"], world)
        assert tokens.asked == [
            {"grant_type": "refresh_token", "client_id": "the-client", "scope": "imap", "client_secret": "canary-client-secret",
             "refresh_token": "refresh-1"}
        ]  # fmt: skip
        tokens.take_back()
        dovecot.stop()
        until(lambda: world.store.mailboxes.health()[0].failures > 0, world)
        dovecot.start()
        dovecot.append(user, mail("by another token"))
        until(lambda: len(subjects(world)) == 2, world)
        assert len(tokens.asked) == 2
        examined = settings.examine(world.folder / "config")
        told = [words for name, words, fine in checks.checks(examined, world.clock()) if name == "mailbox"]
        assert told == [f"support at 127.0.0.1 port {dovecot.port}, none: INBOX holds 2 mails, 0 unread"]


def test_a_refused_password_is_an_alarm_and_mended_without_a_restart(tmp_path: Path, dovecot: Dovecot, user: str):
    with a_desk(tmp_path, dovecot, user) as world:
        (world.folder / "config" / "password").write_text("wrong-canary\n")
        dovecot.stop()
        until(lambda: world.store.mailboxes.health()[0].failures > 0, world)
        dovecot.start()
        alarm = world.letter("postmaster@example.org", "refuses the login")
        assert "canary" not in alarm.text
        (world.folder / "config" / "password").write_text(f"{PASSWORD}\n")
        world.clock.turn(minutes=11)  # until then nobody tries
        watch = world._running.program.mailboxes.watches[0]
        watch._over.set()  # its thread would wait in real time
        watch._thread.join(60)
        watch._over.clear()
        assert watch.look() is None
        watch._drop()
