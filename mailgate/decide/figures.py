"""The numbers of a report: of each its words, whom it counts, and how; one table says it all.

A number is made of a sample, the rows that stand behind it (`Item`), so that whoever asks for them (`--explain`) is shown exactly what
was counted. Merged and rejected tickets, and cycles that were given up, are in none. Percentiles are by nearest rank. What would be said
of fewer than `ENOUGH` is not said."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailgate.decide import samples
from mailgate.decide.calendar import elapsed
from mailgate.decide.csat import ENOUGH, wilson
from mailgate.decide.samples import Item, Pick
from mailgate.model.assignment import OfferEnd
from mailgate.model.calendar import Calendar
from mailgate.model.figures import Material, Period
from mailgate.model.policy import Metric
from mailgate.model.reporting import Service
from mailgate.model.ticket import Status


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"  #: of business time
    WALL = "wall"  #: of the clock on the wall
    SHARE = "share"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one period. `value` None: there is nothing to say it of, or (`is_few`) too little."""

    number: "Number"
    value: float | None
    items: tuple[Item, ...]
    interval: tuple[float, float] | None = None  #: in which a share lies, 95 times of 100

    @property
    def n(self) -> int:
        return len(self.items)

    @property
    def is_few(self) -> bool:
        return self.number.hides and 0 < self.n < ENOUGH


Formula = Callable[[Sequence[Item], Period], float | None]


@dataclass(frozen=True, slots=True)
class Number:
    id: str
    words: str
    section: str
    unit: Unit
    population: str  #: whom it counts
    said: str  #: how, in words
    pick: Pick
    formula: Formula
    hides: bool = False  #: not said of fewer than ENOUGH
    has_interval: bool = False
    whole: bool = False  #: of the installation, not of tickets: no desk or group has one of its own
    now: bool = False  #: as it is when one looks: nobody knows what it was

    def of(self, material: Material, period: Period) -> Figure:
        items = tuple(self.pick(material, period))
        value = None if self.hides and len(items) < ENOUGH else self.formula(items, period)
        interval = wilson(sum(one.hit for one in items), len(items)) if self.has_interval and value is not None else None
        return Figure(self, value, items, interval)


# --- formulas --------------------------------------------------------------------------------------------------------


