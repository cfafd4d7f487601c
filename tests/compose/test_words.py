"""How durations and sizes are said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailgate.compose import words
from tests.compose.desk import templates


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 min"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (6600, "1 h 50 min"),
        (144_000, "40 h"),
        (-600, "10 min"),
        (timedelta(hours=2), "2 h"),
    ],
)
def test_a_duration_is_said_in_hours_and_minutes(seconds: int | timedelta, said: str):
    assert words.duration(seconds, lambda message: message) == said


def test_durations_are_translated():
    assert words.duration(6600, templates().catalogue("de").say) == "1 Std. 50 Min."


@pytest.mark.parametrize(
    ("octets", "language", "said"),
    [
        (0, "en", "0 B"),
        (999, "en", "999 B"),
        (1000, "en", "1 KB"),
        (120_345, "de", "120 KB"),
        (5_250_000, "en", "5.2 MB"),
        (5_250_000, "de", "5,2 MB"),
        (999, "fr", "999 o"),
        (120_345, "fr", "120 ko"),
        (5_250_000, "fr", "5,2 Mo"),
        (5_250_000, "es", "5,2 MB"),
        (5_250_000, "ar", "5.2 MB"),
        (5_250_000, "ja", "5.2 MB"),
        (5_250_000, "xx", "5.2 MB"),
    ],
)
def test_sizes_are_said_as_people_say_them(octets: int, language: str, said: str):
    assert words.size(octets, language) == said
