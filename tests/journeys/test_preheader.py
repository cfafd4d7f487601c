"""The hidden line of a notice, shown by a program above the quote, neither leaves with an agent's answer nor sends it back."""

from __future__ import annotations

import re

from tests.journeys.world import BOB, MAX, SUPPORT, World


def test_an_answer_whose_program_shows_the_hidden_line_leaves_without_it(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops all the time.")
    told = world.letter(BOB)
    shown = world.store.outbox.of_ticket(world.ticket().ticket.number)
    preheader = next(row.letter.preheader for row in shown if row.letter.address == BOB)
    assert preheader
    world.answer(BOB, told, f"#take\nPlease restart the client.\n\n{preheader}\n{told.text}", quote=False)
    answer = world.letter(MAX, "restart the client")
    assert squeezed(preheader) not in squeezed(answer.text)
    assert world.ticket().entries[-1].text == "Please restart the client."
    assert "ticket_taken" in world.events(world.ticket().ticket.number)


def squeezed(text: str) -> str:
    return "".join(re.findall(r"\w", text.lower()))
