"""People who come in later: copied in by the requester, admitted by an agent, or strangers with somebody else's mail in hand."""

from __future__ import annotations

from mailgate.model.person import Role
from mailgate.model.ticket import Visibility
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World

PIA = "pia@elsewhere.example"


def test_who_is_copied_in_by_the_requester_hears_the_next_answer_and_agents_see_who_joined(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops every ten minutes.", Cc="nobody-yet@elsewhere.example")
    ack, notice = world.letter(MAX), world.letter(ANN, "VPN drops")
    assert world.ticket().ticket.members == (), "a first mail proves nothing"
    world.answer(MAX, ack, "My colleague Pia has it, too.", Cc=f"{PIA}, {BOB}")
    assert PIA in world.letter(ANN, "has it, too").text
    assert [m.role for m in world.ticket().ticket.members] == [Role.PARTICIPANT]
    assert world.letters_for(PIA) == [], "no history is sent"
    world.answer(ANN, notice, "Please restart the client, both of you.")
    update = world.letter(PIA, "both of you")
    world.letter(MAX, "both of you")
    assert MAX not in update.data.decode("ascii") and ANN not in update.data.decode("ascii")
    world.answer(PIA, update, "Restarted, and it holds.")
    world.letter(ANN, "and it holds")
    assert world.ticket().entries[-1].visibility is Visibility.PUBLIC
    assert "participant_joined" in world.events(world.ticket().ticket.number)


def test_an_address_becomes_known_by_answering_a_letter_and_not_by_writing_often(world: World) -> None:
    for n in range(2):
        world.send(MAX, SUPPORT, f"Claim it at http://prize.example/{n}", "Now.")
    for _ in range(2):
        assert "prize.example" not in world.letter(MAX).header("Subject")
    assert not world.store.people.at([MAX])[MAX].proven
    world.send(EVE, SUPPORT, "Black screen", "It is black.")
    world.answer(EVE, world.letter(EVE), "It is also loud.")
    world.letter(ANN, "also loud")
    assert world.store.people.at([EVE])[EVE].proven
    world.send(EVE, SUPPORT, "See http://wiki.example/screen", "It is black again.")
    assert "http://wiki.example/screen" in world.letter(EVE, "wiki.example").header("Subject")
    assert world.store.people.at([EVE])[EVE].proven, "once and for all"


def test_a_stranger_who_cites_somebody_elses_mail_gets_a_ticket_of_his_own_at_once(world: World) -> None:
    first = world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    world.letter(MAX)
    cited = f"<root@elsewhere.example> {' '.join(f'<r{n}@elsewhere.example>' for n in range(300))} {first['Message-ID']}"
    world.send(EVE, SUPPORT, "Re: VPN drops", "Mine as well.", References=cited, In_Reply_To=first["Message-ID"])
    world.letter(EVE)
    assert len(world.tickets()) == 2
    # A long story whose middle ids belong to Eve's ticket.
    world.send(BOB, SUPPORT, "A long story", "See below.", References=" ".join(f"<r{n}@elsewhere.example>" for n in range(-150, 290)))
    world.letter(BOB, "A long story")
    assert len(world.tickets()) == 3
    assert world.store.inbox.rows("claimed") == [] and world.store.inbox.rows("set_aside") == []


def test_who_is_admitted_and_answered_in_one_mail_hears_the_answer(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    ack = world.letter(MAX)
    world.answer(EVE, ack, "Max forwarded this to me. Mine drops in the train.")
    assert world.letters_for(EVE) == []
    world.answer(ANN, world.letter(ANN, "in the train"), "#admit\n#reply\nTrains have tunnels.")
    world.letter(EVE, "tunnels")
    world.letter(MAX, "tunnels")
    assert [m.role for m in world.ticket().ticket.members] == [Role.PARTICIPANT]
