"""Looks at each letter where it is sealed, whichever test had it written.

Letters of one kind look alike: of those with as many rows, links and paragraphs as one that was good, another is not read again.
Only letters of the templates that are shipped are read; what a test writes into a template of its own is its own matter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mailgate.compose import letters
from mailgate.compose.letters import Words
from mailgate.compose.templates import Templates
from mailgate.model.letter import LetterWanted
from mailgate.settings import brought_templates
from tests.letters.rules import faults_of
from tests.letters.seen import SeenLetter

P = ParamSpec("P")
R = TypeVar("R")

FAULTY: list[str] = []  #: since the last test began
_LOOKED_AT: set[tuple[object, ...]] = set()
_SHIPPED: dict[int, tuple[Templates, bool]] = {}
_now = threading.local()
_words, _check_bytes = letters._words, letters.check_bytes


def _is_shipped(templates: Templates) -> bool:
    known = _SHIPPED.get(id(templates))
    if known is None or known[0] is not templates:
        known = _SHIPPED[id(templates)] = (templates, templates._sources == _sources())
    return known[1]


def _sources() -> dict[str, str]:
    from mailgate.compose.templates import load

    return dict(load(*brought_templates(None), checked=True)._sources)


def _noted(wanted: LetterWanted, context: Any, desk: Any, language: str, *rest: Any) -> Words:
    said = _words(wanted, context, desk, language, *rest)
    _now.letter = (wanted, language, said) if not getattr(_now, "unseen", False) and _is_shipped(context.templates) else None
    return said


def _looked_at(data: bytes, utf8: bool = False) -> list[str]:
    held = getattr(_now, "letter", None)
    _now.letter = None
    if held is not None:
        wanted, language, said = held
        html = said.html or ""
        shape = (wanted.event, wanted.audience, language, html.count("<tr"), html.count("<a "), said.text.count("\n\n"), utf8)
        if shape not in _LOOKED_AT:
            _LOOKED_AT.add(shape)
            seen = SeenLetter(said.subject, said.text, said.html, language, wanted.audience.is_outside, b"" if utf8 else data)
            FAULTY.extend(f"{wanted.event}/{wanted.audience.value} ({language}): {fault}" for fault in faults_of(seen))
    return _check_bytes(data, utf8)


def unseen(write: Callable[P, R]) -> Callable[P, R]:
    """Who writes samples of all letters, in all languages, has none of them read here: `test_every_letter` reads them all."""

    @wraps(write)
    def written(*given: P.args, **more: P.kwargs) -> R:
        _now.unseen = True
        try:
            return write(*given, **more)
        finally:
            _now.unseen = False

    return written


def install() -> None:
    letters._words, letters.check_bytes = _noted, _looked_at
