"""What a colleague wrote from the shared mailbox itself: an entry that everybody knows of, and no letter to who has it already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailgate.decide.intake import on_mail
from mailgate.model.decision import Decision
from mailgate.model.events import AgentReplied
from mailgate.model.mail import Door, Kind
from mailgate.model.ticket import Status
from tests.decide.build import (
    ANN_AT,
    BOB_AT,
    EVE_AT,
    MAX_AT,
    PIA,
    SUPPORT,
    a_file,
    a_mail,
    a_situation,
    decided,
    entries,
    event,
    events,
    inside,
    outside,
)

VENDOR = "sales@vendor.example"


def sent(author: str = SUPPORT, to: tuple[str, ...] = (MAX_AT,), text: str = "Try again now.", **around: Any) -> Decision:
    """A mail of the sent folder on the ticket of `file`, found by whatever evidence there was."""
    file = around.pop("file", a_file(Status.NEW))
    s = a_situation(a_mail(author, text, to=to, cc=around.pop("cc", ())), file=file, door=Door.IMAP_SENT, **around)
    thread = replace(s.thread, ticket=file.ticket.number if file else None)
    return on_mail(replace(s, file=file, thread=thread))


def test_an_answer_to_the_requester_is_public_and_stops_what_an_agents_answer_stops():
    decision = sent()
    assert entries(decision) == [("public", "Try again now.")] and events(decision) == ["agent_replied"]
    assert decision.changes[0].after.status is Status.OPEN
    assert event(decision, AgentReplied).actor is None and decision.proof.domain
    assert outside(decision) == []
    assert {address for _, address in inside(decision)} >= {ANN_AT, BOB_AT}


def test_an_agents_own_name_makes_it_his_answer():
    decision = sent(ANN_AT)
    assert event(decision, AgentReplied).actor == decision.changes[0].entries[0].author is not None
    assert ANN_AT not in {address for _, address in inside(decision)}
    assert decision.changes[0].after.owner == decision.changes[0].entries[0].author


def test_an_answer_to_a_participant_alone_is_public_too():
    assert entries(sent(to=("pia@example.net",), file=a_file(participants=(PIA,)))) == [("public", "Try again now.")]


def test_what_a_vendor_is_asked_is_internal_and_stops_nothing():
    decision = sent(to=(VENDOR,))
    assert entries(decision) == [("internal", "Try again now.")] and events(decision) == ["note_added"]
    assert decision.changes[0].after.status is Status.NEW and outside(decision) == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.WRITTEN])
def test_what_no_person_wrote_changes_nothing(kind: Kind):
    decision = sent(kind=kind)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)


@pytest.mark.parametrize(
    "around",
    [
        {"same_message_id": True},  # came through the inbox
        {"author": ANN_AT, "to": (SUPPORT,)},  # an answer to a notice: it is carried out when it arrives there
        {"author": ANN_AT, "cc": (SUPPORT,)},
        {"file": a_file(Status.REJECTED)},
    ],
)
def test_what_comes_in_by_itself_or_cannot_be_taken_changes_nothing(around: dict[str, Any]):
    decision = sent(**around)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)


def test_without_a_ticket_it_is_a_mail_about_something_else():
    decision = decided(a_mail(SUPPORT, to=(EVE_AT,)), door=Door.IMAP_SENT)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)


def test_commands_in_it_are_not_carried_out():
    decision = sent(ANN_AT, text="#resolve\n\nDone.")
    assert events(decision)[0] == "agent_replied" and decision.commands == ()
    assert decision.changes[0].after.status is Status.OPEN


def test_nobody_becomes_proven_by_a_mail_of_the_sent_folder():
    assert sent(MAX_AT).people == ()


def test_a_copy_of_it_in_the_inbox_is_not_told_to_the_operator():
    decision = on_mail(a_situation(a_mail(SUPPORT, to=(MAX_AT,), cc=(SUPPORT,)), file=a_file(), same_message_id=True))
    assert (decision.changes, decision.set_aside) == ((), None)
    assert on_mail(a_situation(a_mail(SUPPORT, to=(MAX_AT,)))).set_aside  # a name of ours that we do not know of
