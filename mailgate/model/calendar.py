"""A business calendar: opening hours, holidays and breaks of one time zone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

Frame = tuple[int, int]  #: minutes after local midnight, half open; 1440 is 24:00


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours. `hours[0]` is Monday. A holiday wins over `extra`; `breaks` are cut out of what is left."""

    id: str
    timezone: str  #: IANA name; weekdays and holidays are judged in it
    hours: tuple[tuple[Frame, ...], ...]  #: seven days
    holidays: frozenset[date] = frozenset()
    yearly_holidays: frozenset[tuple[int, int]] = frozenset()  #: (month, day)
    extra: Mapping[date, tuple[Frame, ...]] = field(default_factory=dict)
    breaks: Mapping[date, tuple[Frame, ...]] = field(default_factory=dict)
    digest: str = field(init=False, compare=False, repr=False)  #: of all that is counted on: the name may stay while the hours change

    def __post_init__(self) -> None:
        content = json.dumps(content_of(self), sort_keys=True, separators=(",", ":"))
        object.__setattr__(self, "digest", hashlib.sha256(content.encode()).hexdigest()[:16])

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.timezone))
        day, minute = local.date(), local.hour * 60 + local.minute
        if day in self.holidays or (day.month, day.day) in self.yearly_holidays:
            return False
        frames = self.extra.get(day, self.hours[local.weekday()])
        return any(a <= minute < b for a, b in frames) and not any(a <= minute < b for a, b in self.breaks.get(day, ()))


def content_of(calendar: Calendar) -> dict[str, Any]:
    """All that is counted on, the public holidays of a country as the days that they are."""
    return {
        "timezone": calendar.timezone,
        "hours": [[list(one) for one in sorted(frames)] for frames in calendar.hours],
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "yearly": sorted(list(day) for day in calendar.yearly_holidays),
        "extra": {day.isoformat(): [list(one) for one in sorted(frames)] for day, frames in sorted(calendar.extra.items())},
        "breaks": {day.isoformat(): [list(one) for one in sorted(frames)] for day, frames in sorted(calendar.breaks.items())},
    }


def calendar_of(id: str, content: Mapping[str, Any]) -> Calendar:
    """The calendar again that had this content."""

    def frames(pairs: Any) -> tuple[Frame, ...]:
        return tuple((begin, end) for begin, end in pairs)

    def days(named: Mapping[str, Any]) -> dict[date, tuple[Frame, ...]]:
        return {date.fromisoformat(day): frames(pairs) for day, pairs in named.items()}

    return Calendar(
        id,
        content["timezone"],
        tuple(map(frames, content["hours"])),
        frozenset(map(date.fromisoformat, content["holidays"])),
        frozenset((month, day) for month, day in content["yearly"]),
        days(content["extra"]),
        days(content["breaks"]),
    )


#: Around the clock, UTC: what the metrics of an `always` target are counted on.
ALWAYS = Calendar(id="always", timezone="UTC", hours=(((0, 1440),),) * 7)
