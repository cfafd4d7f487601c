"""A database that cannot be believed is not opened, and the operator hears what to do."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import time
from contextlib import closing

import pytest

from mailgate.model.installation import DatabaseSettings
from mailgate.record import migrations, sqlite, trust
from mailgate.record.store import create_store, open_store
from mailgate.record.trust import ServeLock, Untrusted, file_system_in
from tests.databases import a_database
from tests.record.builders import LEASE, NOON, a_keep, a_person, a_ticket, an_entry, claims, opened, some_keeps

pytestmark = pytest.mark.database("sqlite", because="what can be wrong with a file")


def refusal(settings, **options):
    with pytest.raises(Untrusted) as refused:
        open_store(settings, NOON, **options)
    assert refused.value.way_out
    return refused.value


@pytest.fixture
def settings(tmp_path):
    return a_database(tmp_path)


@pytest.fixture
def path(tmp_path, settings):
    return tmp_path / "mailgate.db"


def test_a_missing_database_is_not_made_silently(tmp_path):
    """(fault 45)"""
    tmp_path.chmod(0o700)
    missing = DatabaseSettings(str(tmp_path / "mailgate.db"))
    assert "mailgate init" in refusal(missing).way_out
    assert list(tmp_path.iterdir()) == []
    assert "no folder" in refusal(DatabaseSettings(str(tmp_path / "nowhere" / "mailgate.db"))).reason


def test_an_empty_file_is_not_taken_for_a_new_database(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "mailgate.db").touch(mode=0o600)
    assert "never taken for a new database" in refusal(DatabaseSettings(str(tmp_path / "mailgate.db"))).way_out


def test_a_file_that_is_no_database_is_refused(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "notes").write_text("not a database at all\n" * 500)
    (tmp_path / "notes").chmod(0o600)
    assert "not an SQLite database" in refusal(DatabaseSettings(str(tmp_path / "notes"))).reason


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    tmp_path.chmod(0o700)
    path = tmp_path / "other.db"
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as other:
        other.execute("pragma journal_mode = wal")
        other.execute("create table meta (key text, value text)")
        other.execute("insert into meta values ('product', 'something')")
        other.commit()
    assert "not made by mailgate" in refusal(DatabaseSettings(str(path))).reason
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("meta",)]


def test_a_newer_schema_is_refused_and_an_older_one_waits_for_serve(settings, path, monkeypatch):
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("update alembic_version set version_num = '0999'")
        newer.commit()
    assert "0999" in refusal(settings).reason
    with closing(sqlite3.connect(path)) as older:
        older.execute("update alembic_version set version_num = '0001'")
        older.commit()
    monkeypatch.setattr(migrations, "VERSIONS", ("0001", "0002"))
    monkeypatch.setattr(migrations, "HEAD", "0002")
    assert "mailgate serve" in refusal(settings).way_out


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_open_is_refused_with_the_command_that_helps(settings, path, mode):
    path.chmod(mode)
    refused = refusal(settings)
    assert refused.way_out == f"chmod 600 {path}"
    os.system(refused.way_out)
    open_store(settings, NOON).close()


def test_a_log_that_others_can_read_is_refused(settings, path):
    store = open_store(settings, NOON)
    store.inbox.keep(some_keeps(1))
    log = path.with_name("mailgate.db-wal")
    log.chmod(0o644)
    assert refusal(settings).way_out == f"chmod 600 {log}"
    store.close()


def test_a_folder_that_others_can_write_to_is_refused(settings, tmp_path):
    tmp_path.chmod(0o770)
    assert refusal(settings).way_out == f"chmod go-w {tmp_path}"
    tmp_path.chmod(0o755)
    open_store(settings, NOON).close()


def test_a_symbolic_link_is_refused(settings, path, tmp_path):
    """(fault 133)"""
    (tmp_path / "link.db").symlink_to(path)
    assert "symbolic link" in refusal(DatabaseSettings(str(tmp_path / "link.db"))).reason
    (tmp_path / "mailgate.db-wal").symlink_to("/dev/null")
    assert "symbolic link" in refusal(settings).reason


@pytest.mark.parametrize("url", ["postgresql://db/mailgate", "sqlite://", "", ":memory:"])
def test_what_is_not_a_file_is_refused(url):
    refusal(DatabaseSettings(url))


def test_a_url_and_a_path_name_the_same_file(settings, path):
    open_store(DatabaseSettings(f"sqlite:///{path}"), NOON).close()


def test_everything_is_private_whatever_the_umask(tmp_path):
    """(fault 133)"""
    tmp_path.chmod(0o700)
    old = os.umask(0)
    try:
        settings = DatabaseSettings(str(tmp_path / "deep" / "er" / "mailgate.db"))
        create_store(settings, NOON)
        store = open_store(settings, NOON, for_serve=True)
        store.inbox.keep(some_keeps(3))
        store.backup(tmp_path / "copy.db", NOON)
        files = [*(tmp_path / "deep" / "er").iterdir(), tmp_path / "copy.db"]
        assert {file.name for file in files} == {"mailgate.db", "mailgate.db-wal", "mailgate.db-shm", "mailgate.db.lock", "copy.db"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700
        store.close()
    finally:
        os.umask(old)


def test_a_database_is_never_made_over_another(settings, path):
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_store(settings, NOON)
    assert path.read_bytes() == before


def test_what_a_killed_attempt_left_is_no_hindrance(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "mailgate.db.new").write_bytes(b"half a database")
    (tmp_path / "mailgate.db.new-wal").write_bytes(b"and its log")
    create_store(DatabaseSettings(str(tmp_path / "mailgate.db")), NOON)
    assert [file.name for file in tmp_path.iterdir()] == ["mailgate.db"]


def test_only_one_serve_works_on_a_database_and_others_work_beside_it(settings):
    serve = open_store(settings, NOON, for_serve=True)
    assert f"its process is {os.getpid()}" in refusal(settings, for_serve=True).reason
    beside = open_store(settings, NOON)
    beside.inbox.keep(some_keeps(1))
    beside.close()
    assert len(serve.inbox.claim(5, NOON, LEASE)) == 1
    serve.close()
    open_store(settings, NOON, for_serve=True).close()


def test_a_refused_start_lets_go_of_the_lock(settings, path):
    path.chmod(0o640)
    refusal(settings, for_serve=True)
    path.chmod(0o600)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("update alembic_version set version_num = '0999'")
        newer.commit()
    refusal(settings, for_serve=True)
    free = ServeLock(path)
    free.acquire()
    free.release()


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/x /srv nfs4 rw 0 0
/dev/vdb /srv/local ext4 rw 0 0
z /my\\040disk cifs rw 0 0
me /h fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/mail", "nfs4"),
        ("/srv/local/mail", "ext4"),
        ("/srvx", "ext4"),  # not below /srv
        ("/my disk/a", "cifs"),
        ("/h/x", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(folder, kind):
    assert file_system_in(MOUNTS, folder) == kind


@pytest.mark.parametrize(
    ("kind", "remote"), [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("9p", True), ("ext4", False), ("fuseblk", False)]
)
def test_a_network_file_system_is_refused(settings, tmp_path, monkeypatch, kind, remote):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} {kind} rw 0 0\n")
    monkeypatch.setattr(trust, "MOUNTS", mounts)
    if remote:
        assert kind in refusal(settings).reason
    else:
        open_store(settings, NOON).close()


# --- damage -------------------------------------------------------------------------------------------------------


def test_every_commit_is_flushed_and_foreign_keys_hold(settings):
    store = open_store(settings, NOON)
    with store._db.room.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys", "journal_mode")}
    assert found == {"synchronous": 2, "foreign_keys": 1, "journal_mode": "wal"}
    store.close()


def test_a_database_that_another_program_took_out_of_its_log_is_refused(settings, path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("pragma journal_mode = delete")
    assert "journal_mode" in refusal(settings).reason


def fill(store):
    for kind in ("ticket", "person", "entry"):
        store.numbers.take(kind, 60)
    people = [a_person(id, f"user{id}@example.org") for id in range(1, 61)]
    outcomes = [
        opened(a_ticket(id, requester=id), person, entries=(an_entry(id, id, text=f"text {id} " * 300),), message_ids=(f"<{id}@x>",))
        for id, person in enumerate(people, 1)
    ]
    store.record(outcomes, NOON)
    claims(store, 40)


def everything(store):
    return (
        store.tickets.files(range(1, 61), notices_for=range(1, 61)),
        [store.tickets.history(number) for number in range(1, 61)],
        store.inbox.rows(limit=100),
        [store.inbox.raw(row.id) for row in store.inbox.rows(limit=100)],
        store.inbox.tickets_by_message_ids("it", [f"<{id}@x>" for id in range(1, 61)]),
    )


def test_of_two_hundred_databases_with_a_damaged_page_none_opens_as_if_it_were_whole(settings, path, tmp_path):
    """A page that was never written, written elsewhere, cut off, or whose head is wrong (fault 45)."""
    store = open_store(settings, NOON)
    fill(store)
    whole = everything(store)
    store.close()
    data = path.read_bytes()
    pages = len(data) // 4096
    chance = random.Random(4711)
    silent, refused = [], 0
    started = time.monotonic()
    for variant in range(200):
        damaged = bytearray(data)
        page = variant % pages
        at = page * 4096
        what = ("zeros", "noise", "shift", "head", "cut")[variant // 5 % 5] if variant < 190 else "cut"
        if what == "zeros":
            damaged[at : at + 4096] = bytes(4096)
        elif what == "noise":
            damaged[at : at + 4096] = chance.randbytes(4096)
        elif what == "shift":
            other = chance.randrange(pages) * 4096
            damaged[at : at + 4096] = data[other : other + 4096]
        elif what == "head":
            damaged[at + (100 if page == 0 else 0)] ^= 0xFF
        else:
            del damaged[max(4096, at) + chance.randrange(4096) :]
        if damaged == data:
            refused += 1
            continue
        path.write_bytes(damaged)
        try:
            opened_store = open_store(settings, NOON)
        except Untrusted:
            refused += 1
        else:
            try:
                same = everything(opened_store) == whole
            except Exception:
                same = False
            if not same:
                silent.append((variant, what, page))
            opened_store.close()
        for left in (*trust.sidecars(path),):
            left.unlink(missing_ok=True)
    assert silent == []
    assert refused > 150
    assert time.monotonic() - started < 60


def test_an_index_that_does_not_fit_its_table_is_refused(settings, path):
    """The page is sound in itself: only a comparison with the table shows that mails of tickets would not be found."""
    store = open_store(settings, NOON)
    fill(store)
    store.close()
    with closing(sqlite3.connect(path)) as look:
        pages = dict(
            look.execute("select name, rootpage - 1 from sqlite_master where name in ('ix_inbox_ticket', 'ix_bad_tokens_author_at')")
        )
    damaged = bytearray(path.read_bytes())
    full, empty = (slice(pages[name] * 4096, pages[name] * 4096 + 4096) for name in ("ix_inbox_ticket", "ix_bad_tokens_author_at"))
    damaged[full] = damaged[empty]
    path.write_bytes(damaged)
    assert "damaged" in refusal(settings).reason


def test_a_counter_that_lags_behind_is_refused(settings, path):
    store = open_store(settings, NOON)
    fill(store)
    store.close()
    with closing(sqlite3.connect(path)) as damage:
        damage.execute("update counters set value = 5 where name = 'ticket'")
        damage.commit()
    assert "60 is given out" in refusal(settings).reason


# --- the log ------------------------------------------------------------------------------------------------------


def crashed(settings, path, tmp_path):
    """The files of a serve as a power cut leaves them: a database whose latest mail is only in its log."""
    serve = open_store(settings, NOON, for_serve=True)
    serve.inbox.keep(some_keeps(3))
    folder = tmp_path / "after"
    folder.mkdir(mode=0o700)
    for file in (path, path.with_name(path.name + "-wal")):
        shutil.copy2(file, folder / file.name)
    serve.close()
    return DatabaseSettings(str(folder / path.name)), folder


def test_after_a_crash_everything_is_there(settings, path, tmp_path):
    after, _ = crashed(settings, path, tmp_path)
    for for_serve in (False, True, True):
        store = open_store(after, NOON, for_serve=for_serve)
        assert len(store.inbox.rows()) == 3
        store.close()


def test_a_crashed_database_without_its_log_is_refused_until_the_operator_accepts_the_loss(settings, path, tmp_path):
    """(fault 45)"""
    after, folder = crashed(settings, path, tmp_path)
    log = folder / "mailgate.db-wal"
    kept = log.read_bytes()
    log.unlink()
    for for_serve in (False, True):
        refused = refusal(after, for_serve=for_serve)
        assert str(log) in refused.reason and "accept_lost_log" in refused.way_out
        log.unlink(missing_ok=True)
    accepted = DatabaseSettings(after.url, accept_lost_log=True)
    store = open_store(accepted, NOON, for_serve=True)
    assert store.inbox.rows() == []
    assert store.standing.is_restored(), "what became of the last letters is not known: an operator looks first"
    store.close()
    open_store(after, NOON, for_serve=True).close()
    assert kept


def test_a_copy_of_the_file_alone_while_a_serve_runs_is_refused(settings, path, tmp_path):
    serve = open_store(settings, NOON, for_serve=True)
    serve.inbox.keep(some_keeps(2))
    folder = tmp_path / "copied"
    folder.mkdir(mode=0o700)
    shutil.copy2(path, folder)
    assert "-wal is missing" in refusal(DatabaseSettings(str(folder / path.name)), for_serve=True).reason
    serve.close()


def test_whoever_closes_a_database_in_peace_may_lose_the_log(settings, path):
    for for_serve in (True, False, True):
        store = open_store(settings, NOON, for_serve=for_serve)
        store.inbox.keep(some_keeps(2, start=10 * for_serve))
        store.close()
        assert not path.with_name(path.name + "-wal").exists()


def test_the_log_stays_small_however_much_is_written(settings, path, monkeypatch):
    """(fault 44)"""
    monkeypatch.setattr(sqlite, "LOG_LIMIT", 1024 * 1024)
    store = open_store(settings, NOON)
    largest = 0
    for number in range(600):
        store.inbox.keep(some_keeps(1, start=number))
        if number % 50 == 0:
            store.inbox.keep([some_keeps(1, start=10_000 + number)[0]])
            largest = max(largest, sqlite.log_size(path))
    assert largest < 8 * 1024 * 1024
    store.close()


def test_a_long_reader_stops_no_writer_and_the_log_is_emptied_behind_him(settings, path, monkeypatch):
    """A log cannot be emptied while somebody reads what was before it; it grows, and is small again soon after (fault 44)."""
    monkeypatch.setattr(sqlite, "LOG_LIMIT", 256 * 1024)
    monkeypatch.setattr("mailgate.record.database._TIDY_EVERY", 8)
    with open_store(settings, NOON) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
            for number in range(40):
                assert not store.inbox.keep([a_keep(f"mail {number}", size=20_000)])[0].duplicate
            assert sqlite.log_size(path) > 3 * sqlite.LOG_LIMIT
            assert reader.execute("SELECT count(*) FROM inbox").fetchone() == (0,), "he still reads what was there when he began"
        for number in range(40, 48):
            store.inbox.keep([a_keep(f"mail {number}", size=20_000)])
        assert sqlite.log_size(path) <= sqlite.LOG_LIMIT
        assert len(store.inbox.claim(100, NOON, LEASE)) == 48
