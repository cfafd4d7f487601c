"""Business time is real seconds inside opening hours, whatever the clocks on the wall do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailgate.decide.calendar import Boundary, Interval, NoBusinessTime, add, add_days, elapsed, next_opening, open_spans, problems, wall
from mailgate.model.calendar import ALWAYS, Calendar, Frame

MINUTE = timedelta(minutes=1)


def hours(text: str) -> tuple[Frame, ...]:
    """`8-12 13-17:30` as frames."""

    def minute(clock: str) -> int:
        hour, _, rest = clock.partition(":")
        return int(hour) * 60 + int(rest or 0)

    frames = (part.split("-") for part in text.split())
    return tuple((minute(a), minute(b)) for a, b in frames)


def week(zone: str, weekdays: str, saturday: str = "", sunday: str = "", off: str = "", yearly: str = "") -> Calendar:
    days = tuple(tuple(int(n) for n in day.split("-")) for day in yearly.split())
    return Calendar(
        id=zone,
        timezone=zone,
        hours=(*(hours(weekdays),) * 5, hours(saturday), hours(sunday)),
        holidays=frozenset(date.fromisoformat(day) for day in off.split()),
        yearly_holidays=frozenset((month, day) for month, day in days),
    )


def around_the_clock(zone: str, yearly: str = "") -> Calendar:
    return week(zone, "0-24", "0-24", "0-24", yearly=yearly)


def local(calendar: Calendar, text: str) -> datetime:
    """An instant by the wall of the calendar's zone; `+` takes the second of two."""
    naive = datetime.fromisoformat(text.rstrip("+"))
    return naive.replace(tzinfo=ZoneInfo(calendar.timezone), fold=int(text.endswith("+"))).astimezone(UTC)


def on_wall(calendar: Calendar, at: datetime) -> str:
    seen = at.astimezone(ZoneInfo(calendar.timezone))
    return f"{seen:%Y-%m-%d %H:%M}" + (f":{seen:%S}" if seen.second else "")


BERLIN = week("Europe/Berlin", "8-18", off="2026-04-03 2026-04-06 2026-05-01")
NEW_YORK = week("America/New_York", "9-12 13-17", off="2026-11-26")
KOLKATA = week("Asia/Kolkata", "10-18")
NIGHT = Calendar("night", "Europe/London", ((), (), (), (), hours("22-24"), hours("0-6"), hours("0-3")))
OFFICE = week("UTC", "10-18")
GERMAN_YEAR = "1-1 5-1 12-24 12-25 12-26 12-31"


# --- worked by hand, and counted minute by minute by somebody else -----------------------------------------------------

