"""A PostgreSQL database as the record: made, looked at and opened by any number of nodes."""

import logging
import time
import uuid
from contextlib import closing
from datetime import datetime

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from mailgate.model.installation import DatabaseSettings
from mailgate.record import meta, migrations, postgres
from mailgate.record.database import PATIENCE, Database
from mailgate.record.schema import RESTORE, bring_up, check_schema, schema_of
from mailgate.record.trust import Untrusted

log = logging.getLogger(__name__)


def create(settings: DatabaseSettings, now: datetime) -> None:
    """Tables in a database that somebody made for us and that is empty. Raises FileExistsError when a record is in it already."""
    database = _connected(settings, 0.0)

    def make(connection: Connection) -> None:
        database.room.alone(connection)
        names = inspect(connection).get_table_names()
        if "meta" in names and meta.get(connection, "product") == meta.PRODUCT:
            raise FileExistsError(database.room.place)
        if names:
            raise Untrusted(f"{database.room.place} holds tables of another program", "Make a database for mailgate alone")
        bring_up(connection)
        meta.found(connection, uuid.uuid4().hex, now)
        meta.put(connection, "home", postgres.home(connection))

    with closing(database):
        database.write(make)


def open_database(settings: DatabaseSettings, now: datetime, for_serve: bool) -> Database:
    """Raises Untrusted, or Busy. A `serve` waits for a server that is just starting; everybody else is told at once."""
    database = _connected(settings, PATIENCE if for_serve else 0.0)
    try:
        _check_inside(database, for_serve)
        if database.read(_is_elsewhere):
            database.write(lambda connection: _settle_in(database, connection, now))
        return database
    except BaseException:
        database.close()
        raise


def _check_inside(database: Database, for_serve: bool) -> None:
    place = database.room.place
    if not database.read(lambda connection: inspect(connection).get_table_names()):
        raise Untrusted(
            f"{place} is empty",
            "It is never taken for a new one: if nothing was ever in it, `mailgate init --only-database DIR` makes the tables",
        )
    if database.read(schema_of) in migrations.VERSIONS[:-1] and for_serve:
        _check_company(database)
    check_schema(database, for_serve)
    if faults := database.faults() + database.read(meta.faults):
        raise Untrusted(f"{place} is damaged: {faults[0]}", RESTORE)


def _connected(settings: DatabaseSettings, patience: float) -> Database:
    server = postgres.Server(settings)
    try:
        _reach(server, time.monotonic() + patience)
    except BaseException:
        server.engine.dispose()
        raise
    return Database(server)


def _reach(server: postgres.Server, deadline: float) -> None:
    while True:
        try:
            with server.engine.connect():
                return
        except (DBAPIError, OSError) as error:
            if server.meaning(error) != "gone" or time.monotonic() >= deadline:
                said = f"{server.place} cannot be opened: {server.words(error)}"
                raise Untrusted(said, "Look at the server, or correct [database]") from error
        server.pause("gone")


def _check_company(database: Database) -> None:
    """Raises Untrusted when an upgrade would pull the ground from under nodes that are too old for what comes."""
    beside = {migrations.HEAD, *migrations.BESIDE}
    if old := [(schema, who) for schema, who in database.read(postgres.others) if schema not in beside]:
        raise Untrusted(
            f"nodes of a mailgate that is too old for the schema {migrations.HEAD} still work: "
            + ", ".join(f"{who} ({schema})" for schema, who in old[:5]),
            "Stop them first; only the version directly before this one may go on beside it",
        )


def _is_elsewhere(connection: Connection) -> bool:
    return meta.get(connection, "home") != postgres.home(connection)


def _settle_in(database: Database, connection: Connection, now: datetime) -> None:
    """A dump that was restored into another database: as with a copied file, its letters wait and its numbers jump ahead."""
    database.room.alone(connection)
    if _is_elsewhere(connection):
        meta.mark_restored(connection, now)
        meta.put(connection, "home", postgres.home(connection))
        log.warning("this record was restored from a dump: its outbox is held until `mailgate outbox release --restored`")
