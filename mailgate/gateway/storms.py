"""Alarms of a storm are told together: whoever would hear of more than a few within minutes has one letter with all of them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.writing import LetterWriter
from mailgate.decide.ladder import is_told_of, worst
from mailgate.decide.rules import rules_for
from mailgate.gateway.writing import sealed
from mailgate.model.decision import Decision
from mailgate.model.flood import Waiting
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.letters import BrokenPromise, CombinedAlarms, PromiseWarning
from mailgate.model.masking import masked
from mailgate.model.person import Person
from mailgate.model.ticket import TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: More alarms for one person within so long are one letter.
MANY, WITHIN = 5, timedelta(minutes=10)
#: What they wait under, in the place of a sender. No address looks like it.
ALARMS = "alarms"
#: So many tickets are shown; titles are cut, for a row of the text is to be a line.
SHOWN, TITLE = 15, 28
_ALARMS = (PromiseWarning.event, BrokenPromise.event)


def gathered(store: Store, decisions: Sequence[Decision], now: datetime) -> list[Decision]:
    """The decisions of a round: the alarms of whoever would hear of too many tickets wait to be told together."""
    alarms = [letter for decision in decisions for letter in decision.letters if letter.event in _ALARMS]
    if not alarms:
        return list(decisions)
    here: dict[int, set[int | None]] = defaultdict(set)
    for letter in alarms:
        here[letter.person.id].add(letter.ticket)
    lately = store.traffic.told_lately(ALARMS, now - WITHIN)
    waiting = {person for person, _, _ in store.traffic.due_together(now, len(here) + 1, ALARMS)}

    def waits(letter: LetterWanted) -> bool:
        person = letter.person.id
        known = [one for one in lately if one[0] == person and one[3] > now - _patience(letter)]
        tickets = {ticket for _, event, ticket, _ in known if event in _ALARMS}
        together = any(event == CombinedAlarms.event for _, event, _, _ in known)
        return person in waiting or together or len(here[person] | tickets) > MANY

    return [
        _without(decision, {id(letter) for letter in decision.letters if letter.event in _ALARMS and waits(letter)}, now)
        for decision in decisions
    ]


def _patience(letter: LetterWanted) -> timedelta:
    assert isinstance(letter.kind, PromiseWarning | BrokenPromise)
    return _for_a_promise(letter.kind.target_s)


def _for_a_promise(seconds: int) -> timedelta:
    """How long an alarm may wait for others: no longer than a tenth of what was promised."""
    return min(WITHIN, timedelta(seconds=seconds // 10))


def _without(decision: Decision, waits: set[int], now: datetime) -> Decision:
    if not any(letter.event in _ALARMS for letter in decision.letters):
        return decision
    waiting = tuple(_waiting(letter, now) for letter in decision.letters if id(letter) in waits)
    left = tuple(letter for letter in decision.letters if id(letter) not in waits)
    return replace(decision, letters=left, waiting=(*decision.waiting, *waiting), cause=ALARMS)


def _waiting(letter: LetterWanted, now: datetime) -> Waiting:
    assert isinstance(letter.kind, PromiseWarning | BrokenPromise)
    return Waiting(letter.person.id, ALARMS, letter.ticket, letter.desk, letter.event, None, None, min(letter.kind.due_at, now))


def tell_alarms(store: Store, desk: LetterWriter, agents: Mapping[str, Person], now: datetime) -> int:
    """One letter for everybody for whom alarms wait, and no second one within minutes; returns how many there were."""
    readers = {person.id: person for person in agents.values()}
    due = store.traffic.due_together(now, len(readers) + 1, ALARMS)
    lately = store.traffic.told_lately(ALARMS, now - WITHIN) if due else []
    last = {person: at for person, event, _, at in lately if event == CombinedAlarms.event}
    written = 0
    for person, _, _ in due:
        try:
            rows = store.traffic.notices_waiting(person, ALARMS)
            written += _tell(store, desk, agents, readers.get(person), rows, now, last.get(person))
        except Conflict:
            continue  # another node told it
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("alarms for one person cannot be told together")
    return written


def _tell(
    store: Store,
    desk: LetterWriter,
    agents: Mapping[str, Person],
    reader: Person | None,
    rows: Sequence[Waiting],
    now: datetime,
    last: datetime | None,
) -> int:
    """`last`: when this person had such a letter before, within minutes."""
    ids = tuple(row.id for row in rows)
    numbers = list(dict.fromkeys(row.ticket for row in sorted(rows, key=lambda row: row.at) if row.ticket is not None))
    # What was answered while it waited is no news any more.
    shown: list[TicketFile] = []
    looked = 0
    while len(shown) < SHOWN and looked < len(numbers):
        some = numbers[looked : looked + SHOWN]
        files = store.tickets.files(some)
        shown += [files[number] for number in some if number in files and is_told_of(files[number].ticket)]
        looked += len(some)
    promised = (cycle.target_s for file in shown for cycle in file.ticket.cycles if cycle.warned)
    if last is not None and now - last < _for_a_promise(min(promised, default=0)):
        return 0
    if reader is None or not shown:
        store.record([ToRecord(None, Decision(), together=ids)], now)
        return 0
    more = len(numbers) - looked + len(shown[SHOWN:])
    shown = shown[:SHOWN]
    kind = CombinedAlarms(
        count=len(shown) + more, since=min(row.at for row in rows), rows=tuple(row_of(file, desk, now) for file in shown), more=more
    )
    wanted = LetterWanted(kind, Audience.AGENT, reader, None, shown[0].ticket.desk)
    letters = sealed(desk, [wanted], None, agents, now)
    store.record([ToRecord(None, Decision(letters=(wanted,), cause=ALARMS), letters, desk.held, together=ids)], now)
    return 1


def row_of(file: TicketFile, desk: LetterWriter, now: datetime) -> dict[str, str | int]:
    """A ticket as a row of a letter: which of its clocks is furthest, and how far."""
    ticket, at = file.ticket, desk.policy.desks.get(file.ticket.desk)
    metric, left = worst(ticket, rules_for(desk.policy, ticket), now) or ("", 0)
    title = masked(ticket.title)  # before it is cut: half a number is no number that anybody finds
    title = title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"
    return {"ref": f"{at.prefix if at else ticket.desk.upper()}-{ticket.number}", "title": title, "metric": metric, "left_s": left}
