"""A decision: everything that follows from one mail, one tick of the clock or one answer of the relay. Recorded all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailgate.model.assignment import Absence
from mailgate.model.delivery import Reported, Suppression
from mailgate.model.evidence import Evidence, Proof
from mailgate.model.flood import Turn, Unanswered, Waiting
from mailgate.model.person import Person
from mailgate.model.rating import GivenRating
from mailgate.model.reason import Because
from mailgate.model.ticket import Entry, Ticket

if TYPE_CHECKING:  # whoever only reads the record needs none of them
    from mailgate.model.events import Event
    from mailgate.model.letter import LetterWanted


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One step of the explanation: which rule looked, what it saw, what it decided."""

    stage: str
    rule: str
    saw: Because
    then: Because


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the operator has to hear of, at most once an hour for each kind and key."""

    kind: str
    what: str
    way_out: str
    key: str = ""  #: what it is about, where one thing's trouble must not hide another's


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one ticket. `before` None: it is new. A lost compare-and-set on before.version means: decide again."""

    before: Ticket | None
    after: Ticket
    events: tuple[Event, ...] = ()
    entries: tuple[Entry, ...] = ()
    admitted: tuple[int, ...] = ()  #: ids of unverified entries that became public

    @property
    def recorded(self) -> Ticket:
        """The ticket as it will stand in the record after this change: what the next decision of the same batch starts from."""
        version, history = (self.before.version, self.before.history) if self.before else (0, 0)
        return replace(self.after, version=version + 1, history=history + len(self.events))


@dataclass(frozen=True, slots=True)
class Decision:
    """`set_aside` None: the mail is done. People named here are new, or known with a newly seen address."""

    changes: tuple[Change, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    cancels: tuple[str, ...] = ()  #: ids of letters that wait, and shall not leave any more
    people: tuple[Person, ...] = ()
    ratings: tuple[GivenRating, ...] = ()  #: new ones
    voided: tuple[GivenRating, ...] = ()  #: recorded ones that turned out to be a scanner's
    settled: tuple[GivenRating, ...] = ()  #: recorded ones that have waited long enough
    no_surveys: tuple[int, ...] = ()  #: people who do not want to be asked for ratings
    spent: tuple[str, ...] = ()  #: ids of letters whose token no longer proves its holder
    commands: tuple[tuple[int, str], ...] = ()  #: (line, verb) carried out; unique by (mail, line)
    message_ids: tuple[str, ...] = ()  #: own and cited Message-IDs that now belong to the ticket
    once: tuple[str, ...] = ()  #: keys that make sure that nothing of it happens a second time; unique
    confirms: int | None = None  #: inbox id of a waiting mail that is to be read once more, for its author has confirmed it
    bad_token: str | None = None  #: author address to count a bad subject token against
    set_aside: Because | None = None
    quiet: bool = False  #: what is set aside is nothing that a person has to look at
    reported: tuple[Reported, ...] = ()  #: what this mail says about letters of ours
    suppress: tuple[Suppression, ...] = ()  #: addresses that get nothing automatic from now on
    answered: str | None = None  #: the letter that its reader answers by this mail: it arrived
    lift: tuple[str, ...] = ()  #: addresses (lower case) that have shown to work
    alarm: Alarm | None = None
    turn_of: tuple[int, int] | None = None  #: (person, how often before) who was given work: nobody else may have done so meanwhile
    absences: tuple[Absence, ...] = ()  #: that begin, or are planned
    back: tuple[int, ...] = ()  #: people whose absence is over
    cause: str = ""  #: whose mail it is, folded: on whose account its letters are
    turn: Turn | None = None  #: it came soon after a letter of ours
    waiting: tuple[Waiting, ...] = ()  #: notices that are told together with others
    unanswered: tuple[Unanswered, ...] = ()  #: letters that a budget left out
    told: tuple[str, ...] = ()  #: folded addresses whose letters say what was left out before
    evidence: tuple[Evidence, ...] = ()
    proof: Proof = Proof()
    trace: tuple[TraceLine, ...] = ()

    def with_trace(self, *lines: TraceLine) -> Decision:
        return replace(self, trace=(*self.trace, *lines))

    @property
    def ticket(self) -> Ticket | None:
        """The ticket that the mail belongs to after this decision."""
        return self.changes[-1].after if self.changes else None
