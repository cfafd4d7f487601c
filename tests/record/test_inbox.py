"""Mail is kept once, read by one reader at a time, and never leaves."""

from __future__ import annotations

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.model.decision import Decision
from mailgate.model.mail import NoSpace
from mailgate.model.reason import Reason
from mailgate.record.rows import Broken, Busy, Conflict, Keep, ToRecord
from mailgate.record.store import Store
from tests.databases import look
from tests.record.builders import LEASE, NOON, a_keep, an_arrival, claims, some_keeps


def test_a_mail_comes_back_byte_for_byte_with_its_envelope(store):
    keep = a_keep("caf\u00e9 \x00 \udcff".encode("utf-8", "surrogateescape").decode("latin-1"))
    (kept,) = store.inbox.keep([keep])
    (claim,) = store.inbox.claim(10, NOON, LEASE)
    assert claim.arrival == keep.arrival and claim.desk == "it" and claim.attempts == 1
    assert store.inbox.raw(kept.id) == keep.arrival.raw


def test_what_the_door_knew_of_its_peer_is_kept(store):
    keep = a_keep("by a colleague")
    keep = replace(keep, arrival=replace(keep.arrival, helo="pc7.example.org", insider=True))
    store.inbox.keep([keep, a_keep("by anybody")])
    first, second = store.inbox.claim(10, NOON, LEASE)
    assert (first.arrival.helo, first.arrival.insider) == ("pc7.example.org", True)
    assert (second.arrival.helo, second.arrival.insider) == ("", False)


def test_the_same_mail_again_changes_nothing_and_is_told_so(store):
    first, again = a_keep("one"), a_keep("one")
    assert [kept.duplicate for kept in store.inbox.keep([first])] == [False]
    assert [(kept.id, kept.duplicate) for kept in store.inbox.keep([again])] == [(None, True)]
    assert len(store.inbox.claim(10, NOON, LEASE)) == 1


def test_a_duplicate_does_not_fail_the_group_that_it_came_with(store):
    store.inbox.keep([a_keep("two")])
    kept = store.inbox.keep([a_keep("one"), a_keep("two"), a_keep("three"), a_keep("one")])
    assert [one.duplicate for one in kept] == [False, True, False, True]
    assert len(store.inbox.claim(10, NOON, LEASE)) == 3


def test_a_mail_for_two_desks_is_one_entry_in_each_and_its_bytes_are_stored_once(store):
    arrival = an_arrival("both")
    digest = hashlib.sha256(b"both").hexdigest()
    store.inbox.keep([Keep(arrival, "it", digest), Keep(arrival, "hr", digest)])
    assert sorted(claim.desk for claim in store.inbox.claim(10, NOON, LEASE)) == ["hr", "it"]
    assert look(store, "select count(*) from raw_mails") == [(1,)]


def test_the_oldest_mail_is_read_first(store):
    store.inbox.keep([a_keep("late", received_at=NOON + timedelta(hours=1)), a_keep("early")])
    assert [b"early" in claim.arrival.raw for claim in store.inbox.claim(10, NOON, LEASE)] == [True, False]


def test_a_claimed_mail_is_nobody_elses_until_the_lease_runs_out(store):
    (first,) = claims(store)
    assert store.inbox.claim(10, NOON + LEASE - timedelta(seconds=1), LEASE) == []
    (second,) = store.inbox.claim(10, NOON + LEASE, LEASE)
    assert (second.id, second.attempts) == (first.id, 2) and second.lease != first.lease


def test_a_mail_whose_reader_died_comes_before_newer_ones(store):
    (lost,) = claims(store)
    store.inbox.keep([a_keep("newer", received_at=NOON + timedelta(hours=1))])
    assert [claim.id for claim in store.inbox.claim(1, NOON + LEASE, LEASE)] == [lost.id]


def test_who_lost_the_lease_can_neither_set_aside_nor_record_nor_give_back(store):
    """(fault 37)"""
    (lost,) = claims(store)
    (holder,) = store.inbox.claim(1, NOON + LEASE, LEASE)
    assert not store.inbox.set_aside(lost.id, lost.lease, "too slow", NOON)
    with pytest.raises(Conflict) as conflict:
        store.record([ToRecord(lost, Decision())], NOON)
    assert (conflict.value.what, conflict.value.keys) == ("lease", (lost.id,))
    store.inbox.release([lost])
    assert store.inbox.row(lost.id).state == "claimed"
    store.record([ToRecord(holder, Decision())], NOON)
    assert store.inbox.row(lost.id).state == "done"


def test_a_mail_given_back_waits_again_and_the_attempt_is_not_counted(store):
    store.inbox.release(claims(store))
    (claim,) = store.inbox.claim(1, NOON, LEASE)
    assert claim.attempts == 1


