"""What became of a letter: the answer of the relay, and the state of the letter in the outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailgate.model.reason import Because


@dataclass(frozen=True, slots=True)
class Delivered:
    """The relay said 250 to the end of DATA."""

    reply: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later. In doubt, this."""

    reply: str
    uncertain: bool = False  #: the reply to DATA was lost: the relay may have the letter
    relay_down: bool = False  #: nothing about this letter: the relay could not be reached, or refused our login or TLS
    untried: bool = False  #: the round ended before this letter's turn: nothing is known, not even of the relay
    login_refused: bool = False  #: it is down because it refused our login: a person has to mend the password


@dataclass(frozen=True, slots=True)
class Refused:
    """The relay will never take this letter for this recipient (5xx)."""

    reply: str
    damaged: bool = False  #: it was never offered: what lies here is not what was sealed
    too_large: bool = False  #: its size is what was refused, nothing else about it
    limit: int | None = None  #: the largest size that the relay says it takes, in octets


Delivery = Delivered | Deferred | Refused


class OutboxState(StrEnum):
    """Where a letter stands. The words are public: the outbox command prints them."""

    HELD = "held"  #: nothing leaves until released
    QUEUED = "queued"
    SENDING = "sending"  #: under a lease
    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"  #: the reply to DATA was lost twice
    CANCELLED = "cancelled"


class Fate(StrEnum):
    """What others reported about a letter that the relay had taken. The words are public: the outbox command prints them.
    In this order: the later one outweighs the earlier one, and nothing outweighs a bounce."""

    DELAYED = "delayed"
    RELAYED = "relayed"  #: handed on to a server that reports nothing
    DELIVERED = "delivered"
    BOUNCED = "bounced"


def heavier(before: Fate | None, after: Fate) -> Fate:
    """What is believed of a letter after one more report."""
    order = tuple(Fate)
    return after if before is None or order.index(after) > order.index(before) else before


@dataclass(frozen=True, slots=True)
class Reported:
    """One report about one letter, as it is kept. Instants are those of the mail that brought it."""

    letter: str
    action: str  #: failed, delayed, relayed, delivered, expanded (RFC 3464), complained (RFC 5965)
    fate: Fate | None  #: what is believed of the letter from now on; None: this report says nothing about it
    status: str | None  #: RFC 3463, "5.1.1"
    reply_code: str | None
    hard: bool
    reason: str
    at: datetime


class SuppressionKind(StrEnum):
    BOUNCE = "bounce"  #: the address does not work; a mail that proves the contrary ends it
    COMPLAINT = "complaint"  #: somebody called our letter spam; only time or a person ends it


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address to which nothing automatic is sent for a while."""

    address: str  #: lower case
    kind: SuppressionKind
    reason: Because
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a letter stands after an attempt, for its outbox row."""

    state: OutboxState
    next_attempt_at: datetime | None  #: None: no further attempt
    doubted: bool  #: a reply to DATA was lost: the relay may have the letter already, so a further copy is flagged
    counts: bool  #: whether this was an attempt on the letter; a relay that is down was not
