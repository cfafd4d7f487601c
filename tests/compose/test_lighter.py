"""A letter that is too large for a mail server leaves without its files, and names them (fault 153)."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from hashlib import sha256

import pytest

from mailgate.compose.assemble import assemble
from mailgate.compose.catalogue import Catalogue
from mailgate.compose.lighter import language_of, lightened
from mailgate.model.letter import Letter, PartRef
from tests.compose.desk import a_letter, an_agents, templates
from tests.decide.build import an_attachment

DATA = {"small.txt": b"s" * 100, "large.log": b"l" * 900_000, "middle.pdf": b"m" * 50_000}


def a_whole(language: str = "en", *names: str) -> tuple[Letter, dict[str, bytes]]:
    files = tuple(
        replace(an_attachment(name), size=len(DATA[name]), sha256=sha256(DATA[name]).hexdigest(), part=str(n + 2))
        for n, name in enumerate(names or DATA)
    )
    return a_letter("agent_replied", "requester", language, entry=an_agents(attachments=files, inbox=7)), DATA


def book(letter: Letter) -> Catalogue:
    return templates().catalogue(language_of(letter))


def as_sent(letter: Letter) -> tuple[str, list[str]]:
    """The words, and the names of the files, of the bytes that leave."""
    raw = assemble(letter, [DATA[part.name] for part in letter.parts])
    assert len(raw) == letter.size
    mail = message_from_bytes(raw)
    texts = [p.get_payload(decode=True).decode() for p in mail.walk() if p.get_content_type() == "text/plain" and not p.get_filename()]
    return "\n".join(texts), [p.get_filename() for p in mail.walk() if p.get_filename()]


def test_where_the_limit_is_known_the_largest_file_alone_stays_behind():
    letter, _ = a_whole()
    lighter, left = lightened(letter, 500_000, book(letter))
    words, files = as_sent(lighter)
    assert files == ["small.txt", "middle.pdf"] and [p.name for p in left] == ["large.log"]
    assert "large.log, 900 KB" in words and "comes without them" in words and lighter.size <= 500_000


def test_where_no_limit_is_known_all_files_stay_behind_and_each_is_named():
    letter, _ = a_whole()
    lighter, left = lightened(letter, None, book(letter))
    words, files = as_sent(lighter)
    assert files == [] and len(left) == 3 and all(name in words for name in DATA)


def test_it_stays_the_same_letter_with_its_words():
    """(fault 153)"""
    letter, _ = a_whole()
    lighter, _ = lightened(letter, None, book(letter))
    assert (lighter.id, lighter.message_id, lighter.header) == (letter.id, letter.message_id, letter.header)
    assert as_sent(letter)[0].strip() in as_sent(lighter)[0]
    assert lighter.digest != letter.digest


def test_what_is_left_out_is_said_in_the_language_of_the_letter():
    letter, _ = a_whole("de")
    assert "zu groß" in as_sent(lightened(letter, None, book(letter))[0])[0]


@pytest.mark.parametrize("names", [("large.log",), ("small.txt", "large.log")])
def test_a_letter_whose_words_alone_are_too_large_is_not_touched(names: tuple[str, ...]):
    letter, _ = a_whole("en", *names)
    assert lightened(letter, 1000, book(letter)) is None


def test_a_letter_without_files_cannot_be_made_lighter():
    letter = a_letter("agent_replied", "requester")
    assert lightened(replace(letter, parts=()), None, book(letter)) is None


def test_a_file_name_cannot_write_lines_of_its_own():
    letter, _ = a_whole("en", "small.txt")
    evil: tuple[PartRef, ...] = (replace(letter.parts[0], name="a\r\n--=_K7QF3M9X.m\r\nX: y"),)
    words, files = as_sent(lightened(replace(letter, parts=evil), None, book(letter))[0])
    assert files == [] and "a --=_K7QF3M9X.m X: y" in words
