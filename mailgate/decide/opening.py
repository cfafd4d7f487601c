"""A mail that belongs to no ticket opens one: acknowledged once, announced to the desk's group."""

from datetime import datetime

from mailgate.decide import announce, desks, priority, sla
from mailgate.decide.calendar import NoBusinessTime, next_opening
from mailgate.decide.entries import an_entry
from mailgate.decide.requesters import requester_of
from mailgate.decide.routing import Enquiry, asked_by
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import TicketOpened
from mailgate.model.evidence import EvidenceKind
from mailgate.model.letters import Acknowledgement, FollowUpAcknowledgement, NewTicketNotice
from mailgate.model.person import Person, Role
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason
from mailgate.model.ticket import NO_SUBJECT, Entry, Outcome, Status, Ticket, TicketKind, Visibility

LONGEST_TITLE = 250
#: A long thread cites hundreds of ids; the newest are what answers cite again.
MOST_IDS = 50


def open_ticket(s: Situation, follows: Ticket | None = None) -> Decision:
    """The ticket of a new mail. `follows`: the closed ticket whose reopening time is over; it stays as it is."""
    requester, new = s.writer()
    blank = a_blank(s, requester, asked_by(s), language_of(s, requester), follows)
    entry = an_entry(s, Visibility.PUBLIC, blank.number, author=requester, role=Role.REQUESTER)
    opened = its_beginning(s, blank, entry, requester)
    ticket = s.step(blank, opened).ticket
    back_at = when_back(s, ticket)
    kind = FollowUpAcknowledgement(old_ref=_name_of(s, follows), back_at=back_at) if follows else Acknowledgement(back_at=back_at)
    letters, suppressed = announce.answer_requester(s, kind, ticket, requester)
    told = announce.hearers_of_a_new_one(s, ticket)
    if not letters and requester.id in s.group(ticket.group):
        # An agent with a request of their own has the acknowledgement; where there is none, their notice says that it arrived.
        told = tuple(dict.fromkeys((*told, requester.id)))
    notice = a_notice(s, ticket, follows=_name_of(s, follows), beside=_name_of(s, s.elsewhere))
    letters += announce.to_agents(s, notice, ticket, entry, people=told)
    reason = suppressed[0].reason if suppressed else Reason("acknowledged")
    return Decision(
        changes=(Change(None, ticket, (opened, *suppressed), (entry,)),),
        letters=letters,
        people=new,
        message_ids=(*own_ids(s), *((desks.after(follows.number),) if follows else ())),
        trace=(TraceLine("decide", "open", reason, Reason.of("opened", ticket.number)), how_sorted(ticket)),
    )


def language_of(s: Situation, requester: Person) -> str | None:
    """What a ticket is written about in: what the words of its mail say, else what its requester wrote before, else a header."""
    return s.mail.language if s.mail.language_sure else requester.language or s.mail.language


def when_back(s: Situation, ticket: Ticket) -> datetime | None:
    """When the hours begin that the first answer is counted on; None while somebody is there."""
    first, rules = ticket.cycle(Metric.FIRST_REPLY), s.rules_of(ticket)
    try:
        opens = next_opening(rules.calendar(first.calendar) if first else rules.timer_calendar, s.now)
    except NoBusinessTime:
        return None
    return opens if opens > s.now else None


def a_notice(s: Situation, ticket: Ticket, follows: str = "", beside: str = "") -> NewTicketNotice:
    """What agents are told of a new ticket: with the business time that its promises leave them."""
    rules = s.rules_of(ticket)
    left = {cycle.metric: sla.left(cycle, rules, s.now) for cycle in ticket.cycles if cycle.outcome is Outcome.RUNNING}
    reply, solution = left.get(Metric.FIRST_REPLY), left.get(Metric.RESOLUTION)
    return NewTicketNotice(follows=follows, beside=beside, reply_left_s=reply, solution_left_s=solution)


def _name_of(s: Situation, ticket: Ticket | None) -> str:
    """`IT-1042`, "" where there is none."""
    desk = s.policy.desks.get(ticket.desk) if ticket else None
    return f"{desk.prefix}-{ticket.number}" if desk and ticket else ""


def a_blank(s: Situation, requester: Person, asked: Enquiry, language: str | None, follows: Ticket | None = None) -> Ticket:
    """The ticket before anything has happened on it."""
    known_as = requester_of(s.policy, requester)
    first = priority.beginning(s, asked, known_as)
    return Ticket(
        number=s.ids.ticket,
        desk=s.desk.id,
        title=(asked.subject.strip() or NO_SUBJECT)[:LONGEST_TITLE],
        kind=TicketKind.INCIDENT,
        status=Status.NEW,
        priority=s.policy.priority.of(first.degrees.impact, first.degrees.urgency),
        requester=requester.id,
        group=first.sorted.group,
        created_at=s.now,
        arrived_at=s.arrived_at,
        language=language,
        follows=follows.number if follows else None,
        impact=first.degrees.impact,
        urgency=first.degrees.urgency,
        category=first.sorted.category,
        category_source=first.sorted.origin,
        why=first.why,
        vip=known_as.vip,
        organisation=known_as.organisation,
    )


def how_sorted(ticket: Ticket) -> TraceLine:
    """Why a new ticket matters as much as it does, and who answers for it."""
    why = Reason("why.all", ticket.why) if ticket.why else Reason("why.nothing")
    return TraceLine("decide", "sort", why, Reason.of("sorted", ticket.priority, ticket.category or "", ticket.group))


def its_beginning(s: Situation, blank: Ticket, entry: Entry, actor: Person) -> TicketOpened:
    """`actor`: who wrote to us, the requester or somebody who passes their mail on."""
    return TicketOpened(
        at=s.arrived_at,
        actor=actor.id,
        entry=entry.id,
        mail=s.inbox,
        desk=blank.desk,
        kind=blank.kind,
        priority=blank.priority,
        requester=blank.requester,
        group=blank.group,
        follows=blank.follows,
        impact=blank.impact,
        urgency=blank.urgency,
        category=blank.category,
        category_source=blank.category_source,
        vip=blank.vip,
        organisation=blank.organisation,
        why=blank.why,
    )


def own_ids(s: Situation) -> tuple[str, ...]:
    """The Message-IDs that from now on lead to this ticket: the mail's own and the newest that it cites, unless they lead elsewhere.
    Only ids that were looked up: one that is known to another ticket, and was not seen to be, would conflict for ever."""
    cited = (e.value for e in s.thread.evidence if e.kind is EvidenceKind.KNOWN_ID)
    return tuple(dict.fromkeys(i for i in cited if i not in s.taken_ids))[:MOST_IDS]
