"""Looks up what a decision needs to know, in few statements for a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.decide import budget, desks, floods, loops, once
from mailgate.decide.floods_and_loops import CLAIMED
from mailgate.decide.guessing import guesser
from mailgate.decide.known import Known
from mailgate.decide.reports import TOGETHER
from mailgate.decide.traffic import Traffic
from mailgate.gateway.loading.gathering import Read, as_answered, copied_in, ids_beside
from mailgate.model.commands import tickets_named
from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.policy import Policy
from mailgate.model.sender import folded
from mailgate.model.ticket import Status, Ticket, TicketFile
from mailgate.model.understood import LetterFacts
from mailgate.record.rows import Claim
from mailgate.understand.answers import cited_ids, self_service

if TYPE_CHECKING:
    from mailgate.record.store import Store

HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)
#: For so long somebody who was not answered may still be told why.
WORTH_TELLING = timedelta(days=7)


class Outdated(Exception):
    """These tickets were last decided by another policy: their clocks have to be counted first."""

    def __init__(self, tickets: Sequence[int]) -> None:
        super().__init__(", ".join(map(str, tickets)))
        self.tickets = tickets


class Loader:
    """What the record says. Changes nothing in it."""

    def __init__(self, store: Store, is_current: Callable[[Ticket], bool] = lambda _: True) -> None:
        """`is_current`: whether the clocks of a ticket are counted by the policy in force."""
        self._store, self._is_current = store, is_current

    def aliases(self, message_ids: Iterable[str]) -> dict[str, str]:
        """Letters behind Message-IDs that a relay gave them."""
        return self._store.outbox.aliases(message_ids)

    def raw(self, claim: Claim) -> bytes:
        return self._store.inbox.raw(claim.id)

    def text_of(self, letter: str) -> str:
        """What a letter of ours says, "" where it is not known."""
        return self._store.outbox.texts([letter]).get(letter, "")

    def page_of(self, letter: str) -> str:
        """The HTML of a letter of ours, "" where it is not known."""
        return self._store.outbox.page(letter)

    def subject_of(self, letter: str) -> str:
        """The subject of a letter of ours, "" where it is not known."""
        return self._store.outbox.subject(letter)

    def letters(self, ids: Iterable[str]) -> dict[str, LetterFacts]:
        return self._store.outbox.facts(ids)

    def counts(self, addresses: Iterable[str], now: datetime, *, by_minute: bool) -> budget.Counts:
        """Automatic letters to these addresses. `by_minute` False: nobody needs to know how many left in the last minute."""
        return self._store.outbox.automatic_counts(addresses, now, by_minute=by_minute)

    def traffic(self, reads: Sequence[Read], keys: Iterable[str], now: datetime, before: Traffic | None = None) -> Traffic:
        """What is known of who wrote them. `keys`: folded addresses that letters may go to; `before`: of the batch before, whose letters
        are not recorded yet."""
        kept = self._store.traffic
        authors = {folded(a.address) for r in reads for a in r.reading.mail.authors if a.address}
        paths = {r.claim.arrival.reverse_path for r in reads if r.claim.arrival.reverse_path}
        traffic = Traffic(
            blocks=kept.blocked({*(a.address for r in reads for a in r.reading.mail.authors if a.address), *paths}, now),
            last=dict(kept.last_letters(authors, now - HOUR)),
            tally=floods.FloodTally(dict(kept.told_because_of(authors, now - HOUR))),
            untold=dict(kept.untold({*authors, *keys}, now - WORTH_TELLING)),
        )
        # Only who had a letter lately, or answers one, can take a turn: for all others nothing is asked.
        quick = authors & traffic.last.keys() | {
            folded(r.reading.mail.authors[0].address) for r in reads if r.reading.mail.author and r.evidence
        }
        traffic.turns = dict(kept.turns_of({*quick, *(CLAIMED + one for one in quick)}, now - loops.MEMORY)) if quick else {}
        if before is not None:
            for cause, letters in before.made:
                traffic.tally.count(cause, letters)
                traffic.follow(letters, now)
            for turn in before.taken:
                traffic.turns[turn.author] = (turn, *traffic.turns.get(turn.author, ()))
        return traffic

    def known(self, policy: Policy, reads: Sequence[Read], now: datetime, before: Known | None = None, as_they_are: bool = False) -> Known:
        """What is on file about these mails. `before`: of the batch before, which is not recorded yet.
        Raises Outdated, unless tickets are taken as they are."""
        known = Known()
        known.letters = dict(self._store.outbox.facts({e.letter for r in reads for e in r.evidence if e.letter and e.valid}))
        cited: dict[str, set[str]] = {}
        for at in {r.desk.id for r in reads}:
            mine = [r for r in reads if r.desk.id == at]
            ids = {i for r in mine for i in (*cited_ids(r.reading.mail), r.reading.mail.message_id) if i}
            ids |= {f.message_id for r in mine if (f := r.reading.mail.forwarded) and f.message_id}
            # Whatever a decision may record as its ticket's has to be looked up: else it conflicts for ever with the ticket that has it.
            ids |= {e.value for r in mine for e in r.evidence if e.kind is EvidenceKind.KNOWN_ID}
            # At another desk than that of the ticket, the mail may belong to one beside it.
            cited[at] = ids | {desks.beside(number) for r in mine for e in r.evidence if (number := _named(e, known)) is not None}
            known.message_ids[at] = dict(self._store.inbox.tickets_by_message_ids(at, cited[at]))
            own = {r.reading.mail.message_id for r in mine if r.reading.mail.message_id}
            known.read_ids.update((at, i) for i in self._store.inbox.same_message_ids(at, own, {r.claim.id for r in mine}))
        for at, own in ids_beside(reads, policy).items():
            known.read_ids.update((at, i) for i in self._store.inbox.same_message_ids(at, own, {r.claim.id for r in reads}))
        keys = {a.key for r in reads for a in r.reading.mail.authors if a.address}
        passed_on = {r.reading.mail.forwarded.author.key for r in reads if r.reading.mail.forwarded}
        copied = {a.key for r in reads for a in copied_in(r, known, policy)}
        known.people = dict(self._store.people.at(keys | copied | passed_on))
        guessers = {guesser(a.key, r.verdict) for r in reads if (a := r.reading.mail.author) is not None}
        known.bad_tokens = self._store.traffic.bad_tokens(guessers, now - timedelta(hours=1))
        may_command = [r for r in reads if _may_command(r, known)]
        known.once = self._store.outbox.known_once(key for r in may_command for key in once.keys_of(r.reading.mail, r.verdict))
        agents_here = {p.id for p in known.people.values() if p.agent}
        known.asked = self._store.outbox.asked(agents_here, now)
        known.away = set(self._store.assignments.who_is_away(agents_here, now)) if agents_here else set()
        if before is not None:
            known.follow_names(before, cited)
        numbers = {e.ticket for r in reads for e in r.evidence if e.ticket and e.valid}
        numbers |= {facts.ticket for facts in known.letters.values() if facts.ticket}
        numbers |= {number for ids in known.message_ids.values() for number in ids.values()}
        commands = (as_answered(r, known).reading.commands for r in reads if _by_agent(r, known))
        numbers |= {number for each in commands for number in tickets_named(each)}
        by_agents = {number for r in reads if _by_agent(r, known) for number in _candidates(r, known)}
        while numbers:
            files = self._store.tickets.files(numbers, notices_for=by_agents & numbers)
            known.files.update(files)
            merged = {f.ticket.merged_into for f in files.values() if f.ticket.merged_into is not None}
            by_agents |= merged
            numbers = (merged | self._follow_ups(files, known, cited)) - known.files.keys()
        if not as_they_are and (outdated := [n for n, file in known.files.items() if not self._is_current(file.ticket)]):
            raise Outdated(outdated)
        # After the tickets: whoever rates between the two changes the version of the ticket.
        rated = {facts.ticket for facts in known.letters.values() if facts.ticket and facts.closure is not None}
        known.ratings = dict(self._store.ratings.of(rated)) if rated else {}
        if may_command and policy.ratings.ask != "off":
            solvable = {file.ticket.requester for file in known.files.values() if file.ticket.status.is_live}
            rests = max(policy.ratings.rest_after_rating, policy.ratings.rest_after_question)
            known.surveyed = self._store.ratings.surveyed(solvable, now - rests)
        pressing = {r.reading.mail.author.key for r in reads if r.reading.mail.author and self_service(r.reading.mail.new_text) == "urgent"}
        known.pressed = self._store.tickets.pressed({p.id for key in pressing if (p := known.people.get(key))}, now - MONTH)
        if before is not None:
            known.follow_files(before)
        agents = {agent.address.lower() for agent in policy.agents.values()}
        self._look_up_addresses(reads, known, agents, now, before)
        return known

    def _follow_ups(self, files: dict[int, TicketFile], known: Known, cited: dict[str, set[str]]) -> set[int]:
        """The tickets that go on where these, which are closed, ended."""
        keys = {desks.after(file.ticket.number) for file in files.values() if file.ticket.status is Status.CLOSED}
        if not keys:
            return set()
        for at, ids in cited.items():
            known.message_ids[at].update(self._store.inbox.tickets_by_message_ids(at, keys))
            ids |= keys
        return {number for ids in known.message_ids.values() for key in keys if (number := ids.get(key)) is not None}

    def _look_up_addresses(self, reads: Sequence[Read], known: Known, colleagues: set[str], now: datetime, before: Known | None) -> None:
        """Which addresses get nothing automatic: authors, whoever may be written to, and whom reports are about."""
        reported = {e.letter for r in reads if r.reading.kind.is_report for e in r.evidence if e.valid and e.letter in known.letters}
        keys = {a.key for r in reads for a in r.reading.mail.authors if a.address} | colleagues
        keys |= {p.address.lower() for file in known.files.values() for p in file.people}
        keys |= {known.letters[id_].address.lower() for id_ in reported if id_}
        known.suppressed = self._store.people.suppressed(keys, now)
        if reported:
            known.reached_otherwise = frozenset(self._store.delivery_reports.reached_otherwise(id_ for id_ in reported if id_))
            addresses = {known.letters[id_].address.lower() for id_ in reported if id_}
            known.since_answers = self._store.delivery_reports.since_answers(addresses, now - TOGETHER)
        if before is not None:
            known.follow_addresses(before)


def _by_agent(one: Read, known: Known) -> bool:
    person = known.people.get(author.key) if (author := one.reading.mail.author) else None
    return person is not None and person.agent is not None


def _may_command(one: Read, known: Known) -> bool:
    """Whether a mail can ask for anything that happens once: it is an agent's, or the answer to a letter of ours."""
    return any(e.valid for e in one.evidence) or _by_agent(one, known)


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
