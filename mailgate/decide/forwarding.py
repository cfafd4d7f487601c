"""Somebody passes a mail on: the ticket is for who wrote it first, and the forwarder hears how it goes on.

Only a forwarder who is proven can do that. What anybody else passes on is an ordinary mail of their own, and says so on its ticket."""

from dataclasses import replace

from mailgate.decide import announce, authority, once, orders
from mailgate.decide.commands.course import MailRefused
from mailgate.decide.entries import an_entry
from mailgate.decide.joining import can_be_written_to
from mailgate.decide.opening import a_blank, a_notice, how_sorted, its_beginning, open_ticket, own_ids, when_back
from mailgate.decide.refusal import a_remark
from mailgate.decide.routing import asked_first
from mailgate.decide.situation import Situation
from mailgate.model.commands import Fault, Parsed
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import Event, LetterSuppressed, NoteAdded, ParticipantJoined, WatcherAdded
from mailgate.model.evidence import Proof
from mailgate.model.letters import Acknowledgement, NoteNotice
from mailgate.model.mail import Forwarded, Kind
from mailgate.model.person import Person, Role
from mailgate.model.policy import Forwards
from mailgate.model.reason import Reason
from mailgate.model.sender import is_noreply
from mailgate.model.ticket import Entry, Ticket, TicketFile, Visibility


def passed_on(s: Situation) -> Decision | None:
    """What a mail does that passes on another one and belongs to no ticket; None where that makes no difference."""
    original = s.mail.forwarded
    role = _forwarder(s)
    if original is None or role is None or s.reading.kind is not Kind.WRITTEN:
        return None
    proof, spent = authority.proof_in(s)
    why_not = _why_not(s, original, role, proof)
    if why_not:
        return replace(_kept_by_forwarder(s, original, why_not), proof=proof, spent=spent)
    try:
        decision = _opened(s, original, role)
    except MailRefused as refused:
        decision = orders.come_back(s, refused.faults) or _kept_by_forwarder(s, original, Reason("forwarder.unanswered"))
    return replace(decision, proof=proof, spent=spent)


def opened_apart(s: Situation) -> Decision | None:
    """The ticket of who wrote first, for a forward of a proven agent that came to another ticket's address. `s` knows no ticket.
    None where that mail tells of nobody who could be given one, or the desk wants no forwards."""
    original = s.mail.forwarded
    if original is None or s.reading.kind is not Kind.WRITTEN or _forwarder(s) is not Role.AGENT or _unfit(s, original.author.key):
        return None
    try:
        return _opened(s, original, Role.AGENT)
    except MailRefused as refused:
        return orders.come_back(s, refused.faults)


def _forwarder(s: Situation) -> Role | None:
    """As whom the author passes a mail on, by the desk's policy; None for everybody whose forwards are mails like any other."""
    if s.desk.forwards is Forwards.NEVER:
        return None
    if s.by_agent:
        return Role.AGENT
    domain = (s.author_key or "").rpartition("@")[2]
    return Role.PARTICIPANT if s.desk.forwards is Forwards.COLLEAGUES and domain in s.desk.colleagues else None


def _why_not(s: Situation, original: Forwarded, role: Role, proof: Proof) -> Reason | None:
    """Why the ticket is not for who wrote first, None when it is."""
    key = original.author.key
    if role is Role.AGENT and not authority.reaches(proof, s.desk.agents_prove_by):
        return Reason.of(f"forwarder_asks.{s.desk.agents_prove_by.value}", proof.because)
    if role is Role.PARTICIPANT and (proof.failed or not proof.domain):
        return Reason("forwarder.no_domain")
    if role is Role.PARTICIPANT and s.author is None and not s.ids.people:
        return Reason("forwarder.nobody")
    return _unfit(s, key)


def _unfit(s: Situation, key: str) -> Reason | None:
    """Why nobody under this address can be given a ticket, None when they can."""
    if s.policy.is_own(key):
        return Reason("forwarder.desk")
    if key == s.author_key or (s.author is not None and key in s.author.keys):
        return Reason("forwarder.himself")
    if not can_be_written_to(key):
        return Reason("forwarder.unanswerable")
    return None


def _kept_by_forwarder(s: Situation, original: Forwarded, because: Reason) -> Decision:
    """An ordinary mail of the forwarder; the agents read on its ticket why it is not the author's."""
    decision = orders.without_a_ticket(s) or open_ticket(s)
    line = TraceLine("decide", "forward", because, Reason("stays_forwarders"))
    if not decision.changes:
        return decision.with_trace(line)
    *others, last = decision.changes
    words = f"Forwarded: {original.author.name or original.author.address} wrote first, but this ticket is the forwarder's: {because}."
    remark = a_remark(words, last.after.number, s.ids.entries[1], s.now, at=s.arrived_at)
    return replace(decision, changes=(*others, replace(last, entries=(*last.entries, remark)))).with_trace(line)


def _second(s: Situation) -> Situation:
    """The same with the id of the second entry in the place of the first."""
    return replace(s, ids=replace(s.ids, entries=s.ids.entries[1:]))


