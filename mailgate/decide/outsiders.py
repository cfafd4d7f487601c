"""The requester or a participant answered: an entry, the clocks, and the agents who must hear of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from mailgate.decide import announce, authority, feedback, joining, once, priority, surveys
from mailgate.decide.entries import an_entry
from mailgate.decide.opening import open_ticket, own_ids
from mailgate.decide.situation import Situation
from mailgate.decide.transitions import Effect
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import (
    Event,
    LetterSuppressed,
    ParticipantJoined,
    RequesterClosed,
    RequesterReopened,
    RequesterThanked,
    RequesterWrote,
    SurveysDeclined,
)
from mailgate.model.evidence import Proof
from mailgate.model.letter import LetterKind, LetterWanted
from mailgate.model.letters import Closing, RatingThanks, RequesterHelp, RequesterNotice, Solution, StatusAnswer, SurveysStopped
from mailgate.model.person import Capability, Person, Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Ticket, Visibility


def wrote(s: Situation, proof: Proof) -> Decision:
    """What an answer of the requester's side does: a wish that is one word, a rating, thanks, or simply a message."""
    assert s.file is not None
    ticket = s.file.ticket
    is_requester = s.role is Role.REQUESTER
    if once.was_obeyed(s) and once.says_nothing_new(s, s.mail.new_text):
        return once.kept(s)
    if s.understood.rating is not None and not once.was_obeyed(s):
        decision = _rated(s, proof)
        return replace(decision, once=once.marks(s)) if decision.changes[0].events else decision
    wish = _wish_of(s) if is_requester and not once.was_obeyed(s) else None
    if wish is not None:
        capability, act = WISHES[_kind_of(wish)]
        if authority.may(capability, s.role, proof, s.prove_by, s.names_the_ticket).allowed:
            return replace(act(s), once=once.marks(s))
        # A command that falls short is an ordinary entry.
    if s.understood.thanks and not s.below and ticket.status in (Status.RESOLVED, Status.CLOSED):
        return _message(s, proof, RequesterThanked)
    return _message(s, proof, RequesterWrote)


def _wish_of(s: Situation) -> str | None:
    """One of `WISHES`, said by the whole new text, or by the link of a letter. Never guessed from prose."""
    said = s.understood.word
    if said is not None and _kind_of(said) in WISHES and not s.below:
        return said
    for word in s.address_words:
        # Whoever adds words to "close" still means it; what is added to a question is a message of its own.
        if word in ("close", "reopen") or (word in WISHES and not s.mail.new_text.strip() and not s.below):
            return word
    return None


def _kind_of(wish: str) -> str:
    """`language` of `language fr`."""
    return _LANGUAGE if wish.startswith(f"{_LANGUAGE} ") else wish


