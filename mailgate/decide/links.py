"""What an operator may decide about the links to a request's page."""

from mailgate.decide.scene import Scene
from mailgate.model.decision import Change, Decision
from mailgate.model.events import PageLinksWithdrawn


def withdraw(s: Scene) -> Decision:
    """Those that are out lead nowhere from now on; the next letter brings a new one."""
    assert s.file is not None
    event = PageLinksWithdrawn(at=s.now)
    return Decision(changes=(Change(s.file.ticket, s.step(s.file.ticket, event).ticket, (event,)),))
