"""The subject of a ticket without what mail programs put before it: one `Re:` and one tag, however long the exchange."""

from collections.abc import Collection
from functools import lru_cache

from mailgate.compose.data import inline
from mailgate.compose.headers import clusters
from mailgate.model.subjects import without_answers
from mailgate.model.token import SUBJECT_TOKEN

LONGEST = 250


@lru_cache(512)
def bare(subject: str, prefixes: Collection[str]) -> str:
    """The words of a subject: reply prefixes and our own tags (of these prefixes, in upper case) taken out, cut to 250 characters."""
    text = inline(subject)
    if "[" in text:
        text = inline(SUBJECT_TOKEN.sub(lambda match: "" if match[1].upper() in prefixes else match[0], text))
    text = without_answers(text)
    return text if len(text) <= LONGEST else _cut(text).rstrip() + "…"


def _cut(text: str) -> str:
    """As much as there is room for, and no part of what people see as one character."""
    kept = ""
    for cluster in clusters(text[: 2 * LONGEST]):
        if len(kept) + len(cluster) >= LONGEST:
            break
        kept += cluster
    return kept or text[: LONGEST - 1]
