"""Forged, swapped and repeated tokens, stamps, signed mails and reports: none is obeyed, and each kind would be if its check were gone."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mailgate.decide import authority, confirming, once, reports, signatures
from mailgate.model.token import Keyring
from mailgate.understand.identity import stamps
from tests import forgeries
from tests.forgeries import KINDS, run

pytestmark = pytest.mark.either_database

Break = Callable[[pytest.MonkeyPatch], None]


def no_signature_is_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Keyring, "verify", lambda *_, **__: True)


def one_key_for_all_kinds(patch: pytest.MonkeyPatch) -> None:
    from mailgate.model import token

    real = token._mac
    patch.setattr(token, "_mac", lambda key, purpose, text, size: real(key, "reply", text.partition(".")[0] if "." in text else text, size))


def every_stamp_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stamps, "_written_by_ours", lambda mail, *_: ((value, None) for value in mail.header_all("authentication-results")))


def every_pass_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "doubt", lambda _: None)
    patch.setattr(once, "was_obeyed", lambda _: False)


def signatures_never_age(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signatures, "FRESH", signatures.FRESH * 1000)


def every_report_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reports, "_why_only_shown", lambda *_: "")
    patch.setattr(reports, "_may_suppress", lambda *_: True)


def whoever_answers_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "reaches", lambda *_: True)


def everything_says_yes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confirming, "answer_in", lambda _: "yes")


#: What is gone -> which kinds of forgery are obeyed then.
CONTROLS: tuple[tuple[Break, tuple[str, ...]], ...] = (
    (no_signature_is_checked, ("random_token", "old_key", "swapped_kind")),
    (every_stamp_counts, ("spoofed_stamp",)),
    (every_pass_is_enough, ("said_again", "signed_long_ago")),
    (signatures_never_age, ("signed_long_ago",)),
    (every_report_is_believed, ("forged_report", "replayed_report")),
    (whoever_answers_is_believed, ("other_person", "other_ticket", "spent_or_old")),
    (everything_says_yes, ("forged_answer_to_a_question",)),
)


def test_no_forgery_is_obeyed() -> None:
    """(faults 85, 86, 91, 93 and 135)"""
    tried, obeyed = run(1_200, seed=9)
    assert obeyed == {} and set(tried) == set(KINDS)


@pytest.mark.parametrize(("gone", "kinds"), CONTROLS, ids=[gone.__name__ for gone, _ in CONTROLS])
def test_each_check_is_what_holds_its_forgeries_back(gone: Break, kinds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for which in range(24):
        forgeries._signed(which)  # signed and seen while all is well
    gone(monkeypatch)
    draw = random.Random(9)
    for kind in kinds:
        assert any(KINDS[kind](draw) for _ in range(60)), kind


def test_every_kind_of_forgery_has_a_control() -> None:
    assert {kind for _, kinds in CONTROLS for kind in kinds} == set(KINDS)
