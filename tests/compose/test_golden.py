"""Every letter as it leaves, in full, in English and in German, and what requesters read in each language: tests/golden/*.eml.

Renew them after a wanted change with MAILGATE_RENEW_GOLDEN=1, and read the difference before handing it in.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.model.letter import Audience
from mailgate.model.letters import LETTERS
from tests.compose.desk import a_letter, templates

GOLDEN = Path(__file__).parents[1] / "golden"
#: What agents read is kept in two languages; the others are compared sentence by sentence (test_one_language).
ALL = [(*key, one) for key in LETTERS for one in templates().languages if one in ("en", "de") or Audience(key[1]).is_outside]


@pytest.mark.parametrize(("event", "audience", "language"), ALL)
def test_a_letter_reads_as_it_did(event: str, audience: str, language: str):
    """(fault 154)"""
    letter = a_letter(event, audience, language)
    data = assemble(letter, [samples.PICTURE] * len(letter.parts))
    path = GOLDEN / f"{event}.{audience}.{language}.eml"
    if os.environ.get("MAILGATE_RENEW_GOLDEN"):
        path.write_bytes(data)
    assert data == path.read_bytes()


def test_no_golden_letter_is_left_of_a_template_that_is_gone():
    assert {path.name for path in GOLDEN.glob("*.eml")} == {f"{event}.{audience}.{language}.eml" for event, audience, language in ALL}