def _message(s: Situation, proof: Proof, kind: type[Event]) -> Decision:
    assert s.file is not None and s.author is not None
    ticket = s.file.ticket
    entry = an_entry(s, Visibility.PUBLIC, ticket.number, author=s.author, role=s.role)
    event = kind(at=s.arrived_at, actor=s.author.id, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    if Effect.CREATE_FOLLOWUP in step.effects:
        return _goes_on(s, proof, ticket)
    after, joined, people = joining.join(s, step.ticket, proof)
    letters: tuple[LetterWanted, ...] = ()
    if kind is not RequesterThanked:
        notice = RequesterNotice(reopened=Effect.REOPEN in step.effects, joined=tuple(p.address for p in people))
        letters = announce.to_agents(s, notice, after, entry, without=s.author.id)
    return Decision(
        changes=(Change(ticket, after, (event, *joined), (entry,)),),
        letters=letters,
        people=people,
        message_ids=own_ids(s),
        trace=(TraceLine("decide", "answer of the requester's side", after.status.value, Reason.of("entry", "public")),),
    )


def _goes_on(s: Situation, proof: Proof, ended: Ticket) -> Decision:
    """After the time for opening it again: on the ticket that follows it, or where there is none yet, on a new one."""
    if s.follow_up is None or s.author is None:
        return open_ticket(s, follows=ended)
    there = replace(s, file=s.follow_up, follow_up=None)
    # Who took part in the one takes part in the other.
    decision = _message(there, proof, RequesterWrote) if there.role is Role.REQUESTER else comes_in(there, proof, s.author, ())
    line = TraceLine("decide", "follow-up", Reason.of("ended_long_ago", ended.number), Reason.of("goes_on", s.follow_up.ticket.number))
    return decision.with_trace(line)


def comes_in(s: Situation, proof: Proof, author: Person, new: tuple[Person, ...]) -> Decision:
    """Somebody takes part from now on, and says something at once. `new`: the author, where nobody knew them."""
    assert s.file is not None
    ticket = s.file.ticket
    if any(member.person == author.id for member in ticket.members):
        return _message(s, proof, RequesterWrote)
    joined = ParticipantJoined(at=s.arrived_at, actor=author.id, mail=s.inbox, person=author.id)
    inside = s.step(ticket, joined).ticket
    file = replace(s.file, ticket=inside, people=(*s.file.people, *new))
    decision = _message(replace(s, author=author, file=file), proof, RequesterWrote)
    *others, last = decision.changes
    if last.before is inside:  # else the ticket ended too long ago, and they have one of their own
        last = replace(last, before=ticket, events=(joined, *last.events))
    return replace(decision, changes=(*others, last), people=(*decision.people, *new))


def _kept(s: Situation, kind: LetterKind) -> Decision:
    """Answered by letter to the address on file; the mail itself stays as a hidden entry."""
    assert s.file is not None
    ticket = s.file.ticket
    entry = an_entry(s, Visibility.INTERNAL, ticket.number, author=s.author, role=s.role, hidden=True)
    letters, suppressed = announce.answer_requester(s, kind, ticket, s.file.person(ticket.requester))
    then = suppressed[0].reason if suppressed else Reason("answered_on_file")
    return Decision(
        changes=(Change(ticket, ticket, suppressed, (entry,)),),
        letters=letters,
        trace=(TraceLine("decide", kind.event, s.understood.word or "", then),),
    )


def _speaks(s: Situation) -> Decision:
    """From now on their letters are in the language that they ask for: the first of them says how the ticket stands. Of a language that
    we do not write, it says which there are."""
    assert s.author is not None
    language = (s.understood.word or "").removeprefix(_LANGUAGE).strip()
    if language not in s.policy.languages:
        return _kept(s, StatusAnswer(no_letters_in=language, languages=tuple(sorted(s.policy.languages))))
    person = replace(s.author, chosen_language=language)
    decision = _kept(s, StatusAnswer())
    letters = tuple(replace(letter, person=person) if letter.person.id == person.id else letter for letter in decision.letters)
    return replace(decision, letters=letters, people=(person,))


def _wish(s: Situation, kind: type[Event]) -> Decision:
    assert s.file is not None and s.author is not None
    ticket = s.file.ticket
    entry = an_entry(s, Visibility.PUBLIC, ticket.number, author=s.author, role=s.role)
    event = kind(at=s.arrived_at, actor=s.author.id, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    if Effect.CREATE_FOLLOWUP in step.effects:
        return _goes_on(s, authority.proof_in(s)[0], ticket)
    if Effect.MAIL_STATUS in step.effects:
        return _kept(s, StatusAnswer())
    letters: tuple[LetterWanted, ...] = ()
    suppressed: tuple[LetterSuppressed, ...] = ()
    asking = surveys.Asking()
    for effect, letter in ((Effect.MAIL_RESOLVED, Solution), (Effect.MAIL_CLOSED_CONFIRMED, Closing)):
        if effect in step.effects:
            # A solution asks for a rating; the closing that follows it does not ask again.
            if effect is Effect.MAIL_RESOLVED:
                asking = surveys.with_solution(s, step.ticket, by_requester=True)
            requester = s.file.person(ticket.requester)
            kind_of_it = letter(by_requester=True)
            letters, suppressed = announce.answer_requester(s, kind_of_it, step.ticket, requester, closure=asking.closure)
    after = step.ticket
    for planned in asking.planned:
        after = s.step(after, planned).ticket
    notice = RequesterNotice(reopened=Effect.REOPEN in step.effects)
    letters += announce.to_agents(s, notice, after, entry, without=s.author.id)
    line = TraceLine("decide", "wish of the requester", s.understood.word or Reason("by_link"), after.status.value)
    return Decision(
        changes=(Change(ticket, after, (event, *asking.planned, *asking.left_out, *suppressed), (entry,)),),
        letters=letters,
        message_ids=own_ids(s),
        trace=(line, *asking.trace),
    )


def _no_surveys(s: Situation) -> Decision:
    """Kept among the agents, and answered by what it means; the ticket goes on as it was."""
    assert s.author is not None
    decision = _kept(s, SurveysStopped())
    (change,) = decision.changes
    declined = SurveysDeclined(at=s.arrived_at, actor=s.author.id, entry=change.entries[0].id, mail=s.inbox)
    return replace(decision, changes=(replace(change, events=(declined, *change.events)),), no_surveys=(s.author.id,))


def _urgent(s: Situation) -> Decision:
    """A message like any other, and what the word comes to; the answer says what the request is now."""
    assert s.file is not None
    decision = _message(s, authority.proof_in(s)[0], RequesterWrote)
    *others, last = decision.changes
    if last.before is not s.file.ticket:
        return decision  # it ended too long ago, and they have one of their own
    told = priority.pressed(s, last.after)
    after = last.after
    for event in told:
        after = s.step(after, event).ticket
    letters, suppressed = announce.answer_requester(s, StatusAnswer(), after, s.file.person(after.requester))
    change = replace(last, after=after, events=(*last.events, *told, *suppressed))
    return replace(decision, changes=(*others, change), letters=(*decision.letters, *letters))


_LANGUAGE = "language"
WISHES: Mapping[str, tuple[Capability, Callable[[Situation], Decision]]] = {
    _LANGUAGE: (Capability.STATUS, _speaks),
    "status": (Capability.STATUS, partial(_kept, kind=StatusAnswer())),
    "help": (Capability.STATUS, partial(_kept, kind=RequesterHelp())),
    "close": (Capability.CLOSE, partial(_wish, kind=RequesterClosed)),
    "reopen": (Capability.CLOSE, partial(_wish, kind=RequesterReopened)),
    "urgent": (Capability.CLOSE, _urgent),
    "no surveys": (Capability.RATE, _no_surveys),
}


def _rated(s: Situation, proof: Proof) -> Decision:
    """A rating never changes what the ticket is. What does not count is told for the words that stand beside it."""
    assert s.file is not None and s.author is not None and s.understood.rating is not None
    ticket, rating = s.file.ticket, s.understood.rating
    entry = an_entry(s, Visibility.INTERNAL, ticket.number, author=s.author, role=s.role, hidden=True)
    letter = s.letter if s.letter is not None and (s.letter.ticket, s.letter.person) == (ticket.number, s.author.id) else None
    result = feedback.Feedback(None, because=Reason("rating.not_asked"))
    if letter is not None:
        by_address = any(e.valid and e.letter == letter.id and e.purpose == "rate" for e in s.thread.evidence)
        given = feedback.Given(
            rating.score, rating.comment, letter.closure, s.author, s.role, proof, s.arrived_at, entry.id, s.inbox, letter.id, by_address
        )
        result = feedback.count_rating(s, given)
    after = ticket
    for event in result.events:
        after = s.step(after, event).ticket
    counts = result.counted is not None
    letters = result.letters
    if rating.comment and result.late is None:
        told = {letter.person.id for letter in letters}
        whose = s.author.name or s.author.address
        letters += feedback.with_comment(s, ticket, rating.score, rating.comment, told, whose=whose, counts=counts)
    thanks: tuple[LetterWanted, ...] = ()
    suppressed: tuple[LetterSuppressed, ...] = ()
    if counts or result.late is not None:
        unsolved = rating.unsolved and rating.score <= feedback.MIDDLING
        kind = RatingThanks(score=rating.score, late=result.late, unsolved=unsolved, follow_up_due_at=result.follow_up_due_at)
        thanks, suppressed = announce.answer_requester(s, kind, ticket, s.file.person(ticket.requester))
    return Decision(
        changes=(Change(ticket, after, (*result.events, *suppressed), (entry,)),),
        letters=(*letters, *thanks),
        ratings=(result.counted,) if result.counted else (),
        trace=(TraceLine("decide", "rating", rating.because, result.because),),
    )
