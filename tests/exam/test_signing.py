"""What signing costs beside composing, in processor time, over every kind of letter in each language."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import measured
from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.compose.letters import compose
from mailgate.model.letters import LETTERS
from mailgate.send.dkim import Signer
from tests.compose.desk import a_context, a_wanted, templates
from tests.fakes.signer import ed25519_key
from tests.send.test_dkim import a_key, verified

pytestmark = [pytest.mark.exam, pytest.mark.timeout(0)]

ROUNDS = 15


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_what_signing_a_letter_costs_beside_composing_it(tmp_path: Path) -> None:
    """Composing, one RSA signature, and both are interleaved; each figure is the median of the rounds."""
    keys = a_key(tmp_path, "r1"), a_key(tmp_path, "e1", ed25519_key())
    rsa, both = Signer(keys[:1]), Signer(keys)
    kinds = [(event, audience, language) for language in templates().languages for event, audience in LETTERS]
    orders = [(a_wanted(event, audience, language), a_context(event, language=language)) for event, audience, language in kinds]
    letters = [compose(*order) for order in orders]
    files = [[samples.PICTURE] * len(letter.parts) for letter in letters]
    spent: dict[str, list[float]] = {"compose": [], "plain": [], "rsa": [], "both": []}
    for _ in range(ROUNDS):
        spent["compose"].append(_cpu(lambda: [compose(*order) for order in orders]))
        spent["plain"].append(_cpu(lambda: [assemble(*pair) for pair in zip(letters, files, strict=True)]))
        spent["rsa"].append(_cpu(lambda: [assemble(*pair, rsa.sign) for pair in zip(letters, files, strict=True)]))
        spent["both"].append(_cpu(lambda: [assemble(*pair, both.sign) for pair in zip(letters, files, strict=True)]))
    us = {name: statistics.median(rounds) / len(letters) * 1e6 for name, rounds in spent.items()}
    signed = [assemble(*pair, both.sign) for pair in zip(letters, files, strict=True)]
    failed = sum(not (verified(mail, 0) and verified(mail, 1)) for mail in signed)
    measured.write(
        "signing", n=len(letters), failed=failed, compose_us=round(us["compose"]), rsa_us=round(us["rsa"] - us["plain"]),
        both_us=round(us["both"] - us["plain"]), ratio_to_composing=round((us["both"] - us["plain"]) / us["compose"], 2),
    )  # fmt: skip
    assert failed == 0
