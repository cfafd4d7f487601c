"""A power cut after each system call: what a program wrote is recorded by `strace` and laid out again as a disk may have kept it.

Until a file is flushed the disk owes nobody anything: of what was written since, none is there, or all, or some of it in any order, or
parts of 512 octets. A name is there once its folder was flushed. All of it is what a program leaves that is killed.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers import require_server

ROOT = Path(__file__).parents[2]
SECTOR = 512
_CALLS = "openat,pwrite64,write,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,renameat,link,linkat"
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_FILE = re.compile(r"^\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(eq=False)
class _File:
    kept: bytes = b""
    owed: list[tuple[int, bytes] | int] = field(default_factory=list)  #: (place, octets) written, or a new length

    def after(self, some: list[tuple[int, bytes] | int]) -> bytes:
        now = bytearray(self.kept)
        for one in some:
            if isinstance(one, int):
                now = now[:one].ljust(one, b"\0")
            else:
                at, octets = one
                now = now.ljust(at, b"\0")
                now[at : at + len(octets)] = octets
        return bytes(now)


@dataclass(frozen=True)
class Image:
    """What is on the disk after a cut, and what the program had said until then."""

    manner: str  #: none, all, some or torn: what is there of that which was not flushed
    files: tuple[tuple[str, bytes], ...]
    said: tuple[str, ...]


def trace(code: str, folder: Path, *args: str) -> list[str]:
    """Runs a program over `folder` and gives the calls that it made."""
    require_server("strace")
    if subprocess.run(["strace", "-o", os.devnull, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("strace may not look at programs here")
    log = folder.parent / f"{folder.name}.calls"
    command = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-o", str(log), "-e", f"trace={_CALLS}", "-e", "signal=none"]
    program = [sys.executable, "-c", code, str(folder), *args]
    with open(folder.parent / "said", "wb") as said:
        subprocess.run([*command, *program], cwd=ROOT, stdout=said, check=True, timeout=300)
    return log.read_text().splitlines()


def images(calls: list[str], folder: Path, seed: int = 1) -> Iterator[Image]:
    """Four images after each call that changed something below `folder`, or said something."""
    dice = random.Random(seed)
    now: dict[str, _File] = {}  # what the program sees
    named: dict[str, _File] = {}  # what is there by its name after a cut
    said: list[str] = []
    for line in calls:
        assert "unfinished" not in line, "one thread, or the order of calls would be a guess"
        found = _CALL.match(line)
        if found is None or int(found[3]) < 0:
            continue
        if not _happens(found[1], found[2], int(found[3]), folder, now, named, said):
            continue
        for manner in ("none", "all", "some", "torn"):
            names = named if manner == "none" or (manner != "all" and dice.random() < 0.5) else now
            laid = tuple((name, _laid(file, manner, dice)) for name, file in sorted(names.items()))
            yield Image(manner, laid, tuple(said))


def _happens(call: str, args: str, result: int, folder: Path, now: dict[str, _File], named: dict[str, _File], said: list[str]) -> bool:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(args)]
    names = [os.path.basename(text.decode()) for text in texts if os.path.dirname(text) == os.fsencode(folder)]
    handle = _FILE.match(args)
    path = bytes.fromhex(handle[1].replace("\\x", "")).decode() if handle and "\\x" in handle[1] else handle[1] if handle else ""
    if call == "write" and path == str(folder.parent / "said"):
        said.extend(texts[0].decode().split())
        return True
    if call == "openat":
        if not names or "O_CREAT" not in args or names[0] in now:
            return False
        now[names[0]] = _File()
    elif call in ("unlink", "unlinkat") and names:
        now.pop(names[0], None)
    elif call in ("rename", "renameat") and len(names) == 2:
        now[names[1]] = now.pop(names[0])
    elif call in ("link", "linkat") and len(names) == 2:
        now[names[1]] = now[names[0]]
    elif call in ("fsync", "fdatasync") and path == str(folder):
        named.clear()
        named.update(now)
    elif os.path.dirname(path) == str(folder) and os.path.basename(path) in now:
        file = now[os.path.basename(path)]
        if call in ("fsync", "fdatasync"):
            file.kept, file.owed = file.after(file.owed), []
        elif call == "ftruncate":
            file.owed.append(int(args.rsplit(",", 1)[1]))
        elif call == "pwrite64":
            file.owed.append((int(args.rsplit(",", 1)[1]), texts[0][:result]))
        else:
            raise AssertionError(f"{call} of a file that is written at its places")
    else:
        return False
    return True


def _laid(file: _File, manner: str, dice: random.Random) -> bytes:
    if manner in ("none", "all"):
        return file.after(file.owed if manner == "all" else [])
    some = [one for one in file.owed if dice.random() < 0.5]
    dice.shuffle(some)
    if manner == "torn":
        some = [one if isinstance(one, int) else (one[0], one[1][: dice.randint(0, len(one[1]) // SECTOR) * SECTOR]) for one in some]
    return file.after(some)
