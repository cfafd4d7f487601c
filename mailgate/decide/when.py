"""When? The instant that `until 2026-07-01`, `until mon`, `for 3d` or `from 9:00` means to the agent who wrote it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailgate.decide.calendar import NoBusinessTime, add_days, open_spans, wall
from mailgate.decide.rules import Rules
from mailgate.model.calendar import Calendar
from mailgate.model.reason import Because, Reason

MORNING = 8 * 60  #: a day without a time means its first opening, and on a closed day this minute
EVENING = 18 * 60  #: the same where the end of a day is meant
MOST_YEARS = 10  #: later dates are typing mistakes
FORMS = "2026-07-01, 2026-07-01 14:00, tomorrow, mon, 3d, 2h"
PAST_FORMS = "9:00, 2026-07-01 9:00, 2h, now"

_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_HOUR = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_AGO = re.compile(r"([1-9]\d{0,3})([dhm])", re.ASCII)
_SPAN = re.compile(r"([1-9]\d{0,3})([dh])", re.ASCII)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Unclear:
    """No instant that could be waited for. `hint` says why, or what to write."""

    hint: Because


def parse_when(args: Sequence[str], now: datetime, zone: str, rules: Rules, ends: bool = False) -> datetime | Unclear:
    """The UTC instant, always after `now`. A leading `until` or `for` is passed over.
    Days and times are the author's (`zone`, IANA); the days of `3d` are working days of the desk's calendar, and a day without a time
    begins when the desk opens; where it is to be over (`ends`), it is when the desk closes."""
    words = [word.lower() for word in args]
    if words and words[0] in ("until", "for"):
        words = words[1:]
    try:
        when = _instant(words, now, zone, rules.timer_calendar, ends)
    except (ValueError, OverflowError):  # the 31st of June, 25:00, the year 0
        when = None
    except NoBusinessTime:
        return Unclear(Reason("hint.no_such_day"))
    if when is None:
        return Unclear(FORMS)
    if when <= now:
        return Unclear(Reason("hint.past"))
    if when > now + timedelta(days=366 * MOST_YEARS):
        return Unclear(Reason.of("hint.within", MOST_YEARS))
    return when.astimezone(UTC).replace(microsecond=0)


def _instant(words: Sequence[str], now: datetime, zone: str, calendar: Calendar, ends: bool) -> datetime | None:
    if not words or len(words) > 2:
        return None
    if span := _SPAN.fullmatch(words[0]):
        count, unit = int(span[1]), span[2]
        if len(words) > 1:
            return None
        return now + timedelta(hours=count) if unit == "h" else add_days(calendar, now, count)
    today = now.astimezone(ZoneInfo(zone)).date()
    day = a_day(words[0], today)
    if day is None or abs(day.year - today.year) > MOST_YEARS + 1:
        # Far beyond, a calendar is not asked any more; too far is too far.
        return None if day is None else now + timedelta(days=366 * (MOST_YEARS + 1)) if day > today else now
    if len(words) == 1:
        return _closing(day, zone, calendar) if ends else _opening(day, zone, calendar)
    hour = _HOUR.fullmatch(words[1])
    if hour is None or int(hour[1]) > 23 or int(hour[2]) > 59 or not _DAY.fullmatch(words[0]):
        return None
    return wall(zone, day, int(hour[1]) * 60 + int(hour[2]))


def parse_past(args: Sequence[str], now: datetime, zone: str) -> datetime | Unclear:
    """The UTC instant, never after `now`: `2026-07-01 9:00`; `9:00`, the last time that it was so; `30m`, `2h` or `3d` ago; `now`."""
    words = [word.lower() for word in args]
    try:
        when = _past(words, now, zone)
    except (ValueError, OverflowError):
        when = None
    if when is None:
        return Unclear(PAST_FORMS)
    if when > now:
        return Unclear(Reason("hint.future"))
    if when < now - timedelta(days=366 * MOST_YEARS):
        return Unclear(Reason.of("hint.within", MOST_YEARS))
    return when.astimezone(UTC).replace(microsecond=0)


def _past(words: Sequence[str], now: datetime, zone: str) -> datetime | None:
    if not words or len(words) > 2:
        return None
    if words == ["now"]:
        return now
    if len(words) == 1 and (ago := _AGO.fullmatch(words[0])):
        return now - int(ago[1]) * {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}[ago[2]]
    hour = _HOUR.fullmatch(words[-1])
    if hour is None or int(hour[1]) > 23 or int(hour[2]) > 59:
        return None
    minute = int(hour[1]) * 60 + int(hour[2])
    if len(words) == 2:
        written = _DAY.fullmatch(words[0])
        return wall(zone, date(int(written[1]), int(written[2]), int(written[3])), minute) if written else None
    today = now.astimezone(ZoneInfo(zone)).date()
    at = wall(zone, today, minute)
    return at if at <= now else wall(zone, today - timedelta(days=1), minute)


def a_day(word: str, today: date) -> date | None:
    """The day that a word names; None for a word that names none. Raises ValueError for a day that there is not."""
    if written := _DAY.fullmatch(word):
        return date(int(written[1]), int(written[2]), int(written[3]))
    if word == "tomorrow":
        return today + timedelta(days=1)
    for index, name in enumerate(_WEEKDAYS):
        if word in (name, name[:3]):
            # The next one: "mon" on a Monday is in a week.
            return today + timedelta(days=(index - today.weekday() - 1) % 7 + 1)
    return None


def _opening(day: date, zone: str, calendar: Calendar) -> datetime:
    """When the desk opens on that day of the author's; on a closed day, and around the clock, in the morning."""
    begin, end = wall(zone, day, 0), wall(zone, day, 1440)
    first = next((opened for opened, _ in open_spans(calendar, begin, end)), begin)
    return first if first > begin else wall(zone, day, MORNING)


def _closing(day: date, zone: str, calendar: Calendar) -> datetime:
    """When the desk closes on that day of the author's; on a closed day, and around the clock, in the evening."""
    begin, end = wall(zone, day, 0), wall(zone, day, 1440)
    last = max((closed for _, closed in open_spans(calendar, begin, end)), default=end)
    return last if last < end else wall(zone, day, EVENING)
