"""What leaves is what was sealed, attachments and all, or it does not leave."""

from __future__ import annotations

import email
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.compose import samples
from mailgate.compose.assemble import Damaged, assemble
from mailgate.compose.strict import check_bytes
from mailgate.model.letter import Letter
from mailgate.model.mail import Attachment
from tests.compose.desk import a_letter, an_agents


def with_files(*files: tuple[str, str, bytes]) -> tuple[Letter, list[bytes]]:
    attachments = tuple(
        Attachment(name, kind, len(data), hashlib.sha256(data).hexdigest(), False, "", f"1.{n}")
        for n, (name, kind, data) in enumerate(files, 2)
    )
    return a_letter("agent_replied", "requester", entry=an_agents(attachments=attachments)), [data for _, _, data in files]


def test_a_letter_without_attachments_is_its_header_and_its_body():
    letter = a_letter("ticket_opened", "requester")
    data = assemble(letter, [])
    assert data == letter.header + b"\r\n\r\n" + letter.body
    assert letter.size == len(data) and letter.boundary == ""


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=4))
def test_attachments_arrive_byte_for_byte_and_the_size_is_known_before(contents: list[bytes]):
    letter, parts = with_files(*((f"file {n}.bin", "application/x-thing", data) for n, data in enumerate(contents)))
    data = assemble(letter, parts)
    assert len(data) == letter.size
    assert check_bytes(data) == []
    found = [part for part in email.message_from_bytes(data).walk() if part.get_filename()]
    assert [part.get_payload(decode=True) for part in found] == contents
    assert [part.get_filename() for part in found] == [f"file {n}.bin" for n in range(len(contents))]
    assert {part.get_content_type() for part in found} == {"application/x-thing"}


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "text/plain; charset=x", "TEXT", "", "a/b\r\nBcc: c"])
def test_a_type_that_may_not_be_base64_or_is_none_becomes_plain_bytes(kind: str):
    letter, parts = with_files(("mail.eml", kind, b"Subject: x\r\n\r\ny"))
    data = assemble(letter, parts)
    [part] = [part for part in email.message_from_bytes(data).walk() if part.get_filename()]
    assert part.get_content_type() == "application/octet-stream" and part.get_payload(decode=True) == parts[0]


def test_a_picture_in_the_text_keeps_its_id():
    picture = Attachment("x.png", "image/png", 3, hashlib.sha256(b"png").hexdigest(), True, "picture@1", "1.2")
    letter = a_letter("agent_replied", "requester", entry=an_agents(html='<p><img src="cid:picture@1"></p>', attachments=(picture,)))
    [part] = [part for part in email.message_from_bytes(assemble(letter, [b"png"])).walk() if part.get_content_type() == "image/png"]
    assert part["Content-ID"] == "<picture@1>" and part.get_content_disposition() == "inline"


def test_anything_that_changed_since_sealing_is_noticed():
    letter, parts = with_files(("a.txt", "text/plain", b"one"), ("b.txt", "text/plain", b"two"))
    assemble(letter, parts)
    changed = [
        (replace(letter, header=letter.header.replace(b"Subject", b"subject")), parts),
        (replace(letter, body=letter.body + b"x"), parts),
        (replace(letter, boundary="=_other"), parts),
        (replace(letter, parts=letter.parts[::-1]), parts[::-1]),
        (replace(letter, parts=(replace(letter.parts[0], name="c.exe"), letter.parts[1])), parts),
        (replace(letter, parts=(replace(letter.parts[0], sha256="0" * 64), letter.parts[1])), parts),
        (replace(letter, size=letter.size + 1), parts),
        (letter, parts[:1]),
        (letter, parts[::-1]),
        (letter, [b"One", b"two"]),
        (letter, [b"one!", b"two"]),
    ]
    for other, given_parts in changed:
        with pytest.raises(Damaged):
            assemble(other, given_parts)


def test_the_seal_covers_what_is_in_the_attachments():
    one, _ = with_files(("a.txt", "text/plain", b"one"))
    two, _ = with_files(("a.txt", "text/plain", b"two"))
    assert (one.header, one.body, one.size) == (two.header, two.body, two.size)
    assert one.digest != two.digest


def test_the_sample_letters_can_be_put_together():
    letter = a_letter("ticket_opened", "agent")
    assert check_bytes(assemble(letter, [samples.PICTURE])) == []
