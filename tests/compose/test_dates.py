"""How instants and hours are said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mailgate.compose import dates
from mailgate.model.calendar import ALWAYS, Calendar

WEEK = Calendar(
    "b",
    "Europe/Berlin",
    (((480, 1080),),) * 4 + (((480, 720), (780, 960)),) + ((), ()),
    frozenset({date(2026, 6, 4)}),
    frozenset({(12, 25)}),
)
MONDAY = datetime(2026, 6, 1, 12, 40, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "language", "said"),
    [
        (MONDAY, "Europe/Berlin", "en", "Monday, 1 June 2026, 14:40 CEST"),
        (MONDAY, "Europe/Berlin", "de", "Montag, 1. Juni 2026, 14:40 Uhr (MESZ)"),
        (MONDAY, "Europe/Berlin", "fr", "lundi 1er juin 2026 à 14:40 (CEST)"),
        (MONDAY, "Europe/Berlin", "es", "lunes, 1 de junio de 2026, a las 14:40 (CEST)"),
        (MONDAY, "Europe/Berlin", "ar", "الاثنين 1 يونيو 2026، الساعة 14:40 CEST"),
        (MONDAY, "Europe/Berlin", "ja", "2026年6月1日（月）14:40 CEST"),
        (datetime(2026, 6, 11, 12, 40, tzinfo=UTC), "Europe/Paris", "fr", "jeudi 11 juin 2026 à 14:40 (CEST)"),
        (datetime(2026, 1, 21, 12, 40, tzinfo=UTC), "Europe/Paris", "fr", "mercredi 21 janvier 2026 à 13:40 (CET)"),
        (MONDAY, "Asia/Tokyo", "ja", "2026年6月1日（月）21:40 JST"),
        (MONDAY, "Asia/Riyadh", "ar", "الاثنين 1 يونيو 2026، الساعة 15:40 UTC+03:00"),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", "en", "Friday, 2 January 2026, 00:30 CET"),
        (TUESDAY, "Asia/Kathmandu", "en", "Tuesday, 2 June 2026, 17:45 UTC+05:45"),
        (TUESDAY, "America/Sao_Paulo", "de", "Dienstag, 2. Juni 2026, 09:00 Uhr (UTC-03:00)"),
        (TUESDAY, "America/New_York", "en", "Tuesday, 2 June 2026, 08:00 EDT"),
        (TUESDAY, "America/New_York", "fr", "mardi 2 juin 2026 à 08:00 (UTC-04:00)"),
        (TUESDAY, "Europe/London", "es", "martes, 2 de junio de 2026, a las 13:00 (UTC+01:00)"),
        (TUESDAY, "Africa/Casablanca", "es", "martes, 2 de junio de 2026, a las 13:00 (UTC+01:00)"),
        # the hour that comes twice
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin", "en", "Sunday, 25 October 2026, 02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", "en", "Sunday, 25 October 2026, 02:30 CET"),
    ],
)
def test_an_instant_is_said_with_weekday_and_zone(at: datetime, zone: str, language: str, said: str):
    assert dates.when(at, zone, language) == said


@pytest.mark.parametrize(
    ("language", "said", "day"),
    [
        ("en", "Monday, 1 June, 14:40 CEST", "Monday, 1 June"),
        ("de", "Montag, 1. Juni, 14:40 Uhr (MESZ)", "Montag, 1. Juni"),
        ("fr", "lundi 1er juin à 14:40 (CEST)", "lundi 1er juin"),
        ("es", "lunes, 1 de junio, a las 14:40 (CEST)", "lunes, 1 de junio"),
        ("ar", "الاثنين 1 يونيو، الساعة 14:40 CEST", "الاثنين 1 يونيو"),
        ("ja", "6月1日（月）14:40 CEST", "6月1日（月）"),
    ],
)
def test_the_year_is_said_where_it_is_not_the_readers_present_one(language: str, said: str, day: str):
    assert dates.day(MONDAY, "Europe/Berlin", language, TUESDAY) == day
    assert "2026" in dates.day(MONDAY, "Europe/Berlin", language, datetime(2025, 12, 30, tzinfo=UTC))
    assert dates.when_short(MONDAY, "Europe/Berlin", language, TUESDAY) == said
    assert dates.when_short(MONDAY, "Europe/Berlin", language, datetime(2025, 12, 30, tzinfo=UTC)) == dates.when(
        MONDAY, "Europe/Berlin", language
    )
    # Its reader has had midnight already.
    new_year = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert "2025" not in dates.when_short(new_year, "Europe/Berlin", language, TUESDAY)
    assert "2025" in dates.when_short(new_year, "UTC", language, TUESDAY)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja", "ar", "pt-BR", "xx"])
def test_a_date_has_latin_figures_and_no_narrow_blank(language: str):
    said = dates.when(TUESDAY, "UTC", language)
    assert not set(said) & set("\u202f\u00a0\u2009") and "12:00" in said and "UTC" in said and "2026" in said


def test_opening_hours_are_said_in_groups_of_days():
    assert [dates.opening_hours(WEEK, language) for language in ("en", "de", "fr", "es", "ar", "ja")] == [
        "Mon–Thu 08:00–18:00; Fri 08:00–12:00, 13:00–16:00 (Europe/Berlin)",
        "Mo.–Do. 08:00–18:00 Uhr; Fr. 08:00–12:00, 13:00–16:00 Uhr (Europe/Berlin)",
        "lun.–jeu. 08:00–18:00; ven. 08:00–12:00, 13:00–16:00 (Europe/Berlin)",
        "lun–jue 08:00–18:00; vie 08:00–12:00, 13:00–16:00 (Europe/Berlin)",
        "الاثنين–الخميس 08:00–18:00؛ الجمعة 08:00–12:00، 13:00–16:00 (Europe/Berlin)",
        "月–木 08:00–18:00、金 08:00–12:00、13:00–16:00 (Europe/Berlin)",
    ]
    assert dates.opening_hours(ALWAYS, "en") == ""


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
