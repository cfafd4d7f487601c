"""The clock that the rounds and doors go by: the machine's own, but not believed the moment it jumps.

A wall clock that jumps ahead would break every promise at once and cancel what waits to be sent, although no time has passed. So two
clocks are held against each other: the wall's, and one that only goes forward and goes on while the machine sleeps. Where they part, the
old time goes on until the wall has said the same for a while, however far it went, back or ahead. A machine that slept has not jumped."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

log = logging.getLogger(__name__)

#: What the two clocks may part by between two looks. Time servers correct some milliseconds a second, a leap second is one.
DRIFT = timedelta(seconds=30)
#: A jump by so much breaks promises although nobody was late.
FAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock is somewhere else than the time that has passed."""

    by: timedelta  #: ahead; negative: back
    believed: bool  #: it has said the same for long enough: from here on the new time counts

    @property
    def words(self) -> str:
        way = "ahead" if self.by > timedelta(0) else "back"
        minutes = round(abs(self.by).total_seconds() / 60)
        days, hours = divmod(minutes // 60, 24)
        span = f"{days} days {hours} h" if days else f"{hours} h {minutes % 60} min"
        return f"the clock of this machine jumped {way} by {span}"


def wall() -> datetime:
    return datetime.now(UTC)


def passed() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps where the system has one (Linux)."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class SteadyClock:
    """Aware UTC, whole seconds. Threads may share it."""

    def __init__(
        self, hold: timedelta, wall: Callable[[], datetime] = wall, passed: Callable[[], float] = passed, drift: timedelta = DRIFT
    ) -> None:
        """`hold`: so long the wall has to say the same before a jump is believed."""
        self._wall, self._passed, self._hold, self._drift = wall, passed, hold, drift
        self._lock = threading.Lock()
        self._origin = self._wall() - timedelta(seconds=self._passed())  #: what the wall said when `passed` was 0, as far as it is believed
        self._jumped: tuple[datetime, float] | None = None  #: where the wall is instead, and since when
        self._told: deque[Jump] = deque(maxlen=20)
        self._leaps = 0
        self.on_jump: Callable[[], None] = lambda: None  #: called at each end of a jump: wakes whoever tells it

    def __call__(self) -> datetime:
        news = False
        with self._lock:
            seconds, said = self._passed(), self._wall()
            origin = said - timedelta(seconds=seconds)
            if abs(origin - self._origin) <= self._drift:
                if self._jumped is not None:
                    log.warning("the clock is back where it was before it jumped")
                self._origin, self._jumped = origin, None
            elif self._jumped is None or abs(origin - self._jumped[0]) > self._drift:
                self._jumped = (origin, seconds)
                self._told.append(Jump(origin - self._origin, believed=False))
                news = True
            elif seconds - self._jumped[1] >= self._hold.total_seconds():
                self._told.append(Jump(origin - self._origin, believed=True))
                self._leaps += abs(origin - self._origin) >= FAR
                self._origin, self._jumped = origin, None
                news = True
            now = self._origin + timedelta(seconds=seconds)
        if news:
            self.on_jump()
        return now.replace(microsecond=0)

    def leaps(self) -> int:
        """How often the clock has jumped so far that promises may be broken by it alone, and was believed."""
        return self._leaps

    def jumps(self) -> list[Jump]:
        """What has happened since this was asked last."""
        self()
        with self._lock:
            told = list(self._told)
            self._told.clear()
        return told
