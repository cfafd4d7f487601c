"""The one room that knows PostgreSQL: how a connection is made safe, what an error means, what only one node may do at a time."""

import logging
import os
import time
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import IsolationLevel
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from mailgate.model.installation import DatabaseSettings
from mailgate.record import migrations
from mailgate.record.room import Meaning
from mailgate.record.trust import Untrusted
from mailgate.record.types import already_json

log = logging.getLogger(__name__)

_PAUSES = Random()  # noqa: S311  when to knock again; nothing secret

#: For each connection, unless the URL says otherwise (libpq's names; seconds, but for tcp_user_timeout).
_CONNECTION: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  #: milliseconds
    "target_session_attrs": "read-write",  #: of several hosts the one that takes writes: after a failover, the new one
    "client_encoding": "utf8",
}
#: For each session. What waits for somebody who sleeps in a transaction waits some seconds: then the server ends that one. Not always:
#: while it still expects more of a batch of statements, it does not count a session as idle; see `_end_sleepers`.
_SESSION = {
    "synchronous_commit": "on",
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "TimeZone": "UTC",
}
#: What has to be so, or a commit does not mean that mail is safe and whole.
_SAFE = {"synchronous_commit": ("on", "remote_apply"), "fsync": ("on",), "full_page_writes": ("on",), "server_encoding": ("UTF8",)}

#: Sessions of ours in which the server has waited so long for the client's next word, in a transaction: that node is frozen, or its
#: machine is gone. Ours say their next word within milliseconds; one that was only slow finds its connection gone and starts again.
_END_SLEEPERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND application_name LIKE 'mailgate %' "
    "AND wait_event_type = 'Client' AND xact_start < clock_timestamp() - interval '5 s' "
    "AND query_start < clock_timestamp() - interval '5 s'"
)

#: Advisory locks are numbers that a whole database shares; these are ours.
_MIGRATING = 0x6D61696C_67617465
_COUNTING = 0x6D61696C_67617466


def url_of(settings: DatabaseSettings) -> URL:
    """The URL with what it leaves out. Raises Untrusted for one that names no database, or that holds a password."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(settings.url)
    except (ArgumentError, ValueError):
        raise Untrusted("database.url is no URL", 'Write it like "postgresql://mailgate@db.example.org/mailgate"') from None
    if url.password is not None or "password" in url.query:
        raise Untrusted("the password stands in database.url", "Put it into a file and name it in database.password_file")
    if not url.database:
        raise Untrusted("database.url names no database", 'Write it like "postgresql://mailgate@db.example.org/mailgate"')
    query = dict(url.query)
    if "sslmode" not in query and not _is_here(url):
        query["sslmode"] = "require"  # without it libpq falls back to plain text where the server says no
    return url.set(drivername="postgresql+psycopg", query=query)


def _is_here(url: URL) -> bool:
    hosts = url.query.get("host") or url.host or ""
    named = hosts.split(",") if isinstance(hosts, str) else list(hosts)
    return all(host in ("", "localhost", "127.0.0.1", "::1") or host.startswith(("/", "@")) for host in named)


def place_of(settings: DatabaseSettings) -> str:
    """The URL as it may be shown: whatever somebody put into it, no password."""
    before, _, after = settings.url.partition("://")
    after = after.partition("?")[0]
    user, at, rest = after.rpartition("@")
    return f"{before}://{user.partition(':')[0]}{at}{rest}"


def password_of(settings: DatabaseSettings) -> str | None:
    """Read for each new connection, so that a changed password needs no restart."""
    if settings.password_file:
        return Path(settings.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    return os.environ.get(settings.password_env) if settings.password_env else None


def engine(settings: DatabaseSettings) -> Engine:
    """An engine whose every connection is checked."""
    url = url_of(settings)
    given = {key: value for key, value in _CONNECTION.items() if key not in url.query}
    if "application_name" not in url.query:
        given["application_name"] = f"mailgate {migrations.HEAD} {os.uname().nodename}:{os.getpid()}"[:63]
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    asked = url.query.get("options", "")
    made = create_engine(
        url.difference_update_query(["options"]),
        connect_args={**given, "options": f"{options} {asked if isinstance(asked, str) else ' '.join(asked)}".strip()},
        json_serializer=already_json,
        hide_parameters=True,  # words of mails do not belong into a log
        use_native_hstore=False,  # a question less for each connection
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=10,
    )

    @event.listens_for(made, "do_connect")
    def log_in(dialect: object, record: object, words: list[Any], named: dict[str, Any]) -> None:
        if password := password_of(settings):
            named["password"] = password

    event.listen(made, "connect", _on_connect)
    return made


def _on_connect(connection: psycopg.Connection[Any], record: object) -> None:
    names = list(_SAFE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        found = cursor.fetchone() or ()
    connection.rollback()
    for name, value in zip(names, found, strict=True):
        if value not in _SAFE[name]:
            raise Untrusted(
                f"PostgreSQL says {name} = {value} where {_SAFE[name][0]} is needed to keep mail safe",
                "Make a database with ENCODING 'UTF8'" if name == "server_encoding" else f"Set {name} = {_SAFE[name][0]} on the server",
            )


class Server:
    """A record on a PostgreSQL server: the room that `database.Database` works in."""

    is_shared = True

    def __init__(self, settings: DatabaseSettings) -> None:
        self.place = place_of(settings)
        self.engine = engine(settings)

    def begin_write(self, connection: Connection, deadline: float) -> bool:
        """READ COMMITTED: what must not change is locked or compared, and whoever waited for a row sees it as it is now.
        Above it, every claim beside another node's would be a serialization failure."""
        driver = _driver(connection)
        driver.isolation_level, driver.read_only = IsolationLevel.READ_COMMITTED, False
        return True

    def begin_read(self, connection: Connection) -> None:
        driver = _driver(connection)
        driver.isolation_level, driver.read_only = IsolationLevel.REPEATABLE_READ, True

    def alone(self, connection: Connection) -> None:
        # What changes tables may take its time.
        connection.execute(text("SET LOCAL lock_timeout = '25s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})

    def in_turn(self, connection: Connection) -> None:
        # Held until the end of the transaction. The next statement sees what was committed before (READ COMMITTED).
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _COUNTING})

    def meaning(self, error: BaseException) -> Meaning:
        return meaning(error)

    def words(self, error: BaseException) -> str:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.Error):
            said = cause.diag
            if said.message_primary:
                return said.message_primary if said.constraint_name is None else said.constraint_name
        return str(cause).strip().partition("\n")[0]

    def pause(self, meaning: Meaning) -> None:
        if meaning == "busy":
            self._end_sleepers()
        time.sleep(_PAUSES.uniform(0.05, 0.15) if meaning == "gone" else _PAUSES.uniform(0.001, 0.01))

    def _end_sleepers(self) -> None:
        """Whoever sleeps in a transaction keeps everybody out. The one who waited for it in vain ends its session."""
        try:
            with self.engine.connect() as connection, connection.begin():
                ended = sum(connection.execute(_END_SLEEPERS).scalars())
        except Exception as error:
            if not meaning(error):
                raise
            return  # the server is away or full: that is told by what is tried next
        if ended:
            log.warning("ended %d sessions that slept in a transaction: their node is frozen or gone", ended)

    def tidy(self) -> None:
        """Autovacuum does."""

    def look_after(self) -> None:
        """The server does."""

    def faults(self, connection: Connection) -> list[str]:
        """Indexes that were never finished: a unique one keeps nothing unique. Pages are the server's own business (data checksums)."""
        found = connection.execute(
            text(
                "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) LIMIT 5"
            )
        )
        return [f"the index {name} is not valid" for name in found.scalars()]

    def time(self, connection: Connection) -> datetime | None:
        at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return at

    def size(self, connection: Connection) -> int:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


