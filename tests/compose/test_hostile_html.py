"""Hostile HTML, of an agent whose HTML travels and of a requester whose does not: nothing active is in any letter (fault 106)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailgate.compose import samples
from mailgate.model.mail import Mail
from mailgate.understand.parse import parse
from tests.compose.desk import a_context, a_letter, an_agents, header, html
from tests.hostile_html import CHARSETS, VECTORS, active, pieces
from tests.hostile_pages import Seen, Watched
from tests.servers.chromium import chromium

ALL = dict(pieces())
#: In the head of our own page: its style, its metas.
OURS = frozenset({"style", "meta"})


def read(page: bytes, charset: str = "utf-8") -> Mail:
    """A mail that is this HTML and nothing else."""
    kind = f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n"
    head = f"From: ann@example.org\r\nSubject: Re: VPN\r\n{kind}\r\n"
    return parse(head.encode() + base64.encodebytes(page))


def body_of(page: str) -> str:
    """What stands below the head of our page, and that this is ours alone."""
    head, found, body = page.partition("</head>")
    assert found and "</head" not in body.lower()
    assert not [fault for fault in active(head, OURS) if "refresh" in fault]
    return body


def letters(mail: Mail) -> Iterator[str]:
    """Every page that such a mail could get into."""
    answer = an_agents(text=mail.new_text, html=mail.new_html, attachments=mail.attachments)
    for audience in ("requester", "participant", "agent"):
        yield html(a_letter("agent_replied", audience, entry=answer))
    asked = replace(samples.an_entry("asked"), text=mail.new_text, html=mail.new_html or mail.html, signature=mail.signature)
    context = a_context("ticket_assigned")
    context = replace(context, file=replace(context.file, entries=(asked,)))
    yield html(a_letter("ticket_opened", "agent", entry=asked))
    yield html(a_letter("unverified_wrote", "agent", entry=asked))
    yield html(a_letter("ticket_assigned", "agent", context=context))
    yield html(a_letter("reminder_due", "requester", context=replace(context, file=replace(context.file, entries=(asked,)))))


def pages_of(mail: Mail) -> list[str]:
    """Those that a browser is shown: what is safe to show, the answer to the requester, and the notice to an agent."""
    shown = list(letters(mail))
    return [*(page for page in (mail.html,) if page), shown[0], shown[3]]


def faults_of(mail: Mail) -> list[str]:
    shown = [*(page for page in (mail.html, mail.new_html) if page), *(body_of(page) for page in letters(mail) if page)]
    assert len(shown) >= 3
    return [fault for page in shown for fault in active(page)]


def test_there_are_511_pieces_and_each_is_active_as_it_is() -> None:
    assert len(ALL) == 511 == 7 * len(VECTORS)
    assert [name for name, piece in ALL.items() if not name.endswith("deep") and not active(piece)] == []


def test_no_piece_is_active_in_any_letter() -> None:
    """A part of them, another place for each vector: `make exam` tries all. The name of a piece is its vector and its place."""
    some = list(ALL.items())[::29]
    found = {name: faults for name, piece in some if (faults := faults_of(read(f"<p>Please restart it.</p>{piece}".encode())))}
    assert found == {} and len({name.partition(" ")[2] for name, _ in some}) == 7


@pytest.mark.parametrize(("charset", "page"), CHARSETS, ids=[charset for charset, _ in CHARSETS])
def test_no_charset_hides_one(charset: str, page: bytes) -> None:
    assert faults_of(read(page, charset)) == []


def said_in_words() -> Iterator[str]:
    """Each vector alone, out of what it may be put into, among a template's signs, and with a bracket of another script."""
    for vector in VECTORS:
        yield from (vector, f'">{vector}', f"'-->]]>{vector}", f"{{{{7*7}}}}{{% raw %}}{vector}", vector.replace("<", "\uff1c<"))


def faults_in_words(said: str) -> list[str]:
    """What is active in letters where it is a name, a subject, a title, a file's name, a signature and a text."""
    file = replace(samples.an_entry("asked").attachments[0], name=said)
    asked = replace(samples.an_entry("asked"), author_name=said, text=said, signature=said, subject=said, attachments=(file,))
    person = replace(samples.MAX, name=said)
    context = a_context("requester_wrote", title=said)
    context = replace(context, people={**context.people, person.id: person})
    answer = an_agents(text=said, html=None, author_name=said)
    told = a_letter("requester_wrote", "agent", entry=asked, context=context)
    answered = a_letter("agent_replied", "requester", entry=answer, context=context, person=person)
    assert not any("\n" in header(letter, "Subject") for letter in (told, answered))
    return [*active(body_of(html(told))), *active(body_of(html(answered)))]


def test_in_names_subjects_file_names_and_texts_a_piece_is_only_words() -> None:
    """A part of 365; `make exam` tries all."""
    some = list(said_in_words())
    assert len(some) >= 300
    assert {said: faults for said in some[::13] if (faults := faults_in_words(said))} == {}


# --- in a real browser ---------------------------------------------------------------------------------------------------


def test_a_browser_runs_and_fetches_nothing_of_them() -> None:
    some = [(name, piece) for name, piece in pieces() if not name.endswith("deep")][::43]
    with chromium() as browser, Watched(browser) as watched:
        control = [watched.look(piece) for _, piece in some]
        assert any(seen.fetched for seen in control) and any(seen.ran for seen in control)
        for name, piece in some:
            for page in pages_of(read(f"<p>Please restart it.</p>{watched.aimed(piece)}".encode())):
                assert watched.look(page) == Seen(), name
