"""What reports are counted from: a period, and the rows of the record that fall into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.model.assignment import OfferEnd
from mailgate.model.rating import CountedRating, SurveyPut
from mailgate.model.ticket import Cycle, HoldReason, Status


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until), and the instant it is looked at."""

    since: datetime
    until: datetime
    now: datetime

    @property
    def end(self) -> datetime:
        """What is said of one instant is said of the end, or of now while that is still to come."""
        return min(self.until, self.now)


@dataclass(frozen=True, slots=True)
class CountedTicket:
    """What a report knows of a ticket, as it is now."""

    number: int
    desk: str
    group: str
    title: str
    status: Status
    priority: int
    owner: int | None
    arrived_at: datetime
    waiting_since: datetime | None = None
    category: str | None = None
    vip: bool = False
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class TimedCycle:
    ticket: int
    cycle: Cycle


@dataclass(frozen=True, slots=True)
class Stretch:
    """For how long a ticket stood as it did. `was`: how it stood before, None for its beginning."""

    ticket: int
    status: Status
    hold: HoldReason | None
    was: Status | None
    began_at: datetime
    ended_at: datetime | None

    @property
    def opens(self) -> bool:
        return self.was is None

    @property
    def solves(self) -> bool:
        """Here a ticket that was live, or came so, is solved."""
        done = (Status.RESOLVED, Status.CLOSED)
        return self.status in done and self.was not in done

    @property
    def reopens(self) -> bool:
        return self.status.is_live and self.was is not None and not self.was.is_live

    def covers(self, at: datetime) -> bool:
        return self.began_at < at and (self.ended_at is None or self.ended_at >= at)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the history that reports count."""

    ticket: int
    name: str
    at: datetime
    actor: int | None
    to: int | None = None  #: whom a ticket was given to


@dataclass(frozen=True, slots=True)
class LateMail:
    """A mail that lay somewhere before it came in: we were out of reach."""

    inbox: int
    desk: str
    arrived_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """A service failed, says somebody on a ticket. Without an end it lasts."""

    ticket: int
    service: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndedOffer:
    """A ticket was offered to an agent, and that came to an end."""

    ticket: int
    n: int
    made_at: datetime
    ended_at: datetime
    end: OfferEnd


@dataclass(frozen=True, slots=True)
class Material:
    """All that the figures of one period are counted from."""

    tickets: Mapping[int, CountedTicket] = field(default_factory=dict)
    cycles: tuple[TimedCycle, ...] = ()  #: stopped in the period, or still on at its end and broken already
    stretches: tuple[Stretch, ...] = ()  #: of tickets that began, were solved or stood open
    events: tuple[Happened, ...] = ()  #: of tickets that began or were solved
    ratings: tuple[CountedRating, ...] = ()
    surveys: tuple[SurveyPut, ...] = ()
    late: tuple[LateMail, ...] = ()
    outages: tuple[Outage, ...] = ()
    offers: tuple[EndedOffer, ...] = ()
