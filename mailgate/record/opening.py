"""Making a record, and opening one that can be trusted. An empty one is never made silently, a doubtful one never opened."""

import importlib.util
from datetime import datetime

from mailgate.model.installation import DatabaseSettings
from mailgate.record.database import Database
from mailgate.record.trust import ServeLock, Untrusted


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


def is_served(settings: DatabaseSettings) -> bool:
    """Whether a `serve` of this machine has the file; a server does not tell (False)."""
    if settings.is_server:
        return False
    from mailgate.record import file_opening

    return file_opening.is_served(settings)


def _is_server(settings: DatabaseSettings) -> bool:
    if settings.is_server and importlib.util.find_spec("psycopg") is None:
        raise Untrusted("PostgreSQL needs the library psycopg, which is not installed", "pip install 'mailgate[postgresql]'")
    return settings.is_server
