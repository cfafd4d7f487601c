"""How mail programs make conversations of mails: Jamie Zawinski's algorithm, as Thunderbird follows it, by References and In-Reply-To.

An independent reader: it knows nothing of mailgate, and its subject step is left out, as with `mail.strict_threading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message

_ID = re.compile(r"<[^<>\s]+>")


class Container:
    def __init__(self, id_: str) -> None:
        self.id, self.mail, self.parent = id_, None, None

    mail: Message | None
    parent: Container | None

    def is_below(self, other: Container) -> bool:
        node: Container | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False


def threads(mails: Iterable[Message]) -> list[set[str]]:
    """The Message-IDs of each conversation. Containers without a mail hold a conversation together, and are not counted."""
    table: dict[str, Container] = {}

    def at(id_: str) -> Container:
        return table.setdefault(id_, Container(id_))

    for mail in mails:
        own = at(str(mail["Message-ID"]).strip())
        own.mail = mail
        cited = _ID.findall(str(mail["References"] or "")) or _ID.findall(str(mail["In-Reply-To"] or ""))[:1]
        above: Container | None = None
        for id_ in cited:
            node = at(id_)
            if above is not None and node.parent is None and node is not above and not above.is_below(node):
                node.parent = above
            above = node
        if above is not None and not above.is_below(own):
            own.parent = above
    roots: dict[str, set[str]] = {}
    for node in table.values():
        if node.mail is not None:
            top = node
            while top.parent is not None:
                top = top.parent
            roots.setdefault(top.id, set()).add(node.id)
    return list(roots.values())
