"""A file of the configuration, from bytes to its form: every mistake on the way is said, and as much as can be is still looked at."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mailgate.settings.forms import Form
from mailgate.settings.mending import Place, mended
from mailgate.settings.mistakes import Mistake, from_pydantic, key_in, lines_of
from mailgate.settings.words import of_toml, why_not

F = TypeVar("F", bound=Form)

#: So many broken lines of one file are told at once; who has more has another kind of file there.
MOST_LINES = 20
_AT = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)$")
_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\xef\xbb\xbf", ""))


class Unreadable(Exception):
    """Why a text cannot be had, in words to stand behind its name, and where."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.words, self.line = words, line


def text_of(path: Path) -> str:
    """A file as text. Raises Unreadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(why_not(error)) from None
    for mark, name in _MARKS:
        if data.startswith(mark):
            if name:
                raise Unreadable(f"is written in {name}: save it as UTF-8", 1)
            data = data[len(mark) :]  # editors of Windows begin UTF-8 with it
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8, from this line on: save it as UTF-8", data.count(b"\n", 0, error.start) + 1) from None


def read(path: Path, kind: type[F], keys: Mapping[Place, Sequence[str]], mistakes: list[Mistake]) -> tuple[str, F | None, frozenset[Place]]:
    """The text, its form, and where the form had to be mended so that more mistakes can be found; then it is used for nothing else."""
    try:
        text = text_of(path)
    except Unreadable as unreadable:
        way_out = "; `mailgate init DIR` writes one" if unreadable.words == "is not there" else ""
        mistakes.append(Mistake(path.name, unreadable.line, "(file)", f"{path} {unreadable.words}{way_out}"))
        return "", None, frozenset()
    return text, *form_of(path.name, text, kind, keys, mistakes)


def form_of(
    name: str, text: str, kind: type[F], keys: Mapping[Place, Sequence[str]], mistakes: list[Mistake]
) -> tuple[F | None, frozenset[Place]]:
    """The same of a text that was read."""
    data, broken = _parsed(name, text, mistakes)
    if data is None:
        return None, frozenset()
    try:
        form: F | None = kind.model_validate(data)
        mended_at: frozenset[Place] = frozenset()
    except ValidationError as error:
        errors = [one for one in error.errors(include_url=False) if not _is_of(tuple(map(str, one["loc"])), broken)]
        mistakes.extend(from_pydantic(name, lines_of(text), errors, keys, data))
        form, mended_at = mended(kind, data, error.errors(include_url=False))
    return form, mended_at | broken


def _is_of(place: Place, broken: frozenset[Place]) -> bool:
    return any(place[: len(one)] == one for one in broken)


def _parsed(name: str, text: str, mistakes: list[Mistake]) -> tuple[dict[str, Any] | None, frozenset[Place]]:
    """The data, without the keys whose lines are broken, and those keys. None where what follows cannot be told either."""
    lines, broken = text.split("\n"), set[Place]()
    places = {number: place for place, number in lines_of(text).items()}
    for _ in range(MOST_LINES):
        try:
            return tomllib.loads("\n".join(lines)), frozenset(broken)
        except tomllib.TOMLDecodeError as error:
            says = str(error)
            match = _AT.search(says)
            number = int(match[1]) if match and match[1] else len(lines)
            words, alone = of_toml(says)
            mistakes.append(Mistake(name, number, ".".join(places.get(number, ())) or "(file)", words))
            if not alone or not 0 < number <= len(lines) or not lines[number - 1].strip() or lines[number - 1].lstrip().startswith("["):
                return None, frozenset()
            if number in places:
                broken.add(places[number])
            elif key_in(lines[number - 1]) is None and "=" in lines[number - 1]:
                return None, frozenset()
            lines[number - 1] = ""
        except RecursionError:
            mistakes.append(Mistake(name, 0, "(file)", "is nested too deeply"))
            return None, frozenset()
    return None, frozenset()
