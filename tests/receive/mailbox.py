"""A mailbox at the scripted server, with a real record behind it, a clock turned by hand and an operator who remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailgate.model.mail import Arrival
from mailgate.model.mailbox import FolderRole, MailboxSettings
from mailgate.receive.imap import FolderWatch, SharedByMailboxes
from mailgate.receive.imap_session import Credentials
from mailgate.record.rows import Keep
from mailgate.record.store import Store
from mailgate.understand.mime.digest import digest
from tests.fakes.imap_server import ImapServer, noon
from tests.record.builders import a_store

SECOND = timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.at = noon(10)

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


class Desk:
    """Everything behind the mailbox. `fails` is raised in place of a commit."""

    def __init__(self, folder: Path, server: ImapServer) -> None:
        self.server, self.clock = server, Clock()
        self.store: Store = a_store(folder)
        self.fails: Exception | None = None
        self.alarms: list[tuple[str, str]] = []
        self.over: list[str] = []
        self.watches: list[FolderWatch] = []
        self.password = server.password

    def accept_all(self, arrivals: Sequence[Arrival], desk: str, aside: str | None = None) -> None:
        if self.fails is not None:
            raise self.fails
        self.store.inbox.keep([Keep(one, desk, digest(one.raw), aside) for one in arrivals])
        self.server.commands.append("(committed)")

    def alarm(self, kind: str, what: str, way_out: str, key: str = "") -> None:
        self.alarms.append((kind, what))

    def alarm_over(self, kind: str, key: str = "") -> None:
        self.over.append(kind)

    def settings(self, **changes: Any) -> MailboxSettings:
        some: dict[str, Any] = {"port": self.server.port, "tls": self.server.tls, "timeout": 5 * SECOND}
        return MailboxSettings(**{"name": "box", "desk": "it", "host": "127.0.0.1", "user": "support@example.org", **some, **changes})

    def watch(
        self,
        folder: str = "INBOX",
        role: FolderRole = FolderRole.INBOX,
        holder: str = "one",
        credentials: Callable[[MailboxSettings], Credentials] | None = None,
        **changes: Any,
    ) -> FolderWatch:
        login = credentials or (lambda _: Credentials(lambda: self.password))
        house = SharedByMailboxes(self, self.store.mailboxes, self, login, self.clock, holder, lambda: 0.5)
        self.watches.append(FolderWatch(self.settings(**changes), folder, role, house))
        return self.watches[-1]

    def subjects(self, state: str | None = None) -> list[str]:
        """Of all mails that were stored, in their order."""
        rows = sorted(self.store.inbox.rows(state, 10_000), key=lambda row: row.id)
        return [self.store.inbox.raw(row.id).partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for row in rows]

    def close(self) -> None:
        for watch in self.watches:
            watch._drop()
        self.store.close()


def a_mail(subject: str, size: int = 0) -> bytes:
    head = f"From: max@example.com\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.com>\r\n\r\n".encode()
    return head + b"words\r\n" + b"x" * max(0, size - len(head) - 7)
