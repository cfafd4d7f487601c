"""The reading round: claim mails, understand them under a budget, decide, write, and record all of it or none of it.

No write transaction is open while a mail is read, decided or answered. A batch that fails is recorded one by one; what fails
alone is set aside with its reason, and the next one is read.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from mailgate.decide import budget, desks, joining, once, suppression
from mailgate.decide.guessing import guesser
from mailgate.decide.intake import on_mail
from mailgate.decide.known import Known
from mailgate.decide.reports import TOGETHER
from mailgate.decide.situation import Ids, Situation
from mailgate.gateway import flooding, journal
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.loading.gathering import (
    Read,
    copied_in,
    files_to_check,
    ids_beside,
    passed_on_by_a_stranger,
    quotes_unmarked,
    signed_in,
    situation,
    with_files,
    with_readers,
    with_what_is_below,
)
from mailgate.gateway.workers import LATER, Reader, Unopened
from mailgate.gateway.writing import LetterWriter, Unwritable, Written, a_sheet, new_letter_id, noted
from mailgate.model.commands import tickets_named
from mailgate.model.decision import Decision, TraceLine
from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.letter import Letter
from mailgate.model.mail import Door, Kind, Unread
from mailgate.model.person import Person
from mailgate.model.sender import folded
from mailgate.model.ticket import Status, TicketFile
from mailgate.record.rows import OCTETS, Claim, Conflict, Outcome
from mailgate.understand import recognised
from mailgate.understand.answers import cited_ids, find_evidence

if TYPE_CHECKING:
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

#: Mails in which a machine says what became of a letter.
REPORTS = frozenset({Kind.BOUNCE, Kind.DELIVERY_NOTICE, Kind.COMPLAINT})


class RaiseAlarm(Protocol):
    """Tells the operator, at most once an hour of each kind about each `key`."""

    def __call__(self, kind: str, what: str, way_out: str, key: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A mail that was decided, as it will be recorded."""

    claim: Claim
    decision: Decision
    message_id: str | None
    looked_up: dict[str, int]  #: the tickets of its Message-IDs, as they were known then
    held: dict[str, str]  #: letters that wait for a person, and why


