"""`mailgate deliver`: one mail on standard input, for a pipe transport. Exit 0: stored; 75: try again."""

import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import ConfigOption, safe, settings_of

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

    Exit code 0: stored; 75: try again later, for every trouble of ours, a faulty configuration included; 67: no such mailbox;
    65: not acceptable (too large, goes in circles, a sender that is no address)."""
    logging.basicConfig(level=logging.WARNING, format="mailgate: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_without_places)
    try:
        code = _deliver(recipients or [], sender, desk, config)
    except Exception as error:
        # Whatever is wrong here is our fault: the mail server keeps the mail (sysexits.h EX_TEMPFAIL).
        for line in _in_words(error):
            print(f"mailgate: {safe(line)}", file=sys.stderr)
        code = EX_TEMPFAIL
    raise typer.Exit(code)


def _without_places(record: logging.LogRecord) -> bool:
    """One line is what a mail server can show; which failure it was says enough."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.getMessage()} ({record.exc_info[0].__name__}). Try again later", ()
    record.exc_info = record.exc_text = None
    return True


def _in_words(error: Exception) -> list[str]:
    """What keeps the mail out, one line for each thing. The mail server keeps the mail meanwhile."""
    from mailgate.model.mail import NoSpace
    from mailgate.record.rows import Broken, Busy
    from mailgate.record.trust import Untrusted
    from mailgate.settings import Mistaken
    from mailgate.settings.words import mistakes, why_not

    match error:
        case Mistaken():
            return [*map(str, error.mistakes), f"{mistakes(len(error.mistakes))} in the configuration: mailgate check. Try again later"]
        case Untrusted():
            return [f"{error.reason}. {error.way_out}. Try again later"]
        case NoSpace():
            return ["there is no room left for the database. Try again later"]
        case Busy():
            return ["somebody has worked on the database for long. Try again later"]
        case Broken():
            return ["the disk under the database fails. Try again later"]
        case FileNotFoundError() if error.errno is None:
            return [f"{str(error).rstrip('.')}. Try again later"]  # the configuration's, in words of ours
        case OSError():
            return [f"{error.filename or 'a file'} {why_not(error)}. Try again later"]
    return [f"a mail could not be taken ({type(error).__name__}): this is a fault of mailgate. Try again later"]


def _deliver(recipients: list[str], sender: str | None, desk: str | None, config: Path | None) -> int:
    from mailgate import app
    from mailgate.receive import pipe
    from mailgate.record.acceptor import Acceptor
    from mailgate.record.store import open_store

    settings = settings_of(config)
    policy = settings.policy
    if desk is not None and desk not in policy.desks:
        logging.getLogger(__name__).error("no desk %s: there are %s", safe(desk), ", ".join(policy.desks))
        return EX_TEMPFAIL
    if not recipients and desk is None:
        if len(policy.desks) > 1:
            logging.getLogger(__name__).error("several desks: name the recipients, or --desk")
            return EX_TEMPFAIL
        desk = next(iter(policy.desks))
    with open_store(settings.database, app.wall_clock(), check=False) as store, closing(Acceptor(store.inbox)) as acceptor:
        keep = app.build_intake(settings, acceptor)
        limit = max((door.max_size for door in settings.doors), default=50 * 1024**2)
        return pipe.deliver(
            sys.stdin.buffer,
            sender,
            recipients,
            lambda arrival: keep(arrival, desk),
            lambda r: getattr(policy.desk_at(r), "id", None),
            app.wall_clock,
            limit,
        )
