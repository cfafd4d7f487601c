"""Who holds a lease: each program goes by a name that tells another one on the same machine whether it still runs.

A name is machine, process and the moment the process started. The machine is its boot and its process namespace, so that two containers
with the same host name are two machines. Of another machine nothing is known: there the end of the lease decides."""

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def new_lease() -> str:
    """A token with our name in it; whoever comes back with an older one has lost the row."""
    return f"{name()}.{secrets.token_hex(8)}"


def name() -> str:
    pid = os.getpid()
    return f"{_machine()}.{pid}.{_started(pid)}"


def is_gone(lease: str) -> bool:
    """Whether the program that took this lease is known to have ended. In doubt it lives."""
    machine, _, rest = lease.partition(".")
    pid, _, rest = rest.partition(".")
    started, _, token = rest.partition(".")
    if not token or not pid.isdigit() or machine != _machine() or machine == "-":
        return False
    return _started(int(pid)) != started


@cache
def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        space = os.stat(_PROC / "self/ns/pid").st_ino
    except OSError:
        return "-"
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:12]


def _started(pid: int) -> str:
    """Ticks since the boot at which a process started; "" when there is none, or only its remains."""
    try:
        # The command stands in parentheses and may hold anything, so what follows the last one counts (proc(5)).
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
