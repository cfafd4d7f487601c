"""Until when an agent wants to wait: dates, weekdays and spans, in the agent's zone and on the desk's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide.rules import Rules
from mailgate.decide.when import Unclear, parse_when
from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.policy import Policy, Sla
from mailgate.model.reason import Reason

OFFICE = Calendar(
    "office", "Europe/Berlin", (((540, 1020),),) * 5 + ((), ()), holidays=frozenset({date(2026, 6, 4)})
)  # 9 to 5, a Thursday off
#: Monday noon in Berlin.
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)


def rules(calendar: Calendar = OFFICE) -> Rules:
    policy = Policy(digest="d", desks={}, agents={}, groups={}, calendars={"always": ALWAYS, "office": OFFICE}, slas={})
    return Rules(policy, Sla("s", {}, calendar=calendar.id))


def when(words: str, now: datetime = NOW, zone: str = "Europe/Berlin", calendar: Calendar = OFFICE) -> datetime | str:
    found = parse_when(tuple(words.split()), now, zone, rules(calendar))
    return found.hint if isinstance(found, Unclear) else found


def utc(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("2026-07-01", utc(1, 15, month=7)),  # the desk closes at five
        ("2026-07-01 14:00", utc(1, 12, month=7)),
        ("2026-06-06", utc(6, 16)),  # a Saturday: six in the evening
        ("tomorrow", utc(2, 15)),
        ("mon", utc(8, 15)),
        ("3d", utc(5, 10)),
        ("2h", utc(1, 12)),
    ],
)
def test_where_a_day_is_to_be_over_its_end_is_meant(words: str, instant: datetime):
    assert parse_when(tuple(words.split()), NOW, "Europe/Berlin", rules(), ends=True) == instant
    assert parse_when(("tomorrow",), NOW, "Europe/Berlin", rules(ALWAYS), ends=True) == utc(2, 16)


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("until 2026-07-01", utc(1, 7, month=7)),  # the desk opens at nine
        ("2026-07-01", utc(1, 7, month=7)),
        ("until 2026-07-01 14:00", utc(1, 12, month=7)),
        ("until 2026-7-1 9:05", utc(1, 7, 5, month=7)),
        ("until 2026-06-06", utc(6, 6)),  # a Saturday: eight in the morning
        ("until tomorrow", utc(2, 7)),
        ("until TUE", utc(2, 7)),
        ("until mon", utc(8, 7)),  # said on a Monday
        ("until Sunday", utc(7, 6)),
        ("until 2026-06-01 12:01", utc(1, 10, 1)),
        ("for 1d", utc(2, 10)),
        ("for 3d", utc(5, 10)),  # the holiday does not count
        ("until 4D", utc(8, 10)),
        ("for 2h", utc(1, 12)),
        ("2H", utc(1, 12)),
    ],
)
def test_what_an_agent_in_berlin_means_at_noon(words: str, instant: datetime):
    assert when(words) == instant


def test_days_are_those_of_the_authors_zone():
    late = datetime(2026, 6, 1, 23, tzinfo=UTC)  # Tuesday in Tokyo already, still Monday in New York
    assert when("2026-06-03 08:00", late, "Asia/Tokyo") == utc(2, 23)
    assert when("tomorrow", late, "America/New_York", ALWAYS) == utc(2, 12)
    assert when("tomorrow", late, "Asia/Tokyo", ALWAYS) == utc(2, 23)


def test_around_the_clock_a_day_begins_in_the_morning():
    assert when("2026-06-10", calendar=ALWAYS) == utc(10, 6)
    assert when("3d", calendar=ALWAYS) == utc(4, 10)


def test_a_time_that_summer_time_skips_is_moved_and_one_that_comes_twice_is_the_first():
    """(fault 52)"""
    assert when("2027-03-28 02:30") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert when("2026-10-25 02:30") == utc(25, 0, 30, month=10)


@pytest.mark.parametrize("words", ["2026-06-01", "2026-05-31", "2026-06-01 12:00", "2026-06-01 11:59", "1999-01-01", "0001-01-01"])
def test_what_is_past_is_refused(words: str):
    assert when(words) == Reason("hint.past")


@pytest.mark.parametrize("words", ["2037-01-01", "2206-06-01", "9999-12-31", "9999-12-31 23:59"])
def test_what_is_very_far_away_is_a_typing_mistake(words: str):
    assert when(words) == Reason.of("hint.within", 10)


@pytest.mark.parametrize(
    "words",
    ["", "until", "soon", "2026-06-31", "2026-13-01", "0000-01-01", "2026-07-01 25:00", "2026-07-01 12:60", "mon 14:00", "3d 14:00",
     "3d 3d", "0d", "-1d", "3w", "2026-07-01 14:00 x", "１d", "july"],
)  # fmt: skip
def test_anything_else_gets_the_forms_as_a_hint(words: str):
    assert "tomorrow" in str(when(words))


def test_a_calendar_that_never_opens_says_so():
    never = Calendar("never", "UTC", ((),) * 7)
    policy = Policy(digest="d", desks={}, agents={}, groups={}, calendars={"never": never}, slas={})
    found = parse_when(("3d",), NOW, "UTC", Rules(policy, Sla("s", {}, calendar="never")))
    assert isinstance(found, Unclear) and found.hint == Reason("hint.no_such_day")


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["tomorrow", "mon", "wed", "sun", "1d", "2d", "30d", "1h", "72h"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
)
def test_what_is_said_in_short_always_lies_ahead(now: datetime, words: str, zone: str):
    found = when(words, now, zone)
    assert isinstance(found, datetime)
    assert now < found < now + timedelta(days=70)
