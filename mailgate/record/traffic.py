"""What the record knows of floods and loops: whose mail is set aside, who answers us how, who was not answered, what is told together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from mailgate.model.flood import Block, Turn, Unanswered, Waiting
from mailgate.model.sender import patterns
from mailgate.record.flood_tables import blocks, notices_waiting, turns, unanswered
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, add, among, chunks, grouped, reads, writes
from mailgate.record.tables import bad_tokens as guesses
from mailgate.record.tables import letters

#: Turns of one author that are looked at, and how long any of them is kept.
MOST_TURNS = 60
TURNS_KEPT = timedelta(days=30)
#: Notices that one letter tells of.
MOST_TOLD = 100


class TrafficRecord(Part):
    """What tells floods and loops from people."""

    @writes
    def block(self, connection: Connection, one: Block) -> None:
        """From now on; what was said of the same pattern before is replaced."""
        connection.execute(delete(blocks).where(blocks.c.pattern == one.pattern))
        connection.execute(insert(blocks), row_of(one))

    @writes
    def unblock(self, connection: Connection, pattern: str) -> bool:
        return connection.execute(delete(blocks).where(blocks.c.pattern == pattern)).rowcount == 1

    @reads
    def blocked(self, connection: Connection, addresses: Iterable[str], now: datetime) -> dict[str, Block]:
        """By pattern: what holds now for any of these addresses."""
        holds = select(blocks).where(or_(blocks.c.until.is_(None), blocks.c.until > now))
        wanted = (pattern for address in addresses for pattern in patterns(address))
        return {row.pattern: noun_of(Block, row) for row in among(connection, holds, blocks.c.pattern, wanted)}

    @reads
    def blocks(self, connection: Connection, now: datetime, limit: int = 50) -> list[Block]:
        """Those that hold now, the newest first."""
        query = select(blocks).where(or_(blocks.c.until.is_(None), blocks.c.until > now)).order_by(blocks.c.since.desc(), blocks.c.pattern)
        return [noun_of(Block, row) for row in connection.execute(query.limit(limit))]

    @reads
    def turns_of(self, connection: Connection, authors: Iterable[str], since: datetime) -> dict[str, tuple[Turn, ...]]:
        """The newest turns of each author, newest first. A flood's own rows do not crowd out those of others."""
        found: dict[str, list[Turn]] = {}
        place = func.row_number().over(partition_by=turns.c.author, order_by=(turns.c.at.desc(), turns.c.id.desc())).label("place")
        for some in chunks(authors):
            newest = select(turns, place).where(turns.c.author.in_(some), turns.c.at > since).subquery()
            for row in connection.execute(select(newest).where(newest.c.place <= MOST_TURNS).order_by(newest.c.place)):
                found.setdefault(row.author, []).append(noun_of(Turn, row))
        return {author: tuple(rows) for author, rows in found.items()}

    @reads
    def last_letters(self, connection: Connection, keys: Iterable[str], since: datetime) -> Mapping[str, datetime]:
        """When the last automatic letter to each of these folded addresses was due to leave."""
        last = select(letters.c.counted_key, func.max(letters.c.counted_at)).where(letters.c.counted_at > since)
        return dict(among(connection, last.group_by(letters.c.counted_key), letters.c.counted_key, keys))

    @reads
    def told_because_of(self, connection: Connection, causes: Iterable[str], since: datetime) -> dict[tuple[str, int, str], int]:
        """How many automatic letters each person inside had since then because of each sender's mail, by (sender, person, event)."""
        what = (letters.c.cause, letters.c.person, letters.c.event)
        query = select(*what, func.count()).where(letters.c.made_at > since, letters.c.audience.in_(("agent", "lead"))).group_by(*what)
        rows = among(connection, query, letters.c.cause, causes)
        return {(cause, person, event): count for cause, person, event, count in rows}

    @reads
    def told_lately(self, connection: Connection, cause: str, since: datetime) -> list[tuple[int, str, int | None, datetime]]:
        """(person, event, ticket, when) of the letters that were written since then for this cause, in that order."""
        what = (letters.c.person, letters.c.event, letters.c.ticket, letters.c.made_at)
        query = select(*what).where(letters.c.cause == cause, letters.c.made_at > since).order_by(letters.c.made_at)
        return [(person, event, ticket, at) for person, event, ticket, at in connection.execute(query)]

    @reads
    def untold(self, connection: Connection, keys: Iterable[str], since: datetime) -> dict[str, tuple[Unanswered, ...]]:
        """What these folded addresses have not been told yet, the oldest first."""
        open_ = select(unanswered).where(unanswered.c.told_at.is_(None), unanswered.c.at > since).order_by(unanswered.c.id)
        found = grouped((row.key, noun_of(Unanswered, row)) for row in among(connection, open_, unanswered.c.key, keys))
        return {key: tuple(rows) for key, rows in found.items()}

    @reads
    def due_together(
        self, connection: Connection, before: datetime, limit: int, cause: str | None = None
    ) -> list[tuple[int, str, datetime]]:
        """(person, sender, since when) whose oldest waiting notice is older than this, the oldest first; `cause`: of this sender."""
        oldest = func.min(notices_waiting.c.at)
        query = (
            select(notices_waiting.c.person, notices_waiting.c.cause, oldest)
            .group_by(notices_waiting.c.person, notices_waiting.c.cause)
            .having(oldest <= before)
            .order_by(oldest)
            .limit(limit)
        )
        query = query.where(notices_waiting.c.cause == cause) if cause is not None else query
        return [(person, sender, at) for person, sender, at in connection.execute(query)]

    @reads
    def notices_waiting(self, connection: Connection, person: int, cause: str) -> list[Waiting]:
        """What waits for one reader because of one sender, the oldest first."""
        mine = (notices_waiting.c.person == person, notices_waiting.c.cause == cause)
        rows = connection.execute(select(notices_waiting).where(*mine).order_by(notices_waiting.c.id))
        return [noun_of(Waiting, r) for r in rows]

    @writes
    def forget_turns(self, connection: Connection, now: datetime) -> int:
        """Those that are too old to say anything; and of who was not answered, what nobody will be told any more."""
        connection.execute(delete(unanswered).where(unanswered.c.at < now - TURNS_KEPT))
        return connection.execute(delete(turns).where(turns.c.at < now - TURNS_KEPT)).rowcount

    @reads
    def bad_tokens(self, connection: Connection, authors: Iterable[str], since: datetime) -> dict[str, int]:
        """How many subject tokens that are none each of these authors sent since then."""
        query = select(guesses.c.author, func.count()).where(guesses.c.at >= since).group_by(guesses.c.author)
        return dict(among(connection, query, guesses.c.author, (author.lower() for author in authors)))


