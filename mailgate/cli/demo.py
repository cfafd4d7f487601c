"""`mailgate demo`: the whole life of a ticket on this machine. Real SMTP on loopback, a temporary database, nothing to configure."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.screen import console, explained, harmless

if TYPE_CHECKING:
    from mailgate.app.stage import DemoMailboxes, Received

SUPPORT = "support@example.org"
MAX, ANN, BOB = "max.muster@example.com", "ann@example.org", "bob@example.org"
SHOWN_LINES = 14


def configuration(folder: Path, relay_port: int, door_port: int = 0) -> None:
    """The sample configuration with an SMTP door on a free port, and the demo's mailboxes as its relay."""
    from mailgate.cli.init import write_configuration

    write_configuration(
        folder,
        {
            'kind = "lmtp" ': 'kind = "smtp" ',
            "port = 2424": f"port = {door_port}",
            'kind = "maildir"                  #': f'kind = "smtp"\nhost = "127.0.0.1"\nport = {relay_port}\ntls = "none" #',
            "ticket_closed = false": "ticket_closed = true",
        },
    )


class Play:
    """The people of the demo: they write with a plain SMTP client, and read what lands in their mailboxes."""

    def __init__(self, boxes: DemoMailboxes, port: int) -> None:
        self.boxes, self.port, self.count = boxes, port, 0

    def says(self, words: str) -> None:
        self.count += 1
        console.print(f"\n[bold cyan]{self.count}.[/bold cyan] [bold]{words}[/bold]")

    def writes(self, name: str, address: str, to: str, subject: str, text: str, answers: Received | None = None) -> None:
        """A mail over SMTP into the gateway's door; it is stored when this returns."""
        import smtplib
        from email.message import EmailMessage

        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{name} <{address}>", to, subject
        mail["Message-ID"] = f"<demo-{self.count}@{address.partition('@')[2]}>"
        said = text
        if answers is not None:
            mail["In-Reply-To"] = answers.header("Message-ID")
            mail["References"] = f"{answers.header('References')} {answers.header('Message-ID')}".strip()
            quoted = "\n".join(f"> {line}" for line in answers.text.splitlines())
            text = f"{text}\n\nOn Mon, 23 Nov 2026 at 09:00, {answers.header('From')} wrote:\n{quoted}"
        mail.set_content(text)
        show(f"{name} writes to {to}", subject, said, "blue")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            client.send_message(mail, from_addr=address, to_addrs=[to])

    def reads(self, who: str, address: str, words: str) -> Received:
        """Waits for the letter whose text or subject holds these words, and shows it."""
        letter = self.boxes.take(lambda one: one.recipient == address and (words in one.text or words in one.header("Subject")))
        show(f"{who} reads a letter from {letter.header('From')}", letter.header("Subject"), letter.text, "green")
        return letter

    def answers(self, name: str, address: str, letter: Received, text: str) -> None:
        subject = letter.header("Subject")
        self.writes(name, address, letter.reply_address, subject if subject.lower().startswith("re:") else f"Re: {subject}", text, letter)


def show(title: str, subject: str, text: str, colour: str) -> None:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    body = "\n".join(lines[:SHOWN_LINES]) + (f"\n[... {len(lines) - SHOWN_LINES} more lines]" if len(lines) > SHOWN_LINES else "")
    from rich.panel import Panel
    from rich.text import Text

    console.print(Panel(Text(f"Subject: {subject}\n\n{body}"), title=harmless(title), title_align="left", border_style=colour, width=100))


