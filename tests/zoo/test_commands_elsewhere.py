"""What a command may do beyond its mail's ticket: name another, change it, take a letter back. `#probe N` is no command of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailgate.decide import authority
from mailgate.decide.authority import Need
from mailgate.decide.commands.acts import ACTS
from mailgate.decide.commands.course import Course
from mailgate.model.commands import VERBS, WORDS, Arguments, Command, Order, Verb
from mailgate.model.delivery import OutboxState
from mailgate.model.events import PriorityChanged
from mailgate.model.person import Capability, Role
from mailgate.record.store import Store
from tests.zoo.house import BOB, MAX, SUPPORT, ZooHouse

EVE = "eve@example.net"
taken_back: list[str] = []
pytestmark = pytest.mark.either_database


def probe(c: Course, command: Command) -> None:
    """The priority of both tickets becomes P1, and some letters stay here."""
    other = int(command.args[0].rpartition("-")[2])
    for on in (None, other):
        event = PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=3, after=1)
        c.happen(event, command, on=on)
    c.cancels += taken_back
    c.done(command, str(c.s.others[other].ticket.number))


@pytest.fixture
def house(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZooHouse]:
    verb = Verb("probe", "#probe N", "tries it", Order.RELATIONS, Arguments.TICKET, capability=Capability.CLOSE)
    for table, made in ((VERBS, verb), (WORDS, verb), (ACTS, probe)):
        monkeypatch.setitem(table, "probe", made)
    taken_back.clear()
    one = ZooHouse(store)
    one.mail(MAX, SUPPORT, "The printer burns", "It burns since this morning, on the third floor.")
    one.mail(EVE, SUPPORT, "No toner", "The printer on the second floor has no toner any more.")
    one.run()
    yield one
    one.close()


def notice(house: ZooHouse, subject: str):
    return next(letter for letter in house.sent if letter.to == BOB and subject in letter.subject)


def numbers(house: ZooHouse) -> tuple[int, int]:
    by_title = {ticket.title: ticket.number for ticket in house.store.tickets.listed()}
    return by_title["The printer burns"], by_title["No toner"]


def probed(house: ZooHouse, which: str) -> list[str]:
    """Bob answers the notice of the burning printer; the subjects of the letters that follow."""
    house.answer(BOB, notice(house, "The printer burns"), f"#probe {which}\n#note\nIt is the same machine.")
    return [f"{letter.to}: {letter.subject}" for letter in house.run()]


def history(house: ZooHouse, number: int) -> list[str]:
    return [row.name for row in house.store.tickets.history(number)]


@pytest.mark.parametrize("form", ["{}", "IT-{}"])
def test_a_command_names_a_ticket_that_nothing_else_in_the_mail_names_and_changes_both(house: ZooHouse, form: str):
    mine, other = numbers(house)
    probed(house, form.format(other))
    files = house.store.tickets.files([mine, other])
    assert [files[number].ticket.priority for number in (mine, other)] == [1, 1]
    assert history(house, other)[-1] == "priority_changed" and "priority_changed" in history(house, mine)
    assert [entry.text for entry in files[other].entries] == ["The printer on the second floor has no toner any more."]
    assert house.store.inbox.rows()[0].ticket == mine, "the mail belongs where it was sent"
    house.answer(MAX, next(letter for letter in house.sent if letter.to == MAX), "It still burns.")
    house.run()
    assert history(house, mine)[-1] == "requester_wrote" and history(house, other)[-1] == "priority_changed"


def test_answers_that_follow_in_the_same_batch_find_their_own_ticket(house: ZooHouse):
    mine, other = numbers(house)
    bob = notice(house, "The printer burns")
    house.answer(BOB, bob, f"#probe {other}\nTry the other one.")
    house.mail(MAX, SUPPORT, "Re: printer", "That one works.", In_Reply_To=f"<{house.count}.zoo@example.org>")
    house.run()
    assert history(house, mine)[-1] == "requester_wrote" and len(house.store.tickets.listed()) == 2


def test_a_command_that_names_no_ticket_of_ours_does_nothing_at_all(house: ZooHouse):
    mine, _ = numbers(house)
    for which in ("99999", str(mine), "0", "it"):
        letters = probed(house, which)
        assert len(letters) == 1 and "Not sent" in letters[0]
        assert history(house, mine)[-1] == "commands_refused"


def test_each_command_asks_for_its_own_capability(house: ZooHouse, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(authority.TABLE[Capability.CLOSE], Role.AGENT, Need.NEVER)
    mine, other = numbers(house)
    house.answer(BOB, notice(house, "The printer burns"), f"#take\n#probe {other}")
    house.run()
    assert house.store.tickets.files([mine])[mine].ticket.owner is None and "priority_changed" not in history(house, other)
    house.answer(BOB, notice(house, "The printer burns"), "#take\n#help")
    house.run()
    assert house.store.tickets.files([mine])[mine].ticket.owner is not None


def test_a_letter_that_waits_is_taken_back_and_one_that_left_is_not(house: ZooHouse):
    mine, other = numbers(house)
    house.answer(BOB, notice(house, "No toner"), "There is some in the cupboard.")
    house.gateway.read_inbox()
    (waits,) = (row.letter.id for row in house.store.outbox.rows(OutboxState.QUEUED, 100) if row.letter.address == EVE)
    taken_back.append(waits)
    probed(house, str(other))
    assert house.store.outbox.row(waits).state is OutboxState.CANCELLED
    assert not [letter for letter in house.sent if letter.to == EVE and "cupboard" in letter.text]
    taken_back[:] = [next(letter.id for letter in house.sent if letter.to == EVE)]
    house.turn(minutes=1)
    house.answer(BOB, notice(house, "The printer burns"), f"#probe {other}\n#note\nOnce more.")
    house.run()
    assert [entry.text for entry in house.store.tickets.files([mine])[mine].entries][-1] != "Once more.", "all or nothing"
