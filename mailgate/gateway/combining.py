"""Notices of a flood are told together: one letter for each reader and sender, after they have waited for each other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.words import CALLED
from mailgate.compose.writing import LetterWriter
from mailgate.gateway.storms import ALARMS
from mailgate.gateway.writing import sealed
from mailgate.model import token
from mailgate.model.decision import Decision
from mailgate.model.flood import Waiting
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.letters import CombinedNotices, UnclaimedNotice
from mailgate.model.masking import masked
from mailgate.model.person import Person
from mailgate.model.policy import Budgets
from mailgate.model.sender import folded
from mailgate.model.ticket import TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: Of so many the words are shown; the rest is named.
SHOWN, WORDS = 40, 200
MOST_DOUBLED = 7
HOUR = timedelta(hours=1)
#: Letters of one round, and readers and senders that are looked at for them: those whose time has not come hold up nobody behind them.
LETTERS, MOST_WAITING = 50, 2_000


def on_account(store: Store, decision: Decision, file: TicketFile, budgets: Budgets, now: datetime) -> Decision:
    """That nobody takes a ticket is told on its requester's account, as their mails are: what is more waits to be told together."""
    requester = file.person(file.ticket.requester)
    if requester is None or not any(letter.event == UnclaimedNotice.event for letter in decision.letters):
        return decision
    cause, limit, waiting = folded(requester.address), budgets.notices_per_hour, list(decision.waiting)
    told = Counter[int]()
    for (_, person, _), count in store.traffic.told_because_of([cause], now - HOUR).items():
        told[person] += count
    kept = []
    for letter in decision.letters:
        if letter.event != UnclaimedNotice.event or limit is None or told[letter.person.id] < limit:
            kept.append(letter)
            continue
        waiting.append(Waiting(letter.person.id, cause, letter.ticket, letter.desk, letter.event, None, None, now))
    return replace(decision, letters=tuple(kept), waiting=tuple(waiting), cause=cause)


def tell_together(store: Store, desk: LetterWriter, agents: Mapping[str, Person], now: datetime) -> int:
    """Writes what has waited long enough; returns how many letters there were."""
    readers = {person.id: person for person in agents.values()}
    written = 0
    after = desk.policy.budgets.together_after
    due = store.traffic.due_together(now - after, MOST_WAITING)
    told = store.traffic.told_because_of({cause for _, cause, _ in due}, now - timedelta(days=1)) if due else {}
    for person, cause, since in due:
        if written >= LETTERS:
            break
        if cause == ALARMS:
            continue  # they have a letter of their own
        # Each such letter of a day makes the next one wait twice as long: it may be what a machine answers.
        if now - since < after * 2 ** min(told.get((cause, person, CombinedNotices.event), 0), MOST_DOUBLED):
            continue
        rows = store.traffic.notices_waiting(person, cause)
        try:
            written += _tell(store, desk, readers, rows, now)
        except Conflict:
            continue  # another node told it
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("%d notices because of one sender cannot be told together", len(rows))
    return written


def _tell(store: Store, desk: LetterWriter, readers: Mapping[int, Person], rows: Sequence[Waiting], now: datetime) -> int:
    if not rows:
        return 0
    reader, ids = readers.get(rows[0].person), tuple(row.id for row in rows)
    at = next((desk.policy.desks[row.desk] for row in reversed(rows) if row.desk in desk.policy.desks), None)
    if reader is None or at is None:
        # Who was to hear of it is no agent any more: the tickets have it all.
        store.record([ToRecord(None, Decision(), together=ids)], now)
        return 0
    shown, more = rows[:SHOWN], rows[SHOWN:]
    newest = next((row.ticket for row in reversed(rows) if row.ticket is not None), None)
    files = store.tickets.files({row.ticket for row in (*shown, rows[-1]) if row.ticket is not None} | ({newest} if newest else set()))
    wanted = LetterWanted(
        kind=CombinedNotices(
            sender=rows[0].cause,
            count=len(rows),
            since=rows[0].at,
            rows=tuple(_row(row, files, desk) for row in shown),
            more=len(more),
            more_from=_ref(more[0], desk) if more else "",
            more_to=_ref(more[-1], desk) if more else "",
        ),
        audience=Audience.AGENT,
        person=reader,
        ticket=newest,
        desk=files[newest].ticket.desk if newest is not None else at.id,
    )
    letters = sealed(desk, [wanted], files.get(newest or 0), {person.agent or "": person for person in readers.values()}, now)
    store.record([ToRecord(None, Decision(letters=(wanted,), cause=rows[0].cause), letters, desk.held, together=ids)], now)
    return 1


def _ref(row: Waiting, desk: LetterWriter) -> str:
    at = desk.policy.desks.get(row.desk)
    return f"{at.prefix}-{row.ticket}" if at is not None and row.ticket is not None else f"mail {row.mail}"


def _row(row: Waiting, files: Mapping[int, TicketFile], desk: LetterWriter) -> dict[str, str]:
    file, at = files.get(row.ticket or 0), desk.policy.desks.get(row.desk)
    if file is None or row.ticket is None:
        return {"ref": "", "title": f"mail {row.mail}", "words": CALLED.get(row.event, row.event.replace("_", " "))}
    entry = next((one for one in file.entries if one.id == row.entry), None)
    # Masked before it is cut: half a number is no number that anybody finds.
    words = " ".join(masked(entry.text).split()) if entry is not None else CALLED.get(row.event, row.event.replace("_", " "))
    tag = token.subject_token(desk.ring, at.prefix, row.ticket) if at is not None else ""
    return {"ref": tag, "title": file.ticket.title, "words": words if len(words) <= WORDS else words[: WORDS - 1].rstrip() + "…"}
