"""The doors: mail comes in, and yes is said only when it is safely stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mailgate.model.mail import Arrival

#: Tells the time: an aware UTC instant in whole seconds.
Clock = Callable[[], datetime]


class AcceptsMail(Protocol):
    """What a door needs from the house behind it. `app` hands it over; a door knows nothing else."""

    def desk_of(self, recipient: str) -> str | None:
        """The desk that takes mail for this envelope recipient, or None when there is no such mailbox here. Must answer at once."""

    async def accept(self, arrival: Arrival) -> None:
        """Store the mail; return only when it is committed.

        Raises `NoSpace` when there is no room for it. Anything else that is raised counts as a passing trouble of ours.
        """
