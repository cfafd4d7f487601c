"""The sample configuration names every key that there is, so that nobody has to read code to find one."""

from __future__ import annotations

import re

import pytest

from mailgate.settings.forms import INSTALLATION_KEYS, POLICY_KEYS
from tests.house.tree import ROOT

KEYS = [
    (file, ".".join(place), key)
    for file, places in (("mailgate.toml", INSTALLATION_KEYS), ("policy.toml", POLICY_KEYS))
    for place, keys in places.items()
    for key in keys
]


@pytest.mark.parametrize(("file", "place", "key"), KEYS, ids=[" ".join(filter(None, one)) for one in KEYS])
def test_the_sample_shows_the_key(file: str, place: str, key: str):
    sample = (ROOT / "config" / file).read_text()
    # Commented out counts, and so does a word in the comment of the key beside it.
    assert re.search(rf"(?<![\w-]){key}(?![\w-])", sample)
