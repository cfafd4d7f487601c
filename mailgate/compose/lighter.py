"""A letter whose files are larger than a mail server takes leaves without them, and names them: the words must not wait for the files.

It stays the same letter, with the same Message-ID and tokens. No server has taken the whole one, so nobody has it twice."""

import re
from dataclasses import replace

from mailgate.compose import words
from mailgate.compose.assemble import closing, part_headers, pictures_of, seal
from mailgate.compose.body import encoded
from mailgate.compose.catalogue import Catalogue
from mailgate.compose.data import inline
from mailgate.compose.strict import Unsealable, check_bytes
from mailgate.model.letter import Letter, PartRef

_LANGUAGE = re.compile(rb"^Content-Language: ([A-Za-z-]{2,35})\r?$", re.MULTILINE)


def language_of(letter: Letter) -> str:
    found = _LANGUAGE.search(letter.header)
    return found[1].decode("ascii") if found else "en"


def lightened(letter: Letter, limit: int | None, book: Catalogue) -> tuple[Letter, tuple[PartRef, ...]] | None:
    """The letter with as few files left out as make it fit, and those. None where that would not help.
    `limit`: the largest size that the server takes, in octets; None where it did not say: then all of them stay behind."""
    if not letter.parts:
        return None
    kept = list(letter.parts)
    while kept:
        # One large file is left out rather than many small ones.
        kept.remove(max(kept, key=lambda part: part.size))
        lighter = _without(letter, tuple(kept), book)
        if limit is not None and lighter.size <= limit:
            break
        if limit is None:
            kept.clear()
    lighter = _without(letter, tuple(kept), book)
    if limit is not None and lighter.size > limit:
        return None
    return lighter, tuple(part for part in letter.parts if part not in kept)


def _without(letter: Letter, kept: tuple[PartRef, ...], book: Catalogue) -> Letter:
    left = [part for part in letter.parts if part not in kept]
    named = [f"- {inline(part.name)}, {words.size(part.size, book.language)}" for part in left]
    coding, text = encoded("\n".join((book.say(words.TOO_LARGE), "", *named, "")))
    note = f"\r\n--{letter.boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {coding}\r\n\r\n"
    # Pictures that stay stand behind the words then: this note has to be among the parts, and they come at the end.
    ended = closing(pictures_of(letter.boundary)) if letter.parts[0].related else b""
    body = letter.body + ended + note.encode("ascii") + text
    kept = tuple(replace(part, related=False) for part in kept)
    if not kept:
        body += closing(letter.boundary)
    boundary = letter.boundary if kept else ""
    digest, size = seal(letter.header, body, kept, boundary)
    heads, end = part_headers(kept, boundary)
    whole = b"".join((letter.header, b"\r\n\r\n", body, *heads, end))
    if faults := check_bytes(whole, letter.utf8):
        raise Unsealable(f"{letter.event}/{letter.audience.value}: {'; '.join(faults)}")
    return replace(letter, body=body, parts=kept, boundary=boundary, digest=digest, size=size)
