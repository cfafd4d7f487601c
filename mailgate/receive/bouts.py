"""A trouble that comes a thousand times is said once: when it begins, and when it is over."""

import logging

log = logging.getLogger(__name__)

#: Seconds without it after which a trouble is over: what comes and goes each second is one trouble.
OVER_AFTER = 60.0


class Bout:
    """One trouble of one door. The time is monotonic, in seconds."""

    def __init__(self, begins: str, ends: str) -> None:
        self._begins, self._ends = begins, ends
        self._last: float | None = None
        self._times = 0

    def again(self, now: float, what: str) -> bool:
        """It happened; whether that is news, and was said."""
        news = self._last is None
        self._last = now
        self._times += 1
        if news:
            log.warning("%s: %s", self._begins, what)
        return news

    def quiet(self, now: float) -> bool:
        """It did not happen when it might have; whether that is its end, and was said."""
        if self._last is None or now - self._last < OVER_AFTER:
            return False
        log.info("%s, after %d times", self._ends, self._times)
        self._last, self._times = None, 0
        return True
