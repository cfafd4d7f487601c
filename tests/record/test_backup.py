"""A copy that can be restored, and that does not write to anybody before an operator has looked."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from mailgate.model.installation import DatabaseSettings
from mailgate.model.mail import NoSpace
from mailgate.record import sqlite
from mailgate.record.store import open_store
from mailgate.record.trust import Untrusted
from tests.record.builders import LEASE, NOON, a_keep, a_letter, a_person, a_store, a_ticket, claims, opened, some_keeps

pytestmark = pytest.mark.database("sqlite", because="a file is copied by a command of ours, a server has its own")


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy.db"


def restored(path, **options):
    return open_store(DatabaseSettings(str(path)), NOON, **options)


def test_a_restored_copy_holds_everything_and_sends_nothing_until_released(store, copy):
    """(fault 46)"""
    (claim,) = claims(store)
    store.record([opened(a_ticket(), a_person(), claim, letters=(a_letter(),))], NOON)
    store.backup(copy, NOON)
    again = restored(copy, for_serve=True)
    assert again.tickets.files([1]) == store.tickets.files([1])
    assert again.inbox.raw(claim.id) == claim.arrival.raw
    assert again.standing.is_restored() and again.standing.health(NOON).restored
    assert again.outbox.claim(10, NOON, LEASE) == []
    again.close()
    again = restored(copy)
    assert again.outbox.claim(10, NOON, LEASE) == [], "also after another start"
    again.standing.release_restored()
    assert len(again.outbox.claim(10, NOON, LEASE)) == 1
    again.close()
    assert not store.standing.is_restored()
    assert len(store.outbox.claim(10, NOON, LEASE)) == 1, "the original goes on"


def test_a_restored_copy_gives_no_number_a_second_time(store, copy):
    store.numbers.take("ticket", 1)
    store.backup(copy, NOON)
    after = {kind: store.numbers.take(kind, 500)[-1] for kind in ("ticket", "person", "entry", "inbox")}
    again = restored(copy)
    assert all(again.numbers.take(kind, 1)[0] > last for kind, last in after.items())
    again.close()


def test_a_copy_is_one_file_and_private_and_whole(store, copy):
    store.inbox.keep(some_keeps(50))
    store.backup(copy, NOON)
    assert [file.name for file in copy.parent.glob("copy.db*")] == ["copy.db"]
    with closing(sqlite3.connect(copy)) as look:
        assert look.execute("pragma integrity_check").fetchone() == ("ok",)
        assert look.execute("select count(*) from inbox").fetchone() == (50,)


def test_a_copy_shows_one_moment_while_mail_comes_in(store, copy):
    stop = threading.Event()

    def door():
        number = 0
        while not stop.is_set():
            store.inbox.keep([a_keep(f"{number} a"), a_keep(f"{number} b")])
            number += 1

    thread = threading.Thread(target=door)
    thread.start()
    try:
        for turn in range(5):
            store.backup(copy.with_name(f"copy{turn}.db"), NOON)
    finally:
        stop.set()
        thread.join()
    for turn in range(5):
        again = restored(copy.with_name(f"copy{turn}.db"))
        assert len(again.inbox.rows(limit=100_000)) % 2 == 0
        again.close()


def test_nothing_is_ever_overwritten(store, copy):
    copy.write_text("precious")
    with pytest.raises(FileExistsError):
        store.backup(copy, NOON)
    assert copy.read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing_behind(store, copy, monkeypatch):
    def full(*_):
        raise NoSpace

    monkeypatch.setattr(sqlite.File, "copy", full)
    with pytest.raises(NoSpace):
        store.backup(copy, NOON)
    assert list(copy.parent.glob("copy.db*")) == []


def test_a_copy_put_over_a_database_whose_log_is_still_there_is_refused(store, copy, tmp_path):
    store.inbox.keep(some_keeps(3))
    store.backup(copy, NOON)
    store.inbox.keep(some_keeps(3, start=10))
    log = (tmp_path / "mailgate.db-wal").read_bytes()
    stale = copy.with_name("copy.db-wal")
    stale.write_bytes(log)
    stale.chmod(0o600)
    with pytest.raises(Untrusted) as refused:
        restored(copy)
    assert str(stale) in refused.value.way_out
    stale.unlink()
    for _ in range(2):
        again = restored(copy, for_serve=True)
        assert len(again.inbox.rows()) == 3
        again.inbox.keep(some_keeps(1, start=99))
        again.close()
        break


def test_a_restored_copy_that_crashed_is_opened_with_its_log(store, copy, tmp_path):
    store.backup(copy, NOON)
    again = restored(copy, for_serve=True)
    again.inbox.keep(some_keeps(2))
    folder = tmp_path / "crashed"
    folder.mkdir(mode=0o700)
    for name in ("copy.db", "copy.db-wal"):
        (folder / name).write_bytes((tmp_path / name).read_bytes())
        (folder / name).chmod(0o600)
    again.close()
    recovered = restored(folder / "copy.db", for_serve=True)
    assert len(recovered.inbox.rows()) == 2
    recovered.close()


def test_a_copy_of_a_copy_is_a_copy(store, copy):
    store.backup(copy, NOON)
    again = restored(copy)
    again.standing.release_restored()
    again.backup(copy.with_name("second.db"), NOON)
    again.close()
    second = restored(copy.with_name("second.db"))
    assert second.standing.is_restored()
    second.close()


def test_two_stores_side_by_side_are_two(tmp_path):
    (tmp_path / "a").mkdir(mode=0o700)
    (tmp_path / "b").mkdir(mode=0o700)
    with a_store(tmp_path / "a") as one, a_store(tmp_path / "b") as two:
        one.inbox.keep(some_keeps(1))
        assert two.inbox.rows() == []
