"""The commented configuration that `init` writes: what stands in `config/`, and beside it every other setting that there is."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from datetime import timedelta
from enum import Enum
from typing import Any, get_args

from mailgate.model.setting import As, settings_of
from mailgate.settings import places
from mailgate.settings.forms import hints_of, tables_in
from mailgate.settings.tables import FILES

_TABLE = re.compile(r"(# )?(\[\[?)([\w.]+)\]")
_KEY = re.compile(r"([\w-]+) = [^#]*$")
COMMENT, WIDTH = 34, 150


def sample(name: str) -> str:
    """`mailgate.toml` or `policy.toml`, ready to be edited."""
    kinds: dict[tuple[str, ...], Any] = dict(tables_in(FILES[name]))
    place: tuple[str, ...] = ()
    left, mark, begun = _lines(kinds.pop(place)), "# ", False
    shown: list[str] = []
    for line in [*(places.brought_along("config") / name).read_text(encoding="utf-8").splitlines(), ""]:
        table, key = _TABLE.match(line), _KEY.match(line)
        if begun and (table or not line):
            for said, meaning, default in left.values():
                # What a policy decides stands there to be changed; of an installation what differs from the default.
                open_ = default and name == "policy.toml" and "*" not in place
                shown += _commented(f"{'' if open_ else mark}{said}", meaning)
            left, begun = {}, False
        if table:
            names = table[3].split(".")
            place = next((at for at in kinds if _is_at(at, (*names, "*") if table[2] == "[[" else names)), ())
            left, mark, begun = (_lines(kinds.pop(place)), "#   " if table[1] else "# ", True) if place else ({}, "", False)
        if key and key[1] in left:
            begun = True
            shown += _commented(line, left.pop(key[1])[1])
        else:
            shown.append(line)
    return "\n".join(shown)


def _is_at(place: tuple[str, ...], names: Iterable[str]) -> bool:
    return len(place) == len(tuple(names)) and all(one in ("*", name) for one, name in zip(place, names, strict=True))


def _lines(kind: Any) -> dict[str, tuple[str, str, bool]]:
    """Of each setting of a table, by its key: the line that sets it, what it means, and whether it is the default that is shown."""
    if get_args(kind):
        return {}
    found = {}
    for key, (_, said) in settings_of(kind).items():
        if said.meaning:
            found[key] = (f"{key} = {said.example or shown_default(kind, key)}", said.meaning, not said.example)
    return found


def _commented(line: str, meaning: str) -> list[str]:
    first, *more = textwrap.wrap(meaning, WIDTH - COMMENT)
    return [f"{line:<{COMMENT - 1}} # {first}", *(f"{line[: line.startswith('#')]:<{COMMENT}}# {one}" for one in more)]


def shown_default(kind: Any, key: str) -> str:
    """A default as it would be written into the file; "" where there is none."""
    one, said = settings_of(kind)[key]
    hint = hints_of(kind)[one.name]
    default = one.default_factory() if callable(one.default_factory) else one.default
    if default is None and As.LIMIT not in get_args(hint) and As.DAYS not in get_args(hint):
        return ""
    return "" if said.required or default is MISSING else _toml(default, get_args(hint))


def _toml(value: Any, hint: tuple[Any, ...]) -> str:
    if value is None:
        return '"none"' if As.LIMIT in hint else '"never"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return f'"{_duration(int(value.total_seconds()))}"'
    if isinstance(value, int):
        if As.PRIORITY in hint:
            return f'"P{value}"'
        return f'"{value // 1024**2}MiB"' if {As.SIZE, As.ROOM} & set(hint) and value % 1024**2 == 0 else str(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(one, ())}' for key, one in value.items())} }}" if value else "{}"
    if isinstance(value, tuple | frozenset):
        return f"[{', '.join(_toml(one, ()) for one in value)}]"
    return f'"{value.value if isinstance(value, Enum) else value}"'


def _duration(seconds: int) -> str:
    """In the largest unit that says it without a rest."""
    unit, size = next((unit, size) for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if seconds % size == 0)
    return f"{seconds // size}{unit}"
