"""`mailgate status`: health in one screen and an exit code."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.screen import EX_CONFIG, ConfigOption, ago, console, explained, harmless

if TYPE_CHECKING:
    from mailgate.model.mailbox import FolderHealth
    from mailgate.record.rows import Health

#: From these on something is wrong, and the exit code is 1.
OLDEST_MAIL = timedelta(minutes=10)
OLDEST_LETTER = timedelta(hours=1)
#: Of a letter that the relay put off for reasons of its own; mail servers tell their senders after as long.
OLDEST_DEFERRED = timedelta(hours=4)
FULL = 1024 * 1024  #: octets: a mail and the database's own work for it


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
        if one.unread:
            why = one.unread_because or "they are tried again"
            found.append(f"{one.unread} mails lie unread in {one.key} and could not be fetched so far: {why}")
    return found


def _mailbox_line(one: FolderHealth, now: datetime) -> str:
    read = f"read {ago(one.ok_at, now)} ago" if one.ok_at else "never read"
    wrong = f", failed {one.failures} times since" if one.failures else ""
    return f"{one.key}: {read}{wrong}" + (f", {one.pending} mails to try again" if one.pending else "")


def troubles(health: Health, now: datetime, all_held: bool = False) -> list[str]:
    """What a person has to look at, each with the way out. `all_held`: the configuration holds every letter, as somebody wants it."""
    found = []
    if aside := health.inbox.get("set_aside"):
        found.append(f"{aside} mails are set aside: mailgate inbox list --state set_aside")
    if health.clock_faults:
        found.append(f"the clocks of {health.clock_faults} tickets cannot be reviewed, and are tried again: mailgate tickets list --aside")
    if health.inbox_oldest_at and now - health.inbox_oldest_at > OLDEST_MAIL:
        found.append(f"mail waits since {ago(health.inbox_oldest_at, now)}: is `mailgate serve` running?")
    said = f" It said: {health.outbox_said}" if health.outbox_said else ""
    # By the age of the oldest letter: each attempt moves the time of the next one forward, so no letter is ever long overdue.
    if (untried := health.outbox_untried_at) and now - untried > OLDEST_LETTER:
        found.append(
            f"no letter leaves, the oldest waits for {ago(untried, now)}: mailgate check tries the relay; mailgate outbox list.{said}"
        )
    if (deferred := health.outbox_deferred_at) and now - deferred > OLDEST_DEFERRED:
        count = health.outbox.get("deferred", 0)
        words = f"{count} letters are deferred by the relay, the oldest for {ago(deferred, now)}: mailgate outbox list --state deferred."
        found.append(words + said)
    if unknown := health.outbox.get("unknown"):
        found.append(f"{unknown} letters have an unknown end: mailgate outbox list --state unknown")
    if (held := health.outbox.get("held")) and not all_held and not health.restored:
        found.append(f"{held} letters are held: mailgate outbox list --state held shows them, mailgate outbox release lets them go")
    if health.restored:
        found.append("this database was restored, its outbox is held: mailgate outbox release --restored")
    return found


def disk_troubles(place: Path, warning: int) -> list[str]:
    """What the doors say to whoever brings a mail depends on the room where the file lies."""
    free = shutil.disk_usage(place).free
    if free < FULL or not _takes(place, FULL):
        return [
            f"the disk under the database is full ({free // 1024**2} MiB free): doors answer 452 and nothing comes in. Make room in {place}"
        ]
    if free < warning:
        return [f"only {free // 1024**2} MiB are free where the database is: make room in {place}, or move it"]
    return []


def _takes(place: Path, octets: int) -> bool:
    """Whether a file of this size could be written: a quota shows in no count of free blocks. Leaves nothing behind."""
    try:
        handle = os.open(place, os.O_TMPFILE | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(handle, 0, octets)
        finally:
            os.close(handle)
    except OSError as error:
        return error.errno not in (errno.ENOSPC, errno.EDQUOT)
    return True


def configuration_troubles(examined: Any, running: Mapping[str, str], host: str) -> list[str]:
    """The configuration on disk beside the one that runs: faulty, or changed and not in force."""
    from mailgate.settings.words import mistakes

    found = []
    runs = json.loads(running[host]) if host in running else {}
    for name in dict.fromkeys(one.file for one in examined.mistakes):
        count = sum(one.file == name for one in examined.mistakes)
        beside = f"; policy {runs['policy']} stays in force" if runs and name == "policy.toml" else ""
        found.append(f"{name} has {mistakes(count)}, and does not count until mended: mailgate check{beside}")
    if not runs or examined.mistakes:
        return found
    if runs["settings"] != examined.settings.digest:
        found.append(f"mailgate.toml was changed since `serve` started ({runs['since']}): restart it")
    if runs["policy"] != examined.settings.policy.digest:
        found.append(f"policy.toml was changed, and {runs['policy']} is still in force: reload it (SIGHUP, systemctl reload mailgate)")
    return found


def status(config: ConfigOption = None, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Health in one screen: what waits, what defers, which mailbox is not read, which configuration is faulty.

    Exit code 0: all is well; 1: something needs a person, and each line says what to do; 74: the database cannot be trusted, or is
    not there; 75: it is locked or full; 78: the configuration has mistakes and nothing runs, or there is none."""
    from mailgate import settings as all_settings
    from mailgate.app import wall_clock
    from mailgate.record.store import open_store

    with explained():
        examined = all_settings.examine(all_settings.places.configuration(config))
        if examined.database is None:
            raise all_settings.Mistaken(examined.mistakes)
        with open_store(examined.database, wall_clock()) as store:
            _show(examined, store, wall_clock(), as_json)


def health_of(store: Any, now: datetime) -> Health:
    """How the record is, with the tickets that wait for an operator: few, and counted only where somebody looks."""
    health: Health = store.standing.health(now)
    return replace(health, clock_faults=len(store.clock_faults.waiting()))


def _show(examined: Any, store: Any, now: datetime, as_json: bool) -> None:
    from mailgate.record.store import is_served

    health = health_of(store, now)
    polls = {one.name: one.poll for one in examined.mailboxes}
    folders = [one for one in store.mailboxes.health() if one.key.mailbox in polls]
    running = store.standing.running() if examined.database.is_server or is_served(examined.database) else {}
    place = None if examined.database.is_server else Path(store.place).parent
    wrong = [
        *troubles(health, now, examined.settings is not None and examined.settings.letters_held),
        *mailbox_troubles(folders, polls, now),
        *(disk_troubles(place, examined.disk_warning) if place else ()),
        *configuration_troubles(examined, running, os.uname().nodename),
    ]
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
        if health.blocked:
            console.print(f"{'blocked':<10}{health.blocked} mails of blocked senders are set aside: mailgate people blocked")
        if health.junk:
            console.print(f"{'junk':<10}{health.junk} mails of junk folders are set aside")
        for one in folders:
            console.print(f"{'mailbox':<10}{harmless(_mailbox_line(one, now))}")
        if policies := store.policies.since():
            console.print(f"{'policy':<10}{policies[-1][1]}, for {ago(policies[-1][0], now)}")
        console.print(f"{'database':<10}{health.size / 1024**2:.1f} MiB")
        for words in wrong:
            console.print(f"[red]![/red] {harmless(words)}")
        if not wrong:
            console.print("[green]all is well[/green]")
    if examined.mistakes and not running:
        raise typer.Exit(EX_CONFIG)  # nothing runs, and nothing can be started
    if wrong:
        raise typer.Exit(1)
