"""The sample configuration names every key that there is, so that nobody has to read code to find one."""

from __future__ import annotations

import re

from mailgate.settings.forms import INSTALLATION_KEYS, POLICY_KEYS
from tests.house.tree import ROOT


def test_the_sample_shows_every_key():
    missing = []
    for file, places in (("mailgate.toml", INSTALLATION_KEYS), ("policy.toml", POLICY_KEYS)):
        # Commented out counts, and so does a word in the comment of the key beside it.
        shown = set(re.findall(r"[\w-]+", (ROOT / "config" / file).read_text()))
        missing += [(file, ".".join(place), key) for place, keys in places.items() for key in keys if key not in shown]
    assert missing == []
