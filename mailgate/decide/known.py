"""What a round knows: loaded in few statements, and kept true while the mails of one batch are decided one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailgate.decide import suppression
from mailgate.decide.traffic import Traffic
from mailgate.model.decision import Decision
from mailgate.model.delivery import Fate
from mailgate.model.events import UrgencyAsked
from mailgate.model.letter import LetterWanted
from mailgate.model.person import Person
from mailgate.model.rating import GivenRating, Surveyed
from mailgate.model.reason import Because
from mailgate.model.ticket import TicketFile, Visibility
from mailgate.model.understood import LetterFacts

#: A chain of merged tickets longer than this, or one that bites its tail, ends where it is.
LONGEST_CHAIN = 10


@dataclass
class Known:
    """Mail two of a batch sees what mail one did, although nothing of it is written yet."""

    people: dict[str, Person] = field(default_factory=dict)  #: by address key
    letters: dict[str, LetterFacts] = field(default_factory=dict)
    files: dict[int, TicketFile] = field(default_factory=dict)
    message_ids: dict[str, dict[str, int]] = field(default_factory=dict)  #: desk -> Message-ID -> ticket
    read_ids: set[tuple[str, str]] = field(default_factory=set)  #: (desk, Message-ID) of mails that were read
    read_now: set[tuple[str, str]] = field(default_factory=set)  #: those of this batch
    bad_tokens: Mapping[str, int] = field(default_factory=dict)
    letters_wanted: tuple[LetterWanted, ...] = ()  #: of this batch, not counted in the database yet
    once: set[str] = field(default_factory=set)  #: keys of `decide.once` that the record has, or that this batch or the one before set
    once_now: set[str] = field(default_factory=set)  #: those that are not recorded yet
    asked: dict[int, tuple[int, int]] = field(default_factory=dict)  #: agent -> how often they were asked for a word in an hour, in a day
    away: set[int] = field(default_factory=set)  #: agents of whom it is known that they are away
    away_now: set[int] = field(default_factory=set)  #: those that this batch found out
    asked_now: list[int] = field(default_factory=list)  #: whom this batch asks
    ratings: dict[int, tuple[GivenRating, ...]] = field(default_factory=dict)  #: by ticket, where a mail may rate it
    surveyed: dict[int, Surveyed] = field(default_factory=dict)  #: by person, where a ticket of theirs may be solved
    pressed: dict[int, int] = field(default_factory=dict)  #: by person, who says `urgent`: how often before, in 30 days
    spent: set[str] = field(default_factory=set)  #: letters whose token this batch, or the one before, spent
    fresh: set[int] = field(default_factory=set)  #: tickets that this batch changed
    joined: set[str] = field(default_factory=set)  #: address keys of people whom this batch added or changed
    fates: dict[str, Fate] = field(default_factory=dict)  #: of letters about which this batch, or the one before, had a report
    suppressed: Mapping[str, Because] = field(default_factory=dict)  #: addresses that get nothing automatic, and why
    reached_otherwise: frozenset[str] = frozenset()  #: reported letters whose words their requester has from another address
    since_answers: dict[str, tuple[datetime | None, frozenset[str]]] = field(default_factory=dict)
    """Address of a reported letter -> its last answer, and the letters to it that were reported dead since."""
    told_now: list[tuple[str, datetime | None, str]] = field(default_factory=list)  #: of this batch: (address, answer, dead letter)
    traffic: Traffic | None = None  #: what was known of the senders of this batch
    turned: list[Decision] = field(default_factory=list)  #: decisions of this batch that changed what is suppressed
    _by_id: dict[int, Person] = field(default_factory=dict)  #: the same people, once the first decision is there

    def final(self, number: int | None) -> TicketFile | None:
        """The file of a ticket, merges followed."""
        file = self.files.get(number) if number is not None else None
        for _ in range(LONGEST_CHAIN):
            if file is None or file.ticket.merged_into is None:
                break
            file = self.files.get(file.ticket.merged_into, file)
        return file

    def letter(self, id_: str | None, now: datetime) -> LetterFacts | None:
        """The letter a mail answers; what an earlier mail of this batch spent is spent."""
        facts = self.letters.get(id_) if id_ is not None else None
        if facts is not None and facts.spent_at is None and facts.id in self.spent:
            facts = replace(facts, spent_at=now)
        if facts is not None and facts.id in self.fates:
            facts = replace(facts, fate=self.fates[facts.id])
        return facts

    def ids_of(self, desk: str) -> dict[str, int]:
        return self.message_ids.setdefault(desk, {})

    def members(self, number: int) -> frozenset[str]:
        """The addresses of everybody who takes part in a ticket."""
        file = self.final(number)
        if file is None:
            return frozenset()
        inside = {file.ticket.requester, file.ticket.owner, *(m.person for m in file.ticket.members)}
        return frozenset(key for person in file.people if person.id in inside for key in person.keys)

    def named(self, number: int) -> frozenset[str]:
        """The same, with everybody who had one of its mails in copy: their answers to all belong there, whatever they may do."""
        file = self.final(number)
        copied = (address.key for entry in file.entries for address in entry.copied) if file else ()
        return self.members(number).union(copied)

    def follow_names(self, before: Known, cited: Mapping[str, Iterable[str]]) -> None:
        """Puts the people and Message-IDs of the batch before, which are not recorded yet, over what the database says.
        `cited`: desk -> Message-IDs that the mails of this batch name. The tickets of all others would be loaded for nobody."""
        for key in before.joined:
            self.people[key] = before.people[key]
        for desk, ids in cited.items():
            mine, theirs = self.ids_of(desk), before.ids_of(desk)
            for message_id in ids:
                if (number := theirs.get(message_id)) in before.fresh and number is not None:
                    mine.setdefault(message_id, number)
        self.read_ids |= before.read_now
        self.spent |= before.spent
        self.once |= before.once_now
        self.away |= before.away_now
        for person in before.asked_now:
            self._ask(person)
        self.fates.update(before.fates)

    def _hear(self, decision: Decision, now: datetime | None) -> None:
        told: list[tuple[str, datetime | None, str]] = []
        if decision.answered is not None and now is not None and (facts := self.letters.get(decision.answered)) is not None:
            self.letters[facts.id] = replace(facts, answered_at=now)
            told.append((facts.address.lower(), now, ""))
        for one in decision.reported:
            facts = self.letters.get(one.letter)
            if facts is not None and ((one.hard and one.fate is Fate.BOUNCED) or one.action == "complained"):
                told.append((facts.address.lower(), None, one.letter))
        for address, answered_at, dead in told:
            self.hears(address, answered_at, dead)
        self.told_now += told

    def hears(self, address: str, answered_at: datetime | None, dead: str) -> None:
        """That a letter to an address was answered, or reported dead."""
        last, letters = self.since_answers.get(address, (None, frozenset()))
        self.since_answers[address] = (answered_at, frozenset()) if answered_at is not None else (last, letters | {dead})

    def _survey(self, person: int | None, rated_at: datetime | None = None, asked_at: datetime | None = None) -> None:
        if person is not None:
            here = self.surveyed.get(person, Surveyed())
            self.surveyed[person] = Surveyed(_later(here.rated_at, rated_at), _later(here.asked_at, asked_at))

    def _ask(self, person: int) -> None:
        hour, day = self.asked.get(person, (0, 0))
        self.asked[person] = (hour + 1, day + 1)

    def follow_files(self, before: Known) -> None:
        """The same for the tickets that the batch before opened or changed."""
        for number in before.fresh:
            here = self.files.get(number)
            self.files[number] = replace(before.files[number], notices=here.notices if here else ())
            if number in before.ratings:
                self.ratings[number] = before.ratings[number]
        for person, was in before.surveyed.items():
            self._survey(person, rated_at=was.rated_at, asked_at=was.asked_at)

    def follow_addresses(self, before: Known) -> None:
        """The same for addresses that the batch before suppressed or lifted, and for what was said of letters to them."""
        for decision in before.turned:
            self.suppressed = suppression.after(self.suppressed, decision)
        for address, answered_at, dead in before.told_now:
            self.hears(address, answered_at, dead)

    def learn(
        self, desk: str, decision: Decision, message_id: str | None, people: Iterable[Person] = (), now: datetime | None = None
    ) -> None:
        """What a decision of this batch changes for the mails behind it."""
        if not self._by_id:
            self._by_id = {p.id: p for p in self.people.values()}
        for person in decision.people:
            self._by_id[person.id] = person
            for key in person.keys:
                self.people[key] = person
                self.joined.add(key)
        self.spent.update(decision.spent)
        self.once.update(decision.once)
        self.once_now.update(decision.once)
        for letter in decision.letters:
            if letter.about is not None:
                self._ask(letter.person.id)
                self.asked_now.append(letter.person.id)
        found = {absence.person for absence in decision.absences if now is not None and absence.holds(now)}
        self.away_now |= found
        self.away = (self.away | found) - set(decision.back)
        self._hear(decision, now)
        self.fates.update((one.letter, one.fate) for one in decision.reported if one.fate is not None)
        if decision.lift or decision.suppress:
            self.turned.append(decision)
            self.suppressed = suppression.after(self.suppressed, decision)
        for event in (event for change in decision.changes for event in change.events if isinstance(event, UrgencyAsked)):
            if event.actor is not None:
                self.pressed[event.actor] = self.pressed.get(event.actor, 0) + 1
        for rating in decision.ratings:
            self.ratings[rating.ticket] = (*self.ratings.get(rating.ticket, ()), rating)
            self._survey(rating.person, rated_at=rating.at)
        for letter in decision.letters:
            if letter.closure is not None:
                self._survey(letter.person.id, asked_at=now)
        others = {p.id: p for p in people}
        for change in decision.changes:
            after = change.recorded
            old = self.files.get(after.number)
            self.fresh.add(after.number)
            admitted = set(change.admitted)
            entries = tuple(replace(e, visibility=Visibility.PUBLIC) if e.id in admitted else e for e in (old.entries if old else ()))
            inside = {after.requester, after.owner, *(m.person for m in after.members)}
            have = {p.id: p for p in (old.people if old else ())}
            for id_ in inside:
                person_there = others.get(id_) or self._by_id.get(id_) if id_ is not None and id_ not in have else None
                if person_there is not None:
                    have[person_there.id] = person_there
            self.files[after.number] = TicketFile(after, tuple(have.values()), (*entries, *change.entries), old.notices if old else ())
        if decision.ticket is not None:
            for known in decision.message_ids:
                self.ids_of(desk).setdefault(known, decision.ticket.number)
        if message_id:
            self.read_ids.add((desk, message_id))
            self.read_now.add((desk, message_id))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
