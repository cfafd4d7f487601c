"""A mail server that says our login back to us: not in the log, the record, an alarm or `check` (faults 125, 126)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.model.mailbox import Start
from mailgate.receive.imap_session import Credentials, ImapSession, reachable
from tests.fakes.imap_server import ImapServer, noon
from tests.receive.mailbox import Desk, a_mail
from tests.secrets import CANARY, ECHOES, traces

USER = "support@example.org"
LINE = base64.b64encode(f"\0{USER}\0{CANARY}".encode()).decode()


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer(password=CANARY) as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, server: ImapServer) -> Iterator[Desk]:
    one = Desk(tmp_path, server)
    yield one
    one.close()


def everything(desk: Desk, folder: Path, caplog: pytest.LogCaptureFixture) -> str:
    """The log, the alarms, what `check` says, and the database octet for octet."""
    said, _ = reachable(desk.settings(), Credentials(lambda: CANARY))
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return "\n".join([caplog.text, *(what for _, what in desk.alarms), said, files.decode("latin-1")])


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("capabilities", ["IDLE AUTH=PLAIN", "IDLE"])
def test_a_login_that_is_refused_with_its_own_words_is_told_without_them(desk, server, tmp_path, caplog, echo, capabilities):
    caplog.set_level(logging.DEBUG)
    server.capabilities = capabilities
    server.password = "another"
    words = " ".join(ECHOES[echo](LINE).split()) + " or " + " ".join(ECHOES[echo](CANARY).split())
    server.refusal = lambda said: f"[AUTHENTICATIONFAILED] no: {words}"
    desk.password = CANARY
    desk.watch().look()
    said = everything(desk, tmp_path, caplog)
    assert "AUTHENTICATIONFAILED] no: ..." in said
    assert not traces(said), traces(said)


@pytest.mark.parametrize("command", ["SELECT", "SEARCH", "FETCH", "STORE", "EXAMINE", "LIST", "STATUS"])
@pytest.mark.parametrize("how", ["NO {}", "BAD {}", "NO [ALERT] {}", "NONSENSE {}"])
def test_no_answer_to_any_command_brings_it_into_log_record_or_check(desk, server, tmp_path, caplog, command, how):
    caplog.set_level(logging.DEBUG)
    watch = desk.watch(start=Start.UNSEEN)
    watch.look()
    server.inbox.add(a_mail("one"), noon(11))
    server.answer[command] = how.format(f"{LINE} {CANARY} {LINE.lower()}")
    for _ in range(3):
        watch.look()
        desk.clock.turn(hours=1)
    said = everything(desk, tmp_path, caplog)
    assert not traces(said), traces(said)


def test_a_folder_that_is_called_as_our_password_is_not_named_by_check(desk, server, tmp_path, caplog):
    server.folders[f"of {LINE}"] = server.folders.pop("INBOX")
    said, well = reachable(desk.settings(folders=("Other",)), Credentials(lambda: CANARY))
    assert not well and "no such folder: Other" in said
    assert not traces(said)


def test_a_greeting_that_knows_our_password_from_before_our_start_is_told_without_it(desk, server, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    server.greeting = f"* BYE go away with your {LINE}"
    desk.watch().look()
    assert not traces(everything(desk, tmp_path, caplog))


def test_the_control_a_session_that_cleans_nothing_is_found_out(desk, server, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(ImapSession, "_words", lambda _, said: str(said)[:300])
    server.refusal = lambda said: f"no: {said}"
    server.password = "another"
    desk.password = CANARY
    desk.watch().look()
    assert traces(everything(desk, tmp_path, caplog))
