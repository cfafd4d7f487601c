"""The world of a journey: a running gateway, the people's mailboxes, a clock turned by hand, and people who write mails."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mailgate import settings
from mailgate.app.running import Running
from mailgate.app.stage import DemoMailboxes, Received
from mailgate.cli.demo import configuration
from mailgate.model.installation import ReaderSettings
from tests import databases

SUPPORT = "support@example.org"
MAX, ANN, BOB, EVE = "max@example.com", "ann@example.org", "bob@example.org", "eve@example.net"
OPERATOR = "postmaster@example.org"
#: A Monday at ten in Berlin, inside the opening hours of the sample policy.
MONDAY = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def edit(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    """Replaces texts in a file of the configuration; each must be in it."""
    text = (folder / name).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")


class Clock:
    """Stands still until it is turned."""

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


class World:
    """`refuse` names addresses that do not exist; `changes` edits the configuration before it is loaded; `relay_port`: another
    relay; `reader`: other limits for one mail; `now`: the program's clock, where it is not the one of the world."""

    def __init__(
        self,
        folder: Path,
        refuse: frozenset[str] = frozenset(),
        changes: Callable[[Path], None] | None = None,
        relay_port: int | None = None,
        reader: ReaderSettings | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.folder, self.clock, self.count = folder, Clock(), 0
        self.boxes = DemoMailboxes(refuse) if relay_port is None else None
        configuration(folder / "config", relay_port or self.mailboxes.start())
        if changes:
            changes(folder / "config")
        databases.configure(folder / "config")
        self.settings = settings.load(folder / "config")
        if reader is not None:
            self.settings = replace(self.settings, reader=reader)
        databases.ensure(self.settings.database, self.clock())
        self._running = Running(self.settings, now or self.clock)

    def __enter__(self) -> Self:
        self._running.__enter__()
        if self.settings.relay.kind == "smtp" and not self.settings.letters_held:
            for agent in self.settings.policy.agents.values():  # the welcome is not part of the story
                self.letter(agent.address)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.__exit__(kind, error, trace)
        if self.boxes is not None:
            self.boxes.stop()

    @property
    def mailboxes(self) -> DemoMailboxes:
        """Everybody's, behind the stage's relay. A world with a relay of its own has none."""
        assert self.boxes is not None, "the relay of this world is another one"
        return self.boxes

    @property
    def gateway(self) -> Any:
        return self._running.program.gateway

    @property
    def store(self) -> Any:
        return self._running.program.store

    @property
    def port(self) -> int:
        return self._running.port

    # --- people -------------------------------------------------------------------------------------------------------

    def send(self, address: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
        """A new mail over SMTP, through the door."""
        mail = self.a_mail(address, to, subject, text, **headers)
        self.deliver(mail.as_bytes(policy=SMTP), address, [to])
        return mail

    def a_mail(self, address: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
        """One that is not sent yet."""
        self.count += 1
        mail = EmailMessage()
        name = address.partition("@")[0].capitalize()
        mail["From"], mail["To"], mail["Subject"] = f"{name} <{address}>", to, subject
        mail["Message-ID"] = headers.pop("message_id", f"<{self.count}.{id(self)}@{address.partition('@')[2]}>")
        for key, value in headers.items():
            mail[key.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    def deliver(self, raw: bytes, reverse_path: str, recipients: list[str]) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=100) as client:
            client.sendmail(reverse_path, recipients, raw)

    def answer(self, address: str, letter: Received, text: str, quote: bool = True, **headers: str) -> EmailMessage:
        """As a mail client answers: to Reply-To, with In-Reply-To and References, the letter quoted below."""
        if quote:
            quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
            text = f"{text}\n\nOn Mon, 1 Jun 2026 at 10:00, {letter.header('From')} wrote:\n\n{quoted}\n"
        subject = letter.header("Subject")
        headers.setdefault("In_Reply_To", letter.header("Message-ID"))
        headers.setdefault("References", f"{letter.header('References')} {letter.header('Message-ID')}".strip())
        subject = subject if subject.startswith("Re:") else f"Re: {subject}"
        return self.send(address, headers.pop("to", letter.reply_address), subject, text, **headers)

    def letter(self, address: str, text: str = "", event: str = "", matching: Callable[[Received], bool] = lambda _: True) -> Received:
        """The next letter for this person with these words in text or subject. Waits for it."""
        return self.mailboxes.take(
            lambda one: one.recipient == address and (text in one.text or text in one.header("Subject")) and matching(one)
        )

    def settle(self) -> None:
        """Everything that can happen now has happened: the inbox is read and the outbox is empty."""
        for _ in range(3):
            self.gateway.read_inbox()
            self.gateway.send_outbox()

    def letters_for(self, address: str) -> list[Received]:
        self.settle()
        return [one for one in self.mailboxes.letters if one.recipient == address]

    def pass_time(self, **by: float) -> None:
        """Turns the clock, lets the clocks be reviewed, and sends what follows."""
        self.clock.turn(**by)
        self.gateway.review_clocks()
        self.settle()

    # --- what the record says ---------------------------------------------------------------------------------------

    def ticket(self, number: int | None = None) -> Any:
        """The ticket (the only one, or by number) with its entries."""
        self.settle()
        number = number or self.store.tickets.listed()[-1].number
        return self.store.tickets.files([number])[number]

    def tickets(self) -> list[Any]:
        self.settle()
        return sorted(self.store.tickets.listed((), 1000), key=lambda t: t.number)

    def events(self, number: int) -> list[str]:
        self.settle()
        return [row.name for row in self.store.tickets.history(number)]
