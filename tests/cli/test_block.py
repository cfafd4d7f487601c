"""Who is blocked is said by an address or a domain, and until when by a day or a span; anything else is a clear error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from mailgate.cli.people import _pattern, _until

#: How a block is kept is tested on both in tests/record.
pytestmark = pytest.mark.either_database

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Eve+7@Example.net", "eve@example.net"),
        ("example.net", "example.net"),
        ("@Example.net", "example.net"),
        (" mail.example.net. ", "mail.example.net"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_pattern_is_kept_as_mail_is_compared_with_it(said: str, kept: str):
    assert _pattern(said) == kept


@pytest.mark.parametrize("said", ["", "example", "eve@", "a b@example.net", "<eve@example.net>", "*.example.net", "eve@example", "@"])
def test_what_is_neither_an_address_nor_a_domain_changes_nothing(said: str):
    with pytest.raises(typer.Exit):
        _pattern(said)


@pytest.mark.parametrize(
    ("said", "ends"),
    [("2026-06-03", datetime(2026, 6, 4, tzinfo=UTC)), ("14d", NOON + timedelta(days=14)), ("90m", NOON + timedelta(minutes=90))],
)
def test_a_day_is_blocked_to_its_end_and_a_span_from_now(said: str, ends: datetime):
    assert _until(said, NOON) == ends


@pytest.mark.parametrize("said", ["tomorrow", "2026-13-01", "2026-05-30", "0d", "-3d", "14"])
def test_what_is_no_time_to_come_changes_nothing(said: str):
    with pytest.raises(typer.Exit):
        _until(said, NOON)
