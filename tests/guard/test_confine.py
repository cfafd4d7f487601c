"""A worker is worth nothing to whoever takes it over: no file, no network, no process, and no way into the parent.

The attacks run as code within a real worker, as they would after a fault in a library that reads hostile mail (faults 109 and 118).
"""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.guard import MIB, Guard, Overrun, Raised
from mailgate.guard.confine import _ALLOWED, Confined, confine, program, readable
from tests.guard import attacks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel confines workers on Linux only")
FORBIDDEN = ("EPERM", "EACCES", "can't start new thread", "not allowed to raise maximum limit")


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(attacks.nothing, wall_seconds=10, memory_bytes=64 * MIB) as guard:
        if guard.confined is None or guard.confined.missing:
            pytest.skip(f"this kernel lacks {guard.confined}")
        yield guard


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text("11" * 32)
    return path


def attempt(guard: Guard, name: str, value: object = "") -> str:
    answer = guard.run(attacks.attempt, [(name, str(value))])[0]
    assert isinstance(answer, str), answer
    return answer


@pytest.mark.parametrize("name", [name for name in attacks._NUMBERS if platform.machine() == "x86_64"])
def test_a_system_call_that_no_mail_needs_fails_and_does_not_kill(guard: Guard, name: str) -> None:
    before = guard.pids
    assert attempt(guard, name) == "EPERM"
    assert guard.pids == before


@pytest.mark.parametrize(
    "name", ["a socket", "a datagram", "a unix socket", "a pair of sockets", "a fork", "a thread", "a pipe", "end all", "more memory"]
)
def test_a_worker_has_no_network_and_starts_nothing(guard: Guard, name: str) -> None:
    """(fault 109)"""
    assert attempt(guard, name) in FORBIDDEN


def test_a_worker_connects_to_nobody(guard: Guard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert attempt(guard, "a connection", f"127.0.0.1:{port}") in FORBIDDEN
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert attempt(guard, "a name", "example.org") != "done"


@pytest.mark.parametrize("name", ["a program", "a shell"])
def test_a_worker_runs_no_program(guard: Guard, name: str) -> None:
    assert attempt(guard, name, "/bin/true") in FORBIDDEN


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/dev/mem", "/etc/ssl/openssl.cnf"]
)
def test_a_worker_reads_no_file_of_the_machine(guard: Guard, path: str) -> None:
    assert attempt(guard, "read", path) in (*FORBIDDEN, "ENOENT")


def test_a_worker_reads_neither_keys_nor_database_nor_the_parent(guard: Guard, secret: Path) -> None:
    for path in (secret, f"/proc/{os.getpid()}/environ", f"/proc/{os.getpid()}/mem", f"/proc/{os.getpid()}/maps"):
        assert attempt(guard, "read", path) in FORBIDDEN, path
    for folder in (secret.parent, "/", "/proc", "/tmp", "/root", "/home", "/var"):
        assert attempt(guard, "list", folder) in FORBIDDEN, folder


@pytest.mark.parametrize("name", ["write", "create", "remove", "rename", "link", "change rights", "cut"])
def test_a_worker_changes_no_file(guard: Guard, secret: Path, name: str) -> None:
    assert attempt(guard, name, secret) in FORBIDDEN
    assert attempt(guard, name, Path(readable()[0]) / "os.py") in FORBIDDEN, "not even where it may read"
    assert secret.read_text() == "11" * 32 and os.listdir(secret.parent) == ["keys"]


def test_a_worker_makes_no_file(guard: Guard, tmp_path: Path) -> None:
    for name in ("write", "create", "make a folder"):
        assert attempt(guard, name, tmp_path / "new") in FORBIDDEN
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["end", "end the group", "be nicer to others", "limit another", "a signal when something comes"])
def test_a_worker_does_nothing_to_another_process(guard: Guard, name: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, process_group=0) as other:
        assert attempt(guard, name, other.pid) in FORBIDDEN
        assert attempt(guard, name, os.getpid()) in FORBIDDEN
        assert other.poll() is None
        other.communicate(b"\n")


def test_a_worker_speaks_to_its_parent_alone(guard: Guard, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(tmp_path / "other"))
        assert attempt(guard, "say it to somebody else", tmp_path / "other") in FORBIDDEN


@pytest.mark.parametrize("saying", attacks.SAYINGS)
def test_whatever_a_worker_says_the_parent_lives_and_the_mails_around_it_are_read(guard: Guard, tmp_path: Path, saying: str) -> None:
    """Nothing is unpickled, nothing grows, no other mail is blamed, and the reading is not stopped."""
    before, said, behind = guard.run(attacks.speak, [("nothing", "before"), (saying, str(tmp_path / "owned")), ("nothing", "behind")])
    assert before == "before"
    assert isinstance(said, Overrun | Raised), said
    assert behind == "behind"
    assert os.listdir(tmp_path) == []
    assert guard.run(attacks.speak, [("nothing", "next")]) == ["next"]


