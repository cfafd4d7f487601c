"""How an instant is said in the reader's language and time zone, and at what hours somebody is there."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, get_day_names, get_timezone_name
from babel.units import format_unit

from mailgate.model.calendar import Calendar, Frame


class _Customs(NamedTuple):
    """How a language writes an instant. The day's patterns are those of Unicode (UTS 35); figures are Latin in all of them."""

    day: str
    day_of_this_year: str
    instant: str = "{day}, {time} {zone}"
    hours: str = "{days} {hours}"  #: of each group of days
    also: tuple[str, str] = (", ", "; ")  #: between hours of a day, and between groups of days
    locale: str = ""  #: where a language alone does not say which of its countries writes dates as most readers do


#: A language without a row writes the day as Babel says, with its year.
_CUSTOMS: Mapping[str, _Customs] = {
    "en": _Customs("EEEE, d MMMM y", "EEEE, d MMMM", locale="en_GB"),
    "de": _Customs("EEEE, d. MMMM y", "EEEE, d. MMMM", "{day}, {time} Uhr ({zone})", "{days} {hours} Uhr"),
    "fr": _Customs("EEEE d MMMM y", "EEEE d MMMM", "{day} à {time} ({zone})"),
    "es": _Customs("EEEE, d 'de' MMMM 'de' y", "EEEE, d 'de' MMMM", "{day}, a las {time} ({zone})"),
    "ar": _Customs("EEEE d MMMM y", "EEEE d MMMM", "{day}، الساعة {time} {zone}", also=("، ", "؛ ")),
    "ja": _Customs("y年M月d日（E）", "M月d日（E）", "{day}{time} {zone}", also=("、", "、")),
}
_OTHERS = _Customs("full", "full")
_NARROW = re.compile("[\u00a0\u202f\u2009]")
#: The first of a month is an ordinal in French: `1er juin`.
_FRENCH_FIRST = re.compile(r"\b1 (?=\D)")
#: What the zone files call the zones of Europe and Japan is said like that in most languages. `IST` or `BST` might be anything.
_SAID_EVERYWHERE = frozenset({"CET", "CEST", "EET", "EEST", "WET", "WEST", "JST"})


@lru_cache(256)
def locale_of(language: str) -> Locale:
    """The locale of a catalogue; English where babel knows none."""
    customs = _CUSTOMS.get(language)
    try:
        return Locale.parse(customs.locale if customs is not None and customs.locale else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


@lru_cache(4096)
def when(at: datetime, zone: str, language: str) -> str:
    """`Tuesday, 2 June 2026, 14:00 CEST`: weekday, day, time and zone, as the reader's clock shows it."""
    return _instant(at, zone, language, True)


def when_short(at: datetime, zone: str, language: str, now: datetime) -> str:
    """`Tuesday, 2 June, 14:00 CEST`: the same without the year, where it is the reader's present one."""
    return _instant(at, zone, language, _is_another_year(at, zone, now))


def day(at: datetime, zone: str, language: str, now: datetime) -> str:
    """`Tuesday, 2 June`: the day alone, with the year where it is not the reader's present one."""
    return _day(at, zone, language, _is_another_year(at, zone, now))


def _is_another_year(at: datetime, zone: str, now: datetime) -> bool:
    return at.astimezone(ZoneInfo(zone)).year != now.astimezone(ZoneInfo(zone)).year


@lru_cache(4096)
def _instant(at: datetime, zone: str, language: str, year: bool) -> str:
    local = at.astimezone(ZoneInfo(zone))
    form = _CUSTOMS.get(language, _OTHERS).instant
    return form.format(day=_day(at, zone, language, year), time=f"{local.hour:02}:{local.minute:02}", zone=zone_name(local, language))


@lru_cache(4096)
def _day(at: datetime, zone: str, language: str, year: bool) -> str:
    customs = _CUSTOMS.get(language, _OTHERS)
    pattern = customs.day if year else customs.day_of_this_year
    said = _NARROW.sub(" ", format_date(at.astimezone(ZoneInfo(zone)).date(), pattern, locale=locale_of(language)))
    return _FRENCH_FIRST.sub("1er ", said) if language == "fr" else said


def zone_name(local: datetime, language: str) -> str:
    """The usual abbreviation in the reader's language: `MESZ`, in English `CEST`. Where there is none, the distance from UTC.
    What the zone files call a zone is English: `CET` in a German letter reads like a mistake, and `IST` or `BST` like anything."""
    name = local.tzname() or ""
    offset = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    if name in ("UTC", "GMT", "Z") and not offset:
        return name
    locale = locale_of(language)
    # A zone that calls itself `+01` has left the one that Babel would name it after.
    if locale.language != "en" and name.isalpha():
        said = get_timezone_name(local, width="short", zone_variant="daylight" if local.dst() else "standard", locale=locale)
        name = said if said.isascii() and said.isalpha() and said != "Z" else name if name in _SAID_EVERYWHERE else ""
    if name.isalpha():
        return name
    return f"UTC{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"


def opening_hours(calendar: Calendar, language: str) -> str:
    """`Mon-Fri 08:00-18:00 CET`: as it usually is, without holidays. "" for a calendar that is always open or never."""
    return _hours(calendar.hours, calendar.timezone, language)


@lru_cache(256)
def _hours(week: tuple[tuple[Frame, ...], ...], zone: str, language: str) -> str:
    if all(day == ((0, 1440),) for day in week) or not any(week):
        return ""
    names = get_day_names("abbreviated", locale=locale_of(language))
    form = _CUSTOMS.get(language, _OTHERS)
    groups: list[tuple[int, int]] = []
    for day in range(7):
        if groups and week[groups[-1][0]] == week[day]:
            groups[-1] = (groups[-1][0], day)
        else:
            groups.append((day, day))
    said = []
    for first, last in groups:
        if week[first]:
            days = names[first] if first == last else f"{names[first]}–{names[last]}"
            hours = form.also[0].join(f"{_clock(a)}–{_clock(b)}" for a, b in week[first])
            said.append(form.hours.format(days=days, hours=hours))
    return _NARROW.sub(" ", f"{form.also[1].join(said)} ({zone})")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def time_span(seconds: int, language: str) -> str:
    """`2 hours`, `1 hour 50 minutes`: for a headline. Hours and minutes, cut, never rounded up."""
    minutes, locale = abs(seconds) // 60, locale_of(language)
    parts = ((minutes // 60, "duration-hour"), (minutes % 60, "duration-minute"))
    said = [format_unit(count, unit, "long", locale=locale) for count, unit in parts if count]
    return _NARROW.sub(" ", " ".join(said or [format_unit(0, "duration-minute", "long", locale=locale)]))
