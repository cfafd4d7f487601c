"""docs/settings.md, made from what is declared: each file, each table, each setting with what it takes, its default and what it means."""

from __future__ import annotations

import re
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mailgate.model.setting import As, Between, settings_of
from mailgate.settings.forms import hints_of, tables_in
from mailgate.settings.sample import shown_default
from mailgate.settings.tables import FILES
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "settings.md"

HEAD = """# Settings

Every setting that there is, with what it takes and what holds where nothing is said. `mailgate init` writes the same into two files,
ready to be edited. This page is made from the declarations in `mailgate/`
(`MAILGATE_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/house/test_settings.py`); nobody edits it by hand.

A *duration* is written 90s, 15m, 4h, 1h30m or 2d; a *size* in octets or as 50MiB. A file is looked for from the folder of the
configuration. In the name of a table, *name* is one of your own.
"""

WORDS = {
    As.SIZE: "size", As.ROOM: "size", As.DURATION: "duration", As.SPAN: "duration, more than 0", As.DAY: "date", As.ADDRESS: "address",
    As.AGENT_ADDRESS: "address", As.DOMAIN: "domain", As.SERVER: "name of a server", As.SELECTOR: "selector",
    As.NETWORK: "address or network", As.NAME: "name",
    As.PREFIX: "up to 10 letters and digits", As.PRIORITY: '"P1" to "P5"', As.LIMIT: 'number or "none"', As.DAYS: 'number or "never"',
    As.START: '"now", "unseen" or a date', As.AFTER: '"flag", "leave" or "move:FOLDER"', As.FILE: "file",
    As.LISTEN: "address and port", As.WEB_PLACE: "URL",
    As.COLOUR: "#rrggbb", As.SHORT: "up to 3 letters",
}  # fmt: skip


def takes(hint: Any) -> str:
    """In words, what a setting of this type is set to."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        if isinstance(inner[1], Between):
            return f"number, {inner[1].least} to {inner[1].most}" if inner[1].most is not None else f"number from {inner[1].least}"
        return WORDS[inner[1]]
    if origin in (Union, UnionType):
        return takes(inner[0])
    if origin is Literal:
        return " or ".join(filter(None, (", ".join(f'"{one}"' for one in inner[:-1]), f'"{inner[-1]}"')))
    if origin in (tuple, frozenset):
        return f"list of: {takes(inner[0])}"
    if origin is not None:
        return f"table, each: {takes(inner[1])}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return takes(Literal[tuple(one.value for one in hint)])
    return {bool: "true or false", int: "number", str: "text"}[hint]


def page() -> str:
    shown = [HEAD]
    for name, file in FILES.items():
        shown.append(f"## {name}\n\n{file.__doc__}\n")
        for place, kind in tables_in(file):
            rows = [] if get_args(kind) else [row(kind, key) for key, (_, said) in settings_of(kind).items() if said.meaning]
            if rows:
                shown += [heading(kind, place), "| key | takes | default | meaning |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"]
    return "\n".join(shown)


def heading(kind: Any, place: tuple[str, ...]) -> str:
    if not place:
        return "### Above all tables\n"
    dotted = re.sub(r"\.\*", ".*name*", ".".join(place))
    if place[-1] == "*" and place[0] in ("doors", "mailboxes"):
        return f"### `[[{place[0]}]]`\n\n{kind.__doc__}\n"
    said = "" if place == ("tickets",) else f"\n{kind.__doc__}\n"
    return f"### [{dotted}]\n{said}"


def row(kind: Any, key: str) -> str:
    one, said = settings_of(kind)[key]
    default = "*has to be said*" if said.required else f"`{shown_default(kind, key)}`".replace("``", "")
    cells = (f"`{key}`", takes(said.of or hints_of(kind)[one.name]), default, said.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
