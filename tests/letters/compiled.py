"""Templates are compiled, and catalogues read, once for all tests of a process: the same words make the same code each time.

Words and names are compared in full: what is changed, or stands under another name, is compiled anew, and what cannot be compiled
raises each time. What `mailgate` itself does at its start is seen by the tests that start it as a program."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mailgate.compose import catalogue
from mailgate.compose.engine import Engine, TemplateCode

#: With the filters, so that no others get their identity.
KNOWN: dict[tuple[object, ...], tuple[Any, TemplateCode]] = {}


def install() -> None:
    catalogue.read = cache(catalogue.read)
    Engine.compiled = _once(Engine.compiled)


def _once(compile: Callable[[Engine, str], TemplateCode]) -> Callable[[Engine, str], TemplateCode]:
    def compiled(self: Engine, name: str) -> TemplateCode:
        key = (name, self._sources.get(name), id(self._filters))
        if key not in KNOWN:
            KNOWN[key] = (self._filters, compile(self, name))
        return KNOWN[key][1]

    return compiled