@dataclass(frozen=True, slots=True)
class Decided:
    """A batch that was decided and whose letters are being written."""

    reads: tuple[Read, ...]
    known: Known
    rows: list[Row]
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
        renames: bool = False,
        authentication: Authentication | None = None,
        octets: int = OCTETS,
    ) -> None:
        """`octets`: of the mails of one batch together."""
        self.octets = octets
        self.store, self.reader, self.now, self.alarm = store, reader, now, alarm
        self.renames, self.authentication = renames, authentication
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="letters")
        self._decided: Decided | None = None
        self._numbers: deque[int] = deque()  #: ticket numbers drawn and not given out: an answer needs none
        self._ahead: Future[Batch | None] | None = None
        self._owed: deque[Claim] = deque()  #: mails to give back as soon as the database can be told so

    def run(self, desk: LetterWriter, agents: dict[str, Person], limit: int) -> int:
        """Reads up to `limit` mails; returns how many were claimed.

        While a backlog lasts, three batches are in work: one is read ahead, one is decided, and the letters of the one before are
        written; they are recorded in order. What is decided on the word of a batch that then fails is decided again.
        """
        self.give_back()
        batch = self._fetched(desk, limit)
        before, self._decided = self._decided, None
        try:
            return self._run(desk, agents, limit, batch, before)
        except LATER:
            # The database is away: nothing is wrong with these mails, and the next round reads them.
            self._owed.extend((*(batch[0] if batch else ()), *(one.claim for one in (before.reads if before else ()))))
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
                log.warning("a batch of %d mails failed (%s): each is tried alone", len(decided.reads), type(error).__name__)
            lost = error.keys if isinstance(error, Conflict) and error.what == "lease" else ()
            if lost:
                log.warning("%d mails took longer than their lease: somebody else reads them or has read them", len(lost))
            for one in decided.reads:
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
            return [replace(one, arrival=replace(one.arrival, raw=b"")) for one in claims], reads
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
            held += [one.claim for one in self._decided.reads]
            self._decided.letters.cancel()
        self._owed.clear()
        if held:
            self.store.inbox.release(held)
        self._helper.shutdown(wait=False, cancel_futures=True)
        self._writer.shutdown(wait=False, cancel_futures=True)

    def _understand(self, desk: LetterWriter, claims: Sequence[Claim]) -> list[Read]:
        ring = desk.ring
        began = journal.clock()
        answers = self.reader.read([(c.arrival.raw, c.arrival.reverse_path, self._is_rich(c, desk)) for c in claims])
        journal.were_read(claims, answers, began)
        reads = []
        for claim, answer in zip(claims, answers, strict=True):
            at = desk.policy.desks.get(claim.desk)
            if at is None:
                self._aside(claim, f'desk "{claim.desk}" is no longer in the policy')
            elif isinstance(answer, Unread):
                self._aside(claim, f"could not be read: {answer.reason}")
            elif claim.attempts > MOST_ATTEMPTS:
                self._aside(claim, f"given up after {claim.attempts} attempts")
            else:
                answer = recognised(answer, ring)
                is_report = answer.kind in REPORTS
                evidence = find_evidence(answer.mail, claim.arrival.recipients, ring, desk.policy, at, is_report=is_report)
                reads.append(Read(claim, at, answer, evidence))
        reads = self._with_verdicts(reads, desk) if self.authentication is not None else reads
        # From here on nobody needs a mail's bytes, but for the files of the few that are an agent's: they are not kept for the others.
        reads = [replace(r, claim=replace(r.claim, arrival=replace(r.claim.arrival, raw=b""))) for r in reads]
        return self._with_aliases(reads) if self.renames else reads

    def _with_verdicts(self, reads: list[Read], desk: LetterWriter) -> list[Read]:
        """What is known of who wrote them. Nothing is open while DNS is asked."""
        assert self.authentication is not None
        found = self.authentication.of([(r.reading.mail, r.claim.arrival) for r in reads], desk.policy, self.reader.signatures)
        source = self.authentication.has_source
        return [replace(r, verdict=verdict, verdict_source=source) for r, verdict in zip(reads, found, strict=True)]

    def _with_aliases(self, reads: list[Read]) -> list[Read]:
        """Where the relay gives our letters Message-IDs of its own, those name our letters as well as ours do."""
        cited = {e.value for r in reads for e in r.evidence if e.kind is EvidenceKind.KNOWN_ID}
        aliases = self.store.outbox.aliases(cited) if cited else {}
        if not aliases:
            return reads

        def named(e: Evidence) -> Evidence:
            if e.kind is not EvidenceKind.KNOWN_ID or e.value not in aliases:
                return e
            return replace(e, kind=EvidenceKind.OWN_ID, letter=aliases[e.value], purpose="message-id")

        order = list(EvidenceKind)
        return [replace(r, evidence=tuple(sorted(map(named, r.evidence), key=lambda e: order.index(e.kind)))) for r in reads]

    @staticmethod
    def _is_rich(claim: Claim, desk: LetterWriter) -> bool:
        """Whether the HTML may be needed: only answers to our letters can be an agent's, and only an agent's HTML travels."""
        at = desk.policy.desks.get(claim.desk)
        if claim.arrival.door in (Door.IMAP, Door.IMAP_SENT):
            return True  # no envelope is known there
        return at is None or at.subaddress != "plus" or any("+" in recipient for recipient in claim.arrival.recipients)

    def _aside(self, claim: Claim, reason: str, trace: tuple[TraceLine, ...] = ()) -> None:
        """Kept with its reason, for a person to look at. The sender is not bounced."""
        log.warning("mail %d set aside: %s", claim.id, reason)
        self.store.inbox.set_aside(claim.id, claim.lease, reason, trace, self.now())
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
            except Unopened as error:
                return self._aside(one.claim, f"its files could not be opened: {error}")
            except Exception as error:
                log.exception("mail %d cannot be decided", one.claim.id)
                return self._aside(one.claim, f"internal error: {type(error).__name__}")
        log.warning("mail %d cannot be recorded for now: whenever it is decided, something has changed", one.claim.id)
        self.store.inbox.release([one.claim], tried=True)  # counted, so that one that never can be recorded is set aside in the end

    def _decide(self, desk: LetterWriter, agents: dict[str, Person], reads: Sequence[Read], before: Known | None = None) -> Decided:
        """Decides the mails in order and has their letters written; nothing is recorded yet."""
        now, began = self.now(), journal.clock()
        known = self.load(desk, reads, now, before)
        if len(self._numbers) < len(reads):
            self._numbers.extend(self.store.numbers.take("ticket", len(reads) - len(self._numbers)))
        strangers = [joining.unknown(copied_in(r, known, desk.policy), known.people) + passed_on_by_a_stranger(r, known) for r in reads]
        people = iter(self.store.numbers.take("person", len(reads) + sum(strangers)))
        entries = self.store.numbers.take("entry", 2 * len(reads))
        addresses = {folded(r.reading.mail.authors[0].key) for r in reads if r.reading.mail.author is not None}
        addresses |= {folded(r.reading.mail.forwarded.author.key) for r in reads if r.reading.mail.forwarded}
        addresses |= {folded(p.address) for file in known.files.values() for p in file.people if p.id in file.ticket.outsiders()}
        counts: budget.Counts = self.store.outbox.automatic_counts(addresses, now, by_minute=desk.policy.budgets.has_minutes)
        if before is not None:
            counts = budget.after(before.letters_wanted, [budget.Send()] * len(before.letters_wanted), counts)
        flow = flooding.load(self.store.flows, reads, addresses, now, before.flow if before else None)
        rows: list[Row] = []
        sheets = []
        for index, one in enumerate(reads):
            ids = Ids(
                self._numbers[0],
                next(people),
                (entries[2 * index], entries[2 * index + 1]),
                new_letter_id(),
                tuple(islice(people, strangers[index])),
            )
            at_hand = situation(one, known, desk.policy, agents, ids, now)
            at_hand, turn = flooding.judged(self._looked_through(at_hand, one, desk), one, flow)
            decision = flooding.settled(at_hand, on_mail(at_hand), turn, flow)
            if any(change.before is None for change in decision.changes):
                self._numbers.popleft()
            looked_up = known.ids_of(one.desk.id)
            tickets = {i: looked_up[i] for i in decision.message_ids if i in looked_up}
            known.learn(one.desk.id, decision, one.reading.mail.message_id, agents.values(), now)
            if known.suppressed:
                warnings = suppression.warnings(at_hand, decision, known.suppressed)
                decision = replace(decision, letters=(*decision.letters, *warnings))
            if others := budget.counted_addresses(decision.letters) - addresses:
                # Not whom the mail names: an alias' owner, somebody copied in. Uncounted, the record's last look refuses them for ever.
                addresses |= others
                counts = budget.beside(counts, self.store.outbox.automatic_counts(others, now, by_minute=False))
            decision, wanted, counts = desk.spend(decision, counts, known.suppressed, now)
            decision, wanted = flooding.explained(decision, wanted, flow, desk.policy, now)
            known.letters_wanted += wanted
            sheets.append(a_sheet(wanted, known.files.get, now))
            rows.append(Row(one.claim, decision, one.reading.mail.message_id, tickets, {w.id: w.hold for w in wanted if w.hold}))
        known.flow = flow
        return Decided(tuple(reads), known, rows, self._writer.submit(self.reader.write, sheets, desk), now, began)

    def _looked_through(self, s: Situation, one: Read, desk: LetterWriter) -> Situation:
        """What a proven agent's answer would hand on: the words in its files, and what we signed, with for whom."""
        if files := files_to_check(s):
            (opened,) = self.reader.texts([(self.store.inbox.raw(one.claim.id), files)])
            if isinstance(opened, Unread):
                raise Unopened(opened.reason)
            s = with_files(s, files, opened)
            if s.letter is not None and s.letter.event == "commands_refused":
                s = replace(s, refusal=self.store.outbox.texts([s.letter.id]).get(s.letter.id, ""))
        if quotes_unmarked(s):
            text = self.store.outbox.texts([s.letter.id]).get(s.letter.id, "") if s.letter is not None else ""
            s = with_what_is_below(s, text)
        if signed := signed_in(s, desk.ring):
            s = with_readers(s, signed, self.store.outbox.facts(set(signed.values())))
        return s

    def _record(self, desk: LetterWriter, decided: Decided) -> None:
        letters = decided.letters.result()
        outcomes = []
        for row, written in zip(decided.rows, letters, strict=True):
            decision = row.decision
            for one in written:
                if isinstance(one, Unwritable):
                    decision = noted(decision, one.wanted, one.reason, decided.now)
            sealed = tuple(one for one in written if isinstance(one, Letter))
            outcomes.append(Outcome(row.claim, decision, sealed, desk.held, row.message_id, row.looked_up, hold=row.held))
        self.store.record(outcomes, decided.now, desk.last_look(decided.now))
        journal.were_recorded(outcomes, decided.began)
        for row in decided.rows:
            if row.decision.set_aside and row.decision.quiet:
                log.info("mail %d set aside: %s", row.claim.id, row.decision.set_aside)
            elif row.decision.set_aside:
                log.warning("mail %d set aside: %s", row.claim.id, row.decision.set_aside)
                self.alarm("set_aside", f"{row.claim.id}: {row.decision.set_aside}", f"mailgate inbox show {row.claim.id}")
            if told := row.decision.alarm:
                self.alarm(told.kind, told.what, told.way_out, told.key)

    # --- what a decision must know ---------------------------------------------------------------------------------

    def load(self, desk: LetterWriter, reads: Sequence[Read], now: datetime, before: Known | None = None) -> Known:
        known = Known()
        known.letters = dict(self.store.outbox.facts({e.letter for r in reads for e in r.evidence if e.letter and e.valid}))
        cited: dict[str, set[str]] = {}
        for at in {r.desk.id for r in reads}:
            mine = [r for r in reads if r.desk.id == at]
            ids = {i for r in mine for i in (*cited_ids(r.reading.mail), r.reading.mail.message_id) if i}
            ids |= {f.message_id for r in mine if (f := r.reading.mail.forwarded) and f.message_id}
            # Whatever a decision may record as its ticket's has to be looked up: else it conflicts for ever with the ticket that has it.
            ids |= {e.value for r in mine for e in r.evidence if e.kind is EvidenceKind.KNOWN_ID}
            # At another desk than that of the ticket, the mail may belong to one beside it.
            cited[at] = ids | {desks.beside(number) for r in mine for e in r.evidence if (number := _named(e, known)) is not None}
            known.message_ids[at] = dict(self.store.inbox.tickets_by_message_ids(at, cited[at]))
            own = {r.reading.mail.message_id for r in mine if r.reading.mail.message_id}
            known.read_ids.update((at, i) for i in self.store.inbox.same_message_ids(at, own, {r.claim.id for r in mine}))
        for at, own in ids_beside(reads, desk.policy).items():
            known.read_ids.update((at, i) for i in self.store.inbox.same_message_ids(at, own, {r.claim.id for r in reads}))
        keys = {a.key for r in reads for a in r.reading.mail.authors if a.address}
        passed_on = {r.reading.mail.forwarded.author.key for r in reads if r.reading.mail.forwarded}
        copied = {a.key for r in reads for a in copied_in(r, known, desk.policy)}
        known.people = dict(self.store.people.at(keys | copied | passed_on))
        rated = {facts.ticket for facts in known.letters.values() if facts.ticket and facts.closure is not None}
        known.ratings = dict(self.store.tickets.ratings(rated)) if rated else {}
        guessers = {guesser(a.key, r.verdict) for r in reads if (a := r.reading.mail.author) is not None}
        known.bad_tokens = self.store.flows.bad_tokens(guessers, now - timedelta(hours=1))
        may_command = [r for r in reads if self._may_command(r, known)]
        known.once = self.store.outbox.known_once(key for r in may_command for key in once.keys_of(r.reading.mail, r.verdict))
        known.asked = self.store.outbox.asked({p.id for p in known.people.values() if p.agent}, now)
        if before is not None:
            known.follow_names(before, cited)
        numbers = {e.ticket for r in reads for e in r.evidence if e.ticket and e.valid}
        numbers |= {facts.ticket for facts in known.letters.values() if facts.ticket}
        numbers |= {number for ids in known.message_ids.values() for number in ids.values()}
        numbers |= {number for r in reads if self._by_agent(r, known) for number in tickets_named(r.reading.commands)}
        by_agents = {number for r in reads if self._by_agent(r, known) for number in self._candidates(r, known)}
        while numbers:
            files = self.store.tickets.files(numbers, notices_for=by_agents & numbers)
            known.files.update(files)
            merged = {f.ticket.merged_into for f in files.values() if f.ticket.merged_into is not None}
            by_agents |= merged
            numbers = (merged | self._follow_ups(files, known, cited)) - known.files.keys()
        if before is not None:
            known.follow_files(before)
        agents = {agent.address.lower() for agent in desk.policy.agents.values()}
        self._look_up_addresses(reads, known, agents, now, before)
        return known

    def _follow_ups(self, files: dict[int, TicketFile], known: Known, cited: dict[str, set[str]]) -> set[int]:
        """The tickets that go on where these, which are closed, ended."""
        keys = {desks.after(file.ticket.number) for file in files.values() if file.ticket.status is Status.CLOSED}
        if not keys:
            return set()
        for at, ids in cited.items():
            known.message_ids[at].update(self.store.inbox.tickets_by_message_ids(at, keys))
            ids |= keys
        return {number for ids in known.message_ids.values() for key in keys if (number := ids.get(key)) is not None}

    def _look_up_addresses(self, reads: Sequence[Read], known: Known, colleagues: set[str], now: datetime, before: Known | None) -> None:
        """Which addresses get nothing automatic: authors, whoever may be written to, and whom reports are about."""
        reported = {e.letter for r in reads if r.reading.kind in REPORTS for e in r.evidence if e.valid and e.letter in known.letters}
        keys = {a.key for r in reads for a in r.reading.mail.authors if a.address} | colleagues
        keys |= {p.address.lower() for file in known.files.values() for p in file.people}
        keys |= {known.letters[id_].address.lower() for id_ in reported if id_}
        known.suppressed = self.store.people.suppressed(keys, now)
        if reported:
            known.reached_otherwise = frozenset(self.store.delivery_reports.reached_otherwise(id_ for id_ in reported if id_))
            addresses = {known.letters[id_].address.lower() for id_ in reported if id_}
            known.since_answers = self.store.delivery_reports.since_answers(addresses, now - TOGETHER)
        if before is not None:
            known.follow_suppressions(before)
            known.follow_reports()

    @staticmethod
    def _by_agent(one: Read, known: Known) -> bool:
        person = known.people.get(author.key) if (author := one.reading.mail.author) else None
        return person is not None and person.agent is not None

    @staticmethod
    def _may_command(one: Read, known: Known) -> bool:
        """Whether a mail can ask for anything that happens once: it is an agent's, or the answer to a letter of ours."""
        return any(e.valid for e in one.evidence) or ReadingRound._by_agent(one, known)

    @staticmethod
    def _candidates(one: Read, known: Known) -> set[int]:
        found: set[int | None] = {e.ticket for e in one.evidence}
        found |= {facts.ticket for e in one.evidence if (facts := known.letters.get(e.letter or ""))}
        cited = cited_ids(one.reading.mail)
        found |= {known.ids_of(one.desk.id).get(i) for i in cited}
        return {n for n in found if n}


def _named(evidence: Evidence, known: Known) -> int | None:
    """The ticket that signed evidence names."""
    letter = known.letters.get(evidence.letter or "") if evidence.valid else None
    return letter.ticket if letter is not None else evidence.ticket if evidence.valid else None
