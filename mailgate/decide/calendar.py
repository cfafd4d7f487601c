"""Business time: how many seconds were open between two instants, and when will so many more have passed?

All arithmetic is in whole seconds since 1970, never in floats. A time on the wall becomes an instant in one place
(`_on_the_clock`); from there on a day with 23 or 25 hours needs no further thought."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailgate.model.calendar import Calendar, Frame

#: An interval without an end is one that lasts.
Interval = tuple[datetime, datetime | None]
Span = tuple[int, int]  #: seconds since 1970, half open

#: A calendar that does not open within so many days does not open.
SEARCH_LIMIT = 4000
DAY_MINUTES = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time on the wall, before it has an offset
_SECOND = timedelta(seconds=1)
_EVER = 1 << 62


class NoBusinessTime(Exception):
    """The calendar does not open often enough within `SEARCH_LIMIT` days."""


class Boundary(StrEnum):
    """Which instant is meant when a budget is used up exactly at closing time: all until the next opening fit."""

    CLOSE = "close"  #: the earliest: what people read, "by Friday 18:00"
    NEXT = "next"  #: the latest: when an alarm may fire, Monday 08:00


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Interval] = ()) -> int:
    """Open seconds in [start, end) outside the pauses, however long that is; 0 when the end is not after the start, never negative."""
    a, b = _seconds(start), _seconds(end)
    if b <= a:
        return 0
    holes = _union(pauses)
    total = 0
    for x, y in _spans(calendar, start, a, end):
        if x >= b:
            break
        y = min(y, b)
        total += y - x if not holes else sum(q - p for p, q in _minus(x, y, holes))
    return total


def add(
    calendar: Calendar, start: datetime, seconds: int, pauses: Sequence[Interval] = (), boundary: Boundary = Boundary.CLOSE
) -> datetime:
    """The instant at which so many open seconds outside the pauses have passed since `start`.
    No seconds at all lead to the first open instant. Raises NoBusinessTime where the calendar never opens or a pause
    never ends, ValueError for a negative number."""
    if seconds < 0:
        raise ValueError("a duration is not negative")
    a = _seconds(start)
    holes = _union(pauses)
    left = seconds
    closing = boundary is Boundary.CLOSE
    for x, y in _spans(calendar, start, a):
        for p, q in ((x, y),) if not holes else _minus(x, y, holes):
            span = q - p
            if left < span or (left == span and closing):
                return _EPOCH + timedelta(seconds=p + left)
            left -= span
        # Behind a pause without an end there is nothing to look for.
        if holes and holes[-1][1] == _EVER and x >= holes[-1][0]:
            break
    raise NoBusinessTime(calendar.id)


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """`at` itself while the calendar is open. Raises NoBusinessTime."""
    return add(calendar, at, 0)


def open_spans(calendar: Calendar, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The opening times that lie in [start, end), cut to it."""
    b = _seconds(end)
    found = []
    for x, y in _spans(calendar, start, _seconds(start), end):
        if x >= b:
            break
        found.append((_EPOCH + timedelta(seconds=x), _EPOCH + timedelta(seconds=min(y, b))))
    return tuple(found)


def add_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """So many business days later: the same time on the wall, on the n-th date after the first opening that opens at all.
    A start outside opening hours counts from the next opening, so Friday night and Sunday noon both count from Monday
    morning; a time at which that last date is closed gives way to the next opening. Never earlier for a later start.
    Raises NoBusinessTime."""
    first = next_opening(calendar, start).astimezone(_zone(calendar.timezone))
    ordinal = first.toordinal()
    for later in range(ordinal + 1, ordinal + 1 + SEARCH_LIMIT):
        if days <= 0:
            break
        if _opened(calendar, later):
            ordinal = later
            days -= 1
    if days > 0:
        raise NoBusinessTime(calendar.id)
    clock = _on_the_clock(calendar.timezone, ordinal, first.hour * 60 + first.minute) + first.second
    return next_opening(calendar, _EPOCH + timedelta(seconds=clock))


def wall(timezone: str, day: date, minute: int) -> datetime:
    """A time on the wall as an instant; `minute` after midnight, 1440 is 24:00.
    A time that the clocks skip is shifted forward by the gap; of one that comes twice the first is meant."""
    return _EPOCH + timedelta(seconds=_on_the_clock(timezone, day.toordinal(), minute))


