"""Sealed letters as rows of the outbox, and back."""

from typing import Any

from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Letter, OutboxRow
from mailgate.model.sender import folded
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.ready import Row


def letter_row(letter: Letter, held: bool, cause: str = "", why_held: str = "") -> Row:
    """`cause`: whose mail it follows from, folded; `why_held`: this one letter waits for a person."""
    held = held or bool(why_held)
    starts = letter.not_before or letter.made_at
    counted = letter.automatic and letter.audience.is_outside
    return row_of(letter) | {
        "address_key": letter.address.lower(),
        "counted_at": starts if counted else None,
        "counted_key": folded(letter.address) if counted else None,
        "cause": cause or None,
        "state": (OutboxState.HELD if held else OutboxState.QUEUED).value,
        "due_at": None if held else starts,
        "attempts": 0,
        "last_reply": why_held,
        "doubted": False,
    }


def outbox_row(row: Any) -> OutboxRow:
    waits = row.state in (OutboxState.QUEUED.value, OutboxState.DEFERRED.value)
    return noun_of(OutboxRow, row, letter=noun_of(Letter, row), next_attempt_at=row.due_at if waits else None, reports=())
