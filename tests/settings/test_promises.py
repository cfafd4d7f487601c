"""A promise, or a timer, that its calendar cannot hold within 4,000 days is refused before a ticket meets it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mailgate.model.calendar import Calendar
from mailgate.model.policy import Group, Metric, Policy, RatingSettings, Sla, Target, Timers
from mailgate.settings import load
from mailgate.settings.promises import check_kept
from tests.settings.test_mistakes import edit, found, fresh, line_of

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NEVER = ((),) * 7
MINUTE_A_WEEK = (((480, 481),), *((),) * 6)  #: 571 of them in 4,000 days
OFFICE = (((480, 1080),),) * 5 + ((), ())


def said(calendar: Calendar, *promises: tuple[int, Metric, int], timers: Timers | None = None, **ratings: object) -> list[str]:
    targets = {(priority, metric): Target(minutes, calendar.id) for priority, metric, minutes in promises}
    policy = Policy(
        digest="d",
        desks={},
        agents={},
        groups={},
        calendars={calendar.id: calendar},
        slas={"s": Sla(id="s", targets=targets, calendar=calendar.id)},
        timers=timers or Timers(reminders=(), auto_resolve=None, auto_close=None),
        ratings=RatingSettings(**ratings),  # type: ignore[arg-type]
    )
    told: list[str] = []
    check_kept(policy, NOW, lambda place, _: told.append(".".join(place)))
    return told


@pytest.mark.parametrize("metric", Metric)
def test_what_a_calendar_cannot_hold_is_refused_for_every_metric_and_priority(metric: Metric) -> None:
    calendar = Calendar("few", "UTC", MINUTE_A_WEEK)
    promises = [(priority, metric, minutes) for priority, minutes in enumerate((1, 570, 600, 571 + 1, 40 * 60), 1)]
    assert said(calendar, *promises) == [f"sla.s.targets.P{n}.{metric.value}" for n in (3, 4, 5)]
    assert said(calendar, *reversed(promises)) == [f"sla.s.targets.P{n}.{metric.value}" for n in (5, 4, 3)]


@pytest.mark.parametrize(
    "calendar",
    [
        # Open now, and never again: the ticket of next year would have no end.
        Calendar("c", "UTC", MINUTE_A_WEEK, extra={date(2026, 6, day): ((0, 1440),) for day in range(2, 20)}),
        Calendar("c", "UTC", OFFICE, yearly_holidays=frozenset((m, d) for m in range(1, 13) for d in range(1, 32))),
        Calendar("c", "UTC", OFFICE, holidays=frozenset(date(2027, 1, 1) + timedelta(days=n) for n in range(4100))),
        Calendar("c", "Asia/Kolkata", MINUTE_A_WEEK),
    ],
    ids=["named days", "every day is a holiday", "closed from next year on", "a minute a week"],
)
def test_a_calendar_is_tried_over_the_coming_years_and_not_only_today(calendar: Calendar) -> None:
    assert said(calendar, (3, Metric.RESOLUTION, 40 * 60))[0] == "sla.s.targets.P3.resolution"


def test_what_can_be_held_is_not_refused() -> None:
    assert said(Calendar("c", "Europe/Berlin", OFFICE), *((p, m, 5 * 24 * 60) for p in range(1, 6) for m in Metric), timers=Timers()) == []


@pytest.mark.parametrize(
    ("timers", "ratings", "place"),
    [
        ({"reminders": (2, 600)}, {}, "timers.reminders"),
        ({"auto_resolve": 600}, {}, "timers.auto_resolve"),
        ({"auto_close": 600}, {}, "timers.auto_close"),
        ({}, {"follow_up": 600}, "ratings.follow_up"),
        ({}, {"ask": "delayed", "delay": timedelta(hours=24)}, "ratings.delay"),
    ],
)
def test_a_timer_is_refused_in_the_same_way(timers: dict[str, object], ratings: dict[str, object], place: str) -> None:
    all_timers = {"reminders": (), "auto_resolve": None, "auto_close": None, **timers}
    assert said(Calendar("few", "UTC", MINUTE_A_WEEK), timers=Timers(**all_timers), **ratings) == [place]  # type: ignore[arg-type]


def test_it_is_told_at_its_line_with_the_way_out(tmp_path) -> None:
    folder = fresh(tmp_path)
    days = [(f'{day} = ["08:00-18:00"]', f"{day} = []") for day in ("tue", "wed", "thu", "fri")]
    load(folder)
    edit(folder, "policy.toml", ('mon = ["08:00-18:00"]', 'mon = ["08:00-08:01"]'), *days)
    mistakes = {one.key: one for one in found(folder)}
    mine = mistakes["sla.standard.targets.P4.resolution"]
    assert mine.line == line_of(folder, "policy.toml", "P4 = {")
    assert '2400 minutes of the calendar "business" are not over within 4000 days: shorten the promise' in mine.words


def test_who_takes_a_ticket_is_counted_on_the_calendar_of_its_group_as_well() -> None:
    few, office = Calendar("few", "UTC", MINUTE_A_WEEK), Calendar("office", "UTC", OFFICE)
    targets = {(3, metric): Target(600, "office") for metric in (Metric.PICKUP, Metric.RESOLUTION)}
    policy = Policy(
        digest="d",
        desks={},
        agents={},
        groups={"it": Group("it", calendar="few"), "hr": Group("hr")},
        calendars={"few": few, "office": office},
        slas={"s": Sla(id="s", targets=targets, calendar="office")},
        timers=Timers(reminders=(), auto_resolve=None, auto_close=None),
    )
    told: list[str] = []
    check_kept(policy, NOW, lambda place, _: told.append(".".join(place)))
    assert told == ["sla.s.targets.P3.pickup"]
