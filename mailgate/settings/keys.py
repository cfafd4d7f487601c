"""The keys that sign our letters: read from a file or the environment, and never shown, not even in a mistake."""

import os
import stat
from pathlib import Path
from typing import Any

from mailgate.model.token import Keyring
from mailgate.settings.mistakes import Mistake
from mailgate.settings.words import why_not

SHORTEST_KEY = 32  #: octets
#: Fewer different octets are no key that a random generator ever made.
FEWEST_OCTETS = 8
_NEW = "`openssl rand -hex 32` makes one"


class _BadKeys(Exception):
    """Why the keys cannot be used, and in which line of which file. Never holds a part of one."""

    def __init__(self, words: str, file: str = "", line: int = 0) -> None:
        super().__init__(words)
        self.words, self.file, self.line = words, file, line


def keyring(folder: Path, form: Any, line: int, mistakes: list[Mistake]) -> Keyring | None:
    """`line`: of [keys] in mailgate.toml, where a mistake has no line of its own."""
    try:
        return _read_keys(folder, form)
    except _BadKeys as bad:
        mistakes.append(Mistake(bad.file or "mailgate.toml", bad.line if bad.file else line, "keys", bad.words))
        return None


def _read_keys(folder: Path, form: Any) -> Keyring:
    """One key a line, in hex; the first signs, all verify. A key that others can read is refused."""
    if (form.file is None) == (form.env is None):
        raise _BadKeys('name either `file` or `env`: `file = "keys"`')
    if form.env is not None:
        text, place, name = os.environ.get(form.env, ""), f"the environment variable {form.env}", ""
        if not text.strip():
            raise _BadKeys(f"{place} is empty here: the service may have it, and this command not")
    else:
        path = folder / str(form.file)
        text, place, name = _text_of(path), str(path), path.name
    keys = []
    words = [(number, word) for number, line in enumerate(text.splitlines(), 1) for word in line.split("#")[0].replace(",", " ").split()]
    for number, word in words:
        try:
            key = bytes.fromhex(word)
        except ValueError:
            raise _BadKeys(f"this line is not hexadecimal: a key is 64 of the digits 0-9 and a-f; {_NEW}", name or place, number) from None
        if len(key) < SHORTEST_KEY:
            raise _BadKeys(f"this key is shorter than {SHORTEST_KEY} octets (64 hexadecimal digits): {_NEW}", name or place, number)
        if len(set(key)) < FEWEST_OCTETS:
            raise _BadKeys(f"this key is a pattern that anybody can guess: {_NEW}", name or place, number)
        keys.append(key)
    if not keys:
        raise _BadKeys(f"{place} holds no key: put the one back that signed your letters; for a new installation {_NEW}", name)
    return Keyring(tuple(keys))


def _text_of(path: Path) -> str:
    try:
        if others_can(path, 0o077):
            raise _BadKeys(f"others can read {path}, and so write in the name of each agent: chmod 600 {path}")
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise _BadKeys(f"{path} {why_not(error)}; `mailgate init DIR` writes one for a new installation") from None
    except UnicodeDecodeError:
        raise _BadKeys(f"{path} is no file of keys: it holds one key a line, in hexadecimal digits", path.name) from None


def others_can(path: Path, what: int) -> bool:
    """Whether anybody but the owner has one of these permissions. Raises OSError."""
    return bool(stat.S_IMODE(path.stat().st_mode) & what)
