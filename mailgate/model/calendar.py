"""A business calendar: opening hours, holidays and breaks of one time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.timezone))
        day, minute = local.date(), local.hour * 60 + local.minute
        if day in self.holidays or (day.month, day.day) in self.yearly_holidays:
            return False
        frames = self.extra.get(day, self.hours[local.weekday()])
        return any(a <= minute < b for a, b in frames) and not any(a <= minute < b for a, b in self.breaks.get(day, ()))


#: Around the clock, UTC: what the metrics of an `always` target are counted on.
ALWAYS = Calendar(id="always", timezone="UTC", hours=(((0, 1440),),) * 7)
