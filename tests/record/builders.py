"""Whatever the record is given in these tests. A builder says only what the test is about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.delivery import OutboxState
from mailgate.model.events import RequesterWrote, TicketOpened
from mailgate.model.evidence import Evidence, EvidenceKind, Proof
from mailgate.model.letter import Audience, Letter
from mailgate.model.mail import Arrival, Attachment, Door
from mailgate.model.person import Person, Role
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason
from mailgate.model.ticket import (
    Cycle,
    Entry,
    FollowUp,
    Member,
    Origin,
    Pause,
    Retarget,
    Status,
    Ticket,
    TicketKind,
    Timer,
    TimerKind,
    Visibility,
)
from mailgate.record.rows import Claim, Conflict, Keep, RaisedAlarm, ToRecord
from mailgate.record.store import Store, open_store
from tests.databases import a_database

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)

_letters = count(1)


def a_store(folder: Path, **options: Any) -> Store:
    return open_store(a_database(folder), NOON, **options)


def an_arrival(text: str = "Hello", *, received_at: datetime = NOON, size: int = 0) -> Arrival:
    raw = f"From: ann@example.org\r\nSubject: {text}\r\n\r\n{text}\r\n".encode()
    return Arrival(
        raw=raw.ljust(size, b"x"),
        reverse_path="ann@example.org",
        recipients=("support@example.com",),
        door=Door.SMTP,
        peer="192.0.2.7",
        received_at=received_at,
        arrived_at=received_at,
    )


def a_keep(text: str = "Hello", *, desk: str = "it", **options: Any) -> Keep:
    return Keep(an_arrival(text, **options), desk, hashlib.sha256(text.encode()).hexdigest())


def some_keeps(n: int, start: int = 0) -> list[Keep]:
    return [a_keep(f"mail {index}", received_at=NOON + timedelta(seconds=index)) for index in range(start, start + n)]


def claims(store: Store, n: int = 1, now: datetime = NOON) -> list[Claim]:
    """Claims on `n` new mails."""
    kept = store.inbox.keep([a_keep(f"{next(_letters)} for a claim", received_at=now) for _ in range(n)])
    found = store.inbox.claim(n, now, LEASE)
    assert [claim.id for claim in found] == [one.id for one in kept]
    return found


def a_person(id: int = 1, address: str = "ann@example.org", **fields: Any) -> Person:
    return Person(id=id, name=fields.pop("name", "Ann"), address=address, **fields)


def a_cycle(metric: Metric = Metric.FIRST_REPLY, n: int = 1, **fields: Any) -> Cycle:
    given = {
        "policy": "p" * 64,
        "calendar": "business",
        "priority": 3,
        "target_s": 14_400,
        "started_at": NOON,
        "due_at": NOON + timedelta(hours=4),
        "breach_at": NOON + timedelta(hours=4),
    }
    return Cycle(metric=metric, n=n, **{**given, **fields})


def a_ticket(number: int = 1, **fields: Any) -> Ticket:
    given: dict[str, Any] = {
        "desk": "it",
        "title": "The printer is on fire",
        "kind": TicketKind.INCIDENT,
        "status": Status.NEW,
        "priority": 3,
        "requester": 1,
        "group": "first",
        "created_at": NOON,
        "arrived_at": NOON,
        "cycles": (a_cycle(), a_cycle(Metric.RESOLUTION)),
        "next_check_at": NOON + timedelta(hours=3),
    }
    return Ticket(number=number, **{**given, **fields})


def a_full_ticket(number: int = 1, *, requester: int = 1, agent: int = 2, other: int = 3) -> Ticket:
    """A ticket with something in every field."""
    cycle = a_cycle(
        pauses=(Pause(NOON, NOON + timedelta(hours=1), "pending_user", "AAAA1111"), Pause(NOON + timedelta(hours=2), None, "hold:vendor")),
        stopped_at=NOON + timedelta(hours=3),
        stopped_by="BBBB2222",
        elapsed_s=3600,
        breached_at=NOON + timedelta(hours=5),
        original_due_at=NOON + timedelta(hours=2),
        retargets=(Retarget(NOON, "ann", 3600, 14_400, "priority"),),
        warned=(75, 90),
        cancel_reason="merged",
        annulled_by="CCCC3333",
    )
    return a_ticket(
        number,
        requester=requester,
        owner=agent,
        language="de",
        members=(Member(other, Role.PARTICIPANT), Member(agent, Role.AGENT), Member(requester, Role.REQUESTER)),
        cycles=(cycle, a_cycle(Metric.RESOLUTION), a_cycle(Metric.NEXT_REPLY), a_cycle(Metric.NEXT_REPLY, 2)),
        timers=(Timer(TimerKind.REMIND, NOON + timedelta(days=2), 2), Timer(TimerKind.AUTO_CLOSE, NOON + timedelta(days=5))),
        waiting_since=NOON,
        public_agent_at=NOON - timedelta(hours=1),
        resolved_at=NOON,
        closed_at=NOON,
        closure=2,
        resolution_code="fixed",
        reopened=1,
        merged_into=7,
        follows=6,
        pages_void_before=NOON - timedelta(days=1),
        survey_due_at=NOON + timedelta(days=1),
        ratings_wait_until=NOON + timedelta(seconds=31),
        follow_up=FollowUp.MISSED,
        follow_up_since=NOON - timedelta(days=2),
        follow_up_due_at=NOON - timedelta(days=1),
        impact=2,
        urgency=1,
        priority_by=agent,
        impact_by=agent,
        urgency_by=agent,
        urgency_asked_at=NOON - timedelta(days=2),
        category="vpn",
        category_source=Origin.AGENT,
        category_by=agent,
        vip=True,
        organisation="acme",
        why=(Reason("kept"), Reason.of("ticket", 7)),
    )


def an_entry(id: int = 1, ticket: int = 1, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "visibility": Visibility.PUBLIC,
        "author": 1,
        "author_role": Role.REQUESTER,
        "author_name": "Ann",
        "text": "It burns.",
        "html": "<p>It burns.</p>",
        "quoted": "> earlier",
        "signature": "Ann",
        "attachments": (Attachment("fire.png", "image/png", 1200, "a" * 64, False, "", "2"),),
        "inbox": 1,
        "message_id": "<1@example.org>",
        "recorded_at": NOON,
        "arrived_at": NOON,
        "flags": ("inline_answers",),
    }
    return Entry(id=id, ticket=ticket, **{**given, **fields})


def letter_id() -> str:
    return f"L{next(_letters):07d}"


def a_letter(ticket: int | None = 1, **fields: Any) -> Letter:
    id = fields.pop("id", None) or letter_id()
    given: dict[str, Any] = {
        "event": "public_update",
        "audience": Audience.REQUESTER,
        "desk": "it",
        "person": 1,
        "address": "ann@example.org",
        "message_id": f"<{ticket}.{id.lower()}.0123456789abcdef@example.com>",
        "header": b"From: IT <support@example.com>\r\nTo: ann@example.org\r\nSubject: Re: The printer\r\n",
        "body": b"We are on it.\r\n",
        "parts": (),
        "boundary": "",
        "digest": "d" * 64,
        "size": 120,
        "reverse_path": "",
        "automatic": False,
        "proven": True,
        "answer_is": Visibility.PUBLIC,
        "made_at": NOON,
    }
    return Letter(id=id, ticket=ticket, **{**given, **fields})


def an_acknowledgement(ticket: int = 1, **fields: Any) -> Letter:
    return a_letter(ticket, event="ticket_opened", automatic=True, **fields)


def raised(store: Store, kind: str, key: str, at: datetime, every: timedelta = timedelta(hours=1)) -> bool:
    """Whether the operator was told of it now, and not before."""
    try:
        letter = a_letter(None, event="operator_alarmed", audience=Audience.OPERATOR, made_at=at)
        store.record([ToRecord(None, Decision(), (letter,), raises=RaisedAlarm(kind, key, every))], at)
    except Conflict:
        return False
    return True


def a_notice(ticket: int = 1, **fields: Any) -> Letter:
    return a_letter(
        ticket,
        event="ticket_opened",
        audience=Audience.AGENT,
        automatic=True,
        person=2,
        address="bob@example.com",
        notice="New: printer",
        **fields,
    )


def opened(ticket: Ticket, person: Person | None = None, claim: Claim | None = None, **fields: Any) -> ToRecord:
    """A mail that opened a ticket."""
    mail = claim.id if claim else None
    event = TicketOpened(
        at=NOON,
        actor=ticket.requester,
        mail=mail,
        desk=ticket.desk,
        kind=ticket.kind,
        priority=ticket.priority,
        requester=ticket.requester,
        group=ticket.group,
    )
    letters = fields.pop("letters", ())
    outcome = {key: fields.pop(key) for key in ("held", "message_id", "known") if key in fields}
    entries = fields.pop("entries", ())
    decision = Decision(
        changes=(Change(None, ticket, (event,), entries),),
        people=(person,) if person else (),
        evidence=(Evidence(EvidenceKind.SUBJECT_TOKEN, "subject", "IT-1"),),
        proof=Proof(token=True, because="token"),
        trace=(TraceLine("decide", "opens", "no ticket", "a new one"),),
        **fields,
    )
    return ToRecord(claim, decision, letters, **outcome)


def wrote(before: Ticket, after: Ticket | None = None, claim: Claim | None = None, **fields: Any) -> ToRecord:
    """A mail that added to a ticket."""
    event = RequesterWrote(at=NOON, actor=before.requester, mail=claim.id if claim else None)
    letters = fields.pop("letters", ())
    outcome = {key: fields.pop(key) for key in ("held", "message_id", "known", "settlement") if key in fields}
    change = Change(before, after or before, fields.pop("events", (event,)), fields.pop("entries", ()), fields.pop("admitted", ()))
    return ToRecord(claim, Decision(changes=(change,), **fields), letters, **outcome)


def a_recorded_ticket(store: Store, number: int = 1, *, people: tuple[Person, ...] = (a_person(),), **fields: Any) -> Ticket:
    """A ticket as it stands in the record."""
    outcome = opened(a_ticket(number, **fields))
    store.record([replace(outcome, decision=replace(outcome.decision, people=people))], NOON)
    return store.tickets.files([number])[number].ticket


@dataclass(frozen=True)
class Attempt:
    """What `decide.retry.settle` answers."""

    state: OutboxState = OutboxState.SENT
    next_attempt_at: datetime | None = None
    doubted: bool = False
    counts: bool = True
