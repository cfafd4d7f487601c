"""A signed mail said again: to another recipient, with other headers beside the signed ones, late, or twice. It works once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mailgate.model.ticket import Status
from tests.fakes.dns_server import NameServer, text
from tests.fakes.signer import SIGNED, record, rsa_key, signed
from tests.journeys.test_identity import by_domain
from tests.journeys.world import ANN, BOB, MAX, MONDAY, SUPPORT, World

KEY = text(record(rsa_key()))
ZONE = {
    (f"{name}.{domain}", "TXT"): value
    for domain in ("example.org", "example.com")
    for name, value in (("s1._domainkey", KEY), ("_dmarc", text("v=DMARC1; p=none")))
}


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    """Agents prove themselves by their domain; our own check asks a name server that knows its key."""
    with NameServer(ZONE) as server:
        own = (("# dns = false ", f'dns = true\nresolver = ["{server.place}"]\n# '),)
        with World(tmp_path, changes=by_domain(*own)) as made:
            yield made


def a_mail(subject: str, words: str, to: str = SUPPORT, *, by: str = ANN, id: str = "a1", at: datetime = MONDAY, more: str = "") -> bytes:
    words = words.replace("\n", "\r\n")
    return (
        f"{more}From: <{by}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {format_datetime(at)}\r\n"
        f"Message-ID: <{id}@example.org>\r\n\r\n{words}\r\n"
    ).encode()


def a_ticket(world: World, words: str = "It drops.") -> str:
    """Opened by Max; the subject of Ann's notice, with the token."""
    world.send(MAX, SUPPORT, "VPN", words)
    return world.letter(ANN, words).header("Subject")


def owner(world: World, number: int | None = None) -> str | None:
    file = world.ticket(number)
    return file.person(file.ticket.owner).address if file.ticket.owner else None


def test_a_signed_mail_commands_once_whatever_is_added_to_it(world: World) -> None:
    """Whoever got hold of it cannot make it be obeyed again, not even in the minute after (fault 135)."""
    mail = signed(a_mail(a_ticket(world), "#take"))
    world.deliver(mail, ANN, [SUPPORT])
    assert owner(world) == ANN
    world.deliver(signed(a_mail(world.letter(BOB, "It drops.").header("Subject"), "#take", by=BOB, id="b1")), BOB, [SUPPORT])
    assert owner(world) == BOB
    for more in (
        b"X-Mailer: another\r\n",
        b"Cc: people@example.org\r\n",
        b"Received: from a by b; Mon, 1 Jun 2026 10:00:00 +0200\r\nX: y\r\n",
    ):
        world.deliver(more + mail, ANN, [SUPPORT])
        assert owner(world) == BOB
    assert not [letter for letter in world.letters_for(ANN) if "E_PERM" in letter.text]  # the same words: nobody has to hear of it


def test_the_same_mail_with_other_words_comes_back(world: World) -> None:
    """One Message-ID for two mails: broken clients do that, and so does who would like to be obeyed twice."""
    subject = a_ticket(world)
    world.deliver(signed(a_mail(subject, "#take")), ANN, [SUPPORT])
    world.deliver(signed(a_mail(subject, "#close\n\nIt was the cable.")), ANN, [SUPPORT])
    assert world.ticket().ticket.status is not Status.CLOSED
    assert "It was the cable." in world.letter(ANN, "E_ONCE").text


def test_what_names_the_ticket_has_to_be_signed(world: World) -> None:
    """Another recipient, or a header that the signature leaves out, brings a good mail to another ticket: it does nothing there."""
    world.send(MAX, SUPPORT, "VPN", "It drops.")
    notice = world.letter(ANN, "It drops.")
    cited = f"In-Reply-To: {notice.header('Message-ID')}\r\n"
    world.deliver(signed(a_mail("No token", "#take")), ANN, [notice.reply_address])
    assert owner(world) is None
    world.deliver(cited.encode() + signed(a_mail("No token", "#take", id="a2")), ANN, [SUPPORT])
    assert owner(world) is None
    world.deliver(signed(a_mail("No token", "#take", id="a3", more=cited)), ANN, [SUPPORT])
    assert owner(world) is None
    world.deliver(signed(a_mail("No token", "#take", id="a4", more=cited), headers=(*SIGNED, "in-reply-to")), ANN, [SUPPORT])
    assert owner(world) == ANN


def test_a_signed_mail_of_one_ticket_does_nothing_on_another(world: World) -> None:
    first = a_ticket(world)
    world.deliver(signed(a_mail(first, "#take")), ANN, [SUPPORT])
    world.send(MAX, SUPPORT, "VPN", "It is slow.")
    other = world.letter(ANN, "It is slow.")
    world.deliver(signed(a_mail(first, "#take", id="a2")), ANN, [other.reply_address])
    assert owner(world, world.tickets()[1].number) is None


def test_a_signature_that_leaves_out_the_message_id_proves_nothing(world: World) -> None:
    world.deliver(signed(a_mail(a_ticket(world), "#take"), headers=("from", "to", "subject", "date")), ANN, [SUPPORT])
    assert owner(world) is None


def test_a_signature_of_ninety_days_ago_is_asked_about_and_the_answer_carries_it_out_once(world: World) -> None:
    """(fault 136)"""
    mail = signed(a_mail(a_ticket(world), "#take\n#priority P1", at=MONDAY - timedelta(days=90)))
    world.deliver(mail, ANN, [SUPPORT])
    assert owner(world) is None
    question = world.letter(ANN, "Please confirm")
    assert "#take" in question.text and "the single word yes by" in " ".join(question.text.split())
    world.deliver(b"X-Again: 1\r\n" + mail, ANN, [SUPPORT])  # while it waits, the same question is not asked twice
    for id in ("yes", "yes-again"):
        world.deliver(signed(a_mail(question.header("Subject"), "yes", question.reply_address, id=id)), ANN, [question.reply_address])
        assert owner(world) == ANN
    world.deliver(b"X-Again: 2\r\n" + mail, ANN, [SUPPORT])
    number = world.tickets()[0].number
    assert world.events(number).count("ticket_taken") == 1
    assert len([letter for letter in world.letters_for(ANN) if "Please confirm" in letter.header("Subject")]) == 1


def test_an_unsigned_yes_carries_nothing_out_at_a_desk_of_domains(world: World) -> None:
    world.deliver(signed(a_mail(a_ticket(world), "#take", at=MONDAY - timedelta(days=2))), ANN, [SUPPORT])
    question = world.letter(ANN, "Please confirm")
    world.answer(ANN, question, "yes")
    assert owner(world) is None


def test_a_requesters_signed_wish_works_once(world: World) -> None:
    """His signed "close" of before a new trouble does not close that."""
    a_ticket(world)
    letter = world.letter(MAX)
    mail = signed(a_mail(letter.header("Subject"), "close", letter.reply_address, by=MAX), "example.com")
    world.deliver(mail, MAX, [letter.reply_address])
    assert not world.ticket().ticket.status.is_live
    world.deliver(
        signed(a_mail(letter.header("Subject"), "It drops again.", letter.reply_address, by=MAX, id="m2"), "example.com"),
        MAX,
        [letter.reply_address],
    )
    assert world.ticket().ticket.status.is_live
    world.deliver(b"X-Again: 1\r\n" + mail, MAX, [letter.reply_address])
    assert world.ticket().ticket.status.is_live
