"""STARTTLS: offered with a certificate, and nothing said in clear counts behind it (RFC 3207)."""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.model.installation import DoorSettings
from mailgate.receive import replies
from mailgate.receive.smtp import MailDoor
from tests.receive.certificate import client_context, server_context
from tests.receive.doors import MAIL, NOON, Client, Gateway, open_door


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    return server_context(folder)


def _begin(client: Client, hello: str = "EHLO") -> None:
    client.reply()
    assert "250 STARTTLS" in client.ask(f"{hello} x")
    assert client.ask("STARTTLS").startswith("220 ")


@pytest.mark.parametrize(("kind", "hello"), [("smtp", "EHLO"), ("lmtp", "LHLO")])
def test_a_mail_comes_in_over_tls(tls, kind, hello):
    big = b"x" * 70 + b"\r\n"
    with open_door(tls=tls, kind=kind) as house, house.client() as client:
        _begin(client, hello)
        client.start_tls(client_context())
        assert "STARTTLS" not in client.ask(f"{hello} x")
        client.envelope()
        client.send(MAIL + big * 20_000 + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert client.ask("STARTTLS").startswith("503 5.5.1 ")
        assert client.ask("QUIT").startswith("221 ")
        assert house.gateway.arrivals[0].raw == MAIL + big * 20_000


def test_what_was_said_before_tls_is_forgotten(tls):
    with open_door(tls=tls) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.ask("MAIL FROM:<a@b.example>")
        client.ask("RCPT TO:<support@desk.example>")
        assert client.ask("STARTTLS").startswith("220 ")
        client.start_tls(client_context())
        assert client.ask("DATA").startswith("503 5.5.1 ")
        assert client.ask("MAIL FROM:<>").startswith("503 5.5.1 ")  # not even greeted


# CVE-2024-34083 and its like: somebody on the way adds commands of his own to ours.
@pytest.mark.parametrize(
    "injected",
    [b"EHLO evil\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<support@desk.example>\r\n", b"EHLO evil\r\nMAIL FR"],
    ids=["commands", "half a command"],
)
def test_commands_sent_in_clear_behind_starttls_are_dropped(tls, injected):
    """CVE-2024-34083 (fault 82)."""
    with open_door(tls=tls) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.send(b"STARTTLS\r\n" + injected)
        assert client.reply().startswith("220 ")
        client.start_tls(client_context())
        assert client.ask("RCPT TO:<support@desk.example>").startswith("503 5.5.1 MAIL comes first")
        assert client.ask("EHLO me").split("\n")[0] == "250-gate.example"
        assert client.ask("NOOP") == "250 2.0.0 Ok"
        assert house.gateway.asked == []


def test_no_mail_passes_a_door_that_requires_tls_in_clear(tls):
    with open_door(tls=tls, require_tls=True) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        for command in ("MAIL FROM:<>", "RCPT TO:<support@desk.example>", "DATA", "VRFY x"):
            assert client.ask(command) == "530 5.7.0 Must issue a STARTTLS command first"
        assert client.ask("STARTTLS").startswith("220 ")
        client.start_tls(client_context())
        client.ask("EHLO x")
        client.envelope()
        client.send(MAIL + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert len(house.gateway.arrivals) == 1


def test_a_door_that_requires_tls_does_not_open_without_a_certificate():
    with pytest.raises(ValueError, match="certificate"):
        MailDoor(DoorSettings(require_tls=True), Gateway(), lambda: NOON, None)


@pytest.mark.parametrize("instead", [b"EHLO in clear\r\n", b"\x16\x03\x01\x00\x05hello", b""])
def test_a_handshake_that_fails_ends_the_session_and_leaves_nobody_behind(tls, instead):
    with open_door(tls=tls) as house, house.client() as client:
        _begin(client)
        client.send(instead)
        client.sock.shutdown(socket.SHUT_WR)
        house.wait_until(lambda: house.door.connections == 0)
        assert house.gateway.arrivals == []


def test_a_handshake_that_stands_still_is_given_up(tls):
    with open_door(tls=tls, command_timeout=timedelta(milliseconds=150)) as house, house.client() as client:
        _begin(client)
        house.wait_until(lambda: house.door.connections == 0)


def test_the_door_closes_on_a_handshake_that_stands_still(tls):
    with open_door(tls=tls) as house, house.client() as client:
        _begin(client)
        house.run(house.door.stop(1.0))
        assert house.door.connections == 0


def test_the_door_says_goodbye_over_tls_too(tls):
    with open_door(tls=tls) as house, house.client() as client:
        _begin(client)
        client.start_tls(client_context())
        client.ask("EHLO x")
        house.call(lambda: [session.leave_soon() for session in house.door._door.sessions])
        assert client.reply() == replies.SHUTTING_DOWN
        assert client.is_closed()


def test_a_client_that_vanishes_during_a_mail_over_tls_leaves_nothing(tls):
    with open_door(tls=tls) as house:
        client = house.client()
        _begin(client)
        client.start_tls(client_context())
        client.ask("EHLO x")
        client.envelope()
        client.send(b"half a mail\r\n")
        client.sock.close()
        house.wait_until(lambda: house.door.connections == 0)
        assert house.door.bytes_in_flight == 0
        assert house.gateway.arrivals == []
