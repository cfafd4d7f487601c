"""People and their addresses; agents of the policy are people too."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from mailgate.model.delivery import Suppression, SuppressionKind
from mailgate.model.person import Person
from mailgate.model.policy import Agent, Policy
from mailgate.model.reason import Because
from mailgate.record.database import Database
from mailgate.record.flood_tables import suppressions
from mailgate.record.ids import Numbers
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, add, among, grouped, reads, writes
from mailgate.record.ready import Row
from mailgate.record.rows import Conflict
from mailgate.record.tables import addresses, people


class People(Part):
    """Everybody on file with all addresses, and which addresses are not written to."""

    def __init__(self, database: Database, numbers: Numbers) -> None:
        super().__init__(database)
        self._numbers = numbers

    def adopt_agents(self, policy: Policy) -> tuple[dict[str, Person], frozenset[str]]:
        """A person for each agent of the policy, by their id there, and who was no agent before.
        Found by the agent's name, else by address, else new. An address that the policy gives an agent is that agent's from now on. Of
        nodes that adopt the same policy at the same time, one is told who is new."""
        ids = self._numbers.take("person", len(policy.agents))

        def work(connection: Connection) -> tuple[dict[str, Person], frozenset[str]]:
            self._db.room.alone(connection)
            return _adopt(connection, policy, iter(ids).__next__)

        return self._db.write(work)

    @reads
    def by_id(self, connection: Connection, ids: Iterable[int]) -> dict[int, Person]:
        wanted = set(ids)
        listed = select(addresses.c.person, addresses.c.key).order_by(addresses.c.place, addresses.c.key)
        known = grouped((person, key) for person, key in among(connection, listed, addresses.c.person, wanted))
        return {
            row.id: noun_of(
                Person,
                row,
                aliases=tuple(key for key in known.get(row.id, ()) if key != row.address.lower()),
                proven=row.proven and row.proven_at is not None,
                no_surveys=bool(row.no_surveys),
            )
            for row in among(connection, select(people), people.c.id, wanted)
        }

    @reads
    def at(self, connection: Connection, keys: Iterable[str]) -> dict[str, Person]:
        """People by address; the keys are in lower case."""
        found = owners(connection, (key.lower() for key in keys))
        who = People.by_id(connection, found.values())
        return {key: who[person] for key, person in found.items()}

    @reads
    def listed(self, connection: Connection, limit: int = 50, offset: int = 0) -> list[Person]:
        """Everybody on file, newest first."""
        ids = list(connection.execute(select(people.c.id).order_by(people.c.id.desc()).limit(limit).offset(offset)).scalars())
        who = People.by_id(connection, ids)
        return [who[id] for id in ids]

    @reads
    def suppressed(self, connection: Connection, keys: Iterable[str], now: datetime) -> dict[str, Because]:
        """Addresses (lower case) that are not written to now, with the reason."""
        query = select(suppressions.c.address, suppressions.c.reason).where(suppressions.c.until > now)
        return dict(among(connection, query, suppressions.c.address, (key.lower() for key in keys)))

    @writes
    def suppress(self, connection: Connection, one: Suppression) -> None:
        """From now on, or for longer than before: one that still holds keeps its beginning, and never ends earlier than it would have."""
        key = one.address.lower()
        old = People.suppression(connection, key)
        values = row_of(one, "address")
        if old is None:
            connection.execute(insert(suppressions), {"address": key, **values})
            return
        if old.until > one.since:
            values |= {"since": old.since, "until": max(old.until, one.until)}
            if old.kind is SuppressionKind.COMPLAINT:
                values["kind"] = old.kind.value
        connection.execute(update(suppressions).where(suppressions.c.address == key).values(**values))

    @reads
    def suppression(self, connection: Connection, address: str) -> Suppression | None:
        """What is on file for an address, also when it has ended."""
        row = connection.execute(select(suppressions).where(suppressions.c.address == address.lower())).first()
        return noun_of(Suppression, row) if row else None

    @reads
    def suppressions(self, connection: Connection, now: datetime, limit: int = 50, offset: int = 0) -> list[Suppression]:
        """Those that hold now, the one that ends first first."""
        query = select(suppressions).where(suppressions.c.until > now).order_by(suppressions.c.until, suppressions.c.address)
        return [noun_of(Suppression, row) for row in connection.execute(query.limit(limit).offset(offset))]

    @writes
    def speak(self, connection: Connection, address: str, language: str | None) -> Person | None:
        """In which language somebody gets their letters, whatever they write in; None: in that of their mails. An agent's is the policy's.
        Returns None where nobody has the address."""
        key = address.lower()
        id = owners(connection, [key]).get(key)
        if id is None:
            return None
        connection.execute(update(people).where(people.c.id == id, people.c.agent.is_(None)).values(chosen_language=language))
        return People.by_id(connection, [id])[id]

    @writes
    def change(self, connection: Connection, person: int, values: Mapping[str, str | bool | None]) -> None:
        """What an operator says of somebody: `vip`, `organisation`, `name`."""
        connection.execute(update(people).where(people.c.id == person).values(**values))

    @writes
    def ask(self, connection: Connection, person: int, *, about_ratings: bool) -> None:
        """Whether this person is asked for ratings from now on."""
        connection.execute(update(people).where(people.c.id == person).values(no_surveys=not about_ratings))

    @writes
    def lift(self, connection: Connection, address: str, *, but_complaints: bool = False) -> bool:
        """Whether there was one. `but_complaints`: the address has shown to work, but somebody did not want our letters there."""
        mine = [suppressions.c.address == address.lower()]
        if but_complaints:
            mine.append(suppressions.c.kind != SuppressionKind.COMPLAINT.value)
        return connection.execute(delete(suppressions).where(*mine)).rowcount == 1


def owners(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Whose these addresses are. Keys in lower case."""
    query = select(addresses.c.key, addresses.c.person)
    return dict(among(connection, query, addresses.c.key, keys))


