"""Explain: what a mail is and what would happen to it, and why. Changes nothing. What is said of it in words is beside this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailgate.decide import budget, suppression
from mailgate.decide.intake import on_mail
from mailgate.decide.known import Known
from mailgate.decide.situation import Ids, Situation
from mailgate.gateway import flooding
from mailgate.gateway.authenticating import Authentication, Signatures
from mailgate.gateway.loading.gathering import (
    Read,
    files_to_check,
    quotes_unmarked,
    signed_in,
    situation,
    with_files,
    with_readers,
    with_what_is_below,
)
from mailgate.gateway.reading import REPORTS, ReadingRound
from mailgate.gateway.workers import TextFiles
from mailgate.gateway.writing import LetterWriter
from mailgate.model.account import Account
from mailgate.model.decision import Decision
from mailgate.model.events import name_of
from mailgate.model.evidence import Verdict
from mailgate.model.letter import LetterWanted
from mailgate.model.mail import Address, Arrival, Door, Kind, Reading
from mailgate.model.person import Person
from mailgate.model.policy import Desk
from mailgate.record.rows import Claim
from mailgate.understand.answers import find_evidence
from mailgate.understand.identity import SignedMail

VERSION = 1  #: of the JSON form; it only grows

#: Stands for the number of a ticket that a dry run would open.
NO_NUMBER = 0
#: And for the id of somebody who is new.
NOBODY = -1_000_000


@dataclass(frozen=True, slots=True)
class _Counts:
    """Where no database is, nothing was written before."""

    per_address_hour: Mapping[str, int] = field(default_factory=dict)
    per_address_day: Mapping[str, int] = field(default_factory=dict)
    unknown_minute: int = 0
    known_minute: int = 0


_NONE_WRITTEN = _Counts()


@dataclass(frozen=True, slots=True)
class Course:
    """What would happen to a mail that came now."""

    one: Read
    situation: Situation
    decision: Decision
    letters: tuple[LetterWanted, ...]  #: those of the decision, and warnings to agents whose requester cannot be reached
    verdicts: tuple[budget.Verdict, ...]  #: of the budget, one for each letter


@dataclass(frozen=True, slots=True)
class Told:
    """All that explain knows of one mail."""

    reading: Reading
    account: Account | None = None  #: None: it could not be read, or nobody asked
    course: Course | None = None  #: None: it could not be read
    unknown: str = ""  #: where nobody could look, in words
    held: bool = False  #: letters are composed here, and none leaves by itself


def dry_run(
    rounds: ReadingRound | None,
    desk: LetterWriter,
    at: Desk,
    agents: Mapping[str, Person],
    arrival: Arrival,
    reading: Reading,
    now: datetime,
    otherwise: Known,
    authentication: Authentication | None = None,
    signatures: Signatures = lambda raws: [SignedMail() for _ in raws],
    text_files: TextFiles = lambda asked: [() for _ in asked],
) -> Course:
    """The decision on a mail as if it came now. Without a store, `otherwise` is all that is known."""
    evidence = find_evidence(reading.mail, arrival.recipients, desk.ring, desk.policy, at, is_report=reading.kind in REPORTS)
    one = Read(Claim(0, at.id, arrival, 0, ""), at, reading, evidence)
    if authentication is not None:
        verdict = authentication.of([(reading.mail, arrival)], desk.policy, signatures)[0]
        one = replace(one, verdict=verdict, verdict_source=authentication.has_source)
    known = rounds.load(desk, [one], now) if rounds else otherwise
    ids = Ids(NO_NUMBER, 0, (0, 0), "", (NOBODY,))
    at_hand = situation(one, known, desk.policy, agents, ids, now)
    if files := files_to_check(at_hand):
        (opened,) = text_files([(arrival.raw, files)])
        at_hand = with_files(at_hand, files, opened) if isinstance(opened, tuple) and opened else at_hand
    if quotes_unmarked(at_hand):
        letter = at_hand.letter.id if at_hand.letter is not None else ""
        at_hand = with_what_is_below(at_hand, rounds.store.outbox.texts([letter]).get(letter, "") if rounds and letter else "")
    if signed := signed_in(at_hand, desk.ring):
        at_hand = with_readers(at_hand, signed, rounds.store.outbox.facts(set(signed.values())) if rounds else {})
    if rounds is not None:
        at_hand, _ = flooding.judged(at_hand, one, flooding.load(rounds.store.flows, [one], (), now, None))
    decision = on_mail(at_hand)
    warnings = suppression.warnings(at_hand, decision, known.suppressed) if known.suppressed else ()
    letters = (*decision.letters, *warnings)
    addresses = {letter.person.address.lower() for letter in letters}
    counts: budget.Counts = rounds.store.outbox.automatic_counts(addresses, now) if rounds and addresses else _NONE_WRITTEN
    verdicts = budget.spend(letters, counts, known.suppressed, desk.policy, now)
    return Course(one, at_hand, decision, letters, tuple(verdicts))


def an_arrival(raw: bytes, reading: Reading, now: datetime) -> Arrival:
    """A stored file as if it had come through a door: the envelope is what its headers tell."""
    mail = reading.mail
    recipients = mail.delivered_to or tuple(a.address for a in (*mail.to, *mail.cc))
    path = mail.header("return-path")
    return Arrival(raw, path.strip("<> ") if path is not None else None, recipients, Door.IMPORT, "explain", now, now)


def desk_for(desk: LetterWriter, arrival: Arrival) -> Desk:
    """The desk of the first recipient that is one of ours, else the first of the policy."""
    found = next((d for d in map(desk.policy.desk_at, arrival.recipients) if d), None)
    return found or next(iter(desk.policy.desks.values()))


def as_json(path: str, told: Told) -> dict[str, object]:
    """The public form of `mailgate explain --json`, one object for each mail."""
    reading = told.reading
    one, decision = (told.course.one, told.course.decision) if told.course else (None, None)
    mail = reading.mail
    bounce = None
    if reading.kind in (Kind.BOUNCE, Kind.DELIVERY_NOTICE) and (mail.reports or reading.kind is Kind.BOUNCE):
        bounce = {
            "message_id": mail.reported_ids[0] if mail.reported_ids else None,
            "reports": [
                {
                    "recipient": r.recipient,
                    "action": r.action,
                    "status": r.status,
                    "reply_code": r.reply_code,
                    "hard": r.hard,
                    "reason": r.reason,
                }
                for r in mail.reports
            ],
        }
    return {
        "version": VERSION,
        "file": path,
        "message_id": mail.message_id,
        "date": mail.date.isoformat() if mail.date else None,
        "subject": mail.subject,
        "from": _address(mail.authors[0] if mail.authors else mail.unaddressed or Address("", "")),
        "reply_to": [_address(a) for a in mail.reply_to],
        "to": [_address(a) for a in mail.to],
        "cc": [_address(a) for a in mail.cc],
        "kind": reading.kind.value,
        "kind_because": reading.kind_because,
        "answer": reading.answer,
        "answer_because": reading.answer_because,
        "text": mail.text,
        "html": mail.html,
        "new_text": mail.new_text,
        "quoted": mail.quoted,
        "forwarded": None
        if mail.forwarded is None
        else {
            "from": _address(mail.forwarded.author),
            "date": mail.forwarded.date,
            "subject": mail.forwarded.subject,
            "message_id": mail.forwarded.message_id,
            "form": mail.forwarded.form,
        },
        "signature": mail.signature,
        "inline_answers": mail.inline_answers,
        "language": mail.language,
        "attachments": [{"name": a.name, "type": a.type, "size": a.size, "sha256": a.sha256, "inline": a.inline} for a in mail.attachments],
        "bounce": bounce,
        "authentication": _authentication(one.verdict if one else Verdict()),
        "thread": {
            "ticket": decision.ticket.number if decision and decision.ticket and decision.ticket.number != NO_NUMBER else None,
            "evidence": [
                {"kind": e.kind.value, "where": e.where, "value": e.value, "ticket": e.ticket, "valid": e.valid}
                for e in (one.evidence if one else ())
            ],
        },
        "commands": [{"verb": c.verb, "args": list(c.args), "line": c.line} for c in reading.heard.commands],
        "defects": list(mail.defects),
        "would": list(would(decision)) if decision else [],
    }


def _authentication(verdict: Verdict) -> dict[str, str | None]:
    return {"verdict": verdict.verdict.value, "domain": verdict.domain, "by": verdict.by}


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def would(decision: Decision) -> tuple[str, ...]:
    """What would follow, in words."""
    words = []
    if decision.set_aside:
        words.append(f"set aside: {decision.set_aside}")
    for change in decision.changes:
        number = "a new ticket" if change.before is None else f"ticket {change.after.number}"
        words.extend(f"{name_of(event)} on {number}" for event in change.events)
        words.extend(f"{entry.visibility.value} entry on {number}" for entry in change.entries)
    words.extend(f"letter {letter.event} to {letter.person.address} ({letter.audience.value})" for letter in decision.letters)
    return tuple(words) or ("nothing",)
