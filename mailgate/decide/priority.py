"""Priority from impact and urgency: where a new ticket begins, and what each sign of its mail does to that, as a table.

What the policy says comes first and wins: a category or a rule that names an impact, and a VIP. Then come the requester's own words and
headers, step by step; a step that would go further than words alone may is not taken, so that the matrix always holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mailgate.decide.requesters import Requester
from mailgate.decide.routing import Enquiry, Sorted, sort, with_security
from mailgate.decide.situation import Situation
from mailgate.model.events import Event, PriorityChanged, UrgencyAsked, UrgencyChanged
from mailgate.model.mail import Mark, Weight
from mailgate.model.policy import Policy
from mailgate.model.reason import Reason
from mailgate.model.routing import PrioritySettings
from mailgate.model.ticket import Origin, Ticket

HIGHEST, LOWEST = 1, 3
#: The worst impact of what a VIP, or an incident of security, reports.
_OF_A_TEAM = 2
#: Signs that speak of more than one person.
_WIDE = frozenset({Weight.BREADTH, Weight.OUTAGE, Weight.SECURITY})


@dataclass(frozen=True, slots=True)
class Degrees:
    impact: int
    urgency: int

    def moved(self, impact: int = 0, urgency: int = 0) -> "Degrees":
        return Degrees(_clamped(self.impact + impact), _clamped(self.urgency + urgency))


def _clamped(degree: int) -> int:
    return max(HIGHEST, min(LOWEST, degree))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new ticket is about, who answers for it, how much it matters, and why."""

    degrees: Degrees
    sorted: Sorted
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Signs:
    """What speaks for a step. `fixed_impact`, `fixed_urgency`: a rule of the policy has said it."""

    by_weight: Mapping[Weight, tuple[Mark, ...]]
    fixed_impact: bool
    fixed_urgency: bool

    def of(self, weight: Weight) -> tuple[Mark, ...]:
        return self.by_weight.get(weight, ())


def beginning(s: Situation, asked: Enquiry, requester: Requester) -> Beginning:
    """Of a new ticket, from its mail and the policy."""
    policy = s.policy
    marks = _counted(asked, policy)
    found = sort(s, asked, requester.organisation)
    if marks.get(Weight.SECURITY):
        found = with_security(policy, found, marks[Weight.SECURITY], s.desk.group)
    why = [] if found.because is None else [found.because]
    start = Degrees(*policy.priority.cell(policy.default_priority))
    said = Degrees(found.impact or start.impact, found.urgency or start.urgency)
    if requester.vip and said.impact > _OF_A_TEAM:
        said = replace(said, impact=_OF_A_TEAM)
        why.append(Reason("why.vip"))
    degrees, reasons = _weighed(said, _Signs(marks, found.impact is not None, found.urgency is not None), policy.priority)
    return Beginning(degrees, found, tuple(dict.fromkeys((*why, *reasons))))


def _counted(asked: Enquiry, policy: Policy) -> dict[Weight, tuple[Mark, ...]]:
    """The signs by their weight; an outage only of a service that the policy calls critical."""
    found = {weight: tuple(mark for mark in asked.marks if mark.weight is weight) for weight in Weight}
    service = critical_service(asked, policy) if found[Weight.OUTAGE] else None
    found[Weight.OUTAGE] = tuple(replace(mark, where=service) for mark in found[Weight.OUTAGE]) if service else ()
    return found


def critical_service(asked: Enquiry, policy: Policy) -> str | None:
    """The first that is named in the subject or the text, as words of their own."""
    said = f" {' '.join(_bare(f'{asked.subject} {asked.text}').split())} "
    return next((name for name in policy.priority.critical_services if f" {' '.join(_bare(name).split())} " in said), None)


def _bare(text: str) -> str:
    return "".join(ch if ch.isalnum() else " " for ch in text.casefold())


# --- the signs -----------------------------------------------------------------------------------------------------------


def _words(code: str, marks: tuple[Mark, ...]) -> Reason:
    return Reason(code, tuple(dict.fromkeys(mark.words for mark in marks)))


def _breadth(at: Degrees, signs: _Signs) -> tuple[Degrees, Reason] | None:
    marks = signs.of(Weight.BREADTH)
    return (at.moved(impact=-1), _words("why.breadth", marks)) if marks and not signs.fixed_impact else None


def _outage(at: Degrees, signs: _Signs) -> tuple[Degrees, Reason] | None:
    marks = signs.of(Weight.OUTAGE)
    return (at.moved(impact=-1), Reason.of("why.outage", marks[0].where, marks[0].words)) if marks and not signs.fixed_impact else None