def problems(calendar: Calendar) -> list[str]:
    """What is wrong with a calendar, as `code: where`; an empty list when it can be counted on."""
    found = []
    try:
        ZoneInfo(calendar.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(f"invalid_timezone: {calendar.timezone}")
    if len(calendar.hours) != len(WEEKDAYS):
        found.append("invalid_time: a week has seven days")
    named = [(day, frames) for day, frames in zip(WEEKDAYS, calendar.hours, strict=False)]
    named += [(f"extra {day}", frames) for day, frames in calendar.extra.items()]
    named += [(f"breaks {day}", frames) for day, frames in calendar.breaks.items()]
    for where, frames in named:
        if any(not 0 <= begin < end <= DAY_MINUTES for begin, end in frames):
            found.append(f"invalid_time: {where}")
        ordered = sorted(frames)
        if any(before[1] > after[0] for before, after in pairwise(ordered)):
            found.append(f"overlapping: {where}")
    if not found:
        try:
            next_opening(calendar, _EPOCH + timedelta(days=365 * 50))
        except NoBusinessTime:
            found.append("no_business_time")
    return found


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // _SECOND


def _on_the_clock(timezone: str, ordinal: int, minute: int) -> int:
    naive = datetime.combine(date.fromordinal(ordinal), time()) + timedelta(minutes=minute)
    # fold=0 is the first of two equal times; in a gap it takes the offset before, which shifts forward by the gap.
    offset = naive.replace(tzinfo=_zone(timezone)).utcoffset()
    assert offset is not None
    return (naive - _NAIVE_EPOCH) // _SECOND - offset // _SECOND


@lru_cache(maxsize=16384)
def _on_a_day(timezone: str, ordinal: int, frames: tuple[Frame, ...], breaks: tuple[Frame, ...]) -> tuple[Span, ...]:
    """The frames of one date as spans: sorted, apart, without the breaks, inside the date.
    A date that never came (Samoa had no 30 December 2011) lasts no second and so is not open."""
    begins, ends = _on_the_clock(timezone, ordinal, 0), _on_the_clock(timezone, ordinal, DAY_MINUTES)

    def spans(of: tuple[Frame, ...]) -> list[Span]:
        mapped = ((_on_the_clock(timezone, ordinal, a), _on_the_clock(timezone, ordinal, b)) for a, b in of)
        return _joined([(max(a, begins), min(b, ends)) for a, b in mapped])

    cut = spans(breaks)
    return tuple(piece for a, b in spans(frames) for piece in _minus(a, b, cut))


def _opened(calendar: Calendar, ordinal: int) -> tuple[Span, ...]:
    day = date.fromordinal(ordinal)
    if day in calendar.holidays or (day.month, day.day) in calendar.yearly_holidays:
        return ()
    frames = calendar.extra.get(day)
    if frames is None:
        frames = calendar.hours[day.weekday()]
    return _on_a_day(calendar.timezone, ordinal, frames, calendar.breaks.get(day, ())) if frames else ()


def _spans(calendar: Calendar, start: datetime, a: int, end: datetime | None = None) -> Iterator[Span]:
    """Opening times after `a`, the first one cut to begin there: until the date of `end`, or as far as anybody searches for one."""
    zone = _zone(calendar.timezone)
    # A gap at midnight can leave an instant to the date before the one on the wall.
    first = start.astimezone(zone).toordinal() - 1
    behind = end.astimezone(zone).toordinal() + 2 if end is not None else first + SEARCH_LIMIT
    for ordinal in range(first, behind):
        for x, y in _opened(calendar, ordinal):
            if y > a:
                yield (x if x > a else a), y


def _joined(spans: list[Span]) -> list[Span]:
    """Sorted, and what overlaps or touches made one; empty and negative ones dropped."""
    result: list[Span] = []
    for a, b in sorted(spans):
        if b <= a:
            continue
        if result and a <= result[-1][1]:
            result[-1] = (result[-1][0], max(b, result[-1][1]))
        else:
            result.append((a, b))
    return result


def _union(pauses: Sequence[Interval]) -> list[Span]:
    if not pauses:
        return []
    return _joined([(_seconds(a), _EVER if b is None else _seconds(b)) for a, b in pauses])


def _minus(x: int, y: int, holes: list[Span]) -> Iterator[Span]:
    """What is left of [x, y) outside the holes, which are sorted and apart."""
    for a, b in holes:
        if b <= x:
            continue
        if a >= y:
            break
        if a > x:
            yield x, a
        x = b
        if x >= y:
            return
    if x < y:
        yield x, y
