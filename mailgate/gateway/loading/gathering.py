"""All that a decision may look at, gathered for one mail: who wrote it, what it says, which ticket it belongs to, and what is known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from mailgate.decide import desks, joining, once
from mailgate.decide.authority import PROVING, proof_in, reaches
from mailgate.decide.entries import files_of
from mailgate.decide.guessing import guesser
from mailgate.decide.known import LONGEST_CHAIN, Known
from mailgate.decide.leaving import leaving
from mailgate.decide.situation import Ids, Situation, Understood
from mailgate.model.commands import Parsed, tickets_named
from mailgate.model.evidence import Evidence, EvidenceKind, Verdict
from mailgate.model.mail import Address, Attachment, Door, Kind, Reading
from mailgate.model.person import Person
from mailgate.model.policy import Desk, Policy
from mailgate.model.rating import Surveyed
from mailgate.model.reason import Reason
from mailgate.model.ticket import Ticket, TicketFile
from mailgate.model.token import Keyring, letter_of, signed_forms
from mailgate.model.understood import LetterFacts, Thread
from mailgate.record.rows import Claim
from mailgate.understand import Texts
from mailgate.understand.answers import is_thanks, parsed, read_rating, self_service, settle, without_preheader
from mailgate.understand.kinds import signs_of_absence
from mailgate.understand.reports import has_null_path
from mailgate.understand.text import bare, written_below

#: So many letters and figures at the beginning of a hidden line tell whose it is.
_TELLING = 20


@dataclass(frozen=True, slots=True)
class Read:
    """A claim with what the reader made of it."""

    claim: Claim
    desk: Desk
    reading: Reading
    evidence: tuple[Evidence, ...]
    verdict: Verdict = Verdict()
    verdict_source: bool = False  #: somebody could have said that a stranger's mail is authentic


def copied_in(one: Read, known: Known, policy: Policy) -> tuple[Address, ...]:
    """Who might join by this mail: only an answer to a letter of ours can let anybody in."""
    answers = any(e.valid and e.letter in known.letters for e in one.evidence)
    return joining.copied_in(one.reading.mail, policy) if answers else ()


def passed_on_by_a_stranger(one: Read, known: Known) -> bool:
    """Whether a mail is passed on by somebody who has no id yet: its author's own is needed for who wrote first."""
    mail = one.reading.mail
    return mail.forwarded is not None and mail.author is not None and mail.author.key not in known.people


def files_to_check(s: Situation) -> tuple[Attachment, ...]:
    """The files of an agent's answer, which would travel to the requester as they are: opened only where that agent is proven."""
    files = files_of(s.mail)
    if not files or s.author is None or not s.author.agent or s.thread.ticket is None:
        return ()
    return files if reaches(proof_in(s)[0], s.prove_by) else ()


def with_files(s: Situation, files: Sequence[Attachment], opened: Texts) -> Situation:
    """The same, with what stands in these files."""
    read = list(zip(files, opened, strict=True))
    return replace(
        s,
        attached=tuple((each.name, text, each.type == "text/html") for each, (text, _) in read if text is not None),
        in_files=tuple((each.name, forms) for each, (_, forms) in read if forms),
    )


def quotes_unmarked(s: Situation) -> bool:
    """Whether the mail quotes what it answers without a sign before each line: then its author may have written among them."""
    if s.file is None or s.reading.kind is not Kind.WRITTEN:
        return False
    return any(row.strip() and not row.lstrip().startswith(">") for row in s.mail.quoted.split("\n"))


def with_what_is_below(s: Situation, letter: str, page: str = "") -> Situation:
    """The same, with what was written into the quote. `letter`, `page`: text and HTML of the letter that is answered, where it is known."""
    if s.file is None:
        return s
    known = [text for e in s.file.entries for text in (e.text, e.quoted, e.signature) if text]
    said = bare(s.letter.preheader)[:_TELLING] if s.letter is not None and s.letter.preheader else ""
    texts = (s.file.ticket.title, *s.file.notices, *known)
    # A program that shows the hidden line of our letter lets people write into it, as into any other.
    hidden = (written_below(each, texts, letter, page, least=1) for each in s.mail.unseen if said and said in bare(each))
    return replace(s, below=(*(one for found in hidden for one in found), *written_below(s.mail.quoted, texts, letter, page)))


def signed_in(s: Situation, ring: Keyring) -> dict[str, str]:
    """What we signed of all that an agent's answer would hand on: each form with its letter. Nobody else's mail is looked at."""
    if s.author is None or not s.author.agent or s.thread.ticket is None:
        return {}
    forms = dict.fromkeys(form for text in leaving(s) for form in signed_forms(text))
    forms |= dict.fromkeys(form for _, found in s.in_files for form in found)
    return {form: letter for form in forms if (letter := letter_of(ring, form)) is not None}


def with_readers(s: Situation, signed: Mapping[str, str], letters: Mapping[str, LetterFacts]) -> Situation:
    """The same, with for whom those letters were made; None where no letter is known, or never was."""
    return replace(s, signed={form: letters[id_].person if id_ in letters else None for form, id_ in signed.items()})


