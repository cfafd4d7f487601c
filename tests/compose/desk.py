"""A writing desk for tests: templates and policy as they are shipped, and letters that say only what a test is about."""

from __future__ import annotations

import email
from collections.abc import Mapping
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from mailgate.compose import samples
from mailgate.compose.letters import ComposeContext, compose
from mailgate.compose.templates import Templates, load
from mailgate.model.letter import Audience, Letter, LetterWanted
from mailgate.model.letters import LETTERS
from mailgate.model.policy import Desk, Policy
from mailgate.settings import brought_templates, sample_policy


@cache
def templates() -> Templates:
    return load(*brought_templates(None))


@cache
def policy() -> Policy:
    return sample_policy()


def desk(**changes: Any) -> Desk:
    return replace(policy().desks["it"], **changes)


def a_wanted(
    event: str, audience: str, language: str | None = "en", facts: Mapping[str, Any] = MappingProxyType({}), **changes: Any
) -> LetterWanted:
    """The sample letter with these facts in place of its own."""
    wanted = samples.wanted(LETTERS[event, audience], Audience(audience), desk(), language)
    return replace(wanted, **{"kind": replace(wanted.kind, **facts), **changes})


def a_context(
    event: str, the_desk: Desk | None = None, title: str | None = None, language: str | None = None, **changes: Any
) -> ComposeContext:
    the_desk = the_desk or desk()
    rules = replace(policy(), desks={the_desk.id: the_desk})
    context = samples.a_context(templates(), rules, the_desk, next(kind for kind in LETTERS.values() if kind.event == event))
    if context.file is not None:
        ticket = replace(context.file.ticket, language=language, **({"title": title} if title is not None else {}))
        context = replace(context, file=replace(context.file, ticket=ticket))
    return replace(context, **changes)


def a_letter(
    event: str,
    audience: str,
    language: str | None = "en",
    *,
    title: str | None = None,
    the_desk: Desk | None = None,
    context: Any = None,
    **changes: Any,
) -> Letter:
    return compose(a_wanted(event, audience, language, **changes), context or a_context(event, the_desk, title))


def an_agents(entry: Any = None, **changes: Any) -> Any:
    """The sample answer of an agent, changed."""
    return replace(samples.an_entry("answered"), **changes)


def whole(letter: Letter) -> bytes:
    """Header and body; attachments stay outside."""
    return letter.header + b"\r\n\r\n" + letter.body


def message(letter: Letter) -> Message:
    return email.message_from_bytes(whole(letter))


@lru_cache(maxsize=4)
def _read(data: bytes) -> Message:
    """Whoever asks for one thing of a letter asks for the next, and changes nothing."""
    return email.message_from_bytes(data)


def header(letter: Letter, name: str) -> str:
    value = _read(whole(letter))[name]
    return "" if value is None else str(make_header(decode_header(value.replace("\r\n", ""))))


def _part(letter: Letter, kind: str) -> str:
    for part in _read(whole(letter)).walk():
        if part.get_content_type() == kind:
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode("utf-8").replace("\r\n", "\n")
    return ""


def text(letter: Letter) -> str:
    return _part(letter, "text/plain")


def flowing(letter: Letter) -> str:
    """Its text without the ends of its lines, and facts without the room between label and value."""
    return " ".join(text(letter).split())


def html(letter: Letter) -> str:
    return _part(letter, "text/html")