def test_what_a_worker_says_of_an_error_is_one_short_line_of_visible_signs(guard: Guard) -> None:
    said = guard.run(attacks.speak, [("an error with a picture", "")])[0]
    assert isinstance(said, Raised)
    assert all(word.isprintable() and len(word) <= 300 for word in (said.type, said.message, said.place))
    assert guard.run(attacks.speak, [("nothing", "next")]) == ["next"], "what it said beyond that is nobody's answer"


@pytest.mark.parametrize(
    "name",
    ["codec:euc_jisx0213", "codec:cp1006", "codec:hz", "codec:utf_7", "module:mailgate.understand.outline", "module:email.mime.base",
     "module:decimal", "zone:Asia/Kathmandu", "zone:America/St_Johns"],
)  # fmt: skip
def test_what_is_loaded_late_still_loads(guard: Guard, name: str) -> None:
    answer = guard.run(attacks.lazily, [name])[0]
    assert isinstance(answer, str), answer


def test_descriptors_that_somebody_left_open_are_closed_in_a_worker(secret: Path) -> None:
    """As Python opens files nothing is inherited; a library of the parent may do it otherwise."""
    left = os.open(secret, os.O_RDONLY)
    os.set_inheritable(left, True)
    try:
        with Guard(attacks.nothing) as guard:
            (there,) = guard.run(attacks.descriptors, [""])
    finally:
        os.close(left)
    assert isinstance(there, int) and there <= 5, "the three of a terminal, the line, and the size of its memory"


def test_a_worker_that_is_not_confined_can_do_all_this() -> None:
    """The attacks are real: without the fence each of these works."""
    with Guard(attacks.nothing, folders=None) as guard:
        assert guard.confined is None
        answers = guard.run(attacks.attempt, [("a socket", ""), ("a fork", ""), ("read", "/etc/passwd"), ("a thread", ""), ("a pipe", "")])
    assert answers == ["done"] * 5


def test_what_the_kernel_lacks_is_told_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Confined().missing == ("no_new_privs", "seccomp", "landlock")
    assert Confined(True, True, 7).missing == ()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine(()) == Confined()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_that_ends_whatever_it_is_asked(machine: str) -> None:
    """Run here as the kernel runs it: each call of the table passes, any other fails with EPERM, on both processors."""
    steps, column = program(machine, 77), ("x86_64", "aarch64").index(machine)
    audit = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    yes, no = 0x7FFF0000, 0x00050001
    assert len(steps) < 4096
    numbers = {pair[column] for pair in _ALLOWED.values()} - {None}
    special = {"x86_64": {2, 257, 44, 62, 234, 302, 160, 97, 72, 16}, "aarch64": {56, 206, 129, 131, 261, 164, 163, 25, 29}}[machine]
    for number in range(600):
        if number not in special:
            assert _run(steps, audit, number) == (yes if number in numbers else no), number
        assert _run(steps, audit ^ 1, number) == no, "another processor's calls"
        assert _run(steps, audit, number | 0x40000000) == no
    openat, kill, sendto = ((257, 62, 44), (56, 129, 206))[column]
    assert [_run(steps, audit, openat, 0, 0, flags) for flags in (0, 0o2000000, 1, 2, 0o100, 0o1000)] == [yes, yes, no, no, no, no]
    assert [_run(steps, audit, kill, pid) for pid in (77, 76, 0, 2**32 - 77)] == [yes, no, no, no]
    assert [_run(steps, audit, sendto, 3, 1, 1, 0, address) for address in (0, 1, 1 << 32)] == [yes, no, no]


def _run(steps: list[tuple[int, int, int, int]], audit: int, number: int, *arguments: int) -> int:
    data = number.to_bytes(4, "little") + audit.to_bytes(4, "little") + bytes(8)
    data += b"".join((one & (2**64 - 1)).to_bytes(8, "little") for one in (*arguments, *(0,) * (6 - len(arguments))))
    at = value = 0
    while True:
        code, true, false, operand = steps[at]
        at += 1
        if code == 0x20:
            value = int.from_bytes(data[operand : operand + 4], "little")
        elif code == 0x06:
            return operand
        else:
            holds = {0x15: value == operand, 0x45: bool(value & operand), 0x35: value >= operand}[code]
            at += true if holds else false


def test_no_thread_of_a_program_is_confined_with_its_workers(guard: Guard) -> None:
    """The fence is the worker's own: the program goes on opening files and starting threads."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert Path("/etc/passwd").read_bytes()