def record(connection: Connection, persons: Sequence[Person]) -> None:
    """New people, and new addresses of known ones. Raises Conflict when an address is somebody else's meanwhile.
    Of a known person only what is new is written: a decision may be older than the row."""
    if not persons:
        return
    merged = {person.id: person for person in persons}
    listed = select(people.c.id, people.c.agent, people.c.language, people.c.chosen_language)
    known = {row.id: row for row in among(connection, listed, people.c.id, merged)}
    fresh = [person for person in merged.values() if person.id not in known]
    add(connection, people, [row_of(one, "aliases") | {"proven_at": one.proven_at if one.proven else None} for one in fresh])
    for person in merged.values():
        if person.proven and person.id in known:
            later = or_(people.c.proven_at.is_(None), people.c.proven_at < person.proven_at)
            connection.execute(update(people).where(people.c.id == person.id, later).values(proven=True, proven_at=person.proven_at))
        if (row := known.get(person.id)) is not None and row.agent is None:
            said = {"language": person.language, "chosen_language": person.chosen_language}
            if new := {name: value for name, value in said.items() if value and value != getattr(row, name)}:
                connection.execute(update(people).where(people.c.id == person.id).values(**new))
    wanted = {key: person.id for person in persons for key in _keys(person)}
    mine = owners(connection, wanted)
    if stolen := tuple(key for key, owner in mine.items() if wanted[key] != owner):
        raise Conflict("address", stolen)
    for person in persons:
        if taken := tuple(key for key in _keys(person) if wanted[key] != person.id):
            raise Conflict("address", taken)
    missing: list[Row] = [
        {"key": key, "person": person.id, "place": place}
        for person in merged.values()
        for place, key in enumerate(_keys(person))
        if key not in mine
    ]
    add(connection, addresses, missing)


def _keys(person: Person | Agent) -> tuple[str, ...]:
    return tuple(dict.fromkeys((person.address.lower(), *(alias.lower() for alias in person.aliases))))


def _adopt(connection: Connection, policy: Policy, new_id: Callable[[], int]) -> tuple[dict[str, Person], frozenset[str]]:
    new: set[str] = set()
    for agent in policy.agents.values():
        keys = _keys(agent)
        whose = owners(connection, keys)
        id = connection.execute(select(people.c.id).where(people.c.agent == agent.id)).scalar_one_or_none()
        if id is None:
            new.add(agent.id)
            id = next((whose[key] for key in keys if key in whose), None)
            if id is not None and _agent_of(connection, id) in policy.agents:
                id = None  # that row is another agent's, who gave the address away
        if id is None:
            id = new_id()
            connection.execute(insert(people), {"id": id, "proven": False, "proven_at": None, **_agent_row(agent)})
        else:
            connection.execute(update(people).where(people.c.id == id).values(**_agent_row(agent)))
        for place, key in enumerate(keys):
            if key not in whose:
                connection.execute(insert(addresses), {"key": key, "person": id, "place": place})
            elif whose[key] != id:
                connection.execute(update(addresses).where(addresses.c.key == key).values(person=id, place=place))
    found = connection.execute(select(people.c.agent, people.c.id).where(people.c.agent.in_(list(policy.agents)))).all()
    who = People.by_id(connection, (id for _, id in found))
    return {agent: who[id] for agent, id in found}, frozenset(new)


def _agent_row(agent: Agent) -> dict[str, object]:
    return {"agent": agent.id, "name": agent.name, "address": agent.address, "language": agent.language, "timezone": agent.timezone}


def _agent_of(connection: Connection, id: int) -> str | None:
    return connection.execute(select(people.c.agent).where(people.c.id == id)).scalar_one_or_none()
