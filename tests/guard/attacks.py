"""What somebody would try who has taken a worker over. Each attack says "done" when it worked, else the error that it met."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import pickle
import resource
import signal
import socket
import stat
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

Attack = tuple[str, str]

_LIBC = ctypes.CDLL(None, use_errno=True)
#: By number on x86_64; elsewhere the same names have others, and are tried by Python's own means only.
_NUMBERS = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_open": 434, "pidfd_getfd": 438, "io_uring_setup": 425,
    "memfd_create": 319, "clone3": 435, "vfork": 58, "execveat": 322, "mount": 165, "unshare": 272, "setns": 308, "bpf": 321, "keyctl": 250,
    "prctl": 157, "seccomp": 317, "userfaultfd": 323, "perf_event_open": 298, "sendmsg": 46, "sendmmsg": 307, "setuid": 105, "chroot": 161,
    "tkill": 200, "rt_sigqueueinfo": 129, "shmget": 29, "mq_open": 240, "dup": 32, "creat": 85, "openat2": 437, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "fanotify_init": 300, "inotify_init1": 294, "add_key": 248, "init_module": 175, "reboot": 169,
    "x32 getpid": 0x40000027,
}  # fmt: skip


def nothing() -> None:
    """A setup that needs nothing."""


def attempt(attack: Attack) -> str:
    """Returns "done", or the name of the error number that it met."""
    name, value = attack
    try:
        if name in _NUMBERS:
            if _LIBC.syscall(_NUMBERS[name], *(ctypes.c_long(0),) * 6) < 0:
                raise OSError(ctypes.get_errno(), name)
        else:
            _ATTACKS[name](value)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except (RuntimeError, ValueError) as error:
        return str(error)
    return "done"


def _fork(_: str) -> None:
    if os.fork() == 0:
        os._exit(0)


def _connect(address: str) -> None:
    host, _, port = address.partition(":")
    with socket.socket() as sock:
        sock.connect((host, int(port)))


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(10)


def _write(path: str) -> None:
    with open(path, "ab") as file:
        file.write(b"x")


def _create(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT))


def _more_memory(_: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _told_by_signal(pid: str) -> None:
    fcntl.fcntl(_line(), fcntl.F_SETOWN, int(pid))


def _to_somebody_else(path: str) -> None:
    sock = socket.socket(fileno=_line())
    try:
        sock.sendto(b"x", path)
    finally:
        sock.detach()


def _line() -> int:
    """The socket to the parent."""
    return next(number for number in range(3, 256) if _is_socket(number))


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


_ATTACKS: dict[str, Callable[[str], object]] = {
    "a socket": lambda _: socket.socket(),
    "a datagram": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "a unix socket": lambda _: socket.socket(socket.AF_UNIX),
    "a pair of sockets": lambda _: socket.socketpair(),
    "a connection": _connect,
    "a name": lambda name: socket.getaddrinfo(name, 80),
    "a fork": _fork,
    "a program": lambda path: os.execv(path, [path]),
    "a shell": lambda command: os.posix_spawn("/bin/sh", ["sh", "-c", command], {}),
    "a thread": lambda _: threading.Thread(target=print).start(),
    "a pipe": lambda _: os.pipe(),
    "read": _read,
    "write": _write,
    "create": _create,
    "list": os.listdir,
    "remove": os.unlink,
    "make a folder": os.mkdir,
    "rename": lambda path: os.rename(path, f"{path}.moved"),
    "link": lambda path: os.symlink(path, f"{path}.link"),
    "change rights": lambda path: os.chmod(path, 0o777),
    "cut": lambda path: os.truncate(path, 0),
    "end": lambda pid: os.kill(int(pid), signal.SIGKILL),
    "end the group": lambda pid: os.kill(-int(pid), signal.SIGKILL),
    "end all": lambda _: os.kill(-1, signal.SIGKILL),
    "be nicer to others": lambda pid: os.setpriority(os.PRIO_PROCESS, int(pid), 19),
    "more memory": _more_memory,
    "limit another": lambda pid: resource.prlimit(int(pid), resource.RLIMIT_NOFILE, (0, 0)),
    "a signal when something comes": _told_by_signal,
    "say it to somebody else": _to_somebody_else,
}


# --- what somebody may say to the parent --------------------------------------------------------------------------------------


class _Evil:
    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (open, (self._path, "w"))


def _frame(kind: bytes, payload: bytes, announced: int | None = None) -> bytes:
    return struct.pack("!cQQ", kind, _number(), len(payload) if announced is None else announced) + payload


def _number() -> int:
    """Of the work in hand: whoever has taken the worker over finds it there."""
    frame: Any = sys._getframe()
    while frame is not None and frame.f_code.co_name != "_answer":
        frame = frame.f_back
    return int(frame.f_locals["number"])


def speak(saying: Attack) -> str:
    """Writes to the parent past the worker's own code; then comes whatever honest code would have answered."""
    name, value = saying
    if name == "nothing":
        return value
    words = {
        "a pickle": lambda: _frame(b"D", pickle.dumps(_Evil(value))),
        "a pickle as an error": lambda: _frame(b"E", pickle.dumps(_Evil(value))),
        "no frame": lambda: os.urandom(64),
        "a frame without end": lambda: _frame(b"D", b"", 2**62),
        "a kind that is none": lambda: _frame(b"?", b"x"),
        "it cannot be imported": lambda: _frame(b"B", b"ImportError: no such thing"),
        "it is ready": lambda: _frame(b"R", json.dumps([True, True, 7]).encode()),
        "it knows": lambda: _frame(b"K", b""),
        "an empty answer": lambda: _frame(b"D", b""),
        "half a frame": lambda: _frame(b"D", b"abc", 100),
        "an error with a picture": lambda: _frame(b"E", _text("x\r\n\x1b[2J", "secret\nline", "y" * 5000)),
    }[name]()
    os.write(_line(), words)
    if name in ("half a frame", "no frame", "a frame without end"):
        os._exit(0)
    return "after it"


def _text(*texts: str) -> bytes:
    octets = [text.encode() for text in texts]
    return struct.pack("!I", len(octets)) + struct.pack(f"={len(octets)}q", *map(len, octets)) + b"".join(octets)


#: Said and taken for what they are. What is well formed is believed, of the mails that this worker had in its hands: see the decision.
SAYINGS = (
    "a pickle", "a pickle as an error", "no frame", "a frame without end", "a kind that is none", "it cannot be imported", "it is ready",
    "it knows", "an empty answer", "half a frame",
)  # fmt: skip


def descriptors(_: str) -> int:
    """How many are open."""
    return sum(_is_open(number) for number in range(256))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def lazily(name: str) -> str:
    """What reading a mail may load late: a codec, a module, a zone."""
    kind, _, what = name.partition(":")
    if kind == "codec":
        return "x".encode(what).decode(what)
    if kind == "module":
        return __import__(what, fromlist=["x"]).__name__
    if kind == "zone":
        from zoneinfo import ZoneInfo

        return ZoneInfo(what).key
    return str("mailgate.understand.outline" in sys.modules)