def _opened(s: Situation, original: Forwarded, role: Role) -> Decision:
    """Raises MailRefused where what the forwarder wants cannot be done: then nothing is opened."""
    if role is Role.AGENT and once.was_obeyed(s) and not _is_for_this_desk_as_well(s):
        return once.kept(s)
    requester = s.original or Person(id=s.ids.person, name=original.author.name, address=original.author.address)
    forwarder = s.author or Person(id=s.ids.people[-1], name=s.mail.authors[0].name, address=s.mail.authors[0].address)
    blank = a_blank(s, requester, asked_first(s, original), original.language or requester.language)
    entry = _his_entry(s, original, requester, blank.number)
    joins: type[WatcherAdded | ParticipantJoined] = WatcherAdded if role is Role.AGENT else ParticipantJoined
    joined = joins(at=s.arrived_at, actor=forwarder.id, mail=s.inbox, person=forwarder.id)
    events: tuple[Event, ...] = (its_beginning(s, blank, entry, forwarder), joined)
    ticket = blank
    for event in events:
        ticket = s.step(ticket, event).ticket
    outside, suppressed = _acknowledgement(s, original, ticket, requester)
    told = None if announce.hearers_of_a_new_one(s, ticket) else ()
    inside = announce.to_agents(s, a_notice(s, ticket), ticket, entry, people=told)
    people = tuple(p for p, known in ((requester, s.original), (forwarder, s.author)) if known is None)
    opened = Decision(
        changes=(Change(None, ticket, (*events, *suppressed), (entry,)),),
        letters=(*outside, *inside),
        people=people,
        message_ids=_ids(s, original),
        trace=(
            TraceLine(
                "decide", "forward", Reason.of("forwarded", original.form, role.value), Reason.of("opened_for_author", ticket.number)
            ),
            how_sorted(blank),
        ),
    )
    file = TicketFile(ticket, (requester, forwarder), (entry,))
    said = _ordered(s, file, original) if role is Role.AGENT else _remarked(s, file, original, forwarder)
    done = opened if said is None else _together(opened, said)
    return replace(done, once=tuple(key for key in once.marks(s) if key not in s.once)) if role is Role.AGENT else done


def _is_for_this_desk_as_well(s: Situation) -> bool:
    """Whether another desk opened its ticket of a mail that names this one as well: like a requester's, it opens one at each."""
    return s.read_elsewhere and any(s.policy.desk_at(a.address) == s.desk for a in (*s.mail.to, *s.mail.cc))


def _his_entry(s: Situation, original: Forwarded, requester: Person, number: int) -> Entry:
    """The first words of the ticket: those of the original, as far as the forward holds them."""
    entry = an_entry(s, Visibility.PUBLIC, number, author=requester, role=Role.REQUESTER, text=original.text)
    return replace(
        entry,
        author_name=original.author.name or requester.name,
        html=None,
        quoted=original.quoted,
        signature="",
        attachments=original.attachments,
        message_id=original.message_id,
        flags=(*(f for f in entry.flags if f != "inline_answers" and not f.startswith("proof:")), "forwarded", "proof:forwarded"),
        reverse=original.author.address,
        copied=(),
    )


def _acknowledgement(s: Situation, original: Forwarded, ticket: Ticket, requester: Person) -> announce.Letters:
    """To who wrote first, as if they had written to us; it answers their mail, and none that they never saw."""
    if is_noreply(requester.address):
        reason = Reason("nobody_reads")
        return (), (LetterSuppressed(at=s.now, letter_event=Acknowledgement.event, person=requester.id, reason=reason),)
    letters, suppressed = announce.answer_requester(s, Acknowledgement(back_at=when_back(s, ticket)), ticket, requester)
    theirs = original.message_id
    return tuple(replace(letter, answers=theirs, thread=(theirs,) if theirs else ()) for letter in letters), suppressed


def _ids(s: Situation, original: Forwarded) -> tuple[str, ...]:
    """Answers to the original lead to its ticket as well, unless they lead elsewhere already."""
    theirs = original.message_id
    return (*own_ids(s), *((theirs,) if theirs and theirs not in s.taken_ids and theirs not in own_ids(s) else ()))


def _ordered(s: Situation, file: TicketFile, original: Forwarded) -> Decision | None:
    """An agent's commands, and their words as a note: nothing that they write above a forward ever leaves."""
    parsed = s.understood.above or Parsed((), original.above, "default", ())
    if any(c.verb == "reply" for c in parsed.commands) or parsed.visibility == "reply":
        raise MailRefused(Fault("E_CONFLICT", None, "#reply", Reason("hint.above_forward")))
    if not parsed.errors and not parsed.body.strip() and all(c.verb == "note" for c in parsed.commands):
        return None
    mail = replace(
        s.mail, new_text=original.above, new_html=None, quoted="", signature="", inline_answers=False, between=(), attachments=()
    )
    mine = replace(_second(s), file=file, reading=replace(s.reading, mail=mail), attached=())
    return orders.carry_out(mine, replace(parsed, visibility="note"))


def _remarked(s: Situation, file: TicketFile, original: Forwarded, forwarder: Person) -> Decision | None:
    """A colleague's words: for the agents only."""
    if not original.above.strip():
        return None
    ticket = file.ticket
    entry = an_entry(_second(s), Visibility.INTERNAL, ticket.number, author=forwarder, role=Role.PARTICIPANT, text=original.above)
    entry = replace(entry, html=None, quoted="", signature="", attachments=())
    event = NoteAdded(at=s.arrived_at, actor=forwarder.id, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    letters = announce.to_agents(s, NoteNotice(), step.ticket, entry)
    return Decision(changes=(Change(ticket, step.ticket, (event,), (entry,)),), letters=letters)


def _together(opened: Decision, said: Decision) -> Decision:
    """The opening and what was said with it, as one change of one ticket."""
    (first,), (*others, second) = opened.changes, said.changes
    change = Change(None, second.after, (*first.events, *second.events), (*first.entries, *second.entries))
    return replace(
        opened,
        changes=(*others, change),
        letters=(*opened.letters, *said.letters),
        cancels=said.cancels,
        commands=said.commands,
        trace=(*opened.trace, *said.trace),
    )
