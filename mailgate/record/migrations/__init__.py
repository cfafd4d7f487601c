"""The schema and its versions. Alembic is only loaded when there is something to change: it costs a second."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

#: All schema versions that this program knows, oldest first. The last is the one it works with.
VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
HEAD = VERSIONS[-1]
#: Schema versions of the programs that may go on working beside the newest one: those of the release before. So a migration only adds.
BESIDE: tuple[str, ...] = ("0001",)


def version(connection: Connection) -> str | None:
    """The schema version of a database, None when it has none."""
    if "alembic_version" not in inspect(connection).get_table_names():
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return str(found[0]) if len(found) == 1 else None


def upgrade(connection: Connection, to: str = "head") -> None:
    """To the newest version, inside the caller's transaction: killed anywhere, the database has the old schema or the new one.
    Nodes that start at the same time take turns; who comes second finds nothing left to do."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
