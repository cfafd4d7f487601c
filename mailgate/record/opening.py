"""Making a record, and opening one that can be trusted. An empty one is never made silently, a doubtful one never opened."""

from __future__ import annotations

import importlib.util
import logging
from datetime import datetime

from sqlalchemy import Connection, inspect

from mailgate.model.installation import DatabaseSettings
from mailgate.record import house, migrations
from mailgate.record.database import Database
from mailgate.record.trust import ServeLock, Untrusted

log = logging.getLogger(__name__)

RESTORE = "Restore a backup, and keep this one: much of it may still be readable"


def create(settings: DatabaseSettings, now: datetime) -> None:
    """A new record, whole or not at all. Raises FileExistsError when there is one, Untrusted for a bad place."""
    if _is_server(settings):
        from mailgate.record import server_opening

        server_opening.create(settings, now)
    else:
        from mailgate.record import file_opening

        file_opening.create(settings, now)


def open_database(settings: DatabaseSettings, now: datetime, for_serve: bool, check: bool | None) -> tuple[Database, ServeLock | None]:
    """The database, with its lock for a `serve` where only one may work. Raises Untrusted, or Busy when it is locked for long."""
    if _is_server(settings):
        from mailgate.record import server_opening

        return server_opening.open_database(settings, now, for_serve), None
    from mailgate.record import file_opening

    return file_opening.open_database(settings, now, for_serve, check)


def _is_server(settings: DatabaseSettings) -> bool:
    if settings.is_server and importlib.util.find_spec("psycopg") is None:
        raise Untrusted("PostgreSQL needs the library psycopg, which is not installed", "pip install 'mailgate[postgresql]'")
    return settings.is_server


# --- what both kinds ask ------------------------------------------------------------------------------------------


def schema_of(connection: Connection) -> str:
    names = set(inspect(connection).get_table_names())
    if "meta" not in names or house.get(connection, "product") != house.PRODUCT:
        raise Untrusted("this database was not made by mailgate", "Correct database.url")
    version = migrations.version(connection)
    if version is None:
        raise Untrusted("this database does not say which schema it has", RESTORE)
    return version


def check_schema(database: Database, may_upgrade: bool) -> None:
    """Brings an older schema up to date where we may. Raises Untrusted for one that this version cannot work with."""
    schema = database.read(schema_of)
    if schema == migrations.HEAD:
        return
    place = database.room.place
    if schema in migrations.VERSIONS:
        if not may_upgrade:
            raise Untrusted(
                f"{place} has the older schema {schema}", "Start `mailgate serve` of this version once: it brings it up to date"
            )
        database.write(lambda connection: _bring_up_alone(database, connection))
        log.info("the schema of %s is %s now, it was %s", place, migrations.HEAD, schema)
    elif migrations.HEAD in database.read(lambda connection: house.get(connection, "beside")).split():
        # The version after ours has made it, and says that ours may go on until it is replaced.
        log.warning("%s has the newer schema %s; this version (%s) may work beside it: upgrade it soon", place, schema, migrations.HEAD)
    else:
        raise Untrusted(
            f"{place} has the schema {schema}, which this version does not know", "Use the version of mailgate that made it, or a newer one"
        )


def _bring_up_alone(database: Database, connection: Connection) -> None:
    database.room.alone(connection)
    bring_up(connection)


def bring_up(connection: Connection) -> None:
    """To the newest schema, in the transaction of the caller; the record then says which older versions may work beside it."""
    migrations.upgrade(connection)
    house.put(connection, "beside", " ".join(migrations.BESIDE))
