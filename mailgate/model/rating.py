"""Ratings: what a requester gave, by mail or on the web, and when they were last asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_COMMENT = 2000  #: characters
LOW = 2  #: up to here the lead hears of it

#: Programs that follow every link of a mail press every button as well, within seconds. Different scores of one letter that come so close
#: together are no person's.
SCANNERS_TAKE = timedelta(seconds=30)


class RatingWay(StrEnum):
    MAIL = "mail"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class GivenRating:
    """One score for one resolution of a ticket. All are kept; the last that is not void counts."""

    ticket: int
    closure: int
    person: int | None
    score: int
    comment: str
    at: datetime
    mail: int | None = None  #: inbox row
    way: RatingWay = RatingWay.MAIL
    letter: str | None = None  #: the one that it answers
    void: bool = False  #: taken for a scanner's
    waits: bool = False  #: may still turn out to be a scanner's, so nobody was told of it yet
    id: int | None = None  #: None: not recorded yet
    unsolved: bool = False  #: the words say that it still fails; read anew from them, in no column


@dataclass(frozen=True, slots=True)
class Surveyed:
    """When a person last gave a rating that counts, and was last asked for one. Long ago is the same as never."""

    rated_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CountedRating:
    """A rating that counts, as reports add it up."""

    ticket: int
    closure: int
    score: int
    comment: str
    at: datetime
    desk: str | None  #: None: resolved by a version that did not note it
    owner: int | None  #: of the ticket when it was resolved


@dataclass(frozen=True, slots=True)
class SurveyPut:
    """A question that reached somebody."""

    ticket: int
    desk: str
    owner: int | None
    answered: bool
    asked_at: datetime


class RatedOutcome(StrEnum):
    """What became of a score that was given on the web."""

    COUNTED = "counted"
    VOID = "void"  #: it came with other scores of its letter, and none of them counts
    LATE = "late"  #: after the time for ratings
    REFUSED = "refused"  #: nothing can be rated by this letter, or it was used too often


@dataclass(frozen=True, slots=True)
class Rated:
    """The answer to whoever rates on the web. `score` and `comment`: what counts from now on."""

    outcome: RatedOutcome
    score: int | None = None
    comment: str = ""
    due_at: datetime | None = None  #: by when somebody gets in touch, after a low score


def counting(ratings: Iterable[GivenRating]) -> GivenRating | None:
    """Of the ratings of one resolution the one that counts."""
    return max((r for r in ratings if not r.void), key=lambda r: (r.at, r.id is None, r.id), default=None)