def test_a_mail_set_aside_says_why_and_can_be_read_again(store):
    (claim,) = claims(store)
    assert store.inbox.set_aside(claim.id, claim.lease, "took too long", NOON)
    row = store.inbox.row(claim.id)
    assert (row.state, row.reason, row.trace) == ("set_aside", "took too long", ())
    assert store.inbox.claim(1, NOON, LEASE) == []
    assert store.inbox.retry(claim.id)
    assert not store.inbox.retry(claim.id)
    assert [one.id for one in store.inbox.claim(1, NOON, LEASE)] == [claim.id]


def test_the_list_shows_the_newest_first_and_by_state(store):
    kept = store.inbox.keep(some_keeps(4))
    (claim, *_) = store.inbox.claim(1, NOON, LEASE)
    ids = [one.id for one in kept]
    assert [row.id for row in store.inbox.rows()] == ids[::-1]
    assert [row.id for row in store.inbox.rows("waiting")] == ids[:0:-1]
    assert [row.id for row in store.inbox.rows("claimed")] == [claim.id]
    assert [row.id for row in store.inbox.rows(limit=2, offset=1)] == ids[2:0:-1]
    assert store.inbox.row(999_999) is None
    with pytest.raises(KeyError):
        store.inbox.raw(999_999)


def test_message_ids_of_mails_read_before_are_found(store):
    one, two = claims(store, 2)
    store.record([ToRecord(one, Decision(), message_id="<a@x>"), ToRecord(two, Decision(set_aside="loop"), message_id="<b@x>")], NOON)
    assert store.inbox.same_message_ids("it", ["<a@x>", "<b@x>", "<c@x>"]) == {"<a@x>": one.id, "<b@x>": two.id}
    assert store.inbox.same_message_ids("it", ["<a@x>", "<b@x>"], but=[one.id]) == {"<b@x>": two.id}
    assert store.inbox.same_message_ids("hr", ["<a@x>"]) == {}


def test_no_number_is_given_out_twice_by_many_threads_and_two_programs(store, tmp_path):
    """(fault 41)"""
    other = Store(store._db)  # a second program has blocks of its own
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda turn: (store, other)[turn % 2].numbers.take("ticket", 1 + turn % 7), range(200)))
    numbers = [number for some in taken for number in some]
    assert len(set(numbers)) == len(numbers)
    assert store.numbers.take("ticket", 0) == []
    assert len(store.numbers.take("entry", 250)) == 250
    assert all(some == sorted(some) for some in taken)


@pytest.mark.database("sqlite", because="how a file is full, locked or broken")
def test_a_full_disk_is_said_in_one_word_and_the_next_mail_is_taken_once_there_is_room(tmp_path, store):
    """(fault 6)"""
    store.inbox.keep(some_keeps(2))
    with store._db.room.engine.connect() as connection:  # the only one of the pool
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NoSpace):
        store.inbox.keep([a_keep("too large", size=100_000)])
    with store._db.room.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.inbox.keep([a_keep("too large", size=100_000)])[0].duplicate is False
    assert len(store.inbox.claim(10, NOON, LEASE)) == 3


@pytest.mark.database("sqlite", because="how a file is full, locked or broken")
def test_a_locked_database_is_waited_for_and_then_said_to_be_busy(store, tmp_path):
    """(fault 44)"""
    holder = sqlite3.connect(tmp_path / "mailgate.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        store._db.write(lambda connection: None, patience=0.02)
    with ThreadPoolExecutor(1) as thread:
        keeping = thread.submit(store.inbox.keep, [a_keep()])
        assert not keeping.done()
        holder.execute("COMMIT")
        assert keeping.result(60)[0].duplicate is False
    holder.close()


@pytest.mark.database("sqlite", because="how a file is full, locked or broken")
def test_what_meets_a_lock_halfway_is_done_again_from_its_start(store):
    for run in (store._db.read, store._db.write):
        turns = []

        def work(connection, turns=turns):
            turns.append(connection)
            if len(turns) < 3:
                busy = sqlite3.OperationalError("database is locked")
                busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
                raise busy
            return "done"

        assert (run(work), len(turns)) == ("done", 3)


@pytest.mark.database("sqlite", because="how a file is full, locked or broken")
def test_a_disk_that_fails_is_no_reason_to_try_again(store):
    """(fault 5)"""

    def work(connection):
        failed = sqlite3.OperationalError("disk I/O error")
        failed.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise failed

    with pytest.raises(Broken):
        store._db.write(work)


def test_a_damaged_mail_is_not_handed_on_and_holds_nobody_up(store):
    damaged, sound = store.inbox.keep([a_keep("whole"), a_keep("other")])
    if store._db.room.is_shared:
        look(store, "update raw_mails set raw = convert_to(replace(convert_from(raw, 'UTF8'), 'whole', 'whale'), 'UTF8')")
    else:
        look(store, "update raw_mails set raw = cast(replace(cast(raw as text), 'whole', 'whale') as blob)")
    assert [claim.id for claim in store.inbox.claim(10, NOON, LEASE)] == [sound.id]
    row = store.inbox.row(damaged.id)
    assert row.state == "set_aside" and row.reason == Reason("damaged")
    with pytest.raises(Broken):
        store.inbox.raw(damaged.id)
