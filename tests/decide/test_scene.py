"""A scene: what clocks, refusals, ratings and mails all decide with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.decide import announce
from mailgate.decide.refusal import NonDelivery, undelivered
from mailgate.model.events import TicketTaken
from mailgate.model.letter import Audience
from mailgate.model.letters import LowRatingNotice
from mailgate.model.policy import ProveBy
from mailgate.model.ticket import Status
from tests.decide.build import ANN, BOB, CIM, KNOWN, MAX, NOON, PIA, a_file, a_letter, a_mail, a_policy, a_scene, a_situation


def test_a_mail_is_decided_on_the_same_scene_as_the_answer_of_the_relay() -> None:
    """So a bounce and a refusal tell the same people."""
    letter = a_letter(MAX)
    end = NonDelivery(letter, "refused", "550 5.1.1 no such user")
    file = a_file(Status.PENDING_USER)
    of_relay = undelivered(a_scene(file, NOON), end, 700)
    of_mail = undelivered(a_situation(a_mail(answers=letter), file=file, letters=(letter,)), end, 700)
    assert of_relay == of_mail and of_relay.letters


def test_a_desk_that_the_policy_no_longer_has_asks_for_every_proof_there_is() -> None:
    file = a_file()
    gone = replace(file, ticket=replace(file.ticket, desk="hr"))
    assert a_scene(file).prove_by is ProveBy.TOKEN
    assert a_scene(gone).home is None and a_scene(gone).prove_by is ProveBy.BOTH


def test_an_event_is_applied_by_the_rules_of_the_tickets_own_desk() -> None:
    file = a_file(Status.NEW)
    step = a_scene(file).step(file.ticket, TicketTaken(at=NOON, actor=BOB))
    assert (step.ticket.status, step.ticket.owner, step.error) == (Status.OPEN, BOB, None)


def test_only_those_of_a_group_are_named_who_are_on_file() -> None:
    scene = a_scene(a_file())
    assert (scene.group("it"), scene.group("network"), scene.group("none")) == ((ANN, BOB), (CIM,), ())
    assert replace(scene, agents={"bob": KNOWN[BOB]}).group("it") == (BOB,)
    ticket = a_file().ticket
    assert scene.lead(ticket) == KNOWN[ANN] and replace(scene, agents={}).lead(ticket) is None
    assert a_scene(a_file(), policy=a_policy(lead=None)).lead(ticket) is None


@pytest.mark.parametrize(("ago", "known"), [(timedelta(days=1), True), (timedelta(days=400), False)])
def test_an_outsider_is_known_for_a_while_after_an_answer_and_an_agent_always(ago: timedelta, known: bool) -> None:
    scene = a_scene(a_file())
    proven = replace(KNOWN[MAX], proven=True, proven_at=NOON - ago)
    assert scene.knows(proven) is known
    assert scene.knows(KNOWN[ANN]) and not scene.knows(KNOWN[PIA])


def test_what_a_lead_hears_is_written_for_a_lead_and_not_at_all_where_it_is_switched_off() -> None:
    file = a_file()
    [letter] = announce.to_lead(a_scene(file), LowRatingNotice.sample(), file.ticket)
    assert (letter.person, letter.audience) == (KNOWN[ANN], Audience.LEAD)
    off = a_policy(letters={"low_rating_given": False})
    assert announce.to_lead(a_scene(file, policy=off), LowRatingNotice.sample(), file.ticket) == ()
