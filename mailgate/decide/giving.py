"""What is due of the search for an owner: an offer that ran out, somebody to be asked, or word that nobody takes the ticket."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide import announce, assignment, searching
from mailgate.decide.assignment import Choice
from mailgate.decide.calendar import NoBusinessTime, add
from mailgate.decide.scene import Scene
from mailgate.model.assignment import HeardBy, SearchStage
from mailgate.model.decision import Alarm, Change, Decision, TraceLine
from mailgate.model.events import (
    Event,
    NobodyTook,
    OfferExpired,
    OfferWithdrawn,
    OwnerSought,
    TicketAssigned,
    TicketOffered,
    TicketPushed,
    name_of,
)
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.letters import Assignment, TicketOffer, UnclaimedNotice
from mailgate.model.person import Person
from mailgate.model.policy import Metric, Mode, Target
from mailgate.model.ticket import Ticket

#: So many are asked one after the other, before the lead hears of it.
MOST_ROUNDS = 3
#: Minutes of business time to take an offer, by priority, where the policy promises none.
PICKUP = {1: 10, 2: 30, 3: 120, 4: 240, 5: 480}


@dataclass(frozen=True, slots=True)
class GivenOut:
    """A ticket after what was due of its search, and what follows."""

    ticket: Ticket
    events: tuple[Event, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    alarm: Alarm | None = None
    turn: tuple[int, int] | None = None  #: who was given something, and how often before: another node must not have done so meanwhile

    def decided(self, before: Ticket) -> Decision:
        """It alone, as a decision."""
        if not self.events:
            return Decision()
        return Decision(
            changes=(Change(before, self.ticket, self.events),),
            letters=self.letters,
            alarm=self.alarm,
            turn_of=self.turn,
            trace=tuple(TraceLine("decide", "assignment", name_of(e), self.ticket.status.value) for e in self.events),
        )


def is_due(ticket: Ticket, now: datetime) -> bool:
    """Whether something is: then it has to be known how it stands with the agents."""
    return ticket.search is not None and ticket.search.at is not None and ticket.search.at <= now


def when_due(s: Scene, ticket: Ticket) -> GivenOut:
    """What is due of a ticket's search now."""
    if not is_due(ticket, s.now) or ticket.search is None:
        return GivenOut(ticket)
    search, events = ticket.search, []
    if search.offer is not None:
        events.append(OfferExpired(at=s.now, to=search.offer.to, n=search.offer.n))
        ticket = s.step(ticket, events[0]).ticket
    elif search.stage is not SearchStage.DUE:
        return _tell_the_next(s, ticket, search.stage is SearchStage.LEFT)
    asked = ask(s, ticket)
    return replace(asked, events=(*events, *asked.events))


def ask(s: Scene, ticket: Ticket) -> GivenOut:
    """Somebody is asked, or given it; where nobody can be, the lead hears of it."""
    search = ticket.search
    if search is not None and search.rounds >= MOST_ROUNDS:
        return _nobody(s, ticket, over=True)
    choice = assignment.choose(s, ticket)
    return _given(s, ticket, choice) if choice is not None else _nobody(s, ticket, over=False)


def again(s: Scene, ticket: Ticket) -> GivenOut:
    """Somebody may have room now, or be back: who waits for that is given, all others are left as they are."""
    choice = assignment.choose(s, ticket)
    return _given(s, ticket, choice) if choice is not None else GivenOut(ticket)


def _given(s: Scene, ticket: Ticket, choice: Choice) -> GivenOut:
    to, n = choice.candidate.person.id, ticket.offers + 1
    turn = (to, choice.candidate.free.turns)
    if assignment.mode_of(s.policy, ticket.group) is Mode.PUSH:
        pushed = TicketPushed(at=s.now, to=to, n=n, reason=choice.reason)
        after = s.step(ticket, pushed).ticket
        return GivenOut(after, (pushed,), announce.to_agents(s, Assignment(), after, people=(to,)), turn=turn)
    until = pickup_until(s, ticket, max(s.now, choice.candidate.opens_at))
    offered = TicketOffered(at=s.now, to=to, n=n, until=until, reason=choice.reason)
    after = s.step(ticket, offered).ticket
    letters = announce.to_agents(s, _letter(s, ticket, choice, until), after, people=(to,))
    return GivenOut(after, (offered,), tuple(replace(one, expires_at=until) for one in letters), turn=turn)


def _letter(s: Scene, ticket: Ticket, choice: Choice, until: datetime) -> TicketOffer:
    one = choice.candidate
    return TicketOffer(
        until=until,
        because=choice.reason,
        skills=tuple(assignment.needs(s.policy, ticket)),
        tickets=one.free.tickets,
        load=one.free.load,
        capacity=one.agent.capacity,
    )


