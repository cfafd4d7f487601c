"""Pictures of an answer stand where they stood, and travel as its files where no HTML shows them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from mailgate.compose.assemble import Damaged, assemble
from mailgate.compose.catalogue import ENGLISH
from mailgate.compose.lighter import lightened
from mailgate.compose.strict import check_bytes
from mailgate.model.brand import Brand, Enclosed
from mailgate.model.letter import Letter, PartRef
from mailgate.model.mail import Attachment
from mailgate.record import codec
from tests.compose.desk import a_context, a_letter, an_agents, desk, html
from tests.pictures import a_png

FILES = {name: a_png(8, 8) + name.encode() for name in ("one.png", "two.png", "log.txt", "other.png", "vector.svg")}
TYPES = {"png": "image/png", "txt": "text/plain", "svg": "image/svg+xml"}
LOGO = Enclosed("logo.0123456789abcdef", "logo.png", a_png(120, 64), 120, 64)
PAGE = '<p>Look:</p><p><img src="cid:one.png%40x" alt="the first"></p><p>and</p><p><img alt="the second" src="cid:two.png@x"></p>'


def a_file(name: str, cid: str = "") -> Attachment:
    data = FILES[name]
    kind = TYPES[name.rpartition(".")[2]]
    return Attachment(name, kind, len(data), hashlib.sha256(data).hexdigest(), bool(cid), cid, f"2.{sorted(FILES).index(name) + 1}")


ALL = (a_file("log.txt"), a_file("one.png", "one.png@x"), a_file("other.png"), a_file("two.png", "two.png@x"))


def written(page: str | None = PAGE, files: tuple[Attachment, ...] = ALL, logo: bool = False, audience: str = "requester") -> Letter:
    the_desk = desk(brand=Brand(picture=LOGO)) if logo else desk()
    answer = an_agents(text="Look:\n\nand", html=page, attachments=files)
    return a_letter("agent_replied", audience, entry=answer, context=a_context("agent_replied", the_desk))


def whole(letter: Letter) -> bytes:
    raw = assemble(letter, [FILES[part.name] for part in letter.parts])
    assert not check_bytes(raw, False)
    assert letter.size == len(raw)
    return raw


def structure(part: Message) -> Any:
    if part.is_multipart():
        return (part.get_content_subtype(), *(structure(each) for each in part.get_payload()))  # type: ignore[union-attr]
    return part.get_filename() or part.get_content_type()


def seen(letter: Letter) -> Any:
    return structure(message_from_bytes(whole(letter)))


TEXTS = ("alternative", "text/plain", "text/html")


def test_pictures_that_the_answer_shows_are_related_to_it_and_files_stand_beside() -> None:
    assert seen(written()) == ("mixed", ("related", TEXTS, "one.png", "two.png"), "log.txt", "other.png")
    assert seen(written(files=ALL[1:2])) == ("mixed", ("related", TEXTS, "one.png"))
    raw = message_from_bytes(whole(written()))
    pictures = [part for part in raw.walk() if part["Content-ID"]]
    assert [(p["Content-ID"], p.get_content_disposition()) for p in pictures] == [("<one.png@x>", "inline"), ("<two.png@x>", "inline")]
    assert [p.get_payload(decode=True) for p in pictures] == [FILES["one.png"], FILES["two.png"]]
    assert raw.get_payload(0).get_param("type") == "multipart/alternative"  # type: ignore[union-attr]


def test_each_stands_where_it_stood() -> None:
    page = html(written())
    places = [page.index(words) for words in ("Look:", "cid:one.png%40x", ">and<", "cid:two.png@x")]
    assert places == sorted(places)


def test_a_logo_of_ours_stands_beside_them() -> None:
    assert seen(written(logo=True)) == ("mixed", ("related", TEXTS, "logo.png", "one.png", "two.png"), "log.txt", "other.png")
    assert seen(written(None, (), logo=True)) == ("alternative", "text/plain", ("related", "text/html", "logo.png"))


def test_without_html_of_its_own_there_are_text_and_pictures_only() -> None:
    assert seen(written(None)) == ("mixed", TEXTS, "log.txt", "one.png", "other.png", "two.png")


def test_only_pictures_are_related_and_only_under_a_name_that_a_header_can_say() -> None:
    for file in (a_file("vector.svg", "one.png@x"), replace(ALL[1], content_id="one png<>"), replace(ALL[1], type="text/html")):
        page = f'<p>Look: <img src="cid:{file.content_id}" alt="it"></p>'
        letter = written(page.replace("<>", "&lt;&gt;"), (file,))
        assert [part.related for part in letter.parts] == [False]
        assert "<img" not in html(letter).replace('<img src="cid:logo', "") and "[it]" in html(letter)


@pytest.mark.parametrize(
    ("img", "left"),
    [
        ('<img src="cid:gone@x" alt="a plan">', "[a plan]"),
        ('<img alt="from elsewhere">', "[from elsewhere]"),
        ('<img src="cid:gone@x">', ""),
        ('<img src="cid:gone@x" alt="&lt;b&gt; &amp; &quot;">', "[&lt;b&gt; &amp; &quot;]"),
    ],
)
def test_in_the_place_of_a_picture_that_stays_behind_stand_its_words(img: str, left: str) -> None:
    page = html(written(f"<p>Look: {img}!</p>", ()))
    assert f"Look: {left}!" in page and "gone@x" not in page


def test_agents_read_of_the_answer_with_its_pictures_as_files() -> None:
    assert seen(written(audience="agent"))[0] == "mixed"
    assert not any(part.related for part in written(audience="agent").parts)


def test_a_letter_that_is_too_large_is_lightened_and_what_stays_is_whole() -> None:
    letter = written(logo=True)
    found = lightened(letter, letter.size - 10, ENGLISH)
    assert found is not None
    lighter, left = found
    assert len(left) == 1 and seen(lighter)[:2] == ("mixed", ("related", TEXTS, "logo.png")) and seen(lighter)[2] == "text/plain"
    none = lightened(letter, None, ENGLISH)
    assert none is not None and len(none[1]) == 4
    assert seen(none[0]) == ("mixed", ("related", TEXTS, "logo.png"), "text/plain")


def test_a_picture_that_is_not_what_was_sealed_never_leaves() -> None:
    letter = written()
    for parts in (letter.parts[::-1], tuple(replace(part, related=False) for part in letter.parts)):
        with pytest.raises(Damaged):
            assemble(replace(letter, parts=parts), [FILES[part.name] for part in parts])


def test_letters_that_were_sealed_before_are_read_as_they_were() -> None:
    old = codec.dump(PartRef(1, "2", "a.png", "image/png", 3, "0" * 64, True, "a@b")).replace(',"related":false', "")
    assert codec.load(PartRef, json.loads(old)).related is False
