"""An agent's mail: commands at its top, all or none of them, and words for the requester or for colleagues only.

Whatever is wrong, nothing is applied and nothing is sent; the text comes back with the faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mailgate.decide import absence, announce, authority, confirming, leaving, once, returned, surveys
from mailgate.decide.commands.acts import ACTS, ANSWERS
from mailgate.decide.commands.course import Course, MailRefused, fault
from mailgate.decide.commands.fields import follow_the_matrix
from mailgate.decide.entries import an_entry, answered, files_of
from mailgate.decide.opening import own_ids
from mailgate.decide.situation import Situation
from mailgate.decide.transitions import Facts
from mailgate.model.commands import VERBS, Command, Fault, Order, Parsed, excludes, said
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import (
    AgentReplied,
    CommandsRefused,
    Event,
    LetterSuppressed,
    NoteAdded,
    OfferDeclined,
    TicketAssigned,
    WatcherAdded,
    name_of,
)
from mailgate.model.evidence import Proof
from mailgate.model.letter import LetterKind, LetterWanted
from mailgate.model.letters import Answer, AnswerNotice, Assignment, Closing, NoteNotice, Receipt, Solution
from mailgate.model.person import Capability
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Entry, Status, Visibility

Unverified = Callable[[Situation, Because, int | None], Decision]

#: The letter of a command that ends a ticket: the solution with its words, in the place of an answer.
CLOSERS: Mapping[str, type[Solution | Closing]] = {"resolve": Solution, "close": Closing}
#: Faults of one mail that are told, and how much of a line is.
MOST_FAULTS, LONGEST_LINE = returned.MOST_FAULTS, 200


# --- may they, and what do they say? ---------------------------------------------------------------------------------------


def on_agent_mail(s: Situation, proof: Proof, unverified: Unverified) -> Decision:
    """What follows from the mail of somebody who is an agent by the policy, proven or not."""
    assert s.author is not None
    if isinstance(answer := confirming.answered(s, proof), Decision):
        return answer
    if answer is not None:
        return refuse(s, (answer,))
    parsed = _with_address_words(s)
    grant = _granted(s, proof, parsed)
    if once.was_obeyed(s):
        if once.says_nothing_new(s, parsed.body):
            return once.kept(s)
        if grant.allowed:
            return refuse(s, (Fault("E_ONCE", None, "", ""),))
    why = authority.why_ask(s) if not grant.allowed else confirming.why_ask(s, parsed)
    if (question := confirming.ask(s, parsed, why)) is not None:
        return question
    if grant.allowed and why:
        grant = authority.Grant(False, Reason("lacks.asked_too_often"))
    if not grant.allowed:
        if proof.failed or (not parsed.commands and not parsed.errors):
            return unverified(s, grant.because, None)
        # The agent learns at the address on file that nothing was carried out: a From: alone never commands.
        answers, suppressed = _sent_back(s, (Fault("E_PERM", None, "", grant.because),))
        decision = unverified(s, grant.because, s.author.id if answers else None)
        return _also(decision, answers, suppressed)
    try:
        return replace(carry_out(s, parsed), once=once.marks(s))
    except MailRefused as refused:
        return refuse(s, refused.faults)


def without_a_ticket(s: Situation) -> Decision | None:
    """Commands of an agent's mail that belongs to no ticket: help is given, what is about themselves is done, anything else comes back.
    None: an ordinary mail."""
    parsed = s.understood.commands
    if not s.by_agent or s.verdict.failed or not s.reading.answer or not (parsed.commands or parsed.errors):
        return None
    if not parsed.errors and not parsed.body.strip() and all(VERBS[c.verb].asks for c in parsed.commands):
        answers = tuple(letter for kind in _asked(s, parsed) for letter in _answer(s, kind)[0])
        return Decision(letters=answers, trace=(TraceLine("decide", "help", Reason("no_ticket_of_agents"), Reason("answered")),))
    if not parsed.errors and not parsed.body.strip() and all(VERBS[c.verb].personal for c in parsed.commands):
        try:
            return absence.without_a_ticket(s, parsed.commands)
        except MailRefused as refused:
            return come_back(s, refused.faults)
    return come_back(s, parsed.errors or (Fault("E_NOTICKET", parsed.commands[0].line, said(parsed.commands[0]), ""),))


def come_back(s: Situation, faults: tuple[Fault, ...]) -> Decision | None:
    """A mail that belongs to no ticket and cannot be carried out: its text goes back to the agent who wrote it. None where no machine may
    answer: there is no ticket on which the words could be found."""
    answers, _ = _sent_back(s, faults)
    if not answers:
        return None
    codes = tuple(dict.fromkeys(f.code for f in faults))
    return Decision(letters=answers, trace=(TraceLine("decide", "commands", _coded(codes), Reason("not_applied_no_ticket")),))


def _granted(s: Situation, proof: Proof, parsed: Parsed) -> authority.Grant:
    """Whether its author may do all that the mail says: whoever lacks one thing is refused all of it."""
    needed = dict.fromkeys((Capability.COMMAND, *(VERBS[c.verb].capability for c in parsed.commands)))
    grants = [authority.may(each, s.role, proof, s.prove_by, s.names_the_ticket) for each in needed]
    return next((grant for grant in grants if not grant.allowed), grants[0])


def _with_address_words(s: Situation) -> Parsed:
    """Action addresses (`support+<letter>.take.<mac>@`) say a command beside those in the text; together they must make sense."""
    parsed = s.understood.commands
    commands, errors = list(parsed.commands), list(parsed.errors)
    for index, word in enumerate(s.address_words):
        command = Command(word, (), -index)
        if any(word == c.verb for c in commands):
            continue
        if word not in VERBS:
            errors.append(fault("E_UNAVAILABLE", command))
        elif other := next((c for c in commands if excludes(word, c.verb)), None):
            errors.append(fault("E_CONFLICT", command, f"#{other.verb}"))
        else:
            commands.append(command)
    visibility = "note" if any(c.verb == "note" for c in commands) else parsed.visibility
    return Parsed(tuple(commands), parsed.body, visibility, tuple(errors))


# --- nothing ---------------------------------------------------------------------------------------------------------------


def refuse(s: Situation, faults: tuple[Fault, ...], text: str | None = None) -> Decision:
    """Nothing is applied, nothing is sent to the requester; the text comes back. `text`: more of the mail than its new words."""
    assert s.file is not None and s.author is not None
    ticket = s.file.ticket
    event = CommandsRefused(at=s.now, actor=s.author.id, mail=s.inbox, codes=tuple(dict.fromkeys(f.code for f in faults)))
    answers, suppressed = _sent_back(s, faults, text)
    # Where no machine may answer, the words stay on the ticket, so that somebody finds them.
    kept = () if answers else (an_entry(s, Visibility.INTERNAL, ticket.number, author=s.author, role=s.role, text=text),)
    return Decision(
        changes=(Change(ticket, ticket, (event, *suppressed), kept),),
        letters=answers,
        trace=(TraceLine("decide", "commands", _coded(event.codes), Reason("not_applied")),),
    )


def _coded(codes: tuple[str, ...]) -> Reason:
    return Reason("codes", tuple(map(Reason, codes)))


def _sent_back(s: Situation, faults: tuple[Fault, ...], text: str | None = None) -> announce.Letters:
    """The refusal with the whole text, or why there is none."""
    letters, suppressed = _answer(s, returned.letter(s, faults, text))
    return tuple(returned.speaking_for_its_notice(s, letter, faults) for letter in letters), suppressed


def _asked(s: Situation, parsed: Parsed) -> list[LetterKind]:
    """The answers that its commands ask for: of each word one."""
    words = dict.fromkeys(c.verb for c in parsed.commands if VERBS[c.verb].asks)
    return [ANSWERS[word](s, [c for c in parsed.commands if c.verb == word]) for word in words]


def _answer(s: Situation, kind: LetterKind) -> announce.Letters:
    """An answer to the agent at the address on file, or why there is none. Agents' machines are not answered either."""
    assert s.author is not None
    reason = None if s.reading.answer else announce.why_no_answer(s)
    if reason is None and isinstance(kind, Receipt) and not s.policy.wants(kind.event):
        reason = Reason("switched_off")
    if reason is not None:
        return (), (LetterSuppressed(at=s.now, letter_event=kind.event, person=s.author.id, reason=reason),)
    return (announce.answer_agent(s, kind, s.author, s.ticket),), ()


