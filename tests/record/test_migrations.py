"""The schema changes as a whole or not at all, and is what the tables say."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, make_url

from mailgate.record import meta, migrations, opening, postgres
from mailgate.record.store import Untrusted, open_store
from mailgate.record.tables import metadata
from tests.databases import a_database, look, without_tables
from tests.record.builders import NOON, some_keeps
from tests.servers import postgresql

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_exactly_the_tables_that_the_program_works_with(store):
    with store._db.room.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        made = {
            (table, index["name"], tuple(index["column_names"]), bool(index["unique"]))
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
            if "duplicates_constraint" not in index  # a server tells of those that keep a UNIQUE constraint, too
        }
    wanted = {
        (table.name, str(index.name), tuple(column.name for column in index.columns), index.unique)
        for table in metadata.tables.values()
        for index in table.indexes
    }
    assert made == wanted


def test_the_newest_version_that_the_program_knows_is_the_newest_that_there_is():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(revisions)) == migrations.VERSIONS


def test_a_start_with_nothing_to_change_does_not_load_alembic(tmp_path):
    settings = a_database(tmp_path)
    code = (
        "import sys, datetime\n"
        "from mailgate.model.installation import DatabaseSettings\n"
        "from mailgate.record.store import open_store\n"
        f"settings = DatabaseSettings({settings.url!r}, password_env='MAILGATE_TEST_PG_PASSWORD')\n"
        "open_store(settings, datetime.datetime.now(datetime.UTC), for_serve=True).close()\n"
        "print([name for name in sys.modules if name.startswith(('alembic', 'sqlalchemy.orm.session'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []


#: Upgrades an empty database; the process is killed before its n-th statement, the last one being the COMMIT. Forked from one parent,
#: which pays for the imports once. On a server nothing but a rolled back transaction is left, so one database does for all.
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event, inspect
from alembic import command, op
from mailgate.model.installation import DatabaseSettings
from mailgate.record import migrations, schema, sqlite
from mailgate.record.database import Database

place = sys.argv[1]
is_server = "://" in place

def fresh(n):
    if is_server:
        return place
    path = Path(place) / f"{n}.db"
    path.touch(mode=0o600)
    sqlite.prepare_new(path)
    return path

def opened(path):
    if is_server:
        from mailgate.record import postgres
        return Database(postgres.Server(DatabaseSettings(path, password_env="MAILGATE_TEST_PG_PASSWORD")))
    return Database(sqlite.File(path))

def upgrade(path, kill_at):
    database = opened(path)
    statements = [0]
    def count(*_):
        statements[0] += 1
        if statements[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(database.room.engine, "before_cursor_execute", count)
    event.listen(database.room.engine, "commit", count)
    database.write(lambda connection: schema._bring_up_alone(database, connection))
    database.close()
    return statements[0]

def tables(path):
    database = opened(path)
    found = database.read(lambda connection: sorted(inspect(connection).get_table_names()))
    faults = database.faults()
    database.close()
    assert faults == [], faults
    return found

def killed_at(n):
    path = fresh(n)
    child = os.fork()
    if child == 0:
        upgrade(path, n)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return path, os.WIFSIGNALED(status)

n = old = 0
every = int(sys.argv[2])
while True:
    n += every
    path, killed = killed_at(n)
    found = tables(path)
    if not killed:
        whole = found
        assert len(whole) > 20
        break
    assert found == [], (n, found)
    old += 1
    if not is_server:
        if old % 5 == 0:
            upgrade(path, -1)
            assert len(tables(path)) > 20, n
        for left in Path(place).glob(f"{n}.db*"):
            left.unlink()
print(old)
"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.exam)])
def test_an_upgrade_killed_at_any_statement_leaves_the_old_schema_and_can_be_done_again(tmp_path, database_kind, every):
    """At every fourth of them; at each in the exam (fault 47)."""
    tmp_path.chmod(0o700)
    with contextlib.ExitStack() as stack:
        place = str(tmp_path)
        if database_kind == "postgresql":
            place = stack.enter_context(postgresql.a_new_database()).render_as_string()
        command = [sys.executable, "-c", KILLED, place, str(every)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40 / every


def older(settings, to="0001"):
    """The record as the first version made it."""
    database = opening.open_database(settings, NOON, False, False)[0]

    def back(connection):
        for name in [*metadata.tables, "alembic_version"]:
            connection.exec_driver_sql(f"DROP TABLE {name}" + (" CASCADE" if database.room.is_shared else ""))
        migrations.upgrade(connection, to)
        meta.found(connection, "it", NOON)
        if database.room.is_shared:
            meta.put(connection, "home", postgres.home(connection))

    if not database.room.is_shared:
        with database.room.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    database.write(back)
    database.close()
    return settings


def test_an_older_schema_is_brought_up_to_date_by_serve_alone(tmp_path):
    settings = older(a_database(tmp_path))
    with pytest.raises(Untrusted, match="older schema 0001"):
        open_store(settings, NOON)
    open_store(settings, NOON, for_serve=True).close()
    with open_store(settings, NOON) as store:
        assert look(store, "select version_num from alembic_version") == [(migrations.HEAD,)]


UPGRADING = """
import sys
from mailgate.model.installation import DatabaseSettings
from mailgate.record.store import open_store
from tests.record.builders import NOON
print("ready", flush=True)
sys.stdin.readline()
open_store(DatabaseSettings(sys.argv[1], password_env="MAILGATE_TEST_PG_PASSWORD"), NOON, for_serve=True).close()
print("up", flush=True)
"""


@pytest.mark.database("postgresql", because="what only a server has")
def test_two_nodes_that_start_at_the_same_time_upgrade_once(tmp_path):
    settings = older(a_database(tmp_path))
    nodes = [
        subprocess.Popen([sys.executable, "-c", UPGRADING, settings.url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for node in nodes:
        assert node.stdout.readline() == b"ready\n"
    for node in nodes:
        node.stdin.write(b"go\n")
        node.stdin.flush()
    assert [node.communicate(timeout=200)[0] for node in nodes] == [b"up\n", b"up\n"]
    with open_store(settings, NOON) as store:
        assert look(store, "select version_num from alembic_version") == [(migrations.HEAD,)]


def test_a_program_of_the_version_before_may_work_beside_the_newer_schema_and_an_older_one_may_not(tmp_path, monkeypatch, caplog):
    """(fault 48)"""
    settings = a_database(tmp_path)
    with open_store(settings, NOON, for_serve=True) as store:
        look(store, "update alembic_version set version_num = '0999'")
        look(store, "update meta set value = '0950 0960' where key = 'beside'")
    monkeypatch.setattr(migrations, "HEAD", "0960")
    with caplog.at_level("WARNING"), open_store(settings, NOON, for_serve=True) as store:
        store.inbox.keep(some_keeps(1))
    assert "newer schema 0999" in caplog.text
    monkeypatch.setattr(migrations, "HEAD", "0940")
    with pytest.raises(Untrusted, match="0999, which this version does not know"):
        open_store(settings, NOON, for_serve=True)


@pytest.mark.database("postgresql", because="what only a server has")
def test_an_upgrade_waits_until_nodes_that_are_too_old_for_it_have_stopped(tmp_path, monkeypatch):
    settings = older(a_database(tmp_path))
    named = make_url(settings.url).update_query_dict({"application_name": "mailgate 0000 otherhost:1"})
    old = postgres.engine(replace(settings, url=named.render_as_string()))
    with old.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(Untrusted, match=r"otherhost:1 \(0000\)"):
            open_store(settings, NOON, for_serve=True)
    old.dispose()
    open_store(settings, NOON, for_serve=True).close()


def test_a_migration_only_adds_so_that_the_version_before_goes_on(tmp_path):
    """What the older program inserts is taken: no column is gone, none is new that must be filled (fault 48)."""
    with without_tables(tmp_path) as database:
        before: dict[str, dict[str, str]] = {}
        for version in migrations.VERSIONS:
            database.write(lambda connection, to=version: migrations.upgrade(connection, to))
            with database.room.engine.connect() as connection:
                look_at = inspect(connection)
                now = {table: look_at.get_columns(table) for table in look_at.get_table_names()}
            for table, columns in before.items():
                found = {column["name"]: column for column in now.get(table, ())}
                assert columns.items() <= {name: str(column["type"]) for name, column in found.items()}.items(), (version, table)
                must = [name for name, c in found.items() if name not in columns and not c["nullable"] and c["default"] is None]
                assert must == [], (version, table)
            before = {table: {column["name"]: str(column["type"]) for column in columns} for table, columns in now.items()}
