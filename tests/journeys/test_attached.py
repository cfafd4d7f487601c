"""What an agent attaches travels to the requester, so it is looked at before anything leaves."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from pathlib import Path
from typing import Self

import pytest

from mailgate.app.stage import Received
from tests.fakes.smtp_sink import SmtpSink
from tests.journeys.world import ANN, BOB, MAX, SUPPORT, World

#: Which file may leave is the same on every record.
pytestmark = pytest.mark.either_database


def an_answer(notice: Received, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Ann <{ANN}>", notice.reply_address, f"Re: {notice.header('Subject')}"
    mail["Message-ID"], mail["In-Reply-To"] = "<attached@example.org>", notice.header("Message-ID")
    mail.set_content(text)
    return mail


def a_notice(world: World) -> Received:
    world.send(MAX, SUPPORT, "VPN drops", "It drops every ten minutes.")
    return world.letter(ANN, "VPN drops")


def test_a_harmless_file_reaches_the_requester_byte_for_byte(world: World) -> None:
    mail = an_answer(a_notice(world), "Here is the driver.")
    mail.add_attachment(b"\x00\x01driver" * 1000, maintype="application", subtype="octet-stream", filename="driver.bin")
    world.deliver(mail.as_bytes(policy=SMTP), ANN, [mail["To"]])
    letter = world.letter(MAX, "Here is the driver")
    files = [part for part in letter.message.walk() if part.get_filename()]
    assert [part.get_filename() for part in files] == ["driver.bin"]
    assert files[0].get_payload(decode=True) == b"\x00\x01driver" * 1000


class Narrow(World):
    """Its relay is not the stage's."""

    def __enter__(self) -> Self:
        self._running.__enter__()
        return self


def test_an_answer_and_a_notice_that_are_too_large_for_the_relay_leave_without_the_file(tmp_path: Path) -> None:
    """(fault 153)"""
    with SmtpSink(extensions=("SIZE 200000", "8BITMIME")) as sink, Narrow(tmp_path, relay_port=sink.port) as world:
        mail = world.a_mail(MAX, SUPPORT, "VPN drops", "See the log.")
        mail.add_attachment(b"log" * 100_000, maintype="application", subtype="octet-stream", filename="vpn.log")
        world.deliver(mail.as_bytes(policy=SMTP), MAX, [SUPPORT])
        world.settle()
        [notice] = [Received(ANN, "", one.data) for one in sink.taken if one.recipient == ANN and b"VPN drops" in one.data]
        assert b"vpn.log" not in notice.data.partition(b"\r\n\r\n")[0]
        assert "vpn.log, 300 KB" in notice.text
        answer = an_answer(notice, "Please run this.")
        answer.add_attachment(b"fix" * 100_000, maintype="application", subtype="octet-stream", filename="fix.bin")
        world.deliver(answer.as_bytes(policy=SMTP), ANN, [answer["To"]])
        world.settle()
        assert sum(b"Please run this." in one.data for one in sink.taken if one.recipient == MAX) == 1
        file = world.ticket()
        assert any("leaves without fix.bin" in entry.text for entry in file.entries)
        assert any(b"Sent without files" in one.data for one in sink.taken if one.recipient == ANN)


def with_the_notice_as_a_mail(mail: EmailMessage, notice: Received) -> None:
    inner: Message = message_from_bytes(notice.data)
    mail.add_attachment(inner)


def with_the_notice_as_a_file(mail: EmailMessage, notice: Received) -> None:
    mail.add_attachment(notice.data, maintype="application", subtype="octet-stream", filename="Notice.EML")


def with_the_notice_as_a_text(mail: EmailMessage, notice: Received) -> None:
    mail.add_attachment(notice.text, filename="notice.txt")


def with_the_notice_as_a_page(mail: EmailMessage, notice: Received) -> None:
    mail.add_attachment("<p>" + notice.text.replace("\n", "<br>") + "</p>", subtype="html", filename="notice.html")


@pytest.mark.parametrize(
    "attach", [with_the_notice_as_a_mail, with_the_notice_as_a_file, with_the_notice_as_a_text, with_the_notice_as_a_page]
)
def test_an_attached_notice_never_leaves(world: World, attach) -> None:  # type: ignore[no-untyped-def]
    first = a_notice(world)
    world.answer(BOB, world.letter(BOB, "VPN drops"), "#note\nThe canary sings in the server room tonight.")
    world.answer(ANN, first, "#take")
    world.settle()
    canary = next(one for one in world.letters_for(ANN) if "canary sings" in one.text)
    mail = an_answer(first, "See the attachment.")
    attach(mail, canary)
    world.deliver(mail.as_bytes(policy=SMTP), ANN, [mail["To"]])
    world.letter(ANN, "E_QUOTE")
    assert not any(b"canary" in one.data or "See the attachment" in one.text for one in world.letters_for(MAX))
