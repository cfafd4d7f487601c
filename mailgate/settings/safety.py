"""Files beside the configuration: whether they are there and can be read, and who else could write or read them."""

import os
from collections.abc import Callable
from pathlib import Path

from mailgate.settings.keys import others_can
from mailgate.settings.mistakes import Mistake
from mailgate.settings.words import why_not

Say = Callable[[tuple[str, ...], str], None]  #: place and words of a mistake

WRITE, READ = 0o022, 0o077


def check_writers(folder: Path, mistakes: list[Mistake]) -> None:
    """Whoever can write the configuration is every agent, and whoever can write a template writes our letters."""
    for path in (folder, *(folder / name for name in ("mailgate.toml", "policy.toml")), *_below(folder / "templates")):
        try:
            open_to_others = others_can(path, WRITE)
        except OSError:
            continue  # that it is missing or cannot be read is said where it is read
        if open_to_others:
            what = "folder" if path.is_dir() else "file"
            name = path.name if path.parent == folder else str(path)
            words = f"others can write to this {what}, and so decide who is an agent and what we write: chmod go-w {path}"
            mistakes.append(Mistake(name, 0, f"({what})", words))


def _below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [folder, *(Path(root) / name for root, folders, files in os.walk(folder) for name in sorted((*folders, *files)))]


def check_file(folder: Path, name: str | None, place: tuple[str, ...], say: Say) -> None:
    """A file that is named in the configuration and that anybody may read."""
    if name:
        opened(folder / name, place, say)


def check_secret(folder: Path, name: str | None, place: tuple[str, ...], say: Say) -> None:
    """A file with a password: ours alone, and not empty."""
    if not name:
        return
    path = folder / name
    text = opened(path, place, say)
    if text is None:
        return
    if others_can(path, READ):
        say(place, f"others can read {path}: chmod 600 {path}")
    try:
        if not text.decode("utf-8").strip("\r\n"):
            say(place, f"{path} is empty: put the password into it, on one line")
        elif len(text.decode("utf-8").strip("\r\n").splitlines()) > 1:
            say(place, f"{path} has several lines: put nothing but the password into it")
    except UnicodeDecodeError:
        say(place, f"{path} is not UTF-8: write the password into it anew")


def opened(path: Path, place: tuple[str, ...], say: Say) -> bytes | None:
    """What a file holds; None where it cannot be read, which is said."""
    try:
        return path.read_bytes()
    except OSError as error:
        say(place, f"{path} {why_not(error)}")
        return None
