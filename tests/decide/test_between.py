"""Answers between the lines: the entry keeps what they answer, and nothing that the requester has not read."""

from __future__ import annotations

from mailgate.decide.between import with_what_they_answer
from mailgate.model.mail import InlineAnswer
from mailgate.model.ticket import Visibility
from mailgate.understand.text.body import cut
from tests.decide.build import a_file, a_requesters, an_agents, an_entry, entries, was_refused

ASKED = "Hello,\n\nwhich device is it?\nSince when does it drop?"
MAIL = """On Mon, 2 Mar 2026 at 16:40, Support <support@example.org> wrote:
> Hello,
>
> which device is it?
The black one on the third floor.
> Since when does it drop?
Since Monday.
> -- please write above this line --
"""


def between(text: str, **more):
    found = cut(text)
    return {"text": found.new, "quoted": found.quoted, "inline_answers": found.inline, "between": found.answers, **more}


def test_each_answer_stands_below_the_lines_that_it_answers():
    file = a_file(entries=[an_entry(1, ASKED)])
    ((visibility, text),) = entries(a_requesters(file=file, **between(MAIL)))
    assert visibility == "public"
    assert text == "> which device is it?\nThe black one on the third floor.\n\n> Since when does it drop?\nSince Monday."


def test_a_quoted_line_that_no_public_entry_holds_is_left_out():
    file = a_file(entries=[an_entry(1, "Hello,\n\nwhich device is it?"), an_entry(2, "Since when does it drop?", Visibility.INTERNAL)])
    ((_, text),) = entries(a_requesters(file=file, **between(MAIL)))
    assert text == "> which device is it?\nThe black one on the third floor.\n\nSince Monday."


def test_an_agents_answers_between_the_lines_reach_the_requester_with_his_questions():
    file = a_file(entries=[an_entry(1, ASKED)], notices=(f"Max Muster wrote:\n{ASKED}\nHe is angry, as always, be careful.",))
    ((visibility, text),) = entries(an_agents(file=file, **between(MAIL)))
    assert visibility == "public"
    assert "> which device is it?\nThe black one" in text
    assert "angry" not in text


def test_below_commands_the_answers_keep_their_places():
    file = a_file(entries=[an_entry(1, ASKED)])
    mail = between("#take\n" + MAIL.replace("On Mon", "\nOn Mon"))
    ((_, text),) = entries(an_agents(file=file, **mail))
    assert text == "> which device is it?\nThe black one on the third floor.\n\n> Since when does it drop?\nSince Monday."


def test_an_internal_line_between_the_answers_is_never_kept():
    file = a_file(entries=[an_entry(1, ASKED)], notices=("The admin password lies in the blue safe.",))
    decision = an_agents(file=file, **between(MAIL.replace("which device is it?", "The admin password lies in the blue safe.")))
    assert not was_refused(decision)
    assert "blue safe" not in entries(decision)[0][1]


def test_words_that_do_not_come_from_the_answers_stay_as_they_are():
    answers = (InlineAnswer(("> a question",), "yes"),)
    assert with_what_they_answer("more\nlines\nthan answers", answers, ["a question"]) == "more\nlines\nthan answers"
    assert with_what_they_answer("yes", (), ["a question"]) == "yes"


def test_only_the_last_paragraph_above_an_answer_is_kept():
    answers = (InlineAnswer(("> first paragraph", ">", "> second paragraph", ">"), "yes"),)
    assert with_what_they_answer("yes", answers, ["first paragraph\n\nsecond paragraph"]) == "> second paragraph\nyes"
