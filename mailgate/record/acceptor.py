"""One thread that commits arrivals: those that wait at the same time share a commit, so that many doors cost one flush of the disk."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

from mailgate.model.mail import NoSpace
from mailgate.record.rows import Broken, Busy, Keep, Kept

log = logging.getLogger(__name__)

MAX_GROUP = 64  #: arrivals that share a commit,
MAX_GROUP_BYTES = 4 * 1024 * 1024  #: and their bytes
ALONE_BYTES = 1024 * 1024  #: a mail larger than this makes nobody else wait for its bytes
CALM = 0.02  #: seconds without a new arrival: then no door is busy. A crowd that brings one mail a connection leaves gaps of some ms


class Keeper(Protocol):
    """The part of the store that the acceptor needs."""

    def keep(self, items: Sequence[Keep]) -> list[Kept]: ...


class Closed(Exception):
    """The gateway is stopping: the mail was not taken."""


Waiting = tuple[tuple[Keep, ...], int, "Future[list[Kept]]"]


class Acceptor:
    """Safe from any thread. What was submitted is committed even when nobody waits for the answer any more."""

    def __init__(self, inbox: Keeper, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds`: a clock that only goes forward, to tell whether the doors are busy."""
        self._inbox, self._seconds = inbox, seconds
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._broken: Broken | None = None
        self._last = -math.inf  #: when the last arrival was submitted, or answered
        self._committing = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="acceptor", daemon=True)
        self._thread.start()

    @property
    def broken(self) -> bool:
        """The disk failed: the program has to stop."""
        return self._broken is not None

    def submit(self, items: Sequence[Keep]) -> Future[list[Kept]]:
        """The items of one arrival; the future holds what became of each once they are committed.
        It fails with NoSpace, Busy, Broken or Closed; then nothing of this arrival is stored."""
        future: Future[list[Kept]] = Future()
        size = max((len(item.arrival.raw) for item in items), default=0)
        with self._changed:
            if self._broken is not None:
                future.set_exception(self._broken)
            elif self._closing:
                future.set_exception(Closed("the gateway is stopping"))
            else:
                self._waiting.append((tuple(items), size, future))
                self._last = self._seconds()
                self._changed.notify()
        return future

    def give_way(self, most: float) -> None:
        """Lets the doors go first: returns when nothing came for a moment, at the latest after `most` seconds, or when this closes."""
        end = self._seconds() + most
        while (left := min(end, self._stirred() + CALM) - self._seconds()) > 0 and not self._over.wait(left):
            pass

    def _stirred(self) -> float:
        """When something happened last. A crowd that waits for its commit is not calm, although nobody comes meanwhile."""
        return self._seconds() if self._waiting or self._committing else self._last

    def close(self, timeout: float | None = None) -> None:
        """Takes nothing more in and commits what waits. After `timeout` seconds the rest fails: its senders still have it."""
        self._over.set()
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        with self._changed:
            left = list(self._waiting)
            self._waiting.clear()
        for _, _, future in left:
            _fail(future, Closed("the gateway is stopping"))

    def _run(self) -> None:
        while group := self._next_group():
            self._committing = True
            self._commit(group)
            self._last, self._committing = self._seconds(), False

    def _next_group(self) -> list[Waiting]:
        """What waits now, up to the bounds; empty when the acceptor is closed and nothing is left."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            group: list[Waiting] = []
            total = 0
            while self._waiting and len(group) < MAX_GROUP:
                size = self._waiting[0][1]
                if group and (size > ALONE_BYTES or total + size > MAX_GROUP_BYTES):
                    break
                group.append(self._waiting.popleft())
                total += size
                if size > ALONE_BYTES:
                    break
            return group

    def _commit(self, group: list[Waiting]) -> None:
        """One commit for all. What fails as a group is tried one by one, so that a bad arrival harms nobody else."""
        try:
            if self._broken is not None:
                raise self._broken
            kept = self._inbox.keep([item for items, _, _ in group for item in items])
        except (NoSpace, Busy, Broken) as error:
            if isinstance(error, Broken):
                with self._changed:
                    self._broken = error
            # Trying one by one would only make everybody wait longer for the same answer.
            for _, _, future in group:
                _fail(future, error)
        except Exception as error:
            # One arrival must not cost another its commit, whatever is wrong with it.
            if len(group) == 1:
                log.error("an arrival could not be stored", exc_info=error)
                _fail(group[0][2], error)
                return
            log.warning("a group of %d arrivals could not be stored together: one by one now", len(group))
            for waiting in group:
                self._commit([waiting])
        else:
            start = 0
            for items, _, future in group:
                _finish(future, kept[start : start + len(items)])
                start += len(items)


def _finish(future: Future[list[Kept]], kept: list[Kept]) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(kept)


def _fail(future: Future[list[Kept]], error: BaseException) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(error)
