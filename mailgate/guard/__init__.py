"""Runs pure functions on hostile mail in worker processes: who exceeds the budget is killed, and the mail behind it is read all the same.

A worker is an interpreter of its own, started with `exec` (safe beside threads and an event loop), which takes mails in chunks but
works on one at a time and answers each as it is done. So when a worker dies, exactly one mail is to blame: that one is tried once
more, alone, in a fresh worker, and then comes back as `Overrun`; those behind it go to the next worker. `ProcessPoolExecutor` breaks
the whole pool instead.

Who enforces what:
  CPU     the kernel, by the worker's ITIMER_PROF with SIGPROF at its default action: no Python code has to run, so C loops die too
  memory  the kernel, by RLIMIT_AS set after the imports: MemoryError, reported, and the worker leaves (Linux only)
  wall    the parent, by SIGKILL
  files, network, processes   the kernel, by what the worker gives up before its first item (`confine`)

What a worker answers is hostile as well: it is read in a fixed form (`form`), never unpickled, and never longer than agreed."""

import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from mailgate.guard import line
from mailgate.guard.budget import MIB, Limits
from mailgate.guard.child import Worker, WorkerFellError
from mailgate.guard.confine import Confined
from mailgate.guard.form import WireForm, answer_of, form_of
from mailgate.model.overrun import GuardError, Limit, Overrun, Raised

__all__ = ["MIB", "Confined", "Guard", "GuardError", "Limit", "Limits", "Overrun", "Raised"]

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

_CHUNK_ITEMS = 16  #: at most this many mails in one message to a worker,
_CHUNK_BYTES = MIB  #: and at most this many bytes; a larger mail goes alone
_SEVERAL = 4  #: while so many answers are still to come,
_GATHERING = 0.002  #: a keeper lets them gather so long (seconds): each time it wakes, somebody else has to give up the interpreter
_START_PAUSES = (0.1, 0.5)  #: seconds between the attempts to start a worker


@dataclass(eq=False, slots=True)
class _Run:
    """One call of `Guard.run`: where its answers are gathered."""

    function: bytes
    form: WireForm  #: of the answers
    answers: list[Any]
    open: int  #: chunks not yet done
    error: GuardError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: threading.Event = field(default_factory=threading.Event)

    def close_chunk(self) -> None:
        with self.lock:
            self.open -= 1
            if self.open == 0:
                self.done.set()

    def fail(self, error: GuardError) -> None:
        self.error = self.error or error
        self.done.set()


#: What is put into the queue: the lower goes first, and what came earlier before what came later; None ends a keeper.
_FIRST, _USUAL, _END = 0, 1, -1
_Chunk = tuple[_Run, deque[tuple[int, object]]]


def _octets(item: object) -> int:
    """Of a mail, whatever stands beside its bytes; nothing else that is handed to workers is large."""
    held = item if isinstance(item, tuple) else (item,)
    return sum(len(one) for one in held if isinstance(one, bytes))


