"""Whether SQLite's log still holds all that was committed to it: asked after a crash, before anything is opened.

The log's index (`-shm`) is a file that SQLite shares between processes and never syncs: after a crash of the program it says to which frame
the log was committed, and how much of that stands in the database already. After a crash of the machine it says nothing, so it counts only
within the boot in which it was written. Format: https://sqlite.org/walformat.html, sections 2 and 4."""

import struct
import time
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
_HEADER, _FRAME_HEADER = 32, 24
#: Between two looks: somebody who is just opening or emptying the log is done by then.
_LOOKS, _PAUSE = 5, 0.05


def this_boot() -> str:
    """A name for the time since this machine was started, "" where it has none."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class _Index:
    frames: int  #: committed
    in_database: int  #: of them: brought into the database
    page: int
    salt: bytes


def is_cut(log: Path, index: Path) -> bool:
    """Whether the log ends before its last commit, and what is missing stands nowhere else."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_PAUSE)
        found = _read_index(index)
        if found is None or found.frames <= found.in_database or _reaches(log, found):
            return False
    return True


def _read_index(path: Path) -> _Index | None:
    try:
        data = path.read_bytes()[:136]
    except OSError:
        return None
    if len(data) < 136 or data[:48] != data[48:96] or not data[12]:
        return None  # never used, or just being written
    size, frames = struct.unpack_from("=H", data, 14)[0], struct.unpack_from("=I", data, 16)[0]
    page = (size & 0xFE00) + ((size & 1) << 16)
    return _Index(frames, struct.unpack_from("=I", data, 96)[0], page, data[32:40])


def _reaches(log: Path, index: _Index) -> bool:
    """Whether the log has its last committed frame, with the salt that all frames of one log share."""
    last = _HEADER + (index.frames - 1) * (_FRAME_HEADER + index.page)
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER)
            file.seek(last)
            frame = file.read(_FRAME_HEADER)
            file.seek(last + _FRAME_HEADER + index.page - 1)
            whole = len(file.read(1)) == 1
    except OSError:
        return False
    return header[16:24] == index.salt and frame[8:16] == index.salt and frame[4:8] != bytes(4) and whole
