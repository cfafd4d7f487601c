"""The clock round: time has passed, so which promises are near their end or broken, and whom do we remind?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.writing import LetterWriter
from mailgate.decide import budget, clocks
from mailgate.decide.scene import Scene
from mailgate.decide.spending import spend
from mailgate.gateway import journal
from mailgate.gateway.combining import tell_together
from mailgate.gateway.faulty import FaultyTickets
from mailgate.gateway.rating import with_ratings
from mailgate.gateway.reading import RaiseAlarm
from mailgate.gateway.recounting import Recounting
from mailgate.gateway.writing import sealed
from mailgate.model.person import Person
from mailgate.model.ticket import TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

#: How often what is too old to tell machines from people is thrown away.
TIDY_EVERY = timedelta(days=1)


class ClockRound:
    def __init__(self, store: Store, now: Callable[[], datetime], alarm: RaiseAlarm, recounting: Recounting) -> None:
        self.store, self.now, self._recounting = store, now, recounting
        self._faulty = FaultyTickets(store, now, alarm)
        self._tidied: datetime | None = None

    def run(self, desk: LetterWriter, agents: Mapping[str, Person], limit: int) -> int:
        """Looks at up to `limit` tickets on which something is due; returns how many there were."""
        now = self.now()
        due = self.store.tickets.due(now, limit)
        failed = self._recounting.bring_up(due)
        reviewed = []
        for file in self._faulty.each([number for number in due if number not in failed], self.store.tickets.files):
            try:
                self._one(desk, agents, file, now)
                reviewed.append(file.ticket.number)
            except Conflict:
                continue  # somebody changed the ticket meanwhile; the next round looks at what it is then
            except UNAVAILABLE:
                raise
            except Exception as error:
                self._faulty.note(file.ticket.number, error)
        self._faulty.done(reviewed)
        self._faulty.tell()
        together = tell_together(self.store, desk, agents, now)
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            self.store.traffic.forget_turns(now)
            self._tidied = now
        return len(due) + together

    def _one(self, desk: LetterWriter, agents: Mapping[str, Person], file: TicketFile, now: datetime) -> None:
        began = journal.clock()
        scene = Scene(file=file, policy=desk.policy, agents=agents, now=now)
        decision = clocks.on_time(with_ratings(self.store, scene) if clocks.asks_for_ratings(file.ticket, now) else scene)
        addresses = [letter.person.address.lower() for letter in decision.letters]
        if not decision.changes:
            return
        seen = replace(file, ticket=decision.changes[-1].recorded)
        counts = self.store.outbox.automatic_counts(addresses, now)
        suppressed = self.store.people.suppressed(addresses, now)
        spent = spend(decision, counts, suppressed, desk.policy, now)
        letters = sealed(desk, spent.letters, seen, agents, now)
        outcomes = [ToRecord(None, spent.decision, letters, desk.held, policy=desk.policy.digest)]
        self.store.record(outcomes, now, budget.last_look(desk.policy.budgets, now))
        journal.were_recorded(outcomes, began)
