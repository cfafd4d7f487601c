"""Nouns to JSON and back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from mailgate.model.decision import TraceLine
from mailgate.model.evidence import Evidence, EvidenceKind, Proof
from mailgate.model.letter import PartRef
from mailgate.model.mail import Attachment
from mailgate.model.ticket import Pause, Retarget, Timer, TimerKind
from mailgate.record.codec import dump, load, load_all
from mailgate.record.types import already_json
from tests.record.builders import NOON

pytestmark = pytest.mark.database("sqlite", because="text that is the same for both, and touches neither")


@pytest.mark.parametrize(
    "noun",
    [
        Timer(TimerKind.WAKE, NOON, 3),
        Pause(NOON, None, "pending_user"),
        Pause(NOON, NOON + timedelta(hours=1), "hold:vendor", "AAAA1111"),
        Retarget(NOON, "ann", 1, 2, "priority"),
        Evidence(EvidenceKind.OWN_ID, "references", "<1@x>", 7, "L", "anchor", "", False),
        Proof(token=True, failed=True, because="\u00fc \u2028 \U0001f525"),
        TraceLine("a", "b", 'quote " and \\u0000 in words', "d"),
        Attachment("n", "t/t", 1, "a", True, "c", "1"),
        PartRef(1, "1", "n", "t", 2, "s", False, ""),
    ],
)  # fmt: skip
def test_a_noun_comes_back_equal(noun):
    assert load(type(noun), json.loads(dump(noun))) == noun


def test_a_field_that_a_newer_program_added_has_its_default_in_an_older_row():
    assert load(Proof, {"token": True}) == Proof(token=True)
    assert load_all(Timer, None) == ()


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_no_json_holds_what_a_database_refuses(text):
    made = dump({"key": [text], text: 1})
    made.encode()
    assert "\\u0000" not in made and "\ufffd" in json.loads(made)["key"][0]


def test_what_has_no_form_is_refused_before_the_transaction():
    with pytest.raises(TypeError):
        dump(object())
    with pytest.raises(ValueError, match="without a zone"):
        dump(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="JSON"):
        dump(float("nan"))
    with pytest.raises(TypeError):
        already_json({"not": "text"})