def as_answered(one: Read, known: Known) -> Read:
    """The same, without the line that lists of mails show of the letter that is answered, where a program has put it above the quote."""
    letters = (known.letters.get(e.letter or "") for e in one.evidence if e.valid)
    letter = next((letter for letter in letters if letter is not None), None)
    if letter is None or not letter.preheader:
        return one
    reading = without_preheader(one.reading, letter.preheader)
    return one if reading is one.reading else replace(one, reading=reading)


def _threaded(one: Read, known: Known, policy: Policy) -> tuple[Thread, Ticket | None]:
    """The ticket of a mail at the desk that reads it, and the ticket of another desk that it names and that has it as well."""
    whole = _thread(one, known, policy, one.evidence)
    file = known.files.get(whole.ticket) if whole.ticket is not None else None
    door = one.claim.arrival.door
    if file is None or file.ticket.desk == one.desk.id or door.is_quiet or door is Door.IMAP_SENT or one.reading.kind not in _PERSONS:
        return whole, None
    seen = desks.addressed(one.reading.mail, one.claim.arrival, policy)
    if one.desk.id not in seen:
        return whole, None  # a mailbox for several desks, or forwarded by a server: nobody else sees to it
    kept = [e for e in one.evidence if _home(e, known, one.desk.id) in (None, one.desk.id)]
    link = Evidence(EvidenceKind.KNOWN_ID, "another desk's ticket", desks.beside(file.ticket.number))
    mine = _thread(one, known, policy, (*kept, link))
    if file.ticket.desk not in seen and (mine.ticket is None or _is_an_agents(one, known, policy)):
        # A colleague's answer is carried out where its ticket is, and there nobody else sees to it.
        return whole, None
    rest = tuple(e for e in whole.evidence if _home(e, known, one.desk.id) not in (None, one.desk.id))
    note = Reason.of("other_desks", file.ticket.number)
    return replace(mine, evidence=(*mine.evidence, *rest), notes=(*mine.notes, note)), file.ticket


def ids_beside(reads: Iterable[Read], policy: Policy) -> dict[str, set[str]]:
    """By desk: the Message-IDs of mails that it was sent as well, which are read at another one."""
    found: dict[str, set[str]] = {}
    for one in reads:
        if id_ := one.reading.mail.message_id:
            for other in _beside(one, policy):
                found.setdefault(other, set()).add(id_)
    return found


def _beside(one: Read, policy: Policy) -> frozenset[str]:
    return desks.addressed(one.reading.mail, one.claim.arrival, policy) - {one.desk.id}


def _read_elsewhere(one: Read, known: Known, policy: Policy) -> bool:
    id_ = one.reading.mail.message_id
    if not id_ or (one.desk.id, id_) in known.read_ids:
        return False
    return any((other, id_) in known.read_ids for other in _beside(one, policy))


def _is_an_agents(one: Read, known: Known, policy: Policy) -> bool:
    author = one.reading.mail.author
    person = known.people.get(author.key) if author else None
    return person is not None and person.agent in policy.agents


#: What people write. What became of a letter is told to whoever sent it.
_PERSONS = frozenset({Kind.WRITTEN, Kind.LIST})


def _home(evidence: Evidence, known: Known, here: str) -> str | None:
    """The desk of the ticket that a piece of evidence names; None where it names none that we know."""
    number = evidence.ticket
    if evidence.valid and evidence.letter in known.letters and evidence.letter is not None:
        number = known.letters[evidence.letter].ticket
    elif evidence.kind is EvidenceKind.KNOWN_ID:
        number = known.ids_of(here).get(evidence.value)
    file = known.files.get(number) if number is not None else None
    return file.ticket.desk if file is not None else None


def _also(one: Read, file: TicketFile | None, agent: bool, policy: Policy) -> tuple[str, ...]:
    """The groups of other desks that were written to: an agent's answer is carried out once, at the desk of its ticket, and they hear of
    it; and where only another desk has the mail, its people hear of it as well as those of the ticket."""
    arrival = one.claim.arrival
    if file is None or arrival.door.is_quiet or arrival.door is Door.IMAP_SENT:
        return ()
    home = policy.desks.get(file.ticket.desk, one.desk)
    if home.id == one.desk.id:
        return tuple(each.group for each in desks.others(one.reading.mail, home, policy)) if agent else ()
    seen = desks.addressed(one.reading.mail, arrival, policy)
    handed = arrival.door in (Door.SMTP, Door.LMTP, Door.PIPE) and home.id not in seen
    return (one.desk.group,) if one.desk.id in seen or handed else ()


def follow_up(known: Known, desk: str, number: int | None) -> TicketFile | None:
    """Where a ticket goes on that ended: the last of its follow-ups, as far as they are known."""
    file = None
    for _ in range(LONGEST_CHAIN):
        number = known.ids_of(desk).get(desks.after(number)) if number is not None else None
        if number is None or known.final(number) is None:
            break
        file = known.final(number)
    return file


