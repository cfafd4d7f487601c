"""What stands before a subject is known once, for letters, forwards and absences alike."""

from __future__ import annotations

import pytest

from mailgate.model.subjects import prefix_at, without_answers
from mailgate.understand.kinds.absences import absence_in, signs_of_absence
from mailgate.understand.text.forwards import bare_subject, begins_as_forward, says_forwarded


@pytest.mark.parametrize(
    "subject", ["Re: Printer", "RE[2]: Printer", "AW (3): Re: Printer", "Réf: Printer", "RIF: Printer", "VS: Printer", "回复：Printer"]
)
def test_what_answers_put_before_a_subject_is_taken_off(subject: str) -> None:
    assert without_answers(subject) == "Printer"


@pytest.mark.parametrize("subject", ["Error: Printer", "R: a plot fails", "Fwd: Printer", "[Re: Printer]", "10:30 Printer", "Re Printer"])
def test_a_word_before_a_colon_that_is_no_prefix_stays(subject: str) -> None:
    assert without_answers(subject) == subject


def test_a_forward_is_told_behind_answers_and_loses_both() -> None:
    assert says_forwarded("Antwort: WG: Printer") and not begins_as_forward("Antwort: WG: Printer")
    assert bare_subject("Antwort: WG: Printer") == "Printer"
    assert begins_as_forward("WG: Printer") and not begins_as_forward("VS: Printer")  # Finnish answers begin so
    assert bare_subject("[Fwd: Printer]") == "Printer"


def test_one_letter_is_an_answer_only_before_an_absence() -> None:
    assert absence_in("Fuori sede: Kim") is not None
    assert "subject" in signs_of_absence("R: Fuori sede: Kim", "")


def test_where_a_prefix_ends_is_said_with_it() -> None:
    assert prefix_at("Re: AW: x", 4) == ("aw", 8, False)
    assert prefix_at("no prefix") is None
