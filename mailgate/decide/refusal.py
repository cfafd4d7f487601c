"""A letter was refused, or nobody knows whether it arrived: it shows on the ticket, and the agents hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailgate.decide.announce import responsible
from mailgate.decide.lifecycle import apply
from mailgate.decide.rules import rules_for
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.delivery import OutboxState
from mailgate.model.events import Event, LetterRefused
from mailgate.model.letter import Audience, Letter, LetterWanted
from mailgate.model.person import Person, Role
from mailgate.model.policy import Policy
from mailgate.model.ticket import Entry, TicketFile, Visibility

#: Nobody needs to hear that one of these did not arrive.
UNMISSED = frozenset({"rating_given", "sla_warned", "reminder_due"})


def on_settled(
    letter: Letter,
    state: OutboxState,
    reply: str,
    file: TicketFile,
    policy: Policy,
    agents: Mapping[str, Person],
    entry_id: int,
    now: datetime,
) -> Decision | None:
    """What follows from the end of a letter's journey; None when nothing does (it was sent, or waits for another try)."""
    if state not in (OutboxState.REFUSED, OutboxState.UNKNOWN) or (state is OutboxState.UNKNOWN and letter.event in UNMISSED):
        return None
    ticket = file.ticket
    person = file.person(letter.person)
    whom = person.address if person else letter.address
    entry = Entry(
        id=entry_id,
        ticket=ticket.number,
        visibility=Visibility.INTERNAL,
        author=None,
        author_role=Role.OPERATOR,
        author_name="mailgate",
        text=f"{letter.event} -> {whom}: {state.value}. {reply}",
        html=None,
        quoted="",
        signature="",
        attachments=(),
        inbox=None,
        message_id=None,
        recorded_at=now,
        arrived_at=now,
    )
    events: tuple[Event, ...] = ()
    after = ticket
    if state is OutboxState.REFUSED and letter.audience is Audience.REQUESTER:
        # Only a letter that reached no address of the requester turns clocks back; a lost notice to an agent does not.
        # A solution that was given up since, and replaced by another, does not take the new one back.
        solution = letter.event == "ticket_resolved" and letter.closure == ticket.closure
        event = LetterRefused(at=now, entry=entry.id, letter=letter.id, carried_solution=solution)
        after = apply(ticket, event, rules_for(policy, ticket.desk), now).ticket
        events = (event,)
    by_id = {p.id: p for p in agents.values()}
    letters = tuple(
        LetterWanted(
            event="letter_refused",
            audience=Audience.AGENT,
            person=by_id[id_],
            ticket=ticket.number,
            desk=ticket.desk,
            facts={"whom": whom, "what": letter.event, "reply": reply, "state": state.value},
        )
        for id_ in responsible(after, policy, agents)
        if id_ in by_id and id_ != letter.person and policy.wants("letter_refused")
    )
    if letter.event == "letter_refused":
        letters = ()  # the notice about a refused letter was refused itself: it ends here
    return Decision(
        changes=(Change(ticket, after, events, (entry,)),),
        letters=letters,
        trace=(TraceLine("send", letter.event, reply, state.value),),
    )
