"""The buttons of letters to agents: each opens a mail, and what it asks for happens when that is sent, as it is or with words added."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailgate.model.ticket import Status, Visibility
from mailgate.record.store import Store
from tests.zoo.house import ANN, BOB, MAX, SUPPORT, Letter, ZooHouse

WORDS = "The hinge was loose, and we have fastened it."

#: What a button does is the same on every record.
pytestmark = pytest.mark.either_database


@pytest.fixture
def house(store: Store) -> Iterator[ZooHouse]:
    made = ZooHouse(store)
    yield made
    made.close()


def pressed(house: ZooHouse, letter: Letter, button: str, words: str = "", by: str = "") -> None:
    """The mail that a button opens, sent with these words below what stands in it: nothing but address and subject says what it answers."""
    tree = LexborHTMLParser(str(letter.message.get_body(("html",)).get_content()))
    [href] = [link.attributes["href"] or "" for link in tree.css("a") if link.text().strip() == button]
    to, _, rest = href.removeprefix("mailto:").partition("?")
    fields = dict(pair.split("=", 1) for pair in rest.split("&"))
    body = unquote(fields["body"]).replace("\r\n", "\n")
    house.mail(by or letter.to, unquote(to), unquote(fields["subject"]), body + words)
    house.run()


def opened(house: ZooHouse) -> Letter:
    house.mail(f"Max Muster <{MAX}>", SUPPORT, "The door", "The door does not close.")
    return next(one for one in house.run() if one.to == ANN)


def ticket(house: ZooHouse):
    [only] = house.store.tickets.listed()
    return house.store.tickets.files([only.number])[only.number]


def outside(house: ZooHouse) -> list[str]:
    return [one.text for one in house.sent if one.to == MAX]


@pytest.mark.parametrize(
    ("button", "words", "status", "entry", "public"),
    [
        ("Take it", "", Status.NEW, "", False),
        ("Add a note", WORDS, Status.NEW, WORDS, False),
        ("Wait for Max", "Does it still not close?", Status.PENDING_USER, "Does it still not close?", True),
        ("Resolve", WORDS, Status.RESOLVED, WORDS, True),
    ],
)
def test_each_button_of_a_new_ticket_does_what_it_says(house: ZooHouse, button: str, words: str, status: Status, entry: str, public: bool):
    notice = opened(house)
    pressed(house, notice, button, words)
    file = ticket(house)
    assert file.ticket.status in (status, Status.OPEN) if status is Status.NEW else file.ticket.status is status
    written = file.entries[1:]
    assert [e.text for e in written] == ([entry] if entry else [])
    assert all((e.visibility is Visibility.PUBLIC) is public for e in written)
    assert any(words in text for text in outside(house)) is public if words else True
    if button == "Take it":
        assert file.ticket.owner is not None


def test_resolve_without_a_word_of_the_agents_comes_back(house: ZooHouse):
    notice = opened(house)
    pressed(house, notice, "Resolve")
    assert ticket(house).ticket.status is Status.NEW
    assert [one for one in house.sent if one.to == ANN and "E_CLOSURE" in one.text]


def test_a_reply_from_a_letter_whose_answers_stay_inside_reaches_the_requester(house: ZooHouse):
    notice = opened(house)
    pressed(house, notice, "Take it")
    house.turn(days=3)
    house.gateway.review_clocks()
    late = next(one for one in house.run() + house.sent if one.to == ANN and one.subject.startswith(("Due soon", "Overdue")))
    pressed(house, late, "Reply to Max", WORDS)
    assert any(WORDS in text for text in outside(house))


def test_let_it_in_is_about_the_very_message_that_its_letter_shows(house: ZooHouse):
    opened(house)
    solution = next(one for one in house.sent if one.to == MAX)
    house.mail("Eve <eve@example.net>", solution.reply_to, f"Re: {solution.subject}", "Mine does not close either.")
    unverified = next(one for one in house.run() if one.to == ANN and one.subject.startswith("Unverified"))
    assert ticket(house).entries[-1].visibility is Visibility.UNVERIFIED
    pressed(house, unverified, "Let it in")
    file = ticket(house)
    assert len(file.ticket.members) == 1
    assert [e.visibility for e in file.entries if "either" in e.text] == [Visibility.PUBLIC]


@pytest.mark.parametrize(("by", "is_done"), [(ANN, True), (BOB, False)])
def test_confirm_carries_out_what_was_asked_and_nobody_elses_press_does(house: ZooHouse, by: str, is_done: bool):
    notice = opened(house)
    house.turn(days=31)
    house.answer(ANN, notice, f"#reply\n{WORDS}")
    question = next(one for one in house.run() if one.to == ANN and "Please confirm" in one.subject)
    pressed(house, question, "Confirm", by=by)
    assert any(WORDS in text for text in outside(house)) is is_done
