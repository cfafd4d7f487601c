"""The rows behind each number of a report: who is counted, with what value."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide.csat import CONTENT
from mailgate.model.assignment import OfferEnd
from mailgate.model.figures import CountedTicket, Happened, Material, Period, Stretch, TimedCycle
from mailgate.model.policy import Metric
from mailgate.model.ticket import Cycle, Outcome, Status

#: A ticket that is opened again so soon was not solved; and was not at the first contact.
REOPENED_WITHIN, CONTACT_WITHIN = timedelta(days=14), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Item:
    """One row behind a number. `value` is counted in what its unit says; `whole`: what `value` is a part of."""

    ticket: int | None
    at: datetime
    value: int = 1
    hit: bool = False
    whole: int = 0
    what: str = ""  #: which clock, state or mail


Pick = Callable[[Material, Period], Iterator[Item]]


def counted(material: Material) -> Material:
    """Without tickets that say nothing: merged into another, or rejected."""
    gone = (Status.MERGED, Status.REJECTED)
    return only(material, lambda ticket: ticket.status not in gone)


def only(material: Material, wanted: Callable[[CountedTicket], bool]) -> Material:
    """What belongs to these tickets."""
    tickets = {number: ticket for number, ticket in material.tickets.items() if wanted(ticket)}
    return replace(
        material,
        tickets=tickets,
        cycles=tuple(one for one in material.cycles if one.ticket in tickets),
        stretches=tuple(one for one in material.stretches if one.ticket in tickets),
        events=tuple(one for one in material.events if one.ticket in tickets),
        ratings=tuple(one for one in material.ratings if one.ticket in tickets),
        surveys=tuple(one for one in material.surveys if one.ticket in tickets),
        offers=tuple(one for one in material.offers if one.ticket in tickets),
    )


def _seconds(begin: datetime, end: datetime) -> int:
    return int((end - begin).total_seconds())


# --- what came and went ----------------------------------------------------------------------------------------------


def created(material: Material, period: Period) -> Iterator[Item]:
    return (Item(one.ticket, one.began_at, what="came") for one in _begun(material, period) if one.opens)


def solutions(material: Material, period: Period) -> Iterator[Item]:
    return (Item(one.ticket, one.began_at, what="solved") for one in _begun(material, period) if one.solves)


def net(material: Material, period: Period) -> Iterator[Item]:
    yield from created(material, period)
    yield from (replace(one, value=-1) for one in solutions(material, period))


def _begun(material: Material, period: Period) -> list[Stretch]:
    return [one for one in material.stretches if period.since <= one.began_at < period.until]


def open_between(since: int, below: int | None) -> Pick:
    """Those that stood open at the end, by the days since they came."""

    def standing(material: Material, period: Period) -> Iterator[Item]:
        open_ = {one.ticket: one for one in material.stretches if one.status.is_live and one.covers(period.end)}
        for number, stretch in sorted(open_.items()):
            age = _seconds(material.tickets[number].arrived_at, period.end)
            if age >= since * 86_400 and (below is None or age < below * 86_400):
                yield Item(number, material.tickets[number].arrived_at, what=stretch.status.value)

    return standing


def waiting(material: Material, period: Period) -> Iterator[Item]:
    for ticket in material.tickets.values():
        if ticket.waiting_since is not None and ticket.status.is_live:
            yield Item(ticket.number, ticket.waiting_since, _seconds(ticket.waiting_since, period.now), what=ticket.status.value)


# --- clocks ----------------------------------------------------------------------------------------------------------


def _stopped(material: Material, period: Period, metric: Metric) -> Iterator[tuple[int, Cycle, datetime]]:
    for one in material.cycles:
        at = one.cycle.stopped_at
        if one.cycle.metric is metric and at is not None and period.since <= at < period.until:
            yield one.ticket, one.cycle, at


def _clock(ticket: int, cycle: Cycle, at: datetime, value: int) -> Item:
    return Item(ticket, at, value, cycle.outcome is Outcome.MET, what=f"{cycle.metric.value} {cycle.n}")


def elapsed_of(metric: Metric) -> Pick:
    return lambda material, period: (
        _clock(ticket, cycle, at, cycle.elapsed_s or 0) for ticket, cycle, at in _stopped(material, period, metric)
    )


def wall(material: Material, period: Period) -> Iterator[Item]:
    for ticket, cycle, at in _stopped(material, period, Metric.RESOLUTION):
        yield _clock(ticket, cycle, at, max(0, _seconds(cycle.started_at, at)))


def judged(metric: Metric, priority: int | None = None) -> Pick:
    def those(material: Material, period: Period) -> Iterator[Item]:
        for one in material.cycles:
            cycle = one.cycle
            if cycle.metric is metric and priority in (None, cycle.priority) and (at := _judged_at(cycle, period)) is not None:
                yield _clock(one.ticket, cycle, at, cycle.elapsed_s or 0)

    return those


def _judged_at(cycle: Cycle, period: Period) -> datetime | None:
    """When a clock stopped in the period, or was broken before its end and still on then."""
    if cycle.stopped_at is not None and period.since <= cycle.stopped_at < period.until:
        return cycle.stopped_at
    still_on = cycle.stopped_at is None or cycle.stopped_at >= period.until
    holds = cycle.breached_at is not None and cycle.breach_annulled_by is None and cycle.breached_at < period.end
    return cycle.breached_at if still_on and holds else None


def overrun(metric: Metric) -> Pick:
    return lambda material, period: (
        _clock(ticket, cycle, at, (cycle.elapsed_s or 0) - cycle.target_s)
        for ticket, cycle, at in _stopped(material, period, metric)
        if cycle.outcome is Outcome.MISSED
    )


def by_retarget(material: Material, period: Period) -> Iterator[Item]:
    for metric in Metric:
        for ticket, cycle, at in _stopped(material, period, metric):
            if cycle.outcome is Outcome.MISSED and cycle.retargets and (cycle.elapsed_s or 0) <= cycle.retargets[0].from_s:
                yield _clock(ticket, cycle, at, (cycle.elapsed_s or 0) - cycle.target_s)


def missed(material: Material, period: Period) -> list[tuple[TimedCycle, int]]:
    """Each broken promise of the period, with the seconds of business time that it was late by; the worst first, those still on last."""
    found: list[tuple[TimedCycle, int]] = []
    for one in material.cycles:
        if one.cycle.outcome is not Outcome.MET and _judged_at(one.cycle, period) is not None:
            over = (one.cycle.elapsed_s or 0) - one.cycle.target_s if one.cycle.stopped_at is not None else 0
            found.append((one, over))
    return sorted(found, key=lambda pair: (pair[0].cycle.stopped_at is None, -pair[1], pair[0].cycle.breach_at, pair[0].ticket))


# --- how tickets were worked on --------------------------------------------------------------------------------------


def _solved(material: Material, period: Period) -> Mapping[int, datetime]:
    """When tickets were solved; of those that were several times in the period, the first."""
    found: dict[int, datetime] = {}
    for one in material.stretches:
        if one.solves and period.since <= one.began_at < period.until:
            found[one.ticket] = min(one.began_at, found.get(one.ticket, one.began_at))
    return found


def _of_tickets(material: Material) -> Mapping[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = defaultdict(list)
    for one in material.stretches:
        found[one.ticket].append(one)
    return found


def _events(material: Material) -> Mapping[int, list[Happened]]:
    found: dict[int, list[Happened]] = defaultdict(list)
    for one in material.events:
        found[one.ticket].append(one)
    return found


def standing(status: Status, hold: str = "") -> Pick:
    """For how long tickets stood so before their solution. On hold without a reason means all reasons but the vendor."""

    def share(material: Material, period: Period) -> Iterator[Item]:
        stood = _of_tickets(material)
        for number, at in _solved(material, period).items():
            live = [(one, _seconds(one.began_at, min(one.ended_at or at, at))) for one in stood[number] if one.status.is_live]
            so = sum(long for one, long in live if long > 0 and one.status is status and _is_held(one, hold))
            yield Item(number, at, so, whole=sum(long for _, long in live if long > 0), what=f"{status.value} {hold}".strip())

    return share


def _is_held(one: Stretch, hold: str) -> bool:
    if one.status is not Status.ON_HOLD:
        return True
    reason = one.hold.value if one.hold else ""
    return reason == hold if hold else reason != "vendor"


def _came_back(material: Material, period: Period, within: timedelta) -> Iterator[tuple[int, datetime, bool]]:
    stood = _of_tickets(material)
    for number, at in _solved(material, period).items():
        yield number, at, any(one.reopens and at <= one.began_at < at + within for one in stood[number])


def reopened(material: Material, period: Period) -> Iterator[Item]:
    return (Item(number, at, hit=again) for number, at, again in _came_back(material, period, REOPENED_WITHIN))


def first_contact(material: Material, period: Period) -> Iterator[Item]:
    said = {one.ticket: one.value for one in touches(material, period)}
    for number, at, again in _came_back(material, period, CONTACT_WITHIN):
        yield Item(number, at, said[number], said[number] == 1 and not again)


def touches(material: Material, period: Period) -> Iterator[Item]:
    happened = _events(material)
    for number, at in _solved(material, period).items():
        yield Item(number, at, sum(one.name == "agent_replied" and one.at <= at for one in happened[number]))


def handovers(material: Material, period: Period) -> Iterator[Item]:
    happened = _events(material)
    for number, at in _solved(material, period).items():
        yield Item(number, at, _hands([one for one in happened[number] if one.at <= at]))


def _hands(events: list[Happened]) -> int:
    """Changes of the owner but the first, and of the group. Who answers what nobody has, has it."""
    owner, hands = None, 0
    for one in events:
        if one.name == "group_changed":
            hands += 1
            continue
        after = one.to if one.name == "ticket_assigned" else one.actor if one.name == "ticket_taken" else owner
        if one.name == "agent_replied" and owner is None:
            after = one.actor
        hands += owner is not None and after != owner
        owner = after
    return hands


def changed(name: str) -> Pick:
    def those(material: Material, period: Period) -> Iterator[Item]:
        by_hand = {one.ticket for one in material.events if one.name == name and one.actor is not None and one.at < period.until}
        return (replace(one, hit=one.ticket in by_hand) for one in created(material, period))

    return those


def accepted(material: Material, period: Period) -> Iterator[Item]:
    for one in material.offers:
        if one.end is OfferEnd.ACCEPTED:
            yield Item(one.ticket, one.ended_at, _seconds(one.made_at, one.ended_at), what=f"offer {one.n}")


def ended(end: OfferEnd) -> Pick:
    """What was taken back or given without a question was nobody's answer."""
    answers = (OfferEnd.ACCEPTED, OfferEnd.DECLINED, OfferEnd.EXPIRED)
    return lambda material, period: (
        Item(one.ticket, one.ended_at, _seconds(one.made_at, one.ended_at), one.end is end, what=f"offer {one.n} {one.end.value}")
        for one in material.offers
        if one.end in answers
    )


# --- ratings and service ---------------------------------------------------------------------------------------------


def ratings(material: Material, period: Period) -> Iterator[Item]:
    return (Item(one.ticket, one.at, one.score, one.score >= CONTENT, what=f"solution {one.closure}") for one in material.ratings)


def surveys(material: Material, period: Period) -> Iterator[Item]:
    return (Item(one.ticket, one.asked_at, hit=one.answered) for one in material.surveys)


def late(material: Material, period: Period) -> Iterator[Item]:
    for one in material.late:
        yield Item(None, one.arrived_at, _seconds(one.arrived_at, one.received_at), what=f"mail {one.inbox}")


def outages(service: str) -> Pick:
    def those(material: Material, period: Period) -> Iterator[Item]:
        for one in material.outages:
            if one.service != service:
                continue
            end = one.ended_at or period.end
            if end > period.since and end > one.began_at:
                yield Item(one.ticket, one.began_at, _seconds(one.began_at, end), what=service)

    return those
