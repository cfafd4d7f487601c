"""Stored mailboxes: the mails of maildirs, mbox files and folders of .eml files, one after the other, with the instant each came.

Nothing is changed there, and nothing is held in memory but the mail in hand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

#: The line before each mail of an mbox (RFC 4155): who, and when in UTC. Prose that begins with "From" has no such date.
_FROM_LINE = re.compile(rb"From \S.{0,500}? ((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) .{14,40})\r?\n")
_QUOTED = re.compile(rb">+From ")
_HEAD = 64 * 1024
_MAILDIR = ("new", "cur")


@dataclass(frozen=True, slots=True)
class Stored:
    """One mail of a stored mailbox."""

    place: str  #: the file, and in an mbox the octet at which it begins
    raw: bytes | None = field(repr=False)  #: None: larger than may be taken
    came_at: datetime | None  #: when it was delivered there, as far as the mailbox tells
    end: int  #: octets of the mailbox up to and with this mail, for the progress


@dataclass(frozen=True, slots=True)
class StoredMailbox:
    """One stored mailbox: a maildir folder, an mbox file, or files of one mail each."""

    kind: str  #: maildir | mbox | files
    path: Path
    files: tuple[Path, ...]
    size: int  #: octets


class NoMailbox(Exception):
    """What was named holds no mail that we can read."""


def find(path: Path) -> list[StoredMailbox]:
    """The mailboxes under a path: the maildir with its folders (Maildir++), the mbox file, or all .eml files below. Raises NoMailbox."""
    if path.is_file():
        if path.suffix.lower() == ".eml":
            return [_of_files("files", path, [path])]
        with path.open("rb") as file:
            if _FROM_LINE.fullmatch(file.readline(2000)):
                return [_of_files("mbox", path, [path])]
        raise NoMailbox(f"{path} is neither an mbox (its first line does not begin with From) nor an .eml file")
    if not path.is_dir():
        raise NoMailbox(f"there is no {path}")
    found = [
        _of_files("maildir", folder, sorted((f for part in _MAILDIR for f in _inside(folder / part)), key=_came))
        for folder in (path, *sorted(p for p in path.rglob("*") if p.is_dir()))
        if all((folder / part).is_dir() for part in _MAILDIR)
    ]
    if not found and (files := sorted(p for p in path.rglob("*.eml") if p.is_file())):
        found = [_of_files("files", path, files)]
    if not found:
        raise NoMailbox(f"{path} is no maildir (it has no folders new and cur) and holds no .eml files")
    return found


def _of_files(kind: str, path: Path, files: Sequence[Path]) -> StoredMailbox:
    return StoredMailbox(kind, path, tuple(files), sum(f.stat().st_size for f in files))


def _inside(folder: Path) -> Iterator[Path]:
    # A link is no delivery: whoever owns the mailbox could have laid one to a file that only we can read.
    return (f for f in folder.iterdir() if f.is_file() and not f.is_symlink() and not f.name.startswith("."))


def _came(file: Path) -> tuple[float, str]:
    """Mail programs keep a delivery's instant in the file's own; equal ones keep the order of their names."""
    return file.stat().st_mtime, file.name


def mails(mailbox: StoredMailbox, limit: int) -> Iterator[Stored]:
    """The mails in the order in which they came. A mail of more than `limit` octets is told without its bytes. Raises OSError."""
    if mailbox.kind == "mbox":
        with mailbox.path.open("rb") as stream:
            yield from _in_mbox(stream, str(mailbox.path), limit)
        return
    end = 0
    for file in mailbox.files:
        try:
            size = file.stat().st_size
            raw = file.read_bytes() if size <= limit else None
            came = datetime.fromtimestamp(int(file.stat().st_mtime), UTC) if mailbox.kind == "maildir" else _received(raw or b"")
        except FileNotFoundError:
            continue  # a mail program moved it meanwhile; the next run finds it where it is then
        end += size
        yield Stored(str(file), raw, came, end)


def _in_mbox(file: BinaryIO, path: str, limit: int) -> Iterator[Stored]:
    """A mail ends where a blank line is followed by a From line; `>From` in a mail is undone by one (mboxrd)."""
    kept = bytearray()
    start, end, came, too_large, blank, begun = 0, 0, None, False, True, False
    while line := file.readline(1 << 20):
        match = _FROM_LINE.fullmatch(line) if blank and line.startswith(b"From ") else None
        if match is not None:
            if begun:
                yield Stored(f"{path}:{start}", _without_last_blank(kept, too_large), came or _received(bytes(kept[:_HEAD])), end)
            start, came, too_large, begun = end, _mbox_date(match[1]), False, True
            kept = bytearray()
        elif not too_large:
            kept += line[1:] if _QUOTED.match(line) else line
            if len(kept) > limit + 2:
                too_large, kept = True, kept[:_HEAD]
        end += len(line)
        blank = not line.strip(b"\r\n")
    if begun:
        yield Stored(f"{path}:{start}", _without_last_blank(kept, too_large), came or _received(bytes(kept[:_HEAD])), end)


def _without_last_blank(kept: bytearray, too_large: bool) -> bytes | None:
    """The blank line before the next From line belongs to the mailbox."""
    if too_large:
        return None
    for blank in (b"\r\n\r\n", b"\n\n"):
        if kept.endswith(blank):
            return bytes(kept[: -len(blank) // 2])
    return bytes(kept)


def _mbox_date(words: bytes) -> datetime | None:
    """`Mon Mar  2 10:15:00 2026`, in UTC by RFC 4155; some programs add or put in a zone."""
    parts = words.decode("ascii", "replace").split()
    year = next((p for p in parts[3:] if len(p) == 4 and p.isdigit()), "")
    zone = next((p for p in parts[3:] if re.fullmatch(r"[+-]\d{4}", p)), "+0000")
    try:
        return datetime.strptime(f"{parts[2]} {parts[1]} {year} {parts[3]} {zone}", "%d %b %Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, IndexError, OverflowError):
        return None


def _received(raw: bytes) -> datetime | None:
    """The instant in the topmost `Received:`, which the last server wrote. The author's `Date:` is only a claim."""
    field = bytearray()
    for line in raw[:_HEAD].splitlines():
        if field and line[:1] in (b" ", b"\t"):
            field += line
        elif field or not line:
            break
        elif line[:9].lower() == b"received:":
            field += line
    words = " ".join(field.rpartition(b";")[2].decode("ascii", "replace").split())
    try:
        when = parsedate_to_datetime(words)
        return when.astimezone(UTC).replace(microsecond=0) if when.tzinfo is not None else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
