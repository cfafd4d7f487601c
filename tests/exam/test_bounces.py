"""Five hundred letters come back in twenty-one formats, with each kind of reverse path."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from mailgate.model import token
from tests.bounces import FORMATS, QUOTES_NOTHING
from tests.journeys.bounced import answered, bounced, lost

pytestmark = [pytest.mark.exam, pytest.mark.timeout(0), pytest.mark.either_database]

BOUNCES, SEED = 500, 20261201


@pytest.mark.parametrize("reverse_path", ["verp", "desk"])
def test_five_hundred_bounces_find_their_letter_or_wait_for_the_operator(tmp_path: Path, reverse_path: str) -> None:
    outcomes, letters = bounced(tmp_path, reverse_path, BOUNCES, SEED)
    wrong = [*lost(outcomes, reverse_path), *answered(letters)]
    found, aside = sum(one.found for one in outcomes), sum(one.mail.state == "set_aside" for one in outcomes)
    measured.write(
        f"bounces-{reverse_path}", n=BOUNCES, failed=len(wrong), seed=SEED, formats=len(FORMATS), found=found, set_aside=aside, answered=0
    )
    assert wrong == []
    assert found + aside == BOUNCES
    assert aside == (0 if reverse_path == "verp" else sum(one.form in QUOTES_NOTHING for one in outcomes))


def test_without_what_we_sign_no_bounce_finds_its_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same bounces, with our own tokens no longer known."""
    monkeypatch.setattr(token.Keyring, "verify", lambda *_, **__: False)
    outcomes, letters = bounced(tmp_path, "verp", len(FORMATS), SEED)
    assert len(lost(outcomes, "verp")) == len(FORMATS) and answered(letters) == []
