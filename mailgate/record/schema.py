"""Which schema a record has, and how an older one is brought up to date: asked of every kind of database before it is trusted."""

import logging

from sqlalchemy import Connection, inspect

from mailgate.record import meta, migrations
from mailgate.record.database import Database
from mailgate.record.trust import Untrusted

log = logging.getLogger(__name__)

RESTORE = "Restore a backup, and keep this one: much of it may still be readable"


def schema_of(connection: Connection) -> str:
    names = set(inspect(connection).get_table_names())
    if "meta" not in names or meta.get(connection, "product") != meta.PRODUCT:
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
    elif migrations.HEAD in database.read(lambda connection: meta.get(connection, "beside")).split():
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
    meta.put(connection, "beside", " ".join(migrations.BESIDE))
