"""What the log says of each mail and each letter: one line for each step, of ids, words of ours and numbers. Never of anybody's words.

`mail_taken_in inbox=42 desk=it door=lmtp octets=1834 ms=3`: event first, then its facts. Nothing else of a mail may be handed in here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailgate.model.delivery import Deferred, Delivered, Delivery
from mailgate.model.events import name_of
from mailgate.model.letter import Letter
from mailgate.model.mail import Arrival, Reading, Unread

if TYPE_CHECKING:
    from mailgate.record.rows import Claim, ClaimedLetter, Keep, Kept, ToRecord

log = logging.getLogger("mailgate.journal")

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. The program that runs shows it as words or as JSON."""

    event: str
    facts: Mapping[str, Value]

    def __str__(self) -> str:
        return " ".join((self.event, *(f"{name}={value}" for name, value in self.facts.items() if value not in (None, ""))))


def clock() -> float:
    """From here a step is measured."""
    return time.perf_counter()


def tell(event: str, began: float | None = None, **facts: Value) -> None:
    if began is not None:
        facts["ms"] = round((time.perf_counter() - began) * 1000)
    log.info("%s", Fact(event, facts))


def taken_in(items: Sequence[Keep], kept: Sequence[Kept], began: float) -> None:
    if log.isEnabledFor(logging.INFO):
        for item, row in zip(items, kept, strict=False):
            arrival: Arrival = item.arrival
            event = "mail_known_already" if row.id is None else "mail_taken_in"
            tell(event, began, inbox=row.id, desk=item.desk, door=arrival.door.value, octets=len(arrival.raw))


def were_read(claims: Sequence[Claim], answers: Iterable[Reading | Unread], began: float) -> None:
    """`ms` is how long the batch took; `of` how many mails it had."""
    if log.isEnabledFor(logging.INFO):
        for claim, answer in zip(claims, answers, strict=False):
            kind = answer.kind.value if isinstance(answer, Reading) else "unread"
            tell("mail_read", began, inbox=claim.id, desk=claim.desk, kind=kind, of=len(claims))


def were_recorded(outcomes: Sequence[ToRecord], began: float) -> None:
    """What was decided, and each letter that was sealed with it: said once it is in the record."""
    if not log.isEnabledFor(logging.INFO):
        return
    for outcome in outcomes:
        decision = outcome.decision
        inbox = outcome.claim.id if outcome.claim else None
        tickets = [change.after.number for change in decision.changes]
        events = ",".join(name_of(event) for change in decision.changes for event in change.events)
        ticket = tickets[0] if tickets else None
        if inbox is not None:
            aside = "yes" if decision.set_aside else None
            tell("mail_decided", began, inbox=inbox, ticket=ticket, events=events, letters=len(outcome.letters), set_aside=aside)
        elif tickets:
            tell("ticket_changed", began, ticket=ticket, events=events, letters=len(outcome.letters))
        for letter in outcome.letters:
            tell("letter_sealed", None, **_of(letter), inbox=inbox)


def was_handed_over(claimed: ClaimedLetter, delivery: Delivery, began: float | None) -> None:
    outcome = "sent" if isinstance(delivery, Delivered) else "deferred" if isinstance(delivery, Deferred) else "refused"
    tell("letter_handed_over", began, **_of(claimed.letter), outcome=outcome, attempt=claimed.attempts)


def _of(letter: Letter) -> dict[str, Value]:
    return {"letter": letter.id, "ticket": letter.ticket, "about": letter.event, "audience": letter.audience.value}
