"""A report: which days it is about, its numbers beside those of the period before, and the same by desk, group and the like."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mailgate.decide.calendar import WEEKDAYS, wall
from mailgate.decide.figures import Figure, Number
from mailgate.decide.samples import counted, only
from mailgate.model.figures import CountedTicket, Material, Period
from mailgate.model.policy import Policy

WEEK = 7


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both within, as they are in one zone."""

    first: date
    last: date
    zone: str

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Days":
        """As many days before these."""
        return self.back(self.count)

    def back(self, days: int) -> "Days":
        return Days(self.first - timedelta(days=days), self.last - timedelta(days=days), self.zone)

    def period(self, now: datetime) -> Period:
        return Period(wall(self.zone, self.first, 0), wall(self.zone, self.last + timedelta(days=1), 0), now)


def zone_of(policy: Policy, desk: str = "") -> str:
    """In which days are meant: the desk's own, else what is set for reports, else that of the first desk."""
    if desk in policy.desks:
        return policy.desks[desk].timezone
    return policy.report.timezone or next((one.timezone for one in policy.desks.values()), "UTC")


def last_week(now: datetime, zone: str) -> Days:
    """The last full week, Monday to Sunday."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday() + WEEK)
    return Days(monday, monday + timedelta(days=WEEK - 1), zone)


def due_week(policy: Policy, now: datetime) -> Days:
    """The week whose report was due last. Before the day and hour of the last one that is over, it is the one before; whatever was missed
    for longer is not told any more."""
    zone = zone_of(policy)
    week = last_week(now, zone)
    # A week is over on Monday at midnight, and its report is written on the day that follows.
    due = wall(zone, week.last + timedelta(days=1 + WEEKDAYS.index(policy.report.day)), policy.report.hour * 60)
    return week if now >= due else week.back(WEEK)


class By(StrEnum):
    DESK = "desk"
    GROUP = "group"
    CATEGORY = "category"
    VIP = "vip"
    ORGANISATION = "organisation"
    PRIORITY = "priority"


_KEYS: Mapping[By, Callable[[CountedTicket], str]] = {
    By.DESK: lambda one: one.desk,
    By.GROUP: lambda one: one.group,
    By.CATEGORY: lambda one: one.category or "none",
    By.VIP: lambda one: "VIP" if one.vip else "others",
    By.ORGANISATION: lambda one: one.organisation or "none",
    By.PRIORITY: lambda one: f"P{one.priority}",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A number beside what it was. `before` None: nobody knows."""

    figure: Figure
    before: Figure | None


@dataclass(frozen=True, slots=True)
class Counts:
    days: Days
    whole: Mapping[str, Compared]  #: by the id of its number
    parts: Mapping[str, Mapping[str, Compared]]  #: the same of each desk, group or the like, those with most tickets first


def of_desk(material: Material, desk: str) -> Material:
    return only(material, lambda ticket: ticket.desk == desk) if desk else material


def report(days: Days, now: datetime, material: Material, before: Material, numbers: Iterable[Number], by: By | None = None) -> Counts:
    """`material`, `before`: of these days and of as many before them."""
    numbers = tuple(numbers)
    material, before = counted(material), counted(before)
    whole = _lines(days, now, material, before, numbers)
    parts: dict[str, Mapping[str, Compared]] = {}
    if by is not None:
        key = _KEYS[by]
        own = tuple(number for number in numbers if not number.whole)
        names = {key(ticket) for ticket in (*material.tickets.values(), *before.tickets.values())}
        for name in sorted(names):
            mine = [only(one, lambda ticket, name=name: key(ticket) == name) for one in (material, before)]  # type: ignore[misc]
            parts[name] = _lines(days, now, mine[0], mine[1], own)
    # What moves most comes first; all others in the order of their names.
    return Counts(days, whole, dict(sorted(parts.items(), key=lambda part: -part[1]["created"].figure.n)))


def _lines(days: Days, now: datetime, material: Material, before: Material, numbers: Iterable[Number]) -> dict[str, Compared]:
    period, former = days.period(now), days.before.period(now)
    return {one.id: Compared(one.of(material, period), None if one.now else one.of(before, former)) for one in numbers}
