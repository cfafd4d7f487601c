"""Another policy is in force than when a ticket was last decided: its clocks count by it from now on."""

from dataclasses import replace

from mailgate.decide.scene import Scene
from mailgate.model.decision import Change, Decision
from mailgate.model.events import PolicyChanged
from mailgate.model.ticket import Ticket


def counted_anew(s: Scene) -> Decision:
    """By the policy of the scene; an empty decision where the clocks of the ticket come out the same. A breach that no longer holds is
    the next round's to tell."""
    assert s.file is not None
    before = s.file.ticket
    event = PolicyChanged(at=s.now, policy=s.policy.digest, sla=s.rules_of(before).sla.id)
    after = s.step(before, event).ticket
    return Decision(changes=(Change(before, after, (event,)),)) if _promised(after) != _promised(before) else Decision()


def _promised(ticket: Ticket) -> Ticket:
    """All but which policy said so."""
    return replace(ticket, policy=None, cycles=tuple(replace(cycle, policy="") for cycle in ticket.cycles))
