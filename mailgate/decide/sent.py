"""A colleague answered from the shared mailbox itself: the requester has the mail already, the ticket gets to know it.

What lies in a desk's own sent folder was put there by somebody who can log in to the mailbox: that is proof enough that a colleague
wrote it, under whichever address. Commands are not looked for: the mail has left, and nobody could take it back."""

from mailgate.decide import announce
from mailgate.decide.entries import an_entry, goes_outside
from mailgate.decide.opening import own_ids
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AgentReplied, NoteAdded
from mailgate.model.evidence import Proof
from mailgate.model.letters import AnswerNotice, NoteNotice
from mailgate.model.mail import Kind
from mailgate.model.person import Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility

PROOF = Proof(domain=True, because=Reason("proof.sent_folder"))


def wrote(s: Situation) -> Decision:
    """An entry on the ticket that it answers; without a ticket, nothing: colleagues write about other things as well."""
    if s.reading.kind is not Kind.WRITTEN:
        return _nothing(Reason.of("no_colleague", s.reading.kind.value))
    if s.same_message_id:
        return _nothing(Reason("came_otherwise"))
    if s.author_key is not None and not s.policy.is_own(s.author_key) and any(s.policy.is_own(a.key) for a in (*s.mail.to, *s.mail.cc)):
        # An answer to a notice, say, written with the mailbox's mail program: it is carried out when it arrives.
        return _nothing(Reason("comes_by_itself"))
    if s.file is None:
        return _nothing(Reason("answers_none"))
    ticket = s.file.ticket
    author = s.author if s.by_agent else None
    to_the_requester = goes_outside(s)
    visibility = Visibility.PUBLIC if to_the_requester else Visibility.INTERNAL
    entry = an_entry(s, visibility, ticket.number, author=author, role=Role.AGENT)
    kind = AgentReplied if to_the_requester else NoteAdded
    event = kind(at=s.arrived_at, actor=author.id if author else None, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    if step.error is not None:
        return _nothing(Reason.of("takes_no_answer", ticket.number, step.error))
    notice = AnswerNotice() if to_the_requester else NoteNotice()
    hear = announce.hearers(s, step.ticket) if to_the_requester else announce.hearers_of_a_note(s, step.ticket)
    letters = announce.to_agents(s, notice, step.ticket, entry, people=hear, without=author.id if author else None)
    letters += announce.to_group(s, ticket, step.ticket, (event,), author, letters)
    return Decision(
        changes=(Change(ticket, step.ticket, (event,), (entry,)),),
        letters=letters,
        message_ids=own_ids(s),
        proof=PROOF,
        trace=(TraceLine("decide", "sent folder", PROOF.because, Reason.of("sent_entry", visibility.value)),),
    )


def _nothing(because: Reason) -> Decision:
    return Decision(trace=(TraceLine("decide", "sent folder", because, Reason("kept")),))