class Guard:
    """A few worker processes, each minded by a thread of its own. `run` may be called from any number of threads at once.
    `setup` is what a worker does once before its first item (import what the functions need); it and the functions are pickled
    by reference, so they must be importable by name and cannot live in `__main__`."""

    def __init__(
        self,
        setup: Callable[[], object],
        workers: int = 1,
        cpu_seconds: float = 2.0,
        memory_bytes: int = 256 * MIB,
        wall_seconds: float = 10.0,
        *,
        start_seconds: float = 30.0,
        niceness: int = 0,
        folders: Sequence[str] | None = (),
    ) -> None:
        """The workers give up network, other processes and files (`confine`). `folders`: what they may read all the same; None: everything,
        for they give up nothing."""
        self._setup = line.pack(setup)
        self._count = workers
        self._limits = Limits(cpu_seconds, memory_bytes, wall_seconds)
        self._start_seconds = start_seconds
        self._niceness = niceness
        self._folders = tuple(folders) if folders is not None else None
        self._chunks: queue.PriorityQueue[tuple[int, int, _Chunk | None]] = queue.PriorityQueue()
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._runs: set[_Run] = set()
        self._workers: dict[int, Worker] = {}  #: by number of the keeper
        self._keepers: list[threading.Thread] = []
        self._closing = threading.Event()
        self.replaced = 0  #: workers that fell, or left after a large mail, and were replaced: for `status`

    def start(self) -> None:
        """Starts the workers and waits until they are ready. Raises GuardError when the setup fails."""
        if self._keepers or self._closing.is_set():
            raise GuardError("a guard starts only once")
        ready: queue.SimpleQueue[GuardError | None] = queue.SimpleQueue()
        for number in range(self._count):
            keeper = threading.Thread(target=self._keep, args=(number, ready), name=f"guard-{number}", daemon=True)
            self._keepers.append(keeper)
            keeper.start()
        errors = [error for error in (ready.get() for _ in self._keepers) if error is not None]
        if errors:
            self.stop()
            raise errors[0]

    def stop(self) -> None:
        """Kills and reaps the workers, whatever they do: the functions are pure, so nothing is half done. Open runs raise GuardError."""
        with self._lock:
            self._closing.set()
            for worker in self._workers.values():
                worker.kill()
            for run in self._runs:
                run.fail(GuardError("the guard was stopped"))
        for _ in self._keepers:
            self._chunks.put((_END, next(self._turns), None))
        for keeper in self._keepers:
            keeper.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that live now."""
        with self._lock:
            return tuple(worker.pid for worker in self._workers.values())

    @property
    def confined(self) -> Confined | None:
        """By what means the workers are confined; None: none lives, or they are not to be."""
        with self._lock:
            found = [worker.confined for worker in self._workers.values()]
        return found[0] if found and self._folders is not None else None

    def run(self, function: Callable[[T], R], items: Sequence[T], *, first: bool = False) -> list[R | Overrun | Raised]:
        """What `function` makes of each item, in their order. Blocks; raises GuardError when there is no worker to be had.
        What the function says that it returns is all that its answers may hold (`form`). `first`: before what waits already."""
        if not items:
            return []
        chunks: list[deque[tuple[int, object]]] = []
        size = 0
        for index, item in enumerate(items):
            octets = _octets(item)
            if not chunks or size + octets > _CHUNK_BYTES or len(chunks[-1]) == self._share(len(items)):
                chunks.append(deque())
                size = 0
            chunks[-1].append((index, item))
            size += octets
        run = _Run(line.pack(function), form_of(answer_of(function)), [None] * len(items), len(chunks))
        with self._lock:
            if self._closing.is_set() or not self._keepers:
                raise GuardError("the guard is not running")
            self._runs.add(run)
        try:
            for chunk in chunks:
                self._chunks.put((_FIRST if first else _USUAL, next(self._turns), (run, chunk)))
            run.done.wait()
        finally:
            run.done.set()  # interrupted: chunks that nobody waits for are not begun
            with self._lock:
                self._runs.discard(run)
        if run.error is not None:
            raise run.error
        return run.answers

    def _share(self, count: int) -> int:
        """Chunks small enough that every worker gets some."""
        return max(1, min(_CHUNK_ITEMS, -(-count // self._count)))

    def _keep(self, number: int, ready: queue.SimpleQueue[GuardError | None]) -> None:
        try:
            self._worker(number)
        except GuardError as error:
            ready.put(error)
        else:
            ready.put(None)
        while (chunk := self._chunks.get()[2]) is not None:
            run, waiting = chunk
            try:
                self._do(number, run, waiting)
            except GuardError as error:
                run.fail(error)
            except Exception as error:
                log.exception("a chunk of mails could not be handed to a worker")
                self._drop(number)
                run.fail(GuardError(f"unexpected: {type(error).__name__}"))
            run.close_chunk()
        self._drop(number)

    def _do(self, number: int, run: _Run, waiting: deque[tuple[int, object]]) -> None:
        while waiting and not run.done.is_set():
            worker = self._worker(number)
            if worker.speaks_unasked:
                log.warning("a worker spoke unasked and is replaced")
                self._drop(number)
                continue
            try:
                # Pickled only here, and let go at once: of what waits there is no second copy.
                sizes = deque(worker.give(run.function, [item for _, item in waiting]))
                while waiting:
                    run.answers[waiting[0][0]] = worker.take(sizes.popleft(), run.form)
                    waiting.popleft()
                    if not worker.alive and waiting:
                        break  # it left after a large mail; nobody is to blame
                    if len(waiting) >= _SEVERAL and not worker.has_answered:
                        self._closing.wait(_GATHERING)
            except WorkerFellError as fall:
                index, item = waiting.popleft()
                if self._closing.is_set():
                    return
                log.warning("a worker fell and is replaced: %s", fall)
                self._drop(number)
                run.answers[index] = self._alone(number, run, item)

    def _alone(self, number: int, run: _Run, item: object) -> object:
        worker = self._worker(number)
        try:
            (size,) = worker.give(run.function, [item])
            return worker.take(size, run.form)
        except WorkerFellError as fall:
            self._drop(number)
            return fall.overrun

    def _worker(self, number: int) -> Worker:
        """The worker of this keeper, a new one where the old one is gone. Raises GuardError when none can be started."""
        worker = self._workers.get(number)
        if worker is not None and worker.alive:
            return worker
        self._drop(number)
        for pause in (*_START_PAUSES, None):
            if self._closing.is_set():
                raise GuardError("the guard was stopped")
            try:
                worker = Worker(self._setup, self._limits, self._start_seconds, self._niceness, self._folders)
            except (GuardError, OSError, MemoryError) as error:
                if pause is None:
                    raise error if isinstance(error, GuardError) else GuardError(f"a worker could not be started: {error}") from error
                self._closing.wait(pause)
                continue
            with self._lock:
                self._workers[number] = worker
                if self._closing.is_set():
                    worker.kill()
            return worker
        raise AssertionError("unreachable")

    def _drop(self, number: int) -> None:
        with self._lock:
            worker = self._workers.pop(number, None)
        if worker is not None:
            worker.end()
            if not self._closing.is_set():
                self.replaced += 1
