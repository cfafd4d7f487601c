"""The numbers of a report once more, by other code: a fold over the rows of each history, and nothing else of the record.

Which status follows from an event stands in `tests/decide/state_machine.json`, written from what the statuses mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from mailgate.model.events import HistoryRow
from tests.figures.lives import TARGETS

BERLIN = ZoneInfo("Europe/Berlin")
LIVE = ("new", "open", "pending_user", "on_hold")
_TABLE = json.loads((Path(__file__).parents[1] / "decide" / "state_machine.json").read_text())
_MINUTES = {(priority, metric.value): minutes for (priority, metric), minutes in TARGETS.items()}

Span = tuple[datetime, datetime]


def business(begin: datetime, end: datetime, holes: Sequence[Span] = ()) -> int:
    """Seconds between 8 and 18 in Berlin, Monday to Friday, outside the holes."""
    total = 0
    day = begin.astimezone(BERLIN).date()
    while begin < end and datetime.combine(day, time(8), BERLIN).astimezone(UTC) < end:
        if day.weekday() < 5:
            a = max(begin, datetime.combine(day, time(8), BERLIN).astimezone(UTC))
            b = min(end, datetime.combine(day, time(18), BERLIN).astimezone(UTC))
            if a < b:
                cut = sorted((max(a, x), min(b, y)) for x, y in holes if max(a, x) < min(b, y))
                upto = a
                for x, y in cut:
                    total += max(0, int((x - upto).total_seconds()))
                    upto = max(upto, y)
                total += max(0, int((b - upto).total_seconds()))
        day += timedelta(days=1)
    return total


@dataclass
class Clock:
    metric: str
    priority: int
    elapsed: int
    stopped: datetime | None
    started: datetime
    run: int = 1
    promised: int = 0  #: the priority when it began

    @property
    def late(self) -> bool:
        return self.elapsed > self.target

    @property
    def target(self) -> int:
        return 60 * _MINUTES[self.priority, self.metric]


@dataclass
class Told:
    """What a history comes to."""

    number: int
    desk: str = ""
    arrived: datetime = datetime.min
    status: str = "new"
    spans: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)  #: status, with the reason of a hold
    clocks: list[Clock] = field(default_factory=list)
    replies: list[datetime] = field(default_factory=list)
    hands: list[datetime] = field(default_factory=list)
    changed: list[tuple[str, datetime]] = field(default_factory=list)  #: by a person
    waiting: datetime | None = None
    ratings: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    outage: tuple[datetime, datetime | None] | None = None
    breaches: dict[tuple[str, int], datetime] = field(default_factory=dict)
    resolved: datetime | None = None

    def solutions(self) -> list[datetime]:
        done = ("resolved", "closed")
        return [now[1] for was, now in zip(self.spans, self.spans[1:], strict=False) if now[0] in done and was[0] not in done]

    def reopenings(self) -> list[datetime]:
        live = [status.split(":")[0] in LIVE for status, _, _ in self.spans]
        return [self.spans[at][1] for at in range(1, len(live)) if live[at] and not live[at - 1]]


def tell(rows: Sequence[HistoryRow], now: datetime) -> Told:
    told = Told(rows[0].ticket)
    owner: int | None = None
    hold, priority = "", 0
    first: Clock | None = None  # what the first reply, the next one and the solution are up to
    asked: datetime | None = None
    opened = asked_by = 0  # priorities at these instants
    stop: datetime | None = None
    runs = 0  # of next_reply
    for row in rows:
        facts = row.facts
        match row.name:
            case "ticket_opened":
                told.arrived, told.desk, priority = row.at, str(facts["desk"]), int(facts["priority"])  # type: ignore[call-overload]
                told.spans.append(("new", row.at, None))
                told.waiting = row.at
                opened = priority
                continue
            case "priority_changed":
                priority = int(facts["after"])  # type: ignore[call-overload]
                if row.actor is not None:
                    told.changed.append((row.name, row.at))
                continue
            case "category_changed" | "group_changed":
                if row.actor is not None:
                    told.changed.append((row.name, row.at))
                if row.name == "group_changed":
                    told.hands.append(row.at)
                continue
            case "sla_breached":
                told.breaches[str(facts["metric"]), int(facts["cycle"])] = row.at  # type: ignore[call-overload]
                continue
            case "breach_annulled":
                told.breaches.pop((str(facts["metric"]), int(facts["cycle"])), None)  # type: ignore[call-overload]
                continue
            case "rating_given":
                told.ratings[int(facts["closure"])] = (row.at, int(facts["score"]))  # type: ignore[call-overload]
                continue
            case "outage_noted":
                began, ended = (datetime.fromisoformat(str(facts[key])) if facts[key] else None for key in ("began_at", "ended_at"))
                assert began is not None
                told.outage = (began, ended)
                continue
        # Owners.
        after = owner
        if row.name == "ticket_assigned":
            after = facts["to"]  # type: ignore[assignment]
        elif row.name == "ticket_taken" or (row.name == "agent_replied" and owner is None):
            after = row.actor
        if owner is not None and after != owner:
            told.hands.append(row.at)
        owner = after
        # Replies.
        if row.name == "agent_replied":
            told.replies.append(row.at)
            told.waiting = None
            if first is None:
                first = Clock("first_reply", priority, business(told.arrived, row.at), row.at, told.arrived, 1, opened)
                told.clocks.append(first)
            elif asked is not None:
                told.clocks.append(Clock("next_reply", priority, business(asked, row.at), row.at, asked, runs, asked_by))
                asked = None
        # The status.
        was = told.status
        if row.name == "hold_started":
            hold = str(facts["reason"])
        told.status = _after(was, row.name, hold)
        named = f"on_hold:{hold}" if told.status == "on_hold" else told.status
        if named != told.spans[-1][0]:
            status, since, _ = told.spans[-1]
            told.spans[-1] = (status, since, row.at)
            told.spans.append((named, row.at, None))
        if told.status in ("resolved", "closed") and was in LIVE:
            stop = told.resolved = row.at
            told.waiting = None
            if asked is not None:
                clock = Clock("next_reply", priority, business(asked, row.at), row.at, asked, runs, asked_by)
                if clock.late:
                    told.clocks.append(clock)  # it was late already; else nobody owes it any more
                asked = None
        elif told.status in LIVE and was not in LIVE:
            stop = told.resolved = None
        if row.name == "requester_wrote" and told.status in LIVE:
            told.waiting = told.waiting or row.at
            if first is not None and asked is None:
                asked, runs, asked_by = row.at, runs + 1, priority
    _solution(told, priority, stop, opened)
    _open_ends(told, priority, first, asked, runs)
    return told


def _after(status: str, event: str, hold: str) -> str:
    for rule in _TABLE.get(event, ()):
        met = {None: True, "waits_for_the_user": hold == "user", "not waits_for_the_user": hold != "user"}.get(
            rule.get("when"), not str(rule.get("when", "")).startswith("not ")
        )
        if status in rule["from"].split() and met:
            return status if rule["to"] == "=" else str(rule["to"])
    return status


def _still(told: Told) -> list[Span]:
    """While the requester is asked, while it is scheduled, and while it counted as solved."""
    held = ("pending_user", "on_hold:scheduled", "resolved", "closed")
    return [(since, until) for status, since, until in told.spans if status in held and until is not None]


def _solution(told: Told, priority: int, stop: datetime | None, opened: int) -> None:
    if stop is not None:
        told.clocks.append(Clock("resolution", priority, business(told.arrived, stop, _still(told)), stop, told.arrived, 1, opened))


def _open_ends(told: Told, priority: int, first: Clock | None, asked: datetime | None, runs: int) -> None:
    """Clocks that nothing has stopped: the breach that was recorded of them is all that reports say of them."""
    if told.status not in LIVE:
        return
    for metric, started, n in (("first_reply", told.arrived, 1), ("next_reply", asked, runs), ("resolution", told.arrived, 1)):
        if started is not None and not (metric == "first_reply" and first is not None):
            told.clocks.append(Clock(metric, priority, 0, None, started, n))


# --- numbers ---------------------------------------------------------------------------------------------------------

Sample = list[tuple[int, int]]  #: ticket and value


def rank(values: Sequence[int], p: float) -> int | None:
    return sorted(values)[ceil(p * len(values)) - 1] if values else None


def union(spans: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        else:
            found.append((a, b))
    return found


def numbers(all_told: Sequence[Told], since: datetime, until: datetime, now: datetime) -> dict[str, tuple[float | None, list[int]]]:
    """By id, its value and the tickets behind it, sorted. Values are not hidden here."""
    told = [one for one in all_told if one.status not in ("merged", "rejected")]
    end = min(until, now)
    found: dict[str, tuple[float | None, list[int]]] = {}

    def within(at: datetime | None) -> bool:
        return at is not None and since <= at < until

    def put(id_: str, value: float | None, tickets: Sequence[int]) -> None:
        found[id_] = (value, sorted(tickets))

    came = [one.number for one in told if within(one.arrived)]
    solved = [one.number for one in told for at in one.solutions() if within(at)]
    put("created", len(came), came)
    put("resolved", len(solved), solved)
    put("net", len(came) - len(solved), [*came, *solved])
    open_ = [one for one in told if any(s.split(":")[0] in LIVE and a < end and (b is None or b >= end) for s, a, b in one.spans)]
    put("backlog", len(open_), [one.number for one in open_])
    for a, b, id_ in ((0, 1, "0d_1d"), (1, 3, "1d_3d"), (3, 7, "3d_7d"), (7, 14, "7d_14d"), (14, 30, "14d_30d"), (30, 10**6, "from_30d")):
        aged = [one.number for one in open_ if timedelta(days=a) <= end - one.arrived < timedelta(days=b)]
        put(f"backlog_{id_}", len(aged), aged)
    waits = {one.number: int((now - one.waiting).total_seconds()) for one in told if one.waiting and one.status in LIVE and one in open_}
    put("oldest_waiting", max(waits.values(), default=None), list(waits))

    for metric in ("first_reply", "next_reply", "resolution"):
        clocks = [(one.number, clock) for one in told for clock in one.clocks if clock.metric == metric]
        stopped = [(number, clock) for number, clock in clocks if within(clock.stopped)]
        over = [(number, clock) for number, clock in stopped if clock.late]
        for p in (50, 90):
            put(f"{metric}_p{p}", rank([clock.elapsed for _, clock in stopped], p / 100), [number for number, _ in stopped])
            put(f"overrun_{metric}_p{p}", rank([c.elapsed - c.target for _, c in over], p / 100), [number for number, _ in over])
            if metric == "resolution":
                wall = [int((clock.stopped - clock.started).total_seconds()) for _, clock in stopped if clock.stopped]
                put(f"resolution_wall_p{p}", rank(wall, p / 100), [number for number, _ in stopped])
        broken = _running_at(told, metric, until, end)
        for priority in (None, 1, 2, 3, 4, 5):
            mine = [(n, c, False) for n, c in broken if priority in (None, c.priority)]
            mine += [(n, c, not c.late) for n, c in stopped if priority in (None, c.priority)]
            put(
                f"attainment_{metric}" + (f"_p{priority}" if priority else ""),
                sum(kept for _, _, kept in mine) / len(mine) if mine else None,
                [n for n, _, _ in mine],
            )
    all_late = [(one.number, clock) for one in told for clock in one.clocks if within(clock.stopped) and clock.late]
    moved = [number for number, clock in all_late if clock.elapsed <= 60 * _MINUTES[clock.promised, clock.metric]]
    put("missed_by_retarget", len(moved), moved)
    _worked(told, within, put)
    _rated_and_running(told, since, end, within, put)
    return found


def _running_at(told: Sequence[Told], metric: str, until: datetime, end: datetime) -> list[tuple[int, Clock]]:
    """Still on at the end of the period, and their breach was recorded before."""
    found = []
    for one in told:
        for clock in one.clocks:
            at = one.breaches.get((metric, clock.run))
            if clock.metric == metric and at is not None and at < end and (clock.stopped is None or clock.stopped >= until):
                found.append((one.number, clock))
    return found


def _worked(told: Sequence[Told], within: Callable[[datetime | None], bool], put: Callable[..., None]) -> None:
    firsts = {one.number: (one, min(at for at in one.solutions() if within(at))) for one in told if any(map(within, one.solutions()))}
    numbers_ = list(firsts)

    def length(one: Told, at: datetime, wanted: Callable[[str], bool]) -> int:
        spans = ((a, min(b or at, at)) for s, a, b in one.spans if s.split(":")[0] in LIVE and wanted(s))
        return sum(max(0, int((b - a).total_seconds())) for a, b in spans)

    whole = sum(length(one, at, lambda s: True) for one, at in firsts.values())
    for id_, wanted in (
        ("waiting_user", lambda s: s == "pending_user"),
        ("waiting_vendor", lambda s: s == "on_hold:vendor"),
        ("waiting_other", lambda s: s.startswith("on_hold:") and s != "on_hold:vendor"),
    ):
        put(id_, sum(length(one, at, wanted) for one, at in firsts.values()) / whole if whole else None, numbers_)

    def again(one: Told, at: datetime, days: int) -> bool:
        return any(at <= back < at + timedelta(days=days) for back in one.reopenings())

    def share(id_: str, hits: list[bool], of: list[int]) -> None:
        put(id_, sum(hits) / len(hits) if hits else None, of)

    share("reopened", [again(one, at, 14) for one, at in firsts.values()], numbers_)
    replies = {n: sum(said <= at for said in one.replies) for n, (one, at) in firsts.items()}
    share("first_contact", [replies[n] == 1 and not again(one, at, 7) for n, (one, at) in firsts.items()], numbers_)
    hands = [sum(given <= at for given in one.hands) for one, at in firsts.values()]
    for p in (50, 90):
        put(f"touches_p{p}", rank(list(replies.values()), p / 100), numbers_)
        put(f"handovers_p{p}", rank(hands, p / 100), numbers_)


def _rated_and_running(
    told: Sequence[Told], since: datetime, end: datetime, within: Callable[[datetime | None], bool], put: Callable[..., None]
) -> None:
    scores = [(one.number, score) for one in told for at, score in one.ratings.values() if within(at)]
    put("csat", sum(score >= 4 for _, score in scores) / len(scores) if scores else None, [n for n, _ in scores])
    put("csat_mean", sum(score for _, score in scores) / len(scores) if scores else None, [n for n, _ in scores])
    down = []
    for one in told:
        if one.outage is not None:
            began, ended = one.outage[0], one.outage[1] or one.resolved or end
            if ended > since and began < end and ended > began:
                down.append((one.number, (max(began, since), min(ended, end))))
    hours = business(since, end)
    lost = sum(business(a, b) for a, b in union([span for _, span in down]))
    put("availability_mail", 1 - lost / hours if hours else None, [n for n, _ in down])
    came = [one for one in told if within(one.arrived)]
    for id_, name in (("reprioritised", "priority_changed"), ("recategorised", "category_changed"), ("rerouted", "group_changed")):
        hits = [any(what == name and at < end for what, at in one.changed) for one in came]
        put(id_, sum(hits) / len(came) if came else None, [one.number for one in came])
