"""A real PostgreSQL of our own: a cluster in a folder of its own, a free port on loopback, gone when the tests are over.

One for each process that runs tests, started when the first test asks for it. Every test gets a database of its own, copied from a
template that has the tables already. `MAILGATE_TEST_PG_DSN` names a server to use instead (a superuser's URL, without a database);
tests that stop the server are then skipped.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

from tests.servers import find, require_server
from tests.servers.postfix import free_port

#: Where the password of the tests' role stands, for the programs that the tests start.
PASSWORD = "MAILGATE_TEST_PG_PASSWORD"
_PLACES = (Path("/dev/shm"), Path(tempfile.gettempdir()))
_ROOM = 2 * 1024**3  #: octets that a cluster may need; memory is quicker, and an immediate restart is survived there as well

_CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 120
shared_buffers = 32MB
min_wal_size = 32MB
max_wal_size = 256MB
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 10s
log_line_prefix = '%m [%p] '
lc_messages = 'C'
"""


class Cluster:
    """A PostgreSQL server that is ours alone. Started by an ordinary user: as root it refuses to run."""

    def __init__(self) -> None:
        self._binaries = binaries()
        place = next((p for p in _PLACES if os.access(p, os.W_OK) and shutil.disk_usage(p).free > _ROOM), _PLACES[-1])
        self.folder = Path(tempfile.mkdtemp(prefix="mailgate-pg-", dir=place))
        self.port = free_port()
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            who = _ordinary_user()
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self._as = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        password = secrets.token_hex(16)
        os.environ[PASSWORD] = password
        secret = self.folder / "password"
        secret.write_text(password)
        self.data = self.folder / "data"
        self._run("initdb", "--no-sync", "--username=mailgate", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8",
                  "--locale=C.UTF-8", "-D", str(self.data))  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(_CONFIGURATION.format(port=self.port, folder=self.folder))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> URL:
        return make_url(f"postgresql://mailgate@127.0.0.1:{self.port}/postgres")

    def _run(self, command: str, *words: str) -> None:
        subprocess.run([self._binaries / command, *words], check=True, capture_output=True, cwd="/", **self._as)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._binaries / "postgres", "-D", str(self.data)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._as
            )
        until = time.monotonic() + 180
        while True:
            try:
                psycopg.connect(self.url.render_as_string(), password=os.environ[PASSWORD], connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until and self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, as if the power went (`pg_ctl stop -m immediate`); the next start recovers from the log."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60)

    def restart(self) -> None:
        self.stop()
        self.start()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def binaries() -> Path:
    """Where the server's programs lie: Debian keeps them out of everybody's path."""
    found = find("postgres")
    assert found is not None
    return Path(found).resolve().parent


def _ordinary_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no user that PostgreSQL could run as")


@cache
def cluster() -> Cluster:
    """The one of this process. A test that may stop it has it alone: each process runs one test at a time."""
    made = Cluster()
    me = os.getpid()
    # A child that was forked by a test must not take it away.
    atexit.register(lambda: made.end() if os.getpid() == me else None)
    return made


def given() -> URL | None:
    dsn = os.environ.get("MAILGATE_TEST_PG_DSN")
    return make_url(dsn) if dsn else None


def server() -> URL:
    """The URL of the server, without a password, which is in the environment. Skips or fails the test where there is none."""
    url = given()
    if url is not None:
        os.environ.setdefault(PASSWORD, url.password or "")
        return url._replace(password=None)
    require_server("postgresql")
    return cluster().url


def own_cluster() -> Cluster:
    """The server as something that can be stopped."""
    if given() is not None:
        pytest.skip("NOT TESTED: the server of MAILGATE_TEST_PG_DSN is not ours to stop")
    require_server("postgresql")
    return cluster()


_numbers = count(1)


def execute(statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
    """One statement, as the superuser that made the cluster."""
    url = server().set(database=database).render_as_string()
    with psycopg.connect(url, password=os.environ[PASSWORD], autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def new_database(template: str = "template0") -> URL:
    """A database that nobody else uses."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    url = server()
    execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
    return url.set(database=name)


def drop(url: URL) -> None:
    execute(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")


@contextlib.contextmanager
def a_new_database() -> Iterator[URL]:
    url = new_database()
    try:
        yield url
    finally:
        drop(url)
