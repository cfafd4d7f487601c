"""One folder of a mailbox: which mails are new, taken in batch by batch, and only then flagged or moved.

The order is: committed by the gateway, then flagged or moved, then the cursor goes on. Cut off anywhere, the next look fetches the
same mails again, and what is known already changes nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from mailgate.decide import polling
from mailgate.model.mail import Arrival, Door
from mailgate.model.mailbox import (
    JUNK,
    After,
    Attempt,
    Connect,
    Cursor,
    FolderKey,
    FolderRole,
    LeaseLost,
    MailboxSettings,
    Pending,
    Stage,
    Start,
)
from mailgate.model.reason import Because, Reason
from mailgate.receive import Clock
from mailgate.receive.imap_session import NEWEST, Described, ImapSession
from mailgate.receive.imap_trouble import ConnectionLost, Refusal, TooLong
from mailgate.receive.imap_wire import HIGHEST_UID, Uids

log = logging.getLogger(__name__)

DESCRIBED_AT_ONCE = 500
LEASE = timedelta(minutes=2)  #: beyond the next look


class Stopping(Exception):
    """The gateway ends: what is not begun is left for the next start."""


class Intake(Protocol):
    """The gateway as a mailbox sees it. Safe from any thread."""

    def accept_all(self, arrivals: Sequence[Arrival], desk: str, aside: Because | None = None) -> None:
        """Stores the mails; returns only when all are committed. `aside`: they are set aside unread, for this reason."""


class Cursors(Protocol):
    """The record of how far each folder was read (`record.mailboxes`)."""

    def lease(self, key: FolderKey, holder: str, now: datetime, until: datetime) -> bool: ...
    def release(self, key: FolderKey, holder: str) -> None: ...
    def cursor(self, key: FolderKey) -> tuple[Cursor | None, tuple[Pending, ...]]: ...
    def begin(self, key: FolderKey, holder: str, cursor: Cursor, left: Sequence[Pending]) -> None: ...
    def advance(self, key: FolderKey, holder: str, cursor: Cursor, failed: Sequence[Pending] = (), done: Sequence[int] = ()) -> None: ...
    def went_well(self, key: FolderKey, now: datetime) -> None: ...
    def went_wrong(self, key: FolderKey, error: str, now: datetime) -> int: ...
    def connecting(self, mailbox: str, now: datetime, allowed: Callable[[Sequence[Connect], datetime], datetime]) -> int | datetime: ...
    def connected(self, number: int, outcome: Attempt) -> None: ...


class FolderReader:
    """Reads one folder over whatever session it is given. For one thread."""

    def __init__(
        self,
        settings: MailboxSettings,
        folder: str,
        role: FolderRole,
        intake: Intake,
        cursors: Cursors,
        now: Clock,
        holder: str,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings, self.folder, self.role = settings, folder, role
        self.key = FolderKey(settings.name, folder)
        self._intake, self._cursors, self._now, self._holder, self._stopping = intake, cursors, now, holder, stopping
        self._careful: set[int] = set()  #: fetched one by one: the connection ended when they were fetched together
        self._pending: dict[int, Pending] = {}
        self._cursor: Cursor
        self._session: ImapSession
        self.stuck = ""  #: why mails could not be flagged or moved in the last look, "" when they could

    def hold(self) -> bool:
        """Takes or renews the lease."""
        now = self._now()
        return self._cursors.lease(self.key, self._holder, now, now + self.settings.poll + LEASE)

    def look(self, session: ImapSession) -> int:
        """Takes in everything that is new; how many mails that were.
        Raises Trouble, Stopping, LeaseLost, and whatever the gateway raises."""
        self._session, self.stuck = session, ""
        found = session.select(self.folder, readonly=self._only_looks)
        cursor, pending = self._cursors.cursor(self.key)
        if cursor is None:
            cursor, pending = self._begin(found)
        elif not polling.is_the_same(found, cursor):
            log.warning("%s has new UIDs: all of it is looked at again, and nothing from before %s taken in", self.key, cursor.since)
            cursor, pending = polling.begin_anew(self._as_far_as_there_is_mail(found), cursor), ()
            self._careful.clear()
            self._cursors.begin(self.key, self._holder, cursor, pending)
        self._cursor = cursor
        return self._again(pending) + self._new(found)

    @property
    def _only_looks(self) -> bool:
        return self.role is not FolderRole.INBOX or self.settings.after is After.LEAVE

    # --- the beginning -----------------------------------------------------------------------------------------------

    def _begin(self, found: polling.FolderState) -> tuple[Cursor, tuple[Pending, ...]]:
        now, start = self._now(), self.settings.start
        found = self._as_far_as_there_is_mail(found)
        newest, rest = None, False
        unseen: dict[int, datetime | None] = {}
        if not isinstance(start, datetime):
            if found.uidnext > 1:
                last = self._session.search(["UID", f"{max(1, found.uidnext - NEWEST)}:*"])[-NEWEST:]
                dates = [one.stamped_at for one in self._describe(last).values() if one.stamped_at is not None]
                newest = max(dates, default=None)
            # A sent folder is begun now, whatever the start: what colleagues answered long ago is over.
            if start is Start.UNSEEN and self.role is not FolderRole.SENT:
                uids = self._session.search(["UNSEEN"])
                unseen, rest = {one.uid: one.stamped_at for one in self._describe(uids).values()}, uids.more
        cursor = polling.begin(found, start, newest, unseen, now)
        if rest and unseen:
            # More than are remembered one by one: the rest is looked for behind these, as after new UIDs.
            cursor = replace(cursor, last_uid=max(unseen), rescan_until=cursor.last_uid)
        pending = tuple(Pending(uid, Stage.FETCH, 0, now) for uid in sorted(unseen) if uid <= cursor.last_uid)
        self._cursors.begin(self.key, self._holder, cursor, pending)
        log.info("%s is read from UID %d on, and %d older mails", self.key, cursor.last_uid + 1, len(pending))
        return cursor, pending

    def _as_far_as_there_is_mail(self, found: polling.FolderState) -> polling.FolderState:
        """A UIDNEXT far above all mails would put the cursor there, and what comes below it would never be seen."""
        return replace(found, uidnext=min(found.uidnext, self._session.highest(found.uidnext) + 1))

    # --- new mail ----------------------------------------------------------------------------------------------------

    def _new(self, found: polling.FolderState) -> int:
        taken, last = 0, self._cursor.last_uid
        candidates = self._candidates()
        uids = polling.next_uids(candidates, self._cursor)
        for start in range(0, len(uids), DESCRIBED_AT_ONCE):
            some = uids[start : start + DESCRIBED_AT_ONCE]
            described = self._describe(some)
            # What was named, is above all that the folder is said to hold, and has no description, is a slip of the server and no mail.
            left = self._still_there([uid for uid in some if uid not in described and uid < found.uidnext])
            last = max(last, *described, *left)
            if left:
                self._advance(self._cursor, [self._failed(uid, "the server does not describe it") for uid in left])
            taken += self._take_all([described[uid] for uid in some if uid in described], new=True)
        if not candidates.more:
            last = max(last, self._cursor.rescan_until)
        if last > self._cursor.last_uid:
            self._advance(replace(self._cursor, last_uid=last))
        return taken

    def _candidates(self) -> Uids:
        """UIDs above the cursor. Of those that were there before this UIDVALIDITY, the server leaves the old ones out (by day)."""
        cursor = self._cursor
        if cursor.last_uid >= HIGHEST_UID:
            return Uids()
        if cursor.rescan_until <= cursor.last_uid:
            return self._session.search(["UID", f"{cursor.last_uid + 1}:*"])
        before = ["UID", f"{cursor.last_uid + 1}:{cursor.rescan_until}"]
        day = (cursor.since - timedelta(days=1)).date()
        some = [self._session.search([*before, "SINCE", day])]
        if self.settings.start is Start.UNSEEN:
            some.append(self._session.search([*before, "UNSEEN"]))
        if not any(one.more for one in some):
            some.append(self._session.search(["UID", f"{cursor.rescan_until + 1}:*"]))
        # Where one search gave less than there is, the others must not lead past it.
        end = min((max(one) for one in some if one.more and one), default=HIGHEST_UID)
        candidates = Uids(uid for one in some for uid in one if uid <= end)
        candidates.more = any(one.more for one in some)
        return candidates

    # --- mails that failed before ------------------------------------------------------------------------------------

    def _again(self, pending: Sequence[Pending]) -> int:
        due = [one for one in pending if one.due_at <= self._now()]
        self._pending = {one.uid: one for one in pending}
        settle = [one.uid for one in due if one.stage is Stage.AFTER]
        if settle:
            failed = self._afterwards(self._still_there(settle))
            self._advance(self._cursor, failed, [uid for uid in settle if uid not in {one.uid for one in failed}])
        fetch = [one.uid for one in due if one.stage is Stage.FETCH]
        self._careful |= {one.uid for one in due if one.attempts}
        taken = 0
        for start in range(0, len(fetch), DESCRIBED_AT_ONCE):
            some = fetch[start : start + DESCRIBED_AT_ONCE]
            described = self._describe(some)
            absent = [uid for uid in some if uid not in described]
            left = self._still_there(absent)
            for uid in left:
                self._fail(uid, "the server does not describe it")
            self._advance(self._cursor, done=[uid for uid in absent if uid not in left])
            taken += self._take_all([described[uid] for uid in some if uid in described], new=False)
        return taken

    # --- taking in ---------------------------------------------------------------------------------------------------

    def _take_all(self, described: Sequence[Described], new: bool) -> int:
        """In order, in batches. `new`: the cursor goes on with them; else they are at or below it."""
        by_uid = {one.uid: one for one in described if not new or self._is_wanted(one)}
        taken = 0
        group: list[tuple[int, int]] = []
        for one in by_uid.values():
            if one.uid not in self._careful and one.size <= self.settings.max_size:
                group.append((one.uid, one.size))
            else:
                taken += self._take_group(group, by_uid, new)
                group = []
                if one.size > self.settings.max_size:
                    self._set_aside(one.uid, Reason.of("imap.too_large", one.size or 0, self.settings.max_size), new)
                else:
                    taken += self._take([one], new)
        return taken + self._take_group(group, by_uid, new)

    def _is_wanted(self, one: Described) -> bool:
        if polling.is_wanted(one.uid, one.stamped_at, self._cursor):
            return True
        return self.settings.start is Start.UNSEEN and one.uid in self._session.search(["UID", str(one.uid), "UNSEEN"])

    def _take_group(self, group: Sequence[tuple[int, int]], by_uid: dict[int, Described], new: bool) -> int:
        return sum(self._take([by_uid[uid] for uid in batch], new) for batch in polling.batches(group))

    def _take(self, batch: Sequence[Described], new: bool) -> int:
        """One batch: fetched, committed, flagged or moved, and the cursor set behind it."""
        if self._stopping():
            raise Stopping
        if not self.hold():
            raise LeaseLost(str(self.key))
        uids = [one.uid for one in batch]
        try:
            bodies = self._session.fetch(uids, sum(one.size for one in batch))
        except Refusal as refusal:
            if len(batch) > 1:  # one of them is to blame: the others must not wait for it
                return sum(self._take([one], new) for one in batch)
            self._fail(uids[0], str(refusal), new)
            return 0
        except ConnectionLost as cut:
            self._cut_while(batch, cut, new)
            raise
        absent = [uid for uid in uids if uid not in bodies]
        left = self._still_there(absent)
        now = self._now()
        arrivals = [self._arrival(bodies[one.uid], one, now) for one in batch if one.uid in bodies]
        if arrivals:
            self._intake.accept_all(arrivals, self.settings.desk, JUNK if self.role is FolderRole.JUNK else None)
        done = [uid for uid in uids if uid in bodies]
        cut_off: ConnectionLost | None = None
        try:
            failed = self._afterwards(done)
        except ConnectionLost as cut:  # they are safe; that a server dies over a move must not bring them again and again
            failed, cut_off = [self._failed(uid, str(cut), Stage.AFTER) for uid in done], cut
        cursor = replace(self._cursor, last_uid=max(uids)) if new else self._cursor
        self._advance(cursor, failed, uids)
        self._careful.difference_update(done)
        if cut_off is not None:
            raise cut_off
        for uid in left:
            self._fail(uid, "the server gives no content for it")
        return len(arrivals)

    def _arrival(self, raw: bytes, one: Described, now: datetime) -> Arrival:
        door = Door.IMAP_SENT if self.role is FolderRole.SENT else Door.IMAP
        at = polling.arrived_at(one.stamped_at, self._cursor, now)
        # No envelope is known here; the reverse-path stands in the mail's own Return-Path.
        return Arrival(raw, None, (), door, self.settings.name, now, at)

    def _afterwards(self, uids: Sequence[int]) -> list[Pending]:
        """Flags or moves what is committed; those with which that did not work. Raises ConnectionLost."""
        if self._only_looks or not uids:
            return []
        try:
            if self.settings.after is After.MOVE and self.settings.move_to is not None:
                self._session.move(uids, self.settings.move_to)
            else:
                self._session.flag_seen(uids)
        except Refusal as refusal:
            self.stuck = str(refusal)
            return [self._failed(uid, str(refusal), Stage.AFTER) for uid in uids]
        return []

    # --- what cannot be fetched --------------------------------------------------------------------------------------

    def _fail(self, uid: int, reason: str, new: bool = False) -> None:
        """Tried again later; after too many times set aside."""
        failed = self._failed(uid, reason)
        log.warning("%s: mail %d cannot be fetched (%d): %s", self.key, uid, failed.attempts, reason)
        if polling.is_given_up(failed, cut=False):
            self._set_aside(uid, Reason.of("imap.not_fetched", reason), new)
            return
        self._advance(replace(self._cursor, last_uid=max(uid, self._cursor.last_uid)) if new else self._cursor, [failed])

    def _cut_while(self, batch: Sequence[Described], cut: ConnectionLost, new: bool) -> None:
        """The connection ended while these were fetched. Of several, nobody knows which: next time they come one by one."""
        if len(batch) > 1:
            self._careful.update(one.uid for one in batch)
            return
        uid = batch[0].uid
        failed = self._failed(uid, str(cut))
        log.warning("%s: the connection ended while mail %d was fetched (%d): %s", self.key, uid, failed.attempts, cut)
        if isinstance(cut, TooLong):
            self._keep_marker(uid, b"", Reason.of("imap.larger", self.settings.max_size), new)
        elif polling.is_given_up(failed, cut=True):
            self._keep_marker(uid, b"", Reason.of("imap.not_fetched", str(cut)), new)
        else:
            self._advance(replace(self._cursor, last_uid=max(uid, self._cursor.last_uid)) if new else self._cursor, [failed])

    def _set_aside(self, uid: int, reason: Reason, new: bool) -> None:
        """In place of the mail its header is kept, for a person to look at; the mail stays where it is, as it is."""
        try:
            header = self._session.fetch_header(uid)
        except ConnectionLost:
            self._keep_marker(uid, b"", reason, new)
            raise
        self._keep_marker(uid, header, reason, new)

    def _keep_marker(self, uid: int, header: bytes, reason: Reason, new: bool) -> None:
        if self.role is not FolderRole.JUNK:
            # Two headers may be alike; what is kept against duplicates must not be.
            raw = b"X-Mailgate-Not-Read: %s, UIDVALIDITY %d\r\n" % (
                f"it lies in {self.key} under UID {uid}".encode(),
                self._cursor.uidvalidity,
            ) + (header or b"\r\n")
            now = self._now()
            aside = Reason.of("imap.left_there", reason, str(self.key), uid)
            self._intake.accept_all([self._arrival(raw, Described(uid, len(raw), None), now)], self.settings.desk, aside)
        self._advance(replace(self._cursor, last_uid=max(uid, self._cursor.last_uid)) if new else self._cursor, done=[uid])
        self._careful.discard(uid)

    # --- small steps -------------------------------------------------------------------------------------------------

    def _failed(self, uid: int, reason: str, stage: Stage = Stage.FETCH) -> Pending:
        failed = polling.failed(self._pending.get(uid), uid, reason, self._now(), stage)
        self._pending[uid] = failed
        return failed

    def _advance(self, cursor: Cursor, failed: Sequence[Pending] = (), done: Sequence[int] = ()) -> None:
        if cursor == self._cursor and not failed and not any(uid in self._pending for uid in done):
            return
        self._cursors.advance(self.key, self._holder, cursor, failed, done)
        self._cursor = cursor
        for uid in set(done) - {one.uid for one in failed}:
            self._pending.pop(uid, None)

    def _describe(self, uids: Sequence[int]) -> dict[int, Described]:
        found: dict[int, Described] = {}
        for start in range(0, len(uids), DESCRIBED_AT_ONCE):
            some = uids[start : start + DESCRIBED_AT_ONCE]
            try:
                found |= self._session.describe(some)
            except Refusal:
                for uid in some:  # one of them is to blame
                    try:
                        found |= self._session.describe([uid])
                    except Refusal:
                        continue
        return found

    def _still_there(self, uids: Sequence[int]) -> list[int]:
        """Those that nobody has taken away meanwhile."""
        there = set(self._session.search(["UID", ",".join(map(str, uids))])) if uids else set()
        return [uid for uid in uids if uid in there]
