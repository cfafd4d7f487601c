"""What a worker gives up before it sees the first mail: the network, other processes, and every file that is not ours to read.

Three means of the kernel, each of which may be missing, and none of which needs privileges:

  no_new_privs   nothing that it might start could gain rights
  seccomp        a list of the system calls that reading a mail needs; any other fails with EPERM, which is an error and not a kill
  landlock       of all files only those below the given folders can be opened, and only to be read

By hand and not by a library: those for Python need libseccomp of the system, or know one of the two means only, and what is called here is
a stable interface of the kernel ([why](../../docs/decisions/0032-what-a-worker-may-do.md))."""

import ctypes
import errno
import os
import platform
import struct
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: prctl(2)
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_CAPABILITIES = 0x20080522  #: capset(2): the version of its form


@dataclass(frozen=True, slots=True)
class _Processor:
    """A kind of processor: what the kernel calls it (linux/audit.h), and where its numbers of system calls stand in the table."""

    audit: int
    column: int


_MACHINES = {"x86_64": _Processor(0xC000003E, 0), "aarch64": _Processor(0xC00000B7, 1)}

#: What reading a mail needs: (number on x86_64, on aarch64); None: that processor has no such call.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # the line to the parent, files that are open, and looking at files
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67), "recvfrom": (45, 207),
    "close": (3, 57), "lseek": (8, 62), "fstat": (5, 80), "stat": (4, None), "lstat": (6, None), "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getdents64": (217, 61), "getcwd": (79, 17), "poll": (7, None), "ppoll": (271, 73), "fadvise64": (221, 223),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233), "brk": (12, 214),
    # signals to itself, time, limits, locks
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "setitimer": (38, 103),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165), "futex": (202, 98),
    "restart_syscall": (219, 128), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168), "getrandom": (318, 278),
    "membarrier": (324, 283), "rseq": (334, 293), "set_robust_list": (273, 99), "set_tid_address": (218, 96), "arch_prctl": (158, None),
    # who and where it is
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
#: Those that are allowed in one form only: (numbers), and a test of their arguments.
_OPEN, _OPENAT, _SENDTO, _KILL, _TGKILL = (2, None), (257, 56), (44, 206), (62, 129), (234, 131)
_PRLIMIT, _SETRLIMIT, _GETRLIMIT, _FCNTL, _IOCTL = (302, 261), (160, 164), (97, 163), (72, 25), (16, 29)
#: Flags of open(2) that write, make or empty a file: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, and what O_TMPFILE has beyond O_DIRECTORY.
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000
#: Of fcntl(2): F_GETFD, F_SETFD, F_GETFL. Others could have a signal sent to somebody. Of ioctl(2): TCGETS (is it a terminal?), FIOCLEX.
_FCNTLS, _IOCTLS = (1, 2, 3), (0x5401, 0x5451, 0x5450)

_LOAD, _EQUAL, _MASKED, _RETURN, _AT_LEAST = 0x20, 0x15, 0x45, 0x06, 0x35
_YES, _NO = 0x7FFF0000, 0x00050000 | errno.EPERM
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  #: where they lie in struct seccomp_data; an argument has eight octets, the low half first
_X32 = 0x40000000  #: calls of another, smaller world on the same processor
_Step = tuple[int, int, int, int]


def program(machine: str, pid: int) -> list[_Step]:
    """The filter for one process: (code, jump if true, jump if false, value) for each step. Raises KeyError for another processor."""
    kind = _MACHINES[machine]
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, kind.audit),
        (_RETURN, 0, 0, _NO),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _NO),
    ]

    def only(numbers: tuple[int | None, int | None], *tests: _Step, last: int = _YES) -> None:
        """One call with a test of its own. Its steps end in an answer; who has another number steps over all of them."""
        if (number := numbers[kind.column]) is not None:
            steps.extend(((_EQUAL, 0, len(tests) + 1, number), *tests, (_RETURN, 0, 0, last)))

    def argument(index: int, upper: bool = False) -> _Step:
        return (_LOAD, 0, 0, _ARGUMENTS + 8 * index + (4 if upper else 0))

    def is_one_of(values: Sequence[int]) -> list[_Step]:
        return [step for value in values for step in ((_EQUAL, 0, 1, value), (_RETURN, 0, 0, _YES))]

    for numbers in _ALLOWED.values():
        only(numbers)
    for numbers, place in ((_OPEN, 1), (_OPENAT, 2)):
        only(numbers, argument(place), (_MASKED, 0, 1, _WRITING), (_RETURN, 0, 0, _NO))
    # To whom the socket is connected, and nobody else: no address is given.
    only(_SENDTO, argument(4), (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _NO), argument(4, True), (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _NO))
    for numbers in (_KILL, _TGKILL):
        only(numbers, argument(0), *is_one_of((pid,)), last=_NO)
    only(_PRLIMIT, argument(0), *is_one_of((0, pid)), last=_NO)
    for numbers in (_SETRLIMIT, _GETRLIMIT):
        only(numbers)
    only(_FCNTL, argument(1), *is_one_of(_FCNTLS), last=_NO)
    only(_IOCTL, argument(1), *is_one_of(_IOCTLS), last=_NO)
    steps.append((_RETURN, 0, 0, _NO))
    return steps


