"""Nouns of floods and loops: who is blocked, how somebody answers us, what waits to be told together, who was not answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.model.reason import Because


@dataclass(frozen=True, slots=True)
class Block:
    """Mail that an operator wants set aside."""

    pattern: str  #: a folded address, or a domain with everything below it
    since: datetime
    until: datetime | None  #: None: for good
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A mail that came soon after a letter of ours to its author."""

    author: str  #: folded
    ticket: int | None  #: below nought: an agent's words on that ticket that did not leave
    at: datetime
    lag_s: int  #: seconds after that letter
    length: int  #: characters that were new in it
    sketch: str  #: of its words: alike where they are alike, and nobody can read them from it


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that is not written: it waits to be told together with others."""

    person: int  #: who is to hear of it
    cause: str  #: whose mail it was, folded
    ticket: int | None
    desk: str
    event: str
    entry: int | None
    mail: int | None
    at: datetime
    id: int = 0  #: once it is recorded


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A letter that was not written because a budget was used up."""

    key: str  #: folded address
    ticket: int
    desk: str
    event: str
    reason: Because
    at: datetime


@dataclass(frozen=True, slots=True)
class AutomaticCounts:
    """How many automatic letters to outsiders were made, or are waiting for their turn. Keys are folded addresses."""

    per_address_hour: Mapping[str, int] = field(default_factory=dict)
    per_address_day: Mapping[str, int] = field(default_factory=dict)
    unknown_minute: int = 0  #: to unknown or unproven addresses; whose turn was in the last minute or is still to come
    known_minute: int = 0
