"""A mail for several desks reaches each of them once, in whichever order and by however many transactions it comes (fault 13)."""

from __future__ import annotations

from collections.abc import Iterator
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate.app.stage import Received
from mailgate.model.ticket import Visibility
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World

PEOPLE, CARLA = "people@example.org", "carla@example.org"
SECOND_DESK = f"""
[desks.people]
address = "{PEOPLE}"
prefix = "HR"
name = "People"
group = "people"
language = "en"
timezone = "Europe/Berlin"
sla = "standard"
agents_prove_by = "token"

[groups.people]
name = "People"

[agents.carla]
name = "Carla Voss"
mail = "{CARLA}"
groups = ["people"]
"""


def with_a_second_desk(folder: Path) -> None:
    policy = folder / "policy.toml"
    policy.write_text(policy.read_text(encoding="utf-8") + SECOND_DESK, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, changes=with_a_second_desk) as world:
        yield world


def heard(town: World, words: str) -> dict[str, int]:
    """How often each colleague got these words."""
    return {who.partition("@")[0]: sum(words in one.text for one in town.letters_for(who)) for who in (ANN, BOB, CARLA)}


def mail_to(town: World, author: str, *transactions: list[str], to: str, cc: str = "", text: str, **headers: str) -> None:
    """One mail, handed over in these transactions."""
    mail = town.a_mail(author, to, headers.pop("subject", "Re: VPN drops"), text, **headers)
    if cc:
        mail["Cc"] = cc
    raw = mail.as_bytes(policy=SMTP)
    for recipients in transactions:
        town.deliver(raw, author, recipients)
        if len(transactions) > 1:
            town.settle()


def a_ticket(town: World) -> tuple[Received, Received]:
    town.send(MAX, SUPPORT, "VPN drops", "It drops every ten minutes.")
    return town.letter(MAX), town.letter(ANN, "VPN drops")


ORDERS = {
    "one transaction": lambda it: [[it, PEOPLE]],
    "one transaction, the other first": lambda it: [[PEOPLE, it]],
    "two transactions": lambda it: [[it], [PEOPLE]],
    "two transactions, the other first": lambda it: [[PEOPLE], [it]],
}


@pytest.mark.either_database
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("in_cc", [True, False])
def test_an_answer_with_another_desk_in_copy_reaches_both_once(town: World, order: str, in_cc: bool) -> None:
    ack, _ = a_ticket(town)
    it = ack.reply_address
    to, cc = (it, PEOPLE) if in_cc else (PEOPLE, it)
    mail_to(town, MAX, *ORDERS[order](it), to=to, cc=cc, text="Dear people, please look at it, too.", In_Reply_To=ack.header("Message-ID"))
    assert heard(town, "Dear people, please") == {"ann": 1, "bob": 1, "carla": 1}
    assert [ticket.desk for ticket in town.tickets()] == ["it", "people"]
    assert len(town.ticket(town.tickets()[0].number).entries) == 2
    assert "IT-" in town.letter(CARLA, "Dear people").text, "whoever reads it there is told of the ticket here"


def test_the_next_answers_to_both_go_on_where_the_first_went_with_and_without_references(town: World) -> None:
    ack, _ = a_ticket(town)
    it = ack.reply_address
    # Three times the same words with another number in them would be a machine's.
    for words in ("It drops again this morning.", "The lamp at the box is red.", "Kim cannot work at all today."):
        mail_to(town, MAX, [it, PEOPLE], to=it, cc=PEOPLE, text=words, In_Reply_To=ack.header("Message-ID"))
        assert heard(town, words) == {"ann": 1, "bob": 1, "carla": 1}
    first, second = town.tickets()
    assert [len(town.ticket(t.number).entries) for t in (first, second)] == [4, 3]


def test_what_is_sent_to_two_desks_is_said_once(town: World, caplog: pytest.LogCaptureFixture) -> None:
    """Each desk reads it, and it is one turn: who says the same twice has not said it four times, which only machines do."""
    ack, _ = a_ticket(town)
    it, words = ack.reply_address, "It drops again, please look at it."
    for _ in range(2):
        mail_to(town, MAX, [it, PEOPLE], to=it, cc=PEOPLE, text=words, In_Reply_To=ack.header("Message-ID"))
    assert heard(town, words) == {"ann": 2, "bob": 2, "carla": 2}
    assert "the same words" not in caplog.text