def nearest_rank(values: Iterable[int], percent: int) -> int | None:
    """`x[ceil(p·n) − 1]` of the sorted values."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def _rank(percent: int) -> Formula:
    return lambda items, _: nearest_rank([one.value for one in items], percent)


def _count(items: Sequence[Item], period: Period) -> float:
    return len(items)


def _sum(items: Sequence[Item], period: Period) -> float:
    return sum(one.value for one in items)


def _share(items: Sequence[Item], period: Period) -> float | None:
    return sum(one.hit for one in items) / len(items) if items else None


def _weighed(items: Sequence[Item], period: Period) -> float | None:
    whole = sum(one.whole for one in items)
    return sum(one.value for one in items) / whole if whole else None


def _mean(items: Sequence[Item], period: Period) -> float | None:
    return sum(one.value for one in items) / len(items) if items else None


def _longest(items: Sequence[Item], period: Period) -> float | None:
    return max((one.value for one in items), default=None)


def _united(items: Sequence[Item], period: Period) -> float:
    """How long at least one of these lasted."""
    return sum(
        int((end - begin).total_seconds()) for begin, end in united((one.at, one.at + timedelta(seconds=one.value)) for one in items)
    )


def united(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > begin:
            found.append((begin, end))
    return found


def _available(calendar: Calendar) -> Formula:
    """1 − outage inside service hours ÷ service hours."""

    def available(items: Sequence[Item], period: Period) -> float | None:
        hours = elapsed(calendar, period.since, period.end)
        spans = united((max(one.at, period.since), min(one.at + timedelta(seconds=one.value), period.end)) for one in items)
        return 1 - sum(elapsed(calendar, begin, end) for begin, end in spans) / hours if hours else None

    return available


# --- the table -------------------------------------------------------------------------------------------------------

CAME, CLOCKS, KEPT, WORK, RATED, RUNNING = (
    "What came and went",
    "How long it took",
    "Promises",
    "How it was worked on",
    "Ratings",
    "Service",
)

METRICS: Mapping[Metric, str] = {
    Metric.FIRST_REPLY: "first reply",
    Metric.NEXT_REPLY: "next reply",
    Metric.UPDATE: "update",
    Metric.RESOLUTION: "resolution",
    Metric.WORK: "our own work",
    Metric.PICKUP: "pickup",
}
#: Ages of what is open, in days: from, and below.
BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 3), (3, 7), (7, 14), (14, 30), (30, None))
PRIORITIES = range(1, 6)

_TICKETS = "tickets that came in the period"
_SOLVED = "tickets solved in the period (of several times the first)"
_LIVE = "tickets open at the end of the period"
_STOPPED = "clocks of this kind that stopped in the period"
_JUDGED = "clocks that stopped in the period, and broken ones still on at its end"
_MISSED = "clocks of this kind that stopped too late in the period"


def _came() -> Iterator[Number]:
    yield Number("created", "created", CAME, Unit.COUNT, _TICKETS, "how many", samples.created, _count)
    yield Number("resolved", "resolved", CAME, Unit.COUNT, "solutions in the period", "how many", samples.solutions, _count)
    yield Number("net", "net", CAME, Unit.COUNT, "both of these", "created less resolved", samples.net, _sum)
    yield Number("backlog", "open at the end", CAME, Unit.COUNT, _LIVE, "how many", samples.open_between(0, None), _count)
    for since, below in BUCKETS:
        id_, words = _bucket(since, below)
        yield Number(
            id_, words, CAME, Unit.COUNT, _LIVE, f"how many came {words.strip()} before", samples.open_between(since, below), _count
        )
    yield Number(
        "oldest_waiting", "waiting longest, now", CAME, Unit.WALL, "open tickets whose requester waits for an answer now",
        "the longest time since their oldest unanswered message", samples.waiting, _longest, now=True,
    )  # fmt: skip


def _bucket(since: int, below: int | None) -> tuple[str, str]:
    if below is None:
        return f"backlog_from_{since}d", f"  more than {since} days"
    return f"backlog_{since}d_{below}d", f"  less than {below} day" if since == 0 else f"  {since} to {below} days"


def _clocks() -> Iterator[Number]:
    for metric, words in METRICS.items():
        for percent in (50, 90):
            population, said = _STOPPED, f"{percent} of 100 took no longer (nearest rank), in business time"
            yield Number(
                f"{metric.value}_p{percent}", f"{words}, p{percent}", CLOCKS, Unit.SECONDS, population, said,
                samples.elapsed_of(metric), _rank(percent), True,
            )  # fmt: skip
    for percent in (50, 90):
        yield Number(
            f"resolution_wall_p{percent}", f"resolution, p{percent}, by the wall clock", CLOCKS, Unit.WALL, _STOPPED,
            f"{percent} of 100 took no longer from arrival to solution, nights and waiting included", samples.wall, _rank(percent), True,
        )  # fmt: skip


def _kept() -> Iterator[Number]:
    for metric, words in METRICS.items():
        said = "met ÷ (met + missed + still on and broken)"
        population = _JUDGED
        yield Number(
            f"attainment_{metric.value}", f"{words} in time", KEPT, Unit.SHARE, population, said, samples.judged(metric), _share, True
        )
        for priority in PRIORITIES:
            yield Number(
                f"attainment_{metric.value}_p{priority}", f"  P{priority}", KEPT, Unit.SHARE, population, said,
                samples.judged(metric, priority), _share, True,
            )  # fmt: skip
        for percent in (50, 90):
            yield Number(
                f"overrun_{metric.value}_p{percent}", f"  {words}, too late by, p{percent}", KEPT, Unit.SECONDS, _MISSED,
                f"of 100, {percent} were late by no more business time (nearest rank)", samples.overrun(metric), _rank(percent), True,
            )  # fmt: skip
    yield Number(
        "missed_by_retarget", "missed for a change of the promise", KEPT, Unit.COUNT,
        "clocks of all kinds that stopped too late in the period",
        "how many would have been in time by what was promised first", samples.by_retarget, _count,
    )  # fmt: skip


def _offered() -> Iterator[Number]:
    population = "offers to agents that ended in the period"
    for percent in (50, 90):
        said = f"{percent} of 100 were accepted no later (nearest rank), by the wall clock"
        yield Number(
            f"offers_accepted_p{percent}",
            f"offer to yes, p{percent}",
            WORK,
            Unit.WALL,
            population,
            said,
            samples.accepted,
            _rank(percent),
            True,
        )
    for id_, words, end in (
        ("offers_declined", "offers declined", OfferEnd.DECLINED),
        ("offers_expired", "offers not answered in time", OfferEnd.EXPIRED),
    ):
        said = f"{end.value} ÷ (accepted + declined + expired)"
        yield Number(id_, words, WORK, Unit.SHARE, population, said, samples.ended(end), _share, True)


def _work() -> Iterator[Number]:
    said = "time in that state ÷ time from arrival to solution, both by the wall clock"
    for id_, words, pick in (
        ("waiting_user", "waiting for the requester", samples.standing(Status.PENDING_USER)),
        ("waiting_vendor", "on hold for a vendor", samples.standing(Status.ON_HOLD, "vendor")),
        ("waiting_other", "on hold for something else", samples.standing(Status.ON_HOLD)),
    ):
        yield Number(id_, words, WORK, Unit.SHARE, _SOLVED, said, pick, _weighed, True)
    yield Number("reopened", "opened again within 14 days", WORK, Unit.SHARE, _SOLVED, "opened again ÷ all", samples.reopened, _share, True)
    yield Number(
        "first_contact", "solved at first contact", WORK, Unit.SHARE, _SOLVED,
        "with exactly one public message of an agent, and not opened again within 7 days ÷ all", samples.first_contact, _share, True,
    )  # fmt: skip
    for id_, words, pick, what in (
        ("touches", "answers a ticket", samples.touches, "public messages of agents"),
        (
            "handovers",
            "hand-overs a ticket",
            samples.handovers,
            "times that another or nobody took the place of an owner, and changes of the group",
        ),
    ):
        for percent in (50, 90):
            words_ = f"{words}, p{percent}"
            yield Number(f"{id_}_p{percent}", words_, WORK, Unit.COUNT, _SOLVED, f"{what}, nearest rank", pick, _rank(percent), True)
    for id_, words, name in (
        ("reprioritised", "priority changed by a person", "priority_changed"),
        ("recategorised", "category changed by a person", "category_changed"),
        ("rerouted", "group changed by a person", "group_changed"),
    ):
        yield Number(id_, words, WORK, Unit.SHARE, _TICKETS, "changed ÷ all", samples.changed(name), _share, True)


def _rated() -> Iterator[Number]:
    given, put = "ratings that count and were given in the period", "questions of the period that reached somebody"
    yield Number("csat", "content (4 or 5 of 5)", RATED, Unit.SHARE, given, "4 and 5 ÷ all", samples.ratings, _share, True, True)
    yield Number("csat_mean", "mean score", RATED, Unit.SCORE, given, "mean", samples.ratings, _mean, True)
    yield Number("response_rate", "answered when asked", RATED, Unit.SHARE, put, "a rating followed ÷ all", samples.surveys, _share, True)


def _running(services: Mapping[str, Service], calendars: Mapping[str, Calendar]) -> Iterator[Number]:
    yield Number(
        "own_outage", "mailgate out of reach", RUNNING, Unit.WALL, "mails that came in more than 5 minutes after they had arrived",
        "how long at least one of them lay there", samples.late, _united, whole=True,
    )  # fmt: skip
    for id_, service in services.items():
        yield Number(
            f"availability_{id_}", f"{service.name or id_} available", RUNNING, Unit.SHARE,
            "outages of this service in the period (#outage)",
            "1 − outage in service hours ÷ service hours", samples.outages(id_), _available(calendars[service.calendar]), whole=True,
        )  # fmt: skip


def numbers(services: Mapping[str, Service], calendars: Mapping[str, Calendar]) -> dict[str, Number]:
    """All of them by id, in the order in which people read them. `calendars`: those of the policy."""
    found = (*_came(), *_clocks(), *_kept(), *_offered(), *_work(), *_rated(), *_running(services, calendars))
    return {one.id: one for one in found}
