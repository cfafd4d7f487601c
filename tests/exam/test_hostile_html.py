"""All 511 pieces of hostile HTML, and all words of that kind, by two parsers and in a real browser (fault 106)."""

from __future__ import annotations

import pytest

from bench import measured
from tests.compose.test_hostile_html import ALL, faults_in_words, faults_of, pages_of, read, said_in_words
from tests.hostile_pages import Seen, Watched
from tests.servers.chromium import chromium

pytestmark = pytest.mark.exam


@pytest.mark.timeout(0)
def test_nothing_of_hostile_html_acts_or_fetches_in_any_letter() -> None:
    words = list(said_in_words())
    failed: dict[str, object] = {said: faults for said in words if (faults := faults_in_words(said))}
    ran = fetched = looked = 0
    with chromium() as browser, Watched(browser) as watched:
        for name, piece in ALL.items():
            mail = read(f"<p>Please restart it.</p>{watched.aimed(piece)}".encode())
            if faults := faults_of(mail):
                failed[name] = faults
            for page in pages_of(mail):
                looked += 1
                if (seen := watched.look(page)) != Seen():
                    failed[f"{name} in the browser"] = seen
            if not name.endswith("deep"):
                control = watched.look(piece)
                ran, fetched = ran + control.ran, fetched + (control.fetched > 0)
    assert failed == {}
    assert ran >= 100 and fetched >= 100  # as they are, they do act
    measured.write("hostile-html", n=len(ALL), failed=len(failed), words=len(words), pages=looked, control_ran=ran, control_fetched=fetched)
