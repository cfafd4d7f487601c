"""What is new, what is quoted, what is signature."""

from __future__ import annotations

import pytest

from mailgate.model.marker import MARKERS, marker
from mailgate.understand.text.body import Cut, cut
from tests.growth import assert_linear, cost

QUOTE = "> Have you tried\n> turning it off?"

#: How mail programs introduce a quote in plain text.
ATTRIBUTIONS = [
    "On Mon, Mar 2, 2026 at 4:40 PM IT Support <support@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 4:40 PM IT Support <\nsupport@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 4:40 PM IT Support <support@example.org\n> wrote:",
    "On 2 Mar 2026, at 16:40, IT Support <support@example.org> wrote:",
    "On 02/03/2026 16:40, IT Support wrote:",
    "On 2026-03-02 16:40, IT Support\nvia the desk wrote:",
    "IT Support <support@example.org> wrote on 2 March 2026 at 16:40:",
    "Am 02.03.26 um 16:40 schrieb IT-Support:",
    "Am Mo., 2. März 2026 um 16:40 Uhr schrieb IT-Support <support@example.org>:",
    "Am 02.03.2026 um 16:40 schrieb IT-Support <support@example.org>:",
    "IT-Support <support@example.org> schrieb am Mo., 2.\nMärz 2026 um 16:40 Uhr:",
    "Den 2. März 2026 um 16:40 hat IT-Support <support@example.org> geschrieben:",
    "Le lun. 2 mars 2026 à 16:40, Support <support@example.org> a écrit :",
    "El lun, 2 mar 2026 a las 16:40, Soporte (<support@example.org>) escribió:",
    "2026-03-02 16:40 GMT+01:00 IT Support <support@example.org>:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quote_goes_with_the_line_that_introduces_it(attribution: str) -> None:
    found = cut(f"It works now.\n\n{attribution}\n\n{QUOTE}\n")
    assert found.new == "It works now."
    assert "turning it off" in found.quoted
    assert "16:40" in found.quoted or "4:40" in found.quoted


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_below_the_quote_is_as_new_as_above(attribution: str) -> None:
    assert cut(f"{attribution}\n{QUOTE}\n\nYes, twice.").new == "Yes, twice."


HEADER_BLOCKS = [
    "From: IT Support <support@example.org>\nSent: Monday, March 2, 2026 4:40 PM\nTo: Ann <ann@example.com>\nSubject: Printer",
    "________________________________\nFrom: IT Support <support@example.org>\nSent: 02 March 2026 16:40\nTo: Ann\nSubject: Printer",
    "-----Original Message-----\nFrom: IT Support\nSent: 02 March 2026 16:40\nTo: Ann\nSubject: Printer",
    "*From:* IT Support <support@example.org>\n*Date:* Monday, 2 March 2026 at 16:40\n*To:* Ann <ann@example.com>\n*Subject:* Printer",
    "Von: IT <s@example.org>\nGesendet: Montag, 2. März 2026 16:40\nAn: Ann <a@example.com>;\n Ben <b@example.com>\nBetreff: Drucker",
    "-----Ursprüngliche Nachricht-----\nVon: IT-Support\nGesendet: Montag, 2. März 2026 16:40\nAn: Ann\nBetreff: Drucker",
    "-------- Original-Nachricht --------\nBetreff: Drucker\nDatum: Mon, 2 Mar 2026 16:40\nVon: IT-Support",
    "Date: Mon, 2 Mar 2026 16:40:00 +0100\nTo: ann@example.com\nFrom: support@example.org\nSubject: Printer",
    "---- On Mon, 02 Mar 2026 16:40:00 +0100 support@example.org wrote ----",
    "------------------\xa0原始邮件\xa0------------------",
    '"IT Support" ---03/02/2026 04:40:11 PM---Please turn it off.',
    "Inactive hide details for IT Support ---02.03.2026 16:40:11---Please turnIT Support ---02.03.2026 16:40:11---Please turn it off.",
    "On Mon, Mar 2, 2026 at 16:40, IT Support<support@example.org> wrote:   Is the plug in?",
    "Am Mo., März 2, 2026 at 16:40 schrieb IT-Support<support@example.org>:   Steckt der Stecker?",
]


@pytest.mark.parametrize("block", HEADER_BLOCKS)
def test_below_a_header_block_everything_is_quoted(block: str) -> None:
    found = cut(f"It works now.\n\n{block}\n\nPlease turn it off.\n\nThen on again.")
    assert found.new == "It works now."
    assert found.quoted.endswith("Then on again.")


PROSE = [
    "On the 3rd of March your colleague wrote:\n\nit would be ready on Friday.",
    "Hello,\non Monday at the latest she wrote:\nnothing.",
    "From: what I can see, it is broken.\nTo: be honest, I tried little.",
    "From: A\n\nTo: B\n\nSubject: no header block, but a list with gaps",
    "My colleague wrote the following:\n\nall is well.",
    "Am Montag schrieb mir Ihr Kollege:\n\nalles gut.",
    "The time is now 16:40:\n\nlunch is over.",
    "Sent from my desk, which beats the phone.",
    "a -- b\n\nc",
    "It is urgent.\n\nWhat he wrote:   three words, at 10:15.",
    "It is urgent.\n\nOn the list Ann <ann@example.org> wrote:   nothing, and no time of day is here.",
    "It is urgent.\n\nOn Monday at 10:15 Ann wrote:   nothing, and nobody's address is here.",
    "It is urgent.\n\nHere is what Ann <ann@example.org> wrote at 10:15:   nothing.",
    "It is urgent.\n\nThe meeting ---moved from 3.4. to 5.4.--- is at 10:15.",
    "It is urgent.\n\nThe meeting ---3.4.2026---is cancelled.",
    "Subject: x\nTo: y\nno sender is named here",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_that_looks_like_a_quote_stays(text: str) -> None:
    assert cut(text) == Cut(text, "", "", False)


@pytest.mark.parametrize("line", ["On the 3rd of March your colleague wrote:", "Am Montag schrieb Ihr Kollege:", "On this he wrote:"])
def test_a_person_may_introduce_a_quote_in_own_words(line: str) -> None:
    found = cut(f"{line}\n{QUOTE}\n\nIs that so?")
    assert found.new == f"{line}\n\nIs that so?"


def test_an_attribution_does_not_reach_over_an_empty_line() -> None:
    found = cut(f"On Friday we close.\n\nAnn <ann@example.com> wrote at 16:40:\n{QUOTE}")
    assert found.new == "On Friday we close."


@pytest.mark.parametrize("language", sorted(MARKERS))
@pytest.mark.parametrize("form", ["{}", "> {}", ">> {}", " > > {}", "| {}", "*{}*"])
def test_our_marker_line_cuts_whatever_stands_before_it(language: str, form: str) -> None:
    line = form.format(marker(language))
    found = cut(f"It works now.\n\nIT Support wrote:\n{line}\n\nPlease turn it off.")
    if form.lstrip().startswith(">"):
        assert found.new.startswith("It works now.")
        assert marker(language) not in found.new
        assert "IT Support wrote" not in found.new
    else:
        assert found.new.startswith("It works now.")
        assert "turn it off" not in found.new
        assert marker(language) not in found.new


def test_a_marker_line_that_was_broken_in_two_still_cuts() -> None:
    assert cut("It works now.\n\n-- bitte oberhalb dieser\nZeile schreiben --\n\nIhre Nachricht").new == "It works now."


def test_below_a_marker_line_on_top_the_text_is_searched_as_ever() -> None:
    found = cut(f"{marker('en')}\n\nHello Ann,\n\nthanks.")
    assert "thanks." in found.new


def test_answers_between_the_lines_keep_their_order_and_are_flagged() -> None:
    found = cut("> First?\nYes.\n> Second?\nNo.\n> Third?\n")
    assert found.inline
    assert found.new == "Yes.\n\nNo."
    assert found.quoted == "> First?\n\n> Second?\n\n> Third?"


def test_a_text_above_a_quote_is_no_inline_answer() -> None:
    assert not cut(f"Thanks.\n\n{QUOTE}").inline
    assert not cut(f"{QUOTE}\n\nThanks.").inline


def test_the_tail_of_a_quoted_line_that_was_broken_is_no_answer() -> None:
    found = cut("> this line was too long for somebody's program and so it lost its\nlast words\n> and goes on here\n\nNew.")
    assert found.new == "New."


@pytest.mark.parametrize("text", [QUOTE, f"{marker('en')}\n\nHello", HEADER_BLOCKS[0] + "\n\nforwarded without a word", "-- \nAnn"])
def test_when_nothing_would_be_left_nothing_is_cut(text: str) -> None:
    assert cut(text).new == text
    assert cut(text).quoted == ""


@pytest.mark.parametrize(
    ("text", "new", "signature"),
    [
        ("Yes.\n\n-- \nAnn\nHouse 4", "Yes.", "-- \nAnn\nHouse 4"),
        ("Yes.\n--\nAnn", "Yes.", "--\nAnn"),
        ("Yes.\n\nSent from my iPhone", "Yes.", "Sent from my iPhone"),
        ("Ja.\n\nVon meinem iPhone gesendet", "Ja.", "Von meinem iPhone gesendet"),
        ("Ja.\n\nGesendet von Outlook für iOS<https://aka.example/o>", "Ja.", "Gesendet von Outlook für iOS<https://aka.example/o>"),
        ("Yes.\n\nGet Outlook for Android\n", "Yes.", "Get Outlook for Android"),
    ],
)
def test_a_signature_is_folded(text: str, new: str, signature: str) -> None:
    found = cut(text)
    assert (found.new, found.signature) == (new, signature)


def test_two_dashes_far_above_the_end_are_no_signature() -> None:
    text = "Yes.\n--\n" + "\n".join(f"line {n}" for n in range(40))
    assert cut(text).new == text


def test_no_line_is_lost() -> None:
    text = f"a\n\nAm 02.03.26 um 16:40 schrieb X:\n{QUOTE}\n\nb\n-- \nAnn\n> more\nc\n\n{HEADER_BLOCKS[0]}\nold"
    found = cut(text)
    kept = [line for part in (found.new, found.quoted, found.signature) for line in part.splitlines() if line.strip()]
    assert sorted(kept) == sorted(line for line in text.splitlines() if line.strip())


@pytest.mark.parametrize(
    "piece",
    [
        "On ",
        "On x\n\n",
        "From: a\n",
        "> x\n",
        "> ",
        "-- please write\n",
        "On 3.3.2026 10:15 <a@example.com wrote:\n",
        "a@",
        "_" * 10 + "\n",
        "\n",
        "Am 1.1.26 10:00 ",
        ":\n",
        "--\n",
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    assert_linear(lambda size: cut(piece * (size // len(piece))), 50_000, why=piece)
    assert cost(lambda: cut(piece * (200_000 // len(piece))), enough=1.0) <= 1.0
