"""What the record knows of the programs that work on it: with which keys its letters are signed, and what each `serve` goes by."""

from __future__ import annotations

from collections.abc import Sequence

from mailgate.record import house
from mailgate.record.database import Database
from mailgate.record.trust import Untrusted


class Standing:
    """Each method is one transaction. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def key_trouble(self, prints: Sequence[str]) -> Untrusted | None:
        """What there is to say when none of these keys (`Keyring.prints`) has signed letters of this record."""
        known = self._db.read(lambda connection: house.get(connection, house.KEYS)).split()
        if not known or set(known) & set(prints):
            return None
        return Untrusted(
            f"{self._db.room.place} was made with other keys than those in [keys]",
            "Put the file with the old keys back (a new key stands above an old one, and never in its place). When they are lost for good, "
            "set keys.accept_other = true for one start: then no answer to an older letter proves anybody",
        )

    def adopt_keys(self, prints: Sequence[str], accept_other: bool = False) -> None:
        """From now on the record knows these keys. Raises Untrusted when it knows others only."""
        if not accept_other and (trouble := self.key_trouble(prints)) is not None:
            raise trouble
        self._db.write(lambda connection: house.put(connection, house.KEYS, " ".join(prints)))

    def note_running(self, host: str, words: str) -> None:
        """What the `serve` of this machine goes by, for `status` beside it; "" when it ends."""
        self._db.write(lambda connection: house.put(connection, f"{house.RUNNING}{host}", words))

    def running(self) -> dict[str, str]:
        return self._db.read(house.running)
