"""A gateway on a machine whose wall clock jumps: both of its clocks are turned by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mailgate.app.steady import SteadyClock
from mailgate.model.delivery import OutboxState
from tests.journeys.world import MONDAY, World

HOLD = timedelta(seconds=30)


class Machine:
    """What its wall says, and how many seconds have really passed."""

    def __init__(self) -> None:
        self.wall, self.seconds = MONDAY, 0.0

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def jump(self, by: timedelta) -> None:
        self.wall += by


class JumpingWorld(World):
    """`hold`: how long a jump has to last before it is believed; zero is the control."""

    def __init__(self, folder: Path, hold: timedelta = HOLD) -> None:
        self.machine = Machine()
        super().__init__(folder, now=SteadyClock(hold, lambda: self.machine.wall, lambda: self.machine.seconds))

    def open(self, tickets: int) -> None:
        for number in range(tickets):
            self.send(
                f"p{number}@example.com", "support@example.org", f"Lamp {number}", f"The lamp over desk {number} flickers, please look."
            )
        self.settle()

    def rounds(self) -> None:
        """One turn of everything."""
        self._running.program.watch()
        self.gateway.review_clocks()
        self.settle()

    def told(self, *events: str) -> int:
        """How many letters of these kinds were written."""
        self.settle()
        rows = (*self.store.outbox.rows(None, 100_000), *self.store.outbox.rows(OutboxState.SENT, 100_000))
        return sum(row.letter.event in events for row in rows)
