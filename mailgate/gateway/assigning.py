"""The rounds of who is given work: tickets for which nobody could be asked, and those of people who are away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from mailgate.decide import giving
from mailgate.decide.assignment import WEIGHTS
from mailgate.decide.scene import Scene
from mailgate.gateway.recounting import Recounting
from mailgate.model.decision import Decision
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.ticket import Ticket, TicketFile
from mailgate.record.rows import UNAVAILABLE, Conflict

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: Tickets that one round looks at, of each group.
MOST = 50
#: Records what is decided about a ticket.
Records = Callable[[TicketFile, Decision], None]


def with_staff(store: Store, scene: Scene, ticket: Ticket) -> Scene:
    """A scene with how it stands with everybody who could be given the ticket, or hear of it."""
    agents = scene.policy.agents
    group = scene.policy.groups.get(ticket.group)
    named = (name for name in (group.lead, group.manager) if name is not None) if group is not None else ()
    who = {*scene.group(ticket.group), *(scene.agents[name].id for name in named if name in scene.agents)}
    who |= {id_ for id_ in (ticket.owner, ticket.search.first if ticket.search else None) if id_ is not None}
    staff = store.assignments.availabilities(who, WEIGHTS, scene.now)
    # Who stands in for somebody may be of another group, and away as well.
    while more := {a.delegate for one in staff.values() for a in one.absences if a.delegate is not None} - staff.keys():
        staff |= store.assignments.availabilities(more, WEIGHTS, scene.now)
    return replace(scene, staff=staff) if agents else scene


class AssigningRound:
    """What no ticket's own clock says: somebody has room again, is back, or has gone away."""

    def __init__(self, store: Store, recounting: Recounting) -> None:
        self.store, self._recounting = store, recounting
        self._behind: dict[str, tuple[int, int]] = {}  #: by group, the last of those in vain: behind them others may have their turn

    def run(self, policy: Policy, agents: Mapping[str, Person], now: datetime, record: Records) -> int:
        """Returns how many tickets were given, or taken back."""
        done = 0
        for number in self.store.assignments.offered_to_the_absent(now, MOST):
            done += self._each(number, policy, agents, now, giving.taken_back, record)
        for number in self.store.assignments.held_by_the_absent(now, MOST):
            done += self._each(number, policy, agents, now, giving.handed_over, record)
        for group in policy.groups:
            if policy.assigns(group):
                done += self._waiting(group, policy, agents, now, record)
        return done

    def _waiting(self, group: str, policy: Policy, agents: Mapping[str, Person], now: datetime, record: Records) -> int:
        """The most urgent and oldest first; where they all wait in vain, those behind the ones that were looked at last."""
        first = self.store.assignments.waiting(group, (0, 0), MOST)
        if not first or not self._has_room(group, policy, agents, now):
            return 0
        if done := self._given(first, policy, agents, now, record):
            return done
        behind = self.store.assignments.waiting(group, max(self._behind.get(group, first[-1]), first[-1]), MOST)
        self._behind[group] = behind[-1] if len(behind) == MOST else first[-1]
        return self._given(behind, policy, agents, now, record)

    def _given(self, rows: Iterable[tuple[int, int]], policy: Policy, agents: Mapping[str, Person], now: datetime, record: Records) -> int:
        return sum(self._each(number, policy, agents, now, _again, record) for _, number in rows)

    def _has_room(self, group: str, policy: Policy, agents: Mapping[str, Person], now: datetime) -> bool:
        members = {agents[one.id].id: one for one in policy.members(group) if one.id in agents}
        staff = self.store.assignments.availabilities(members, WEIGHTS, now)
        return any(one.load < members[id_].capacity and not one.is_away(now) for id_, one in staff.items())

    def _each(
        self,
        number: int,
        policy: Policy,
        agents: Mapping[str, Person],
        now: datetime,
        decide: Callable[[Scene, Ticket], Decision],
        record: Records,
    ) -> int:
        try:
            if self._recounting.bring_up([number]):
                return 0  # its clocks cannot be counted, and the operator has heard of it
            file = self.store.tickets.files([number])[number]
            return self.give(file, policy, agents, now, record, decide)
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("ticket %d: nobody can be given it", number)
            return 0

    def give(
        self,
        file: TicketFile,
        policy: Policy,
        agents: Mapping[str, Person],
        now: datetime,
        record: Records,
        decide: Callable[[Scene, Ticket], Decision] = lambda scene, ticket: giving.when_due(scene, ticket).decided(ticket),
    ) -> int:
        """Whether something came of one ticket. Raises whatever is wrong with it."""
        try:
            scene = with_staff(self.store, Scene(file=file, policy=policy, agents=agents, now=now), file.ticket)
            decision = decide(scene, file.ticket)
            if not decision.changes:
                return 0
            record(file, decision)
            return 1
        except Conflict:
            return 0  # somebody else was first; the next round looks at what it is then


def _again(scene: Scene, ticket: Ticket) -> Decision:
    return giving.again(scene, ticket).decided(ticket)
