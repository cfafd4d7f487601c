"""An agent gives a ticket another title: everybody reads it from then on, and the conversation stays one."""

from __future__ import annotations

from tests.journeys.world import BOB, MAX, SUPPORT, World


def test_the_requester_reads_the_new_title_and_answers_to_the_same_ticket(world: World) -> None:
    world.send(MAX, SUPPORT, "Help!!", "The printer on the third floor burns.")
    number = world.ticket().ticket.number
    world.answer(BOB, world.letter(BOB), "#title The printer on the third floor burns\n#note\nAgain.")
    assert world.ticket(number).ticket.title == "The printer on the third floor burns"
    assert world.events(number) == ["ticket_opened", "title_changed", "note_added"]
    receipt = world.letter(BOB, event="commands_applied")
    assert "Done: note added, title Help!! → The printer on the third floor burns." in " ".join(receipt.text.split())
    world.answer(BOB, receipt, "#reply\nPlease switch it off at the wall.")
    answer = world.letter(MAX, "switch it off")
    assert answer.header("Subject").startswith("Re: The printer on the third floor burns [IT-")
    world.answer(MAX, answer, "It is off now.")
    assert world.events(number)[-1] == "requester_wrote" and len(world.tickets()) == 1


def test_a_command_that_is_planned_is_told_so_without_a_ticket_as_well(world: World) -> None:
    world.send(BOB, SUPPORT, "figures", "#stats")
    assert "This command doesn't exist yet. (E_UNAVAILABLE)" in " ".join(world.letter(BOB).text.split())
    assert world.tickets() == []
