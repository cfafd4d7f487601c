"""`mailgate import`: takes over stored mailboxes, a maildir, an mbox or a folder of .eml files. Can be run again at any time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.screen import EX_TEMPFAIL, ConfigOption, console, errors, explained, fail, harmless, settings_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mailgate.model.mail import Door
    from mailgate.receive.archive import Stored, StoredMailbox

#: Mails on their way into the database at the same time: they share commits.
UNDER_WAY = 64
MOST_TOLD = 20


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Maildirs, mbox files, or folders of .eml files.")],
    desk: Annotated[str | None, typer.Option(help="The desk that the mails are for; default: the only one.")] = None,
    letters: Annotated[bool, typer.Option("--letters", help="Treat them like mail of today: acknowledge, notify, obey commands.")] = False,
    open_since: Annotated[
        str | None,
        typer.Option(help="A date, `all` or `none`: mails from then on become open tickets, older ones closed. Default: 14 days ago."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is there.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take over stored mail as tickets. Nobody is written to, unless --letters asks for it.

    Works beside a running `serve`, which reads the mails; without one they wait for it. What was taken over before is recognised and left
    as it is: after an interruption, run the same command again. Exit 0: all is in; 1: some mails could not be taken; 75: try again."""
    from mailgate import app
    from mailgate.receive import archive

    with explained():
        settings = settings_of(config)
        at = _desk(settings, desk)
        since = _since(open_since, app.wall_clock())
        try:
            found = [mailbox for path in paths for mailbox in archive.find(path)]
        except (archive.NoMailbox, OSError) as error:
            fail(harmless(error), 2)
        limit = max((door.max_size for door in settings.doors), default=50 * 1024**2)
        told = _count(found, limit) if dry_run else _take_over(settings, found, at, limit, letters, since)
    _report(told, dry_run)


def _desk(settings: Any, desk: str | None) -> str:
    desks = settings.policy.desks
    if desk is None and len(desks) == 1:
        return str(next(iter(desks)))
    if desk not in desks:
        fail(f"which desk is this mail for? --desk with one of {', '.join(desks)}", 2)
    return str(desk)


def _since(words: str | None, now: datetime) -> datetime | None:
    """From when on tickets are open; None: none is."""
    from datetime import UTC

    if words is None:
        return now - timedelta(days=14)
    if words == "none":
        return None
    if words == "all":
        return datetime.min.replace(tzinfo=UTC)
    try:
        given = datetime.fromisoformat(words)
    except ValueError:
        fail(f"--open-since {harmless(words)}: neither a date like 2026-11-01 nor `all` nor `none`", 2)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


class ImportTally:
    """What became of the mails."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.again = False  #: the database would not take them now


def _progress(found: list[StoredMailbox], limit: int) -> Iterator[tuple[Stored, StoredMailbox]]:
    """The mails one by one, with a bar on a terminal that grows with the octets read."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from mailgate.receive import archive

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[mails]} mails"))
    with Progress(*columns, TimeRemainingColumn(), console=errors, disable=not errors.is_terminal) as progress:
        count = 0
        for mailbox in found:
            task = progress.add_task(harmless(mailbox.path.name or mailbox.path), total=mailbox.size, mails=0)
            for count, stored in enumerate(archive.mails(mailbox, limit), 1):
                yield stored, mailbox
                progress.update(task, completed=stored.end, mails=count)
            progress.update(task, completed=mailbox.size, mails=count)
            count = 0


def _count(found: list[StoredMailbox], limit: int) -> ImportTally:
    told = ImportTally()
    for stored, _ in _progress(found, limit):
        told.counts["too large" if stored.raw is None else "mails"] += 1
    return told


def _take_over(settings: Any, found: list[StoredMailbox], desk: str, limit: int, letters: bool, since: datetime | None) -> ImportTally:
    from mailgate import app
    from mailgate.gateway import to_keep
    from mailgate.model.mail import Arrival
    from mailgate.record.acceptor import Acceptor
    from mailgate.record.store import open_store

    told = ImportTally()
    waiting: deque[tuple[str, Future[list[Any]]]] = deque()
    with open_store(settings.database, app.wall_clock()) as store, closing(Acceptor(store.inbox)) as acceptor:
        for stored, mailbox in _progress(found, limit):
            if stored.raw is None:
                told.counts["too large"] += 1
                told.failed.append(f"{stored.place}: larger than {limit} octets")
                continue
            if not stored.raw.strip():
                told.counts["empty"] += 1
                continue
            now = app.wall_clock()
            came = min(stored.came_at or now, now)
            arrival = Arrival(stored.raw, None, (), _door(letters, came, since), str(mailbox.path), now, came)
            waiting.append((stored.place, acceptor.submit(to_keep(arrival, settings.policy, desk))))
            while len(waiting) >= UNDER_WAY or (waiting and waiting[0][1].done()):
                _settle(*waiting.popleft(), told)
            if told.again:
                break
        while waiting:
            _settle(*waiting.popleft(), told)
    return told


def _door(letters: bool, came: datetime, since: datetime | None) -> Door:
    from mailgate.model.mail import Door

    if letters:
        return Door.IMPORT
    return Door.TAKEOVER if since is not None and came >= since else Door.ARCHIVE


def _settle(place: str, kept: Future[list[Any]], told: ImportTally) -> None:
    from mailgate.model.mail import NoSpace
    from mailgate.record.store import Broken, Busy

    try:
        new = any(not one.duplicate for one in kept.result())
        told.counts["taken over" if new else "already there"] += 1
    except (Busy, NoSpace, Broken) as error:
        told.again = True
        told.counts["not taken"] += 1
        told.failed.append(f"{place}: {error}")
    except Exception as error:
        told.counts["not taken"] += 1
        told.failed.append(f"{place}: {type(error).__name__}")


def _report(told: ImportTally, dry_run: bool) -> None:
    for line in told.failed[:MOST_TOLD]:
        errors.print(f"[red]no[/red]  {harmless(line)}")
    if len(told.failed) > MOST_TOLD:
        errors.print(f"... and {len(told.failed) - MOST_TOLD} more")
    console.print(", ".join(f"{count} {what}" for what, count in sorted(told.counts.items())) or "no mails there")
    if told.again:
        fail("the database cannot take more just now; run the same command again, it goes on where it stopped", EX_TEMPFAIL)
    if not dry_run and told.counts["taken over"]:
        console.print("`mailgate serve` reads them; `mailgate status` tells how many still wait")
    if told.failed:
        raise typer.Exit(1)