def _also(decision: Decision, letters: tuple[LetterWanted, ...], events: tuple[Event, ...]) -> Decision:
    *others, last = decision.changes
    return replace(decision, changes=(*others, replace(last, events=(*last.events, *events))), letters=(*decision.letters, *letters))


# --- all of it ---------------------------------------------------------------------------------------------------------------


def carry_out(s: Situation, parsed: Parsed) -> Decision:
    """What a proven agent's words and commands do to the ticket of a situation. Raises MailRefused where any of it cannot be."""
    assert s.file is not None and s.author is not None
    if parsed.errors:
        raise MailRefused(*parsed.errors)
    parsed = _with_why(parsed)
    ticket, author, text = s.file.ticket, s.author, parsed.body.strip()
    verbs = {c.verb: c for c in parsed.commands}
    leaving.refuse_encrypted(s)
    leaving.refuse_what_is_below(s)
    words = bool(text or files_of(s.mail))
    if not words and all(VERBS[word].order is Order.READERS for word in verbs):
        raise MailRefused(Fault("E_EMPTY", None, "", ""))
    public = words and _is_public(s, parsed)
    if public:
        leaving.refuse_what_is_not_for_outside(s, parsed.visibility)
        _refuse_residue(s, text)
    text = _with_questions(s, text, public)
    visibility = Visibility.PUBLIC if public else Visibility.INTERNAL
    entry = an_entry(s, visibility, ticket.number, author=author, role=s.role, text=text) if words else None
    course = Course(s, author, ticket, Facts(public_text=public, closure_text=bool(text) and public), frozenset(verbs))
    acts = sorted((c for c in parsed.commands if c.verb in ACTS), key=lambda c: VERBS[c.verb].order)
    for command in (c for c in acts if VERBS[c.verb].order < Order.WORDS):
        ACTS[command.verb](course, command)
    follow_the_matrix(course)
    leaves = _outbound(course, verbs, public)
    course.letter = leaves.id if leaves else None
    if entry is not None:
        _say(course, entry, verbs)
    for command in (c for c in acts if VERBS[c.verb].order > Order.WORDS):
        ACTS[command.verb](course, command)
    letters, suppressed = _letters(course, entry, parsed, leaves)
    own = Change(ticket, course.ticket, (*course.events, *suppressed), (entry,) if entry else (), tuple(course.admitted))
    return Decision(
        changes=(*course.elsewhere.values(), own),
        letters=letters,
        cancels=tuple(course.cancels),
        commands=tuple((c.line, c.verb) for c in parsed.commands),
        absences=tuple(course.absences),
        back=tuple(course.back),
        message_ids=own_ids(s),
        trace=(
            TraceLine("decide", "agent", _in_words(parsed, entry), "; ".join(name_of(e) for e in course.events) or Reason("nothing")),
            *course.traces,
        ),
    )


