"""`mailgate init`: a commented configuration, a key and an empty database, ready to be edited."""

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import console, explained, fail, harmless


def write_new(path: Path, text: str, mode: int) -> None:
    """A file that was not there before, with its mode from its first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def write_configuration(folder: Path, changes: dict[str, str] | None = None) -> None:
    """mailgate.toml and policy.toml with every setting that there is, and keys; with exact texts replaced. Raises FileExistsError."""
    import secrets

    from mailgate.settings.sample import sample

    for name in ("mailgate.toml", "policy.toml", "keys"):
        if (folder / name).exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("mailgate.toml", "policy.toml"):
        text = sample(name)
        for old, new in (changes or {}).items():
            text = text.replace(old, new)
        write_new(folder / name, text, 0o600)
    write_new(
        folder / "keys",
        f"# The first key signs, all verify. Put a new one on top, and keep the old one for a month.\n{secrets.token_hex(32)}\n",
        0o600,
    )


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    only_database: Annotated[
        bool, typer.Option("--only-database", help="Only the tables, in the empty database that the configuration in DIR names.")
    ] = False,
) -> None:
    """Write a commented configuration, a key and an empty database."""
    from mailgate import settings
    from mailgate.app import wall_clock
    from mailgate.record.store import create_store

    if only_database:
        with explained():
            database = settings.load(folder).database
            try:
                create_store(database, wall_clock())
            except FileExistsError as error:
                fail(f"{harmless(error)} is a record already; nothing was changed")
        console.print("Written: an empty record")
        return
    try:
        write_configuration(folder)
    except FileExistsError as error:
        fail(f"{harmless(error.filename)} is there already; nothing was overwritten. Choose another folder.")
    except OSError as error:
        fail(f"{harmless(error.filename or folder)}: {error.strerror}")
    with explained():
        create_store(settings.load(folder).database, wall_clock())
    console.print(f"Written: {harmless(folder)}/mailgate.toml, policy.toml, keys, mailgate.db")
    console.print("Next:    put your addresses and people into policy.toml, then")
    console.print(f"         mailgate check --config {harmless(folder)}")
    console.print(f"         mailgate serve --config {harmless(folder)}")
