"""`mailgate inbox`: the mails that came, what became of each, and those that wait for a person."""

import sys
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, each, fail, harmless, one_of, opened, table

app = typer.Typer(help="The mails that came: list, show, retry, put away, export.", no_args_is_help=True)

NOT_ASIDE = "is not set aside: mailgate inbox list --state set_aside"
STATES = ("waiting", "claimed", "done", "set_aside")
EXPORTED = ("number", "desk", "state", "reason", "ticket", "received_at")
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
    one_of("state", state, STATES)
    with opened(config) as (_, store, now):
        rows = store.inbox.rows(state or None, limit)
        if json_:
            as_json(_told(row) for row in rows)
            return
        table(
            ("number", "desk", "door", "came", "state", "ticket", "why"),
            ((r.id, r.desk, r.door, ago(r.received_at, now), r.state, r.ticket or "", r.reason or "") for r in rows),
            "no mails",
        )


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
    with opened(config) as (_, store, _):
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


@app.command("raw")
def raw(number: Number, config: ConfigOption = None) -> None:
    """Write the mail as it came to standard output, byte for byte."""
    with opened(config) as (_, store, _):
        if store.inbox.row(number) is None:
            fail(f"no mail {number}")
        sys.stdout.buffer.write(store.inbox.raw(number))


@app.command("retry")
def retry(numbers: Numbers, config: ConfigOption = None) -> None:
    """Read set-aside mails once more, after what was in their way is mended."""
    with opened(config) as (_, store, _):
        each(numbers, lambda n: str(n) if store.inbox.retry(n) else None, "mail {} waits again", f"mail {{}} {NOT_ASIDE}")


@app.command("done")
def done(numbers: Numbers, config: ConfigOption = None) -> None:
    """Put set-aside mails away after a look at them: they stay, with their reasons, and `status` no longer asks for you."""
    with opened(config) as (_, store, now):
        each(numbers, lambda n: str(n) if store.inbox.put_away(n, now) else None, "mail {} is put away", f"mail {{}} {NOT_ASIDE}")


@app.command("export")
def export(config: ConfigOption = None) -> None:
    """One JSON object a line for every mail: number, state, reason, ticket."""
    with opened(config) as (_, store, _):
        offset = 0
        while rows := store.inbox.rows(None, 500, offset):
            as_json({name: told[name] for name in EXPORTED} for told in map(_told, rows))
            offset += len(rows)