def tell(connection: Connection, ids: Sequence[int]) -> bool:
    """They are told with the letter that is recorded in this transaction. False when somebody else has told any of them."""
    done = sum(connection.execute(delete(notices_waiting).where(notices_waiting.c.id.in_(some))).rowcount for some in chunks(ids))
    return done == len(set(ids))


#: So many are kept for one address until they are told: a letter names a few, and no flood of forged mail may make each batch slower.
MOST_UNTOLD = 100


def leave_unanswered(connection: Connection, some: Sequence[Unanswered]) -> None:
    rows: list[dict[str, object]] = []
    open_: Counter[str] = Counter()
    for keys in chunks(dict.fromkeys(u.key for u in some)):
        mine = (unanswered.c.key.in_(keys), unanswered.c.told_at.is_(None))
        for key, count in connection.execute(select(unanswered.c.key, func.count()).where(*mine).group_by(unanswered.c.key)):
            open_[key] = count
    for u in some:
        if open_[u.key] < MOST_UNTOLD:
            open_[u.key] += 1
            rows.append(row_of(u))
    add(connection, unanswered, rows)


def told(connection: Connection, keys: Iterable[str], now: datetime) -> None:
    for some in chunks(keys):
        connection.execute(update(unanswered).where(unanswered.c.key.in_(some), unanswered.c.told_at.is_(None)).values(told_at=now))
