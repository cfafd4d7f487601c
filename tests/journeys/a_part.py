"""`mailgate` as a process with a clock that a test turns by hand: `python -m tests.journeys.a_part CLOCK serve --only read ...`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from mailgate.app import program
from mailgate.cli import app

if __name__ == "__main__":
    clock = Path(sys.argv.pop(1))
    made = program.Program
    # In place of the machine's clock.
    program.Program = lambda settings, _, only: made(settings, lambda: datetime.fromisoformat(clock.read_text()), only)  # type: ignore[misc, assignment]
    app()