def _with_why(parsed: Parsed) -> Parsed:
    """Why somebody passes a ticket on is for the colleagues, and so is whatever they write with it."""
    passed = next((c for c in parsed.commands if c.verb == "decline"), None)
    if passed is None:
        return parsed
    body = "\n\n".join(filter(None, (" ".join(passed.args), parsed.body.strip())))
    return replace(parsed, body=body, visibility="note" if parsed.visibility == "default" else parsed.visibility)


def _in_words(parsed: Parsed, entry: Entry | None) -> Reason:
    commands = " ".join(said(c) for c in parsed.commands) or Reason("no_commands")
    return Reason.of("agent_said", entry.visibility.value if entry else Reason("no_words"), commands)


def _say(course: Course, entry: Entry, verbs: Mapping[str, Command]) -> None:
    s, author = course.s, course.author
    if entry.visibility is not Visibility.PUBLIC:
        return course.happen(NoteAdded(at=s.arrived_at, actor=author.id, entry=entry.id, mail=s.inbox))
    course.happen(AgentReplied(at=s.arrived_at, actor=author.id, entry=entry.id, mail=s.inbox, letter=course.letter))
    if author.id != course.ticket.owner and author.id not in course.ticket.watchers() and "unwatch" not in verbs:
        # Whoever answers on a colleague's ticket hears how it goes on.
        course.happen(WatcherAdded(at=s.now, actor=author.id, mail=s.inbox, person=author.id))


