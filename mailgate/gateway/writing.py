"""Letters get their ids here, but for those that a decision has named, and are sealed beside the workers where there are few."""

import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mailgate.compose.writing import LetterWriter
from mailgate.model import token
from mailgate.model.letter import Letter, LetterWanted
from mailgate.model.person import Person
from mailgate.model.ticket import TicketFile

_drawn: deque[str] = deque()  #: safe from any thread


def new_letter_id() -> str:
    """40 random bits. Drawn a thousand at a time: while the system draws, another thread takes the interpreter."""
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            bits = secrets.token_bytes(5 * 1024)
            _drawn.extend(token.encode(bits[start : start + 5]) for start in range(0, len(bits), 5))


def named(wanted: LetterWanted) -> LetterWanted:
    return wanted if wanted.id else replace(wanted, id=new_letter_id())


def sealed(
    writer: LetterWriter, wanted: Iterable[LetterWanted], file: TicketFile | None, agents: Mapping[str, Person], now: datetime
) -> tuple[Letter, ...]:
    """Letters about one ticket, or about none."""
    return tuple(writer.seal(named(one), file if one.ticket is not None else None, agents, now) for one in wanted)