def _thread(one: Read, known: Known, policy: Policy, evidence: Iterable[Evidence]) -> Thread:
    author = one.reading.mail.author
    key = author.key if author else None
    guesses = known.bad_tokens.get(guesser(key, one.verdict), 0) >= policy.bad_tokens_per_hour and not _holds_a_letter(one, known)
    # A stored mailbox is the operator's word: in it colleagues' answers belong to their threads, too, and nothing commands.
    members: Callable[[int], frozenset[str]] = known.named
    if one.claim.arrival.door.is_quiet and key is not None:
        members = lambda _: frozenset({key})  # noqa: E731
    elif one.claim.arrival.door is Door.IMAP_SENT:
        members = partial(_members, one, known)
    return settle(
        evidence, known.letters, known.ids_of(one.desk.id), members, key, exists=known.files.__contains__, ignore_subject_tokens=guesses
    )


def _holds_a_letter(one: Read, known: Known) -> bool:
    """Whether the mail brings what only the reader of a letter of ours has: its author does not have to guess."""
    author = one.reading.mail.author
    person = known.people.get(author.key) if author else None
    letters = (known.letters.get(e.letter or "") for e in one.evidence if e.valid and e.purpose in PROVING)
    return person is not None and any(letter is not None and letter.person == person.id for letter in letters)


def _members(one: Read, known: Known, number: int) -> frozenset[str]:
    """Who takes part in a ticket, for a mail of a sent folder: its author is a colleague, where it went to somebody who does."""
    inside = known.members(number)
    mail = one.reading.mail
    reached = any(address.key in inside for address in (*mail.to, *mail.cc))
    return inside | {author.key for author in mail.authors} if reached else inside


def situation(one: Read, known: Known, policy: Policy, agents: Mapping[str, Person], ids: Ids, now: datetime) -> Situation:
    """All that a decision may look at, gathered for one mail."""
    one = as_answered(one, known)
    mail = one.reading.mail
    thread, elsewhere = _threaded(one, known, policy)
    letter = known.letter(thread.letter, now)
    person = known.people.get(mail.author.key) if mail.author else None
    asked = letter is not None and letter.closure is not None
    last_answer, dead_letters = known.since_answers.get(letter.address.lower() if letter is not None else "", (None, frozenset()))
    answers = thread.ticket is not None
    file = known.final(thread.ticket)
    is_agent = person is not None and person.agent in policy.agents
    heard, above = one.reading.heard, one.reading.above
    return Situation(
        inbox=one.claim.id,
        # What waited for its author's word is said now.
        arrival=replace(one.claim.arrival, raw=b"", arrived_at=now if one.claim.confirmed else one.claim.arrival.arrived_at),
        desk=one.desk,
        reading=one.reading,
        understood=Understood(
            # Only an agent's commands and an answer's wishes ever count.
            commands=parsed(heard, mail.new_text) if person is not None and person.agent else Parsed((), mail.new_text, "default", ()),
            rating=read_rating(mail, thread.evidence, asked) if answers else None,
            thanks=answers and is_thanks(mail.new_text, bool(mail.attachments)),
            word=self_service(mail.new_text) if answers else None,
            above=parsed(above, mail.forwarded.above) if above and mail.forwarded and person is not None and person.agent else None,
            absence=signs_of_absence(mail.subject, mail.new_text, file.ticket.title) if file is not None else frozenset(),
        ),
        thread=thread,
        letter=letter,
        author=person,
        file=file,
        agents=agents,
        policy=policy,
        ids=ids,
        now=now,
        ratings=known.ratings.get(file.ticket.number, ()) if file is not None else (),
        surveyed=known.surveyed.get(file.ticket.requester, Surveyed()) if file is not None else Surveyed(),
        pressed=known.pressed.get(person.id, 0) if person is not None else 0,
        same_message_id=bool(mail.message_id) and (one.desk.id, mail.message_id) in known.read_ids,
        read_elsewhere=_read_elsewhere(one, known, policy),
        original=known.people.get(mail.forwarded.author.key) if mail.forwarded else None,
        taken_ids=frozenset(known.ids_of(one.desk.id)),
        suppressed=known.suppressed,
        reached_otherwise=known.reached_otherwise,
        newcomers=joining.as_people(copied_in(one, known, policy), known.people, ids.people),
        others={n: found for n in tickets_named(one.reading.commands) if (found := known.final(n))} if is_agent else {},
        elsewhere=elsewhere,
        also=_also(one, file, is_agent, policy),
        follow_up=follow_up(known, one.desk.id, file.ticket.number) if file is not None else None,
        verdict=one.verdict,
        verdict_source=one.verdict_source,
        null_path=has_null_path(mail, one.claim.arrival.reverse_path),
        last_answer=last_answer,
        dead_letters=dead_letters,
        once=frozenset(key for key in once.keys_of(mail, one.verdict) if key in known.once),
        confirmed=one.claim.confirmed,
        asked=known.asked.get(person.id, (0, 0)) if person is not None else (0, 0),
        away=person is not None and person.id in known.away,
    )
