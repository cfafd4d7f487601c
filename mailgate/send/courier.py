"""Carries many letters to the relay at once: a few threads, each with a connection of its own that it keeps."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mailgate.model.delivery import Deferred, Delivery, Refused
from mailgate.send.envelope import UnfitLetterError, words
from mailgate.send.relay import Relay

log = logging.getLogger(__name__)


#: With two letters running, else a single letter to which the relay answers with a fault of ours would hold up all behind it.
_DOWNS_TO_GIVE_UP = 2
#: A letter in hand lies in memory about four times: its mail, its files, put together, and as the relay hears it.
OCTETS = 32 * 1024 * 1024


class NotReady(Exception):
    """A letter cannot be put together now, and nothing is wrong with it that is known. The text is kept as the outcome of this attempt."""

    def __init__(self, reason: str, untried: bool = False) -> None:
        """`untried`: it is our fault alone, and counts as no attempt."""
        super().__init__(reason)
        self.untried = untried


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter on its way out: one recipient, and its bytes or how they are put together (in the courier's thread)."""

    id: str
    envelope_from: str  #: "" is the null reverse-path
    recipient: str
    data: bytes | Callable[[], bytes] = field(repr=False)
    utf8: bool = False
    envelope_id: str = ""  #: that reports about it will name, where servers keep it (RFC 3461 4.4)
    octets: int = 0  #: of the whole, as far as it is known: so many are taken out of what may be in hand at a time


@dataclass(eq=False, slots=True)
class _LetterBatch:
    """One call of `send`: what is still to be carried, and what came of the rest."""

    waiting: queue.SimpleQueue[Outgoing]
    answers: queue.SimpleQueue[tuple[Outgoing, Delivery, threading.Event] | None]  #: None: one thread has ended its part
    until: float  #: monotonic; no letter is begun later
    over: threading.Event = field(default_factory=threading.Event)
    beginning: threading.Lock = field(default_factory=threading.Lock)  #: held while a letter is begun, or the round given up
    relay_said: Deferred | None = None  #: why the last thread gave up


class _MemoryBudget:
    """How much memory letters in hand may take. Who is alone has room for any letter."""

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self._taken: list[int] = []
        self._changed = threading.Condition()

    def take(self, octets: int) -> bool:
        """Whether there was room; then it is taken."""
        with self._changed:
            if self._taken and sum(self._taken) + octets > self._octets:
                return False
            self._taken.append(octets)
            return True

    def give_back(self, octets: int) -> None:
        with self._changed:
            self._taken.remove(octets)
            self._changed.notify_all()

    def wait(self) -> None:
        """Until somebody gave something back, or half a second."""
        with self._changed:
            self._changed.wait(0.5)


