"""Mails as the decision finds them, with real tokens and real threading. A builder says only what the test is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from mailgate.decide import joining
from mailgate.decide.intake import on_mail
from mailgate.decide.known import Known
from mailgate.decide.situation import Ids, Situation
from mailgate.gateway.loading.gathering import (
    Read,
    copied_in,
    passed_on_by_a_stranger,
    quotes_unmarked,
    signed_in,
    situation,
    with_readers,
    with_what_is_below,
)
from mailgate.model import token
from mailgate.model.decision import Decision
from mailgate.model.events import AgentReplied, AutoClosed, Event, HoldStarted, TicketRejected, TicketResolved, WaitStarted, name_of
from mailgate.model.evidence import Verdict
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.mail import Address, Arrival, Attachment, Door, Kind, Mail, Reading
from mailgate.model.person import Person, Role
from mailgate.model.policy import Policy
from mailgate.model.reason import Because
from mailgate.model.ticket import Entry, HoldReason, Member, Status, Ticket, TicketFile, Visibility
from mailgate.model.token import Keyring
from mailgate.model.understood import LetterFacts
from mailgate.record.rows import Claim
from mailgate.understand import forms_in
from mailgate.understand.answers.commands import heard_from, heard_in
from mailgate.understand.answers.thread import find_evidence
from mailgate.understand.answers.weight import marks_of, marks_of_original
from tests.decide.life import ANN, BOB, CIM, MAX, PEOPLE, Life, a_policy, a_scene, when

__all__ = ["ANN", "BOB", "CIM", "MAX", "PEOPLE", "Life", "a_policy", "a_scene", "when"]

RING = Keyring((b"a key of no meaning, 32 bytes long",))
SUPPORT = "support@example.org"
NOON = when("mon 12:00")
NO_VERDICT = Verdict()
NUMBER = 1042
PIA = 2  #: takes part
KNOWN = {**PEOPLE, PIA: Person(PIA, "Pia Post", "pia@example.net")}
ANN_AT, BOB_AT, CIM_AT, MAX_AT, PIA_AT, EVE_AT = (
    "ann@example.org", "bob@example.org", "cim@example.org", "max@example.net", "pia@example.net", "eve@elsewhere.example",
)  # fmt: skip

#: Nobody to the ticket, until somebody admits her.
EVE = 5
EVES = {EVE: Person(EVE, "Eve", EVE_AT)}

_letters = count(1)
_mails = count(1)


# --- what is there -----------------------------------------------------------------------------------------------------


def a_life(status: Status = Status.OPEN, *, policy: Policy | None = None) -> Ticket:
    """A ticket of Max, opened on Monday at 9. Bob answered at 10, and made of it what it is now."""
    life = Life(policy=policy)
    if status is Status.NEW:
        return life.ticket
    if status is Status.REJECTED:
        return life.at("mon 9:30", TicketRejected, actor=BOB).ticket
    life.at("mon 10:00", AgentReplied, actor=BOB)
    if status is Status.PENDING_USER:
        life.at("mon 10:00", WaitStarted, actor=BOB)
    if status is Status.ON_HOLD:
        life.at("mon 10:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    if status in (Status.RESOLVED, Status.CLOSED):
        life.at("mon 11:00", TicketResolved, actor=BOB)
    if status is Status.CLOSED:
        life.at("mon 11:30", AutoClosed)
    return life.ticket


def an_entry(id: int, text: str, visibility: Visibility = Visibility.PUBLIC, *, author: int | None = MAX, **more: Any) -> Entry:
    given: dict[str, Any] = {
        "author_role": Role.REQUESTER, "author_name": "", "html": None, "quoted": "", "signature": "", "attachments": (), "inbox": None,
        "message_id": f"<entry-{id}@example.net>", "recorded_at": when("mon 9:00"), "arrived_at": when("mon 9:00"),
    }  # fmt: skip
    return Entry(id=id, ticket=NUMBER, visibility=visibility, author=author, text=text, **{**given, **more})


def waiting(id: int, author: int = EVE) -> Entry:
    """What a stranger wrote, before an agent looked at it."""
    return an_entry(id, f"I have it too ({id}).", Visibility.UNVERIFIED, author=author, author_name="Eve", author_role=Role.STRANGER)


def a_file(
    status: Status = Status.OPEN,
    *,
    entries: Sequence[Entry] = (),
    notices: Sequence[str] = (),
    participants: Sequence[int] = (),
    watchers: Sequence[int] = (),
    people: Mapping[int, Person] | None = None,
    policy: Policy | None = None,
    **ticket: Any,
) -> TicketFile:
    members = (*(Member(p, Role.PARTICIPANT) for p in participants), *(Member(p, Role.AGENT) for p in watchers))
    made = replace(a_life(status, policy=policy), title="VPN drops", members=members, version=3, **ticket)
    waiting = (e.author for e in entries if e.visibility is Visibility.UNVERIFIED)
    inside = {made.requester, made.owner, *(m.person for m in made.members), *waiting}
    known = {**KNOWN, **(people or {})}
    first = an_entry(1, "The VPN drops every ten minutes.")
    return TicketFile(made, tuple(p for id_, p in known.items() if id_ in inside), (first, *entries), tuple(notices))


def a_letter(to: int = MAX, event: str = "agent_replied", **more: Any) -> LetterFacts:
    """A letter of ours on the ticket. Letters to agents are notices whose answers are public unless said otherwise."""
    inside = to in (ANN, BOB, CIM)
    id_ = f"{next(_letters):08d}"
    given: dict[str, Any] = {
        "ticket": NUMBER,
        "address": KNOWN[to].address if to in KNOWN else "",
        "audience": Audience.AGENT if inside else Audience.REQUESTER if to == MAX else Audience.PARTICIPANT,
        "closure": None,
        "entry": None,
        "answer_is": Visibility.PUBLIC if inside else Visibility.INTERNAL,
        "made_at": when("mon 10:00"),
        "spent_at": None,
        "message_id": token.message_id(RING, more.get("ticket", NUMBER) or 1, id_, "example.org"),
    }
    return LetterFacts(id=id_, person=to, event=event, **{**given, **more})


def a_notice(to: int = ANN, event: str = "requester_wrote", **more: Any) -> LetterFacts:
    return a_letter(to, event, **more)


def action(letter: LetterFacts, word: str) -> str:
    return f"support+{token.action_detail(RING, letter.id, word)}@example.org"


def rate(letter: LetterFacts, score: int) -> str:
    return f"support+{token.rating_detail(RING, letter.id, score)}@example.org"


def reply(letter: LetterFacts) -> str:
    return f"support+{token.reply_detail(RING, letter.id)}@example.org"


# --- the mail ------------------------------------------------------------------------------------------------------------


def addresses(*all_: str) -> tuple[Address, ...]:
    return tuple(Address("", one) for one in all_)


def a_mail(
    author: str | tuple[str, ...] = MAX_AT, text: str = "It drops again.", *, answers: LetterFacts | None = None, **more: Any
) -> Mail:
    """A mail to the desk, or the answer to a letter. `to` and `cc` are bare addresses."""
    to = more.pop("to", (reply(answers),) if answers else (SUPPORT,))
    cc = more.pop("cc", ())
    authors = author if isinstance(author, tuple) else (author,)
    given: dict[str, Any] = {
        "message_id": f"<mail-{next(_mails)}@example.net>", "date": None, "subject": "VPN drops",
        "authors": addresses(*authors), "sender": (),
        "reply_to": (), "to": addresses(*to), "cc": addresses(*cc), "delivered_to": (),
        "in_reply_to": (answers.message_id,) if answers else (), "references": (), "headers": (("from", "x"),),
        "content_type": "text/plain", "report_type": "", "text": text, "html": None, "new_text": text, "quoted": "", "signature": "",
        "inline_answers": False, "new_html": None, "attachments": (), "language": "en", "defects": (),
    }  # fmt: skip
    return Mail(**{**given, **more})


def an_attachment(name: str = "trace.txt") -> Attachment:
    return Attachment(name, "text/plain", 12, "a" * 64, False, "", "2")


def a_situation(
    mail: Mail,
    *,
    file: TicketFile | None = None,
    letters: Iterable[LetterFacts] = (),
    kind: Kind = Kind.WRITTEN,
    answer: bool = True,
    answer_because: Because = "nothing forbids it",
    policy: Policy | None = None,
    known: Mapping[int, Person] | None = None,
    message_ids: Mapping[str, int] | None = None,
    same_message_id: bool = False,
    arrived_at: datetime = NOON,
    now: datetime | None = None,
    received_at: datetime | None = None,
    agents: Mapping[str, Person] | None = None,
    verdict: Verdict = NO_VERDICT,
    verdict_source: bool = False,
    in_files: Mapping[str, bytes] | None = None,
    letter_text: str = "",
    suppressed: Mapping[str, str] | None = None,
    reached_otherwise: frozenset[str] = frozenset(),
    null_path: bool | None = None,
    once: frozenset[str] = frozenset(),
    confirmed: bool = False,
    asked: tuple[int, int] = (0, 0),
    pressed: int = 0,
    last_answer: datetime | None = None,
    dead_letters: frozenset[str] = frozenset(),
    read_elsewhere: bool = False,
    door: Door = Door.SMTP,
) -> Situation:
    """What the gateway gathers for one mail. `known`: all people of the record; `message_ids`: which ids lead to which ticket."""
    policy = policy or a_policy()
    desk = policy.desks["it"]
    everybody = KNOWN if known is None else known
    by_key = {key: person for person in everybody.values() for key in person.keys}
    author = by_key.get(mail.author.key) if mail.author else None
    rows = {letter.id: letter for letter in letters}
    record = Known(
        people=by_key,
        letters=rows,
        files={file.ticket.number: file} if file else {},
        message_ids={desk.id: {"<entry-1@example.net>": NUMBER} if message_ids is None and file else dict(message_ids or {})},
        read_ids={(desk.id, mail.message_id)} if same_message_id and mail.message_id else set(),
        once=set(once),
        asked={author.id: asked} if author else {},
        pressed={author.id: pressed} if author else {},
        suppressed=suppressed or {},
        reached_otherwise=reached_otherwise,
        since_answers={letter.address.lower(): (last_answer, dead_letters) for letter in rows.values()},
    )
    path = "" if (kind.is_report if null_path is None else null_path) else None
    came = Arrival(b"", path, (SUPPORT,), door, "192.0.2.7", received_at or arrived_at, arrived_at)
    above = heard_in(mail.forwarded.above) if mail.forwarded else None
    reading = Reading(
        mail,
        kind,
        "written: nothing says otherwise",
        answer,
        answer_because,
        heard_from(mail),
        above,
        marks_of(mail),
        marks_of_original(mail.forwarded),
    )
    to_us = tuple(a.address for a in mail.to if policy.is_own(a.address))
    evidence = find_evidence(mail, to_us, RING, policy, desk, is_report=kind.is_report)
    claim = Claim(77, desk.id, came, 1, "lease", confirmed)
    one = Read(claim, desk, reading, evidence, verdict, verdict_source or verdict != NO_VERDICT)
    # As many ids as there are people nobody knows: of those copied in, and of who passes a mail on.
    new = joining.unknown(copied_in(one, record, policy), by_key) + passed_on_by_a_stranger(one, record)
    ids = Ids(2000, 900, (501, 502), "NEWLETTA", tuple(range(901, 901 + new)))
    known_agents = agents if agents is not None else {p.agent: p for p in everybody.values() if p.agent in policy.agents}
    made = situation(one, record, policy, known_agents, ids, now or arrived_at)
    if in_files is not None:
        made = replace(made, in_files=tuple((name, forms_in(data)) for name, data in in_files.items()))
    made = replace(made, read_elsewhere=read_elsewhere or made.read_elsewhere)
    made = replace(made, refusal=letter_text)
    made = with_what_is_below(made, letter_text) if quotes_unmarked(made) else made
    return with_readers(made, signed_in(made, RING), rows)


def decided(mail: Mail, **around: Any) -> Decision:
    return on_mail(a_situation(mail, **around))


def an_agents(text: str, *, answers: LetterFacts | None = None, who: int = ANN, file: TicketFile | None = None, **around: Any) -> Decision:
    """What follows from the answer of a proven agent to a notice."""
    notice = answers or a_notice(who)
    mail_fields = {f.name for f in fields(Mail)}
    mail = {name: around.pop(name) for name in tuple(around) if name in mail_fields}
    return decided(
        a_mail(KNOWN[who].address, text, answers=notice, **mail),
        file=file or a_file(),
        letters=(notice, *around.pop("letters", ())),
        **around,
    )


def a_requesters(text: str, *, answers: LetterFacts | None = None, file: TicketFile | None = None, **around: Any) -> Decision:
    """What follows from the answer of the proven requester to a letter of ours."""
    letter = answers or a_letter(MAX)
    mail_fields = {f.name for f in fields(Mail)}
    mail = {name: around.pop(name) for name in tuple(around) if name in mail_fields}
    return decided(a_mail(around.pop("author", MAX_AT), text, answers=letter, **mail), file=file or a_file(), letters=(letter,), **around)


# --- what came of it -------------------------------------------------------------------------------------------------------


def events(decision: Decision) -> list[str]:
    return [name_of(event) for change in decision.changes for event in change.events]


def event(decision: Decision, kind: type[Event]) -> Any:
    return next(e for change in decision.changes for e in change.events if isinstance(e, kind))


def ticket(decision: Decision) -> Ticket:
    """What the decision makes of the ticket."""
    return decision.changes[-1].after


def entries(decision: Decision) -> list[tuple[str, str]]:
    return [(entry.visibility.value, entry.text) for change in decision.changes for entry in change.entries]


def letters(decision: Decision) -> list[tuple[str, str]]:
    """(event, address), outsiders' and agents', in order."""
    return [(letter.event, letter.person.address) for letter in decision.letters]


def outside(decision: Decision) -> list[LetterWanted]:
    return [letter for letter in decision.letters if letter.audience.is_outside]


def inside(decision: Decision) -> list[tuple[str, str]]:
    return [(letter.event, letter.person.address) for letter in decision.letters if not letter.audience.is_outside]


def faults(decision: Decision) -> list[tuple[str, int | None]]:
    letter = next(letter for letter in decision.letters if letter.event == "commands_refused")
    return [(fault.code, fault.line) for fault in letter.kind.faults]  # type: ignore[attr-defined]


def hints(decision: Decision) -> list[str]:
    letter = next(letter for letter in decision.letters if letter.event == "commands_refused")
    return [fault.hint for fault in letter.kind.faults]  # type: ignore[attr-defined]


def was_refused(decision: Decision) -> bool:
    """Nothing was applied, nothing was written to anybody but the agent, and the agent has his text back."""
    [change] = decision.changes
    return (
        change.before == change.after
        and events(decision) == ["commands_refused"]
        and not change.entries
        and not decision.commands
        and [letter.event for letter in decision.letters] == ["commands_refused"]
    )


def days(n: float) -> timedelta:
    return timedelta(days=n)
