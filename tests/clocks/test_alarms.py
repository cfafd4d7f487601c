"""Whoever has to know hears of a promise that breaks: once, in one letter where there are many, and not of what is answered already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.gateway import clock
from mailgate.model.delivery import Delivered, Refused
from mailgate.model.mailbox import FolderKey
from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome
from mailgate.record.store import Store
from tests.clocks.house import ANN, MAX, OPERATOR, SUPPORT, EditedHouse

BOB = "bob@example.org"
REPLY = Metric.FIRST_REPLY
MINUTE = timedelta(minutes=1)

#: Promises of minutes around the clock, and nothing told before they are broken.
SHORT = (
    ('P4 = { first_reply = "8h", resolution = "40h" }', 'P4 = { first_reply = "30m", resolution = "300h", calendar = "always" }'),
    ("warn = [75, 90]", "warn = []"),
)


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[EditedHouse]:
    one = EditedHouse(tmp_path, store, *SHORT)
    yield one
    one.close()


def alarms(house: EditedHouse, to: str = ANN) -> list[str]:
    return [one.subject for one in house.sent if one.to == to and one.subject.startswith(("Overdue", "No longer"))]


def outcome(house: EditedHouse, number: int) -> Outcome:
    return house.cycle(number, REPLY).outcome


# --- the ladder -----------------------------------------------------------------------------------------------------------------


@pytest.mark.either_database
def test_a_breach_is_told_with_who_waits_and_for_what_and_each_level_once(house: EditedHouse) -> None:
    number = house.open("The printer smokes")
    house.turn(minutes=30)
    house.run()
    (subject,) = alarms(house)
    assert subject.startswith("Overdue: The printer smokes")
    text = " ".join(house.sent[-1].text.split())
    assert "has been waiting for a first answer since Monday, 1 June" in text and "The printer smokes." in text and "#reply" in text
    house.run()
    house.turn(minutes=15)
    house.run()
    house.turn(minutes=15)
    house.run()
    assert [name for name in house.events(number) if name.startswith("sla_")] == ["sla_breached", "sla_escalated", "sla_escalated"]
    house.turn(hours=23)
    house.run()
    assert "sla_repeated" not in house.events(number)
    house.turn(hours=1)
    house.run()
    house.run()
    assert house.events(number).count("sla_repeated") == 1
    assert "You've heard of this before" in " ".join(house.sent[-1].text.split())
    rows = house.look(f"select metric, cycle, level, retarget from alarms where ticket = {number}")
    assert len(rows) == 4 == len(set(map(tuple, rows)))


@pytest.mark.either_database
def test_a_breach_of_which_nobody_could_hear_is_the_operators(house: EditedHouse) -> None:
    number = house.open()
    house.look(f"update tickets set group_id = 'night' where number = {number}")  # a group that is gone
    house.turn(minutes=31)
    house.run()
    assert "sla_breached" in house.events(number)
    assert any("nobody in night" in one.text for one in house.sent if one.to == OPERATOR)


# --- what is answered already ----------------------------------------------------------------------------------------------------


def test_nothing_is_judged_while_an_answer_that_came_in_time_waits_to_be_read(house: EditedHouse) -> None:
    number, other = house.open("First"), house.open("Second")
    house.turn(minutes=29)
    house.answer(ANN, house.notice(number), "Please restart it.")
    house.turn(minutes=3)
    house.gateway.review_clocks()
    assert "sla_breached" not in house.events(number) + house.events(other)
    house.run()
    assert (outcome(house, number), house.cycle(number, REPLY).breached_at) == (Outcome.MET, None)
    assert outcome(house, other) is Outcome.RUNNING
    assert [subject.partition(" [")[0] for subject in alarms(house)] == ["Overdue: Second"]


@pytest.mark.either_database
def test_mail_that_came_after_the_instant_holds_nothing_up(house: EditedHouse) -> None:
    number = house.open()
    house.turn(minutes=31)
    house.answer(ANN, house.notice(number), "Please restart it.")
    house.gateway.review_clocks()
    assert "sla_breached" in house.events(number)
    house.run()
    assert outcome(house, number) is Outcome.MISSED


@pytest.mark.either_database
def test_a_reader_that_stands_still_for_two_hours_breaks_what_was_broken_and_nothing_else(house: EditedHouse) -> None:
    """20 breaches, none of them false; after ten minutes operator and lead hear once that promises cannot be judged."""
    numbers = [house.open(f"Lamp {n}") for n in range(12)]
    house.turn(minutes=20)
    timely, late = numbers[:10], numbers[10:]
    for number in timely:
        house.answer(ANN, house.notice(number), "Please restart it.")
    for minute in range(0, 120, 5):
        house.turn(minutes=5)
        if minute == 15:  # past the promise, before the mails are read
            for number in late[:1]:
                house.answer(ANN, house.notice(number), "Too late.")
        house.gateway.review_clocks()
        house.gateway.send_outbox()
    assert alarms(house) == []
    told = [one for one in house.sent if one.subject.startswith("Can't be checked")]
    assert [one.to for one in told] == [ANN, ANN], "once an hour"
    assert (
        "12 tickets" in told[0].subject
        and "Lamp 11" in told[0].text
        and "11 emails to IT Support are waiting" in " ".join(told[0].text.split())
    )
    assert sum("cannot be judged" in one.text for one in house.sent if one.to == OPERATOR) == 2
    house.run()
    house.run()
    broken = [number for number in numbers if house.cycle(number, REPLY).breached_at is not None]
    assert broken == late
    assert [outcome(house, number) for number in timely] == [Outcome.MET] * 10


def test_a_mailbox_that_was_not_looked_through_holds_alarms_up_for_ten_minutes_and_then_is_named(house: EditedHouse) -> None:
    key, number = FolderKey("late", "INBOX"), house.open()
    house.gateway._clocks._unread._fetched = {key: "it"}
    assert house.store.mailboxes.lease(key, "node", house.at, house.at + 600 * MINUTE)
    house.turn(minutes=29)
    house.store.mailboxes.went_well(key, house.at)
    house.turn(minutes=2)
    house.run()
    assert "sla_breached" not in house.events(number)
    house.turn(minutes=9)
    house.run()
    assert "sla_breached" in house.events(number)
    assert "The mailbox hasn't been read since" in " ".join(house.sent[-1].text.split())


@pytest.mark.either_database
def test_a_mailbox_that_was_looked_through_since_holds_nothing_up(house: EditedHouse) -> None:
    key, number = FolderKey("late", "INBOX"), house.open()
    house.gateway._clocks._unread._fetched = {key: "it"}
    assert house.store.mailboxes.lease(key, "node", house.at, house.at + 600 * MINUTE)
    house.turn(minutes=32)
    house.store.mailboxes.went_well(key, house.at - MINUTE)
    house.run()
    assert "sla_breached" in house.events(number)
    assert "The mailbox" not in house.sent[-1].text


# --- storms ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.either_database
@pytest.mark.parametrize(("tickets", "letters"), [(5, 5), (6, 1)])
def test_more_than_five_alarms_for_one_person_are_one_letter(house: EditedHouse, tickets: int, letters: int) -> None:
    for n in range(tickets):
        house.open(f"Lamp {n}")
    house.turn(minutes=30)
    house.run()
    assert len(alarms(house)) == letters
    if letters == 1:
        assert alarms(house) == [f"Overdue or due soon: {tickets} tickets"]
        assert all(f"Lamp {n}" in house.sent[-1].text for n in range(tickets))


@pytest.mark.either_database
def test_what_comes_soon_after_a_storm_waits_for_the_next_letter_and_what_is_answered_by_then_is_left_out(house: EditedHouse) -> None:
    house.reload(('first_reply = "30m"', 'first_reply = "2h"'))
    for n in range(6):
        house.open(f"Lamp {n}")
    house.turn(minutes=2)
    kept, answered = house.open("Chair"), house.open("Desk")
    for minutes in (118, 2):
        house.turn(minutes=minutes)
        house.run()
    assert len(alarms(house)) == 1 and "sla_breached" in house.events(kept)
    house.turn(minutes=1)
    house.say(answered, "Please restart it.")
    house.turn(minutes=7)
    house.run()
    (_, second) = alarms(house)
    assert second == "Overdue or due soon: 1 ticket"
    text = next(one.text for one in reversed(house.sent) if one.subject == second)
    assert "Chair" in text and "Desk" not in text


@pytest.mark.either_database
def test_no_alarm_waits_longer_than_a_tenth_of_what_was_promised(house: EditedHouse) -> None:
    """A storm letter is no reason to tell of a promise of half an hour ten minutes late."""
    for n in range(6):
        house.open(f"Lamp {n}")
    house.turn(minutes=4)
    house.open("Chair")
    for minutes in (26, 4):
        house.turn(minutes=minutes)
        house.run()
    assert [subject.partition(" [")[0] for subject in alarms(house)] == ["Overdue or due soon: 6 tickets", "Overdue: Chair"]


@pytest.mark.either_database
def test_a_storm_of_breaches_is_told_to_the_operator_before_anybody_else(house: EditedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "MANY_BREACHES", 7)
    numbers = [house.open(f"Lamp {n}") for n in range(8)]
    house.turn(minutes=30)
    house.run()
    assert not any("sla_breached" in house.events(number) for number in numbers)
    assert [one.to for one in house.sent if "broken at once" in one.text] == [OPERATOR]
    house.turn(minutes=1)
    house.run()
    assert all("sla_breached" in house.events(number) for number in numbers)
    assert alarms(house) == alarms(house, BOB) == ["Overdue or due soon: 8 tickets"]


@pytest.mark.either_database
def test_all_that_is_due_is_told_in_one_round_however_many_there_are(house: EditedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """As 10,000 in `make exam`: a round takes no more than so many tickets at a time."""
    monkeypatch.setattr("mailgate.gateway.TICKETS_OF_A_ROUND", 3)
    numbers = [house.open(f"Lamp {n}") for n in range(10)]
    house.turn(minutes=30)
    house.run()
    assert all("sla_breached" in house.events(number) for number in numbers)
    assert sum("Overdue" in subject for subject in alarms(house)) <= 5


# --- told late, and taken back -----------------------------------------------------------------------------------------------------


@pytest.mark.either_database
def test_a_breach_that_was_first_seen_by_a_late_answer_which_reached_nobody_is_told(house: EditedHouse) -> None:
    number = house.open()
    notice = house.notice(number)
    house.turn(minutes=31)
    house.answer(ANN, notice, "Please restart it.")
    house.gateway.read_inbox()
    assert outcome(house, number) is Outcome.MISSED and "sla_breached" not in house.events(number)
    house.relay = lambda one: Refused("550 5.1.1 no such user") if one.recipient == MAX else Delivered("250 taken")
    house.gateway.send_outbox()
    house.run()
    assert house.events(number).count("letter_refused") == 1
    assert house.events(number).count("sla_breached") == 1
    assert [subject.partition(" [")[0] for subject in alarms(house)] == ["Overdue: The printer smokes"]


def test_a_breach_that_no_longer_holds_is_told_once_to_whoever_heard_of_it(house: EditedHouse) -> None:
    number = house.open()
    house.turn(minutes=30)
    house.run()
    assert len(alarms(house)) == len(alarms(house, BOB)) == 1
    house.reload(('first_reply = "30m"', 'first_reply = "90m"'))
    house.gateway.recount()
    for _ in range(3):
        house.run()
        house.turn(minutes=1)
    assert house.events(number).count("breach_annulled") == 1
    for agent in (ANN, BOB):
        assert [subject.partition(" [")[0] for subject in alarms(house, agent)] == [
            "Overdue: The printer smokes", "No longer overdue: The printer smokes",
        ]  # fmt: skip
    house.turn(minutes=60)
    house.run()
    assert house.events(number).count("sla_breached") == 2, "the new promise is watched"


@pytest.mark.either_database
def test_a_date_that_was_promised_is_told_before_and_when_it_has_passed(house: EditedHouse) -> None:
    number = house.open()
    house.say(number, "#take")
    house.say(number, "#due 2026-06-02 08:00")
    for _ in range(30):
        house.turn(hours=1)
        house.run()
    assert [name for name in house.events(number) if name.startswith("promised_date")] == ["promised_date_near", "promised_date_passed"]
    texts = [" ".join(one.text.split()) for one in house.sent if one.to == ANN]
    assert sum("expects a solution by" in text for text in texts) == 1
    assert sum("was told to expect a solution by Tuesday, 2 June" in text for text in texts) == 1
    assert MAX not in {one.to for one in house.sent if "promised date" in one.text}


def test_what_a_node_of_the_version_before_told_meanwhile_holds_up_no_clock(house: EditedHouse) -> None:
    number = house.open("The printer smokes")
    house.turn(minutes=30)
    house.run()
    # It writes the row of the alarm, and knows neither the breach among the levels nor when it was told.
    house.look(f"update cycles set warned = '[]', alarmed_at = null where ticket = {number} and metric = 'first_reply'")
    house.turn(minutes=15)
    house.look(f"update tickets set next_check_at = '{house.at:%Y-%m-%d %H:%M:%S}' where number = {number}")
    house.run()
    assert house.cycle(number, REPLY).warned[-1] == 150


@pytest.mark.either_database
def test_that_nobody_takes_the_tickets_of_one_sender_is_told_together_beyond_their_budget(tmp_path: Path, store: Store) -> None:
    house = EditedHouse(
        tmp_path, store, ('lead = "ann"', 'lead = "ann"\nassign = "least_loaded"'), ("notices_per_hour = 30", "notices_per_hour = 2")
    )
    for n in range(45):
        house.mail(MAX, SUPPORT, f"Request {n}", "x")
    house.run()
    house.run()
    told = [one for one in house.sent if one.to == ANN and one.subject.startswith("Nobody has it")]
    house.turn(minutes=20)
    house.run()
    assert 1 <= len(told) <= 2
    assert any("Request 44" in one.text for one in house.sent if one.to == ANN)
    house.close()


def test_an_offer_does_not_run_out_while_the_mail_that_takes_it_waits_to_be_read(tmp_path: Path, store: Store) -> None:
    promises = 'P4 = { pickup = "20m", first_reply = "15m", calendar = "always" }'
    house = EditedHouse(
        tmp_path,
        store,
        ('lead = "ann"', 'lead = "ann"\nassign = "least_loaded"'),
        ('P4 = { first_reply = "8h", resolution = "40h" }', promises),
        ("warn = [75, 90]", "warn = []"),
    )
    house.mail(MAX, SUPPORT, "Printer", "It is out of paper.")
    house.run()
    house.run()
    offer = next(one for one in house.sent if one.subject.startswith("Yours?"))
    house.turn(minutes=18)
    house.answer(offer.to, offer, "#take")
    house.turn(minutes=3)
    house.gateway.review_clocks()
    number = 1
    assert "sla_breached" in house.events(number)
    house.run()
    assert "offer_expired" not in house.events(number)
    assert house.events(number)[-2:] == ["ticket_taken", "offer_accepted"]
    house.close()


@pytest.mark.either_database
def test_alarms_behind_many_that_were_answered_while_they_waited_are_told(house: EditedHouse) -> None:
    first = [house.open(f"First {n}") for n in range(6)]
    house.turn(minutes=1)
    later = [house.open(f"Later {n}") for n in range(18)]
    house.turn(minutes=29)
    house.run()
    assert alarms(house)[-1] == f"Overdue or due soon: {len(first)} tickets"
    house.turn(minutes=1)
    house.run()  # they wait, for the letter of before is but a minute old
    answered = ", ".join(map(str, later[:16]))
    house.look(f"update cycles set outcome = 'met' where ticket in ({answered}) and metric = 'first_reply'")
    house.turn(minutes=3)
    house.run()
    assert alarms(house)[-1] == "Overdue or due soon: 2 tickets"