def play(boxes: DemoMailboxes, port: int) -> None:
    """The life of one ticket with a requester and two agents."""
    p = Play(boxes, port)
    p.says("Max has a problem and writes to support.")
    p.writes(
        "Max Muster",
        MAX,
        SUPPORT,
        "VPN drops every ten minutes",
        "Hello,\n\nsince this morning the VPN drops every ten minutes, and I cannot work.\n\nMax",
    )
    p.says("He has an answer at once: a number, and when he hears from a person.")
    ack = p.reads("Max", MAX, "IT-")
    p.says("Both agents hear of it, in the mail client they already have.")
    ann_notice = p.reads("Ann", ANN, "VPN drops")
    p.reads("Bob", BOB, "VPN drops")
    p.says("Ann simply answers. She owns the ticket now, and Max sees the desk's address, not hers.")
    p.answers("Ann Berg", ANN, ann_notice, "Hello Max,\n\nplease tell me which version the client shows under Help > About.\n\nAnn")
    update = p.reads("Max", MAX, "Help > About")
    p.says("Max answers from his mail client.")
    p.answers("Max Muster", MAX, update, "It says 4.1.0.")
    notice = p.reads("Ann", ANN, "4.1.0")
    p.says("Ann leaves a note for Bob. #note never reaches Max.")
    p.answers("Ann Berg", ANN, notice, "#assign bob\n#note\nBob, 4.1.0 is the one with the keep-alive bug. Can you take over?")
    mine = p.reads("Bob", BOB, "keep-alive bug")
    p.says("Bob mistypes a command. Nothing is applied and nothing is sent; he gets his text back.")
    p.answers("Bob Frey", BOB, mine, "#resolv\n#reply\nVersion 4.1.2 is on your machine now.")
    error = p.reads("Bob", BOB, "E_UNKNOWN")
    p.says("Now he resolves it, with what was wrong and what he did.")
    p.answers(
        "Bob Frey",
        BOB,
        error,
        "#resolve\n#reply\nVersion 4.1.0 had a bug in its keep-alive. Version 4.1.2 is on your machine now;\nplease restart it once.",
    )
    solved = p.reads("Max", MAX, "4.1.2")
    p.says("Max rates the solution by answering with a number. No web page, nothing to click by accident.")
    p.answers("Max Muster", MAX, solved, "5\nThat was quick.")
    p.reads("Max", MAX, "hank")
    assert ack.header("Auto-Submitted")  # the machine says that it is one


def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Remain up afterwards, so that you can write to it yourself.")] = False,
    port: Annotated[int, typer.Option(help="Port of the SMTP door; 0: any free one.")] = 0,
) -> None:
    """Play the whole life of a ticket on this machine, with real SMTP on loopback. Nothing to configure; under 30 seconds."""
    began = time.monotonic()
    logging.disable(logging.WARNING)
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="mailgate-demo-"))
    try:
        with explained():
            _run(folder, stay, port, began)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, stay: bool, port: int, began: float) -> None:
    from mailgate import settings
    from mailgate.app import wall_clock
    from mailgate.app.running import Running
    from mailgate.app.stage import DemoMailboxes
    from mailgate.record.store import create_store

    boxes = DemoMailboxes()
    relay_port = boxes.start()
    try:
        configuration(folder / "config", relay_port, port)
        loaded = settings.load(folder / "config")
        create_store(loaded.database, wall_clock())
        console.print(f"A gateway for [bold]{SUPPORT}[/bold] starts on loopback, with a temporary SQLite database.")
        with Running(loaded) as running:
            play(boxes, running.port)
            _story(running.program.store)
            console.print(f"\n[bold green]That was the life of a ticket, in {time.monotonic() - began:.0f} seconds.[/bold green]")
            if stay:
                _stay(boxes, running.port)
    finally:
        boxes.stop()


def _story(store: Any) -> None:
    """What the record holds: every step, with its reason."""
    console.print("\n[bold]The record of the ticket:[/bold]")
    for ticket in store.tickets.listed():
        for row in store.tickets.history(ticket.number):
            console.print(f"  {row.at:%H:%M:%S}  {row.name}")


def _stay(boxes: DemoMailboxes, port: int) -> None:
    console.print(f"\nIt stays up. Write to it:  SMTP on 127.0.0.1 port {port}, to {SUPPORT}. Letters show up here. Ctrl-C ends it.")
    seen = len(boxes.letters)
    try:
        while True:
            time.sleep(0.5)
            for letter in boxes.letters[seen:]:
                show(f"for {letter.recipient}", letter.header("Subject"), letter.text, "green")
            seen = len(boxes.letters)
    except KeyboardInterrupt:
        console.print("ended")
