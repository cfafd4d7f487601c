"""The clock round: time has passed, so which promises are near their end or broken, and whom do we remind?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mailgate.compose.writing import LetterWriter
from mailgate.decide import budget, clocks, giving
from mailgate.decide.clocks import ReadUpTo
from mailgate.decide.scene import Scene
from mailgate.decide.spending import spend
from mailgate.gateway import journal
from mailgate.gateway.assigning import AssigningRound, Records
from mailgate.gateway.combining import on_account, tell_together
from mailgate.gateway.faulty import FaultyTickets
from mailgate.gateway.rating import with_ratings
from mailgate.gateway.reading import RaiseAlarm
from mailgate.gateway.recounting import Recounting
from mailgate.gateway.storms import gathered, tell_alarms
from mailgate.gateway.unread import UnreadMail
from mailgate.gateway.writing import sealed
from mailgate.model.decision import Decision
from mailgate.model.events import SlaBreached
from mailgate.model.flood import AutomaticCounts
from mailgate.model.letters import BrokenPromise
from mailgate.model.mailbox import FolderKey
from mailgate.model.person import Person
from mailgate.model.ticket import TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

#: How often what is too old to tell machines from people is thrown away.
TIDY_EVERY = timedelta(days=1)
#: More breaches in one round are not believed before the next round says the same: one wrong clock must not alarm everybody.
MANY_BREACHES = 50


class ClockRound:
    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        alarm: RaiseAlarm,
        recounting: Recounting,
        fetched: Mapping[FolderKey, str],
        leaps: Callable[[], int],
    ) -> None:
        """`fetched`: the folders that mail is fetched from, and the desk that each is for; `leaps`: how often the clock has jumped far."""
        self.store, self.now, self.alarm, self._recounting, self._leaps = store, now, alarm, recounting, leaps
        self._faulty = FaultyTickets(store, now, alarm)
        self._unread = UnreadMail(store, fetched, alarm)
        self._assigning = AssigningRound(store, recounting)
        self._tidied: datetime | None = None
        self._is_sure = False  #: the round before found the same, or nothing to doubt
        self._leaps_seen = 0

    def run(self, desk: LetterWriter, agents: Mapping[str, Person], limit: int, closing: threading.Event) -> int:
        """Looks at every ticket on which something is due, up to `limit` at a time; returns how many there were."""
        now = self.now()
        read, record = self._unread.upto(now), partial(self._one, desk, agents)
        total, is_sure, leaps = 0, self._is_sure, self._leaps()
        self._is_sure, has_jumped, self._leaps_seen = False, leaps > self._leaps_seen, leaps
        while not closing.is_set():
            due = self.store.tickets.due(now, limit, {id_: one.at for id_, one in read.items()})
            failed = self._recounting.bring_up(due)
            files = list(self._faulty.each([number for number in due if number not in failed], self.store.tickets.files))
            # One after the other: each offer changes what the next agent has.
            # An offer does not run out while mail of before waits to be read: it may be taken in it.
            to_give = [file for file in files if giving.is_due(file.ticket, _judged_to(file.ticket.desk, read, now))]
            given = sum(self._given(desk, agents, file, now, record) for file in to_give)
            others = (file for file in files if file not in to_give)
            decided = [one for file in others if (one := self._decided(desk, agents, file, read, now))]
            if not is_sure and self._is_doubtful([decision for _, decision in decided], has_jumped):
                self._is_sure = True
                break
            reviewed = self._record(desk, agents, decided, now)
            total += len(due)
            if len(due) < limit or not (reviewed or given):
                break
        self._faulty.tell()
        total += self._assigning.run(desk.policy, agents, now, record)
        told = self._unread.tell(desk, agents, read, now) + tell_alarms(self.store, desk, agents, now)
        told += tell_together(self.store, desk, agents, now)
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            self.store.traffic.forget_turns(now)
            self._tidied = now
        return total + told

    def _given(self, desk: LetterWriter, agents: Mapping[str, Person], file: TicketFile, now: datetime, record: Records) -> int:
        """Whether it was given to somebody. Where that fails, its clocks are not judged either: the operator hears of it."""
        try:
            return self._assigning.give(file, desk.policy, agents, now, record)
        except UNAVAILABLE:
            raise
        except Exception as error:
            self._faulty.note(file.ticket.number, error)
            return 0

    def _decided(
        self, desk: LetterWriter, agents: Mapping[str, Person], file: TicketFile, read: Mapping[str, ReadUpTo], now: datetime
    ) -> tuple[TicketFile, Decision] | None:
        try:
            scene, ticket = Scene(file=file, policy=desk.policy, agents=agents, now=now), file.ticket
            heard = self.store.outbox.readers(ticket.number, BrokenPromise.event) if clocks.asks_who_heard(ticket) else ()
            scene = with_ratings(self.store, scene) if clocks.asks_for_ratings(ticket, now) else scene
            return file, clocks.on_time(scene, read.get(ticket.desk), heard)
        except UNAVAILABLE:
            raise
        except Exception as error:
            self._faulty.note(file.ticket.number, error)
            return None

    def _is_doubtful(self, decisions: Sequence[Decision], has_jumped: bool) -> bool:
        """Whether so much is broken at once that it may be our clock that is wrong. The operator hears of it first."""
        events = (event for decision in decisions for change in decision.changes for event in change.events)
        breaches = sum(isinstance(event, SlaBreached) for event in events)
        if not breaches or (breaches <= MANY_BREACHES and not has_jumped):
            return False
        what = f"{breaches} promises or more are broken at once: they are told if the next round finds the same"
        self.alarm("many_breaches", what, "look at the clock of this machine; mailgate status")
        return True

    def _record(
        self, desk: LetterWriter, agents: Mapping[str, Person], decided: Sequence[tuple[TicketFile, Decision]], now: datetime
    ) -> list[int]:
        """The tickets that were reviewed."""
        reviewed = []
        decisions = gathered(self.store, [decision for _, decision in decided], now)
        for (file, _), decision in zip(decided, decisions, strict=True):
            try:
                self._one(desk, agents, file, decision)
                reviewed.append(file.ticket.number)
            except Conflict:
                continue  # somebody changed the ticket meanwhile; the next round looks at what it is then
            except UNAVAILABLE:
                raise
            except Exception as error:
                self._faulty.note(file.ticket.number, error)
        self._faulty.done(reviewed)
        return reviewed

    def _one(self, desk: LetterWriter, agents: Mapping[str, Person], file: TicketFile, decision: Decision) -> None:
        if not decision.changes:
            return
        began, now = journal.clock(), self.now()
        decision = on_account(self.store, decision, file, desk.policy.budgets, now)
        addresses = [letter.person.address.lower() for letter in decision.letters]
        seen = replace(file, ticket=decision.changes[-1].recorded)
        counts = self.store.outbox.automatic_counts(addresses, now) if addresses else AutomaticCounts()
        suppressed = self.store.people.suppressed(addresses, now)
        spent = spend(decision, counts, suppressed, desk.policy, now)
        letters = sealed(desk, spent.letters, seen, agents, now)
        outcomes = [ToRecord(None, spent.decision, letters, desk.held, policy=desk.policy.digest)]
        self.store.record(outcomes, now, budget.last_look(desk.policy.budgets, now))
        journal.were_recorded(outcomes, began)
        if told := decision.alarm:
            self.alarm(told.kind, told.what, told.way_out, told.key)


def _judged_to(desk: str, read: Mapping[str, ReadUpTo], now: datetime) -> datetime:
    """Up to when it is known what was written to a desk."""
    return min(now, read[desk].at) if desk in read else now
