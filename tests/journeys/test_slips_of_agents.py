"""What agents get wrong at their mail programs, from door to letter: it comes back, and done as told it does what it should have done."""

from __future__ import annotations

import pytest

from mailgate.model.ticket import Status, Visibility
from tests.journeys.world import ANN, MAX, SUPPORT, World

#: What comes back to its agent is the same on every record.
pytestmark = pytest.mark.either_database

WORDS = "We look into it. Leave it switched off until then."


def opened(world: World):
    world.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops every ten minutes.")
    return world.letter(ANN, "every ten minutes")


def outside(world: World) -> list[str]:
    world.settle()
    return [one.text for one in world.mailboxes.letters if one.recipient == MAX]


def test_a_refused_mail_is_corrected_as_told_and_may_be_said_again(world: World) -> None:
    notice = opened(world)
    world.answer(ANN, notice, f"#prioritty P2\n{WORDS}")
    back = world.letter(ANN, "#prioritty")
    assert "Your reply goes to" in back.text and "Correct your text below and reply with it." in back.text
    world.answer(ANN, back, f"#priority urgent\n{WORDS}")
    world.letter(MAX, WORDS)
    file = world.ticket()
    assert (file.ticket.priority, file.entries[-1].visibility) == (2, Visibility.PUBLIC)
    # A note of one's own is nobody's secret, and an echo is no notice.
    world.answer(ANN, notice, "#note\nPlease switch it off at the wall, I come at ten.")
    world.answer(ANN, notice, "Please switch it off at the wall, I come at ten.")
    world.letter(MAX, "switch it off at the wall")


def test_a_late_note_reaches_nobody_outside_and_the_receipt_says_who_has_a_mail_already(world: World) -> None:
    notice = opened(world)
    before = len(outside(world))
    world.answer(ANN, notice, "Hi Bob,\n\n*#note* he is a nuisance, do not hurry")
    back = world.letter(ANN, "E_LATE")
    assert "he is a nuisance" in back.text and "Nothing was sent, and nothing was changed." in back.text
    world.answer(ANN, notice, "#note\nhe is a nuisance, do not hurry", Cc=MAX)
    receipt = world.letter(ANN, "in To or Cc")
    assert "We sent nothing of this to" not in receipt.text and "We sent nothing ourselves." in " ".join(receipt.text.split())
    assert len(outside(world)) == before


def test_close_with_words_reads_as_closed_and_says_how_it_is_opened_again(world: World) -> None:
    notice = opened(world)
    world.answer(ANN, notice, "The cable was loose.\n\n#close")
    back = world.letter(ANN, "E_LATE")
    world.answer(ANN, back, "#close\nThe cable was loose.")
    letter = world.letter(MAX, "The cable was loose.")
    said = " ".join(letter.text.split())
    assert "Your request is closed" in said and "that opens the request again" in said and "single word" not in said
    assert world.ticket().ticket.status is Status.CLOSED
    world.answer(MAX, letter, "It is loose again.")
    world.letter(ANN, "It is loose again.")
    assert world.ticket().ticket.status is Status.OPEN


def test_thanks_and_five_is_a_rating(world: World) -> None:
    notice = opened(world)
    world.answer(ANN, notice, "#resolve\nThe cable was loose.")
    world.answer(MAX, world.letter(MAX, "The cable was loose."), "Danke!\n\n5")
    world.letter(MAX, "Thanks for your rating")
    assert world.ticket().ticket.status is Status.RESOLVED
    assert "rating_given" in world.events(world.ticket().ticket.number)
