"""The relay has answered, or not: where the letter stands now, and when it is tried again."""

from datetime import datetime, timedelta
from enum import Enum, auto

from mailgate.model.delivery import Deferred, Delivered, Delivery, OutboxState, Refused, Settled

#: Pauses after the first, second, ... attempt. RFC 5321 4.5.4.1 advises two attempts in the first hour, then one every two or three hours.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60))
LATER_PAUSE = (timedelta(hours=2), timedelta(hours=4))  #: from, to
GIVE_UP_AFTER = timedelta(days=5)
RELAY_DOWN_PAUSE = timedelta(minutes=5)  #: says nothing about the letter: once the relay is back, it should go soon
AFTER_UNKNOWN_PAUSE = timedelta(minutes=15)


class _RelaySaid(Enum):
    DELIVERED = auto()
    REFUSED = auto()
    DEFERRED = auto()
    LOST = auto()  #: the reply to DATA


class _Move(Enum):
    SENT = auto()
    REFUSED = auto()
    UNKNOWN = auto()
    STAY = auto()  #: the row keeps its state
    RETRY = auto()
    ONCE_MORE = auto()  #: after a lost reply, unless that was the second


_UNDER_WAY = {
    _RelaySaid.DELIVERED: _Move.SENT,
    _RelaySaid.REFUSED: _Move.REFUSED,
    _RelaySaid.DEFERRED: _Move.RETRY,
    _RelaySaid.LOST: _Move.ONCE_MORE,
}
_SETTLED = {**dict.fromkeys(_RelaySaid, _Move.STAY), _RelaySaid.DELIVERED: _Move.SENT}
#: What the row says now -> what the relay said -> what follows. While a letter was with the relay, its row may have been held or
#: cancelled, or settled by somebody else after the lease ran out. That it was delivered is true in every case.
_MOVES: dict[OutboxState, dict[_RelaySaid, _Move]] = {
    OutboxState.QUEUED: _UNDER_WAY,
    OutboxState.SENDING: _UNDER_WAY,
    OutboxState.DEFERRED: _UNDER_WAY,
    OutboxState.HELD: {**_SETTLED, _RelaySaid.REFUSED: _Move.REFUSED},  # else it waits to be released, as it is
    OutboxState.UNKNOWN: _SETTLED,
    OutboxState.CANCELLED: {**_SETTLED, _RelaySaid.LOST: _Move.UNKNOWN},  # it may have gone out before it was taken back
    OutboxState.SENT: _SETTLED,
    OutboxState.REFUSED: _SETTLED,
}
_ENDS = {_Move.SENT: OutboxState.SENT, _Move.REFUSED: OutboxState.REFUSED, _Move.UNKNOWN: OutboxState.UNKNOWN}


def next_attempt(attempts: int, first_at: datetime, now: datetime, spread: float) -> datetime | None:
    """When a letter is tried again after so many attempts, the first of them at `first_at`; None after five days, the last try being
    at their end. `spread` in [0, 1) is chance, given by the caller: letters that failed together do not come back together."""
    if attempts < 1:
        return now
    if attempts <= len(PAUSES):
        pause = _around(PAUSES[attempts - 1], spread)
    else:
        shortest, longest = LATER_PAUSE
        pause = shortest + (longest - shortest) * spread
    return _until_given_up(now + pause, first_at, now)


def after_unknown(now: datetime) -> datetime:
    """When the one further attempt is made after a reply to DATA was lost: late enough for a slow relay to have finished."""
    return now + AFTER_UNKNOWN_PAUSE


def settle(
    state: OutboxState,
    delivery: Delivery,
    attempts: int,
    first_at: datetime,
    now: datetime,
    spread: float,
    resend_unknown: bool,
    doubted: bool,
) -> Settled:
    """What an attempt makes of a letter.
    `state` is what its row says now, `attempts` counts those on the letter including this one, `resend_unknown` is false for letters that
    must rather be missing than come twice (ratings, digests, warnings), `doubted` is what `Settled.doubted` said before."""
    outcome = _outcome(delivery)
    move = _MOVES[state][outcome]
    counts = not (isinstance(delivery, Deferred) and delivery.relay_down and not delivery.uncertain)
    if move is _Move.ONCE_MORE:
        due = None if doubted or not resend_unknown or now - first_at >= GIVE_UP_AFTER else after_unknown(now)
        return Settled(OutboxState.DEFERRED if due else OutboxState.UNKNOWN, due, doubted=True, counts=True)
    doubted = doubted or outcome is _RelaySaid.LOST
    if move is not _Move.RETRY:
        return Settled(_ENDS.get(move, state), None, doubted, counts)
    if counts:
        due = next_attempt(attempts, first_at, now, spread)
    else:
        due = _until_given_up(now + _around(RELAY_DOWN_PAUSE, spread), first_at, now)
    if due is not None:
        return Settled(OutboxState.DEFERRED, due, doubted, counts)
    return Settled(OutboxState.UNKNOWN if doubted else OutboxState.REFUSED, None, doubted, counts)


def _outcome(delivery: Delivery) -> _RelaySaid:
    if isinstance(delivery, Delivered):
        return _RelaySaid.DELIVERED
    if isinstance(delivery, Refused):
        return _RelaySaid.REFUSED
    return _RelaySaid.LOST if delivery.uncertain else _RelaySaid.DEFERRED


def _around(pause: timedelta, spread: float) -> timedelta:
    """From a tenth less to a tenth more."""
    return pause * (0.9 + 0.2 * spread)


def _until_given_up(due: datetime, first_at: datetime, now: datetime) -> datetime | None:
    last = first_at + GIVE_UP_AFTER
    if now >= last:
        return None
    due = min(due, last)
    return due if due.microsecond == 0 else due.replace(microsecond=0) + timedelta(seconds=1)  # instants are whole seconds
