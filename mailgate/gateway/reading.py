"""The reading round: claim mails, understand them under a budget, decide, write, and record all of it or none of it.

No write transaction is open while a mail is read, decided or answered. A batch that fails is recorded one by one; what fails
alone is set aside with its reason, and the next one is read."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from mailgate.compose.writing import LetterWriter, Unwritable, Written, a_sheet
from mailgate.decide import budget, giving
from mailgate.decide.known import Known
from mailgate.decide.spending import noted
from mailgate.gateway import journal
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.deciding import DecidedMail, Deciding
from mailgate.gateway.loading.gathering import Read
from mailgate.gateway.loading.loader import Loader, Outdated
from mailgate.gateway.workers import LATER, Reader
from mailgate.model.letter import Letter
from mailgate.model.mail import Door, Reading, Unread
from mailgate.model.person import Person
from mailgate.model.reason import Because, Reason
from mailgate.record.rows import OCTETS, Claim, Conflict, ToRecord
from mailgate.understand import recognised

if TYPE_CHECKING:
    from mailgate.gateway.recounting import Recounting
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: So often a mail is decided anew because somebody else changed its ticket first.
MOST_RETRIES = 8
#: From so many claims without an end on, mails are settled one by one, the most often tried last: a program that is killed again and
#: again still gets on, and a mail that kills it holds nobody up.
MANY_ATTEMPTS = 3
#: A mail that was claimed so often without an end is set aside: the program dies over it, or never comes to terms with others about it.
MOST_ATTEMPTS = 50
LEASE = timedelta(minutes=5)


class RaiseAlarm(Protocol):
    """Tells the operator, at most once an hour of each kind about each `key`."""

    def __call__(self, kind: str, what: str, way_out: str, key: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """A batch that was decided and whose letters are being written."""

    known: Known
    rows: list[DecidedMail]
    letters: Future[list[Written]]
    now: datetime
    began: float  #: when deciding began, by the journal's clock


Batch = tuple[list[Claim], "list[Read]"]


class ReadingRound:
    """One round after the other over the inbox. Knows no clock and no randomness of its own but fresh ids."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        now: Callable[[], datetime],
        alarm: RaiseAlarm,
        recounting: Recounting,
        renames: bool = False,
        authentication: Authentication | None = None,
        octets: int = OCTETS,
    ) -> None:
        """`octets`: of the mails of one batch together."""
        self.octets = octets
        self.store, self.reader, self.now, self.alarm = store, reader, now, alarm
        self._bring_up = recounting.bring_up
        self._deciding = Deciding(Loader(store, recounting.is_current), store.numbers, reader, authentication, renames)
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="letters")
        self._decided: Decided | None = None
        self._ahead: Future[Batch | None] | None = None
        self.on_due: Callable[[], None] = lambda: None  #: called when a ticket wants to be looked at now
        self._owed: deque[Claim] = deque()  #: mails to give back as soon as the database can be told so

    def run(self, desk: LetterWriter, agents: dict[str, Person], limit: int) -> int:
        """Reads up to `limit` mails; returns how many were claimed.
        While a backlog lasts, three batches are in work: one is read ahead, one is decided, and the letters of the one before are
        written; they are recorded in order. What is decided on the word of a batch that then fails is decided again."""
        self.give_back()
        batch = self._fetched(desk, limit)
        before, self._decided = self._decided, None
        try:
            return self._run(desk, agents, limit, batch, before)
        except LATER:
            # The database is away: nothing is wrong with these mails, and the next round reads them.
            self._owed.extend((*(batch[0] if batch else ()), *(row.read.claim for row in (before.rows if before else ()))))
            raise

    def give_back(self) -> None:
        """Mails that nobody decided, as soon as the database can be told so."""
        if owed := list(self._owed):
            self.store.inbox.release(owed)
            for _ in owed:
                self._owed.popleft()

    def _run(self, desk: LetterWriter, agents: dict[str, Person], limit: int, batch: Batch | None, before: Decided | None) -> int:
        if batch is None:
            self._finish(desk, agents, before)
            return 0
        claims, reads = batch
        if any(claim.attempts > MANY_ATTEMPTS for claim in claims):
            self._finish(desk, agents, before)
            for one in sorted(reads, key=lambda one: one.claim.attempts):
                self._alone(desk, agents, one)
            return len(claims)
        decided: Decided | None = None
        try:
            decided = self._decide(desk, agents, reads, before.known if before else None)
        except LATER:
            raise
        except Exception as error:
            log.warning("a batch of %d mails cannot be decided (%s): each is tried alone", len(reads), type(error).__name__)
        good = self._finish(desk, agents, before)
        if decided is None or not good:
            if decided is not None:
                decided.letters.cancel()
            for one in reads:
                self._alone(desk, agents, one)
        elif len(claims) == limit:
            self._decided = decided
        else:
            self._finish(desk, agents, decided)
        return len(claims)

    def _finish(self, desk: LetterWriter, agents: dict[str, Person], decided: Decided | None) -> bool:
        """Records a batch; where that fails, its mails one by one. Whether it went in whole."""
        if decided is None:
            return True
        try:
            self._record(desk, decided)
            return True
        except LATER:
            raise
        except Exception as error:
            if not isinstance(error, Conflict):
                log.warning("a batch of %d mails failed (%s): each is tried alone", len(decided.rows), type(error).__name__)
            lost = error.keys if isinstance(error, Conflict) and error.what == "lease" else ()
            if lost:
                log.warning("%d mails took longer than their lease: somebody else reads them or has read them", len(lost))
            for one in (row.read for row in decided.rows):
                if one.claim.id not in lost:
                    self._alone(desk, agents, one)
            return False

    def _fetched(self, desk: LetterWriter, limit: int) -> Batch | None:
        """The next batch, read. While a backlog lasts, the one behind it is read meanwhile."""
        ahead, self._ahead = self._ahead, None
        batch = ahead.result() if ahead is not None else self._fetch(desk, limit)
        if batch is not None and len(batch[0]) == limit:
            self._ahead = self._helper.submit(self._fetch, desk, limit)
        return batch

    def _fetch(self, desk: LetterWriter, limit: int) -> Batch | None:
        claims = self.store.inbox.claim(limit, self.now(), LEASE, self.octets)
        if not claims:
            return None
        try:
            reads = self._understand(desk, claims)
            return list(map(_without_bytes, claims)), reads
        except LATER:
            self._owed.extend(claims)  # nothing is known about these mails: the next round reads them
            raise

    def close(self) -> None:
        """Gives back what was read ahead and is not decided, and what a round that failed still holds."""
        ahead, self._ahead = self._ahead, None
        held = list(self._owed)
        if ahead is not None:
            with suppress(*LATER):  # then its mails are among those that are owed
                if (batch := ahead.result()) is not None:
                    held += batch[0]
            held += [claim for claim in self._owed if claim not in held]
        if self._decided is not None:
            held += [row.read.claim for row in self._decided.rows]
            self._decided.letters.cancel()
        self._owed.clear()
        if held:
            self.store.inbox.release(held)
        self._helper.shutdown(wait=False, cancel_futures=True)
        self._writer.shutdown(wait=False, cancel_futures=True)

    def _understand(self, desk: LetterWriter, claims: Sequence[Claim]) -> list[Read]:
        began = journal.clock()
        answers = self.reader.read([(c.arrival.raw, c.arrival.reverse_path, self._is_rich(c, desk)) for c in claims])
        journal.were_read(claims, answers, began)
        known: list[tuple[Claim, Reading]] = []
        for claim, answer in zip(claims, answers, strict=True):
            if claim.desk not in desk.policy.desks:
                self._aside(claim, Reason.of("desk_gone", claim.desk))
            elif isinstance(answer, Unread):
                self._aside(claim, Reason.of("not_read", answer.reason))
            elif claim.attempts > MOST_ATTEMPTS:
                self._aside(claim, Reason.of("given_up", claim.attempts))
            else:
                known.append((claim, recognised(answer, desk.ring)))
        # From here on nobody needs a mail's bytes, but for the files of the few that are an agent's: they are not kept for the others.
        return [replace(r, claim=_without_bytes(r.claim)) for r in self._deciding.gather(desk, known)]

    @staticmethod
    def _is_rich(claim: Claim, desk: LetterWriter) -> bool:
        """Whether the HTML may be needed: only answers to our letters can be an agent's, and only an agent's HTML travels."""
        at = desk.policy.desks.get(claim.desk)
        if claim.arrival.door in (Door.IMAP, Door.IMAP_SENT):
            return True  # no envelope is known there
        return at is None or at.subaddress != "plus" or any("+" in recipient for recipient in claim.arrival.recipients)

    def _aside(self, claim: Claim, reason: Because) -> None:
        """Kept with its reason, for a person to look at. The sender is not bounced."""
        log.warning("mail %d set aside: %s", claim.id, reason)
        self.store.inbox.set_aside(claim.id, claim.lease, reason, self.now())
        self.alarm("set_aside", f"{claim.id}: {reason}", f"mailgate inbox show {claim.id}")

    def _alone(self, desk: LetterWriter, agents: dict[str, Person], one: Read) -> None:
        for _ in range(MOST_RETRIES):
            try:
                return self._record(desk, self._decide(desk, agents, [one]))
            except Conflict as conflict:
                if conflict.what == "lease":
                    log.warning("mail %d: the lease was lost, somebody else reads it or has read it", one.claim.id)
                    return None
                continue  # somebody else changed the ticket first: decide again on what is there now
            except LATER:
                raise
            except Exception as error:
                log.exception("mail %d cannot be decided", one.claim.id)
                return self._aside(one.claim, Reason.of("internal_error", type(error).__name__))
        log.warning("mail %d cannot be recorded for now: whenever it is decided, something has changed", one.claim.id)
        self.store.inbox.release([one.claim], tried=True)  # counted, so that one that never can be recorded is set aside in the end

    def _decide(self, desk: LetterWriter, agents: dict[str, Person], reads: Sequence[Read], before: Known | None = None) -> Decided:
        """Decides the mails in order and has their letters written; nothing is recorded yet."""
        now, began = self.now(), journal.clock()
        try:
            known, rows = self._deciding.decide(desk, agents, reads, now, before)
        except Outdated as outdated:
            self._bring_up(outdated.tickets)
            known, rows = self._deciding.decide(desk, agents, reads, now, before, as_they_are=True)
        sheets = [a_sheet(row.letters, known.files.get, now) for row in rows]
        return Decided(known, rows, self._writer.submit(self.reader.write, sheets, desk), now, began)

    def _record(self, desk: LetterWriter, decided: Decided) -> None:
        letters = decided.letters.result()
        outcomes = []
        for row, written in zip(decided.rows, letters, strict=True):
            decision = row.decision
            for one in written:
                if isinstance(one, Unwritable):
                    decision = noted(decision, one.wanted, one.reason, decided.now)
            sealed = tuple(one for one in written if isinstance(one, Letter))
            held = {one.id: one.hold for one in row.letters if one.hold}
            message_id = row.read.reading.mail.message_id
            outcomes.append(
                ToRecord(row.read.claim, decision, sealed, desk.held, message_id, row.looked_up, hold=held, policy=desk.policy.digest)
            )
        self.store.record(outcomes, decided.now, budget.last_look(desk.policy.budgets, decided.now))
        journal.were_recorded(outcomes, decided.began)
        if any(giving.is_due(change.after, decided.now) for row in decided.rows for change in row.decision.changes):
            self.on_due()
        for claim, decision in ((row.read.claim, row.decision) for row in decided.rows):
            if decision.set_aside and decision.quiet:
                log.info("mail %d set aside: %s", claim.id, decision.set_aside)
            elif decision.set_aside:
                log.warning("mail %d set aside: %s", claim.id, decision.set_aside)
                self.alarm("set_aside", f"{claim.id}: {decision.set_aside}", f"mailgate inbox show {claim.id}")
            if told := decision.alarm:
                self.alarm(told.kind, told.what, told.way_out, told.key)


def _without_bytes(claim: Claim) -> Claim:
    return replace(claim, arrival=replace(claim.arrival, raw=b""))
