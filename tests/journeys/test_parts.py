"""The life of a ticket through five processes on one PostgreSQL: a door, a poller, a reader, a clock and a courier."""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from mailgate.model.ticket import Status
from tests.journeys.parts import Parts
from tests.journeys.test_mailbox import MAILBOX
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT
from tests.servers import postgresql
from tests.servers.dovecot import PASSWORD, running_dovecot

pytestmark = [pytest.mark.database("postgresql", because="several nodes need a server"), pytest.mark.timeout(240)]

USER = "desk@example.org"
FETCHED = b"From: eve@example.net\r\nTo: desk@example.org\r\nSubject: by the poller\r\nMessage-ID: <a@example.net>\r\n\r\nIt is cold.\r\n"


def test_a_ticket_lives_through_five_processes_and_two_of_them_die_on_the_way(tmp_path: Path) -> None:
    with running_dovecot() as dovecot:
        mailbox = MAILBOX.format(port=dovecot.port, user=USER, login='password_file = "password"', poll="5s", more="")
        with Parts(tmp_path, mailbox, PASSWORD) as parts:
            parts.until(lambda: any(one.ok_at for one in parts.store.mailboxes.health()))
            assert parts.holders("select holder from mailbox_folders") == {"poller"}
            _mail_comes_in(parts)
            dovecot.append(USER, FETCHED)
            parts.letter(EVE, "by the poller")
            _the_reader_dies_with_a_mail_in_hand(parts)
            _the_courier_dies_with_a_letter_in_hand(parts)
            _promises_and_closing(parts)
            assert parts.holders("select holder from mailbox_folders") == {"poller"}
            assert [row.state for row in parts.store.inbox.rows()] == ["done"] * len(parts.store.inbox.rows())
            welcomes = Counter(one.recipient for one in parts.mailboxes.letters if one.header("Subject").startswith("Welcome to"))
            assert welcomes == {ANN: 1, BOB: 1}, "five of them adopted the policy, and one wrote the welcome"


def _mail_comes_in(parts: Parts) -> None:
    parts.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops.")
    parts.letter(MAX, "VPN drops")
    parts.settle()


def _the_reader_dies_with_a_mail_in_hand(parts: Parts) -> None:
    """Nobody may write on tickets, so the reader has the mail and cannot record what it decided."""
    server = parts.settings.database.url
    with psycopg.connect(server, password=os.environ[postgresql.PASSWORD]) as other:
        other.execute("LOCK TABLE tickets IN SHARE ROW EXCLUSIVE MODE")
        parts.send(EVE, SUPPORT, "while the reader dies", "Nobody will miss this.")
        parts.until(lambda: parts.holders("select lease from inbox where state = 'claimed'"))
        assert parts.holders("select lease from inbox where state = 'claimed'") == {"reader"}
        parts.kill("reader")
        other.rollback()
    assert parts.store.standing.health(parts.clock()).inbox["claimed"] == 1, "the lease outlived it"
    parts.start("reader")
    parts.letter(EVE, "while the reader dies")


def _the_courier_dies_with_a_letter_in_hand(parts: Parts) -> None:
    """The relay has the letter and its answer is never heard: it goes out once more when the lease is over, and is known to be doubted."""
    heard, answer = threading.Event(), threading.Event()

    def late(_: int) -> str:
        heard.set()
        answer.wait(100)
        return "250 2.0.0 OK"

    parts.settle()
    parts.mailboxes.reply = late
    try:
        parts.send("joe@example.com", SUPPORT, "while the courier dies", "Is anybody there?")
        assert heard.wait(100)
        assert parts.holders("select lease from letters where state = 'sending'") == {"courier"}
        parts.kill("courier")
    finally:
        parts.mailboxes.reply = lambda _: "250 2.0.0 OK"
        answer.set()
    parts.start("courier")
    parts.until(lambda: "ready" in parts.said("courier"))
    parts.clock.turn(minutes=21)
    parts.settle()
    got = Counter((one.recipient, one.header("Message-ID")) for one in parts.mailboxes.letters)
    copies = {message_id for (_, message_id), times in got.items() if times > 1}
    rows = {row.letter.message_id: row for number in (t.number for t in parts.tickets()) for row in parts.store.outbox.of_ticket(number)}
    assert len(copies) >= 1 and all(rows[message_id].doubted for message_id in copies)
    assert any("while the courier dies" in one.header("Subject") for one in parts.mailboxes.letters if one.recipient == "joe@example.com")


def _promises_and_closing(parts: Parts) -> None:
    """Nobody answers until the promise is broken; then Ann takes it and solves it, and five days later the clock closes it."""
    notice = parts.letter(ANN, "VPN drops")
    number = next(ticket.number for ticket in parts.tickets() if ticket.title == "VPN drops")
    parts.clock.turn(days=7)
    parts.letter(ANN, "VPN drops", matching=lambda one: one is not notice and "first" in one.text.lower())
    parts.settle()
    assert parts.events(number).count("sla_breached") >= 1
    parts.answer(ANN, notice, "#take\n#resolve\nWe changed the line card.")
    parts.letter(MAX, "line card")
    assert parts.ticket(number).ticket.status is Status.RESOLVED
    parts.clock.turn(days=9)
    parts.until(lambda: parts.ticket(number).ticket.status is Status.CLOSED)
