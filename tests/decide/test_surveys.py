"""Whom a solution asks how good it was, and whom it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailgate.decide import clocks, surveys
from mailgate.decide.entries import MACHINE
from mailgate.decide.scene import Scene
from mailgate.model.events import LetterSuppressed, SurveyDue, SurveyPlanned, TicketReopened
from mailgate.model.person import Person
from mailgate.model.policy import RatingSettings
from mailgate.model.rating import Surveyed
from mailgate.model.ticket import Status, TicketFile
from tests.decide.build import (
    BOB,
    EVE_AT,
    MAX,
    NOON,
    a_file,
    a_mail,
    a_policy,
    a_requesters,
    an_agents,
    an_entry,
    days,
    decided,
    events,
    outside,
)

HOUR = timedelta(hours=1)


def a_scene(ask: str = "inline", *, file: TicketFile | None = None, person: dict[str, Any] | None = None, **when: Any) -> Scene:
    file = file or a_file(Status.RESOLVED)
    people = tuple(replace(p, **(person or {})) if p.id == MAX else p for p in file.people)
    policy = replace(a_policy(), ratings=RatingSettings(ask=ask))  # type: ignore[arg-type]
    return Scene(file=replace(file, people=people), policy=policy, agents={}, now=NOON, surveyed=Surveyed(**when))


def left_out(asking: surveys.Asking) -> list[str]:
    return [event.reason.code for event in asking.left_out]  # type: ignore[union-attr]


def of(scene: Scene, **more: Any) -> surveys.Asking:
    assert scene.ticket is not None
    return surveys.with_solution(scene, scene.ticket, **more)


DECLINED = {"person": {"no_surveys": True}}


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ({}, None),
        (DECLINED, "survey.declined"),
        ({"rated_at": NOON - days(3) + HOUR}, "survey.rated"),
        ({"rated_at": NOON - days(3)}, None),
        ({"asked_at": NOON - HOUR}, None),  # a question within a solution costs no letter
        ({"file": a_file(Status.RESOLVED, entries=())}, None),
        ({"file": replace(a_file(Status.RESOLVED), entries=(an_entry(1, "Max called me.", author=BOB),))}, "survey.no_contact"),
        ({"file": replace(a_file(Status.RESOLVED), entries=(an_entry(1, "Disk full.", flags=(MACHINE,)),))}, "survey.machine"),
        ({"file": replace(a_file(Status.RESOLVED), entries=(an_entry(1, "Help."), an_entry(2, "…", flags=(MACHINE,))))}, None),
    ],
)  # fmt: skip
def test_the_table_of_who_is_asked_with_the_solution(around: dict[str, Any], code: str | None):
    asking = of(a_scene(**around))
    assert left_out(asking) == ([code] if code else []) and asking.closure == (None if code else 1) and asking.planned == ()
    assert [line.then.code for line in asking.trace] == ([code] if code else [])  # type: ignore[union-attr]


def test_switched_off_asks_nobody_and_makes_no_noise_of_it():
    asking = of(a_scene("off"))
    assert (asking.closure, asking.planned, asking.left_out) == (None, (), ())


def test_delayed_is_a_day_of_opening_hours_later():
    """Berlin is open from 8 to 18: Monday noon, 6 hours, 10, 8."""
    [planned] = of(a_scene("delayed")).planned
    assert isinstance(planned, SurveyPlanned) and planned.due_at == NOON + days(2) + timedelta(hours=4)
    assert of(a_scene("delayed", **DECLINED)).planned  # they may think better of it until then
    assert of(a_scene("delayed", file=replace(a_file(Status.RESOLVED), entries=()))).planned == ()


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ({}, None),
        (DECLINED, "survey.declined"),
        ({"rated_at": NOON - days(2)}, "survey.rated"),
        ({"asked_at": NOON - days(7) + HOUR}, "survey.asked"),
        ({"asked_at": NOON - days(7)}, None),
    ],
)
@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_the_table_of_who_is_asked_when_the_question_is_due(status: Status, around: dict[str, Any], code: str | None):
    scene = a_scene("delayed", file=a_file(status, survey_due_at=NOON), **around)
    decision = clocks.on_time(scene)
    [change] = decision.changes
    due, *suppressed = [e for e in change.events if isinstance(e, SurveyDue | LetterSuppressed)]
    assert isinstance(due, SurveyDue) and change.after.survey_due_at is None
    assert [e.reason.code for e in suppressed] == ([code] if code else [])
    assert [(w.event, w.closure, w.person.id) for w in decision.letters] == ([] if code else [("rating_asked", 1, MAX)])


def test_a_question_that_nobody_wants_any_more_is_left_out():
    scene = a_scene("off", file=a_file(Status.RESOLVED, survey_due_at=NOON))
    assert clocks.on_time(scene).letters == ()


def test_who_opens_it_again_is_not_asked():
    file = a_file(Status.RESOLVED, survey_due_at=NOON + HOUR)
    scene = a_scene("delayed", file=file)
    assert scene.step(file.ticket, TicketReopened(at=NOON, actor=BOB)).ticket.survey_due_at is None


def test_a_solution_by_an_agent_and_one_by_the_requester_ask_the_same():
    for decision in (an_agents("#resolve\nThe cable was loose."), a_requesters("solved")):
        [letter] = [one for one in outside(decision) if one.event == "ticket_resolved"]
        assert letter.closure == 1
    delayed = replace(a_policy(), ratings=RatingSettings(ask="delayed"))
    for decision in (an_agents("#resolve\nThe cable was loose.", policy=delayed), a_requesters("solved", policy=delayed)):
        assert "survey_planned" in events(decision) and decision.changes[0].after.survey_due_at is not None
        assert [one.closure for one in outside(decision)] == [None]


def test_what_a_list_or_a_program_writes_says_so_on_its_entry():
    assert MACHINE not in decided(a_mail(EVE_AT, "Help.")).changes[0].entries[0].flags
    assert MACHINE in decided(a_mail(EVE_AT, "Disk full."), answer=False).changes[0].entries[0].flags


def test_no_surveys_is_noted_answered_and_changes_nothing_else():
    decision = a_requesters("no surveys", file=a_file(Status.RESOLVED))
    assert decision.no_surveys == (MAX,) and events(decision) == ["surveys_declined"]
    assert [one.event for one in outside(decision)] == ["surveys_declined"]
    assert decision.changes[0].after.status is Status.RESOLVED
    assert isinstance(decision.letters[0].person, Person)