def _security(at: Degrees, signs: _Signs) -> tuple[Degrees, Reason] | None:
    marks = signs.of(Weight.SECURITY)
    if not marks:
        return None
    impact = at.impact if signs.fixed_impact else min(at.impact, _OF_A_TEAM)
    return Degrees(impact, at.urgency if signs.fixed_urgency else HIGHEST), _words("why.security", marks)


def _urgent(at: Degrees, signs: _Signs) -> tuple[Degrees, Reason] | None:
    """Words and headers are one step together. Who says both that it is urgent and that it can wait is believed the second."""
    if signs.fixed_urgency:
        return None
    if signs.of(Weight.URGENT) and not signs.of(Weight.CALM):
        return at.moved(urgency=-1), _words("why.urgent", signs.of(Weight.URGENT))
    if high := signs.of(Weight.HIGH):
        return at.moved(urgency=-1), Reason.of("why.header", high[0].where, high[0].words)
    return None


def _calm(at: Degrees, signs: _Signs) -> tuple[Degrees, Reason] | None:
    if signs.fixed_urgency:
        return None
    if calm := signs.of(Weight.CALM):
        return at.moved(urgency=1), _words("why.calm", calm)
    if low := signs.of(Weight.LOW):
        return at.moved(urgency=1), Reason.of("why.header", low[0].where, low[0].words)
    return None


_Sign = Callable[[Degrees, _Signs], tuple[Degrees, Reason] | None]
#: Each sign with what it does, in the order of belief: what is said of many first, whether it can wait last.
SIGNS: tuple[_Sign, ...] = (_breadth, _outage, _security, _urgent, _calm)


def _weighed(said: Degrees, signs: _Signs, settings: PrioritySettings) -> tuple[Degrees, tuple[Reason, ...]]:
    """Step by step, none of them further than words alone may go; what the policy says itself stays as it is."""
    wide = any(signs.of(weight) for weight in _WIDE)
    best = min(settings.of(said.impact, said.urgency), settings.wide_words_reach if wide else settings.words_reach)
    at, why = said, []
    for sign in SIGNS:
        step = sign(at, signs)
        if step is None:
            continue
        after, because = step
        why.append(because)
        if settings.of(after.impact, after.urgency) < best:
            why.append(Reason.of("why.held", best))
        else:
            at = after
    return at, tuple(why)


# --- later -----------------------------------------------------------------------------------------------------------------


def degrees_of(policy: Policy, ticket: Ticket) -> Degrees:
    """Those of a ticket; of one that is older than the words, where a new one begins."""
    start = policy.priority.cell(policy.default_priority)
    return Degrees(ticket.impact or start[0], ticket.urgency or start[1])


def follows(policy: Policy, ticket: Ticket) -> int | None:
    """The priority that follows from impact and urgency; None where it is that already, or an agent has set it by hand."""
    at = degrees_of(policy, ticket)
    after = policy.priority.of(at.impact, at.urgency)
    return None if ticket.priority_by is not None or after == ticket.priority else after


def pressed(s: Situation, ticket: Ticket) -> tuple[Event, ...]:
    """What follows when its requester says in one word that it is urgent: one step, once, and never the highest priority."""
    assert s.author is not None
    policy, at = s.policy, degrees_of(s.policy, ticket)
    after = at.moved(urgency=-1)
    by_hand = ticket.priority_by is not None or ticket.urgency_by is not None
    counts = (
        ticket.status.is_live
        and not by_hand
        and ticket.urgency_asked_at is None
        and s.pressed < policy.priority.urgent_per_month
        and after != at
        and policy.priority.of(after.impact, after.urgency) > HIGHEST
    )
    asked = UrgencyAsked(at=s.arrived_at, actor=s.author.id, mail=s.inbox, counts=counts)
    if not counts:
        return (asked,)
    changed = UrgencyChanged(
        at=s.arrived_at, actor=s.author.id, mail=s.inbox, before=ticket.urgency, after=after.urgency, source=Origin.REQUESTER
    )
    raised = follows(policy, replace(ticket, impact=after.impact, urgency=after.urgency))
    if raised is None:
        return (asked, changed)
    priority = PriorityChanged(
        at=s.arrived_at, actor=s.author.id, mail=s.inbox, before=ticket.priority, after=raised, source=Origin.REQUESTER
    )
    return (asked, changed, priority)
