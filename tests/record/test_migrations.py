"""The schema changes as a whole or not at all, and is what the tables say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from mailgate.record import migrations
from mailgate.record.store import open_store
from mailgate.record.tables import metadata
from tests.databases import a_database
from tests.record.builders import NOON

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_exactly_the_tables_that_the_program_works_with(store):
    with store._db.room.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        made = {
            (table, index["name"], tuple(index["column_names"]), bool(index["unique"]))
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
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
    a_database(tmp_path)
    code = (
        "import sys, datetime\n"
        "from mailgate.model.installation import DatabaseSettings\n"
        "from mailgate.record.store import open_store\n"
        f"open_store(DatabaseSettings({str(tmp_path / 'mailgate.db')!r}), datetime.datetime.now(datetime.UTC), for_serve=True).close()\n"
        "print([name for name in sys.modules if name.startswith(('alembic', 'sqlalchemy.orm.session'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []


#: Upgrades an empty database; the process is killed before its n-th statement. Forked from one parent, which pays for the imports once.
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event, inspect
from alembic import command, op
from mailgate.record import migrations, sqlite
from mailgate.record.database import Database

folder = Path(sys.argv[1])

def fresh(n):
    path = folder / f"{n}.db"
    path.touch(mode=0o600)
    sqlite.prepare_new(path)
    return path

def upgrade(path, kill_at):
    database = Database(path)
    statements = [0]
    def count(*_):
        statements[0] += 1
        if statements[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(database.room.engine, "before_cursor_execute", count)
    database.write(migrations.upgrade)
    database.close()
    return statements[0]

def tables(path):
    database = Database(path)
    found = database.read(lambda connection: sorted(inspect(connection).get_table_names()))
    faults = database.faults()
    database.close()
    assert faults == [], faults
    return found

whole_path = fresh(0)
total = upgrade(whole_path, -1)
whole = tables(whole_path)
old = new = 0
for n in range(1, total + 1):
    path = fresh(n)
    child = os.fork()
    if child == 0:
        upgrade(path, n)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), n
    found = tables(path)
    assert found in ([], whole), (n, found)
    if n % 5 == 0:
        upgrade(path, -1)
        assert tables(path) == whole, n
    old, new = old + (found == []), new + (found == whole)
    for left in folder.glob(f"{n}.db*"):
        left.unlink()
print(total, old, new)
"""


def test_an_upgrade_killed_at_any_statement_leaves_the_old_schema_and_can_be_done_again(tmp_path):
    tmp_path.chmod(0o700)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    total, old, new = map(int, done.stdout.split())
    assert total > 40 and old + new == total


def test_an_older_schema_is_brought_up_to_date_by_serve_alone(tmp_path, monkeypatch):
    settings = a_database(tmp_path)
    monkeypatch.setattr(migrations, "VERSIONS", (*migrations.VERSIONS, "9999"))
    monkeypatch.setattr(migrations, "HEAD", "9999")
    upgraded = []
    monkeypatch.setattr(migrations, "upgrade", upgraded.append)
    open_store(settings, NOON, for_serve=True).close()
    assert len(upgraded) == 1
