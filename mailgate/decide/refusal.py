"""A letter did not arrive, or nobody knows whether it did: it shows on the ticket, and whoever can do something hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from mailgate.decide.announce import responsible
from mailgate.decide.lifecycle import apply
from mailgate.decide.rules import rules_for
from mailgate.model.decision import Alarm, Change, Decision, TraceLine
from mailgate.model.delivery import OutboxState, Suppression, SuppressionKind
from mailgate.model.events import Event, LetterRefused
from mailgate.model.letter import Audience, Letter, LetterWanted, PartRef
from mailgate.model.mail import Report
from mailgate.model.person import Person, Role
from mailgate.model.policy import Policy
from mailgate.model.ticket import Entry, Ticket, TicketFile, Visibility

#: Nobody needs to hear that one of these did not arrive.
UNMISSED = frozenset({"rating_given", "sla_warned", "reminder_due"})
#: The letter that says that a letter did not arrive: when that one does not arrive either, it ends there.
LAST_WORD = "letter_refused"
#: The letter that says that another one left without files.
WITHOUT_FILES = "letter_lightened"


class Sent(Protocol):
    """What must be known of a letter, whether it was just handed over or is only on file."""

    @property
    def id(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def ticket(self) -> int | None: ...
    @property
    def audience(self) -> Audience: ...
    @property
    def person(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def closure(self) -> int | None: ...
    @property
    def entry(self) -> int | None: ...


def on_settled(
    letter: Letter,
    state: OutboxState,
    reply: str,
    file: TicketFile | None,
    policy: Policy,
    agents: Mapping[str, Person],
    entry_id: int,
    now: datetime,
    *,
    report: Report | None = None,
    reached: bool = False,
    known_dead: bool = False,
) -> Decision | None:
    """What follows from the end of a letter's journey; None when nothing does (it was sent, or waits for another try).

    `report`: what the relay's refusal says about the address, read like a bounce. The rest is as in `undelivered`.
    """
    if state not in (OutboxState.REFUSED, OutboxState.UNKNOWN) or (state is OutboxState.UNKNOWN and letter.event in UNMISSED):
        return None
    lost = state is OutboxState.REFUSED
    decision = undelivered(
        letter, state.value, reply, file, policy, agents, entry_id, now, lost=lost, reached=reached, known_dead=known_dead
    )
    suppress = suppression_for(letter, report, policy, now) if report is not None and lost else ()
    return replace(decision, suppress=suppress, trace=(TraceLine("send", letter.event, reply, state.value),))


def undelivered(
    letter: Sent,
    how: str,
    reply: str,
    file: TicketFile | None,
    policy: Policy,
    agents: Mapping[str, Person],
    entry_id: int,
    now: datetime,
    *,
    lost: bool = True,
    reached: bool = False,
    known_dead: bool = False,
    at: datetime | None = None,
    inbox: int | None = None,
) -> Decision:
    """A letter that reached nobody, or (`lost` False) of which nobody knows.

    `how` is one word for people: refused, unknown, bounced. `reached`: the requester had the same words at another address, so no clock
    is turned back. `known_dead`: that an address of a colleague does not work was told before. `at` and `inbox`: of the mail that says so.
    """
    inside = letter.audience in (Audience.AGENT, Audience.LEAD)
    whom = letter.address
    alarm = None
    if inside and lost and not known_dead:
        alarm = Alarm("agent_unreachable", f"{whom}: {reply}", f"mailgate people show {whom}", whom.lower())
    if file is None:
        return Decision(alarm=alarm)
    ticket = file.ticket
    entry = a_remark(f"{letter.event} -> {whom}: {how}. {reply}", ticket.number, entry_id, now, at=at, inbox=inbox)
    events: tuple[Event, ...] = ()
    after = ticket
    if lost and letter.audience is Audience.REQUESTER and not reached and letter.ticket == ticket.number:
        # Only a letter that reached no address of the requester turns clocks back; a lost notice to an agent does not.
        # Where the letter's ticket was merged into another one, its clocks are over.
        # A solution that was given up since, and replaced by another, does not take the new one back.
        solution = letter.event == "ticket_resolved" and letter.closure == ticket.closure
        event = LetterRefused(at=at or now, entry=entry.id, mail=inbox, letter=letter.id, carried_solution=solution)
        after = apply(ticket, event, rules_for(policy, ticket.desk), now).ticket
        events = (event,)
    told: tuple[int, ...] = ()
    if letter.event != LAST_WORD and not (inside and known_dead) and policy.wants(LAST_WORD):
        told = _told(letter, after, policy, agents) if inside else responsible(after, policy, agents)
    by_id = {p.id: p for p in agents.values()}
    letters = tuple(
        LetterWanted(
            event=LAST_WORD,
            audience=Audience.AGENT,
            person=by_id[id_],
            ticket=ticket.number,
            desk=ticket.desk,
            facts={"whom": whom, "what": letter.event, "reply": reply, "state": how},
        )
        for id_ in told
        if id_ in by_id and id_ != letter.person
    )
    return Decision(changes=(Change(ticket, after, events, (entry,)),), letters=letters, alarm=alarm)


def sent_without(
    letter: Sent,
    left: Sequence[PartRef],
    reply: str,
    file: TicketFile,
    policy: Policy,
    agents: Mapping[str, Person],
    entry_id: int,
    now: datetime,
) -> Decision:
    """A letter that was too large leaves without these files. It shows on its ticket; of an answer to the outside its agents hear as well.

    A notice names to its own reader what it comes without.
    """
    ticket = file.ticket
    names = ", ".join(part.name for part in left)
    entry = a_remark(f"{letter.event} -> {letter.address}: leaves without {names}. {reply}", ticket.number, entry_id, now)
    told: tuple[int, ...] = ()
    if letter.audience.is_outside and policy.wants(WITHOUT_FILES):
        author = next((e.author for e in file.entries if e.id == letter.entry), None)
        told = tuple(dict.fromkeys((*((author,) if author is not None else ()), *responsible(ticket, policy, agents))))
    by_id = {p.id: p for p in agents.values()}
    facts = {"whom": letter.address, "what": letter.event, "left": tuple((part.name, part.size) for part in left)}
    letters = tuple(
        LetterWanted(event=WITHOUT_FILES, audience=Audience.AGENT, person=by_id[id_], ticket=ticket.number, desk=ticket.desk, facts=facts)
        for id_ in told
        if id_ in by_id
    )
    line = TraceLine("send", letter.event, reply, f"leaves without {len(left)} files")
    return Decision(changes=(Change(ticket, ticket, (), (entry,)),), letters=letters, trace=(line,))


def _told(letter: Sent, ticket: Ticket, policy: Policy, agents: Mapping[str, Person]) -> tuple[int, ...]:
    """Who hears that a colleague cannot be reached: the lead, or where that is the one (or nobody), the others of the ticket."""
    lead = policy.lead_of(ticket.group)
    person = agents.get(lead.id) if lead else None
    return (person.id,) if person is not None and person.id != letter.person else responsible(ticket, policy, agents)


def a_remark(
    text: str, ticket: int, id: int, now: datetime, *, at: datetime | None = None, inbox: int | None = None, hidden: bool = False
) -> Entry:
    """An internal entry of the gateway's own."""
    return Entry(
        id=id,
        ticket=ticket,
        visibility=Visibility.INTERNAL,
        author=None,
        author_role=Role.OPERATOR,
        author_name="mailgate",
        text=text,
        html=None,
        quoted="",
        signature="",
        attachments=(),
        inbox=inbox,
        message_id=None,
        recorded_at=now,
        arrived_at=at or now,
        hidden=hidden,
    )


def suppression_for(letter: Sent, report: Report, policy: Policy, now: datetime) -> tuple[Suppression, ...]:
    """An address that does not work gets nothing automatic for a while. The operator's is always tried: nobody else hears the alarms."""
    if not report.hard or report.action != "failed" or letter.audience is Audience.OPERATOR:
        return ()
    # Histories repeat the reason, so it holds no word of a mail.
    reason = report.reason.partition(":")[0].strip()[:80] or "the address does not work"
    return (Suppression(letter.address.lower(), SuppressionKind.BOUNCE, reason, now, now + policy.budgets.suppress_for),)