class _SeccompProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _filter(libc: ctypes.CDLL) -> bool:
    try:
        steps = program(platform.machine(), os.getpid())
    except KeyError:
        return False
    written = b"".join(struct.pack("=HBBI", *step) for step in steps)
    made = _SeccompProgram(len(steps), written)
    return bool(libc.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(made), 0, 0) == 0)


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  #: the same on every processor
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
#: What each version of the interface can forbid: files, the network (TCP), and reaching out to other processes (abstract sockets, signals).
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6


def landlock_version(libc: ctypes.CDLL) -> int:
    """Of the kernel's interface; 0: it has none, or it is switched off."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))))


def _lock(libc: ctypes.CDLL, folders: Iterable[str]) -> int:
    """The version by which nothing can be opened from now on but what is below these folders, to be read; 0: by none."""
    version = landlock_version(libc)
    if version == 0:
        return 0
    asked = struct.pack("=QQQ", _FILE_RIGHTS[min(version, 5)], 3 if version >= _NETWORK_SINCE else 0, 3 if version >= _SCOPES_SINCE else 0)[
        : 24 if version >= _SCOPES_SINCE else 16 if version >= _NETWORK_SINCE else 8
    ]
    rules = libc.syscall(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), ctypes.c_uint(0))
    if rules < 0:
        return 0
    try:
        for folder in folders:
            try:
                place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                rights = _READ_FILE | (_READ_FOLDER if os.path.isdir(folder) else 0)
                libc.syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), struct.pack("=Qi", rights, place), ctypes.c_uint(0))
            finally:
                os.close(place)
        done = libc.syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint(0)) == 0
    finally:
        os.close(rules)
    return version if done else 0


def readable() -> tuple[str, ...]:
    """The folders of the interpreter, its packages, ourselves and the time zones: what may still have to be loaded."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = [sysconfig.get_path(name) for name in names]
    # As the interpreter has it, and where a virtual environment took it from.
    found += [sysconfig.get_path(name, vars={"base": sys.base_prefix, "platbase": sys.base_prefix}) for name in names[:2]]
    found += [str(Path(__file__).resolve().parent.parent), *zoneinfo.TZPATH, "/etc/localtime", *_libraries()]
    return tuple(dict.fromkeys(os.path.realpath(one) for one in found if one))


def _libraries() -> set[str]:
    """The folders from which shared libraries were loaded: another one that is loaded later lies beside them."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return set()
    loaded = (line.split(maxsplit=5)[5] for line in lines if line.count("/") and ".so" in line)
    return {os.path.dirname(path) for path in loaded if path.startswith("/")}


@dataclass(frozen=True, slots=True)
class Confined:
    """By what means a worker is confined."""

    no_new_privs: bool = False
    seccomp: bool = False
    landlock: int = 0  #: the version of its interface; 0: none

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(
            name
            for name, there in (("no_new_privs", self.no_new_privs), ("seccomp", self.seccomp), ("landlock", self.landlock))
            if not there
        )


def confine(folders: Sequence[str]) -> Confined:
    """Gives up all that reading a mail does not need, for good. What the kernel lacks is left out and told."""
    if sys.platform != "linux":
        return Confined()
    libc = ctypes.CDLL(None, use_errno=True)
    privileges = libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    # Of a superuser as well: what a process may do because it is one, like lifting its own limits.
    libc.capset(struct.pack("=Ii", _CAPABILITIES, 0), bytes(24))
    version = _lock(libc, folders)
    return Confined(privileges, privileges and _filter(libc), version)
