"""`mailgate serve`: the doors, the rounds and the courier, until SIGTERM."""

import logging
import os
import sys
from typing import Annotated

import typer

from mailgate.cli.logs import start_logging
from mailgate.cli.screen import EX_UNTRUSTED, ConfigOption, console, errors, explained, fail, settings_of

PARTS = ("receive", "read", "clocks", "send", "web")


def serve(
    config: ConfigOption = None,
    only: Annotated[str, typer.Option(help=f"Run a part of it: {', '.join(PARTS)}, separated by commas.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Run the gateway until SIGTERM. SIGHUP loads policy.toml anew; a faulty one is refused and the old one stays."""
    start_logging(verbose)
    chosen = frozenset(part.strip() for part in only.split(",") if part.strip()) or frozenset(PARTS)
    if unknown := chosen - frozenset(PARTS):
        fail(f"--only: no such part: {', '.join(sorted(unknown))}. There are {', '.join(PARTS)}.", 2)
    with explained():
        from mailgate.app import program

        settings = settings_of(config)
        if settings.log.format != "text":
            start_logging(verbose, settings.log.format)
        if chosen == {"web"} and not settings.web.links:
            fail("--only web: there is no \\[web] in mailgate.toml, so there is nothing to do", 2)
        if chosen != frozenset(PARTS):
            # A second process on the same file is refused; parts on several nodes need PostgreSQL.
            logging.getLogger(__name__).info("only %s", ", ".join(sorted(chosen)))

        def ready(running: program.Program) -> None:
            for door, one in zip(running.doors, settings.doors, strict=False):
                console.print(f"listening: {one.kind} on {one.host} port {door.port}")
            if running.web:
                console.print(f"listening: web on {running.web.host} port {running.web.port}")
            for watch in running.mailboxes.watches:
                console.print(f"fetching: {watch.key}")
            console.print("ready")

        try:
            program.run(settings, chosen, ready)
        except program.DiskFailed as error:
            errors.print(f"[red]mailgate:[/red] {error}")
            sys.stdout.flush()
            sys.stderr.flush()
            # At once: an orderly end would close the database, and that is what it must not do (Store.close).
            os._exit(EX_UNTRUSTED)
        except program.CannotListen as error:
            fail(f"cannot listen: {error}")
        except OSError as error:
            # The machine's, whatever it was: a disk that cannot be read, a folder that is gone.
            logging.getLogger(__name__).exception("ended by an error of this machine")
            fail(f"ended by an error of this machine: {error.strerror or error}", EX_UNTRUSTED)
