"""From mails that were read to what follows from each: the way that the reading round and `explain` go together, up to the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from mailgate.compose.writing import LetterWriter
from mailgate.decide import budget, floods_and_loops, joining, suppression
from mailgate.decide.intake import on_mail
from mailgate.decide.known import Known
from mailgate.decide.renaming import is_renamed
from mailgate.decide.situation import Ids, Situation
from mailgate.decide.spending import spend
from mailgate.decide.traffic import Traffic
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.loading.gathering import (
    Read,
    copied_in,
    files_to_check,
    passed_on_by_a_stranger,
    quotes_unmarked,
    signed_in,
    situation,
    with_files,
    with_readers,
    with_what_is_below,
)
from mailgate.gateway.loading.loader import Loader
from mailgate.gateway.workers import Reader
from mailgate.gateway.writing import named, new_letter_id
from mailgate.model.decision import Decision
from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import ReturnedMail
from mailgate.model.mail import Reading, Unread
from mailgate.model.person import Person
from mailgate.model.reason import Reason
from mailgate.model.sender import folded
from mailgate.record.rows import Claim, IdKind
from mailgate.understand.answers import find_evidence


class TakesIds(Protocol):
    """Where ids come from; what is not used is a gap."""

    def take(self, kind: IdKind, n: int) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class DecidedMail:
    """A mail with what follows from it."""

    read: Read
    situation: Situation
    wanted: Decision  #: with every letter that it wants
    verdicts: tuple[budget.Verdict, ...]  #: of the budgets, one for each of these letters
    decision: Decision  #: as it will be recorded: with what the budgets left out noted
    letters: tuple[LetterWanted, ...]  #: those that are written
    looked_up: Mapping[str, int]  #: the tickets of its Message-IDs, as they were known then


class Deciding:
    """Knows no clock and no randomness of its own but fresh letter ids."""

    def __init__(
        self,
        loader: Loader,
        numbers: TakesIds,
        reader: Reader,
        authentication: Authentication | None = None,
        renames: bool = False,
        letter_id: Callable[[], str] = new_letter_id,
    ) -> None:
        """`renames`: the relay gives our letters Message-IDs of its own."""
        self._loader, self._numbers, self._reader = loader, numbers, reader
        self._authentication, self._renames, self._letter_id = authentication, renames, letter_id
        self._tickets: deque[int] = deque()  #: numbers drawn and not given out: an answer needs none

    def gather(self, desk: LetterWriter, mails: Iterable[tuple[Claim, Reading]]) -> list[Read]:
        """Each mail with its evidence, and what is known of who wrote it. Nothing is open while DNS is asked."""
        reads = []
        for claim, reading in mails:
            at, recipients = desk.policy.desks[claim.desk], claim.arrival.recipients
            evidence = find_evidence(reading.mail, recipients, desk.ring, desk.policy, at, is_report=reading.kind.is_report)
            reads.append(Read(claim, at, reading, evidence))
        if self._authentication is not None:
            found = self._authentication.of([(r.reading.mail, r.claim.arrival) for r in reads], desk.policy, self._reader.signatures)
            source = self._authentication.has_source
            reads = [replace(r, verdict=verdict, verdict_source=source) for r, verdict in zip(reads, found, strict=True)]
        return self._with_aliases(reads) if self._renames else reads

    def _with_aliases(self, reads: list[Read]) -> list[Read]:
        """Where the relay gives our letters Message-IDs of its own, those name our letters as well as ours do."""
        cited = {e.value for r in reads for e in r.evidence if e.kind is EvidenceKind.KNOWN_ID}
        aliases = self._loader.aliases(cited) if cited else {}
        if not aliases:
            return reads

        def named(e: Evidence) -> Evidence:
            if e.kind is not EvidenceKind.KNOWN_ID or e.value not in aliases:
                return e
            return replace(e, kind=EvidenceKind.OWN_ID, letter=aliases[e.value], purpose="message-id")

        order = list(EvidenceKind)
        return [replace(r, evidence=tuple(sorted(map(named, r.evidence), key=lambda e: order.index(e.kind)))) for r in reads]

    def decide(
        self,
        desk: LetterWriter,
        agents: Mapping[str, Person],
        reads: Sequence[Read],
        now: datetime,
        before: Known | None = None,
        as_they_are: bool = False,
    ) -> tuple[Known, list[DecidedMail]]:
        """Decides the mails in order, each with what those before it change. `before`: of the batch before, which is not recorded yet.
        Raises Outdated where a ticket was last decided by another policy, unless they are taken `as_they_are`."""
        known = self._loader.known(desk.policy, reads, now, before, as_they_are)
        addresses = _may_be_answered(reads, known)
        counts = self._loader.counts(addresses, now, by_minute=desk.policy.budgets.has_minutes)
        if before is not None:
            counts = budget.after(before.letters_wanted, [budget.Send()] * len(before.letters_wanted), counts)
        traffic = self._loader.traffic(reads, addresses, now, before.traffic if before else None)
        decided = []
        for one, ids in zip(reads, self._ids(desk, reads, known), strict=True):
            found = self._looked_through(situation(one, known, desk.policy, agents, ids, now), one, desk)
            s, decision = self._one(found, one, traffic)
            if any(change.before is None for change in decision.changes):
                self._tickets.popleft()
            looked_up = known.ids_of(one.desk.id)
            tickets = {i: looked_up[i] for i in decision.message_ids if i in looked_up}
            known.learn(one.desk.id, decision, one.reading.mail.message_id, agents.values(), now)
            if known.suppressed:
                decision = replace(decision, letters=(*decision.letters, *suppression.warnings(s, decision, known.suppressed)))
            if others := budget.counted_addresses(decision.letters) - addresses:
                # Not whom the mail names: an alias' owner, somebody copied in. Uncounted, the record's last look would refuse them always.
                addresses |= others
                counts = budget.beside(counts, self._loader.counts(others, now, by_minute=False))
            spent = spend(decision, counts, known.suppressed, desk.policy, now)
            counts = spent.counts
            final, letters = floods_and_loops.explained(spent.decision, tuple(map(named, spent.letters)), traffic, desk.policy, now)
            known.letters_wanted += letters
            decided.append(DecidedMail(one, s, decision, spent.verdicts, final, letters, tickets))
        known.traffic = traffic
        return known, decided

    def _ids(self, desk: LetterWriter, reads: Sequence[Read], known: Known) -> Iterable[Ids]:
        """Drawn beforehand for all; the ticket's is the next that nobody has used."""
        if len(self._tickets) < len(reads):
            self._tickets.extend(self._numbers.take("ticket", len(reads) - len(self._tickets)))
        strangers = [joining.unknown(copied_in(r, known, desk.policy), known.people) + passed_on_by_a_stranger(r, known) for r in reads]
        people = iter(self._numbers.take("person", len(reads) + sum(strangers)))
        entries = iter(self._numbers.take("entry", 2 * len(reads)))
        for more in strangers:
            yield Ids(self._tickets[0], next(people), (next(entries), next(entries)), self._letter_id(), tuple(islice(people, more)))

    @staticmethod
    def _one(found: Situation | Unopened, one: Read, traffic: Traffic) -> tuple[Situation, Decision]:
        if isinstance(found, Unopened):
            return found.situation, Decision(set_aside=Reason.of("files_not_opened", found.reason))
        s, turn = floods_and_loops.judged(found, traffic, one.claim.released)
        return s, floods_and_loops.settled(s, on_mail(s), turn, traffic)

    def _looked_through(self, s: Situation, one: Read, desk: LetterWriter) -> Situation | Unopened:
        """What a proven agent's answer would hand on: the words in its files, and what we signed, with for whom."""
        if files := files_to_check(s):
            (opened,) = self._reader.texts([(one.claim.arrival.raw or self._loader.raw(one.claim), files)])
            if isinstance(opened, Unread):
                return Unopened(s, opened.reason)
            s = with_files(s, files, opened)
            if s.letter is not None and s.letter.event == ReturnedMail.event:
                s = replace(s, refusal=self._loader.text_of(s.letter.id))
        if s.letter is not None and is_renamed(s):
            s = replace(s, letter_subject=self._loader.subject_of(s.letter.id))
        if quotes_unmarked(s):
            said = (self._loader.text_of(s.letter.id), self._loader.page_of(s.letter.id)) if s.letter is not None else ("", "")
            s = with_what_is_below(s, *said)
        if signed := signed_in(s, desk.ring):
            s = with_readers(s, signed, self._loader.letters(set(signed.values())))
        return s


@dataclass(frozen=True, slots=True)
class Unopened:
    """A mail whose files cannot be opened under the budget: what is in them must be known before it may leave."""

    situation: Situation
    reason: str


def _may_be_answered(reads: Sequence[Read], known: Known) -> set[str]:
    """Folded addresses that automatic letters may go to."""
    found = {folded(r.reading.mail.authors[0].key) for r in reads if r.reading.mail.author is not None}
    found |= {folded(r.reading.mail.forwarded.author.key) for r in reads if r.reading.mail.forwarded}
    return found | {folded(p.address) for file in known.files.values() for p in file.people if p.id in file.ticket.outsiders()}