def pickup_until(s: Scene, ticket: Ticket, since: datetime) -> datetime:
    """How long somebody has to take what is offered to them, or to hear that nobody does: working time of the group."""
    rules = s.rules_of(ticket)
    group = s.policy.groups.get(ticket.group)
    hours = group.calendar if group is not None and group.calendar is not None else rules.sla.calendar
    promised = rules.target(ticket.priority, Metric.PICKUP) or Target(PICKUP[ticket.priority], hours)
    try:
        return add(rules.calendar(promised.calendar), since, promised.whole_s)
    except NoBusinessTime:
        return since + timedelta(seconds=promised.whole_s)


# --- nobody takes it -----------------------------------------------------------------------------------------------------


def _nobody(s: Scene, ticket: Ticket, *, over: bool) -> GivenOut:
    """Who has not heard of it yet does: the lead first. Once they have, it only waits."""
    told = ticket.search.told if ticket.search is not None else HeardBy.NOBODY
    if told is HeardBy.NOBODY:
        return _tell_the_next(s, ticket, over)
    until = pickup_until(s, ticket, s.now) if told is HeardBy.LEAD else None
    event = NobodyTook(at=s.now, over=over, told=told, until=until)
    return GivenOut(s.step(ticket, event).ticket, (event,))


def _tell_the_next(s: Scene, ticket: Ticket, over: bool) -> GivenOut:
    """The lead; a pickup's time later the manager; where there is none, or they are away, the operator."""
    told = ticket.search.told if ticket.search is not None else HeardBy.NOBODY
    lead, manager = _reached(s, ticket, s.lead(ticket)), _reached(s, ticket, s.manager(ticket))
    letters: tuple[LetterWanted, ...] = ()
    alarm = None
    if told is HeardBy.NOBODY and lead is not None:
        told, whom, audience = HeardBy.LEAD, lead, Audience.LEAD
    elif manager is not None and manager != lead:
        told, whom, audience = HeardBy.MANAGER, manager, Audience.AGENT
    else:
        told, whom, audience = HeardBy.OPERATOR, None, Audience.OPERATOR
        alarm = Alarm("unclaimed", f"ticket {ticket.number}: nobody takes it", f"mailgate tickets show {ticket.number}", str(ticket.number))
    until = pickup_until(s, ticket, s.now) if told is HeardBy.LEAD else None
    event = NobodyTook(at=s.now, over=over, told=told, until=until)
    after = s.step(ticket, event).ticket
    if whom is not None:
        notice = UnclaimedNotice(over=over, asked=ticket.search.rounds if ticket.search is not None else 0)
        found = announce.to_agents(s, notice, after, people=(whom.id,))
        letters = tuple(replace(one, audience=audience) for one in found)
    return GivenOut(after, (event,), letters, alarm)


def _reached(s: Scene, ticket: Ticket, person: Person | None) -> Person | None:
    """Somebody who is there, and on our side of the ticket."""
    if person is None or person.id in ticket.outsiders():
        return None
    there = s.staff.get(person.id)
    return None if there is not None and there.is_away(s.now) else person


# --- somebody is away -----------------------------------------------------------------------------------------------------


def taken_back(s: Scene, ticket: Ticket) -> Decision:
    """The offer to somebody who is away now."""
    offer = ticket.search.offer if ticket.search is not None else None
    if offer is None or offer.to not in s.staff or not s.staff[offer.to].is_away(s.now):
        return Decision()
    event = OfferWithdrawn(at=s.now, to=offer.to, n=offer.n, cause=searching.AWAY)
    after = s.step(ticket, event).ticket
    asked = ask(s, after)
    return replace(asked, events=(event, *asked.events)).decided(ticket)


def handed_over(s: Scene, ticket: Ticket) -> Decision:
    """What cannot wait for its owner, who is away: it goes to who stands in for them, else to the group."""
    owner = ticket.owner
    if owner is None or owner not in s.staff or not s.staff[owner].is_away(s.now):
        return Decision()
    back = TicketAssigned(at=s.now, to=None)
    after = s.step(ticket, back).ticket
    events: tuple[Event, ...] = (back,)
    deputy = assignment.stand_in(s.staff, owner, s.now)
    away = s.agent(owner)
    if deputy is None and not s.policy.assigns(ticket.group):
        change = Change(ticket, after, events)
        return Decision(changes=(change,), letters=announce.to_group(s, ticket, after, events, away, ()))
    sought = OwnerSought(at=s.now, passed=(owner,), first=deputy)
    after = s.step(after, sought).ticket
    if after.search is None:  # it waits for somebody outside, and is looked for when it opens again
        return Decision(changes=(Change(ticket, after, (*events, sought)),))
    asked = ask(s, after)
    return replace(asked, events=(*events, sought, *asked.events)).decided(ticket)
