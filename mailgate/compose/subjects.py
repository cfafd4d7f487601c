"""The subject of a ticket without what mail programs put before it: one `Re:` and one tag, however long the exchange."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from mailgate.compose.data import inline
from mailgate.model.token import SUBJECT_TOKEN

#: "Re:" as mail programs of many countries say it, also counted: `Re[2]:`, `AW (3):`, `回复：`.
_REPLY = re.compile(
    r"(?:re|aw|antw|antwort|sv|vs|odp|r[eéi]f|res|ynt|bls|atb|回复|回覆|答复|答覆|返信|답장|отв|ответ|απ)\s{0,3}(?:[\[(]\d{1,4}[\])])?\s{0,3}[:：]\s*",
    re.IGNORECASE,
)
LONGEST = 250


@lru_cache(512)
def bare(subject: str, prefixes: Collection[str]) -> str:
    """The words of a subject: reply prefixes and our own tags (of these prefixes, in upper case) taken out, cut to 250 characters."""
    text = inline(subject)
    if "[" in text:
        text = inline(SUBJECT_TOKEN.sub(lambda match: "" if match[1].upper() in prefixes else match[0], text))
    start = 0
    while match := _REPLY.match(text, start):
        start = match.end()
    text = text[start:]
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
