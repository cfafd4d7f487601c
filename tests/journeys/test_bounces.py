"""Bounces over real sockets: reports of every reverse path find their letter, and what they mean shows on the ticket once."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate.app.stage import Received
from mailgate.cli import app
from mailgate.model.delivery import Fate
from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome, Status, Visibility
from tests.journeys.world import ANN, BOB, MAX, OPERATOR, SUPPORT, World, edit

PIA = "pia@elsewhere.example"


def reverse_path(form: str):
    def changes(folder: Path) -> None:
        edit(folder, "mailgate.toml", ('# reverse_path = "auto"', f'reverse_path = "{form}"'))

    return changes


def a_bounce(
    letter: Received, *, recipient: str = "", action: str = "failed", status: str = "5.1.1", said: str = "550 5.1.1 no such user"
) -> bytes:
    """A report as a mail server writes it (RFC 3464), with the letter's header returned."""
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"], report["To"] = "MAILER-DAEMON@mx.example.net", letter.reverse_path or SUPPORT
    report["Subject"], report["Auto-Submitted"] = "Undelivered Mail Returned to Sender", "auto-replied"
    report["Message-ID"] = f"<{a_bounce.__name__}-{next(COUNT)}@mx.example.net>"
    report.attach(MIMEText("It could not be delivered."))
    status_part = MIMEBase("message", "delivery-status")
    said = f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n"
    fields = message_from_bytes(f"Final-Recipient: rfc822; {recipient or letter.recipient}\n{said}".encode())
    status_part.set_payload([message_from_bytes(b"Reporting-MTA: dns; mx.example.net\n\n"), fields])
    report.attach(status_part)
    report.attach(MIMEMessage(letter.message))
    return report.as_bytes(policy=SMTP)


COUNT = iter(range(1, 10**6))


def bounces(world: World, letter: Received, **how: str) -> None:
    world.deliver(a_bounce(letter, **how), "", [letter.reverse_path or SUPPORT])
    world.settle()


def waits_for_max(world: World) -> tuple[Received, int]:
    """Ann asked Max something; her letter, and the ticket."""
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    notice = world.letter(ANN, "VPN drops")
    world.clock.turn(minutes=30)
    world.answer(ANN, notice, "#wait\nWhich version does it say?")
    letter = world.letter(MAX, "Which version")
    file = world.ticket()
    assert file.ticket.status is Status.PENDING_USER and file.ticket.cycle(Metric.FIRST_REPLY).outcome is Outcome.MET
    return letter, file.ticket.number


@pytest.mark.parametrize("form", ["null", "desk", "verp"])
def test_an_answer_that_bounces_reopens_its_ticket_once_whatever_the_reverse_path(tmp_path: Path, form: str) -> None:
    with World(tmp_path, changes=reverse_path(form)) as world:
        letter, number = waits_for_max(world)
        assert (letter.reverse_path == "", "+" in letter.reverse_path) == (form == "null", form == "verp")
        world.clock.turn(minutes=5)
        bounces(world, letter)
        for _ in range(2):  # read in one batch
            world.deliver(a_bounce(letter), "", [letter.reverse_path or SUPPORT])
        world.settle()
        file = world.ticket(number)
        assert file.ticket.status is Status.OPEN
        cycle = file.ticket.cycle(Metric.FIRST_REPLY)
        assert cycle.outcome is Outcome.RUNNING and cycle.annulled_by
        assert world.events(number).count("letter_refused") == 1
        told = [one for one in world.letters_for(ANN) if "no such user" in one.text]
        assert len(told) == 1, "the agents hear of it once"
        assert len(world.letters_for(MAX)) == 2, "nobody outside hears of it"
        shown = [e for e in file.entries if "bounced" in e.text]
        assert [(e.visibility, e.hidden) for e in shown] == [(Visibility.INTERNAL, False)]
        row = next(r for r in world.store.outbox.of_ticket(number) if r.letter.event == "agent_replied")
        assert row.fate is Fate.BOUNCED and [(r.action, r.status) for r in row.reports] == [("failed", "5.1.1")] * 3


