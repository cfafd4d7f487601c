"""A proof that others have seen: its agent is asked, and his yes works once. Whose address is misused is not held up by it."""

from __future__ import annotations

from pathlib import Path

from mailgate.model.ticket import Status, Visibility
from tests.journeys.test_identity import STAMP
from tests.journeys.world import ANN, EVE, MAX, SUPPORT, World, edit


def questions(world: World) -> list[str]:
    return [letter.header("Subject") for letter in world.letters_for(ANN) if "Please confirm" in letter.header("Subject")]


def test_a_token_that_others_have_seen_asks_its_agent_and_yes_carries_it_out_once(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    notice = world.letter(ANN, "It drops.")
    world.answer(ANN, notice, "#note\nLook at this, Eve.", Cc=EVE)  # from now on Eve has the token, too
    world.settle()
    world.answer(ANN, notice, "#close\nGo away.", quote=False)  # Eve writes it, in Ann's name
    question = world.letter(ANN, "Please confirm")
    assert "Go away." in question.text and world.ticket().ticket.status is not Status.CLOSED
    world.answer(ANN, question, "no")
    world.answer(ANN, question, "yes")  # too late: it was answered
    assert world.ticket().ticket.status is not Status.CLOSED
    world.answer(ANN, notice, "#resolve\nIt was the cable.", quote=False, message_id="<mine@example.org>")
    question = world.letter(ANN, "Please confirm")
    assert world.ticket().ticket.status is Status.NEW and not [one for one in world.letters_for(MAX) if "cable" in one.text]
    world.answer(ANN, question, "Yes.\n\nAnn")
    assert world.ticket().ticket.status is Status.RESOLVED
    assert "It was the cable." in world.letter(MAX, "cable").text
    world.answer(ANN, notice, "#resolve\nIt was the cable.", quote=False, message_id="<mine@example.org>", X_Again="1")
    assert world.events(1).count("ticket_resolved") == 1 and len(questions(world)) == 2
    assert len([one for one in world.letters_for(MAX) if "cable" in one.text]) == 1


def test_a_question_ends_after_two_days(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    notice = world.letter(ANN, "It drops.")
    world.clock.turn(days=31)
    world.answer(ANN, notice, "#take")
    question = world.letter(ANN, "Please confirm")
    world.clock.turn(days=2, minutes=1)
    world.answer(ANN, question, "yes")
    assert world.ticket().ticket.owner is None
    assert "E_ENDED" in world.letter(ANN, "E_ENDED").text


def few_guesses(folder: Path) -> None:
    edit(folder, "policy.toml", ("bad_tokens_per_hour = 20", "bad_tokens_per_hour = 3"))
    edit(folder, "mailgate.toml", ('# servers = ["mx.example.org"]', 'servers = ["mx.example.org"]'))


def test_who_guesses_in_somebodys_name_locks_nobody_out(tmp_path: Path) -> None:
    """Bad subject tokens are counted against a From:, and a From: is a claim (fault 93)."""
    with World(tmp_path, changes=few_guesses) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        ack = world.letter(MAX)
        token = ack.header("Subject")[ack.header("Subject").index("[") :]
        for n in range(5):
            world.send(MAX, SUPPORT, f"Re: VPN [IT-1-0000000{n}]", f"Guess {n}.")
        assert len(world.tickets()) == 6
        world.send(MAX, SUPPORT, f"VPN {token}", "Only the token.")
        assert len(world.tickets()) == 7, "for an hour such tokens find nothing, where nothing better comes with them"
        world.answer(MAX, ack, "To the signed address.")
        world.answer(MAX, ack, "It only cites the letter.", to=SUPPORT)
        world.send(MAX, SUPPORT, f"VPN {token}", "The domain is authentic.", Authentication_Results=STAMP + "example.com")
        file = world.ticket(1)
        assert [e.text for e in file.entries if e.visibility is Visibility.PUBLIC][1:] == [
            "To the signed address.", "It only cites the letter.", "The domain is authentic.",
        ]  # fmt: skip
        assert len(world.tickets()) == 7
