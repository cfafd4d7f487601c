"""Which round runs how often. APScheduler only ticks; what is due when stands in the database, so a missed tick loses nothing."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)


#: A round that no tick has woken for so many of its intervals wakes itself.
MISSED_TICKS = 2


class Round:
    """One thread that does its work whenever it is woken, by a tick or because there is something to do. Never two at a time.
    `patience` seconds without a tick, by a clock that nobody sets, and it wakes itself and says so by `missed`: ticks come by the wall
    clock, and after that was set back an hour none would come for an hour."""

    def __init__(
        self, name: str, work: Callable[[], object], patience: float | None = None, missed: Callable[[], object] = lambda: None
    ) -> None:
        self.name, self._work = name, work
        self._patience, self._missed = patience, missed
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"round-{name}", daemon=True)
        self.failures = 0  #: in a row

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """Lets the round end what it is doing; whether it did within `timeout` seconds."""
        self._over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            on_time = self._wake.wait(self._patience)
            self._wake.clear()
            if self._over.is_set():
                return
            try:
                if not on_time:
                    self._missed()
                self._work()
                if self.failures:
                    log.info("the %s round works again", self.name)
                self.failures = 0
            except Exception as error:
                # A round that fails is tried again at the next tick; its work is still in the database. What it fails by is shown whole
                # once: a disk without room would fill the rest of it with the same lines.
                self.failures += 1
                # The words of any other failure may quote a mail.
                ours = isinstance(error, OSError) or type(error).__module__.startswith("mailgate.record")
                what = f"{type(error).__name__}: {error}" if ours else type(error).__name__
                log.error("the %s round failed (%d in a row): %s", self.name, self.failures, what, exc_info=self.failures == 1)


class Timetable:
    """The rounds and the scheduler that ticks them."""

    def __init__(self) -> None:
        self._rounds: list[tuple[Round, timedelta]] = []
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},  # a tick only sets a flag
            # A late tick is still a tick: by default APScheduler would skip one that is more than a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def every(self, interval: timedelta, name: str, work: Callable[[], object]) -> Round:
        """A round that is woken at this interval, and by `wake` in between."""
        one = Round(name, work, MISSED_TICKS * max(1.0, interval.total_seconds()), self.tick_now)
        self._rounds.append((one, interval))
        self._scheduler.add_job(one.wake, IntervalTrigger(seconds=max(1, int(interval.total_seconds()))), id=name)
        return one

    def tick_now(self) -> None:
        """The clock was set back, and the scheduler waits for a time that was already: from now on it goes by the new one."""
        if self._scheduler.running:
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))

    def start(self) -> None:
        for one, _ in self._rounds:
            one.start()
            one.wake()
        self._scheduler.start()

    def stop(self, timeout: float) -> bool:
        """No more ticks; waits until the rounds have ended what they are doing. False when one did not within `timeout` seconds."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for one, _ in self._rounds:
            one._over.set()
            one.wake()
        ended = [one.stop(timeout) for one, _ in self._rounds]
        return all(ended)
