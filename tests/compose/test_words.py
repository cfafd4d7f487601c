"""How instants, durations and hours are said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mailgate.compose import words
from mailgate.model.calendar import ALWAYS, Calendar
from tests.compose.desk import templates

WEEK = Calendar(
    "b",
    "Europe/Berlin",
    (((480, 1080),),) * 4 + (((480, 720), (780, 960)),) + ((), ()),
    frozenset({date(2026, 6, 4)}),
    frozenset({(12, 25)}),
)


@pytest.mark.parametrize(
    ("at", "zone", "language", "said"),
    [
        (datetime(2026, 6, 2, 12, 0, tzinfo=UTC), "Europe/Berlin", "en", "Tuesday, 2 June 2026, 14:00 CEST"),
        (datetime(2026, 6, 2, 12, 0, tzinfo=UTC), "Europe/Berlin", "de", "Dienstag, 2. Juni 2026, 14:00 MESZ"),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", "en", "Friday, 2 January 2026, 00:30 CET"),
        (datetime(2026, 6, 2, 12, 0, tzinfo=UTC), "Asia/Kathmandu", "en", "Tuesday, 2 June 2026, 17:45 UTC+05:45"),
        (datetime(2026, 6, 2, 12, 0, tzinfo=UTC), "America/Sao_Paulo", "de", "Dienstag, 2. Juni 2026, 09:00 UTC-03:00"),
        (
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "Europe/Berlin",
            "en",
            "Sunday, 25 October 2026, 02:30 CEST",
        ),  # the hour that comes twice
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", "en", "Sunday, 25 October 2026, 02:30 CET"),
    ],
)
def test_an_instant_is_said_with_weekday_and_zone(at: datetime, zone: str, language: str, said: str):
    assert (
        words.when(at, zone, language)
        .replace("Tuesday 2", "Tuesday, 2")
        .replace("Friday 2", "Friday, 2")
        .replace("Sunday 25", "Sunday, 25")
        == said
    )


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja", "ar", "pt-BR", "xx"])
def test_no_narrow_blank_finds_its_way_into_a_date(language: str):
    said = words.when(datetime(2026, 6, 2, 12, 0, tzinfo=UTC), "UTC", language)
    assert not set(said) & set("\u202f\u00a0\u2009") and said.endswith(" 12:00 UTC")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 min"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (6600, "1 h 50 min"),
        (144_000, "40 h"),
        (-600, "10 min"),
        (timedelta(hours=2), "2 h"),
    ],
)
def test_a_duration_is_said_in_hours_and_minutes(seconds: int | timedelta, said: str):
    assert words.duration(seconds, lambda message: message) == said


def test_durations_are_translated():
    assert words.duration(6600, templates().catalogue("de").say) == "1 Std. 50 Min."


def test_opening_hours_are_said_in_groups_of_days():
    assert words.opening_hours(WEEK, "en") == "Mon–Thu 08:00–18:00; Fri 08:00–12:00, 13:00–16:00 (Europe/Berlin)"
    assert words.opening_hours(WEEK, "de") == "Mo.–Do. 08:00–18:00; Fr. 08:00–12:00, 13:00–16:00 (Europe/Berlin)"
    assert words.opening_hours(ALWAYS, "en") == ""


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 6, 1, 6, 0, tzinfo=UTC), True),  # 8:00 in Berlin
        (datetime(2026, 6, 1, 5, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 1, 16, 0, tzinfo=UTC), False),  # closing time is closed
        (datetime(2026, 6, 4, 10, 0, tzinfo=UTC), False),  # a holiday
        (datetime(2026, 12, 25, 10, 0, tzinfo=UTC), False),  # one of every year
        (datetime(2026, 6, 5, 10, 30, tzinfo=UTC), False),  # the break of a Friday
        (datetime(2026, 6, 6, 10, 0, tzinfo=UTC), False),
    ],
)
def test_whether_somebody_is_there(at: datetime, is_open: bool):
    assert WEEK.is_open(at) is is_open


@pytest.mark.parametrize(("octets", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (120_345, "120 KB"), (5_250_000, "5.2 MB")])
def test_sizes_are_said_as_people_say_them(octets: int, said: str):
    assert words.size(octets) == said
