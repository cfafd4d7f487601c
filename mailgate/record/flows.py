"""What the rounds and the operator ask of `floods`: each method is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from mailgate.model.flood import Block, Turn, Unanswered, Waiting
from mailgate.record import floods, outbox
from mailgate.record.database import Database


class Flows:
    """Threads may share it, like the store that it is a part of."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def block(self, one: Block) -> None:
        """Mail of this address or domain is set aside from now on."""
        self._db.write(lambda connection: floods.block(connection, one))

    def unblock(self, pattern: str) -> bool:
        return self._db.write(lambda connection: floods.unblock(connection, pattern))

    def blocked(self, addresses: Iterable[str], now: datetime) -> dict[str, Block]:
        """By pattern: what holds now for any of these addresses."""
        return self._db.read(lambda connection: floods.blocked(connection, list(addresses), now))

    def blocks(self, now: datetime, limit: int = 50) -> list[Block]:
        """Those that hold now, the newest first."""
        return self._db.read(lambda connection: floods.all_blocked(connection, now, limit))

    def turns_of(self, authors: Iterable[str], since: datetime) -> dict[str, tuple[Turn, ...]]:
        """The newest turns of each of these authors (folded), newest first."""
        return self._db.read(lambda connection: floods.turns_of(connection, list(authors), since))

    def last_letters(self, keys: Iterable[str], since: datetime) -> Mapping[str, datetime]:
        """When the last automatic letter to each of these folded addresses was due to leave."""
        return self._db.read(lambda connection: floods.last_letters(connection, list(keys), since))

    def told_because_of(self, causes: Iterable[str], since: datetime) -> dict[tuple[str, int, str], int]:
        """By (sender, reader inside, event): automatic letters since then."""
        return self._db.read(lambda connection: floods.told_because_of(connection, list(causes), since))

    def untold(self, keys: Iterable[str], since: datetime) -> dict[str, tuple[Unanswered, ...]]:
        """Letters that budgets left out, of which these folded addresses know nothing yet."""
        return self._db.read(lambda connection: floods.untold(connection, list(keys), since))

    def due_together(self, before: datetime, limit: int) -> list[tuple[int, str, datetime]]:
        """(reader, sender, since when) for whom notices have waited since before then."""
        return self._db.read(lambda connection: floods.due_together(connection, before, limit))

    def notices_waiting(self, person: int, cause: str) -> list[Waiting]:
        return self._db.read(lambda connection: floods.waiting(connection, person, cause))

    def forget_turns(self, now: datetime) -> int:
        return self._db.write(lambda connection: floods.forget_turns(connection, now))

    def held_of(self, ticket: int) -> list[str]:
        """The letters of a ticket that wait for a person."""
        return self._db.read(lambda connection: outbox.held_of(connection, ticket))