WORKED = {
    "a weekend with a lost hour in it": (BERLIN, "2026-03-27 16:30", 480, [], "2026-03-30 14:30"),
    "the lost hour itself": (around_the_clock("Europe/Berlin"), "2026-03-28 22:00", 360, [], "2026-03-29 05:00"),
    "the hour that comes twice": (around_the_clock("America/New_York"), "2026-10-31 22:00", 360, [], "2026-11-01 03:00"),
    "a lunch break, and clocks set back over the weekend": (NEW_YORK, "2026-10-30 16:00", 120, [], "2026-11-02 10:00"),
    "Easter": (BERLIN, "2026-04-02 16:00", 480, [], "2026-04-07 14:00"),
    "one long pause": (BERLIN, "2026-06-01 09:00", 480, [("2026-06-01 11:00", "2026-06-02 15:00")], "2026-06-03 11:00"),
    "two pauses": (
        BERLIN,
        "2026-06-01 09:00",
        480,
        [("2026-06-01 10:00", "2026-06-01 10:30"), ("2026-06-01 14:00", "2026-06-03 09:00")],
        "2026-06-03 12:30",
    ),
    "a start after closing, half an hour off from Europe": (KOLKATA, "2026-07-03 18:30", 240, [], "2026-07-06 14:00"),
    "Thanksgiving": (NEW_YORK, "2026-11-25 16:30", 60, [], "2026-11-27 09:30"),
    "a start on Saturday": (BERLIN, "2026-06-06 12:00", 60, [], "2026-06-08 09:00"),
    "paused before it starts": (BERLIN, "2026-06-05 18:30", 60, [("2026-06-05 17:00", "2026-06-08 12:00")], "2026-06-08 13:00"),
    "a night shift that gains an hour": (NIGHT, "2026-10-23 23:30", 510, [], "2026-10-25 01:00+"),
    "a night shift that loses one": (NIGHT, "2026-03-27 23:00", 510, [], "2026-03-29 02:30"),
    "three working days end at closing time": (OFFICE, "2025-06-07 15:00", 1440, [], "2025-06-11 18:00"),
    "nine working days": (OFFICE, "2025-06-07 15:00", 4320, [], "2025-06-19 18:00"),
    "a yearly holiday in each of two years": (
        around_the_clock("UTC", GERMAN_YEAR),
        "2015-02-17 12:00",
        730 * 1440,
        [],
        "2017-02-28 12:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKED)
def test_a_budget_is_used_up_when_somebody_else_counted(name: str) -> None:
    calendar, start, minutes, pauses, due = WORKED[name]
    intervals = [(local(calendar, a), local(calendar, b)) for a, b in pauses]
    at = add(calendar, local(calendar, start), minutes * 60, intervals)
    assert at == local(calendar, due), on_wall(calendar, at)


ELAPSED = {
    "a week with a half day": (
        Calendar("c", "UTC", (hours("9-17"), hours("10-16"), hours("9-17"), hours("10-16"), hours("9-17"), hours("11-14:30"), ())),
        "2006-01-01 00:00",
        "2006-01-08 00:00",
        39 * 60 + 30,
    ),
    "backwards is nothing": (OFFICE, "2025-06-03 12:00", "2025-06-02 12:00", 0),
    "Christmas": (week("UTC", "8-21", yearly=GERMAN_YEAR), "2005-12-21 10:00", "2005-12-31 10:00", 5340),
    "an answer after closing": (OFFICE, "2025-06-02 17:55", "2025-06-02 18:05", 5),
    "an eight hour day is not a calendar day": (week("UTC", "9-17"), "2014-12-10 14:00", "2014-12-11 09:00", 180),
    "a 23 hour day": (around_the_clock("Europe/Berlin"), "2026-03-29 00:00", "2026-03-30 00:00", 23 * 60),
    "a 25 hour day": (around_the_clock("Europe/Berlin"), "2026-10-25 00:00", "2026-10-26 00:00", 25 * 60),
    "a day of 23 and a half hours": (around_the_clock("Australia/Lord_Howe"), "2026-10-04 00:00", "2026-10-05 00:00", 23 * 60 + 30),
    "clocks go back for the month of fasting": (around_the_clock("Africa/Casablanca"), "2026-02-15 00:00", "2026-02-16 00:00", 25 * 60),
    "a date that never came": (around_the_clock("Pacific/Apia"), "2011-12-29 00:00", "2012-01-01 00:00", 2 * 24 * 60),
}


@pytest.mark.parametrize("name", ELAPSED)
def test_open_minutes_between_two_instants(name: str) -> None:
    calendar, start, end, minutes = ELAPSED[name]
    assert elapsed(calendar, local(calendar, start), local(calendar, end)) == minutes * 60


def test_a_budget_that_ends_at_closing_time_is_due_then_and_breached_at_the_next_opening() -> None:
    start = local(BERLIN, "2026-06-05 16:30")
    assert on_wall(BERLIN, add(BERLIN, start, 90 * 60)) == "2026-06-05 18:00"
    assert on_wall(BERLIN, add(BERLIN, start, 90 * 60, (), Boundary.NEXT)) == "2026-06-08 08:00"


def test_a_second_more_is_due_a_second_after_the_next_opening() -> None:
    start = local(OFFICE, "2025-06-05 15:00")
    assert on_wall(OFFICE, add(OFFICE, start, 3 * 3600 + 1)) == "2025-06-06 10:00:01"


def test_no_budget_at_all_is_due_at_the_next_opening() -> None:
    assert on_wall(OFFICE, add(OFFICE, local(OFFICE, "2025-06-02 03:00"), 0)) == "2025-06-02 10:00"
    assert on_wall(OFFICE, next_opening(OFFICE, local(OFFICE, "2025-06-02 12:34"))) == "2025-06-02 12:34"


# --- holidays, extra days, breaks ---------------------------------------------------------------------------------------

SATURDAY, MONDAY = date(2026, 6, 6), date(2026, 6, 8)


def open_on(calendar: Calendar, day: date) -> list[str]:
    start = local(calendar, f"{day} 00:00")
    spans = open_spans(calendar, start, local(calendar, f"{day + timedelta(days=1)} 00:00"))
    return [f"{on_wall(calendar, a)[-5:]}-{on_wall(calendar, b)[-5:]}" for a, b in spans]


def test_extra_hours_replace_the_hours_of_that_weekday() -> None:
    calendar = Calendar("c", "Europe/Berlin", BERLIN.hours, extra={SATURDAY: hours("10-14"), MONDAY: hours("12-14")})
    assert open_on(calendar, SATURDAY) == ["10:00-14:00"]
    assert open_on(calendar, MONDAY) == ["12:00-14:00"]


def test_breaks_are_cut_out_of_extra_hours_too() -> None:
    breaks = {SATURDAY: hours("9-11 12-13"), MONDAY: hours("17-20")}
    calendar = Calendar("c", "Europe/Berlin", BERLIN.hours, extra={SATURDAY: hours("10-14")}, breaks=breaks)
    assert open_on(calendar, SATURDAY) == ["11:00-12:00", "13:00-14:00"]
    assert open_on(calendar, MONDAY) == ["08:00-17:00"]


def test_a_holiday_wins_over_extra_hours() -> None:
    calendar = Calendar("c", "Europe/Berlin", BERLIN.hours, frozenset({SATURDAY}), extra={SATURDAY: hours("10-14")})
    assert open_on(calendar, SATURDAY) == []


def test_a_holiday_of_every_year_is_one_in_each() -> None:
    calendar = week("Europe/Berlin", "8-18", yearly="12-24")
    assert open_on(calendar, date(2026, 12, 24)) == open_on(calendar, date(2029, 12, 24)) == []
    assert open_on(calendar, date(2026, 12, 23)) == ["08:00-18:00"]


def test_weekdays_are_those_of_the_calendars_zone() -> None:
    los_angeles = week("America/Los_Angeles", "9-17")
    assert los_angeles.is_open(datetime(2026, 6, 6, 0, 30, tzinfo=UTC)) is False  # Friday 17:30 there
    assert los_angeles.is_open(datetime(2026, 6, 5, 23, 30, tzinfo=UTC)) is True  # Friday 16:30
    assert los_angeles.is_open(datetime(2026, 6, 1, 2, 0, tzinfo=UTC)) is False  # still Sunday


def test_the_last_minute_before_midnight_counts() -> None:
    late = week("Europe/Berlin", "22-24")
    start = local(late, "2026-06-01 00:00")
    assert elapsed(late, start, local(late, "2026-06-02 00:00")) == 2 * 3600


# --- the wall ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "minute", "utc"),
    [
        ("America/Los_Angeles", date(2006, 1, 4), 12 * 60 + 30, "2006-01-04 20:30"),
        ("America/Los_Angeles", date(2014, 3, 9), 2 * 60 + 30, "2014-03-09 10:30"),  # skipped: an hour later
        ("America/Los_Angeles", date(2014, 11, 2), 60 + 30, "2014-11-02 08:30"),  # comes twice: the first
        ("Australia/Lord_Howe", date(2026, 10, 4), 2 * 60 + 10, "2026-10-03 15:40"),  # skipped: half an hour later
        ("America/Havana", date(2026, 3, 7), 24 * 60, "2026-03-08 05:00"),  # midnight itself is skipped
        ("Pacific/Apia", date(2011, 12, 30), 12 * 60, "2011-12-30 22:00"),  # the whole day is
    ],
)
def test_a_time_on_the_wall_is_one_instant(zone: str, day: date, minute: int, utc: str) -> None:
    assert wall(zone, day, minute) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_frames_that_the_skipped_hour_pushes_onto_each_other_count_once() -> None:
    calendar = week("Europe/Berlin", "", "", "2:15-2:45 3-5")
    start = local(calendar, "2026-03-29 00:00")
    assert elapsed(calendar, start, start + timedelta(days=1)) == 2 * 3600


# --- business days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-06-01 09:15:30", 2, "2026-06-03 09:15:30"),
        ("2026-06-04 17:00", 2, "2026-06-08 17:00"),  # over the weekend
        ("2026-06-05 20:00", 1, "2026-06-09 08:00"),  # after closing: counts from Monday morning
        ("2026-06-07 12:00", 1, "2026-06-09 08:00"),  # so does Sunday noon
        ("2026-04-02 10:00", 1, "2026-04-07 10:00"),  # Easter
        ("2026-03-27 10:00", 1, "2026-03-30 10:00"),  # the same time on the wall, though an hour of the weekend is missing
    ],
)
def test_business_days_keep_the_time_on_the_wall(start: str, days: int, due: str) -> None:
    assert on_wall(BERLIN, add_days(BERLIN, local(BERLIN, start), days)) == due


