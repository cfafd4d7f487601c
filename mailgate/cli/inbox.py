"""`mailgate inbox`: the mails that came, what became of each, and those that wait for a person."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, each, fail, harmless, table, with_store

app = typer.Typer(help="The mails that came: list, show, retry, put away, export.", no_args_is_help=True)

NOT_ASIDE = "is not set aside: mailgate inbox list --state set_aside"
STATES = ("waiting", "claimed", "done", "set_aside")
Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER...", help="Numbers in `mailgate inbox list`.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number in `mailgate inbox list`.")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}; default: all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List mails, newest first."""
    if state and state not in STATES:
        fail(f"no such state: {harmless(state)}. There are {', '.join(STATES)}.", 2)

    def show(settings: Any, store: Any, now: datetime) -> None:
        rows = store.inbox.rows(state or None, limit)
        if json_:
            as_json(_told(row) for row in rows)
            return
        table(
            ("number", "desk", "door", "came", "state", "ticket", "why"),
            ((r.id, r.desk, r.door, ago(r.received_at, now), r.state, r.ticket or "", r.reason or "") for r in rows),
            "no mails",
        )

    with_store(config, show)


def _told(row: Any) -> dict[str, object]:
    return {
        "number": row.id,
        "desk": row.desk,
        "door": row.door,
        "received_at": row.received_at,
        "arrived_at": row.arrived_at,
        "state": row.state,
        "ticket": row.ticket,
        "reason": row.reason and str(row.reason),
        "size": row.size,
    }


@app.command("show")
def show_(number: Number, config: ConfigOption = None) -> None:
    """Show what was decided on a mail, rule by rule."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        row = store.inbox.row(number)
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
        if store.inbox.row(number) is None:
            fail(f"no mail {number}")
        sys.stdout.buffer.write(store.inbox.raw(number))

    with_store(config, write)


@app.command("retry")
def retry(numbers: Numbers, config: ConfigOption = None) -> None:
    """Read set-aside mails once more, after what was in their way is mended."""

    def again(settings: Any, store: Any, now: datetime) -> None:
        each(numbers, lambda n: str(n) if store.inbox.retry(n) else None, "mail {} waits again", f"mail {{}} {NOT_ASIDE}")

    with_store(config, again)


@app.command("done")
def done(numbers: Numbers, config: ConfigOption = None) -> None:
    """Put set-aside mails away after a look at them: they stay, with their reasons, and `status` no longer asks for you."""

    def away(settings: Any, store: Any, now: datetime) -> None:
        each(numbers, lambda n: str(n) if store.inbox.put_away(n, now) else None, "mail {} is put away", f"mail {{}} {NOT_ASIDE}")

    with_store(config, away)


@app.command("export")
def export(config: ConfigOption = None) -> None:
    """One JSON object a line for every mail: number, state, reason, ticket."""

    def write(settings: Any, store: Any, now: datetime) -> None:
        offset = 0
        while rows := store.inbox.rows(None, 500, offset):
            for r in rows:
                print(
                    json.dumps(
                        {
                            "number": r.id,
                            "desk": r.desk,
                            "state": r.state,
                            "reason": r.reason and str(r.reason),
                            "ticket": r.ticket,
                            "received_at": r.received_at.isoformat(),
                        }
                    )
                )
            offset += len(rows)

    with_store(config, write)
