"""The record of this installation: every mail, ticket and letter, and the only way to them. Each method is one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from mailgate.model.decision import TraceLine
from mailgate.model.delivery import Fate, OutboxState, Suppression, SuppressionKind
from mailgate.model.events import HistoryRow
from mailgate.model.installation import DatabaseSettings
from mailgate.model.letter import OutboxRow
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.ticket import Status, Ticket, TicketFile
from mailgate.model.understood import LetterFacts
from mailgate.record import backup, file_opening, holds, house, inbox, node, opening, outbox, people, reports, tickets
from mailgate.record.database import Database
from mailgate.record.flows import Flows
from mailgate.record.ids import IdKind, Numbers
from mailgate.record.mailboxes import Mailboxes
from mailgate.record.recording import Overrun, Recording
from mailgate.record.rows import (
    OCTETS,
    Attempted,
    AutomaticCounts,
    Broken,
    Busy,
    Claim,
    ClaimedLetter,
    Conflict,
    Health,
    InboxRow,
    Keep,
    Kept,
    Outcome,
    Settlement,
    recorded,
)
from mailgate.record.standing import Standing
from mailgate.record.trust import ServeLock, Untrusted

__all__ = [
    "Broken",
    "Busy",
    "Claim",
    "Conflict",
    "Keep",
    "Kept",
    "Outcome",
    "Settlement",
    "Store",
    "Untrusted",
    "create_store",
    "is_served",
    "open_store",
    "recorded",
]

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Makes a new database: see `opening.create`.
create_store = opening.create
#: Whether a `serve` works on it now, as far as this machine can tell.
is_served = opening.is_served


def open_store(settings: DatabaseSettings, now: datetime, *, for_serve: bool = False, check: bool | None = None) -> Store:
    """The record, if it can be trusted; `for_serve` may bring its schema up to date.

    It then holds the lock of a file's one `serve` until `close`. A file is walked through as a whole (1.5 s for a gigabyte) unless a
    serve works on it, which did that; `check` False leaves it out in any case: for `deliver`, which opens the record for each mail.
    Raises Untrusted, Busy.
    """
    database, lock = opening.open_database(settings, now, for_serve, check)
    return Store(database, lock)


class Store:
    """Threads may share it. Every method raises NoSpace, Busy or Broken when the database cannot do it now; then nothing is written."""

    def __init__(self, database: Database, lock: ServeLock | None = None) -> None:
        self._db = database
        self._lock = lock
        self._numbers = Numbers(database)
        self.standing = Standing(database)  #: keys that it knows, and what runs on it
        self.flows = Flows(database)  #: what tells floods and loops from people
        self.mailboxes = Mailboxes(database)  #: how far the folders of IMAP mailboxes were read

    @property
    def place(self) -> str:
        """Where the record is, in words that hold no password."""
        return self._db.room.place

    @property
    def is_shared(self) -> bool:
        """Whether other nodes may work on it."""
        return self._db.room.is_shared

    def when_broken(self, tell: Callable[[], None]) -> None:
        """`tell` is called once when the disk fails, whoever met it, in that thread: nothing can be kept from then on."""
        self._db.on_broken = tell

    def look_after(self) -> None:
        """To be called now and then: finds a disk that fails behind the commits. Raises NoSpace, Busy, Broken."""
        self._db.look_after()

    @property
    def fault(self) -> str:
        """Why nothing can be kept any more, "" while all is well."""
        return self._db.fault

    @property
    def commits(self) -> int:
        """How many write transactions were committed."""
        return self._db.commits

    def close(self) -> None:
        """Brings the log into the file. After this the database is one file.

        Not where the disk has failed: then the connections stay open, for closing the last one would bring the log into the file, through
        a memory that may differ from the disk, and take it away. The next start recovers from it; the process has to end at once.
        """
        if self._db.broken:
            return
        try:
            if self._lock is not None:
                file_opening.make_peace(self._db)
        except Exception:
            # The next start recovers from the log; closing goes on.
            log.warning("the database was not closed in peace: its log stays", exc_info=True)
        finally:
            self._db.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def take_ids(self, kind: IdKind, n: int) -> list[int]:
        """`n` rising numbers that nobody else gets. What is not used is a gap."""
        return self._numbers.take(kind, n)

    # --- mail coming in --------------------------------------------------------------------------------------------

    def keep(self, items: Sequence[Keep]) -> list[Kept]:
        """Stores arrivals in one transaction; when this returns they are safe. What we have already changes nothing."""
        if not items:
            return []
        ready = inbox.Keeping(items, self.take_ids("inbox", len(items)), self._db.dialect)
        return self._db.write(ready.keep)

    def claim_inbox(self, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[Claim]:
        """Mails to read, oldest first: waiting ones, and those whose reader's lease ran out."""
        token = node.new_lease()
        ids = self._db.write(
            lambda connection: inbox.claim(connection, token, limit, now, lease, octets),
            did=lambda connection: inbox.held(connection, token),
        )
        if not ids:
            return []
        found, damaged = self._db.read(lambda connection: inbox.claimed(connection, ids, token))
        for id in damaged:
            log.critical("mail %d is set aside: %s", id, inbox.DAMAGED)
            self.set_aside(id, token, inbox.DAMAGED, (), now)
        return found

    def release(self, claims: Sequence[Claim], *, tried: bool = False) -> None:
        """Gives mails back unread; the attempt counts only where it was `tried`."""
        if claims:
            self._db.write(lambda connection: inbox.release(connection, claims, tried=tried))

    def forget_leases(self) -> int:
        """Mails that a serve had in work when it died wait again. How many there were.

        In a file that is whatever is claimed, and only the holder of the serve lock may say so. In a database that nodes share, it is
        what dead programs of this machine had claimed; for a dead machine the end of its leases decides.
        """
        if self._db.room.is_shared:
            self.mailboxes.forget_gone()
            return self._db.write(inbox.forget_gone)
        if self._lock is None:
            return 0
        self.mailboxes.forget_leases()
        return self._db.write(inbox.forget_leases)

    def set_aside(self, id: int, lease: str, reason: str, trace: Iterable[TraceLine], now: datetime) -> bool:
        """For people to look at. False when the lease was lost."""
        text = inbox.trace_text(trace)
        return self._db.write(lambda connection: inbox.set_aside(connection, id, lease, reason, text, now))

    def retry_inbox(self, id: int) -> bool:
        """A mail that was set aside is read again. False when it is not set aside."""
        return self._db.write(lambda connection: inbox.retry(connection, id))

    def put_away(self, id: int, now: datetime) -> bool:
        """A mail that was set aside needs nobody any more. False when it is not set aside."""
        return self._db.write(lambda connection: inbox.put_away(connection, id, now))

    def raw(self, id: int) -> bytes:
        """The bytes of a mail as they came. KeyError when there is no such inbox row."""
        return self._db.read(lambda connection: inbox.raw(connection, id))

    def inbox_rows(self, state: str | None = None, limit: int = 50, offset: int = 0) -> list[InboxRow]:
        """Newest first."""
        return self._db.read(lambda connection: inbox.rows(connection, state, limit, offset))

    def inbox_row(self, id: int) -> InboxRow | None:
        return self._db.read(lambda connection: inbox.row(connection, id))

    # --- looking up for a decision ---------------------------------------------------------------------------------

    def same_message_ids(self, desk: str, ids: Iterable[str], but: Iterable[int] = ()) -> dict[str, int]:
        """Message-IDs that mails of this desk read before have, and the first such inbox row; `but` leaves out the mails in question."""
        return self._db.read(lambda connection: inbox.same_message_ids(connection, desk, list(ids), but))

    def tickets_by_message_ids(self, desk: str, ids: Iterable[str]) -> dict[str, int]:
        return self._db.read(lambda connection: inbox.tickets_by_message_ids(connection, desk, list(ids)))

    def letters(self, ids: Iterable[str]) -> dict[str, LetterFacts]:
        return self._db.read(lambda connection: outbox.facts(connection, list(ids)))

    def letter_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """What these letters of ours say, as plain text."""
        return self._db.read(lambda connection: outbox.texts(connection, list(ids)))

    def aliases(self, message_ids: Iterable[str]) -> dict[str, str]:
        """Letters behind Message-IDs that a relay gave them."""
        return self._db.read(lambda connection: outbox.aliases(connection, list(message_ids)))

    def acknowledged(self, numbers: Iterable[int]) -> set[int]:
        return self._db.read(lambda connection: outbox.acknowledged(connection, list(numbers)))

    def people_at(self, addresses: Iterable[str]) -> dict[str, Person]:
        """People by address; the keys are in lower case."""
        return self._db.read(lambda connection: people.at(connection, list(addresses)))

    def people(self, ids: Iterable[int]) -> dict[int, Person]:
        return self._db.read(lambda connection: people.by_id(connection, list(ids)))

    def files(self, numbers: Iterable[int], notices_for: Iterable[int] = ()) -> dict[int, TicketFile]:
        """Tickets with their people and their newest 50 entries; those in `notices_for` with all entries and the texts of all notices.

        A merged ticket comes as it is.
        """
        return self._db.read(lambda connection: tickets.files(connection, list(numbers), list(notices_for)))

    def bad_tokens(self, authors: Iterable[str], since: datetime) -> dict[str, int]:
        return self._db.read(lambda connection: outbox.bad_token_counts(connection, list(authors), since))

    def known_once(self, keys: Iterable[str]) -> set[str]:
        """Which of these keys of `decide.once` are taken."""
        return self._db.read(lambda connection: outbox.known_once(connection, list(keys)))

    def asked(self, people: Iterable[int], now: datetime) -> dict[int, tuple[int, int]]:
        """How often each was asked whether a mail is his, in the last hour and in the last day."""
        return self._db.read(lambda connection: outbox.asked(connection, list(people), now))

    def automatic_counts(self, addresses: Iterable[str], now: datetime, *, by_minute: bool = True) -> AutomaticCounts:
        """`by_minute` False where the policy limits no letters a minute: then they are not counted."""
        return self._db.read(lambda connection: outbox.automatic_counts(connection, list(addresses), now, by_minute=by_minute))

    def suppressed(self, addresses: Iterable[str], now: datetime) -> dict[str, str]:
        """Addresses (lower case) that are not written to now, with the reason."""
        return self._db.read(lambda connection: people.suppressed(connection, list(addresses), now))

    def suppress(self, address: str, reason: str, now: datetime, until: datetime) -> None:
        one = Suppression(address.lower(), SuppressionKind.BOUNCE, reason, now, until)
        self._db.write(lambda connection: people.suppress(connection, one))

    def lift_suppression(self, address: str) -> bool:
        return self._db.write(lambda connection: people.lift(connection, address))

    def suppressions(self, now: datetime, limit: int = 50, offset: int = 0) -> list[Suppression]:
        """Those that hold now, the one that ends first first."""
        return self._db.read(lambda connection: people.all_suppressed(connection, now, limit, offset))

    def suppression(self, address: str) -> Suppression | None:
        """What is on file for an address, also when it has ended."""
        return self._db.read(lambda connection: people.suppression(connection, address))

    def people_list(self, limit: int = 50, offset: int = 0) -> list[Person]:
        """Everybody on file, newest first."""
        return self._db.read(lambda connection: people.listed(connection, limit, offset))

    def since_answers(self, addresses: Iterable[str], since: datetime) -> dict[str, tuple[datetime | None, frozenset[str]]]:
        """For each address: its last answer, and the letters to it that were reported dead after that."""
        return self._db.read(lambda connection: reports.since_answers(connection, list(addresses), since))

    def reached_otherwise(self, ids: Iterable[str]) -> set[str]:
        """Of these letters those whose words the same requester also got at another address."""
        return self._db.read(lambda connection: reports.reached_otherwise(connection, list(ids)))

    # --- recording -------------------------------------------------------------------------------------------------

    def record(self, outcomes: Sequence[Outcome], now: datetime, overrun: Overrun | None = None) -> None:
        """All of these decisions, or none. Raises Conflict when somebody else was first: decide again.

        `overrun`: looks once more, with the letters in the record, whether they are within their budgets.
        """
        if not outcomes:
            return
        ready = Recording(outcomes, now, self._db.room, overrun)
        try:
            self._db.write(ready.write, did=ready.is_written)
        except IntegrityError as error:
            if self._db.room.meaning(error) == "unique":
                raise Conflict("unique", (self._db.room.words(error),)) from error
            raise

    # --- clocks ----------------------------------------------------------------------------------------------------

    def due_tickets(self, now: datetime, limit: int) -> list[TicketFile]:
        """Tickets whose clock or timer wants attention, the longest due first."""

        def work(connection: Connection) -> list[TicketFile]:
            numbers = tickets.due(connection, now, limit)
            found = tickets.files(connection, numbers)
            return [found[number] for number in numbers]

        return self._db.read(work)

    # --- outbox ----------------------------------------------------------------------------------------------------

    def claim_letters(self, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[ClaimedLetter]:
        """Letters that are due, persons' words before machines'. Those that would come too late are cancelled.

        A restored record gives none until it is released.
        """
        if self.is_restored():
            return []
        token = node.new_lease()
        ids = self._db.write(
            lambda connection: outbox.claim(connection, token, limit, now, lease, octets),
            did=lambda connection: outbox.under_way(connection, token),
        )
        return self._db.read(lambda connection: outbox.claimed(connection, ids, token)) if ids else []

    def release_letters(self, claims: Iterable[ClaimedLetter], now: datetime) -> None:
        """Gives back letters that were not tried."""
        self._db.write(lambda connection: outbox.release_lease(connection, claims, now))

    def hasten_letters(self, now: datetime) -> int:
        """The clock was set back: letters that were due at once by the old time are due now. How many."""
        return self._db.write(lambda connection: outbox.hasten(connection, now))

    def settle_letter(self, id: str, lease: str, attempted: Attempted, reply: str, now: datetime) -> bool:
        """Records an attempt; `attempted` is a `decide.retry.Settled`. False when the lease was lost."""
        return self._db.write(lambda connection: outbox.settle(connection, Settlement(id, lease, attempted, reply), now))

    def letter_alias(self, message_id: str, letter: str) -> None:
        self._db.write(lambda connection: outbox.add_alias(connection, message_id, letter))

    def outbox_rows(self, state: OutboxState | None = None, limit: int = 50, offset: int = 0, fate: Fate | None = None) -> list[OutboxRow]:
        """Newest first. None: all that are neither sent nor cancelled. `fate`: those of which this was reported, whatever their state."""
        return self._db.read(lambda connection: outbox.rows(connection, state, limit, offset, fate))

    def outbox_row(self, id: str) -> OutboxRow | None:
        return self._db.read(lambda connection: outbox.row(connection, id))

    def letters_of(self, number: int) -> list[OutboxRow]:
        """Letters of a ticket, oldest first."""
        return self._db.read(lambda connection: outbox.of_ticket(connection, number))

    def letters_to(self, address: str, limit: int = 20) -> list[OutboxRow]:
        """The newest letters to an address, with what was reported about them, newest first."""
        return self._db.read(lambda connection: outbox.to_address(connection, address.lower(), limit))

    def retry_letter(self, id: str, now: datetime) -> bool:
        """Due at once. False for letters that were sent, are under way, or do not exist."""
        return self._db.write(lambda connection: outbox.retry(connection, id, now))

    def hold_letters(self, ids: Sequence[str] | None = None) -> int:
        """How many are held now. None: all."""
        return self._db.write(lambda connection: outbox.hold(connection, ids))

    def release_held(self, now: datetime, ids: Sequence[str] | None = None) -> int:
        return self._db.write(lambda connection: outbox.release(connection, ids, now))

    def cancel_letters(self, now: datetime, because: str, ids: Sequence[str] | None = None) -> int:
        return self._db.write(lambda connection: outbox.cancel(connection, ids, now, because))

    # --- the operator ----------------------------------------------------------------------------------------------

    def ticket_list(self, statuses: Sequence[Status] = (), limit: int = 50, offset: int = 0) -> list[Ticket]:
        """Newest first; no statuses means all."""
        return self._db.read(lambda connection: tickets.listed(connection, statuses, limit, offset))

    def history(self, number: int) -> list[HistoryRow]:
        return self._db.read(lambda connection: tickets.events_of(connection, number))

    def ratings(self, numbers: Iterable[int]) -> dict[tuple[int, int], int]:
        """(ticket, closure) -> the score that counts."""
        return self._db.read(lambda connection: tickets.ratings_of(connection, list(numbers)))

    def may_alarm(self, kind: str, key: str, now: datetime, every: timedelta) -> bool:
        """Whether this alarm was not raised within `every`. It is raised with its letter (`Outcome.raises`)."""
        return self._db.read(lambda connection: house.may_alarm(connection, kind, key, now, every))

    def operator_alarm_over(self, kind: str, key: str) -> bool:
        """The trouble is over. False when no alarm was raised for it."""
        return self._db.write(lambda connection: house.forget_alarm(connection, kind, key))

    def server_time(self) -> datetime | None:
        """What time the database has; None for a file. Leases of several nodes mean something only where all clocks say about the same."""
        return self._db.read(self._db.room.time)

    def counts(self, now: datetime) -> Health:
        size = self._db.size()
        return self._db.read(lambda connection: house.health(connection, now, size))

    def keep_policy(self, digest: str, text: str, now: datetime) -> None:
        self._db.write(lambda connection: house.keep_policy(connection, digest, text, now))

    def policy_text(self, digest: str) -> str | None:
        return self._db.read(lambda connection: house.policy_text(connection, digest))

    def sync_agents(self, policy: Policy) -> dict[str, Person]:
        """A person for each agent of the policy, by their id there."""
        return self.adopt_agents(policy)[0]

    def adopt_agents(self, policy: Policy) -> tuple[dict[str, Person], frozenset[str]]:
        """The same, and which of them are new: of nodes that adopt the same policy at the same time, one is told so."""
        ids = self.take_ids("person", len(policy.agents))

        def work(connection: Connection) -> tuple[dict[str, Person], frozenset[str]]:
            self._db.room.alone(connection)
            return people.sync_agents(connection, policy, iter(ids).__next__)

        return self._db.write(work)

    def backup(self, target: Path, now: datetime) -> None:
        """A copy of one moment in a new private file: see `backup.backup`."""
        backup.backup(self._db, target, now)

    def is_restored(self) -> bool:
        """Whether this is a restored copy whose letters nobody released yet."""
        return self._db.read(lambda connection: bool(house.get(connection, "restored")))

    def mark_restored(self, now: datetime) -> None:
        """An operator put back an older state of the database: its letters wait, and no number is given a second time."""
        self._db.write(lambda connection: house.mark_restored(connection, now))
        self._numbers = Numbers(self._db)

    def release_restored(self) -> None:
        self._db.write(lambda connection: house.put(connection, "restored", ""))

    # --- what only one node may do at a time -----------------------------------------------------------------------

    def hold(self, name: str, now: datetime, length: timedelta, holder: str | None = None) -> bool:
        """Whether this is ours to do until `now + length`: free, run out, or ours already, which makes it last longer.

        `holder`: who we are; by default this program.
        """
        who = holder or node.name()
        return self._db.write(lambda connection: holds.hold(connection, name, who, now, length))

    def let_go(self, name: str, holder: str | None = None) -> bool:
        """Somebody else may do it now. False when it was not ours any more."""
        who = holder or node.name()
        return self._db.write(lambda connection: holds.let_go(connection, name, who))
