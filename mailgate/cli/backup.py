"""`mailgate backup`: a consistent copy while everything runs. A restored copy holds its outbox until it is released."""

from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import ConfigOption, console, fail, harmless, opened


def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not be there yet.")], config: ConfigOption = None
) -> None:
    """Copy the database while mailgate runs: a SQLite file. PostgreSQL has `pg_dump`.

    To restore, put the copy in its place; its letters wait for `mailgate outbox release --restored`."""
    with opened(config) as (_, store, now):
        try:
            store.backup(path, now)
        except FileExistsError:
            fail(f"{harmless(path)} is there already; nothing was overwritten")
        except OSError as error:
            fail(f"{harmless(path)}: {error.strerror or error}")
        console.print(f"{harmless(path)}: {path.stat().st_size} octets")