class Courier:
    """Sends rounds of letters over its threads. Built with a factory, because every thread has a relay of its own."""

    def __init__(self, relay: Callable[[], Relay], threads: int = 2, octets: int = OCTETS) -> None:
        """`octets`: of the letters that all threads have in hand together; a larger one is carried alone."""
        self._stopping = threading.Event()
        self._room = _MemoryBudget(octets)
        self._relays = [relay() for _ in range(threads)]
        self._rounds: list[queue.SimpleQueue[_LetterBatch | None]] = [queue.SimpleQueue() for _ in range(threads)]
        self._turn = threading.Lock()
        self._threads = [
            threading.Thread(target=self._serve, args=pair, name=f"courier-{number}", daemon=True)
            for number, pair in enumerate(zip(self._relays, self._rounds, strict=True))
        ]
        for thread in self._threads:
            thread.start()

    def send(
        self, items: Sequence[Outgoing], budget: timedelta = timedelta(minutes=5), given_up: Callable[[Outgoing], object] = lambda _: None
    ) -> Generator[tuple[Outgoing, Delivery], None, None]:
        """Yields every letter once with what became of it, as it is known and not in order.

        No thread begins its next letter before the caller has come back for more after the last one: what is handed over and not written
        down is sent twice when the program is killed, so that may be one letter for each thread and never more.
        A thread that finds the relay down with two letters running puts them back and tries no other; when the last thread has given up, or
        `budget` is used up, or `stop` was called, the rest comes back as deferred without having been tried. So a dead relay costs two time
        limits and not one for each letter. Whoever stops iterating (close the generator) gives the rest up: `given_up` is called for each
        letter that was not begun, and none of them will be."""
        if not items:
            return
        with self._turn:
            carried = _LetterBatch(queue.SimpleQueue(), queue.SimpleQueue(), time.monotonic() + budget.total_seconds())
            for item in items:
                carried.waiting.put(item)
            for rounds in self._rounds:
                rounds.put(carried)
            busy = len(self._threads)
            try:
                while busy:
                    try:
                        answer = carried.answers.get(timeout=0.5)
                    except queue.Empty:
                        if any(thread.is_alive() for thread in self._threads):
                            continue
                        break  # stopped before they saw this round
                    if answer is None:
                        busy -= 1
                        continue
                    item, delivery, written_down = answer
                    yield item, delivery
                    written_down.set()
                while (left := _next(carried.waiting)) is not None:
                    yield left, self._untried(carried)
            finally:
                with carried.beginning:
                    carried.over.set()
                    while (unbegun := _next(carried.waiting)) is not None:
                        given_up(unbegun)

    def stop(self, grace: timedelta = timedelta(seconds=8), longest: timedelta = timedelta(seconds=2)) -> bool:
        """Begins no further letter, lets those in work finish within `grace`, then cuts their connections; and ends the threads.
        False when one has not ended within `longest` of that: what it does is none of ours to interrupt (a letter that is put together)."""
        self._stopping.set()
        for rounds in self._rounds:
            rounds.put(None)
        deadline = time.monotonic() + grace.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for thread, relay in zip(self._threads, self._relays, strict=True):
            last = deadline + longest.total_seconds()
            while thread.is_alive() and time.monotonic() < last:  # again and again: it may just be opening another connection
                relay.abort()
                thread.join(0.1)
        return not any(thread.is_alive() for thread in self._threads)

    def _untried(self, carried: _LetterBatch) -> Deferred:
        if self._stopping.is_set():
            return Deferred("not tried: the gateway is stopping", untried=True)
        return carried.relay_said or Deferred("not tried: no time was left in this round", untried=True)

    def _serve(self, relay: Relay, rounds: queue.SimpleQueue[_LetterBatch | None]) -> None:
        while (carried := rounds.get()) is not None:
            try:
                self._carry(relay, carried)
            finally:
                carried.answers.put(None)
        relay.close()

    def _next_that_fits(self, waiting: queue.SimpleQueue[Outgoing]) -> Outgoing | None:
        """The next letter that there is room for, its room taken: small ones do not wait behind two large ones."""
        for _ in range(waiting.qsize()):
            item = _next(waiting)
            if item is None or self._room.take(item.octets):
                return item
            waiting.put(item)
        return None

    def _carry(self, relay: Relay, carried: _LetterBatch) -> None:
        downs = 0
        while not (self._stopping.is_set() or carried.over.is_set() or time.monotonic() > carried.until):
            with carried.beginning:
                item = None if carried.over.is_set() else self._next_that_fits(carried.waiting)
            if item is None:
                if carried.waiting.empty():
                    return
                self._room.wait()
                continue
            try:
                delivery = _deliver(relay, item)
            finally:
                self._room.give_back(item.octets)
            if isinstance(delivery, Deferred) and delivery.relay_down and not delivery.uncertain:
                carried.relay_said = delivery
                carried.waiting.put(item)  # nothing was said of it: a thread whose connection still stands may take it
                downs += 1
                if downs == _DOWNS_TO_GIVE_UP:
                    return
            else:
                downs = 0
                written_down = threading.Event()
                carried.answers.put((item, delivery, written_down))
                while not (written_down.wait(0.5) or carried.over.is_set() or self._stopping.is_set()):
                    pass


def _next(waiting: queue.SimpleQueue[Outgoing]) -> Outgoing | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


def _deliver(relay: Relay, item: Outgoing) -> Delivery:
    try:
        data = item.data if isinstance(item.data, bytes) else item.data()
    except ValueError as error:  # it is not the letter that was sealed
        return Refused(words(f"not sent: {error}"), damaged=True)
    except NotReady as error:
        return Deferred(words(f"not put together: {error}"), untried=error.untried)
    except Exception as error:
        log.exception("letter %s could not be put together", item.id)
        return Deferred(words(f"not put together: {type(error).__name__}"))
    try:
        return relay.deliver(item.envelope_from, item.recipient, data, item.utf8, item.envelope_id)
    except UnfitLetterError as error:
        return Refused(words(f"not sent: {error}"))
    except Exception as error:
        log.exception("letter %s could not be handed over", item.id)
        # Nobody knows how far it came: the careful reading is that the relay may have it.
        return Deferred(words(f"not handed over: {type(error).__name__}"), uncertain=True)
