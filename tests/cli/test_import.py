"""`mailgate import`: a stored mailbox becomes tickets, nobody is written to, and an interrupted run is simply run again."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.running import Running
from mailgate.model.delivery import OutboxState
from mailgate.model.ticket import Status
from tests.cli.house import SUPPORT, House, configured


def a_stored(number: int, days: int, subject: str, answers: int | None = None, author: str = "max@example.com") -> bytes:
    at = wall_clock() - timedelta(days=days)
    cites = f"In-Reply-To: <old-{answers}@example.com>\n" if answers is not None else ""
    to = "max@example.com" if author == SUPPORT else SUPPORT
    head = (
        f"From {author} {at:%a %b %d %H:%M:%S %Y}\nFrom: {author}\nTo: {to}\nSubject: {subject}\nMessage-ID: <old-{number}@example.com>\n"
    )
    return f"{head}{cites}Date: {format_datetime(at)}\n\nText of mail {number}.\n\n".encode()


def an_mbox(folder: Path) -> Path:
    path = folder / "old.mbox"
    path.write_bytes(
        a_stored(1, 400, "last year")
        + a_stored(2, 399, "Re: last year", answers=1, author=SUPPORT)
        + a_stored(3, 2, "this week")
        + a_stored(4, 1, "Re: this week", answers=3)
    )
    return path


def read_in(house: House) -> dict[str, tuple[Status, int]]:
    """Lets a gateway read what waits, and send what it wrote: title -> (status, number of entries)."""
    with Running(settings.load(house.config)) as running:
        running.program.gateway.read_inbox()
        running.program.gateway.review_clocks()
        running.program.gateway.send_outbox()
        store = running.program.store
        files = store.tickets.files([ticket.number for ticket in store.tickets.listed((), 100)])
        return {file.ticket.title: (file.ticket.status, len(file.entries)) for file in files.values()}


def letters_out(house: House) -> list[str]:
    """All letters that were ever written, but the welcome of new agents."""
    store = house.store()
    try:
        rows = [row for state in OutboxState for row in store.outbox.rows(state, 100)]
        return sorted(row.letter.event for row in rows if row.letter.event != "agent_welcomed")
    finally:
        store.close()


def test_a_stored_mailbox_becomes_tickets_old_ones_closed_and_nobody_hears_of_it(tmp_path: Path) -> None:
    house, mbox = configured(tmp_path), an_mbox(tmp_path)
    done = house.run("import", str(mbox))
    assert done.exit_code == 0, done.output
    assert "4 taken over" in done.output
    assert read_in(house) == {"last year": (Status.CLOSED, 2), "this week": (Status.NEW, 2)}
    assert letters_out(house) == []
    again = house.run("import", str(mbox))
    assert again.exit_code == 0 and "4 already there" in again.output
    assert len(read_in(house)) == 2


def test_letters_are_written_when_they_are_asked_for(tmp_path: Path) -> None:
    house = configured(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.eml").write_bytes(a_stored(1, 0, "today").partition(b"\n")[2])
    assert house.run("import", str(tmp_path / "one"), "--letters").exit_code == 0
    assert read_in(house) == {"today": (Status.NEW, 1)}
    assert letters_out(house) == ["ticket_opened"] * 3, "the acknowledgement, and a notice for each agent"


def test_a_dry_run_counts_and_takes_nothing(tmp_path: Path) -> None:
    house = configured(tmp_path)
    done = house.run("import", str(an_mbox(tmp_path)), "--dry-run")
    assert done.exit_code == 0 and "4 mails" in done.output
    store = house.store()
    assert store.inbox.rows(None, 10) == []
    store.close()


def test_what_is_wrong_is_said_with_the_way_out_and_nothing_is_taken(tmp_path: Path) -> None:
    house = configured(tmp_path)
    for words, said in (
        (["import", str(tmp_path / "nowhere")], "there is no"),
        (["import", str(an_mbox(tmp_path)), "--open-since", "soon"], "neither a date"),
        (["import", str(an_mbox(tmp_path)), "--desk", "nope"], "which desk"),
    ):
        done = house.run(*words)
        assert done.exit_code == 2 and said in " ".join(done.output.split()), done.output
    store = house.store()
    assert store.inbox.rows(None, 10) == []
    store.close()


def test_a_run_that_was_killed_is_run_again_and_every_mail_is_there_once(tmp_path: Path) -> None:
    house = configured(tmp_path)
    mbox = tmp_path / "many.mbox"
    mbox.write_bytes(b"".join(a_stored(number, 400, f"matter {number}") for number in range(4_000)))
    words = [sys.executable, "-m", "mailgate", "import", str(mbox), "--config", str(house.config)]
    store = house.store()
    try:
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
            while store.standing.health(wall_clock()).accepted_day < 100:
                assert first.poll() is None, "it was over before it could be killed"
            first.kill()
        before = store.standing.health(wall_clock()).accepted_day
        assert before < 4_000, "it was over before it could be killed"
        again = house.run("import", str(mbox))
        assert again.exit_code == 0, again.output
        assert f"{before} already there, {4_000 - before} taken over" in again.output
        assert store.standing.health(wall_clock()).accepted_day == 4_000
    finally:
        store.close()
