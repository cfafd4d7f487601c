"""A report names the address where it ended; the one that we wrote to stands beside it."""

from __future__ import annotations

import pytest

from mailgate.understand.limits import LIMITS
from mailgate.understand.reports.dsn import delivery_reports


@pytest.mark.parametrize(
    ("said", "original"),
    [
        ("Original-Recipient: rfc822;max@example.com\n", "max@example.com"),
        ("Original-Recipient: rfc822; ann+2Ba+3Db@Example.com\n", "ann+a=b@example.com"),
        ("Original-Recipient: rfc822;gone@elsewhere.example\n", ""),
        ("", ""),
    ],
)
def test_the_address_that_we_wrote_to_is_read_where_it_is_another_one(said: str, original: str) -> None:
    fields = f"Reporting-MTA: dns; mx\n\n{said}Final-Recipient: rfc822; gone@elsewhere.example\nAction: failed\nStatus: 5.1.1\n"
    [report] = delivery_reports(fields.encode(), LIMITS)
    assert (report.recipient, report.original) == ("gone@elsewhere.example", original)
