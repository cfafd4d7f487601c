"""Thirty days of a machine at one end of a ticket, or at both, and what leaves for it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from unittest.mock import patch

from mailgate.decide import loops
from mailgate.model.policy import Policy
from mailgate.record.store import Store
from mailgate.settings import sample_policy
from tests.zoo.house import ANN, MAX, SUPPORT, Letter, ZooHouse, without_breaker
from tests.zoo.machines import Machine

#: Letters of one exchange after which nobody waits for its end any more.
ENOUGH = 400
#: How long a machine takes.
LAG = timedelta(seconds=2)
#: Days on which the person behind the requester's machine writes.
WRITES_ON = (0, 12)


@dataclass
class Seen:
    acknowledged: Counter[str] = field(default_factory=Counter)  #: automatic letters to the requester, by ticket
    to_requester: int = 0
    to_agent: int = 0
    held: int = 0
    last_at: datetime | None = None
    began_at: datetime | None = None
    endless: bool = False

    @property
    def faults(self) -> list[str]:
        """What a person would mind."""
        found = []
        if self.endless:
            found.append("it does not end")
        if worst := self.acknowledged.most_common(1):
            ticket, count = worst[0]
            if count > 2:
                found.append(f"{count} automatic letters on {ticket}")
        if self.last_at and self.began_at and self.last_at - self.began_at > timedelta(hours=1):
            found.append(f"no silence {self.last_at - self.began_at} after the last mail of a person")
        return found


def small(policy: Policy) -> Policy:
    """One desk, two agents of one group; nothing that clocks would tell of is part of the story."""
    off = dict.fromkeys(("sla_warned", "sla_breached", "operator_alarmed", "reminder_due"), False)
    return replace(policy, letters={**policy.letters, **off})


def thirty_days(
    store: Store, requester: Machine | None, agent: Machine | None, *, days: int = 30, breaker: bool = True, lag: timedelta = LAG
) -> Seen:
    policy = small(sample_policy())
    house = ZooHouse(store, policy if breaker else without_breaker(policy))
    seen = Seen()
    off = ExitStack()
    if not breaker:
        off.enter_context(patch.object(loops, "machine", lambda *_, **__: None))
        off.enter_context(patch.object(loops, "own_words_back", lambda *_: False))
    try:
        for day in range(days):
            if day in WRITES_ON:
                seen.began_at = house.at
                house.mail(f"Max <{MAX}>", SUPPORT, f"The door of hall {day}", f"The door of hall {day} does not close since this morning.")
            exchange(house, seen, requester, agent, lag)
            if seen.endless:
                break
            house.at = house.at.replace(hour=8, minute=0, second=0) + timedelta(days=1)
    finally:
        off.close()
        seen.held = len(house.held())
        house.close()
    return seen


def exchange(house: ZooHouse, seen: Seen, requester: Machine | None, agent: Machine | None, lag: timedelta) -> None:
    """Until nothing moves any more, also when the notices that wait for each other are told."""
    letters = 0
    for quiet in range(3):
        while arrived := house.run():
            letters += len(arrived)
            if letters > ENOUGH:
                seen.endless = True
                return
            house.at += lag
            for letter in arrived:
                _note(seen, letter, house.at)
                machine = {MAX: requester, ANN: agent}.get(letter.to)
                reply = machine(letter) if machine else None
                if reply is not None:
                    house.mail(letter.to, reply.to, reply.subject, reply.text)
        house.turn(minutes=11 * (quiet + 1))


def _note(seen: Seen, letter: Letter, now: datetime) -> None:
    seen.last_at = now
    if letter.to == MAX:
        seen.to_requester += 1
        if letter.automatic:
            seen.acknowledged[letter.subject.rpartition("[")[2]] += 1
    elif letter.to == ANN:
        seen.to_agent += 1
