"""How good it was: asked with the solution or later, answered by mail or on the web, and somebody who gets in touch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.model.rating import Rated, RatedOutcome, counting
from mailgate.model.ticket import FollowUp, Status
from tests.journeys.world import ANN, EVE, MAX, SUPPORT, World, edit


def asking(how: str) -> Callable[[Path], None]:
    return lambda config: edit(config, "policy.toml", ('ask = "inline"', f'ask = "{how}"'))


@pytest.fixture
def later(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path, changes=asking("delayed")) as one:
        yield one


def solved(world: World, who: str = MAX, subject: str = "VPN drops", text: str = "The VPN drops every ten minutes.") -> Any:
    """The letter that brings the solution."""
    world.send(who, SUPPORT, subject, text)
    world.answer(ANN, world.letter(ANN, subject), "#resolve\nThe line card was bad. We changed it.")
    return world.letter(who, "line card")


def question(world: World) -> str:
    """The letter that asks for the last rating, by its id; "" where none does."""
    world.settle()
    rows = world.store.outbox.of_ticket(number(world))
    return max(((row.letter.closure, row.letter.id) for row in rows if row.letter.closure is not None), default=(0, ""))[1]


def number(world: World) -> int:
    return world.store.tickets.listed()[0].number


def counted(world: World, ticket: int | None = None) -> int | None:
    """What the reports read, and what the history says that counts: never two things."""
    world.settle()
    ticket = ticket or number(world)
    rows = [
        one
        for one in world.store.ratings.counted(world.clock() - timedelta(days=999), world.clock() + timedelta(days=1))
        if one.ticket == ticket
    ]
    said = counting(world.store.ratings.of([ticket]).get(ticket, ()))
    assert [one.score for one in rows] == ([said.score] if said else [])
    return said.score if said else None


def heard(world: World, who: str, event: str) -> list[Any]:
    world.settle()
    return [r for r in world.store.outbox.of_ticket(number(world)) if (r.letter.address, r.letter.event) == (who, event)]


def arrived(world: World, row: Any) -> Any:
    return world.mailboxes.take(lambda one: one.header("Message-ID") == row.letter.message_id)


def test_a_low_rating_by_mail_is_heard_by_the_lead_at_once_and_followed_up_in_a_business_day(world: World) -> None:
    letter = solved(world)
    world.answer(MAX, letter, "2\nIt took a week, and it is still not solved.")
    assert counted(world) == 2 and len(heard(world, ANN, "low_rating_given")) == 1
    sorry = world.letter(MAX, "sorry")
    ticket = world.ticket().ticket
    assert ticket.status is Status.RESOLVED and ticket.follow_up is FollowUp.OPEN
    assert ticket.follow_up_due_at == world.clock() + timedelta(days=1) and "reopen" in sorry.text
    world.pass_time(hours=25)
    assert len(heard(world, ANN, "low_rating_given")) == 2 and world.ticket().ticket.follow_up is FollowUp.MISSED
    world.answer(ANN, arrived(world, heard(world, ANN, "low_rating_given")[1]), "#reply\nI am sorry. May I call you?")
    assert world.ticket().ticket.follow_up is FollowUp.DONE
    world.pass_time(days=9)
    assert len(heard(world, ANN, "low_rating_given")) == 2


def test_a_low_rating_on_the_web_is_told_when_half_a_minute_has_passed(world: World) -> None:
    solved(world)
    letter = question(world)
    assert world.gateway.rating(letter) == Rated(RatedOutcome.COUNTED)
    said = world.gateway.rate(letter, 1, "It broke again.")
    assert (said.outcome, said.score, said.due_at) == (RatedOutcome.COUNTED, 1, world.clock() + timedelta(days=1))
    world.pass_time(seconds=30)
    assert heard(world, ANN, "low_rating_given") == [] and counted(world) == 1
    world.pass_time(seconds=1)
    assert len(heard(world, ANN, "low_rating_given")) == len(heard(world, MAX, "rating_given")) == 1
    assert "It broke again." in world.letter(ANN, "", matching=lambda one: "It broke again." in one.text).text
    world.pass_time(hours=1)
    assert len(heard(world, ANN, "low_rating_given")) == 1 and world.gateway.rating(letter).score == 1


def test_what_a_scanner_presses_is_void_its_victim_rates_by_mail_and_nobody_hears_of_it(world: World) -> None:
    """(fault 119)"""
    solution = solved(world)
    letter = question(world)
    assert [world.gateway.rate(letter, score, "").outcome for score in (1, 2, 3, 4, 5)][-1] is RatedOutcome.VOID
    assert counted(world) is None and len(world.store.ratings.of([number(world)])[number(world)]) == 5
    world.pass_time(minutes=5)
    assert heard(world, ANN, "low_rating_given") == [] and world.ticket().ticket.follow_up is None
    assert world.gateway.rate(letter, 4, "").outcome is RatedOutcome.COUNTED
    world.clock.turn(seconds=5)
    world.answer(MAX, solution, "5")
    assert counted(world) == 5


def test_a_hundred_posts_at_the_same_moment_are_one_rating(world: World) -> None:
    """(fault 121)"""
    solved(world)
    letter, answers = question(world), []
    threads = [threading.Thread(target=lambda: answers.append(world.gateway.rate(letter, 4, "quick").outcome)) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [RatedOutcome.COUNTED] * 20 and counted(world) == 4


def test_two_different_posts_at_the_same_moment_are_both_void(world: World) -> None:
    solved(world)
    letter = question(world)
    threads = [threading.Thread(target=world.gateway.rate, args=(letter, 1 + n % 2, "")) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert counted(world) is None and all(one.void for one in world.store.ratings.of([number(world)])[number(world)])


def test_a_rating_is_changed_until_two_weeks_after_closing_and_each_solution_has_its_own(world: World) -> None:
    letter = solved(world)
    for score in ("3", "4"):
        world.clock.turn(minutes=1)
        world.answer(MAX, letter, score)
    assert counted(world) == 4 and len(world.store.ratings.of([number(world)])[number(world)]) == 2
    world.answer(MAX, letter, "It drops again, since noon.")
    world.answer(ANN, world.letter(ANN, "since noon"), "#resolve\nNow it is the second line card.")
    world.letter(MAX, "second line card")
    assert reasons(world)[-1] == "survey.rated"
    world.pass_time(days=9)
    world.pass_time(days=20)
    world.answer(MAX, letter, "1\ntoo slow")
    assert counted(world) == 4 and "rating_came_late" in world.events(number(world))


def test_who_is_away_rates_nothing(world: World) -> None:
    letter = solved(world)
    world.answer(MAX, letter, "5\nI am out of the office.", quote=False, Auto_Submitted="auto-replied")
    assert counted(world) is None and world.ticket().ticket.status is Status.RESOLVED


# --- whom we ask, and when ----------------------------------------------------------------------------------------------------------


def test_the_question_comes_a_business_day_later_and_not_twice_in_a_week(later: World) -> None:
    solved(later)
    assert question(later) == "" and later.ticket().ticket.survey_due_at is not None
    later.pass_time(days=2, hours=3)
    assert heard(later, MAX, "rating_asked") == []
    later.pass_time(days=1)
    [asked] = heard(later, MAX, "rating_asked")
    later.answer(MAX, arrived(later, asked), "5")
    assert counted(later) == 5
    solved(later, subject="Printer", text="The printer jams.")
    later.pass_time(days=4, hours=5)
    assert heard(later, MAX, "rating_asked") == []
    assert [h.facts["reason"].code for h in later.store.tickets.history(number(later)) if h.name == "letter_suppressed"] == ["survey.asked"]


def test_who_opens_a_ticket_again_is_not_asked_how_good_it_was(later: World) -> None:
    letter = solved(later)
    later.answer(MAX, letter, "It still drops, all the time.")
    assert later.ticket().ticket.survey_due_at is None
    later.pass_time(days=9)
    assert heard(later, MAX, "rating_asked") == []


def test_no_surveys_is_a_word_that_counts_until_an_operator_takes_it_back(world: World) -> None:
    letter = solved(world)
    world.answer(MAX, letter, "no surveys")
    assert world.ticket().ticket.status is Status.RESOLVED and len(heard(world, MAX, "surveys_declined")) == 1
    solved(world, subject="Printer", text="The printer jams.")
    assert reasons(world) == ["survey.declined"] and question(world) == ""
    person = world.store.people.at([MAX])[MAX]
    world.store.people.ask(person.id, about_ratings=True)
    solved(world, subject="Mouse", text="The mouse is dead.")
    assert reasons(world) == [] and question(world)


def reasons(world: World) -> list[str]:
    world.settle()
    return [row.facts["reason"].code for row in world.store.tickets.history(number(world)) if row.name == "letter_suppressed"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Precedence": "bulk"}, "survey.machine"),
        ({"List_Id": "<all.example.net>", "List_Post": "<mailto:all@example.net>"}, "survey.machine"),
        ({}, None),
    ],
    ids=["a program", "a list", "a person"],
)
def test_programs_and_lists_are_not_asked(world: World, headers: dict[str, str], code: str | None) -> None:
    world.send(EVE, SUPPORT, "Backup", "The backup of db1 failed.", **headers)
    world.answer(ANN, world.letter(ANN, "Backup"), "#resolve\nThe disk was full.")
    assert reasons(world)[-1:] == ([code] if code else [])


def test_with_ratings_switched_off_nobody_is_asked(tmp_path: Path) -> None:
    with World(tmp_path, changes=asking("off")) as world:
        solved(world)
        assert all(row.letter.closure is None for row in world.store.outbox.of_ticket(number(world)))


def test_the_sums_name_whom_a_solution_is_put_down_to(world: World) -> None:
    letter = solved(world)
    world.answer(MAX, letter, "4")
    now, day = world.clock(), timedelta(days=1)
    world.settle()
    [rating] = world.store.ratings.counted(now - day, now + day)
    [asked] = world.store.ratings.asked(now - day, now + day)
    ann = world.store.people.at([ANN])[ANN].id
    assert (rating.owner, rating.desk, rating.score) == (ann, "it", 4)
    assert (asked.owner, asked.desk, asked.answered) == (ann, "it", True)
