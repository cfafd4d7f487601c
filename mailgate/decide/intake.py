"""A mail has been read: what has happened, and who must hear of it?

Each kind of mail has one row in `KINDS`, each role of an author one in `AUTHORS`. A decision says everything that follows,
and changes nothing by itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from mailgate.decide import (
    absence,
    announce,
    authority,
    away,
    desks,
    forwarding,
    joining,
    orders,
    outsiders,
    reports,
    returned,
    searching,
    sent,
    stray,
    suppression,
)
from mailgate.decide.archive import archived
from mailgate.decide.entries import an_entry
from mailgate.decide.guessing import bad_token_of
from mailgate.decide.opening import open_ticket
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AutoReplyReceived, UnverifiedWrote
from mailgate.model.letter import LetterKind
from mailgate.model.letters import AnswerNotice, NoteNotice, RequesterNotice, UnverifiedNotice
from mailgate.model.mail import Door, Kind
from mailgate.model.person import Capability, Person, Role
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Entry, Status, Ticket, Visibility

#: Why a stranger's words are held, as agents read it.
NOBODY = Reason("nobody_here")
#: What becomes of a mail that changes nothing.
KEPT = Reason("kept")

#: A proof that is no older is not written down anew with each mail.
PROOF_IS_FRESH = timedelta(days=1)


def on_mail(s: Situation) -> Decision:
    """Everything that follows from one mail that was read (RFC 3834 decides beforehand whether a machine may answer it)."""
    trace: tuple[TraceLine, ...] = (
        TraceLine("understand", "classify", s.reading.kind_because, s.reading.kind.value),
        TraceLine("understand", "thread", _signs(s), _ticket(s.ticket) if s.ticket else Reason("no_ticket")),
        TraceLine("decide", "answer", s.reading.answer_because, Reason("may_answer" if s.reading.answer else "may_not_answer")),
    )
    if s.verdict_source or s.verdict.by is not None:
        trace = (*trace, TraceLine("understand", "authenticate", _heard(s), s.verdict.verdict.value))
    if s.arrival.door.is_quiet:
        decision = archived(s)
        return replace(decision, evidence=s.thread.evidence, trace=(*trace, *decision.trace))
    if _wrote_to_itself(s):
        decision = Decision(trace=(TraceLine("decide", "check", Reason("check_came_back"), KEPT),))
    elif s.blocked and not _proves_an_agent(s):
        decision = Decision(set_aside=s.blocked, quiet=True)
    elif s.arrival.door is Door.IMAP_SENT:
        decision = sent.wrote(s)
    else:
        decision = KINDS[s.reading.kind](s)
    decision = searching.all_followed(s, decision)
    return replace(
        decision,
        people=(*decision.people, *_now_known(s, decision.people)),
        answered=suppression.answered(s),
        lift=suppression.lifted(s),
        evidence=s.thread.evidence,
        bad_token=bad_token_of(s),
        trace=(*trace, *decision.trace),
    )


def _signs(s: Situation) -> Reason:
    found = (Reason.of("sign" if e.valid else "sign_bad", e.kind.value, e.where) for e in s.thread.evidence)
    signs = (*found, *s.thread.notes)
    return Reason("signs", signs) if signs else Reason("no_signs")


def _ticket(ticket: Ticket) -> Reason:
    return Reason.of("ticket", ticket.number)


def _heard(s: Situation) -> Reason:
    return Reason.of("verdict", s.verdict.by, s.verdict.because) if s.verdict.by is not None else Reason("no_verdict")


def _now_known(s: Situation, decided: tuple[Person, ...]) -> tuple[Person, ...]:
    """The author, when this mail is the first that proves them, or the first for a while, or is in another language than the last.
    `decided`: as whom the decision knows people now."""
    author = next((one for one in reversed(decided) if s.author is not None and one.id == s.author.id), s.author)
    if author is None or s.by_agent or announce.now_proven(s) is None:
        return ()
    known = author if author.is_proven(s.now, PROOF_IS_FRESH) else replace(author, proven=True, proven_at=s.now)
    if s.mail.language_sure and s.mail.language != known.language:
        known = replace(known, language=s.mail.language)
    return (known,) if known is not author else ()


def _proves_an_agent(s: Situation) -> bool:
    """Whoever misuses an agent's name is shut out by a block on it; the agent is not."""
    return s.by_agent and authority.proof_in(s)[0].is_one