def test_a_delay_and_then_a_failure_are_told_as_what_they_are(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        letter, number = waits_for_max(world)
        for _ in range(2):
            bounces(world, letter, action="delayed", status="4.4.1", said="421 try again")
        assert world.ticket(number).ticket.status is Status.PENDING_USER
        assert not any("delayed" in one.text for one in world.letters_for(ANN))
        bounces(world, letter)
        assert world.ticket(number).ticket.status is Status.OPEN
        [row] = [r for r in world.store.outbox.of_ticket(number) if r.letter.event == "agent_replied"]
        assert [r.fate for r in row.reports] == [Fate.DELAYED, Fate.DELAYED, Fate.BOUNCED]
        config = ["--config", str(tmp_path / "config")]
        listed = CliRunner().invoke(app, ["outbox", "list", "--reported", "bounced", *config], env={"COLUMNS": "200"})
        assert row.letter.id in listed.output and "bounced" in listed.output
        shown = CliRunner().invoke(app, ["outbox", "show", row.letter.id, *config])
        assert "delayed 4.4.1" in shown.stderr and "failed 5.1.1 user unknown" in shown.stderr and "failed 5.1.1" not in shown.stdout
        assert "failed 5.1.1 user unknown" in CliRunner().invoke(app, ["tickets", "show", str(number), *config]).output


def test_a_forged_bounce_changes_nothing_and_waits_for_the_operator(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        letter, number = waits_for_max(world)
        forged = f"{letter.reverse_path.partition('@')[0][:-4]}zzzz@example.org"
        raw = a_bounce(letter).replace(letter.reverse_path.encode(), forged.encode()).split(b"Content-Type: message/rfc822")[0]
        world.deliver(raw, "", [forged])
        world.settle()
        assert world.ticket(number).ticket.status is Status.PENDING_USER
        [aside] = world.store.inbox.rows("set_aside")
        assert "never signed" in str(aside.reason)
        assert world.store.people.suppressions(world.clock()) == []


def test_a_dead_address_gets_nothing_automatic_until_it_shows_to_work(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        letter, number = waits_for_max(world)
        bounces(world, letter)
        [dead] = world.store.people.suppressions(world.clock())
        assert (dead.address, str(dead.reason)) == (MAX, "user unknown")
        before = len(world.letters_for(MAX))
        world.send(MAX, SUPPORT, "Another thing", "The printer burns.")
        assert len(world.letters_for(MAX)) == before, "no acknowledgement"
        assert "letter_suppressed" in world.events(number + 1)
        # An agent's own words are tried, and he is warned.
        world.answer(ANN, world.letter(ANN, "printer burns"), "Is it still burning?")
        again = world.letter(MAX, "still burning")
        assert MAX in world.letter(ANN, "on its way but may not arrive").text
        # Max answers that letter: his address works.
        world.answer(MAX, again, "No, it is out.")
        world.settle()
        assert world.store.people.suppressions(world.clock()) == []
        world.send(MAX, SUPPORT, "A third thing", "The screen is black.")
        assert world.letter(MAX, "third thing")


def test_a_dead_address_is_tried_again_when_its_time_is_over(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        letter, _ = waits_for_max(world)
        bounces(world, letter)
        world.clock.turn(days=60)
        assert world.store.people.suppressed([MAX], world.clock()) == {}
        world.send(MAX, SUPPORT, "Another thing", "The printer burns.")
        assert world.letter(MAX, "Another thing")


def test_a_colleague_who_cannot_be_reached_is_told_once_and_his_tickets_go_to_others(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        notice = world.letter(BOB, "VPN drops")
        for _ in range(2):
            bounces(world, notice)
        assert len([one for one in world.letters_for(ANN) if "no such user" in one.text]) == 1
        assert BOB in world.letter(OPERATOR, "agent cannot be delivered").text
        before = len(world.letters_for(BOB))
        world.send(MAX, SUPPORT, "Printer", "It burns.")
        ann = world.letter(ANN, "Printer")
        assert len(world.letters_for(BOB)) == before, "Ann hears of it, so nobody writes to a dead address"
        # Where nobody else would hear, it is tried all the same.
        bounces(world, ann)
        world.send(MAX, SUPPORT, "Screen", "It is black.")
        assert world.letter(ANN, "Screen")


def test_bounces_of_bounces_and_of_alarms_come_to_an_end(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("desk")) as world:
        letter, _ = waits_for_max(world)
        bounces(world, letter)
        answered: set[int] = set()
        for _ in range(6):
            fresh = [i for i, one in enumerate(world.mailboxes.letters) if one.recipient in (ANN, BOB, OPERATOR) and i not in answered]
            answered.update(fresh)
            for index in fresh:
                bounces(world, world.mailboxes.letters[index])
            world.clock.turn(hours=2)
        assert fresh == [], [world.mailboxes.letters[i].header("Subject") for i in fresh]
        assert world.store.inbox.rows("set_aside") == []


def a_complaint(letter: Received) -> bytes:
    report = MIMEMultipart("report")
    report.set_param("report-type", "feedback-report")
    report["From"], report["To"], report["Message-ID"] = "fbl@isp.example", SUPPORT, f"<fbl-{next(COUNT)}@isp.example>"
    report.attach(MIMEText("This is spam, somebody says."))
    part = MIMEBase("message", "feedback-report")
    part.set_payload([message_from_bytes(b"Feedback-Type: abuse\nVersion: 1\n\n")])
    report.attach(part)
    report.attach(MIMEMessage(letter.message))
    return report.as_bytes(policy=SMTP)


def test_complaints_about_two_letters_stop_machines_and_only_a_person_lifts_it(tmp_path: Path) -> None:
    """Whoever has seen one letter can write one complaint."""
    with World(tmp_path, changes=reverse_path("desk")) as world:
        letter, number = waits_for_max(world)
        first = next(one for one in world.letters_for(MAX) if one.header("Message-ID") != letter.header("Message-ID"))
        for _ in range(2):
            world.deliver(a_complaint(letter), "fbl@isp.example", [SUPPORT])
            world.settle()
            assert not world.store.people.suppressions(world.clock())
        world.deliver(a_complaint(first), "fbl@isp.example", [SUPPORT])
        world.settle()
        assert [one.kind for one in world.store.people.suppressions(world.clock())] == ["complaint"]
        assert world.ticket(number).ticket.status is Status.PENDING_USER
        world.answer(MAX, letter, "It says 4.1.0.")
        world.settle()
        assert world.store.people.suppressions(world.clock()), "an answer is no consent to machines"
        assert world.store.people.lift(MAX)


def test_a_report_that_no_mail_server_sent_is_only_shown(tmp_path: Path) -> None:
    """Anybody who has seen a letter knows its Message-ID. A real report has the reverse-path <>."""
    with World(tmp_path, changes=reverse_path("desk")) as world:
        letter, number = waits_for_max(world)
        before = world.ticket(number)
        world.deliver(a_bounce(letter), "mailer-daemon@evil.example", [SUPPORT])
        after = world.ticket(number)
        assert after.ticket.status is before.ticket.status and after.ticket.cycles == before.ticket.cycles
        assert "somebody says failed" in after.entries[-1].text
        assert not world.store.people.suppressions(world.clock())
        bounces(world, letter)
        assert "letter_refused" in world.events(number)
        assert not world.store.people.suppressions(world.clock()), "one letter, whose id its reader knows"


def test_an_address_that_is_silent_speaks_again_with_the_next_answer_and_an_old_report_does_not_silence_it(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        letter, _ = waits_for_max(world)
        first = next(one for one in world.letters_for(MAX) if one.header("Message-ID") != letter.header("Message-ID"))
        bounces(world, first)
        assert [one.address for one in world.store.people.suppressions(world.clock())] == [MAX]
        world.clock.turn(minutes=5)
        world.answer(MAX, letter, "It says 4.1.0.")
        world.settle()
        assert not world.store.people.suppressions(world.clock())
        world.clock.turn(minutes=5)
        bounces(world, first)
        bounces(world, letter)
        assert not world.store.people.suppressions(world.clock())


def test_a_report_says_that_a_letter_in_doubt_has_left_and_no_second_copy_follows(tmp_path: Path) -> None:
    with World(tmp_path, changes=reverse_path("verp")) as world:
        replies = iter(["999 garbage"])
        world.mailboxes.reply = lambda _: next(replies, "250 2.0.0 OK")
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.settle()
        doubted = [r for r in world.store.outbox.rows() if r.doubted]
        assert len(doubted) == 1 and doubted[0].state == "deferred"
        copy = next(one for one in world.mailboxes.letters if one.header("Message-ID") == doubted[0].letter.message_id)
        bounces(world, copy)
        assert world.store.outbox.row(doubted[0].letter.id).state == "sent"
        world.pass_time(minutes=20)
        assert [one.header("Message-ID") for one in world.mailboxes.letters].count(doubted[0].letter.message_id) == 1


def test_a_read_receipt_is_no_bounce(world: World) -> None:
    letter, number = waits_for_max(world)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = MAX, letter.reply_address, "Read: VPN", "<mdn@example.com>"
    raw = mail.as_bytes().replace(
        b"\n\n", b"\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b--\n", 1
    )
    world.deliver(raw.replace(b"\n", b"\r\n"), "", [letter.reply_address])
    assert world.ticket(number).ticket.status is Status.PENDING_USER
    assert world.store.people.suppressions(world.clock() + timedelta(0)) == []


def test_many_bounces_of_one_letter_in_one_batch_count_once(tmp_path: Path) -> None:
    world = World(tmp_path, changes=reverse_path("verp"))
    with world:
        letter, number = waits_for_max(world)
        raws = [a_bounce(letter) for _ in range(30)]
        reader, world.gateway._reading = world.gateway._reading, None  # nobody reads until all are there
        for raw in raws:
            world.deliver(raw, "", [letter.reverse_path])
        world.gateway._reading = reader
        world.settle()
        assert world.events(number).count("letter_refused") == 1
        assert len([one for one in world.letters_for(ANN) if "no such user" in one.text]) == 1
        row = next(r for r in world.store.outbox.of_ticket(number) if r.letter.event == "agent_replied")
        assert len(row.reports) == 30