def _is_public(s: Situation, parsed: Parsed) -> bool:
    """What the agent said decides, else whom a mail without such a word is for."""
    if parsed.visibility in ("note", "reply"):
        return parsed.visibility == "reply"
    return returned.without_a_word(s) is Visibility.PUBLIC


def _refuse_residue(s: Situation, text: str) -> None:
    html = s.mail.new_html if text == s.mail.new_text.strip() else None
    _refuse_attached(s)
    found = leaving.residue_in(s, text, html)
    if found:
        below = _lines_above(s.mail.new_text, text)
        lines = ((r.line_no + below if r.line_no else None, r) for r in found[:MOST_FAULTS])
        raise MailRefused(*(Fault("E_QUOTE", number, r.line[:LONGEST_LINE], r.why) for number, r in lines))


def _with_questions(s: Situation, text: str, public: bool) -> str:
    """Answers between the lines with what they answer; without it where it would not pass as words of the agent."""
    said = answered(s, text)
    return text if public and said != text and leaving.residue_in(s, said, None) else said


#: What holds a whole mail, and so perhaps a notice with its tokens: by type, or by the ending of its name.
MAIL_TYPES = (
    "message/",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "application/ms-tnef",
    "application/vnd.ms-tnef",
    "application/vnd.ms-outlook",
    "application/mbox",
)
MAIL_ENDINGS = (".eml", ".msg", ".mht", ".mhtml", ".mbox", ".p7m", "winmail.dat")


def _refuse_attached(s: Situation) -> None:
    """Attachments travel as well: no mail is passed on as a file, and no text file that holds a line of a notice."""
    for attachment in files_of(s.mail):
        if attachment.type.startswith(MAIL_TYPES) or attachment.name.lower().endswith(MAIL_ENDINGS):
            raise MailRefused(Fault("E_QUOTE", None, attachment.name[:LONGEST_LINE], Reason("hint.attached_mail")))
    for name, words, is_html in s.attached:
        found = leaving.residue_in(s, "" if is_html else words, words if is_html else None)
        if found:
            raise MailRefused(Fault("E_QUOTE", None, name[:LONGEST_LINE], Reason.of("hint.attachment", found[0].why)))


def _lines_above(whole: str, text: str) -> int:
    """How many lines of commands stand above the text: faults are counted in the mail as it was written."""
    return max(0, len(whole.rstrip().splitlines()) - len(text.splitlines()))


# --- the letters ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outbound:
    """What leaves for the requester's side: settled before the words are said, for what happens then names the letter (a refusal of it
    sets the clocks right again)."""

    kind: Answer | Solution | Closing
    id: str | None  #: None: the requester gets none
    words: bool  #: it carries the agent's
    is_solution: bool
    asks: bool = False  #: how good it was


def _outbound(course: Course, verbs: Mapping[str, Command], public: bool) -> Outbound | None:
    """An answer, or the solution with its words, never both; None when nothing leaves."""
    s, status = course.s, course.ticket.status
    for verb, closer in CLOSERS.items():
        # A resolved ticket that is closed is news only where words go with it.
        if verb in verbs and (status.is_live or (public and verb == "close" and status is Status.RESOLVED)):
            id_ = s.ids.letter if public or s.policy.wants(closer.event) else None
            return Outbound(closer(), id_, public, is_solution=True, asks=status.is_live)
    if not public:
        return None
    return Outbound(Answer(), None if returned.has_it_directly(s) else s.ids.letter, True, is_solution=False)


