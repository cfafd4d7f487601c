"""The doors: mail comes in, and yes is said only when it is safely stored.

A door refuses an unknown recipient while the sender's own server can still tell its user. Limits on connections, bytes, commands and
time belong to the door, so that one peer cannot take it from all others: each address has a share, and of a door that is nearly full the
slowest goes first (docs/decisions/0035). Without descriptors or memory a door pauses, says so once, and comes back by itself. Mails that
wait at one moment share a commit, and while many come the reading gives way to the doors (0016). A folder of a mailbox is read behind a
cursor, by one node (0007). What a server says has an end, and is cleaned of our own secrets where it comes in (0036)."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mailgate.model.mail import Arrival

#: Tells the time: an aware UTC instant in whole seconds.
Clock = Callable[[], datetime]


class AcceptsMail(Protocol):
    """What a door needs from what is behind it. `app` hands it over; a door knows nothing else."""

    def desk_of(self, recipient: str) -> str | None:
        """The desk that takes mail for this envelope recipient, or None when there is no such mailbox here. Must answer at once."""

    async def accept(self, arrival: Arrival) -> None:
        """Store the mail; return only when it is committed.
        Raises `NoSpace` when there is no room for it. Anything else that is raised counts as a passing trouble of ours."""
