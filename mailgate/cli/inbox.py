"""`mailgate inbox`: the mails that came, what became of each, and those that wait for a person."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, ago, console, fail, harmless, table, with_store

app = typer.Typer(help="The mails that came: list, show, retry, put away, export.", no_args_is_help=True)

STATES = ("waiting", "claimed", "done", "set_aside")
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number in `mailgate inbox list`.")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}; default: all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    config: ConfigOption = None,
) -> None:
    """List mails, newest first."""
    if state and state not in STATES:
        fail(f"no such state: {state}. There are {', '.join(STATES)}.", 2)

    def show(settings: Any, store: Any, now: datetime) -> None:
        rows = store.inbox_rows(state or None, limit)
        table(
            ("number", "desk", "door", "came", "state", "ticket", "why"),
            ((r.id, r.desk, r.door, ago(r.received_at, now), r.state, r.ticket or "", r.reason or "") for r in rows),
            "no mails",
        )

    with_store(config, show)


@app.command("show")
def show_(number: Number, config: ConfigOption = None) -> None:
    """Show what was decided on a mail, rule by rule."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        row = store.inbox_row(number)
        if row is None:
            fail(f"no mail {number}")
        console.print(f"mail {row.id}, {row.size} octets, {row.state}" + (f": {harmless(row.reason)}" if row.reason else ""))
        console.print(f"  from <{harmless(row.reverse_path)}> to {harmless(', '.join(row.recipients))} by {row.door} {harmless(row.peer)}")
        console.print(f"  received {row.received_at:%Y-%m-%d %H:%M:%S} UTC, arrived {row.arrived_at:%Y-%m-%d %H:%M:%S} UTC")
        if row.ticket:
            console.print(f"  ticket {row.ticket}")
        for line in row.trace:
            console.print(f"  {harmless(line.stage):<10} {harmless(line.rule)}: {harmless(line.saw)} -> {harmless(line.then)}")

    with_store(config, show)


@app.command("raw")
def raw(number: Number, config: ConfigOption = None) -> None:
    """Write the mail as it came to standard output, byte for byte."""

    def write(settings: Any, store: Any, now: datetime) -> None:
        if store.inbox_row(number) is None:
            fail(f"no mail {number}")
        sys.stdout.buffer.write(store.raw(number))

    with_store(config, write)


@app.command("retry")
def retry(number: Number, config: ConfigOption = None) -> None:
    """Read a set-aside mail once more, after what was in its way is mended."""

    def again(settings: Any, store: Any, now: datetime) -> None:
        if not store.retry_inbox(number):
            fail(f"mail {number} is not set aside")
        console.print(f"mail {number} waits again")

    with_store(config, again)


@app.command("done")
def done(number: Number, config: ConfigOption = None) -> None:
    """Put a set-aside mail away after a look at it: it stays, with its reason, and `status` no longer asks for you."""

    def away(settings: Any, store: Any, now: datetime) -> None:
        if not store.put_away(number, now):
            fail(f"mail {number} is not set aside")
        console.print(f"mail {number} is put away")

    with_store(config, away)


@app.command("export")
def export(config: ConfigOption = None) -> None:
    """One JSON object a line for every mail: number, state, reason, ticket."""

    def write(settings: Any, store: Any, now: datetime) -> None:
        offset = 0
        while rows := store.inbox_rows(None, 500, offset):
            for r in rows:
                print(
                    json.dumps(
                        {
                            "number": r.id,
                            "desk": r.desk,
                            "state": r.state,
                            "reason": r.reason,
                            "ticket": r.ticket,
                            "received_at": r.received_at.isoformat(),
                        }
                    )
                )
            offset += len(rows)

    with_store(config, write)
