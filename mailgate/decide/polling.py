"""Fetching mail from a folder: which mails next, when to try again, and whether a connection may be tried at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgate.model.mailbox import Attempt, Connect, Cursor, Pending, Stage, Start

#: Mails of one batch, and their octets: a batch is in memory as a whole, a larger mail comes alone.
BATCH, BATCH_OCTETS = 50, 8 * 1024 * 1024

#: Clocks differ: so much earlier than our own a mail may be stamped by the server and still be new.
SKEW = timedelta(minutes=10)
CLOCK_AHEAD = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as the server shows it when it is opened."""

    uidvalidity: int
    uidnext: int  #: no mail has this UID yet, or a higher one


def begin(
    found: FolderState, start: Start | datetime, newest: datetime | None, unseen: Mapping[int, datetime | None], now: datetime
) -> Cursor:
    """The cursor of a folder that is opened for the first time.
    `newest`: the INTERNALDATE of the newest mail that is there; what comes later is stamped later, by the same clock. `unseen`: the
    mails without \\Seen, with theirs; only asked for with `start = "unseen"`."""
    last = found.uidnext - 1
    if isinstance(start, datetime):
        return Cursor(found.uidvalidity, 0, last, since=start, horizon=start)
    # A mail that is stamped far in the future must not make everything after it look old.
    since = newest + SECOND if newest is not None and newest < now + CLOCK_AHEAD else now - SKEW
    horizon = min((at for at in unseen.values() if at is not None), default=since) if start is Start.UNSEEN else since
    return Cursor(found.uidvalidity, last, 0, since=since, horizon=min(horizon, since))


def begin_anew(found: FolderState, cursor: Cursor) -> Cursor:
    """The cursor after the UIDs have lost their meaning: everything is looked at again, and nothing older than `since` taken in."""
    return Cursor(found.uidvalidity, 0, found.uidnext - 1, since=cursor.since, horizon=cursor.horizon)


def is_the_same(found: FolderState, cursor: Cursor) -> bool:
    """Whether our UIDs still name the same mails. A UIDNEXT that went back means that they do not, whatever the server says."""
    return found.uidvalidity == cursor.uidvalidity and found.uidnext > cursor.last_uid


def is_wanted(uid: int, stamped_at: datetime | None, cursor: Cursor) -> bool:
    """Whether a mail is taken in: all that are new under this UIDVALIDITY; of those that were there before, the ones that are not older.
    A mail without a date counts: twice is prevented elsewhere, never is not."""
    return uid > cursor.rescan_until or stamped_at is None or stamped_at >= cursor.since


def arrived_at(stamped_at: datetime | None, cursor: Cursor, now: datetime) -> datetime:
    """When a mail arrived: its INTERNALDATE, never in the future, never before the horizon."""
    at = (stamped_at or now).replace(microsecond=0)
    return min(now, max(at, cursor.horizon))


def next_uids(found: Iterable[int], cursor: Cursor) -> list[int]:
    """New mails in the order of their UIDs. A search for `43:*` also names the last mail when that is below 43 (RFC 3501 6.4.8)."""
    return sorted({uid for uid in found if uid > cursor.last_uid})


def batches(sizes: Sequence[tuple[int, int]], most: int = BATCH, octets: int = BATCH_OCTETS) -> Iterator[list[int]]:
    """(uid, size) in order -> UIDs that are fetched together."""
    batch: list[int] = []
    total = 0
    for uid, size in sizes:
        if batch and (len(batch) == most or total + size > octets):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch


#: Pauses after the first, second, ... failure of one mail; the last goes on.
MAIL_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1))
MOST_REFUSALS = 5  #: the server said no so often: a person has to look
MOST_CUTS = 20  #: the connection ended while it was fetched. Networks fail as well, so that this takes longer to believe


def failed(pending: Pending | None, uid: int, reason: str, now: datetime, stage: Stage = Stage.FETCH) -> Pending:
    """A mail that failed once more, and when it is tried again."""
    attempts = (pending.attempts if pending is not None and pending.stage is stage else 0) + 1
    return Pending(uid, stage, attempts, now + MAIL_PAUSES[min(attempts, len(MAIL_PAUSES)) - 1], reason[:200])


def is_given_up(pending: Pending, cut: bool) -> bool:
    """Whether a mail has failed so often that it is set aside without its words."""
    return pending.attempts >= (MOST_CUTS if cut else MOST_REFUSALS)


#: Pauses after the first, second, ... failure in a row; the last goes on.
PAUSES = tuple(timedelta(seconds=s) for s in (5, 10, 20, 40, 80, 160, 300))
CONNECTS_A_MINUTE = 10
REFUSED_LOGINS_AN_HOUR = 6
AFTER_REFUSED_LOGIN = timedelta(minutes=10)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: An attempt whose end nobody recorded (its program died) may have been a refused login for so long.
UNDECIDED = timedelta(minutes=10)


def pause_after(failures: int, spread: float) -> timedelta:
    """How long a folder waits after so many failures in a row. `spread` in [0, 1) is chance: folders that failed together must not
    come back together."""
    return PAUSES[min(max(failures, 1), len(PAUSES)) - 1] * (0.75 + 0.5 * spread)


def next_connect(connects: Iterable[Connect], now: datetime, logins: int = 1) -> datetime:
    """When the server of a mailbox may be connected to: now, or later. `connects`: the last hour's, of all folders and nodes; `logins`:
    how many may be tried over the connection.
    Never more than ten in a minute, and never so that more than six logins an hour could fail: an account that is locked by its own
    gateway helps nobody."""
    recent = sorted((one for one in connects if now - HOUR < one.at <= now), key=lambda one: one.at)
    allowed = now
    last_minute = [one.at for one in recent if now - one.at < MINUTE]
    if len(last_minute) >= CONNECTS_A_MINUTE:
        allowed = max(allowed, last_minute[-CONNECTS_A_MINUTE] + MINUTE)
    refused = [one.at for one in recent if one.outcome is Attempt.REFUSED]
    doubtful = [one.at for one in recent if one.outcome is Attempt.OPEN and now - one.at < UNDECIDED]
    if refused and not _logged_in_since(recent, refused[-1]):
        allowed = max(allowed, refused[-1] + AFTER_REFUSED_LOGIN)
    failing = sorted(refused + doubtful)
    most = REFUSED_LOGINS_AN_HOUR - logins  # that have failed before
    if len(failing) > most:
        oldest = failing[-most - 1]
        allowed = max(allowed, oldest + (UNDECIDED if oldest in doubtful else HOUR))
    return allowed


def _logged_in_since(connects: Sequence[Connect], at: datetime) -> bool:
    return any(one.outcome is Attempt.LOGGED_IN and one.at > at for one in connects)


UNREACHABLE_AFTER = timedelta(minutes=15)
TOKEN_ENDS_WITHIN = timedelta(days=7)


def is_unreachable(ok_at: datetime | None, since: datetime, poll: timedelta, now: datetime) -> bool:
    """Whether a folder was not looked through for so long that the operator hears of it. `since`: when it was first tried."""
    return now - (ok_at or since) >= UNREACHABLE_AFTER + poll


def ends_soon(ends_at: datetime | None, now: datetime) -> bool:
    """Whether a secret or refresh token has to be renewed by a person within a week."""
    return ends_at is not None and ends_at - now <= TOKEN_ENDS_WITHIN
