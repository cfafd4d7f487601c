"""What is written into an unmarked quote is told from it by the letter that is quoted, and from nothing else."""

from __future__ import annotations

import pytest

from mailgate.understand.text.below import written_below

LETTER = """-- please write above this line --

Ann (IT Support) answered IT-1042.

Q1: when will somebody be at your desk?

Q2: does it have to be switched on?

close, when it is solved: support+k7qf3m9x.close.g89pbz65dcrarz1z@example.org

--
You get this mail because you wrote to IT Support, or take part in what somebody wrote there.
"""
BLOCK = "From: Ann (IT Support) <support@example.org>\nSent: Monday, June 1, 2026 10:00 AM\nTo: Max <max@example.com>\nSubject: VPN\n\n"
AS_HTML = LETTER.replace("close, when it is solved: support+k7qf3m9x.close.g89pbz65dcrarz1z@example.org", "- close, when it is solved")


def answered(letter, *pairs):
    for question, answer in pairs:
        assert question in letter
        letter = letter.replace(question, f"{question}\n{answer}")
    return letter


BOTH = (("at your desk?", "Tomorrow."), ("switched on?", "No."))


@pytest.mark.parametrize("block", ["", BLOCK, "________________________________\n" + BLOCK, "-----Original Message-----\n" + BLOCK])
@pytest.mark.parametrize("letter", [LETTER, AS_HTML, LETTER.replace("\n\n", "\n"), LETTER.replace("\n", "\n\n"), f"\u00a0{LETTER}"])
def test_answers_below_the_questions_are_found_with_them(block, letter):
    found = written_below(block + answered(letter, *BOTH), (), LETTER)
    assert [answer.text for answer in found] == ["Tomorrow.", "No."]
    assert found[0].above[-1].endswith("at your desk?") and found[1].above[-1].endswith("switched on?")


@pytest.mark.parametrize("block", ["", BLOCK])
@pytest.mark.parametrize(
    "letter",
    [
        LETTER, AS_HTML, LETTER.replace("support+", "<mailto:support+").replace("example.org\n\n--", "example.org>\n\n--"),
        "\n".join(f"  {line}" for line in LETTER.splitlines()), " ".join(LETTER.split()), LETTER.upper(),
        LETTER + "\nThis message was scanned for viruses by a server.\nACME Ltd, Springfield", LETTER[: LETTER.index("close")],
        LETTER.replace("Q1: when", "Q1:\nwhen"), LETTER.replace("Ann (IT Support)", "[cid:image001.png@01D] Ann (IT Support)"),
    ],
)  # fmt: skip
def test_a_quote_that_nobody_touched_holds_nothing_new(block, letter):
    assert written_below(block + letter, (), LETTER) == ()


def test_an_answer_in_the_same_line_is_found_with_it():
    (found,) = written_below(LETTER.replace("at your desk?", "at your desk? Tomorrow at ten."), (), LETTER)
    assert found.text == "Q1: when will somebody be at your desk? Tomorrow at ten."


def test_answers_of_several_lines_stay_together():
    (found,) = written_below(answered(LETTER, ("at your desk?", "Tomorrow at ten.\n\nOr later.")), (), LETTER)
    assert found.text == "Tomorrow at ten.\n\nOr later."


def test_the_entries_of_the_record_are_known_as_well():
    older = "From: Max <max@example.com>\nSent: Sunday\nSubject: VPN\n\nThe VPN drops every ten minutes, since yesterday.\n"
    assert (
        written_below(f"{LETTER[: LETTER.index('close')]}\n{older}", ("The VPN drops every ten minutes, since yesterday.",), LETTER) == ()
    )


@pytest.mark.parametrize(
    "quoted", ["", "Something that we never wrote.\nIn two lines.", "\n".join(f"> {line}" for line in answered(LETTER, *BOTH).splitlines())]
)
def test_what_is_marked_or_is_of_another_mail_says_nothing(quoted):
    assert written_below(quoted, (), LETTER) == ()


def test_a_quote_of_a_hundred_thousand_lines_is_looked_at_for_a_while():
    assert len(written_below(LETTER + "x\n" * 100_000, (), "")) <= 1
