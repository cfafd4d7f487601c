"""The LMTP door: one reply for each recipient, and one arrival for all of them (RFC 2033)."""

from __future__ import annotations

import pytest

from mailgate.model.mail import Door, NoSpace
from tests.receive.doors import MAIL, PATIENCE, open_door

TWO = ("support@desk.example", "sales@desk.example")


# aiosmtpd alone answers once, and the client waits for ever.
def test_each_recipient_gets_a_reply_and_the_mail_is_stored_once():
    with open_door(kind="lmtp") as house, house.client() as client:
        client.until_data(*TWO, hello="LHLO")
        client.send(MAIL + b".\r\n")
        assert [client.reply(), client.reply()] == ["250 2.0.0 Stored"] * 2
        assert client.ask("NOOP") == "250 2.0.0 Ok"
        (arrival,) = house.gateway.arrivals
    assert arrival.recipients == TWO
    assert arrival.door is Door.LMTP


def test_a_recipient_who_was_refused_gets_no_second_reply():
    with open_door(kind="lmtp") as house, house.client() as client:
        client.reply()
        client.ask("LHLO x")
        client.ask("MAIL FROM:<>")
        answers = [client.ask(f"RCPT TO:<{name}@desk.example>")[:3] for name in ("support", "nobody", "sales")]
        assert answers == ["250", "550", "250"]
        client.ask("DATA")
        client.send(MAIL + b".\r\nNOOP\r\n")
        assert [client.reply() for _ in range(3)] == ["250 2.0.0 Stored", "250 2.0.0 Stored", "250 2.0.0 Ok"]
        assert house.gateway.arrivals[0].recipients == TWO


def test_a_recipient_named_twice_gets_two_replies_and_one_mail():
    with open_door(kind="lmtp") as house, house.client() as client:
        client.until_data(TWO[0], TWO[0], hello="LHLO")
        client.send(b".\r\nNOOP\r\n")
        assert [client.reply()[:9] for _ in range(3)] == ["250 2.0.0"] * 3
        assert [arrival.recipients for arrival in house.gateway.arrivals] == [TWO[:1]]


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [(RuntimeError("secret"), "451 4.3.0 Try again later"), (NoSpace(), "452 4.3.1 No room for this mail at the moment, try again later")],
)
def test_trouble_is_told_to_each_recipient(trouble, answer):
    with open_door(kind="lmtp") as house, house.client() as client:
        house.gateway.trouble = trouble
        client.until_data(*TWO, hello="LHLO")
        client.send(MAIL + b".\r\n")
        assert [client.reply(), client.reply()] == [answer] * 2
        assert client.ask("NOOP") == "250 2.0.0 Ok"


def test_a_mail_over_the_limit_is_refused_for_each_recipient():
    with open_door(kind="lmtp", max_size=100) as house, house.client() as client:
        client.until_data(*TWO, hello="LHLO")
        client.send(b"0123456789\r\n" * 20 + b".\r\n")
        assert [client.reply()[:9], client.reply()[:9]] == ["552 5.3.4"] * 2
        assert client.ask("NOOP") == "250 2.0.0 Ok"


def test_without_a_recipient_there_is_one_refusal():
    with open_door(kind="lmtp") as house, house.client() as client:
        client.reply()
        client.ask("LHLO x")
        client.ask("MAIL FROM:<>")
        client.ask("RCPT TO:<nobody@desk.example>")
        assert client.ask("DATA").startswith("503 ")
        assert client.ask("NOOP") == "250 2.0.0 Ok"


@pytest.mark.parametrize("greeting", ["HELO", "EHLO"])
def test_who_greets_in_the_manner_of_smtp_is_at_the_wrong_door(greeting):
    with open_door(kind="lmtp") as house, house.client() as client:
        assert client.reply() == "220 gate.example LMTP ready"
        assert client.ask(f"{greeting} x").startswith("500 ")
        assert client.ask("MAIL FROM:<>").startswith("503 ")


def test_a_client_that_hangs_up_does_not_cancel_the_commit_for_its_recipients():
    with open_door(kind="lmtp") as house:
        house.gateway.slow = True
        client = house.client().until_data(*TWO, hello="LHLO")
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        client.sock.close()
        house.wait_until(house.nobody_speaks)
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert house.gateway.done.wait(PATIENCE)
        assert [arrival.recipients for arrival in house.gateway.arrivals] == [TWO]
