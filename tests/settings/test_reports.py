"""What is wrong with services and the weekly report is said before anything is counted by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.settings.test_settings import folder_with, mistakes_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[services.mail]\ncalendar = "night"', 'no calendar "night"'),
        ('[report]\ntimezone = "Europe/Berln"', "is no time zone"),
        ('[report]\nto = ["support@example.org"]', "would come back as a ticket"),
        ('[report]\nto = ["nobody"]', "nobody"),
        ("[report]\nhour = 24", "23"),
        ('[report]\nday = "someday"', "mon"),
    ],
)
def test_a_report_that_could_not_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    folder = folder_with(tmp_path)
    policy = folder / "policy.toml"
    # The table of the report is there already: what is wrong stands in its place.
    kept = re.sub(r"\n\[report\]\n.*?(?=\n# ---|\n\[tickets\])", "\n", policy.read_text(), flags=re.DOTALL)
    policy.write_text(f"{kept}\n{text}\n")
    found = mistakes_of(folder)
    assert len(found) == 1 and said in found[0], found
