"""A gateway that runs in a thread of this process: for the demo, which plays with it, and for journeys."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from mailgate.app import Clock, wall_clock
from mailgate.app.program import Program
from mailgate.settings import Settings


class Running:
    """`with Running(settings) as program:`: started when the block begins, drained when it ends."""

    def __init__(self, settings: Settings, now: Clock = wall_clock) -> None:
        self.program = Program(settings, now)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.program.start(), self._loop).result(60)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self.program.stop(), self._loop).result(30)
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        """Of the first door."""
        return self.program.doors[0].port
