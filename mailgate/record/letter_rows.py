"""Sealed letters as rows of the outbox, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from mailgate.model.delivery import Fate, OutboxState
from mailgate.model.letter import Audience, Letter, OutboxRow, PartRef
from mailgate.model.sender import folded
from mailgate.model.ticket import Visibility
from mailgate.record import codec


def letter_row(letter: Letter, held: bool, cause: str = "", why_held: str = "") -> dict[str, object]:
    """`cause`: whose mail it follows from, folded; `why_held`: this one letter waits for a person."""
    held = held or bool(why_held)
    starts = letter.not_before or letter.made_at
    counted = letter.automatic and letter.audience.is_outside
    return {
        "id": letter.id,
        "event": letter.event,
        "audience": letter.audience.value,
        "ticket": letter.ticket,
        "desk": letter.desk,
        "person": letter.person,
        "address": letter.address,
        "address_key": letter.address.lower(),
        "message_id": letter.message_id,
        "automatic": letter.automatic,
        "proven": letter.proven,
        "answer_is": letter.answer_is.value,
        "made_at": letter.made_at,
        "entry": letter.entry,
        "closure": letter.closure,
        "about": letter.about,
        "not_before": letter.not_before,
        "expires_at": letter.expires_at,
        "counted_at": starts if counted else None,
        "counted_key": folded(letter.address) if counted else None,
        "cause": cause or None,
        "state": (OutboxState.HELD if held else OutboxState.QUEUED).value,
        "due_at": None if held else starts,
        "attempts": 0,
        "last_reply": why_held,
        "doubted": False,
        "reverse_path": letter.reverse_path,
        "boundary": letter.boundary,
        "digest": letter.digest,
        "size": letter.size,
        "utf8": letter.utf8,
        "parts": codec.dump_all(letter.parts),
        "header": letter.header,
        "body": letter.body,
        "notice": letter.notice,
    }


def letter_of(row: Row[Any]) -> Letter:
    return Letter(
        id=row.id,
        event=row.event,
        audience=Audience(row.audience),
        ticket=row.ticket,
        desk=row.desk,
        person=row.person,
        address=row.address,
        message_id=row.message_id,
        header=row.header,
        body=row.body,
        parts=codec.load_all(PartRef, row.parts),
        boundary=row.boundary,
        digest=row.digest,
        size=row.size,
        reverse_path=row.reverse_path,
        automatic=row.automatic,
        proven=row.proven,
        answer_is=Visibility(row.answer_is),
        made_at=row.made_at,
        entry=row.entry,
        closure=row.closure,
        not_before=row.not_before,
        expires_at=row.expires_at,
        utf8=row.utf8,
        notice=row.notice,
        about=row.about,
    )


def outbox_row(row: Row[Any]) -> OutboxRow:
    state = OutboxState(row.state)
    return OutboxRow(
        letter=letter_of(row),
        state=state,
        attempts=row.attempts,
        first_at=row.first_at,
        next_attempt_at=row.due_at if state in (OutboxState.QUEUED, OutboxState.DEFERRED) else None,
        last_reply=row.last_reply,
        lease=row.lease,
        settled_at=row.settled_at,
        spent_at=row.spent_at,
        doubted=row.doubted,
        fate=Fate(row.fate) if row.fate else None,
    )