def test_a_business_day_that_closes_early_gives_way_to_the_next_opening() -> None:
    calendar = Calendar("c", "Europe/Berlin", (*(hours("8-18"),) * 4, hours("8-12"), (), ()))
    assert on_wall(calendar, add_days(calendar, local(calendar, "2026-06-04 15:00"), 1)) == "2026-06-08 08:00"


# --- calendars that cannot be counted on --------------------------------------------------------------------------------------


def test_a_calendar_that_never_opens_is_an_error_and_no_endless_loop() -> None:
    shut = week("UTC", "")
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for search in (lambda: add(shut, start, 60), lambda: add_days(shut, start, 1), lambda: next_opening(shut, start)):
        with pytest.raises(NoBusinessTime):
            search()
    once = Calendar("once", "UTC", shut.hours, extra={date(2026, 6, 2): hours("8-9")})
    assert add(once, start, 1800) == datetime(2026, 6, 2, 8, 30, tzinfo=UTC)
    with pytest.raises(NoBusinessTime):
        add(once, start, 3601)


def test_a_pause_without_an_end_leaves_nothing_to_count() -> None:
    start = local(BERLIN, "2026-06-01 09:00")
    lasting: list[Interval] = [(start + timedelta(hours=1), None)]
    assert elapsed(BERLIN, start, start + timedelta(days=9), lasting) == 3600
    assert add(BERLIN, start, 1800, lasting) == start + timedelta(minutes=30)
    with pytest.raises(NoBusinessTime):
        add(BERLIN, start, 7200, lasting)