def _wrote_to_itself(s: Situation) -> bool:
    """A letter of `mailgate check --roundtrip`, or a report about one: known by its signed id, whatever a relay made of the rest."""
    answers = s.reading.kind is Kind.WRITTEN and bool(s.mail.in_reply_to)  # a person who found such a letter and asks what it is
    return not answers and any(e.valid and e.purpose == "check" for e in s.thread.evidence)


def _loop(s: Situation) -> Decision:
    """A letter of our own came back: it is kept, and nothing follows."""
    return Decision(trace=(TraceLine("decide", "loop", s.reading.kind_because, KEPT),))


def _unreadable(s: Situation) -> Decision:
    return Decision(set_aside=s.reading.kind_because)


def _report(s: Situation) -> Decision:
    """What names a letter of ours says what became of it; the rest is a machine's mail like any other."""
    decision = None if s.by_agent else reports.on_report(s)
    return _machine(s) if decision is None else decision


def _machine(s: Situation) -> Decision:
    """Auto-replies and reports: hidden on their ticket; without a ticket they are set aside, never made into one."""
    if s.by_agent and s.reading.kind is Kind.AUTO_REPLY:
        return absence.suspected(s)
    if s.by_agent:
        return Decision(trace=(TraceLine("decide", "machine", Reason("agents_machine"), Reason("kept_no_content")),))
    ticket = s.ticket
    if ticket is None:
        reason = Reason.of("stray_report", Reason(f"a.{s.reading.kind.value}"), s.reading.kind_because)
        # Strangers are away every day: nobody is asked to look at it.
        return Decision(set_aside=reason, quiet=s.reading.kind is Kind.AUTO_REPLY)
    entry = an_entry(s, Visibility.INTERNAL, ticket.number, author=s.author, role=s.role, hidden=True)
    event = AutoReplyReceived(at=s.arrived_at, actor=s.author.id if s.author else None, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    line = TraceLine("decide", "machine", "", Reason("hidden_entry"))
    return Decision(changes=(Change(ticket, step.ticket, (event,), (entry,)),), trace=(line,))


def _written(s: Situation) -> Decision:
    author = s.author_key
    if author is None:
        # Two authors, or none: such a mail identifies nobody, so it can neither open a ticket nor answer one.
        return Decision(set_aside=Reason("no_author"))
    if s.policy.is_own(author) and s.same_message_id:
        # A colleague's answer from the mailbox itself, with a copy to it: the sent folder had it before.
        return Decision(trace=(TraceLine("decide", "own desk", Reason("known_id"), KEPT),))
    if s.policy.is_own(author):
        return Decision(set_aside=Reason("own_desk"))
    if s.elsewhere is not None and s.by_agent:
        # Whatever they say there is carried out there, and the people of this desk hear of it from there.
        line = TraceLine("decide", "desks", _ticket(s.elsewhere), Reason("other_desk_acts"))
        return Decision(trace=(line,))
    author_id = (s.author.id,) if s.author is not None else ()
    if s.file is not None and (entry := desks.came_before(s.mail, author_id, s.file, s.desk.id)) is not None:
        return _heard_elsewhere(s, s.file.ticket, entry)
    if s.ticket is None:
        return forwarding.passed_on(s) or orders.without_a_ticket(s) or open_ticket(s)
    if s.ticket.status is Status.REJECTED and not s.role.is_agent:
        return Decision(set_aside=Reason.of("rejected", s.ticket.number))
    if (away_now := away.kept_inside(s)) is not None:
        return away_now
    return AUTHORS[s.role](s)


def _heard_elsewhere(s: Situation, ticket: Ticket, entry: Entry) -> Decision:
    """The same mail was read at another desk, and stands on the ticket: only who has not heard of it there hears of it now."""
    before = set(announce.responsible(s, ticket))
    told = (id_ for id_ in announce.hearers(s, ticket) if id_ not in before)
    kinds: dict[Visibility, LetterKind] = {Visibility.UNVERIFIED: UnverifiedNotice(because=NOBODY), Visibility.INTERNAL: NoteNotice()}
    kind = kinds.get(entry.visibility, AnswerNotice() if entry.author_role.is_agent else RequesterNotice())
    author = s.author.id if s.author else None
    return Decision(
        changes=(Change(ticket, ticket),),
        letters=announce.to_agents(s, kind, ticket, entry, people=told, without=author),
        trace=(TraceLine("decide", "desks", Reason("other_desk_read"), Reason("stands_there")),),
    )


def unverified(s: Situation, because: Because, without: int | None = None) -> Decision:
    """Kept for the agents only: no Cc is added, no history is sent, nothing reaches the requester until it is admitted.
    An agent in whose name it was written hears of it as well: a claim is no proof, and if it was they, their words have not left.
    `without`: who hears of it by another letter."""
    assert s.file is not None
    ticket = s.file.ticket
    author, new = s.writer()
    entry = an_entry(s, Visibility.UNVERIFIED, ticket.number, author=author, role=Role.STRANGER)
    event = UnverifiedWrote(at=s.arrived_at, actor=author.id, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    told = (*announce.hearers(s, step.ticket), author.id)
    # What is written in the name of an agent is not let in: they can answer a notice.
    may_admit = author.id not in {p.id for p in s.agents.values()}
    notice = UnverifiedNotice(because=because, may_admit=may_admit, direct=returned.outsiders_who_have_it(s))
    letters = announce.to_agents(s, notice, step.ticket, entry, people=told, without=without)
    return Decision(
        changes=(Change(ticket, step.ticket, (event,), (entry,)),),
        letters=letters,
        people=new,
        trace=(TraceLine("decide", "unverified", because, Reason("unverified_entry")),),
    )


def _stranger(s: Situation) -> Decision:
    # Also with a valid token: then somebody forwarded a letter, and whoever has seen it must not command with it.
    proof, spent = authority.proof_in(s)
    if joining.let_in_by_copy(s, proof):
        return replace(outsiders.comes_in(s, proof, *s.writer()), proof=proof, spent=spent)
    because = Reason("was_in_copy") if joining.was_copied_in(s) else NOBODY
    return replace(unverified(s, because), proof=proof, spent=spent)


def _outsider(s: Situation) -> Decision:
    # A participant's token that others have seen still lets its holder write.
    proof, spent = authority.proof_in(s) if s.role is Role.REQUESTER else authority.entry_proof_in(s)
    grant = authority.may(Capability.PUBLIC_ENTRY, s.role, proof, s.prove_by, s.names_the_ticket)
    return replace(outsiders.wrote(s, proof) if grant.allowed else unverified(s, grant.because), proof=proof, spent=spent)


def _agent(s: Situation) -> Decision:
    proof, spent = authority.proof_in(s)
    proven = authority.may(Capability.COMMAND, s.role, proof, s.prove_by, s.names_the_ticket).allowed
    decision = (stray.of_an_agent(s) if proven else None) or orders.on_agent_mail(s, proof, unverified)
    return replace(decision, proof=proof, spent=tuple(dict.fromkeys((*decision.spent, *spent))))


#: What each kind of mail does. A new kind is one function and one line here.
KINDS: Mapping[Kind, Callable[[Situation], Decision]] = {
    Kind.WRITTEN: _written,
    Kind.LIST: _written,
    Kind.AUTO_REPLY: _machine,
    Kind.BOUNCE: _report,
    Kind.DELIVERY_NOTICE: _report,
    Kind.COMPLAINT: _report,
    Kind.LOOP: _loop,
    Kind.UNREADABLE: _unreadable,
}

#: What the author of an answer is to the ticket.
AUTHORS: Mapping[Role, Callable[[Situation], Decision]] = {
    Role.REQUESTER: _outsider,
    Role.PARTICIPANT: _outsider,
    Role.AGENT: _agent,
    Role.LEAD: _agent,
    Role.OPERATOR: _agent,
    Role.STRANGER: _stranger,
}
