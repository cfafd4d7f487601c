"""A report about a mail that is another ticket's: it holds up nobody, and ends somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailgate.gateway.reading import MOST_ATTEMPTS, MOST_RETRIES
from mailgate.record.rows import Conflict
from tests.journeys.world import SUPPORT, World

QUESTION = "<question@example.com>"

#: Its type is damaged: nobody knows this form, so it is a mail like others and opens a ticket. What it returns is seen all the same.
REPORT = f"""From: feedback@isp.example.net
To: {SUPPORT}
Subject: abuse report
Message-ID: <report@isp.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=fedback-report; boundary=ff

--ff
Content-Type: text/plain

Somebody complains.
--ff
Content-Type: message/fedback-report

Feedback-Type: abuse
User-Agent: Loop/1.0
Version: 1
--ff
Content-Type: message/rfc822

From: one@example.com
Message-ID: {QUESTION}
Subject: x

x
--ff--
"""


def test_a_report_about_a_mail_of_another_ticket_is_settled(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.send("one@example.com", SUPPORT, "the question", "It burns.", message_id=QUESTION)
        world.letter("one@example.com")
        world.deliver(REPORT.replace("\n", "\r\n").encode(), "feedback@isp.example.net", [SUPPORT])
        world.send("two@example.com", SUPPORT, "the next", "It is cold.")
        world.letter("two@example.com")
        world.gateway.read_inbox()
        rows = world.store.inbox.rows(None, 10)
        assert {row.state for row in rows} <= {"done", "set_aside"}
        assert not any("given up" in str(row.reason) for row in rows), rows


@pytest.mark.either_database
def test_a_mail_that_never_can_be_recorded_is_set_aside_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with World(tmp_path) as world:
        tried = []
        record = world.store.record

        def refusing(outcomes: Any, *given: Any) -> None:
            if any(change.after.title == "never" for outcome in outcomes for change in outcome.decision.changes):
                tried.append(len(outcomes))
                raise Conflict("message_id", ("<never@example.com>",))
            record(outcomes, *given)

        monkeypatch.setattr(world.store, "record", refusing)
        world.send("one@example.com", SUPPORT, "never", "It burns.")
        world.send("two@example.com", SUPPORT, "the next", "It is cold.")
        assert world.letter("two@example.com")
        world.gateway.read_inbox()
        aside = [row for row in world.store.inbox.rows(None, 10) if row.state == "set_aside"]
        assert [str(row.reason) for row in aside] == [f"given up after {MOST_ATTEMPTS + 1} attempts"]
        assert len(tried) <= (MOST_ATTEMPTS + 1) * (MOST_RETRIES + 1)
