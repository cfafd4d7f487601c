"""Getting into a mailbox: TLS without a way around it, refused logins, tokens, and how often all of that may be tried."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.decide.polling import CONNECTS_A_MINUTE, REFUSED_LOGINS_AN_HOUR
from mailgate.model.mailbox import FolderRole
from mailgate.model.oauth import TokenRefused
from mailgate.receive.imap import MailboxDoor, SharedByMailboxes
from mailgate.receive.imap_session import Credentials, ImapSession, reachable
from mailgate.receive.imap_trouble import Unsafe
from tests.fakes.certificates import Certificate, Certificates, make_certificates
from tests.fakes.imap_server import ImapServer, noon
from tests.receive.mailbox import Desk, a_mail

SECRET = "canary-horse-7"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ImapServer() as server:
        one = Desk(tmp_path, server)
        yield one
        one.close()


# --- TLS ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_mailbox_with_a_good_certificate_is_read(tmp_path: Path, certificates: Certificates, tls: str):
    with ImapServer(certificate=certificates.good, tls=tls, capabilities="STARTTLS AUTH=PLAIN IDLE") as server:
        desk = Desk(tmp_path, server)
        watch = desk.watch(ca_file=str(certificates.authority))
        assert watch.look() is None
        server.inbox.add(a_mail("one"), noon(2))
        watch.look()
        assert desk.subjects() == ["one"] and SECRET.encode() not in server.clear
        desk.close()


@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize("kind", ["expired", "wrong_host", "self_signed"])
def test_a_bad_certificate_hears_no_password_and_the_operator_hears_of_it(tmp_path: Path, certificates: Certificates, tls: str, kind: str):
    """Expired, of another host, signed by nobody (fault 34)."""
    bad: Certificate = getattr(certificates, kind)
    with ImapServer(certificate=bad, tls=tls, capabilities="STARTTLS AUTH=PLAIN") as server:
        desk = Desk(tmp_path, server)
        server.inbox.add(a_mail("one"), noon(2))
        assert desk.watch(ca_file=str(certificates.authority)).look() is not None
        assert server.logins == [] and SECRET.encode() not in server.clear and b"FETCH" not in server.clear
        [(alarm, what)] = desk.alarms
        assert alarm == "mailbox_unsafe" and "certificate" in what
        desk.close()


@pytest.mark.parametrize(
    ("capabilities", "greeting", "said"),
    [
        ("AUTH=PLAIN", "* OK ready", "offers no STARTTLS"),  # stripped on the way, or never offered
        ("STARTTLS AUTH=PLAIN", "* OK ready", "refuses STARTTLS"),
        ("STARTTLS AUTH=PLAIN", "* PREAUTH come in", "without a login"),  # the way around STARTTLS
    ],
)
def test_without_tls_nothing_is_said(tmp_path: Path, capabilities: str, greeting: str, said: str):
    with ImapServer(capabilities=capabilities, greeting=greeting) as server:
        desk = Desk(tmp_path, server)
        assert desk.watch(tls="starttls").look() is not None
        assert server.logins == [] and SECRET.encode() not in server.clear and b"SELECT" not in server.clear
        assert [kind for kind, _ in desk.alarms] == ["mailbox_unsafe"] and said in desk.alarms[0][1]
        desk.close()


def test_what_was_said_in_clear_behind_starttls_is_never_believed(tmp_path: Path, certificates: Certificates):
    """(fault 82)"""
    with ImapServer(certificate=certificates.good, tls="starttls", capabilities="STARTTLS AUTH=PLAIN") as server:
        server.injected = b"* 1 FETCH (UID 1 BODY[] {5}\r\nforge)\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"
        desk = Desk(tmp_path, server)
        watch = desk.watch(ca_file=str(certificates.authority), timeout=timedelta(seconds=2))
        watch.look()
        server.injected = b""
        desk.clock.turn(minutes=1)
        watch.look()
        server.inbox.add(a_mail("one"), noon(2))
        watch.look()
        assert desk.subjects() == ["one"]
        desk.close()


def test_a_server_that_speaks_no_tls_at_all_is_no_mailbox(tmp_path: Path):
    with ImapServer() as server:
        desk = Desk(tmp_path, server)
        with pytest.raises(Unsafe):
            ImapSession(desk.settings(tls="tls")).open(Credentials(lambda: SECRET))
        desk.close()


# --- passwords ------------------------------------------------------------------------------------------------------------


def test_a_refused_login_is_an_alarm_without_the_password_in_it(desk: Desk):
    """(fault 27)"""
    desk.password = "wrong-horse-8"
    assert desk.watch().look() is not None
    [(kind, what)] = desk.alarms
    assert kind == "mailbox_login_refused" and "support@example.org" in what and "horse" not in what
    assert "horse" not in desk.store.mailboxes.health()[0].error


def test_no_more_than_six_logins_an_hour_fail_whatever_is_tried(desk: Desk):
    """(fault 27)"""
    desk.password = "wrong"
    began = desk.clock()
    watches = [desk.watch(), desk.watch("Done"), desk.watch("INBOX", holder="after a restart")]
    tries: list[float] = []
    for _ in range(3 * 60):
        before = len(desk.server.logins)
        for watch in watches:
            watch.look()
        tries += [(desk.clock() - began).total_seconds()] * (len(desk.server.logins) - before)
        desk.clock.turn(minutes=1)
    assert len(tries) > REFUSED_LOGINS_AN_HOUR
    assert all(sum(at <= other < at + 3600 for other in tries) <= REFUSED_LOGINS_AN_HOUR for at in tries)
    desk.password = desk.server.password
    desk.clock.turn(hours=1)
    assert watches[1].look() is None  # and once it is mended, it works again


def test_no_more_than_ten_connections_a_minute_are_made(desk: Desk):
    desk.server.answer["SELECT"] = ""  # in, and out again
    watches = [desk.watch(), desk.watch("Done")]
    began = time.monotonic()
    for _ in range(30):
        for watch in watches:
            watch.look()
    assert desk.server.connections == CONNECTS_A_MINUTE
    desk.clock.turn(minutes=1)
    watches[0].look()
    assert desk.server.connections == CONNECTS_A_MINUTE + 1
    assert time.monotonic() - began < 30


def test_pauses_grow_and_each_folder_has_its_own(desk: Desk):
    desk.server.answer["SELECT"] = "NO later"
    watch, other = desk.watch(), desk.watch("Done")
    pauses = []
    for _ in range(4):
        pauses.append(watch.look())
        desk.clock.turn(minutes=5)
    assert pauses == sorted(pauses) and pauses[0] == timedelta(seconds=5) and pauses[3] == timedelta(seconds=40)
    assert other.look() == timedelta(seconds=5)


# --- tokens ---------------------------------------------------------------------------------------------------------------


class Tokens:
    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.refused: list[str] = []

    def credentials(self) -> Credentials:
        return Credentials(lambda: self.texts[0], self.renewed)

    def renewed(self, refused: str) -> str:
        self.refused.append(refused)
        if len(self.texts) > 1:
            del self.texts[0]
        return self.texts[0]


def test_a_token_that_is_refused_twice_is_an_alarm_and_counts_as_two_logins(tmp_path: Path):
    with ImapServer(capabilities="AUTH=XOAUTH2", password="good") as server:
        desk = Desk(tmp_path, server)
        tokens = Tokens("old-canary", "new-canary")
        watch = desk.watch(credentials=lambda _: tokens.credentials())
        watch.look()
        assert tokens.refused == ["old-canary"] and len(server.logins) == 2
        assert desk.alarms[0][0] == "mailbox_login_refused" and "canary" not in desk.alarms[0][1]
        for _ in range(60):
            desk.clock.turn(minutes=1)
            watch.look()
        assert len(server.logins) <= REFUSED_LOGINS_AN_HOUR
        desk.close()


def test_where_no_token_can_be_had_nothing_is_sent_and_the_operator_hears_of_it(tmp_path: Path):
    def refused() -> str:
        raise TokenRefused("the token server of oauth.office says 400 invalid_grant")

    with ImapServer(capabilities="AUTH=XOAUTH2") as server:
        desk = Desk(tmp_path, server)
        desk.watch(credentials=lambda _: Credentials(refused, lambda _: "")).look()
        assert server.logins == [] and desk.alarms[0][0] == "token_refused" and "invalid_grant" in desk.alarms[0][1]
        desk.close()


# --- the door, and looking in ---------------------------------------------------------------------------------------------


def test_the_door_stops_at_once_while_it_waits_for_mail(desk: Desk):
    house = SharedByMailboxes(desk, desk.store.mailboxes, desk, lambda _: Credentials(lambda: SECRET), desk.clock, "one")
    door = MailboxDoor([desk.settings(folders=("INBOX", "Done"))], house)
    door.start()
    deadline = time.monotonic() + 100
    while len(desk.server.told("IDLE")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    began = time.monotonic()
    assert door.stop(8)
    assert time.monotonic() - began < 30
    assert desk.store.mailboxes.lease(door.watches[0]._reader.key, "another", desk.clock(), desk.clock())  # it was given back


def test_the_door_stops_in_time_while_the_server_says_nothing(desk: Desk):
    house = SharedByMailboxes(desk, desk.store.mailboxes, desk, lambda _: Credentials(lambda: SECRET), desk.clock, "one")
    door = MailboxDoor([desk.settings(timeout=timedelta(minutes=5))], house)
    silence = desk.server.lock
    silence.acquire()  # no command is answered any more
    try:
        door.start()
        deadline = time.monotonic() + 100
        while desk.server.connections == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        began = time.monotonic()
        assert door.stop(4)
        assert time.monotonic() - began < 30
    finally:
        silence.release()


def test_check_says_what_is_in_a_mailbox_and_which_folders_are_missing(desk: Desk):
    desk.server.inbox.add(a_mail("one"), noon(2))
    login = Credentials(lambda: SECRET)
    assert reachable(desk.settings(), login) == ("INBOX holds 1 mails, 1 unread", True)
    said, fine = reachable(desk.settings(sent="Gesendet"), login)
    assert not fine and said == "no such folder: Gesendet. There are Done, INBOX"
    said, fine = reachable(desk.settings(), Credentials(lambda: "wrong"))
    assert not fine and "refuses the login" in said
    assert desk.server.inbox.mails[0].flags == set() and not desk.server.told("SELECT")


def test_a_sent_folder_is_looked_at_after_the_folders_whose_mails_it_answers(desk: Desk):
    house = SharedByMailboxes(desk, desk.store.mailboxes, desk, lambda _: Credentials(lambda: SECRET), desk.clock, "one")
    door = MailboxDoor([replace(desk.settings(), sent="Done")], house)
    assert [(w.key, [o.key for o in w.waits_for]) for w in door.watches] == [("box/INBOX", []), ("box/Done", ["box/INBOX"])]
    assert [w.role for w in door.watches] == [FolderRole.INBOX, FolderRole.SENT]


def test_no_secret_shows_in_what_is_configured(desk: Desk):
    assert SECRET not in repr(desk.settings()) and "password" not in {f.name for f in dataclasses.fields(desk.settings())}
