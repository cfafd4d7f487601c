"""What standards ask of every letter that we write: links, addresses, long threads and subjects, in whatever script."""

from __future__ import annotations

import html as markup
import re
from email import message_from_bytes, policy
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mailgate.compose import headers, samples
from mailgate.compose.subjects import LONGEST, bare
from mailgate.model import token
from mailgate.model.letters import LETTERS
from tests.compose.desk import a_letter, desk, header, html, templates
from tests.compose.test_headers import SCRIPTS, independent, read_back

#: As long as the address of a desk may be: 64 octets before the @ with a token behind it (RFC 5321 4.5.3.1.1).
LONG = f"{'s' * (64 - 1 - token.LONGEST_DETAIL)}@example.org"
_OURS = re.compile(rb"[A-Za-z0-9!#$&'*+/=?^_`{|}~.%-]+@example\.org")
_MAILTO = re.compile(r"[A-Za-z0-9!$'*+\-._~%]+@[A-Za-z0-9.-]+(\?[A-Za-z0-9\-._~!$'()*+,;:@/?=&%]*)?")


def test_every_kind_of_token_fits_behind_the_address_of_a_desk() -> None:
    """A kind that is added is asked here by its name: what makes it is called ..._detail."""
    words: dict[str, frozenset[object]] = {"action_detail": frozenset(token.ACTIONS), "rating_detail": frozenset(range(1, 6))}
    not_in_addresses = {"read_detail", "well_formed_detail", "page_detail"}  # of those the last stands in a web address
    makers = {name: getattr(token, name) for name in dir(token) if name.endswith("_detail") and name not in not_in_addresses}
    assert set(makers) == {"reply_detail", "action_detail", "rating_detail", "bounce_detail"}
    for name, make in makers.items():
        for word in words.get(name, frozenset({None})):
            made = make(samples.RING, samples.LETTER, *([] if word is None else [word]))
            assert len(made) <= token.LONGEST_DETAIL, name


@pytest.mark.parametrize("language", templates().languages)
def test_no_address_of_ours_is_longer_than_servers_take_and_each_link_is_one_address(language: str) -> None:
    """RFC 5321 4.5.3.1.1 at each place of each letter; RFC 6068 in each link (fault 146)."""
    for event, audience in LETTERS:
        letter = a_letter(event, audience, language, the_desk=desk(address=LONG))
        page = html(letter)
        found = {one.rpartition(b"@")[0] for one in _OURS.findall(letter.header)}
        found |= {letter.reverse_path.rpartition("@")[0].encode()}
        for target in re.findall(r'href="mailto:([^"]*)"', page):
            uri = markup.unescape(target)
            assert _MAILTO.fullmatch(uri) and len(uri) < 1800, (event, uri)
            assert not re.search("%(?![0-9A-F]{2})", uri), uri
            parts = urlsplit(f"mailto:{uri}")
            asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), errors="strict")
            assert set(asked) <= {"subject", "body"} and all(len(values) == 1 for values in asked.values()), uri
            assert "+" not in parts.query, "a plus is a plus in a mailto link, and no blank"
            found.add(unquote(parts.path).rpartition("@")[0].encode())
        assert max(map(len, found)) <= 64, (event, audience)


def test_after_five_thousand_answers_a_thread_still_fits_into_its_header() -> None:
    """(fault 141)"""
    thread = tuple(f"<{n}.answer@example.com>" for n in range(5000))
    letter = a_letter("agent_replied", "requester", thread=thread, answers="<last@example.com>")
    [field] = [row for row in re.split(rb"\r\n(?! )", letter.header) if row.startswith(b"References:")]
    assert len(field) <= 4096 + 78 and max(map(len, field.split(b"\r\n"))) <= 78
    ids = str(message_from_bytes(letter.header + b"\r\n\r\n", policy=policy.default)["References"]).split()
    assert token.read_own_id(samples.RING, ids[0]) is not None and ids[1] == thread[0] and ids[-1] == "<last@example.com>"
    assert len(ids) == 2 + headers.NEWEST_REFERENCES
    # And answered five thousand times in a row, by a program that puts everything it saw into its own.
    references = header(letter, "References").split()
    for n in range(5000):
        references = headers.message_ids("References", (*references, f"<{n}.more@example.com>"), 2).removeprefix("References:").split()
    assert len(references) == 2 + headers.NEWEST_REFERENCES and token.read_own_id(samples.RING, references[0]) is not None


FAMILY, FLAG, NEPALI = "👩‍👩‍👧‍👦", "🇩🇪", "क्षि"


@pytest.mark.parametrize("script", [*SCRIPTS, FAMILY, FLAG, NEPALI])
def test_five_hundred_characters_in_any_script_come_out_as_they_went_in(script: str) -> None:
    """(fault 142) Subjects, names and file names, by the standard library and by a decoder of our own."""
    words = (f"{script} " * 500)[:500].strip()
    line = headers.unstructured("Subject", words)
    assert read_back("Subject", line) == words and independent(line.removeprefix("Subject: ")) == words
    name = headers.mailbox_field("To", words, "max@example.com")
    assert independent(name.removeprefix("To: ")).rpartition(" <")[0].strip('"') == words
    disposition = headers.parameter("Content-Disposition", "attachment", "filename", words)
    read = message_from_bytes(disposition.encode() + b"\r\n\r\n")
    assert read.get_filename() == words
    for encoded in re.findall(r"=\?utf-8\?[bq]\?[^?]*\?=", line + name):
        piece = independent(encoded)
        assert not any(piece.startswith(mark) for mark in ("\u200d", "\u0301", "\ufe0f")), "a word begins within a character"


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, "👍🏽", "e\u0301", "각", "नि"])
def test_a_long_subject_is_cut_between_what_people_see_as_characters(cluster: str) -> None:
    for before in range(8):
        cut = bare("x" * before + cluster * 400, frozenset())
        assert len(cut) <= LONGEST and cut.endswith("…")
        assert re.fullmatch(f"x{{{before}}}(?:{cluster})+…", cut), cut[-12:]


ROUNDS = ("Re", "RE", "AW", "Sv", "SV", "Odp", "回复", "返信", "رد", "Réf", "Antw", "RIF", "Re[4]")


def test_a_hundred_answers_in_a_row_add_nothing_to_a_subject() -> None:
    """(fault 143)"""
    subject, seen = "Printer on fire", set[str]()
    for number in range(100):
        answered = f"{ROUNDS[number % len(ROUNDS)]}{'：' if number % 3 == 0 else ':'} {subject}"
        subject = header(a_letter("agent_replied", "requester", title=answered), "Subject")
        seen.add(subject)
    assert len(seen) == 1 and subject.startswith("Re: Printer on fire [IT-1042-"), seen


@pytest.mark.parametrize(
    ("address", "said", "utf8"),
    [
        ("max@example.com", "max@example.com", False),
        ("max@müller.example", "max@xn--mller-kva.example", False),
        ("müller@example.com", "müller@example.com", True),
        ("用户@例え.example", "用户@xn--r8jz45g.example", True),
    ],
)
def test_only_a_name_before_the_at_asks_for_utf8_and_a_domain_is_an_a_label(address: str, said: str, utf8: bool) -> None:
    """(fault 144)"""
    letter = a_letter("agent_replied", "requester", person=samples.replace(samples.MAX, address=address, name="Jürgen"))
    assert (letter.address, letter.utf8) == (said, utf8)
    assert letter.header.isascii() is not utf8 and said.encode() in letter.header
