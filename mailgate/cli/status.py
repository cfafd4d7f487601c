"""`mailgate status`: health in one screen and an exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, ago, console, harmless, with_store

if TYPE_CHECKING:
    from mailgate.model.mailbox import FolderHealth
    from mailgate.record.rows import Health

#: From these on something is wrong, and the exit code is 1.
OLDEST_MAIL = timedelta(minutes=10)
OLDEST_LETTER = timedelta(hours=1)


def mailbox_troubles(folders: Sequence[FolderHealth], polls: Mapping[str, timedelta], now: datetime) -> list[str]:
    """Folders that are not read as they should be; `polls`: the configured mailboxes with their intervals."""
    from mailgate.decide.polling import UNREACHABLE_AFTER

    found = []
    for one in folders:
        if one.key.mailbox not in polls:
            continue
        quiet = now - (one.ok_at or one.since)
        if quiet >= UNREACHABLE_AFTER + polls[one.key.mailbox]:
            why = one.error or "is `mailgate serve` running?"
            found.append(f"{one.key} was not read for {ago(one.ok_at or one.since, now)}: {why}")
        elif one.failures:
            found.append(f"{one.key} fails since {ago(one.failing_since or now, now)}: {one.error}")
    return found


def _mailbox_line(one: FolderHealth, now: datetime) -> str:
    read = f"read {ago(one.ok_at, now)} ago" if one.ok_at else "never read"
    wrong = f", failed {one.failures} times since" if one.failures else ""
    return f"{one.key}: {read}{wrong}" + (f", {one.pending} mails to try again" if one.pending else "")


def troubles(health: Health, now: datetime) -> list[str]:
    """What a person has to look at, each with the way out."""
    found = []
    if aside := health.inbox.get("set_aside"):
        found.append(f"{aside} mails are set aside: mailgate inbox list --state set_aside")
    if health.inbox_oldest_at and now - health.inbox_oldest_at > OLDEST_MAIL:
        found.append(f"mail waits since {ago(health.inbox_oldest_at, now)}: is `mailgate serve` running?")
    if health.outbox_oldest_due_at and now - health.outbox_oldest_due_at > OLDEST_LETTER:
        found.append(f"letters wait since {ago(health.outbox_oldest_due_at, now)}: mailgate outbox list")
    if unknown := health.outbox.get("unknown"):
        found.append(f"{unknown} letters have an unknown end: mailgate outbox list --state unknown")
    if health.restored:
        found.append("this database was restored, its outbox is held: mailgate outbox release --restored")
    return found


def status(config: ConfigOption = None, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Health in one screen. Exit code 0: all is well; 1: something needs a person; 74, 78: nothing can be said."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        health = store.counts(now)
        polls = {one.settings.name: one.settings.poll for one in settings.mailboxes}
        folders = [one for one in store.mailboxes.health() if one.key.mailbox in polls]
        wrong = troubles(health, now) + mailbox_troubles(folders, polls, now)
        if as_json:
            there = [{**asdict(one), "key": str(one.key)} for one in folders]
            print(json.dumps({**asdict(health), "mailboxes": there, "troubles": wrong}, default=str))
        else:
            for part, states in (("inbox", health.inbox), ("outbox", health.outbox), ("tickets", health.tickets)):
                console.print(f"{part:<10}" + ("  ".join(f"{state} {count}" for state, count in states.items()) or "nothing open"))
            last = f", the last {ago(health.last_accepted_at, now)} ago" if health.last_accepted_at else ""
            console.print(f"{'a day':<10}{health.accepted_day} mails taken in{last}; {health.sent_day} letters sent")
            since = "  ".join(f"{fate} {number}" for fate, number in health.reported_day.items() if number) or "nothing"
            console.print(f"{'reported':<10}{since} in a day; {health.suppressed} addresses get nothing automatic")
            if health.junk:
                console.print(f"{'junk':<10}{health.junk} mails of junk folders are set aside")
            for one in folders:
                console.print(f"{'mailbox':<10}{harmless(_mailbox_line(one, now))}")
            console.print(f"{'database':<10}{health.size / 1024**2:.1f} MiB")
            for words in wrong:
                console.print(f"[red]![/red] {harmless(words)}")
            if not wrong:
                console.print("[green]all is well[/green]")
        if wrong:
            raise typer.Exit(1)

    with_store(config, show)
