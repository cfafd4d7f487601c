"""`mailgate backup`: a consistent copy while everything runs. A restored copy holds its outbox until it is released."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, console, fail, harmless, with_store


def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not be there yet.")], config: ConfigOption = None
) -> None:
    """Copy the database while mailgate runs: a SQLite file. PostgreSQL has `pg_dump`.

    To restore, put the copy in its place; its letters wait for `mailgate outbox release --restored`."""

    def copy(settings: Any, store: Any, now: datetime) -> None:
        try:
            store.backup(path, now)
        except FileExistsError:
            fail(f"{harmless(path)} is there already; nothing was overwritten")
        except OSError as error:
            fail(f"{harmless(path)}: {error.strerror or error}")
        console.print(f"{harmless(path)}: {path.stat().st_size} octets")

    with_store(config, copy)
