"""Through a real Postfix and back: mail into the LMTP door, letters into mailboxes, and a recipient whom Postfix refuses."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.app.stage import Received
from mailgate.compose.assemble import assemble
from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome, Status, Visibility
from tests.journeys.world import World, edit
from tests.servers.postfix import FORWARDING, MAILBOXES, REFUSING, Postfix, free_port, running_postfix

#: It is the mail server that is real here.
pytestmark = pytest.mark.either_database

SUPPORT, STAFF = "support@desk.test", "staff@desk.test"
MAX, ANN, BOB = f"max@{MAILBOXES}", f"ann@{MAILBOXES}", f"bob@{MAILBOXES}"
GONE = f"gone@{REFUSING}"
UNKNOWN = "somebody@desk.test"

SECOND_DESK = """
[desks.hr]
address = "staff@desk.test"
prefix = "HR"
name = "Human Resources"
group = "it"
language = "en"
timezone = "Europe/Berlin"
sla = "standard"
agents_prove_by = "token"
"""


class Town(World):
    """A world whose people have their mailboxes behind Postfix, and whose gateway stands behind it."""

    def __init__(self, folder: Path, postfix: Postfix, lmtp_port: int, reverse_path: str = "auto") -> None:
        self.postfix = postfix

        def changes(config: Path) -> None:
            edit(config, "mailgate.toml", ('# reverse_path = "auto"', f'reverse_path = "{reverse_path}" #'))
            edit(config, "mailgate.toml", ('[[doors]]\nkind = "smtp"', '[[doors]]\nkind = "lmtp"'), ("port = 0 ", f"port = {lmtp_port} "))
            edit(config, "mailgate.toml", ("postmaster@example.org", f"postmaster@{MAILBOXES}"))
            edit(config, "policy.toml", ('"support@example.org"', f'"{SUPPORT}"'), ("ann@example.org", ANN), ("bob@example.org", BOB))
            with (config / "policy.toml").open("a", encoding="utf-8") as policy:
                policy.write(SECOND_DESK)

        super().__init__(folder, changes=changes, relay_port=postfix.port)

    def deliver(self, raw: bytes, reverse_path: str, recipients: list[str]) -> None:
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=100) as client:
            client.sendmail(reverse_path, recipients, raw)

    def letter(self, address: str, text: str = "", event: str = "", matching: Callable[[Received], bool] = lambda _: True) -> Received:
        return self.until(lambda: next((one for one in self.mailbox(address) if text in one.text or text in one.header("Subject")), None))

    def mailbox(self, address: str) -> list[Received]:
        letters = [Received(address, "", raw) for raw in self.postfix.raw_letters()]
        return [one for one in letters if one.header("X-Original-To") == address]

    def until(self, look: Callable[[], Any]) -> Any:
        """What `look` finds, once it finds something."""
        deadline = time.monotonic() + 100
        while not (found := look()):
            assert time.monotonic() < deadline, self.postfix.log
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def lmtp_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def postfix(lmtp_port: int) -> Iterator[Postfix]:
    with running_postfix(lmtp_port=lmtp_port) as one:
        yield one


@pytest.fixture
def town(tmp_path: Path, postfix: Postfix, lmtp_port: int, request: pytest.FixtureRequest) -> Iterator[Town]:
    """`indirect` names another reverse path."""
    for old in (postfix.root / "mail").glob("letters/new/*"):
        old.unlink()
    with Town(tmp_path, postfix, lmtp_port, getattr(request, "param", "auto")) as one:
        yield one


def without_trace(raw: bytes) -> bytes:
    """A delivered letter without what Postfix wrote above it."""
    lines = raw.split(b"\n")
    ours = next(i for i, line in enumerate(lines) if line.split(b":")[0] not in TRACE and not line.startswith((b" ", b"\t")))
    return b"\n".join(lines[ours:])


TRACE = frozenset({b"Return-Path", b"X-Original-To", b"Delivered-To", b"Received"})


def test_a_mail_through_postfix_is_acknowledged_into_the_requesters_mailbox(town: Town) -> None:
    town.send(MAX, SUPPORT, "Printer", "It burns.")
    ack = town.letter(MAX, "[IT-")
    assert ack.header("Return-Path") == "<>"
    assert ack.header("Auto-Submitted") == "auto-replied"
    town.postfix.wait_for_log("status=sent (250 2.")
    [row] = town.store.inbox.rows()
    assert (row.reverse_path, row.recipients, row.state) == (MAX, (SUPPORT,), "done")


def test_letters_arrive_through_postfix_byte_for_byte(town: Town) -> None:
    question = town.send(MAX, SUPPORT, "Drücker", "Er brennt, und zwar lichterloh.\n.\n..\nFrom hier an stinkt es.")
    town.answer(ANN, town.letter(ANN, "Drücker"), "Häng ihn ab:\n.\n..zwei Punkte\nFrom now on use the other one. " + "x" * 2000)
    update = town.letter(MAX, "Punkte")
    number = town.tickets()[0].number
    sealed = {row.letter.message_id: row.letter for row in town.store.outbox.of_ticket(number)}
    delivered = [*town.mailbox(MAX), *(one for one in town.mailbox(ANN) if "Drücker" in one.header("Subject"))]
    assert len(delivered) >= 3
    for one in delivered:
        letter = sealed[one.header("Message-ID")]
        assert without_trace(one.data) == assemble(letter, ()).replace(b"\r\n", b"\n")
        cited = [each for each in one.header("References").split() if ".thread." not in each]
        assert cited[0].split(".")[2] == "a", "the signed anchor stands first, below the thread of the ticket"
        assert "DKIM-Signature" not in one.message
    assert str(question["Message-ID"]) in update.header("References")
    town.answer(MAX, update, "Danke, mache ich.")
    assert town.letter(ANN, "mache ich")
    assert len(town.tickets()) == 1


def test_a_recipient_whom_postfix_refuses_shows_on_the_ticket_and_the_clock_runs_again(town: Town) -> None:
    town.send(GONE, SUPPORT, "Badge", "My badge is broken.")
    notice = town.letter(ANN, "Badge")
    number = town.tickets()[0].number
    town.clock.turn(minutes=10)
    town.answer(ANN, notice, "Come to the front desk, please.")
    town.until(
        lambda: [row for row in town.store.outbox.of_ticket(number) if row.letter.event == "agent_replied" and row.state == "refused"]
    )
    file = town.ticket(number)
    words = [entry.text for entry in file.entries if entry.visibility is Visibility.INTERNAL]
    assert any(GONE in text and "550 5.1.1" in text and "No such person here" in text for text in words), words
    assert town.events(number).count("letter_refused") == 2, "the acknowledgement, and the answer"
    cycle = file.ticket.cycle(Metric.FIRST_REPLY)
    assert cycle is not None and cycle.outcome is Outcome.RUNNING, "an answer that reached nobody was no answer"
    assert town.until(lambda: next((one for one in town.mailbox(ANN) if "No such person here" in one.text), None))


@pytest.mark.parametrize("town", ["verp", "desk"], indirect=True)
def test_a_letter_that_postfix_takes_and_returns_reopens_its_ticket_through_the_lmtp_door(town: Town) -> None:
    # Postfix takes mail for anybody at this domain; only our door knows that there is no such person.
    town.send(UNKNOWN, SUPPORT, "Badge", "My badge is broken.")
    notice = town.letter(ANN, "Badge")
    number = town.tickets()[0].number
    town.clock.turn(minutes=10)
    town.answer(ANN, notice, "#resolve\nCome to the front desk, please. There is a new one for you.")
    town.until(lambda: town.ticket(number).ticket.status is Status.OPEN and town.ticket(number).ticket.reopened == 1)
    [solution] = [row for row in town.store.outbox.of_ticket(number) if row.letter.event == "ticket_resolved"]
    assert (solution.state, solution.fate) == ("sent", "bounced")
    [report] = solution.reports
    assert (report.status, report.hard) == ("5.1.1", True)
    assert town.until(
        lambda: next((one for one in town.mailbox(ANN) if "5.1.1" in one.text and "front desk" not in one.header("Subject")), None)
    )
    assert [s.address for s in town.store.people.suppressions(town.clock())] == [UNKNOWN]
    assert [row.state for row in town.store.inbox.rows("set_aside")] == []
    # The bounce came to where this reverse path leads.
    rows = [row for row in town.store.inbox.rows() if row.reverse_path == ""]
    assert rows and all(("+" in row.recipients[0]) == ("+" in solution.letter.reverse_path) for row in rows)


@pytest.mark.parametrize("town", ["verp"], indirect=True)
def test_a_letter_that_is_forwarded_to_nobody_counts_as_bounced_for_whom_we_wrote_to(town: Town) -> None:
    town.send(FORWARDING, SUPPORT, "Badge", "My badge is broken.")
    number = town.until(town.tickets)[0].number
    acknowledged = town.until(lambda: next((row for row in town.store.outbox.of_ticket(number) if row.fate), None))
    assert (acknowledged.letter.address, acknowledged.fate) == (FORWARDING, "bounced"), "the report names another address, and ours as well"


def test_two_desks_in_one_lmtp_transaction_each_have_their_ticket_and_their_reply(town: Town) -> None:
    raw = f"From: {MAX}\nTo: {SUPPORT}, {STAFF}\nSubject: both\nMessage-ID: <both@{MAILBOXES}>\n\nFor both of you.\n"
    town.deliver(raw.encode(), MAX, [SUPPORT, STAFF])
    town.until(lambda: len(town.tickets()) == 2)
    assert sorted(ticket.desk for ticket in town.tickets()) == ["hr", "it"]
    town.letter(MAX, "[IT-")
    town.letter(MAX, "[HR-")
    sent = [line for line in town.postfix.log.splitlines() if "lmtp[" in line and "status=sent" in line][-2:]
    assert len({line.split(": to=")[0].rsplit(" ", 1)[1] for line in sent}) == 1, sent  # one queue file, one delivery
    assert len(sent) == 2, sent


def test_an_unknown_recipient_among_desks_is_refused_alone(town: Town) -> None:
    raw = f"From: {MAX}\nTo: {SUPPORT}\nSubject: half\nMessage-ID: <half@{MAILBOXES}>\n\nOne of you.\n"
    town.deliver(raw.encode(), MAX, [SUPPORT, "nobody@desk.test"])
    bounce = town.letter(MAX, "Undelivered Mail")
    assert "nobody@desk.test" in bounce.text and "550 5.1.1" in bounce.text and SUPPORT not in bounce.text
    assert len(town.until(town.tickets)) == 1


@pytest.mark.parametrize("town", ["desk"], indirect=True)
def test_postfix_keeps_the_name_of_our_envelope_so_one_report_is_enough_without_an_address_of_its_own(town: Town) -> None:
    """RFC 3461: only servers ever saw it, so a report that names it silences a dead address at once. (fault 151)"""
    town.send(UNKNOWN, SUPPORT, "Badge", "My badge is broken.")
    assert [s.address for s in town.until(lambda: town.store.people.suppressions(town.clock()))] == [UNKNOWN]
    [ack] = [row for row in town.store.outbox.of_ticket(town.tickets()[0].number) if row.letter.address == UNKNOWN]
    assert ack.fate == "bounced" and ack.letter.reverse_path == SUPPORT
    [report] = [town.store.inbox.raw(row.id) for row in town.store.inbox.rows() if row.reverse_path == ""]
    name = f"Original-Envelope-Id: {ack.letter.id.lower()}.b."
    assert name.encode() in report and name.split()[1].encode() not in ack.letter.header + ack.letter.body, "nobody who reads it knows it"