def test_a_negative_duration_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="negative"):
        add(BERLIN, local(BERLIN, "2026-06-01 09:00"), -1)


def test_problems_name_what_is_wrong_and_where() -> None:
    assert problems(BERLIN) == problems(ALWAYS) == []
    assert problems(week("UTC", "")) == ["no_business_time"]
    assert problems(week("Mars/Olympus", "8-9")) == ["invalid_timezone: Mars/Olympus"]
    bad = Calendar("bad", "UTC", (hours("8-25"), hours("10-9"), hours("8-12 11-13"), (), (), (), ()), breaks={SATURDAY: hours("8-10 9-11")})
    assert problems(bad) == ["invalid_time: mon", "invalid_time: tue", "overlapping: wed", "overlapping: breaks 2026-06-06"]


# --- against somebody who counts minutes --------------------------------------------------------------------------------------

#: Zones and a date near which their clocks do something.
ODD_DATES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Nuuk", date(2024, 3, 30)),
    ("Asia/Kolkata", date(2026, 6, 1)),
]
WINDOW = timedelta(days=12)


@cache
def clock(zone: str, first: date) -> tuple[int, list[datetime], dict[datetime, int]]:
    """Every minute of the window and what the wall says then; and for each wall time the first minute that shows it."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    tz = ZoneInfo(zone)
    shown = [(begin + n * MINUTE).astimezone(tz).replace(tzinfo=None) for n in range(int(WINDOW / MINUTE))]
    at: dict[datetime, int] = {}
    for n, seen in enumerate(shown):
        at.setdefault(seen, n)
    return int(begin.timestamp()) // 60, shown, at


def minute_of(zone: str, first: date, seen: datetime) -> int:
    _, shown, at = clock(zone, first)
    if seen in at:
        return at[seen]
    jump = next(n for n in range(1, len(shown)) if shown[n - 1] < seen < shown[n])
    return at[seen + (shown[jump] - shown[jump - 1] - MINUTE)]


def open_minutes(calendar: Calendar, first: date) -> set[int]:
    """The open minutes of the window, by going through its dates and their frames minute by minute."""
    found: set[int] = set()
    for n in range(1, int(WINDOW / timedelta(days=1)) - 1):
        day = first + timedelta(days=n)
        if day in calendar.holidays:
            continue
        midnight = datetime(day.year, day.month, day.day)
        begins, ends = (minute_of(calendar.timezone, first, midnight + timedelta(days=d)) for d in (0, 1))

        def minutes(frames: tuple[Frame, ...], midnight: datetime = midnight) -> set[int]:
            edges = [[minute_of(calendar.timezone, first, midnight + m * MINUTE) for m in frame] for frame in frames]
            return {m for a, b in edges for m in range(a, b)}

        frames = calendar.extra.get(day, calendar.hours[day.weekday()])
        found |= {m for m in minutes(frames) - minutes(calendar.breaks.get(day, ())) if begins <= m < ends}
    return found


@st.composite
def frames_of_a_day(draw: st.DrawFn) -> tuple[Frame, ...]:
    edges = draw(st.lists(st.integers(0, 96), max_size=6, unique=True).map(sorted))
    return tuple((a * 15, b * 15) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, date, int, int, list[tuple[int, int]]]:
    """A calendar near an odd date; a start and an end and pauses as minutes of the window."""
    zone, odd = draw(st.sampled_from(ODD_DATES))
    first = odd - timedelta(days=4)
    days = st.integers(0, 8).map(lambda n: odd + timedelta(days=n - 3))
    calendar = Calendar(
        id="drawn",
        timezone=zone,
        hours=tuple(draw(frames_of_a_day()) for _ in range(7)),
        holidays=draw(st.frozensets(days, max_size=2)),
        extra=draw(st.dictionaries(days, frames_of_a_day(), max_size=2)),
        breaks=draw(st.dictionaries(days, frames_of_a_day(), max_size=3)),
    )
    minutes = st.integers(2 * 1440, 9 * 1440)
    start, end = draw(minutes), draw(minutes)
    return calendar, first, start, end, draw(st.lists(st.tuples(minutes, minutes), max_size=3))


def instant(zone: str, first: date, minute: int) -> datetime:
    return datetime.fromtimestamp((clock(zone, first)[0] + minute) * 60, UTC)


@settings(max_examples=120)
@given(cases())
def test_business_time_is_what_stepping_through_the_minutes_gives(case: tuple[Calendar, date, int, int, list[tuple[int, int]]]) -> None:
    """(fault 51)"""
    calendar, first, start, end, pauses = case
    counted = sorted(m for m in open_minutes(calendar, first) if m >= start and not any(a <= m < b for a, b in pauses))
    at = lambda minute: instant(calendar.timezone, first, minute)  # noqa: E731
    intervals = [(at(a), at(b)) for a, b in pauses]
    assert elapsed(calendar, at(start), at(end), intervals) == 60 * sum(m < end for m in counted)
    for n in {1, 2, len(counted) // 2, len(counted) - 1}:
        if 1 <= n < len(counted):
            assert add(calendar, at(start), n * 60, intervals, Boundary.CLOSE) == at(counted[n - 1] + 1)
            assert add(calendar, at(start), n * 60, intervals, Boundary.NEXT) == at(counted[n])


# --- what always holds -----------------------------------------------------------------------------------------------------------

CALENDARS = st.sampled_from([BERLIN, NEW_YORK, KOLKATA, NIGHT, OFFICE, ALWAYS, week("Australia/Lord_Howe", "1-4 9-17", "0-24")])
INSTANTS = st.integers(int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())).map(
    lambda s: datetime.fromtimestamp(s, UTC)
)
BUDGETS = st.integers(0, 3 * 86400)
PAUSES = st.lists(st.tuples(INSTANTS, st.integers(0, 5 * 86400)).map(lambda p: (p[0], p[0] + timedelta(seconds=p[1]))), max_size=3)
BOUNDARIES = st.sampled_from(Boundary)


@given(CALENDARS, INSTANTS, BUDGETS, PAUSES, BOUNDARIES)
def test_exactly_the_budget_has_elapsed_when_it_is_due(calendar, start, seconds, pauses, boundary) -> None:  # type: ignore[no-untyped-def]
    assert elapsed(calendar, start, add(calendar, start, seconds, pauses, boundary), pauses) == seconds


@given(CALENDARS, INSTANTS, st.integers(1, 86400), PAUSES)
def test_due_is_the_first_and_breach_the_last_such_instant(calendar, start, seconds, pauses) -> None:  # type: ignore[no-untyped-def]
    second = timedelta(seconds=1)
    due, breach = (add(calendar, start, seconds, pauses, boundary) for boundary in Boundary)
    assert elapsed(calendar, start, due - second, pauses) == seconds - 1
    assert elapsed(calendar, start, breach + second, pauses) == seconds + 1


@given(CALENDARS, INSTANTS, BUDGETS, BUDGETS, PAUSES, BOUNDARIES)
def test_more_budget_is_never_due_earlier_nor_is_a_later_start(calendar, start, seconds, more, pauses, boundary) -> None:  # type: ignore[no-untyped-def]
    due = add(calendar, start, seconds, pauses, boundary)
    assert add(calendar, start, seconds + more, pauses, boundary) >= due
    assert add(calendar, start + timedelta(seconds=more), seconds, pauses, boundary) >= due


@given(CALENDARS, INSTANTS, BUDGETS, PAUSES, BOUNDARIES)
def test_a_pause_never_makes_anything_due_earlier(calendar, start, seconds, pauses, boundary) -> None:  # type: ignore[no-untyped-def]
    assert add(calendar, start, seconds, pauses, boundary) >= add(calendar, start, seconds, pauses[:-1], boundary)


@given(CALENDARS, INSTANTS, BUDGETS, BOUNDARIES)
def test_a_pause_outside_opening_hours_changes_nothing(calendar, start, seconds, boundary) -> None:  # type: ignore[no-untyped-def]
    spans = open_spans(calendar, start, start + timedelta(days=9))
    closed = [(a, b) for (_, a), (b, _) in pairwise(spans) if a < b]
    assume(closed)
    assert add(calendar, start, seconds, closed, boundary) == add(calendar, start, seconds, (), boundary)


@given(CALENDARS, INSTANTS, INSTANTS, PAUSES, PAUSES)
def test_overlapping_pauses_in_any_order_count_as_their_union(calendar, start, end, pauses, others) -> None:  # type: ignore[no-untyped-def]
    doubled = [*reversed(others), *pauses, *pauses, *others]
    assert elapsed(calendar, start, end, doubled) == elapsed(calendar, start, end, [*pauses, *others])


@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS, PAUSES)
def test_parts_add_up(calendar, one, two, three, pauses) -> None:  # type: ignore[no-untyped-def]
    a, b, c = sorted((one, two, three))
    assert elapsed(calendar, a, c, pauses) == elapsed(calendar, a, b, pauses) + elapsed(calendar, b, c, pauses)


@given(CALENDARS, INSTANTS, BUDGETS, st.sampled_from(["Asia/Tokyo", "America/St_Johns"]))
def test_the_zone_of_whoever_looks_changes_nothing(calendar, start, seconds, zone) -> None:  # type: ignore[no-untyped-def]
    assert add(calendar, start.astimezone(ZoneInfo(zone)), seconds) == add(calendar, start, seconds)


@given(CALENDARS, INSTANTS, st.integers(0, 8), st.integers(0, 200_000))
def test_business_days_never_go_backwards_and_end_in_opening_hours(calendar, start, days, more) -> None:  # type: ignore[no-untyped-def]
    due = add_days(calendar, start, days)
    assert due >= start
    assert calendar.is_open(due)
    assert add_days(calendar, start, days + 1) >= due
    assert add_days(calendar, start + timedelta(seconds=more), days) >= due