def _letters(course: Course, entry: Entry | None, parsed: Parsed, leaves: Outbound | None) -> announce.Letters:
    s = course.s
    outside, suppressed = _outside(course, entry, leaves) if leaves else ((), ())
    told = _inside(course, entry)
    letters = (*outside, *told)
    answers = _asked(s, parsed)
    is_note = entry is not None and entry.visibility is not Visibility.PUBLIC
    if (any(not VERBS[c.verb].asks for c in parsed.commands) or is_note) and not outside and (entry is None or is_note):
        receipt = Receipt(
            told=tuple(course.told),
            noted=entry is not None,
            commands=tuple(said(c) for c in parsed.commands),
            heard=tuple(letter.person.name or letter.person.address for letter in told if isinstance(letter.kind, NoteNotice)),
            direct=returned.outsiders_who_have_it(s),
        )
        answers.append(receipt)
    for answer in answers:
        more, none = _answer(s, answer)
        letters, suppressed = (*letters, *more), (*suppressed, *none)
    return letters, suppressed


def _outside(course: Course, entry: Entry | None, leaves: Outbound) -> announce.Letters:
    s, ticket = course.s, course.ticket
    assert s.file is not None
    wanted = s.policy.wants(leaves.kind.event)
    asking = surveys.with_solution(s, ticket) if leaves.asks else surveys.Asking()
    for planned in asking.planned:
        course.happen(planned)
    course.traces += asking.trace
    if not wanted and not leaves.words:
        reason = Reason("switched_off")
        return (), (LetterSuppressed(at=s.now, letter_event=leaves.kind.event, person=ticket.requester, reason=reason),)
    kind = leaves.kind if isinstance(leaves.kind, Answer) else type(leaves.kind)(code=ticket.resolution_code or "")
    letters = announce.to_outsiders(
        s,
        kind,
        ticket,
        # Solved by a code alone, or with a note for colleagues: that it is solved is told, the note is not.
        entry if leaves.words else None,
        letter=leaves.id or "",
        # A person's words are never switched off, and whoever reads them reads what became of their request: with the closing letter only
        # the question how good it was is switched off.
        closure=asking.closure if wanted else None,
        # A solution is always sent: the mail that went there directly says neither that it is one nor how to disagree.
        also_at=frozenset() if leaves.is_solution else returned.directly(s),
    )
    return letters, asking.left_out


def _inside(course: Course, entry: Entry | None) -> tuple[LetterWanted, ...]:
    s, ticket, author = course.s, course.ticket, course.author
    assert s.file is not None
    letters: tuple[LetterWanted, ...] = ()
    given = tuple(e.to for e in course.events if isinstance(e, TicketAssigned) and e.to is not None and e.to != author.id)
    new = announce.newcomers(s, s.file.ticket, ticket, author.id)
    # Whoever is asked next reads why the one before passed it on.
    if entry is not None and not any(isinstance(e, OfferDeclined) for e in course.events):
        is_note = entry.visibility is not Visibility.PUBLIC
        hear = announce.hearers_of_a_note(s, ticket) if is_note else announce.hearers(s, ticket)
        notice = NoteNotice(direct=returned.outsiders_who_have_it(s)) if is_note else AnswerNotice()
        # Who is given the ticket gets its whole story, this entry with it.
        told = (id_ for id_ in hear if id_ not in (*given, *new))
        letters += announce.to_agents(s, notice, ticket, entry, people=told, without=author.id)
    letters += announce.to_agents(s, Assignment(by=author.name), ticket, None, people=given, without=author.id)
    if new:
        letters += announce.to_agents(s, Assignment(by=author.name, group=s.group_name(ticket.group)), ticket, None, people=new)
    return letters + announce.to_group(s, s.file.ticket, ticket, course.events, author, letters)
