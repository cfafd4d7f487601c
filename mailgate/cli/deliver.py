"""`mailgate deliver`: one mail on standard input, for a pipe transport. Exit 0: stored; 75: try again."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import ConfigOption, settings_of

EX_TEMPFAIL = 75


def deliver(
    recipients: Annotated[
        list[str] | None, typer.Argument(metavar="[RECIPIENT]...", help="Envelope recipients; none: the desk of --desk.")
    ] = None,
    sender: Annotated[str | None, typer.Option("--sender", "-f", help="Envelope sender; an empty one is the null reverse-path.")] = None,
    desk: Annotated[str | None, typer.Option(help="The desk for a mail without recipients; default: the only one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Take one mail from standard input. Works beside a running `serve`.

    Exit 0: stored; 75: try again; 67: no such mailbox; 65: not acceptable.
    """
    logging.basicConfig(level=logging.WARNING, format="mailgate: %(message)s")
    try:
        code = _deliver(recipients or [], sender, desk, config)
    except Exception:
        # Whatever is wrong here is our fault: the mail server keeps the mail (sysexits.h EX_TEMPFAIL).
        logging.getLogger(__name__).exception("could not take a mail")
        code = EX_TEMPFAIL
    raise typer.Exit(code)


def _deliver(recipients: list[str], sender: str | None, desk: str | None, config: Path | None) -> int:
    from mailgate import app
    from mailgate.receive import pipe
    from mailgate.record.acceptor import Acceptor
    from mailgate.record.store import open_store

    settings = settings_of(config)
    policy = settings.policy
    if desk is not None and desk not in policy.desks:
        logging.getLogger(__name__).error("no desk %r: there are %s", desk, ", ".join(policy.desks))
        return EX_TEMPFAIL
    if not recipients and desk is None:
        if len(policy.desks) > 1:
            logging.getLogger(__name__).error("several desks: name the recipients, or --desk")
            return EX_TEMPFAIL
        desk = next(iter(policy.desks))
    store = open_store(settings.database, app.wall_clock(), check=False)
    acceptor = Acceptor(store)
    try:
        keep = app.build_intake(settings, acceptor)
        limit = max((door.max_size for door in settings.doors), default=50 * 1024**2)
        return pipe.deliver(
            sys.stdin.buffer,
            sender,
            recipients,
            lambda arrival: keep(arrival, desk),
            lambda r: _id(policy.desk_at(r)),
            app.wall_clock,
            limit,
        )
    finally:
        acceptor.close()
        store.close()


def _id(desk: object) -> str | None:
    return getattr(desk, "id", None)
