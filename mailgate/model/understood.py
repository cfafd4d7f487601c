"""What the understanding stage hands on besides the mail itself: ratings, and the ticket a mail belongs to."""

from dataclasses import dataclass
from datetime import datetime

from mailgate.model.delivery import Fate, OutboxState
from mailgate.model.evidence import Evidence
from mailgate.model.letter import Audience
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility


@dataclass(frozen=True, slots=True)
class RatingRead:
    score: int
    comment: str
    because: Reason  #: where the mark stood: rated.token, rated.first_line or rated.beside_thanks
    unsolved: bool = False  #: the comment says that it still fails


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What a decision needs to know of a letter of ours that a mail answers."""

    id: str
    ticket: int | None
    person: int
    address: str
    audience: Audience
    event: str
    closure: int | None
    entry: int | None
    answer_is: Visibility
    made_at: datetime
    spent_at: datetime | None
    message_id: str
    state: OutboxState = OutboxState.SENT
    first_at: datetime | None = None  #: the first attempt to hand it over; None: it never left
    fate: Fate | None = None  #: what was reported about it
    about: int | None = None  #: inbox id of the mail that it asks about
    preheader: str | None = None  #: the line that lists of mails show of it, and some programs in their quotes
    answered_at: datetime | None = None  #: its reader answered it: then it arrived


@dataclass(frozen=True, slots=True)
class Thread:
    """Which ticket a mail belongs to, and all evidence for it."""

    ticket: int | None
    letter: str | None  #: id of the letter it answers
    evidence: tuple[Evidence, ...]
    notes: tuple[Reason, ...]
