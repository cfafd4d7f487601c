"""The negative control of the storm: `mailgate serve` that says 250 first and commits afterwards."""

from __future__ import annotations

import asyncio
import sys

from mailgate import settings
from mailgate.app import program
from mailgate.gateway import Gateway, to_keep
from mailgate.model.mail import Arrival
from mailgate.settings import places


async def accept_too_early(self: Gateway, arrival: Arrival) -> None:
    keeps = to_keep(arrival, self.policy)

    def commit() -> None:
        self.acceptor.submit(keeps).result()
        self.on_mail()

    # Half a second later, as a write that was "good enough in memory" would be.
    asyncio.get_running_loop().call_later(0.5, lambda: asyncio.get_running_loop().run_in_executor(None, commit))


if __name__ == "__main__":
    from pathlib import Path

    Gateway.accept = accept_too_early  # type: ignore[method-assign]
    folder = places.configuration(Path(sys.argv[sys.argv.index("--config") + 1]))
    program.run(settings.load(folder))
