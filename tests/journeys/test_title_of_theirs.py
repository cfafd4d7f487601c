"""A requester changes the subject of what they answer: their thread goes on under it, agents hear of it, the ticket keeps its title."""

from __future__ import annotations

from tests.journeys.world import BOB, MAX, SUPPORT, World


def test_the_thread_of_whoever_changed_the_subject_goes_on_under_it(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops all the time.")
    number = world.ticket().ticket.number
    acknowledged = world.letter(MAX)
    told = world.letter(BOB)
    # What our own letter was called is nobody's new subject.
    world.answer(MAX, acknowledged, "By the way, it is the one in Berlin.")
    assert [entry.subject for entry in world.ticket(number).entries] == [None, None]
    tag = acknowledged.header("Subject").rpartition(" ")[2]
    world.send(
        MAX,
        acknowledged.reply_address,
        f"Re: Printer, too {tag}",
        "Now the printer as well.",
        In_Reply_To=acknowledged.header("Message-ID"),
    )
    assert world.ticket(number).ticket.title == "VPN drops" and world.ticket(number).entries[-1].subject == "Printer, too"
    assert world.letter(BOB, "printer as well").header("Subject") == f"Re: VPN drops {tag}"
    world.answer(BOB, told, "Both work again.")
    answer = world.letter(MAX, "Both work again")
    assert answer.header("Subject") == f"Re: Printer, too {tag}"
    world.answer(MAX, answer, "Not yet.")
    assert world.ticket(number).entries[-1].subject == "Printer, too" and len(world.tickets()) == 1
