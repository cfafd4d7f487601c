"""The SMTP door over real sockets: what it says, what it takes, and that yes means stored."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import socket
from datetime import timedelta

import pytest

from mailgate.model.installation import DoorSettings
from mailgate.model.mail import Door, NoSpace
from mailgate.receive.session import ClientSession
from mailgate.receive.smtp import MailDoor
from tests.receive.doors import MAIL, NOON, PATIENCE, Client, Gateway, open_door


def test_a_mail_arrives_as_it_was_sent_with_its_envelope():
    with open_door() as house, house.client() as client:
        client.until_data("support@desk.example", "sales@desk.example")
        client.send(MAIL + b"..a dot\r\n...\r\n\r\n.\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        (arrival,) = house.gateway.arrivals
    assert arrival.raw == MAIL + b".a dot\r\n..\r\n\r\n"
    assert arrival.reverse_path == "alice@customer.example"
    assert arrival.recipients == ("support@desk.example", "sales@desk.example")
    assert (arrival.door, arrival.peer) == (Door.SMTP, "127.0.0.1")
    assert arrival.received_at == arrival.arrived_at == NOON


def test_the_name_of_the_peer_is_kept_with_the_mail_and_only_a_door_for_insiders_says_that_it_is_one():
    for insiders in (False, True):
        with open_door(insiders=insiders) as house, house.client() as client:
            client.reply()
            client.ask("HELO " + "x" * 300)
            client.ask("EHLO pc7.customer.example")
            client.envelope("support@desk.example")
            client.send(b"one\r\n.\r\n")
            assert client.reply() == "250 2.0.0 Stored"
            (arrival,) = house.gateway.arrivals
        assert (arrival.helo, arrival.insider) == ("pc7.customer.example", insiders)


def test_the_greeting_tells_our_name_and_not_what_software_we_are():
    with open_door() as house, house.client() as client:
        assert client.reply() == "220 gate.example ESMTP ready"


def test_what_we_can_do_is_announced_and_logging_in_is_not_among_it():
    with open_door(max_size=12345) as house, house.client() as client:
        client.reply()
        offers = [line[4:] for line in client.ask("EHLO client.example").split("\n")]
        assert offers == ["gate.example", "SIZE 12345", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"]
        assert client.ask("AUTH PLAIN AGEAYg==") == "500 5.5.1 That command is not known here"


def test_the_standard_librarys_client_gets_its_mail_through():
    with open_door() as house, smtplib.SMTP("127.0.0.1", house.door.port, timeout=PATIENCE) as client:
        assert client.sendmail("bob@customer.example", ["support@desk.example", "nobody@desk.example"], MAIL) == {
            "nobody@desk.example": (550, b"5.1.1 No such mailbox here")
        }
        assert [arrival.recipients for arrival in house.gateway.arrivals] == [("support@desk.example",)]


def test_several_mails_in_one_session_do_not_mix():
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(b"one\r\n.\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert client.ask("RCPT TO:<support@desk.example>") == "503 5.5.1 MAIL comes first"
        client.envelope("sales@desk.example", sender="")
        client.send(b"two\r\n.\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert [(a.raw, a.reverse_path, a.recipients) for a in house.gateway.arrivals] == [
            (b"one\r\n", "alice@customer.example", ("support@desk.example",)),
            (b"two\r\n", "", ("sales@desk.example",)),
        ]


def test_an_empty_mail_and_one_of_an_empty_line_are_two_things():
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        client.envelope()
        client.send(b"\r\n.\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert [arrival.raw for arrival in house.gateway.arrivals] == [b"", b"\r\n"]


def test_a_recipient_named_twice_gets_the_mail_once():
    with open_door() as house, house.client() as client:
        client.until_data("support@desk.example", "support@desk.example")
        client.send(b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].recipients == ("support@desk.example",)


# Whoever accepts first and bounces later sends bounces to people who wrote nothing.
def test_who_is_not_here_is_refused_at_rcpt_and_nothing_is_accepted_for_them():
    """Nothing is bounced to whom a spammer named (fault 76)."""
    with open_door() as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.ask("MAIL FROM:<victim@elsewhere.example>")
        assert client.ask("RCPT TO:<nobody@desk.example>") == "550 5.1.1 No such mailbox here"
        assert client.ask("DATA") == "503 5.5.1 There is no recipient yet"
        assert house.gateway.arrivals == []


def test_vrfy_and_expn_say_the_same_of_everybody_and_look_nobody_up():
    """(fault 127)"""
    with open_door() as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        answers = {client.ask(f"{verb} {who}") for verb in ("VRFY", "EXPN") for who in ("support@desk.example", "nobody@desk.example", "")}
        assert len(answers) == 1 and answers.pop().startswith("252 2.1.5 ")
        assert house.gateway.asked == []


def test_commands_that_come_together_are_answered_in_order():
    with open_door() as house, house.client() as client:
        client.reply()
        client.send(
            b"EHLO x\r\nMAIL FROM:<a@b.example> SIZE=5 BODY=8BITMIME\r\nRCPT TO:<nobody@desk.example>\r\n"
            b"RCPT TO:<support@desk.example>\r\nDATA\r\nearly\r\n.\r\nNOOP\r\nQUIT\r\n"
        )
        codes = [client.reply()[:9] for _ in range(8)]
        assert codes == ["250-gate.", "250 2.1.0", "550 5.1.1", "250 2.1.5", "354 Send ", "250 2.0.0", "250 2.0.0", "221 2.0.0"]
        assert client.is_closed()
        assert [arrival.raw for arrival in house.gateway.arrivals] == [b"early\r\n"]


def test_a_client_that_has_said_all_and_closes_its_half_is_still_answered():
    with open_door() as house, house.client() as client:
        client.send(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nthat is all\r\n.\r\nQUIT\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        assert [client.reply()[:3] for _ in range(7)] == ["220", "250", "250", "250", "354", "250", "221"]
        assert client.is_closed()
        assert [arrival.raw for arrival in house.gateway.arrivals] == [b"that is all\r\n"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_mail_that_comes_in_tiny_pieces_is_the_same_mail(size):
    with open_door() as house, house.client() as client:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.until_data()
        wire = b"a: b\r\n\r\n..x\r\n.y\r\n\r\n.\r\nNOOP\r\n"
        for at in range(0, len(wire), size):
            client.send(wire[at : at + size])
        assert client.reply() == "250 2.0.0 Stored"
        assert client.reply() == "250 2.0.0 Ok"
        assert [arrival.raw for arrival in house.gateway.arrivals] == [b"a: b\r\n\r\n.x\r\ny\r\n\r\n"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL FROM:<a@b.example> SIZE=99999999", "552 5.3.4"),
        ("MAIL FROM:<a@b.example> SIZE=many", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> RET=HDRS", "555 5.5.4"),
        ("MAIL FROM:<jörg@b.example>", "553 5.6.7"),
        ("MAIL FROM:<jörg@b.example> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("mail from: <a@b.example>  size=10  body=8bitmime", "250 2.1.0"),
        ("MAIL a@b.example", "501 5.5.4"),
        ("MAIL FROM:<a@b.example", "553 5.1.3"),
        ("RCPT TO:<support@desk.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("STARTTLS", "502 5.5.1"),
        ("BDAT 5 LAST", "500 5.5.1"),
        ("", "500 5.5.1"),
        ("LHLO x", "500 5.5.1"),
        ("HELP", "214 2.0.0"),
        ("NOOP", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        (b"MAIL FROM:<\xff@b.example>", "500 5.5.2"),
        # What would be two lines to somebody further on never gets into an address.
        (b"MAIL FROM:<a\rRCPT TO:<b@b.example>", "500 5.5.2"),
        (b"MAIL FROM:<a\x00b@b.example>", "500 5.5.2"),
        ("MAIL FROM:<a\u2028b@b.example> SMTPUTF8", "553 5.1.3"),
        ("MAIL FROM:<a\u202eb@b.example> SMTPUTF8", "553 5.1.3"),
        ("NOOP " + "x" * 3000, "500 5.5.2"),
        ("NOOP " + "x" * 500_000, "500 5.5.2"),
    ],
)
def test_a_command_gets_its_answer_and_the_next_one_too(command, answer):
    with open_door(max_size=5000) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        assert client.ask(command)[:9] == answer
        assert client.ask("NOOP") == "250 2.0.0 Ok"
        assert house.gateway.asked == []


def test_a_command_that_ends_in_a_bare_line_feed_is_refused_and_not_obeyed():
    with open_door() as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.send(b"MAIL FROM:<a@b.example>\n")
        assert client.reply().startswith("500 5.5.2 ")
        assert client.ask("RCPT TO:<support@desk.example>") == "503 5.5.1 MAIL comes first"


def test_an_international_address_reaches_its_mailbox():
    with open_door(Gateway("hilfe@müller.example")) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        assert client.ask("MAIL FROM:<jörg@müller.example> SMTPUTF8").startswith("250")
        assert client.ask("RCPT TO:<hilfe@müller.example>").startswith("250")
        client.ask("DATA")
        client.send("Subject: Grüße\r\n\r\n.\r\n".encode())
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].reverse_path == "jörg@müller.example"
        assert house.gateway.arrivals[0].raw == "Subject: Grüße\r\n\r\n".encode()


def test_a_mail_too_many_recipients_is_told_so_and_goes_to_the_first_ones():
    with open_door(Gateway("a@x.example", "b@x.example", "c@x.example"), max_recipients=2) as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.ask("MAIL FROM:<>")
        answers = [client.ask(f"RCPT TO:<{name}@x.example>")[:9] for name in "abc"]
        assert answers == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
        client.ask("DATA")
        client.send(b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].recipients == ("a@x.example", "b@x.example")


def test_the_door_opens_on_ipv6_too():
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with open_door(host="::1") as house, house.client("::1") as client:
        client.until_data()
        client.send(b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].peer == "::1"


# Real mail has such lines; aiosmtpd alone refuses the 1002nd octet.
@pytest.mark.parametrize("length", [1000, 1001, 1002, 100_000, 1024 * 1024 - 2])
def test_a_long_line_is_taken(length):
    line = b"x" * length + b"\r\n"
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(line + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].raw == line


@pytest.mark.parametrize("parts", [1, 300])
def test_a_line_over_the_limit_is_refused_once_and_the_session_goes_on(parts):
    octets = b"a: b\r\n\r\n" + b"x" * (1024 * 1024 - 1) + b"\r\nmore\r\n.\r\n"
    with open_door() as house, house.client() as client:
        client.until_data()
        step = len(octets) // parts + 1
        for at in range(0, len(octets), step):
            client.send(octets[at : at + step])
        assert client.reply().startswith("554 5.6.0 ")
        assert client.ask("NOOP") == "250 2.0.0 Ok"
        assert house.gateway.arrivals == []


def test_a_mail_over_the_limit_is_read_to_its_end_refused_and_never_held():
    with open_door(max_size=100_000) as house, house.client() as client:
        client.until_data()
        for _ in range(300):
            client.send(b"0123456789\r\n" * 1000)
        house.wait_until(lambda: house.door.bytes_in_flight == 0)
        client.send(b".\r\n")
        assert client.reply() == "552 5.3.4 This mail is larger than we can take"
        assert client.ask("NOOP") == "250 2.0.0 Ok"
        assert house.gateway.arrivals == []


def test_a_mail_of_exactly_the_limit_is_taken_and_its_stuffed_dots_do_not_count():
    mail = b".2345678\r\n" * 100
    with open_door(max_size=1000) as house, house.client() as client:
        client.until_data()
        client.send(mail.replace(b".2", b"..2") + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert house.gateway.arrivals[0].raw == mail
        client.envelope()
        client.send(mail.replace(b".2", b"..2") + b"\r\n.\r\n")
        assert client.reply().startswith("552 5.3.4 ")


# RFC 5321 6.3.
@pytest.mark.parametrize(("count", "answer"), [(99, "250 2.0.0"), (100, "554 5.4.6"), (101, "554 5.4.6")])
def test_a_mail_that_goes_in_circles_is_refused_at_a_hundred_hops(count, answer):
    """Ninety-nine are a long way, a hundred a circle (fault 73)."""
    trace = b"ReceiveD: from a by b\r\n\tid x\r\n" * count
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(trace + b"Subject: x\r\n\r\n" + b"Received: in the text\r\n" * 5 + b".\r\n")
        assert client.reply()[:9] == answer
        assert len(house.gateway.arrivals) == (answer[0] == "2")


# --- yes means stored ---------------------------------------------------------------------------------------------


def test_yes_is_said_only_after_the_commit():
    """(fault 1)"""
    with open_door() as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        client.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.reply()
        client.sock.settimeout(PATIENCE)
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert client.reply() == "250 2.0.0 Stored"


# aiosmtpd alone would answer "500 Error: (RuntimeError) secret-db-password".
@pytest.mark.parametrize("trouble", [RuntimeError("secret-db-password"), OSError(5, "secret-db-password"), MemoryError(), TimeoutError()])
def test_whatever_fails_behind_the_door_the_sender_keeps_the_mail_and_hears_no_reason(trouble, caplog):
    """451 and never 5xx (CVE-2023-41260, faults 8 and 125)."""
    with open_door() as house, house.client() as client:
        house.gateway.trouble = trouble
        client.until_data()
        client.send(b"Subject: confidential-words\r\n\r\n.\r\n")
        assert client.reply() == "451 4.3.0 Try again later"
        house.gateway.trouble = None
        client.envelope()
        client.send(MAIL + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]
    assert "confidential-words" not in caplog.text


def test_a_commit_that_is_given_up_behind_the_door_is_try_again_too():
    with open_door() as house, house.client() as client:
        house.gateway.trouble = asyncio.CancelledError()
        client.until_data()
        client.send(MAIL + b".\r\n")
        assert client.reply() == "451 4.3.0 Try again later"
        assert client.ask("NOOP") == "250 2.0.0 Ok"


def test_a_desk_that_cannot_be_looked_up_is_try_again_and_never_no_such_mailbox(caplog):
    with open_door() as house, house.client() as client:
        client.reply()
        client.ask("EHLO x")
        client.ask("MAIL FROM:<>")
        assert client.ask("RCPT TO:<explode@desk.example>") == "451 4.3.0 Try again later"
        assert client.ask("RCPT TO:<support@desk.example>") == "250 2.1.5 Ok"
    assert "secret-db-password" in caplog.text  # the log gets the reason


def test_a_mistake_of_ours_in_the_conversation_ends_it_with_try_again(monkeypatch):
    async def mistake(*_):
        raise RuntimeError("secret-db-password")

    monkeypatch.setattr(ClientSession, "_obey", mistake)
    with open_door() as house, house.client() as client:
        client.reply()
        assert client.ask("EHLO x") == "421 4.3.0 Try again later"
        assert client.is_closed()


def test_a_clock_that_fails_is_try_again_and_gives_the_room_back():
    def broken():
        raise OSError("no clock")

    async def play():
        door = MailDoor(DoorSettings(port=0), Gateway(), broken, None)
        await door.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n")
        answers = (await asyncio.wait_for(reader.read(), PATIENCE)).split(b"\r\n")
        writer.close()
        await door.stop(1.0)
        return answers[5], door.bytes_in_flight

    assert asyncio.run(play()) == (b"451 4.3.0 Try again later", 0)


def test_a_full_disk_is_told_as_such_and_later_mails_are_taken_again():
    """452 while it lasts (fault 6)."""
    with open_door() as house, house.client() as client:
        house.gateway.trouble = NoSpace()
        client.until_data()
        client.send(MAIL + b".\r\n")
        assert client.reply().startswith("452 4.3.1 ")
        house.gateway.trouble = None
        client.envelope()
        client.send(MAIL + b".\r\n")
        assert client.reply() == "250 2.0.0 Stored"


# aiosmtpd alone cancels the commit in the middle.
@pytest.mark.parametrize("leave", [lambda client: client.sock.close(), Client.reset], ids=["close", "reset"])
def test_a_client_that_hangs_up_does_not_cancel_a_commit(leave):
    """However it leaves (fault 9)."""
    with open_door() as house:
        house.gateway.slow = True
        client = house.client().until_data()
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        leave(client)
        house.wait_until(house.nobody_speaks)
        assert house.door.bytes_in_flight > 0  # the commit still holds the mail
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert house.gateway.done.wait(PATIENCE)
        assert [arrival.raw for arrival in house.gateway.arrivals] == [MAIL]


# A retry after a lost reply is a whole second arrival with the same bytes; the record tells them apart.
def test_a_mail_whose_client_is_gone_at_the_last_dot_is_stored_whole_or_not_at_all():
    with open_door() as house:
        for _ in range(200):
            client = house.client().until_data()
            client.send(MAIL + b".\r\n")
            client.reset()
        house.wait_until(lambda: house.door.connections == 0 and house.door.bytes_in_flight == 0)
        assert {arrival.raw for arrival in house.gateway.arrivals} <= {MAIL}
        assert len(house.gateway.arrivals) <= 200


def test_a_mail_without_its_last_dot_is_never_stored():
    with open_door() as house:
        for wire in (b"half a mail\r\n", b"half a mail\r\n.", b"half a mail\r\n.\r", b"half a mail\n.\n"):
            client = house.client().until_data()
            client.send(wire)
            client.sock.close()
        house.wait_until(lambda: house.door.connections == 0 and house.door.bytes_in_flight == 0)
        assert house.gateway.arrivals == []


def _wire(kind: str) -> bytes:
    hello = b"LHLO" if kind == "lmtp" else b"EHLO"
    return (
        hello
        + b" client.example\r\nMAIL FROM:<alice@customer.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
        + MAIL
        + b".\r\nQUIT\r\n"
    )


@pytest.mark.parametrize("kind", ["smtp", "lmtp"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_client_may_hang_up_at_any_octet_and_a_mail_is_stored_whole_or_not_at_all(kind, reset):
    """Each cut of a whole conversation, in good order and by a reset (faults 9, 84)."""
    wire = _wire(kind)
    whole = wire.index(b"\r\n.\r\n") + 5
    with open_door(kind=kind) as house:
        for cut in range(len(wire)):
            client = house.client()
            client.send(wire[:cut])
            if not reset:
                client.sock.shutdown(socket.SHUT_WR)
                while client.sock.recv(4096):  # until the door hangs up, too
                    pass
                client.sock.close()
            else:
                client.reset()
        house.wait_until(lambda: house.door.connections == 0)
        stored = [arrival.raw for arrival in house.gateway.arrivals]
    assert set(stored) <= {MAIL}
    assert len(stored) == len(wire) - whole if not reset else len(stored) <= len(wire) - whole


def test_a_clock_that_jumps_neither_hurries_a_client_nor_lets_one_stay(monkeypatch):
    """Times of a door are monotonic: an hour back or thirty days ahead is none of its business (fault 50)."""
    jumps = iter([NOON + timedelta(days=30), NOON - timedelta(hours=1), NOON])
    with open_door(command_timeout=timedelta(seconds=2)) as house, house.client() as client:
        house.door._door.now = lambda: next(jumps)
        client.until_data()
        for _ in range(3):
            client.send(MAIL + b".\r\n")
            assert client.reply() == "250 2.0.0 Stored"
            client.envelope()
        assert client.reply().startswith("421 4.4.2 ")  # and not later than without them
    assert [arrival.arrived_at for arrival in house.gateway.arrivals] == [NOON + timedelta(days=30), NOON - timedelta(hours=1), NOON]
