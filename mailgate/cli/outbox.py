"""`mailgate outbox`: the letters on their way, those that failed, and those that are held."""

import sys
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, each, errors, fail, harmless, one_of, opened, table, told

app = typer.Typer(help="The letters: list, show, retry, hold, release, cancel.", no_args_is_help=True)

STATES = ("held", "queued", "sending", "sent", "deferred", "refused", "unknown", "cancelled")
FATES = ("delayed", "relayed", "delivered", "bounced")
LetterIds = Annotated[list[str], typer.Argument(metavar="LETTER...", help="Ids in `mailgate outbox list`.")]
LetterId = Annotated[str, typer.Argument(metavar="LETTER", help="The id in `mailgate outbox list`.")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}; default: all that are neither sent nor cancelled.")] = "",
    reported: Annotated[str, typer.Option(help=f"Letters of which this was reported: {', '.join(FATES)}.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List letters, newest first."""
    one_of("state", state, STATES)
    one_of("report", reported, FATES)
    with opened(config) as (_, store, now):
        from mailgate.model.delivery import Fate, OutboxState

        rows = store.outbox.rows(OutboxState(state) if state else None, limit, fate=Fate(reported) if reported else None)
        if json_:
            as_json(_told(row) for row in rows)
            return
        table(
            ("letter", "ticket", "event", "to", "state", "since then", "tries", "next", "the relay said"),
            (
                (
                    r.letter.id,
                    r.letter.ticket or "",
                    r.letter.event,
                    r.letter.address,
                    f"{r.state.value}{', maybe twice' if r.doubted and r.state is not OutboxState.UNKNOWN else ''}",
                    r.fate.value if r.fate else "",
                    r.attempts or "",
                    ago(r.next_attempt_at, now),
                    r.last_reply if r.state is not OutboxState.SENT or r.doubted else "",
                )
                for r in rows
            ),
            "no letters",
        )


def _told(row: Any) -> dict[str, object]:
    letter = row.letter
    return {
        "letter": letter.id,
        "ticket": letter.ticket,
        "event": letter.event,
        "audience": letter.audience.value,
        "to": letter.address,
        "made_at": letter.made_at,
        "state": row.state.value,
        "maybe_twice": row.doubted,
        "reported": row.fate.value if row.fate else None,
        "tries": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "relay_said": row.last_reply,
    }


@app.command("show")
def show_(letter: LetterId, config: ConfigOption = None) -> None:
    """Write the sealed letter to standard output, as it is or was sent (without attachments).

    What became of it, and who reported what, goes to standard error."""
    with opened(config) as (_, store, _):
        row = store.outbox.row(letter.upper())
        if row is None:
            fail(f"no letter {harmless(letter)}")
        errors.print(f"{row.letter.id}: {row.state.value}, {row.attempts} tries. {harmless(row.last_reply)}")
        if row.doubted:
            errors.print("  a reply was lost: the relay may have had it more than once")
        for report in row.reports:
            errors.print(f"  {told(report)}")
        sys.stdout.buffer.write(row.letter.header + b"\r\n" + row.letter.body)


@app.command("retry")
def retry(letters: LetterIds, config: ConfigOption = None) -> None:
    """Try letters again now: deferred, refused or unknown."""
    with opened(config) as (_, store, now):
        each(
            letters,
            lambda one: one if store.outbox.retry(one.upper(), now) else None,
            "letter {} is tried again",
            "letter {} is not there, was sent, or is under way: mailgate outbox list",
        )


@app.command("cancel")
def cancel(letters: LetterIds, config: ConfigOption = None) -> None:
    """Take letters back that have not left, or put some away whose end is unknown."""
    with opened(config) as (_, store, now):
        each(
            letters,
            lambda one: one if store.outbox.cancel(now, "cancelled by the operator", [one.upper()]) else None,
            "letter {} is cancelled",
            "letter {} is not there, or has left: mailgate outbox list",
        )


@app.command("hold")
def hold(
    restored: Annotated[
        bool, typer.Option("--restored", help="This database is an older state of itself, put back by its server's own tools.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Hold all letters that wait now, until `release`. Later ones leave: for a trial, set letters = "hold".

    With --restored nothing leaves until `release --restored`, and numbers go on far above the last one. Say it before `serve` starts."""
    with opened(config) as (_, store, now):
        if restored:
            store.standing.mark_restored(now)
            console.print("this database counts as restored: nothing leaves until `mailgate outbox release --restored`")
            return
        console.print(f"{store.outbox.hold()} letters are held")


@app.command("release")
def release(
    letter: Annotated[list[str] | None, typer.Argument(metavar="[LETTER]...", help="Only these; default: all that are held.")] = None,
    ticket: Annotated[int | None, typer.Option("--ticket", help="Only the held letters of this ticket.")] = None,
    restored: Annotated[bool, typer.Option("--restored", help="Also lift the hold of a restored database.")] = False,
    config: ConfigOption = None,
) -> None:
    """Let held letters go: all of them, those named, or those of a ticket."""
    with opened(config) as (_, store, now):
        if store.standing.is_restored():
            if not restored:
                fail(
                    "this database was restored from a backup: what it holds may have been sent before. "
                    "Look at `mailgate outbox list`, then release --restored."
                )
            store.standing.release_restored()
        if letter is None and ticket is None:
            console.print(f"{store.outbox.release(now)} letters are released")
            return
        wanted = list(
            dict.fromkeys([*(one.upper() for one in letter or ()), *(store.outbox.held_of(ticket) if ticket is not None else ())])
        )
        count = store.outbox.release(now, wanted)
        if not count:
            fail("none of these letters is held: mailgate outbox list --state held")
        console.print(f"{count} letters are released")
