"""The Postfix of the tests does what the journeys count on: it hands on by LMTP, fills a maildir and refuses."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from smtplib import SMTP, SMTPRecipientsRefused

import pytest

from tests import servers
from tests.servers.postfix import MAILBOXES, REFUSING, Postfix, running_postfix

LETTER = b"From: ann@example.org\r\nTo: x@desk.test\r\nSubject: printer\r\nMessage-ID: <1@example.org>\r\n\r\nIt burns.\r\n"


class Desk(socketserver.ThreadingTCPServer):
    """An LMTP door that remembers everything; `busy` says how many mails it puts off first."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.busy = 0
        self.taken: list[tuple[str, tuple[str, ...], bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: Desk

    def handle(self) -> None:
        self._say("220 desk LMTP")
        reverse_path, recipients = "", []
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "LHLO":
                    self._say("250-desk\r\n250 8BITMIME")
                case "MAIL":
                    reverse_path, recipients = rest[rest.index("<") + 1 : rest.index(">")], []
                    self._say("250 ok")
                case "RCPT":
                    recipients.append(rest[rest.index("<") + 1 : rest.index(">")])
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    self._take(reverse_path, tuple(recipients))
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _take(self, reverse_path: str, recipients: tuple[str, ...]) -> None:
        body = b"".join(iter(self.rfile.readline, b".\r\n"))
        if self.server.busy > 0:
            self.server.busy -= 1
            answer = "451 4.3.0 Try again later"
        else:
            self.server.taken.append((reverse_path, recipients, body))
            answer = "250 2.0.0 kept"
        for _ in recipients:
            self._say(answer)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with Desk() as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield door
        door.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def postfix(desk: Desk) -> Iterator[Postfix]:
    with running_postfix(lmtp_port=desk.port) as running:
        yield running


def _send(postfix: Postfix, *recipients: str) -> None:
    with SMTP("127.0.0.1", postfix.port, timeout=100) as client:
        client.sendmail("ann@example.org", list(recipients), LETTER)


def test_a_mail_for_the_desk_reaches_the_lmtp_door_with_its_envelope(postfix: Postfix, desk: Desk):
    desk.taken.clear()
    _send(postfix, "support+abc@desk.test")
    postfix.wait_for_log("to=<support+abc@desk.test>")
    [(reverse_path, recipients, body)] = desk.taken
    assert (reverse_path, recipients) == ("ann@example.org", ("support+abc@desk.test",))
    assert body.endswith(b"Subject: printer\r\nMessage-ID: <1@example.org>\r\n\r\nIt burns.\r\n")


def test_a_mail_that_the_door_puts_off_comes_again_within_seconds(postfix: Postfix, desk: Desk):
    desk.taken.clear()
    desk.busy = 1
    _send(postfix, "later@desk.test")
    postfix.wait_for_log("status=deferred (host 127.0.0.1[127.0.0.1] said: 451 4.3.0 Try again later")
    postfix.wait_for_log("to=<later@desk.test>", times=2)
    assert [recipients for _, recipients, _ in desk.taken] == [("later@desk.test",)]


def test_letters_to_people_lie_in_the_maildir_each_under_its_recipient(postfix: Postfix):
    _send(postfix, f"ann@{MAILBOXES}", f"bob@{MAILBOXES}")
    postfix.wait_for_letters(2)
    [letter] = postfix.letters(f"bob@{MAILBOXES}")
    assert letter["Subject"] == "printer"
    assert letter["Return-Path"] == "<ann@example.org>"


def test_a_recipient_of_the_refusing_domain_is_refused_at_rcpt(postfix: Postfix):
    with pytest.raises(SMTPRecipientsRefused) as refusal:
        _send(postfix, f"ann@{REFUSING}")
    assert refusal.value.recipients[f"ann@{REFUSING}"][0] == 550


def _runs(pid: str) -> bool:
    """Whether a process is more than an entry that init has not collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_nothing_of_a_postfix_is_left_behind():
    with running_postfix() as running:
        root, pid = running.root, running.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert children, "the master has started its queue manager"
    assert not root.exists()
    deadline = time.monotonic() + 60
    while left := [one for one in (str(pid), *children) if _runs(one)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.01)


def test_a_missing_server_is_a_loud_skip_on_a_machine_where_somebody_looks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setitem(servers.SERVERS, "absent", servers.Server(command="no-such-server", debian="no-such-package"))
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED: absent is not on this machine"):
        servers.require_server("absent")


def test_a_missing_server_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setitem(servers.SERVERS, "absent", servers.Server(command="no-such-server", debian="no-such-package"))
    with pytest.raises(pytest.fail.Exception, match="in CI every server has to be there"):
        servers.require_server("absent")
