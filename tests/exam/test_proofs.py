"""Ten thousand answers into which something slipped that proves somebody else (fault 99), and as many that only look so."""

from __future__ import annotations

import pytest

from bench import measured
from tests.exam import proofs

pytestmark = pytest.mark.exam

SEED = 20261201


def test_of_ten_thousand_answers_none_leaves_with_what_proves_somebody_else() -> None:
    found = proofs.run(proofs.answers(SEED), 10_000)
    measured.write(
        "proofs-of-others", n=10_000, failed=len(found["left"]), seed=SEED, back=len(found["back"]), ways=len(set(found["back"]))
    )
    assert found["left"] == []
    assert set(found["clean"]) <= {"comment"}, "what is taken out in any case"


def test_the_same_answers_leave_where_no_key_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailgate.gateway.loading.gathering.letter_of", lambda ring, form: None)
    found = proofs.run(proofs.answers(SEED), 1_000)
    measured.write("proofs-of-others-negative-control", n=1_000, failed=len(found["left"]), seed=SEED)
    assert len(found["left"]) > 900


def test_what_another_house_signed_and_the_readers_own_leave() -> None:
    strange = proofs.run(proofs.answers(SEED, ring=proofs.STRANGE), 2_000)["back"]
    own = proofs.run(proofs.answers(SEED, letters=(proofs.OF_MAX.id,)), 2_000)["back"]
    measured.write("proofs-of-nobody-else", n=4_000, failed=len(strange) + len(own), seed=SEED)
    assert (strange, own) == ([], [])
