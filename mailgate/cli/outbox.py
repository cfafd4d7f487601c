"""`mailgate outbox`: the letters on their way, those that failed, and those that are held."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, ago, console, errors, fail, harmless, table, told, with_store

app = typer.Typer(help="The letters: list, show, retry, hold, release, cancel.", no_args_is_help=True)

STATES = ("held", "queued", "sending", "sent", "deferred", "refused", "unknown", "cancelled")
FATES = ("delayed", "relayed", "delivered", "bounced")
LetterId = Annotated[str, typer.Argument(metavar="LETTER", help="The id in `mailgate outbox list`.")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}; default: all that are neither sent nor cancelled.")] = "",
    reported: Annotated[str, typer.Option(help=f"Letters of which this was reported: {', '.join(FATES)}.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    config: ConfigOption = None,
) -> None:
    """List letters, newest first."""
    if state and state not in STATES:
        fail(f"no such state: {state}. There are {', '.join(STATES)}.", 2)
    if reported and reported not in FATES:
        fail(f"no such report: {harmless(reported)}. There are {', '.join(FATES)}.", 2)

    def show(settings: Any, store: Any, now: datetime) -> None:
        from mailgate.model.delivery import Fate, OutboxState

        rows = store.outbox_rows(OutboxState(state) if state else None, limit, fate=Fate(reported) if reported else None)
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
                    r.attempts,
                    ago(r.next_attempt_at, now),
                    r.last_reply,
                )
                for r in rows
            ),
            "no letters",
        )

    with_store(config, show)


@app.command("show")
def show_(letter: LetterId, config: ConfigOption = None) -> None:
    """Write the sealed letter to standard output, as it is or was sent (without attachments).

    What became of it, and who reported what, goes to standard error.
    """

    def show(settings: Any, store: Any, now: datetime) -> None:
        row = store.outbox_row(letter.upper())
        if row is None:
            fail(f"no letter {harmless(letter)}")
        errors.print(f"{row.letter.id}: {row.state.value}, {row.attempts} tries. {harmless(row.last_reply)}")
        if row.doubted:
            errors.print("  a reply was lost: the relay may have had it more than once")
        for report in row.reports:
            errors.print(f"  {told(report)}")
        sys.stdout.buffer.write(row.letter.header + b"\r\n" + row.letter.body)

    with_store(config, show)


@app.command("retry")
def retry(letter: LetterId, config: ConfigOption = None) -> None:
    """Try a letter again now: deferred, refused or unknown."""

    def work(settings: Any, store: Any, now: datetime) -> None:
        if not store.retry_letter(letter.upper(), now):
            fail(f"letter {harmless(letter)} is not there, was sent, or is under way: mailgate outbox list")
        console.print(f"letter {harmless(letter)} is tried again")

    with_store(config, work)


@app.command("cancel")
def cancel(letter: LetterId, config: ConfigOption = None) -> None:
    """Take a letter back that has not left, or put one away whose end is unknown."""

    def work(settings: Any, store: Any, now: datetime) -> None:
        if not store.cancel_letters(now, "cancelled by the operator", [letter.upper()]):
            fail(f"letter {harmless(letter)} is not there, or has left: mailgate outbox list")
        console.print(f"letter {harmless(letter)} is cancelled")

    with_store(config, work)


@app.command("hold")
def hold(
    restored: Annotated[
        bool, typer.Option("--restored", help="This database is an older state of itself, put back by its server's own tools.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Hold all letters that wait now, until `release`. Later ones leave: for a trial, set letters = "hold".

    With --restored nothing leaves until `release --restored`, and numbers go on far above the last one. Say it before `serve` starts.
    """

    def work(settings: Any, store: Any, now: datetime) -> None:
        if restored:
            store.mark_restored(now)
            console.print("this database counts as restored: nothing leaves until `mailgate outbox release --restored`")
            return
        console.print(f"{store.hold_letters()} letters are held")

    with_store(config, work)


@app.command("release")
def release(
    restored: Annotated[bool, typer.Option("--restored", help="Also lift the hold of a restored database.")] = False,
    config: ConfigOption = None,
) -> None:
    """Let held letters go."""

    def work(settings: Any, store: Any, now: datetime) -> None:
        if store.is_restored():
            if not restored:
                fail(
                    "this database was restored from a backup: what it holds may have been sent before. "
                    "Look at `mailgate outbox list`, then release --restored."
                )
            store.release_restored()
        console.print(f"{store.release_held(now)} letters are released")

    with_store(config, work)
