"""The account of a reading: what was looked at on the way, and why it was decided so. Only `mailgate explain` asks for one."""

from __future__ import annotations

from dataclasses import dataclass

from mailgate.model.mail import Kind, Reading
from mailgate.model.reason import Because


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a table, and its answer."""

    rule: str  #: its name in the table
    evidence: Because | None  #: what was seen when the answer is yes, else None
    kind: Kind | None = None  #: what a yes makes of the mail; None: a yes means that no machine answers


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that stand together and were folded for one reason."""

    part: str  #: quote | signature
    rule: str  #: its name
    first: int  #: counted from 1
    last: int
    words: str  #: the first line that holds something


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the mail as the reader saw it."""

    path: str  #: "1.2" counts parts from 1; "" is the whole mail
    type: str
    declared: bool  #: the mail says so itself; False: nobody did, and this was assumed
    charset: str  #: as declared, "" when nothing is
    name: str  #: of the file that it says to be, "" when it is none
    size: int | None  #: decoded octets; None: nobody decoded it
    use: str  #: what it was used for, in words
    defects: tuple[str, ...] = ()  #: what was repaired or left out here
    children: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """How a mail was read."""

    outline: Piece
    defects: tuple[str, ...]  #: those that belong to no part
    kinds: tuple[Asked, ...]  #: every question up to the one that decided
    silence: tuple[Asked, ...]  #: may a machine answer it? () where the kind says so already
    text_because: str  #: which of its forms is read as its text
    lines: int  #: of that text
    folds: tuple[Fold, ...]
    folds_because: str  #: said of the whole, "" when there is nothing to say
    language_because: str


@dataclass(frozen=True, slots=True)
class Accounted:
    """A reading, which is the same as without its account, and the account."""

    reading: Reading
    account: Account