# --- what an error means ------------------------------------------------------------------------------------------

#: By SQLSTATE (PostgreSQL manual, appendix A); by its class where the whole class means the same.
_STATES: dict[str, Meaning] = {
    "23505": "unique",
    "40001": "again",  # serialization failure
    "40P01": "again",  # deadlock: this transaction was the one that gave way
    "55P03": "busy",  # lock_timeout
    "57014": "busy",  # statement_timeout
    "53100": "full",
    "53200": "busy",  # out of memory
    "53300": "gone",  # too many connections
    "25006": "gone",  # it has become a standby
    "25P03": "gone",  # idle in a transaction for too long: the server hung up
    "57P01": "gone",  # somebody ended this session, or the server stops
    "57P02": "gone",  # another session crashed
    "57P03": "gone",  # it is starting up
    "57P04": "gone",
    "57P05": "gone",
    "58030": "broken",
    "XX001": "broken",  # damaged table
    "XX002": "broken",  # damaged index
}
_CLASSES: dict[str, Meaning] = {"08": "gone"}


def meaning(error: BaseException) -> Meaning:
    if isinstance(error, NoneFree):
        return "busy"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return ""
    state = cause.sqlstate
    if state is None:
        # No words of the server: the connection broke, or could not be made.
        return "gone" if isinstance(cause, psycopg.OperationalError) else ""
    return _STATES.get(state) or _CLASSES.get(state[:2], "")


# --- the server ---------------------------------------------------------------------------------------------------


def home(connection: Connection) -> str:
    """Which database of which cluster this is: a dump that was restored elsewhere is at another place than it says."""
    return str(
        connection.execute(
            text(
                "SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text "
                "FROM pg_database WHERE datname = current_database()"
            )
        ).scalar_one()
    )


def others(connection: Connection) -> list[tuple[str, str]]:
    """(schema version, host:process) of the mailgates that are connected besides us, as far as this role may see."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'mailgate %'"
        )
    ).scalars()
    me = f"{os.uname().nodename}:{os.getpid()}"
    found = [(parts[1], parts[2]) for row in rows if len(parts := row.split(" ", 2)) == 3]
    return [(version, who) for version, who in found if who != me]


def encrypted(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar_one_or_none())
