"""An edited policy counts at once: what was last decided by other terms is counted anew, a batch at a time, while mail is read.

Whichever is about to be decided comes first. Where it was interrupted, and whose work it is, nobody has to remember: each ticket says by
which policy it was last decided, and a batch is recorded only where its tickets are as they were. Of several nodes the one whose policy
was adopted last does it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mailgate.compose.writing import LetterWriter
from mailgate.decide import recounting
from mailgate.decide.scene import Scene
from mailgate.decide.terms import terms_of
from mailgate.gateway.faulty import FaultyTickets
from mailgate.gateway.reading import RaiseAlarm
from mailgate.model.decision import Decision
from mailgate.model.person import Person
from mailgate.model.ticket import Ticket, TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: Tickets of one transaction: as many as a door can wait for.
BATCH = 100


class Recounting:
    def __init__(self, store: Store, now: Callable[[], datetime], alarm: RaiseAlarm) -> None:
        self._store, self._now = store, now
        self._faulty = FaultyTickets(store, now, alarm)
        self._terms = ""
        self._same: frozenset[str | None] = frozenset()  #: policies that say the same about clocks as the one in force

    def adopt(self, desk: LetterWriter, agents: Mapping[str, Person]) -> None:
        self._desk, self._agents = desk, agents
        self._terms = terms_of(desk.policy)
        self._same = frozenset({desk.policy.digest}) | self._store.policies.with_terms(self._terms)

    def is_current(self, ticket: Ticket) -> bool:
        """Whether a ticket that is in the record was last decided by the terms in force. What is done with it is done for good."""
        if ticket.policy in self._same or not (ticket.status.is_live or any(cycle.is_on for cycle in ticket.cycles)):
            return True
        self._same |= self._store.policies.with_terms(self._terms)  # another node may have adopted one that says the same
        return ticket.policy in self._same

    def bring_up(self, numbers: Iterable[int]) -> set[int]:
        """Before these tickets are decided, their clocks count by the policy in force. Those with which that cannot be done."""
        wanted = set(numbers)
        found = list(self._faulty.each(wanted, self._store.tickets.alone)) if wanted else []
        outdated = [ticket for ticket in found if not self.is_current(ticket)]
        failed = wanted - {ticket.number for ticket in found}
        if outdated and self._store.policies.is_latest(self._terms):
            failed |= self._count(outdated)
        if failed:
            self._faulty.tell()
        return failed

    def run(self) -> int:
        """One batch of those that nobody has looked at since; how many there were."""
        numbers = self._store.policies.outdated(self._terms, self._now(), BATCH)
        if not numbers or not self._store.policies.is_latest(self._terms):
            return 0
        self._count(self._faulty.each(numbers, self._store.tickets.alone))
        self._faulty.tell()
        return len(numbers)

    def _count(self, tickets: Iterable[Ticket]) -> set[int]:
        now, failed = self._now(), set[int]()
        same: dict[int, str | None] = {}
        changed: list[Decision] = []
        for ticket in tickets:
            try:
                decision = self._decided(ticket, now)
            except Exception as error:
                self._faulty.note(ticket.number, error)
                failed.add(ticket.number)
                continue
            if decision.changes:
                changed.append(decision)
            else:
                same[ticket.number] = ticket.policy
        failed |= self._record(changed, now)
        self._store.policies.label(same, self._desk.policy.digest)
        return failed

    def _decided(self, ticket: Ticket, now: datetime) -> Decision:
        file = TicketFile(ticket, people=(), entries=())
        return recounting.counted_anew(Scene(file=file, policy=self._desk.policy, agents=self._agents, now=now))

    def _record(self, decisions: list[Decision], now: datetime) -> set[int]:
        """Those that cannot be recorded. What somebody else changed at this moment comes again."""
        try:
            self._store.record([ToRecord(None, one, policy=self._desk.policy.digest) for one in decisions], now)
        except UNAVAILABLE:
            raise
        except Exception as error:
            if len(decisions) > 1:
                return set[int]().union(*(self._record([one], now) for one in decisions))
            if not isinstance(error, Conflict):
                number = decisions[0].changes[0].after.number
                self._faulty.note(number, error)
                return {number}
        return set()
