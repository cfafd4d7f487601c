"""No worker can be had: the reading pauses, says so once, and comes back by itself. Mail is still taken in, and waits."""

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds until the next try; doubled each time, up to the longest.
FIRST, LONGEST = 1.0, 30.0
KIND = "no_reader"
WAY_OUT = "Look at the limits on processes, memory and open files of this service; the reading goes on by itself"


class Backoff:
    """For one round. What wakes that round meanwhile, each mail that comes, tries nothing: the machine is short of something already."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._seconds = 0.0  #: of the pause that holds; 0: none does

    def is_over(self) -> bool:
        return self._seconds == 0 or self._clock() >= self._until

    def begin(self, why: str, alarm: Callable[[str, str, str], None]) -> None:
        """It failed: the first time that is told."""
        news = self._seconds == 0
        self._seconds = min(LONGEST, 2 * self._seconds or FIRST)
        self._until = self._clock() + self._seconds
        if not news:
            return
        log.error("the reading pauses: %s. Mail is taken in and waits", why)
        try:
            alarm(KIND, f"no worker can be started, and nothing is read: {why}", WAY_OUT)
        except Exception as error:  # the machine is short of something: the log has it already
            log.error("and the operator could not be told: %s", type(error).__name__)

    def end(self, alarm_over: Callable[[str], None]) -> None:
        """It works: should it fail once more, that is news."""
        if self._seconds == 0:
            return
        self._seconds = 0.0
        log.info("the reading goes on")
        alarm_over(KIND)
