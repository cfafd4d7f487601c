"""What strangers write is data: in every place of every letter, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailgate.compose import samples
from mailgate.compose.body import encoded, encoded_page
from mailgate.compose.letters import compose
from mailgate.compose.strict import check_bytes
from mailgate.model.commands import Fault
from mailgate.model.letter import Letter
from mailgate.model.mail import Attachment
from tests.compose.desk import a_context, a_letter, a_wanted, an_agents, desk, header, html, message, text, whole

PAYLOADS = [
    "x\r\nBcc: evil@example.net",
    "x\nBcc: evil@example.net",
    "x\rBcc: evil@example.net",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\x00y",
    "x\x0bBcc: evil@example.net",
    "x\x0cy",
    "x\u2028Bcc: evil@example.net",
    "x\u2029Bcc: evil@example.net",
    "x\u0085Bcc: evil@example.net",
    "x\x1cBcc: evil@example.net",
    "x\x1dy",
    "x\x1ey",
    "x\x1fy",
    "x\x02y\x03z",
    "\x02\x1fx\x1ey\x03",
    "=?utf-8?q?x=0ABcc:_evil=40example.net?=",
    "=?unicode_escape?q?x=5Cx0aBcc=3A_evil=40example.net?=",
    "\ud800",
    "x\udc0ay",
    "{{ 7*7 }}",
    "{% include '_frame.html' %}",
    "{{ ''.__class__.__mro__ }}",
    "%(title)s %s %d %",
    "Subject: another",
    "Label: value",
    "- item",
    "=> https://evil.example/ click here",
    "=> mailto:evil@example.net?bcc=a write",
    "> quoted",
    "-- please write above this line --",
    "-- ",
    "--=_K7QF3M9X.m\r\nContent-Type: text/html\r\n\r\nx",
    "--=_K7QF3M9X.a--",
    "<b onclick=x>&amp;</b>",
    '"><script>',
    "\u202eexe.fdp",
    "x\u200by\u2066z",
    "\ufeffx",
    ".\r\n.\r\nQUIT",
    "From evil Mon Jan 1",
    "[IT-1-00000000] x",
    "a" * 5000,
    "é" * 2000,
    "\u0301" * 400,
    "\t\t x  y \t",
]

ATTACHMENT = Attachment("x", "image/png", 3, "0" * 64, True, "c@x", "1.2")


def _attached(value: str, **changes: Any) -> Any:
    return replace(samples.an_entry("asked"), attachments=(replace(ATTACHMENT, **changes, **({} if changes else {"name": value})),))


#: Where words of others come in: name of the place -> a letter with the words there.
SINKS: dict[str, Callable[[str], Letter]] = {
    "title, to the requester": lambda v: a_letter("agent_replied", "requester", title=v),
    "title, to agents": lambda v: a_letter("requester_wrote", "agent", title=v),
    "shown title": lambda v: a_letter("ticket_opened", "requester", shown_title=v),
    "requester's name": lambda v: a_letter("status_asked", "requester", person=replace(samples.MAX, name=v)),
    "author's name": lambda v: a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), author_name=v)),
    "agent's name": lambda v: a_letter("agent_replied", "requester", entry=an_agents(author_name=v)),
    "text to agents": lambda v: a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), text=v)),
    "text to the requester": lambda v: a_letter("agent_replied", "requester", entry=an_agents(text=v, html=None)),
    "stranger's address": lambda v: a_letter("unverified_wrote", "agent", entry=replace(samples.an_entry("intruded"), reverse=v)),
    "file name": lambda v: a_letter("ticket_opened", "agent", entry=_attached(v)),
    "file type": lambda v: a_letter("ticket_opened", "agent", entry=_attached(v, type=v)),
    "content id": lambda v: a_letter("ticket_opened", "agent", entry=_attached(v, content_id=v)),
    "command and hint": lambda v: a_letter("commands_refused", "agent", facts={"faults": (Fault("E_UNKNOWN", 1, v, v),), "text": v}),
    "the relay's words": lambda v: a_letter("letter_refused", "agent", facts={"whom": v, "what": v, "reply": v, "state": "refused"}),
    "comment of a rating": lambda v: a_letter("low_rating_given", "lead", facts={"score": 1, "comment": v, "requester": v}),
    "an alarm": lambda v: a_letter("operator_alarmed", "operator", facts={"kind": v, "what": v, "since": samples.NOW, "way_out": v}),
    "resolution code": lambda v: a_letter("ticket_resolved", "requester", entry=None, facts={"code": v}),
    "address of a newcomer": lambda v: a_letter("requester_wrote", "agent", facts={"joined": (v,)}),
    "cited Message-IDs": lambda v: a_letter("ticket_opened", "requester", answers=v, thread=(v, f"<{v}@x>")),
    "last words in a quote": lambda v: compose(a_wanted("sla_warned", "agent"), _last(v)),
}


def _last(value: str) -> Any:
    context = a_context("sla_warned")
    assert context.file is not None
    return replace(context, file=replace(context.file, entries=(replace(samples.an_entry("asked"), text=value),)))


HEADERS = {
    "Date",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}


@pytest.mark.parametrize("sink", SINKS)
def test_words_of_others_stay_words(sink: str):
    """No line of anybody's becomes a header (fault 102).

    CVE-2012-4730, CVE-2013-3373, CVE-2024-6923, CVE-2026-1299, CVE-2026-107393, GHSA-5vg9.
    """
    for payload in PAYLOADS:
        letter = SINKS[sink](payload)
        assert check_bytes(whole(letter) + (f"\r\n--{letter.boundary}--\r\n".encode() if letter.boundary else b"")) == []
        names = [line.split(b":")[0].decode() for line in letter.header.split(b"\r\n") if line[:1] != b" "]
        assert len(names) == len(set(names)) and set(names) <= HEADERS
        assert header(letter, "Subject").count("[IT-1042-") == (0 if letter.ticket is None else 1)
        read, page = text(letter), html(letter)
        assert "49" not in read.replace(payload, "") or "7*7" not in payload
        assert "<script" not in page and "onclick=" not in page.replace("&lt;b onclick", "")
        # A value is never a link: every target is one of ours, to our own desk.
        for target in re.findall(r'href="([^"]*)"', page):
            assert target.startswith("mailto:support+k7qf3m9x."), target
        assert page.count("<h1 ") == 1
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", read)


def _labels(letter: Letter) -> list[str]:
    return re.findall(r'<th [^>]*scope="row"[^>]*>([^<]*)</th>', html(letter))


@pytest.mark.parametrize("payload", ["Label: value", "x\nPriority: P1, very urgent", "- item", "> quoted", "=> https://evil.example/ here"])
def test_a_value_never_begins_a_row_a_list_a_quote_or_a_link(payload: str):
    for event, audience, place in (("requester_wrote", "agent", "title"), ("agent_replied", "requester", "title")):
        harmless, odd = a_letter(event, audience, title="harmless"), a_letter(event, audience, **{place: payload})
        assert _labels(odd) == _labels(harmless)
        for tag in ("<div ", "words", "<a ", "<table ", "<p "):
            assert html(odd).count(tag) == html(harmless).count(tag)
    odd = a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), text=f"Hello\n\n{payload}\n\nend"))
    plain = a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), text="Hello\n\nharmless\n\nend"))
    assert _labels(odd) == _labels(plain)
    assert html(odd).count("<table ") == html(plain).count("<table ")


def test_template_language_in_a_mail_is_only_text():
    """(CVE-2026-119144, CVE-2026-38431, CVE-2019-11581, CVE-2021-39115, fault 104)"""
    letter = a_letter(
        "requester_wrote",
        "agent",
        title="{{ 7*7 }}",
        entry=replace(samples.an_entry("asked"), text="{% if 1 %}{{ ''.__class__ }}{% endif %} {{ 6*7 }}"),
    )
    assert "{{ 7*7 }}" in header(letter, "Subject")
    assert "{% if 1 %}{{ ''.__class__ }}{% endif %} {{ 6*7 }}" in text(letter)


def test_no_address_of_the_requester_stands_in_the_header_of_a_notice():
    """(CVE-2020-1775, CVE-2021-21435, fault 100)"""
    context = a_context("requester_wrote", title="Max@Example.com cannot log in")
    entry = replace(samples.an_entry("asked"), author_name="max@example.com")
    letter = compose(a_wanted("requester_wrote", "agent", entry=entry, answers="<max@example.com>", thread=("<a@example.net>",)), context)
    assert b"max@example.com" not in letter.header.lower()
    assert header(letter, "From") == '"Requester via IT-1042" <support@example.org>'
    assert "…" in header(letter, "Subject")


def test_a_line_like_a_fence_cannot_end_a_part():
    fence = f"--=_{samples.LETTER}.a"
    letter = a_letter("agent_replied", "requester", entry=an_agents(text=f"{fence}--\n{fence}\nContent-Type: text/html\n\nx", html=None))
    assert [part.get_content_type() for part in message(letter).walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert f"{fence}--" in text(letter)


@pytest.mark.parametrize(
    "line", ["From the start", ".", "..", "-- ", "trailing  ", "\ttab", "=3D", "x" * 2000, "é" * 999, "a\n.\nb", "From x\nFrom y"]
)
def test_a_text_arrives_as_it_was_written(line: str):
    """(fault 145)"""
    letter = a_letter("agent_replied", "requester", entry=an_agents(text=f"one\n{line}\ntwo", html=None))
    assert f"one\n{line}\ntwo" in text(letter)
    assert b"\r\nFrom " not in letter.body and b"\r\n.\r\n" not in letter.body
    assert max(map(len, letter.body.split(b"\r\n"))) <= 78


def test_blanks_at_the_end_of_a_line_survive_servers_that_cut_them():
    for text_ in ("a \nb\n", "a\t\nb\n"):
        coding, data = encoded(text_)
        assert coding == "quoted-printable" and not re.search(rb"[ \t]\r\n", data)


def test_the_desk_of_these_tests_is_the_one_that_is_shipped():
    assert desk().address == "support@example.org"


@pytest.mark.parametrize("line", ["plain", "From x", "a\n.\nb", "x" * 74 + ".", "é" * 400, "日" * 3000, "a = b  ", " \n."])
def test_a_page_is_encoded_line_by_line_as_it_would_be_as_a_whole(line: str):
    page = f"<style>\n{'p { color: red } ' * 9}\n</style>\n<title>x</title>\n{line}\n<p>\n"
    coding, data = encoded_page(page)
    assert (coding, data) == encoded(page)
    assert b"\r\nFrom " not in data and b"\r\n.\r\n" not in data
