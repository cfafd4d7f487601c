"""A business calendar: opening hours, holidays and breaks of one time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

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


#: Around the clock, UTC: what the metrics of an `always` target are counted on.
ALWAYS = Calendar(id="always", timezone="UTC", hours=(((0, 1440),),) * 7)
