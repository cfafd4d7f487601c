"""What comes back instead of an answer when a mail cost its reader more than it may, and the port through which mails are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Limit(StrEnum):
    """Which limit a mail exceeded. The words are public: they stand in the reason of a set-aside mail."""

    CPU = "cpu"
    MEMORY = "memory"
    WALL = "wall"
    ANSWER = "answer"  #: the result is too large to hand back
    DIED = "died"  #: the worker went down under it: a crash in a library, the kernel's OOM killer, a kill from outside


@dataclass(frozen=True, slots=True)
class Overrun:
    """The function did not survive this item, twice. `reason` is a sentence without any content of the item."""

    reason: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised on this item. `message` may quote the mail: show it to the operator, keep it out of logs."""

    type: str
    message: str  #: one line, at most 300 characters
    place: str  #: file, line and function of the innermost frame


class GuardError(Exception):
    """No worker could do the work (setup fails, or the guard was stopped): nothing is known about the items, try again later."""


class Workers(Protocol):
    """Runs a pure function on many items under a budget: `mailgate.guard.Guard`, or something simpler in a test."""

    def run(self, function: Callable[[T], R], items: Sequence[T]) -> list[R | Overrun | Raised]:
        """What `function` makes of each item, in their order. Raises GuardError when nothing is known about the items."""
