"""An agent's answer that looks like a machine's waits for a person, and somebody hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailgate.decide.floods_and_loops import settled
from mailgate.decide.intake import on_mail
from mailgate.decide.traffic import Traffic
from mailgate.model.decision import Decision
from mailgate.model.letters import HeldAnswerNotice
from mailgate.model.policy import Policy
from mailgate.model.reason import Reason
from tests.decide.build import ANN, ANN_AT, BOB, BOB_AT, MAX_AT, a_file, a_mail, a_notice, a_policy, a_situation

MACHINE = Reason("loop.own_letter")


def held(*, traffic: Traffic | None = None, policy: Policy | None = None, **ticket: Any) -> Decision:
    """What becomes of Ann's answer, which a machine seems to have written."""
    notice = a_notice(ANN)
    s = a_situation(a_mail(ANN_AT, "I am away.", answers=notice), file=a_file(**ticket), letters=(notice,), policy=policy)
    return settled(replace(s, loop=MACHINE, loop_certain=True), on_mail(s), None, traffic or Traffic())


def told(decision: Decision) -> list[str]:
    return [letter.person.address for letter in decision.letters if letter.event == HeldAnswerNotice.event]


def test_it_is_kept_back_and_the_owner_and_the_operator_hear_of_it() -> None:
    decision = held(owner=BOB)
    assert [letter.person.address for letter in decision.letters if letter.hold] == [MAX_AT]
    assert told(decision) == [BOB_AT]
    assert decision.alarm is not None and decision.alarm.kind == "loop"


def test_where_only_its_author_would_hear_of_it_the_whole_group_does() -> None:
    assert told(held(owner=ANN)) == [BOB_AT]


def test_it_is_told_whatever_letters_the_policy_leaves_out() -> None:
    assert told(held(owner=BOB, policy=a_policy(letters={HeldAnswerNotice.event: False}))) == [BOB_AT]


def test_it_is_told_once_while_the_machine_goes_on() -> None:
    traffic = Traffic()
    assert told(held(owner=BOB, traffic=traffic)) == [BOB_AT]
    again = held(owner=BOB, traffic=traffic)
    assert told(again) == [] and any(letter.hold for letter in again.letters)
