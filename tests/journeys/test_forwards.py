"""An agent passes a mail on: from the welcome letter's address to the first answer, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome, Visibility
from tests.journeys.world import ANN, BOB, MAX, SUPPORT, World

#: Whose mail was passed on is the same on every record.
pytestmark = pytest.mark.either_database

EVA = "eva@client.example"
MAILS = Path(__file__).parents[1] / "mails" / "forwards"


def the_forward(world: World, to: str, name: str = "attached-original") -> None:
    raw = (MAILS / f"{name}.eml").read_bytes().replace(b"To: support@example.org", f"To: {to}".encode(), 1)
    world.deliver(raw, ANN, [to])


def her_address(world: World) -> str:
    """The reply address of a letter about no ticket that was made for Ann."""
    world.send(ANN, SUPPORT, "help", "#help")
    return str(world.letter(ANN, "#take").reply_address)


def test_an_agent_passes_a_mail_on_and_its_author_gets_the_answer(world: World) -> None:
    the_forward(world, her_address(world))
    renee = "renee@client.example"
    ack = world.letter(renee)
    assert "[IT-" in ack.header("Subject")
    assert ack.header("In-Reply-To") == "<scan-1@client.example>"
    assert "Yours?" not in ack.text
    world.letter(BOB, "prints lines")
    notice = world.letter(ANN, "prints lines")
    file = world.ticket()
    assert file.person(file.ticket.requester).address == renee
    assert file.ticket.cycle(Metric.FIRST_REPLY).outcome is Outcome.RUNNING
    assert [(e.visibility, e.text) for e in file.entries] == [
        (Visibility.PUBLIC, "The scanner prints lines, see picture."),
        (Visibility.INTERNAL, "Yours?"),
    ]
    assert [a.part for a in file.entries[0].attachments] == ["2!2"]
    world.answer(ANN, notice, "Please clean the glass.")
    answer = world.letter(renee, "clean the glass")
    world.answer(renee, answer, "That was it, thank you!")
    world.letter(ANN, "That was it")
    assert len(world.tickets()) == 1


def test_the_picture_of_the_original_reaches_the_agents_unharmed(world: World) -> None:
    the_forward(world, her_address(world))
    notice = world.letter(BOB, "prints lines")
    (picture,) = [part for part in notice.message.walk() if part.get_filename() == "lines.png"]
    assert picture.get_payload(decode=True) == b"\x89PNG\r\n\x1a\n"


def test_commands_above_a_forward_are_carried_out(world: World) -> None:
    the_forward(world, her_address(world), "gmail-en")
    world.letter("zoe@client.example")
    file = world.ticket()
    assert file.ticket.priority == 2
    assert file.entries[1].text == "He rang me as well."
    assert not any("rang" in one.text for one in world.letters_for("zoe@client.example"))


def test_a_from_alone_makes_a_ticket_of_its_own_and_writes_to_nobody_else(world: World) -> None:
    the_forward(world, SUPPORT)
    world.letter(BOB, "")
    file = world.ticket()
    assert file.person(file.ticket.requester).address == ANN
    assert "wrote first" in file.entries[1].text
    assert world.letters_for("renee@client.example") == []


def test_two_forwards_of_one_mail_in_one_batch_make_one_person(world: World) -> None:
    address = her_address(world)
    the_forward(world, address, "outlook-de")
    the_forward(world, address, "outlook-de")
    world.send(MAX, SUPPORT, "other", "something else")
    world.settle()
    requesters = {t.requester for t in world.tickets() if t.title == "Passwort"}
    assert len(requesters) == 1
