"""Our own SMTP door with nothing behind it: what the dialogue and the transfer of a mail cost, without the commit.

Prints its port, then for each line on standard input the CPU of this process so far, in seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable

from mailgate.app import wall_clock
from mailgate.model.installation import DoorSettings
from mailgate.model.mail import Arrival
from mailgate.receive.smtp import MailDoor


class Nobody:
    """Takes every mail at once and forgets it."""

    def desk_of(self, recipient: str) -> str | None:
        return "support"

    async def accept(self, arrival: Arrival) -> None:
        return None


async def main() -> None:
    loop = asyncio.get_running_loop()
    door = MailDoor(DoorSettings(kind="smtp", host="127.0.0.1", port=0), Nobody(), wall_clock, None)
    await door.start()
    print(door.port, flush=True)
    over = loop.create_future()

    def asked() -> None:
        if sys.stdin.readline():
            print(time.process_time(), flush=True)
        elif not over.done():
            over.set_result(None)

    loop.add_reader(sys.stdin, asked)
    await over


def factory() -> Callable[[], AbstractEventLoop] | None:
    """uvloop where it is installed, as in `serve`."""
    try:
        import uvloop
    except ImportError:
        return None
    made: Callable[[], AbstractEventLoop] = uvloop.new_event_loop
    return made


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=factory()) as runner:
        runner.run(main())
