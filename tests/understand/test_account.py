"""How a mail was read: what the account says is what the reading did, and the reading is the same with and without it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mailgate.explain.words import FOLDS
from mailgate.model.account import Account, Piece
from mailgate.model.mail import Kind
from mailgate.model.reason import Reason
from mailgate.model.token import Keyring, message_id
from mailgate.understand import account_item, notes, read, recognised_account
from mailgate.understand.kinds import classify
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.parse import parse
from mailgate.understand.text import body, quotes
from mailgate.understand.text.body import FROM_HERE, cut
from mailgate.understand.text.html import read_html
from tests.understand.writers import a_file, signed, tnef

RING = Keyring((b"k" * 32,))
MAILS = sorted((Path(__file__).parents[1] / "mails").rglob("*.eml"))
HEAD = b"From: Ann <ann@example.com>\r\nTo: support@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"


def account_of(raw: bytes, rich: bool = True) -> Account:
    return recognised_account(account_item((raw, None, rich)), RING).account


def leaves(piece: Piece) -> list[Piece]:
    return [leaf for child in piece.children for leaf in leaves(child)] if piece.children else [piece]


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_an_account_tells_of_the_very_reading_that_happens_without_it(path: Path) -> None:
    for rich in (True, False):
        raw = path.read_bytes()
        told = recognised_account(account_item((raw, None, rich)), RING)
        assert told.reading == read(raw, None, RING, rich=rich)
        reading, account = told.reading, told.account
        # What was asked ends with the question that decided, and with no other.
        *before, last = account.kinds
        assert all(each.evidence is None for each in before) and (last.kind, last.evidence is not None) == (reading.kind, True)
        assert reading.kind_because == Reason(f"is.{last.rule}", (last.evidence,))
        assert all(each.evidence is None for each in account.silence[:-1])
        if account.silence:
            kept = account.silence[-1]
            assert reading.answer is (kept.evidence is None)
            assert reading.answer or reading.answer_because == Reason(f"silent.{kept.rule}", (kept.evidence,))
        # Nothing is folded without a reason, and nothing told as folded that is not.
        assert all(fold.rule and fold.words for fold in account.folds), account.folds
        for part, text in (("quote", reading.mail.quoted), ("signature", reading.mail.signature)):
            found = [fold for fold in account.folds if fold.part == part]
            assert bool(found) == bool(text.strip()) or account.text_because == notes.FROM_WITHIN
            assert all(fold.words.split()[0] in text for fold in found)
        # Every part was used for something, and every defect stands somewhere.
        assert all(leaf.use for leaf in leaves(account.outline)) and account.text_because and account.language_because
        placed = [f"part {piece.path}: {defect}" for piece in every(account.outline) for defect in piece.defects]
        assert sorted((*placed, *account.defects)) == sorted(reading.mail.defects)


def every(piece: Piece) -> list[Piece]:
    return [piece, *(one for child in piece.children for one in every(child))]


def test_each_question_of_the_tables_is_asked_where_nothing_says_yes_before() -> None:
    kinds, silence = classify.looked_at(parse(HEAD + b"\r\nhello"), None, RING)
    assert [each.rule for each in kinds] == [name for _, name, _ in classify.RULES]
    assert [each.rule for each in silence] == [name for name, _ in classify.SILENCE]


# --- what was folded, and by which rule ------------------------------------------------------------------------------------

FOLDED = (
    ("New.\n\nOn Mon, 2 Mar 2026 at 16:40, Ann <ann@example.org> wrote:\n> old\n> older", ["attribution", "marked"]),
    ("New.\n\nOn Mon, 2 Mar 2026 at 16:40 Ann <ann@example.org> wrote:\n\nHave you tried?", ["attribution_of_all"]),
    ("On Mon, 2 Mar 2026 at 16:40 Ann <ann@example.org> wrote:\n| old\n| older\n\nNew.", ["attribution", "marked_below"]),
    ("New.\n\n-----Original Message-----\nold", ["separator"]),
    ("New.\n\nFrom: ann@example.org\nSent: Monday, 2 March 2026 16:40\nTo: x\nSubject: y\n\nold", ["header_block"]),
    ("New.\n\n-- please write above this line --\nold", ["our_marker"]),
    ("New.\n\n## Please type your reply above this line ##\nold", ["foreign_marker"]),
    ("New.\n\nBegin forwarded message:\n\nFrom: a@example.org\nDate: 2 Mar 2026 at 16:40\nTo: Ann\n\nold", ["announced"]),
    ("New.\n\nOn Mon, 2 Mar 2026 at 16:40, Ann<ann@example.org> wrote:   Have you\ntried?", ["goes_on"]),
    ("New.\n\nAnn Lee ---02.03.2026 16:40:11---Please turn it off.\nThen on.", ["summed_up"]),
    (f"New.\n\n{FROM_HERE}\nold", ["named_by_html"]),
    (
        "> this line was too long for somebody's program and so it lost its\nlast words\n> and goes on here\n\nNew.",
        ["marked", "broken_off", "marked"],
    ),
    ("New.\n\n-- \nAnn\nHouse 4", ["delimiter"]),
    ("It is broken.\n\nSent from my iPhone", ["phone"]),
    ("It is broken.\n\nKind regards,\nAnn Lee", ["closing"]),
    ("It is broken.\n\nThis email and any attachments are confidential.", ["disclaimer"]),
    ("It is broken.\n\n______________________\nhttps://lists.example.net/listinfo/x", ["list_footer"]),
    ("CAUTION: This email originated from outside of here.\n\nIt is broken.", ["banner"]),
    ("It is broken.\n\n/Ann", ["slash_name"]),
)


@pytest.mark.parametrize(("text", "rules"), FOLDED, ids=[rules[-1][:30] for _, rules in FOLDED])
def test_what_is_folded_says_which_rule_did_it(text: str, rules: list[str]) -> None:
    found = cut(text, LIMITS, {})
    assert [fold.rule for fold in found.folds] == rules
    plain = cut(text)
    assert (found.new, found.quoted, found.signature, found.inline, found.answers) == (
        plain.new, plain.quoted, plain.signature, plain.inline, plain.answers,
    )  # fmt: skip
    assert plain.folds == ()  # who does not ask pays nothing


def test_every_rule_is_shown_here_and_has_words() -> None:
    elsewhere = {"not_searched", "quoted_by_html", "signed_by_html"}  # below
    shown = {rule for _, rules in FOLDED for rule in rules} | elsewhere
    assert {rule.name for rule in quotes.RULES} <= shown
    assert shown == set(FOLDS)


def test_lines_are_counted_as_the_reader_of_the_mail_counts_them() -> None:
    found = cut("New.\n\n> one\n\n> two\n\n-- \nAnn\n", LIMITS, {})
    assert [(fold.part, fold.first, fold.last, fold.words) for fold in found.folds] == [
        ("quote", 3, 5, "> one"), ("signature", 7, 8, "-- Ann"),
    ]  # fmt: skip


def test_where_all_would_be_folded_nothing_is_and_that_is_said() -> None:
    assert (cut("> all\n> quoted", LIMITS, {}).folds, cut("> all\n> quoted", LIMITS, {}).because) == ((), body.NOTHING_LEFT)
    found = cut("> all\n> quoted\n\n-- \nAnn", LIMITS, {})
    assert ([fold.part for fold in found.folds], found.because) == (["signature"], body.NOTHING_LEFT)
    assert cut("", LIMITS, {}).because == ""


def test_what_lies_beyond_the_limit_says_so() -> None:
    found = cut("New.\n> a\n> b\nwhat comes here\nis not looked at", ReadingLimits(cut_lines=3), {})
    assert [fold.rule for fold in found.folds] == ["marked", "not_searched"]


def test_html_that_sets_something_apart_is_not_said_to_have_marked_it() -> None:
    quote = "<p>New.</p><p>On Mon, 2 Mar 2026 at 16:40 Ann &lt;ann@example.org&gt; wrote:</p><blockquote type=cite>old</blockquote>"
    assert [fold.rule for fold in read_html(quote, LIMITS, {}).cut.folds] == ["attribution", "quoted_by_html"]
    signed_by = "<p>New.</p><div class=gmail_signature>Ann<br>House 4</div>"
    assert [fold.rule for fold in read_html(signed_by, LIMITS, {}).cut.folds] == ["signed_by_html"]


# --- what each part was used for ----------------------------------------------------------------------------------------------


def multipart(kind: str, *parts: bytes) -> bytes:
    return (
        HEAD
        + f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n'.encode()
        + b"".join(b"--b\r\n" + p + b"\r\n" for p in parts)
        + b"--b--"
    )


PLAIN = b"Content-Type: text/plain\r\n\r\nNew."
PAGE = b"Content-Type: text/html\r\n\r\n<p>New. <img src='cid:p@x'></p>"
PICTURE = b"Content-Type: image/png\r\nContent-ID: <p@x>\r\n\r\nx"


def uses(raw: bytes) -> list[tuple[str, str]]:
    return [(leaf.path, leaf.use) for leaf in leaves(account_of(raw).outline)]


def test_each_part_says_what_it_was_used_for() -> None:
    assert uses(HEAD + b"\r\nNew.") == [("1", notes.TEXT)]
    assert uses(multipart("alternative", PLAIN, PAGE)) == [("1", notes.TEXT), ("2", notes.HTML_BESIDE)]
    assert uses(multipart("related", PAGE, PICTURE)) == [("1", notes.HTML), ("2", notes.PICTURE)]
    assert uses(multipart("mixed", PLAIN, PICTURE)) == [("1", notes.TEXT), ("2", notes.FILE)]
    named = b"Content-Type: text/plain\r\nContent-Disposition: inline; filename=a.txt\r\n\r\nNew."
    assert uses(multipart("mixed", named)) == [("1", notes.TEXT_AND_FILE)]
    assert uses(multipart("mixed", PLAIN, b"Content-Type: text/plain\r\n\r\n ")) == [("1", notes.TEXT), ("2", notes.EMPTY)]
    assert uses(multipart("mixed", PLAIN, b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz"))[1] == ("2", "a whole mail, attached")


def test_what_is_packed_stands_below_what_it_was_packed_in() -> None:
    packed = b"Content-Type: application/ms-tnef\r\n\r\n" + tnef(a_file("a.pdf", b"x"), a_file("b.txt", b"yy"))
    [_, wrapping] = account_of(multipart("mixed", PLAIN, packed)).outline.children
    assert wrapping.use == notes.TNEF and wrapping.defects == ("2 files taken out of winmail.dat",)
    assert [(one.path, one.name, one.size, one.use) for one in wrapping.children] == [
        ("2!1", "a.pdf", 1, notes.FILE), ("2!2", "b.txt", 2, notes.FILE),
    ]  # fmt: skip
    head = HEAD + b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    [wrapped] = account_of(head + base64.encodebytes(signed(b"Content-Type: text/plain\r\n\r\nSigned words."))).outline.children
    assert (wrapped.path, wrapped.use) == ("1!1", notes.TEXT)


def test_a_defect_stands_at_its_part_and_others_by_themselves() -> None:
    broken = multipart("mixed", b"Content-Type: text/plain; charset=us-ascii\r\n\r\nGr\xfc\xdfe").removesuffix(b"--b--")
    account = account_of(broken)
    [part] = account.outline.children
    assert len(part.defects) == 1 and "charset" in part.defects[0]
    assert account.defects == ("multipart not closed",)


INVITATION = b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Move\r\nEND:VEVENT\r\nEND:VCALENDAR"
CHOSEN = (
    (HEAD + b"\r\nNew.", notes.PLAIN_ONLY),
    (HEAD + b"Content-Type: text/html\r\n\r\n<p>New.</p>", notes.HTML_ONLY),
    (multipart("alternative", PLAIN, PAGE), notes.PLAIN_BESIDE_HTML),
    (multipart("alternative", b"\r\nThis needs an HTML reader.", b"Content-Type: text/html\r\n\r\n<p>" + b"Words. " * 40 + b"</p>"),
     notes.PLAIN_SAYS_NOTHING),
    (multipart("mixed", PLAIN, PAGE), notes.SEVERAL),
    (multipart("mixed", b"Content-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\nSubject: y\r\n\r\nz"), notes.FROM_WITHIN),
    (multipart("mixed", PICTURE), notes.NO_TEXT),
    (multipart("mixed", INVITATION), notes.STANDS_IN),
)  # fmt: skip


@pytest.mark.parametrize(("raw", "because"), CHOSEN, ids=[because[:40] for _, because in CHOSEN])
def test_it_says_which_form_of_the_text_is_read(raw: bytes, because: str) -> None:
    assert account_of(raw).text_because == because


def test_html_that_names_the_quote_which_the_text_lost_is_told_as_such() -> None:
    path = next(path for path in MAILS if path.stem == "text-lost-its-marks-eu")
    assert account_of(path.read_bytes()).text_because == notes.HTML_NAMES_THE_QUOTE


def test_a_letter_of_our_own_is_told_as_such_by_whoever_has_the_keys() -> None:
    """The worker that reads it has none: to it the mail is like any other."""
    own = message_id(RING, 1042, "ABCD1234", "example.org").encode()
    for raw in (
        HEAD + b"Message-ID: " + own + b"\r\n\r\nA letter.\r\n",
        HEAD + b"Auto-Submitted: auto-replied\r\nMessage-ID: " + own + b"\r\n\r\nx\r\n",
    ):
        told = account_item((raw, None, True))
        assert told.reading.kind is not Kind.LOOP
        known = recognised_account(told, RING)
        assert known.reading == read(raw, None, RING) and known.reading.kind is Kind.LOOP
        assert known.account.kinds[-1].kind is Kind.LOOP and known.account.silence == ()
        assert recognised_account(told, Keyring((b"x" * 32,))) == told, "another's key knows nothing of it"
