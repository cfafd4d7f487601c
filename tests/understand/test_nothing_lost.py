"""Whatever a text is made of: every word of it stands in exactly one of new text, quote and signature, in its order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.model.marker import marker
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.text import attributions, body, quotes, signature
from mailgate.understand.text.body import Label, cut, label
from mailgate.understand.text.html import read_html

PIECES = [
    "Yes, twice.", "", "", "> quoted", ">> more", "> ", "On Mon, 2 Mar 2026 at 16:40 Support <support@example.org> wrote:",
    "Am 02.03.26 um 16:40 schrieb Support:", "Done. On Mon, 2 Mar 2026 at 16:40 Support <support@example.org> wrote:",
    "2026/3/2 Support <support@example.org>", "<", "mailto:x <x@example.org>", "> wrote:", "| barred", "Ann> named", "-- ", "--",
    "____________", "-----Original Message-----", "Begin forwarded message:", "From: Ann <ann@example.com>", "Sent: 2 March 2026 16:40",
    "To: Ben", "Subject: Printer", "Kind regards,", "Ann Lee", "/Ann", "Sent from my iPhone", "users mailing list", "a:", "x" * 70,
    "This e-mail and any attachments are confidential", "## reply above this line ##", marker("en"), marker("de"), "#take",
    "https://example.net/x",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("\n".join)


def words(text: str) -> list[str]:
    return re.findall(r"\S+", text)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_word_stands_in_exactly_one_place(text: str) -> None:
    found = cut(text)
    assert sorted(words(found.new) + words(found.quoted) + words(found.signature)) == sorted(words(text))
    for part in (found.new, found.quoted, found.signature):
        rest = iter(words(text))
        assert all(word in rest for word in words(part)), "in their order"


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_something_is_always_new(text: str) -> None:
    assert bool(cut(text).new.strip()) == bool(text.strip())


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_answers_between_the_lines_are_the_new_text_in_pieces(text: str) -> None:
    found = cut(text)
    assert bool(found.answers) == found.inline
    if found.inline:
        assert [word for answer in found.answers for word in words(answer.text)] == words(found.new)


MARKUP = [
    "<p>one</p>", "<blockquote>two</blockquote>", "<blockquote type=cite>three</blockquote>", "<ul><li>four</ul>",
    "<div id=divRplyFwdMsg>five</div>", "<div class=gmail_signature>six</div>", "2.3.2026, 16:40, &lt;a@example.org&gt;:<br>",
    "<table><td>7</table>", "<pre>eight\nnine</pre>", "<div class=gmail_attr>On 1.1.2026 10:10 a@example.org wrote:</div>", "text<br>",
    "<div name=messageReplySection>ten</div>", "<div class=zmail_extra>eleven</div>",
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=12).map("".join))
def test_no_word_of_an_html_mail_is_lost(markup: str) -> None:
    document = read_html(markup, LIMITS)
    parts = words(document.cut.new) + words(document.cut.quoted) + words(document.cut.signature)
    assert sorted(parts) == sorted(words(document.text))


@pytest.mark.parametrize(
    "piece", ["> a\n", "a:\n", "\n", "From: a@b.c\n", "Kind regards\nAnn\n", "On 1.1.2026 10:10 a <a@b.c> wrote:\n> x\n"]
)
def test_lines_beyond_the_limit_go_with_the_last_one_that_was_looked_at(piece: str) -> None:
    text = piece * 100
    found = cut(text, ReadingLimits(cut_lines=10))
    assert sorted(words(found.new) + words(found.quoted) + words(found.signature)) == sorted(words(text))


class Counting(list[str]):
    """Lines that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        Counting.looks += 1 if isinstance(index, int) else len(range(*index.indices(len(self))))
        return super().__getitem__(index)


PUMPS = [
    *(f"{piece}\n" for piece in PIECES), "a <a@b.c>\n\n\n\n", "1.1.2020 10:10 a <a@b.c>:\n| x\n", "a:\n\n\n\n\n\n", "Regards\nAnn\n> x\n",
    "\nThis e-mail and any attachments\n", "From: a@b.c\nx\n", "<\n\n", "Original Message\n\n\n",
]  # fmt: skip


@pytest.mark.parametrize("piece", PUMPS)
def test_each_line_is_looked_at_a_bounded_number_of_times(piece: str) -> None:
    """Steps are counted, not seconds: four times the lines, at most four times the looks and a little."""

    def looks(count: int) -> int:
        lines = Counting((piece * count).split("\n"))
        Counting.looks = 0
        labels = quotes.quotes(lines, len(lines))
        quotes.wrapped_quotes(lines, labels, len(lines))
        signature.signatures(lines, labels, len(lines))
        attributions.with_attributions_apart(lines, len(lines))
        return Counting.looks

    few, many = looks(200), looks(800)
    assert many <= 4.4 * few + 200
    assert many <= 130 * (800 * piece.count("\n") + 1)


def test_labels_are_as_many_as_lines() -> None:
    assert len(label(["a", "> b", ""])) == 3
    assert set(label(["a", "> b"])) == {Label.NEW, Label.QUOTE}
    assert body.cut("").new == ""