def test_a_first_mail_to_two_desks_and_the_answers_to_all_stay_on_its_two_tickets(town: World) -> None:
    mail_to(
        town,
        MAX,
        [SUPPORT, PEOPLE],
        to=SUPPORT,
        cc=PEOPLE,
        text="A new colleague comes on Monday.",
        subject="New colleague",
        message_id="<new@example.com>",
    )
    assert heard(town, "A new colleague comes") == {"ann": 1, "bob": 1, "carla": 1}
    ack = town.letter(MAX, "IT-")
    refs = f"{ack.header('References')} {ack.header('Message-ID')}"
    mail_to(
        town,
        MAX,
        [ack.reply_address, PEOPLE],
        to=ack.reply_address,
        cc=PEOPLE,
        text="Her name is Kim.",
        In_Reply_To=ack.header("Message-ID"),
        References=refs,
    )
    assert heard(town, "Her name is Kim.") == {"ann": 1, "bob": 1, "carla": 1}
    assert len(town.tickets()) == 2


@pytest.mark.either_database
@pytest.mark.parametrize(
    ("text", "visibility"), [("Please restart it.", Visibility.PUBLIC), ("#note\nPlease restart it.", Visibility.INTERNAL)]
)
@pytest.mark.parametrize("order", ORDERS)
def test_an_agents_answer_is_carried_out_once_and_both_desks_hear_of_it(town: World, order: str, text: str, visibility: Visibility) -> None:
    _, notice = a_ticket(town)
    it = notice.reply_address
    mail_to(town, ANN, *ORDERS[order](it), to=it, cc=PEOPLE, text=text, In_Reply_To=notice.header("Message-ID"))
    [ticket] = town.tickets()
    assert [e.visibility for e in town.ticket(ticket.number).entries] == [Visibility.PUBLIC, visibility]
    assert heard(town, "Please restart it.")["carla"] == 1
    assert not any("E_" in one.text for one in town.letters_for(ANN)), "nothing of it is refused at the other desk"
    assert sum("Please restart it." in one.text for one in town.letters_for(MAX)) == (visibility is Visibility.PUBLIC)


def test_an_answer_that_only_another_desk_has_is_on_its_ticket_and_heard_by_both(town: World) -> None:
    ack, _ = a_ticket(town)
    mail_to(town, MAX, [PEOPLE], to=PEOPLE, text="I was told to ask you.", In_Reply_To=ack.header("Message-ID"))
    assert heard(town, "I was told to ask you.") == {"ann": 1, "bob": 1, "carla": 1}
    assert len(town.tickets()) == 1


@pytest.mark.parametrize("first", ["it", "people"])
def test_a_blind_copy_makes_no_second_entry(town: World, first: str) -> None:
    ack, _ = a_ticket(town)
    it = ack.reply_address
    both = [[it], [PEOPLE]] if first == "it" else [[PEOPLE], [it]]
    mail_to(town, MAX, *both, to=PEOPLE, text="I was told to ask you.", In_Reply_To=ack.header("Message-ID"))
    assert heard(town, "I was told to ask you.") == {"ann": 1, "bob": 1, "carla": 1}
    [ticket] = town.tickets()
    assert len(town.ticket(ticket.number).entries) == 2


def test_a_strangers_answer_to_both_is_held_at_one_and_a_ticket_at_the_other(town: World) -> None:
    ack, _ = a_ticket(town)
    it = ack.reply_address
    mail_to(town, EVE, [it, PEOPLE], to=it, cc=PEOPLE, text="I know better.", In_Reply_To=ack.header("Message-ID"))
    assert heard(town, "I know better.") == {"ann": 1, "bob": 1, "carla": 1}
    first, second = town.tickets()
    assert town.ticket(first.number).entries[-1].visibility is Visibility.UNVERIFIED
    assert second.requester != first.requester


def test_an_agents_answer_that_only_another_desk_has_is_carried_out_where_its_ticket_is(town: World) -> None:
    """Also where that desk has a ticket about the same, on which the agent is known: it must not be left to a copy that nobody has."""
    ack, _ = a_ticket(town)
    it = ack.reply_address
    words = "Dear people, please look at it, too."
    mail_to(town, MAX, [it, PEOPLE], to=it, cc=f"{PEOPLE}, {ANN}", text=words, In_Reply_To=ack.header("Message-ID"))
    notice = town.letter(ANN, words)
    mail_to(town, ANN, [PEOPLE], to=PEOPLE, text="The cable is loose.", In_Reply_To=notice.header("Message-ID"))
    first, second = town.tickets()
    assert [e.text for e in town.ticket(first.number).entries][-1] == "The cable is loose."
    assert [e.text for e in town.ticket(second.number).entries] == [words]
    assert heard(town, "The cable is loose.")["carla"] == 1
    assert sum("The cable is loose." in one.text for one in town.letters_for(MAX)) == 1
