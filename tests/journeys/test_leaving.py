"""Files of an agent's answer on the whole road: a note's file and what proves an agent come back, a certificate and a logo stay behind."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mailgate.app.stage import Received
from tests.journeys.world import ANN, BOB, MAX, SUPPORT, World

#: What may leave is the same on every record.
pytestmark = pytest.mark.either_database

PRICES = b"our margin is 63 percent on all printers of this client\n"


def answer(world: World, who: str, letter: Received, text: str, *files: tuple[str, str, bytes], html: str = "", logo: bytes = b"") -> None:
    world.count += 1
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = who, letter.reply_address, f"Re: {letter.header('Subject')}"
    mail["Message-ID"], mail["In-Reply-To"] = f"<files-{world.count}@example.org>", letter.header("Message-ID")
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
        mail.get_payload()[-1].add_related(logo, "image", "png", cid="<logo>", filename="logo.png", disposition="inline")
    for name, kind, data in files:
        mail.add_attachment(data, *kind.split("/"), filename=name)
    world.deliver(mail.as_bytes(policy=SMTP), who, [letter.reply_address])
    world.settle()


def files_in(letter: Received) -> list[str]:
    return [name for part in letter.message.walk() if (name := part.get_filename())]


def test_files_that_are_not_for_the_requester(world: World) -> None:
    world.send(MAX, SUPPORT, "Price list", "Could I have your prices, please?")
    world.letter(MAX)
    before = len(world.letters_for(MAX))
    notice, bobs = world.letter(ANN, "Price list"), world.letter(BOB, "Price list")
    answer(world, BOB, bobs, "#note\nour prices", ("prices.txt", "text/plain", PRICES))
    world.letter(ANN, "our prices")

    answer(world, ANN, notice, "Please see attached.", ("list.txt", "text/plain", PRICES))
    back = world.letter(ANN, "E_FILE")
    assert len(world.letters_for(MAX)) == before
    answer(world, ANN, back, "#reply\nPlease see attached.", ("list.txt", "text/plain", PRICES))
    assert files_in(world.letter(MAX, "see attached")) == ["list.txt"], "said again on purpose"

    raw = b"PK\x03\x04" + b"\0" * 5000 + f"To: {bobs.reply_address}".encode("utf-16-le")
    answer(world, ANN, notice, "The log of my mail program.", ("log.bin", "application/octet-stream", raw))
    assert "log.bin" in world.letter(ANN, "E_QUOTE").text
    answer(world, ANN, notice, "Its trace.", ("trace.txt", "text/plain", b"Message-ID: " + bobs.header("Message-ID").encode()))
    assert "trace.txt" in world.letter(ANN, "E_QUOTE").text

    answer(
        world,
        ANN,
        notice,
        "It is on its way.\n\n-- \nAnn Berg",
        ("smime.p7s", "application/pkcs7-signature", b"0\x80 certificate of ann@example.org"),
        html="<div>It is on its way.</div><div>-- <br>Ann Berg<br><img src='cid:logo'></div>",
        logo=b"\x89PNG\r\n\x1a\n logo",
    )
    sent = world.letter(MAX, "on its way")
    assert files_in(sent) == [] and b"certificate" not in sent.data and ANN.encode() not in sent.data

    answer(world, ANN, notice, "-- \nAnn Berg\nextension 4711", ("guide.pdf", "application/pdf", b"%PDF-1.7"))
    alone = world.letter(MAX, matching=lambda one: "guide.pdf" in files_in(one))
    assert "4711" not in alone.text
