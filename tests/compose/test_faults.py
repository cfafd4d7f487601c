"""What was wrong with an agent's mail, in the words that they read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.model.commands import Fault
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status
from tests.compose.desk import a_context, a_letter, flowing, html, templates

UNPROVEN = Fault("E_PERM", None, "", Reason.of("lacks", Reason("proof.no_letter"), Reason("asks.token")))


def test_who_is_asked_for_a_proof_reads_why_in_a_sentence_and_what_to_do_if_it_was_not_they():
    said = flowing(a_letter("commands_refused", "agent", facts={"faults": (UNPROVEN,)}))
    assert "This email doesn't prove it's from you. The reason: the mail answers no letter of ours (agents of this desk" in said
    assert ") . " not in said and "letters). If you didn't write it, you can ignore this email. (E_PERM)" in said


@pytest.mark.parametrize("language", templates().languages)
def test_no_brackets_stand_in_brackets(language: str):
    said = flowing(a_letter("commands_refused", "agent", language, facts={"faults": (UNPROVEN,)}))
    depth = deepest = 0
    for sign in said:
        depth += (sign in "(（") - (sign in ")）")
        deepest = max(depth, deepest)
    assert deepest == 1 and depth == 0


def test_who_wrote_only_a_command_is_not_told_to_correct_their_text():
    empty = (Fault("E_EMPTY", None, "", ""),)
    said = flowing(a_letter("commands_refused", "agent", facts={"faults": empty, "way": "write", "text": "#note"}))
    assert "Reply to this email with the lines below, and write your text under them." in said and "Correct your text" not in said
    said = flowing(a_letter("commands_refused", "agent", facts={"faults": empty, "way": "write", "text": ""}))
    assert "Reply to this email with your text." in said and "below" not in said


def test_a_requester_who_says_solved_has_not_replied_and_the_ticket_can_be_opened_again():
    context = a_context("requester_wrote")
    assert context.file is not None
    for status in (Status.RESOLVED, Status.CLOSED):
        done = replace(context, file=replace(context.file, ticket=replace(context.file.ticket, status=status)))
        letter = a_letter("requester_wrote", "agent", context=done, facts={"reopened": False, "joined": ()})
        said = flowing(letter)
        assert "Max Muster marked IT-1042 as solved." in said and "replied" not in said
        assert "#reopen opens it again" in said and "#note" in said and "#resolve" not in said and "#wait" not in said
        assert "body=%23reopen%0D%0A" in html(letter)
