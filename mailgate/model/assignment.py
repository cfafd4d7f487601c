"""Who is to work on a ticket: the search for an owner, what is offered to whom, and who is away."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SearchStage(StrEnum):
    DUE = "due"  #: somebody is to be asked now
    OFFERED = "offered"  #: somebody was asked, and has time to say
    WAITING = "waiting"  #: nobody could be asked; it is tried again as soon as somebody can
    LEFT = "left"  #: enough were asked: the lead has it


class OfferEnd(StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    PUSHED = "pushed"  #: it was no question: the ticket was theirs at once


class HeardBy(StrEnum):
    """Who has heard that nobody takes a ticket."""

    NOBODY = "nobody"
    LEAD = "lead"
    MANAGER = "manager"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Offer:
    to: int  #: person id
    n: int  #: the how-manieth of its ticket
    at: datetime
    until: datetime  #: silence beyond that passes it on


@dataclass(frozen=True, slots=True)
class OwnerSearch:
    """How far the search for an owner has come. A ticket that somebody owns, or that nobody works on, has none."""

    stage: SearchStage
    since: datetime
    at: datetime | None  #: when it wants attention again; None: as soon as somebody can be asked
    passed: tuple[int, ...] = ()  #: who is not asked (again): they declined, were silent, or gave it back
    first: int | None = None  #: who is asked before all others: the one who stands in for its owner
    rounds: int = 0  #: how many were asked
    told: HeardBy = HeardBy.NOBODY
    offer: Offer | None = None  #: the one that is open


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away, and gets no work. `to_at` None: until they say that they are back."""

    person: int
    from_at: datetime
    to_at: datetime | None
    delegate: int | None = None  #: who stands in for them
    suspected: bool = False  #: nobody said so but an automatic reply of theirs
    id: int | None = None  #: None: not recorded yet

    def holds(self, at: datetime) -> bool:
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


@dataclass(frozen=True, slots=True)
class Availability:
    """How it stands with one agent just now, as far as giving them work goes."""

    person: int
    load: int = 0  #: of their new and open tickets, and of what is offered to them, by priority
    tickets: int = 0  #: how many they have
    turns: int = 0  #: how often they were given something: a count by which two nodes cannot both do so
    given_at: datetime | None = None  #: when last
    absences: tuple[Absence, ...] = ()  #: those that last or are to come

    def is_away(self, at: datetime) -> bool:
        return any(one.holds(at) for one in self.absences)
