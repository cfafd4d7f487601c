"""One worker as the guard sees it: started, given items, watched, and reaped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from mailgate.guard import line
from mailgate.guard.budget import MIB, Limits
from mailgate.guard.confine import Confined
from mailgate.guard.form import MalformedError, WireForm, form_of
from mailgate.model.overrun import GuardError, Limit, Overrun, Raised

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


#: The longest word of a worker that has read no mail yet.
_WORDS = 10_000


def told(text: str, most: int) -> str:
    """Words of a worker as they may stand in a log: one line, nothing that cannot be seen."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:most])


def process(descriptor: int) -> subprocess.Popen[bytes]:
    """The process of a worker at the other end of this line: an interpreter of its own."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from mailgate.guard.worker import work; work({descriptor}, {os.getpid()})"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env=environment(),
        process_group=0,  # Ctrl-C at a terminal is for the parent alone
    )


def environment() -> dict[str, str]:
    """All that a worker sees of our environment: no secret of ours belongs beside hostile mail."""
    return {key: value for key, value in os.environ.items() if key in _KEPT_VARIABLES or key.startswith(("LC_", "PYTHON"))}


class WorkerFellError(Exception):
    """The worker did not survive the item it had in work."""

    def __init__(self, limit: Limit, reason: str) -> None:
        super().__init__(reason)
        self.overrun = Overrun(reason, limit)


class Worker:
    """One worker process and the line to it. Belongs to one keeper thread; only `kill` may be called from another."""

    def __init__(self, setup: bytes, limits: Limits, start_seconds: float, niceness: int, folders: Sequence[str] | None) -> None:
        """`folders`: what it may read beside ourselves once it is set up; None: it is not confined at all."""
        self._known: set[bytes] = set()  #: functions that it has imported
        self._function = b""
        self._number = 0  #: of the work in hand: nobody could know it before it was handed over
        self._limits = limits
        ours, theirs = socket.socketpair()
        self._sock = ours
        self._incoming = line.Incoming(ours)
        try:
            with theirs:
                self._child = process(theirs.fileno())
        except BaseException:
            ours.close()
            raise
        self.pid = self._child.pid
        try:
            ours.settimeout(start_seconds)
            line.send(ours, line.WORK, line.pack((setup, limits, niceness, folders)))
            kind, payload = self._incoming.receive(time.monotonic() + start_seconds, _WORDS)
        except BaseException as error:
            ended = self.end()
            why = f"not ready in {start_seconds:g} s" if isinstance(error, TimeoutError) else ended
            raise GuardError(f"a worker could not be started: {why}") from error
        if kind != line.READY:
            self.end()
            raise GuardError(f"the setup of a worker failed: {payload.decode('utf-8', 'replace')}")
        # No mail was read yet: this is still our own word.
        self.confined = Confined(*json.loads(payload))

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def has_answered(self) -> bool:
        """Whether an answer, or its beginning, is here already."""
        return self._incoming.holds

    def kill(self) -> None:
        self._child.kill()

    def end(self) -> str:
        """Kills the worker if it still lives, reaps it, and says how it ended."""
        self._sock.close()
        try:
            self._child.wait(0.05)  # its last words were read: it may be on its way out
        except subprocess.TimeoutExpired:
            self._child.kill()
        code = self._child.wait()
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"

    def give(self, function: bytes, items: Sequence[object]) -> list[int]:
        """Hands items over; the octets of each as it travels, by which it is limited."""
        self._sock.settimeout(self._limits.wall_seconds)
        self._function = function
        self._number = int.from_bytes(os.urandom(8), "big")
        packed = [line.pack(item) for item in items]
        sizes = list(map(len, packed))
        work = line.pack((function, packed))
        del packed
        try:
            line.send(self._sock, line.WORK, work, self._number)
        except OSError as error:
            raise self._fallen(sizes[0]) from error
        return sizes

    @property
    def speaks_unasked(self) -> bool:
        """Whether it said more than it was asked for: what comes next would be taken for another item's answer."""
        if self._incoming.holds:
            return True
        self._sock.setblocking(False)
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except OSError:
            return True

    def take(self, size: int, form: WireForm) -> object:
        """The answer to the item in work, which has so many octets. Raises WorkerFellError when the worker went down under it, or answers
        what it may not; GuardError when the fault is ours."""
        wall, most = self._limits.wall(size), self._limits.answer(size)
        deadline = time.monotonic() + wall
        try:
            if self._function not in self._known:
                self._expect_known(*self._incoming.receive(deadline, _WORDS, self._number))
            return self._answer(size, form, *self._incoming.receive(deadline, most, self._number))
        except line.TooLongError as error:
            self._child.kill()
            self.end()
            raise WorkerFellError(Limit.ANSWER, f"the answer is larger than {most // MIB} MiB") from error
        except (MalformedError, line.UnaskedError) as error:
            self._child.kill()
            self.end()
            raise WorkerFellError(Limit.ANSWER, "its worker answered in a form that was not agreed on") from error
        except TimeoutError as error:
            self._child.kill()
            self.end()
            raise WorkerFellError(Limit.WALL, f"took more than {wall:g} s") from error
        except (EOFError, OSError) as error:
            raise self._fallen(size) from error

    def _expect_known(self, kind: bytes, payload: bytes | bytearray) -> None:
        """Before the first item is looked at, a worker says whether it knows the function. Later nobody would believe it."""
        if kind == line.BROKEN:
            self.end()
            raise GuardError(f"a worker cannot import the function: {told(payload.decode('utf-8', 'replace'), 400)}")
        if kind != line.KNOWN:
            raise MalformedError("no word on the function")
        self._known.add(self._function)

    def _answer(self, size: int, form: WireForm, kind: bytes, payload: bytes | bytearray) -> object:
        if kind.islower():
            self.end()
        match kind.upper():
            case b"M":
                raise WorkerFellError(Limit.MEMORY, f"needed more than {self._limits.memory(size) // MIB} MiB of memory")
            case b"X":
                return Overrun(f"the answer is larger than {self._limits.answer(size) // MIB} MiB", Limit.ANSWER)
            case b"E":
                raised: Raised = form_of(Raised).unpack(payload)
                return Raised(told(raised.type, 80), told(raised.message, 300), told(raised.place, 200))
            case b"D":
                return form.unpack(payload)
        raise MalformedError("no kind of answer")

    def _fallen(self, size: int) -> WorkerFellError:
        ended = self.end()
        if self._child.returncode == -signal.SIGPROF:
            return WorkerFellError(Limit.CPU, f"took more than {self._limits.cpu(size):g} s of CPU")
        return WorkerFellError(Limit.DIED, f"its worker went down: {ended}")
