"""A stored mailbox is a record of what was: it makes tickets and entries, and never a letter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailgate.model.decision import Decision
from mailgate.model.events import LetterSuppressed
from mailgate.model.mail import Door, Kind, Mail
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status
from tests.decide.build import ANN_AT, EVE_AT, MAX_AT, NOON, PIA, PIA_AT, SUPPORT, a_file, a_mail, decided, entries, event, events

LAST_YEAR = NOON - timedelta(days=300)


def stored(mail: Mail, door: Door = Door.TAKEOVER, **around) -> Decision:
    return decided(mail, door=door, arrived_at=LAST_YEAR, now=NOON, received_at=NOON, **around)


def answering(author: str, text: str = "It drops again.", **more) -> Mail:
    return a_mail(author, text, in_reply_to=("<entry-1@example.net>",), **more)


def test_what_goes_on_is_an_open_ticket_whose_promises_count_from_now_and_nobody_is_written_to():
    decision = stored(a_mail(EVE_AT, "My screen is black."))
    [change] = decision.changes
    assert (change.after.status, change.after.cycle(Metric.FIRST_REPLY).started_at) == (Status.NEW, NOON)
    assert [entry.arrived_at for entry in change.entries] == [LAST_YEAR]
    assert decision.letters == ()
    assert event(decision, LetterSuppressed).reason == Reason("taken_over")
    assert change.after.next_check_at is not None


def test_what_is_old_is_a_closed_ticket_that_nothing_is_due_on():
    decision = stored(a_mail(EVE_AT, "My screen is black."), Door.ARCHIVE)
    [change] = decision.changes
    assert events(decision) == ["ticket_opened", "letter_suppressed", "ticket_closed"]
    assert (change.after.status, change.after.next_check_at, decision.letters) == (Status.CLOSED, None, ())
    assert decision.message_ids and decision.people


@pytest.mark.parametrize("door", [Door.TAKEOVER, Door.ARCHIVE])
@pytest.mark.parametrize(
    ("mail", "entry"),
    [
        (answering(MAX_AT), ("public", "It drops again.")),
        (answering(PIA_AT), ("public", "It drops again.")),
        (answering(ANN_AT, "#close\nTry the new client.", to=(MAX_AT,)), ("public", "#close\nTry the new client.")),
        (answering(ANN_AT, "#close\nBob, is it yours?", to=("bob@example.org",)), ("internal", "#close\nBob, is it yours?")),
        (answering(SUPPORT, "Try the new client.", to=(MAX_AT,)), ("public", "Try the new client.")),
        (answering(EVE_AT, "Me too!"), ("unverified", "Me too!")),
    ],
)
def test_a_stored_answer_is_filed_by_whom_it_was_written_to_and_commands_nothing(door: Door, mail: Mail, entry: tuple[str, str]):
    file = a_file(Status.OPEN, participants=[PIA])
    # In a stored mailbox a thread is a thread, whoever answers in it.
    decision = stored(mail, door, file=file)
    assert entries(decision) == [entry]
    assert decision.letters == ()
    assert decision.changes[-1].after.status is Status.OPEN
    assert (events(decision) == []) is (door is Door.ARCHIVE)
    assert decision.changes[-1].entries[0].arrived_at == LAST_YEAR


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.BOUNCE, Kind.DELIVERY_NOTICE, Kind.COMPLAINT, Kind.LOOP])
def test_stored_machine_mail_is_kept_and_fills_no_list(kind: Kind):
    decision = stored(a_mail(EVE_AT, "I am on holiday."), kind=kind, answer=False)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)
    assert decision.trace[-1].then == Reason("kept")


def test_a_stored_mail_without_an_author_is_kept_and_fills_no_list():
    decision = stored(a_mail((EVE_AT, MAX_AT), "Who are we?"))
    assert (decision.changes, decision.set_aside) == ((), None)


def test_a_stored_mail_proves_nobody():
    assert not any(person.proven for person in stored(a_mail(EVE_AT, "x")).people)
