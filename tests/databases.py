"""Which database a test works on: an SQLite file in a folder of its own, or a PostgreSQL database of its own.

A folder of tests whose `conftest.py` imports `database_kind` runs on both; every other test that works on a record does so on a file.
`MAILGATE_TEST_DATABASE=postgresql` moves all of them to the server. What is about one of the two says so, and why:
`pytestmark = pytest.mark.database("sqlite", because="a file is copied")`. It is left out where the other one was asked for, and the end
of the run tells it. `pytestmark = pytest.mark.either_database` is for what has nothing to do with it and takes its time: once is enough.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import URL

from mailgate.model.installation import DatabaseSettings
from mailgate.record import postgres, sqlite
from mailgate.record.database import Database
from mailgate.record.file_opening import path_of
from mailgate.record.room import Room
from mailgate.record.store import Store, create_store
from tests.servers import postgresql

KINDS = ("sqlite", "postgresql")
_CHOSEN = "MAILGATE_TEST_DATABASE"
_LEFT_OUT = pytest.StashKey[Counter[str]]()
_MADE: list[URL] = []
_BIRTH = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: As the sample configuration has it.
_LINE = 'url = "mailgate.db"'


def kind() -> str:
    return os.environ.get(_CHOSEN, "sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """For the conftest of all tests: both kinds, unless the test is about one of them or somebody asked for one."""
    if "database_kind" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("database")
    kinds = marker.args if marker else KINDS
    chosen = os.environ.get(_CHOSEN)
    if metafunc.definition.get_closest_marker("either_database"):
        kinds = (chosen or KINDS[0],)
    # What is about the other one is not made to vanish here: then nobody would hear of it.
    metafunc.parametrize("database_kind", [one for one in kinds if chosen in (None, one)] or kinds, indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is about the kind that nobody asked for."""
    chosen = os.environ.get(_CHOSEN)
    left_out: dict[pytest.Item, str] = {}
    for item in items if chosen is not None else ():
        marker = item.get_closest_marker("database")
        if marker is not None and chosen not in marker.args:
            left_out[item] = str(marker.kwargs["because"])
    config.stash[_LEFT_OUT] = Counter(left_out.values())
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist tells the one who reports; all of them have collected the same."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash.get(_LEFT_OUT, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    node.config.stash[_LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what was left out, and why."""
    told = config.stash.get(_LEFT_OUT, None)
    if told:
        terminalreporter.section(f"left out: not about {os.environ[_CHOSEN]}")
        for reason, times in sorted(told.items()):
            terminalreporter.line(f"{times} tests: {reason}")


@pytest.fixture(autouse=True, scope="module")
def database_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_CHOSEN, request.param)
        if request.param == "postgresql":
            postgresql.server()
        yield request.param
    _drop()


@pytest.fixture(autouse=True, scope="module")
def databases_are_dropped() -> Iterator[None]:
    """For the conftest of all tests: those of folders that have no kind of their own."""
    yield
    _drop()


@pytest.fixture(autouse=True)
def no_file_in_place_of_a_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the conftest of all tests: one that is said to have run on a server did."""
    marker = request.node.get_closest_marker("database")
    if kind() != "postgresql" or (marker is not None and "sqlite" in marker.args):
        return

    def refuse(self: sqlite.File, *given: Any, **more: Any) -> None:
        raise AssertionError("a file was opened by a test that is to run on PostgreSQL")

    monkeypatch.setattr(sqlite.File, "__init__", refuse)


def _drop() -> None:
    while _MADE:
        postgresql.drop(_MADE.pop())


def a_database(folder: Path, name: str = "mailgate.db") -> DatabaseSettings:
    """A new record of the kind in question."""
    if kind() == "postgresql":
        return _on_server()
    folder.chmod(0o700)
    path = folder / name
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_new_file())
    return DatabaseSettings(url=str(path))


@contextmanager
def without_tables(folder: Path) -> Iterator[Database]:
    """An empty database of the kind in question: what a schema is made in."""
    with ExitStack() as stack:
        room: Room
        if kind() == "postgresql":
            room = postgres.Server(settings_of(stack.enter_context(postgresql.a_new_database())))
        else:
            folder.chmod(0o700)
            (folder / "empty.db").touch(mode=0o600)
            sqlite.prepare_new(folder / "empty.db")
            room = sqlite.File(folder / "empty.db")
        database = Database(room)
        stack.callback(database.close)
        yield database


@cache
def _new_file() -> bytes:
    """Made once for all tests of a run: the schema takes a tenth of a second."""
    with TemporaryDirectory() as folder:
        settings = DatabaseSettings(url=str(Path(folder) / "new.db"))
        create_store(settings, _BIRTH)
        return Path(settings.url).read_bytes()


@cache
def _template() -> str:
    url = postgresql.new_database()
    create_store(settings_of(url), _BIRTH)
    return str(url.database)


def _on_server() -> DatabaseSettings:
    url = postgresql.new_database(_template())
    _MADE.append(url)
    # A copied database holds its outbox; this one is new.
    postgresql.execute(
        "UPDATE meta SET value = (SELECT system_identifier FROM pg_control_system()) || '/' || "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) WHERE key = 'home'",
        str(url.database),
    )
    return settings_of(url)


def settings_of(url: URL) -> DatabaseSettings:
    return DatabaseSettings(url=url.render_as_string(), password_env=postgresql.PASSWORD, pool_size=10)


def configure(config: Path) -> None:
    """Puts the database in question into a `mailgate.toml` that names a file."""
    text = (config / "mailgate.toml").read_text(encoding="utf-8")
    if kind() == "postgresql" and _LINE in text:
        made = _on_server()
        text = text.replace(_LINE, f'url = "{made.url}"\npassword_env = "{made.password_env}"')
        (config / "mailgate.toml").write_text(text, encoding="utf-8")


def ensure(settings: DatabaseSettings, now: datetime) -> None:
    """Its tables, where they are not there yet."""
    path = None if settings.is_server else path_of(settings)
    if path is not None and path.parent.exists() and not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_new_file())
        return
    with suppress(FileExistsError):
        create_store(settings, now)


def look(store: Store, query: str) -> list[tuple[Any, ...]]:
    """What stands in the database, past the program; or changes it behind its back."""
    room = store._db.room
    if store._db.room.is_shared:
        return postgresql.execute(query, str(room.engine.url.database))
    with closing(sqlite3.connect(room.place)) as connection, connection:
        return connection.execute(query).fetchall()
