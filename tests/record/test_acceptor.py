"""Arrivals that wait at the same time share a commit, and none pays for another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailgate.model.mail import NoSpace
from mailgate.record.acceptor import ALONE_BYTES, CALM, MAX_GROUP, Acceptor, Closed
from mailgate.record.rows import Broken, Keep, Kept
from tests.record.builders import LEASE, NOON, a_keep, an_arrival, some_keeps

WAIT = 60  #: seconds after which a test that hangs fails


class Gate:
    """A store whose commits wait until they are let through, and that remembers what came together."""

    def __init__(self, store=None):
        self.store, self.groups = store, []
        self.arrived, self.let = threading.Semaphore(0), threading.Semaphore(0)
        self.faults = []

    def keep(self, items):
        self.groups.append(list(items))
        self.arrived.release()
        assert self.let.acquire(timeout=WAIT)
        for fault in self.faults:
            if fault.applies(items):
                raise fault.error
        if self.store is not None:
            return self.store.inbox.keep(items)
        return [Kept(n, duplicate=False) for n, _ in enumerate(items)]

    def open(self, times=1000):
        for _ in range(times):
            self.let.release()

    def wait_for_group(self):
        assert self.arrived.acquire(timeout=WAIT)


class Fault:
    def __init__(self, error, *keeps):
        self.error, self.keeps = error, keeps

    def applies(self, items):
        return not self.keeps or any(keep in items for keep in self.keeps)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def acceptor(gate):
    made = Acceptor(gate)
    yield made
    gate.open()
    made.close(WAIT)


def sizes(gate):
    return [len(group) for group in gate.groups]


def test_what_came_while_a_commit_was_under_way_shares_the_next_one(gate, acceptor):
    first = acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    later = [acceptor.submit([keep]) for keep in some_keeps(20)]
    gate.open()
    assert [future.result(WAIT) for future in (first, *later)] == [[Kept(n, False)] for n in (0, *range(20))]
    assert sizes(gate) == [1, 20]


def test_three_hundred_mails_from_eight_doors_take_few_commits_and_all_are_stored(store):
    acceptor = Acceptor(store.inbox)
    before = store._db.commits
    start = threading.Barrier(8)

    def door(number):
        start.wait(WAIT)
        return [acceptor.submit([keep]) for keep in some_keeps(38, start=1000 * number)]

    with ThreadPoolExecutor(8) as doors:
        futures = [future for some in doors.map(door, range(8)) for future in some]
    assert not any(future.result(WAIT)[0].duplicate for future in futures)
    acceptor.close(WAIT)
    reservations = 8 * 38 // 100 + 1
    assert store._db.commits - before - reservations < 100
    assert len(store.inbox.claim(1000, NOON, LEASE)) == 304


def test_a_group_has_bounds_in_mails_and_in_bytes(gate, acceptor):
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    futures = [acceptor.submit([keep]) for keep in some_keeps(MAX_GROUP + 3)]
    futures += [acceptor.submit([a_keep(f"big {n}", size=ALONE_BYTES)]) for n in range(6)]
    gate.open()
    for future in futures:
        future.result(WAIT)
    assert sizes(gate) == [1, MAX_GROUP, 3 + 3, 3]


def test_a_large_mail_commits_alone(gate, acceptor):
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    futures = [acceptor.submit([a_keep(text, size=size)]) for text, size in (("a", 0), ("huge", ALONE_BYTES + 1), ("b", 0), ("c", 0))]
    gate.open()
    for future in futures:
        future.result(WAIT)
    assert sizes(gate) == [1, 1, 1, 2]
    assert len(gate.groups[2][0].arrival.raw) == ALONE_BYTES + 1


def test_the_items_of_one_arrival_stay_together(gate, acceptor):
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    arrival = an_arrival()
    both = acceptor.submit([Keep(arrival, "it", "1"), Keep(arrival, "hr", "2")])
    one = acceptor.submit([a_keep("one")])
    gate.open()
    assert (both.result(WAIT), one.result(WAIT)) == ([Kept(0, False), Kept(1, False)], [Kept(2, False)])


def test_an_arrival_that_cannot_be_stored_harms_nobody_else(gate, acceptor):
    good, bad, other = (a_keep(text) for text in ("good", "bad", "other"))
    gate.faults.append(Fault(ValueError("what is this"), bad))
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    futures = [acceptor.submit([keep]) for keep in (good, bad, other)]
    gate.open()
    assert futures[0].result(WAIT) and futures[2].result(WAIT)
    assert isinstance(futures[1].exception(WAIT), ValueError)
    assert sizes(gate) == [1, 3, 1, 1, 1]


def test_no_space_is_told_to_everybody_at_once_and_the_next_group_is_tried(gate, acceptor):
    gate.faults.append(Fault(NoSpace("full")))
    futures = [acceptor.submit([keep]) for keep in some_keeps(3)]
    gate.open()
    assert all(isinstance(future.exception(WAIT), NoSpace) for future in futures)
    gate.faults.clear()
    assert acceptor.submit([a_keep("later")]).result(WAIT)
    assert not acceptor.broken


def test_after_the_disk_failed_nothing_is_taken_any_more(gate, acceptor):
    """(fault 5)"""
    gate.faults.append(Fault(Broken("fsync")))
    futures = [acceptor.submit([keep]) for keep in some_keeps(3)]
    gate.open()
    assert all(isinstance(future.exception(WAIT), Broken) for future in futures)
    tried = len(gate.groups)
    gate.faults.clear()
    assert isinstance(acceptor.submit([a_keep("later")]).exception(WAIT), Broken)
    assert acceptor.broken and len(gate.groups) == tried


def test_closing_commits_what_waits_and_takes_nothing_more(store):
    gate = Gate(store)
    acceptor = Acceptor(gate)
    futures = [acceptor.submit([keep]) for keep in some_keeps(10)]
    gate.open()
    acceptor.close(WAIT)
    assert all(future.result(0)[0].id for future in futures)
    assert isinstance(acceptor.submit([a_keep("late")]).exception(WAIT), Closed)
    assert len(store.inbox.claim(100, NOON, LEASE)) == 10


def test_closing_in_a_hurry_tells_who_still_waits_that_the_mail_was_not_taken(gate):
    acceptor = Acceptor(gate)
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    waiting = acceptor.submit([a_keep("waiting")])
    acceptor.close(0.01)
    assert isinstance(waiting.exception(WAIT), Closed)
    gate.open()


def test_a_client_that_hangs_up_does_not_cancel_a_commit(store):
    gate = Gate(store)
    acceptor = Acceptor(gate)
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    given_up, other = acceptor.submit([a_keep("given up")]), acceptor.submit([a_keep("other")])
    assert given_up.cancel()
    gate.open()
    assert other.result(WAIT)[0].duplicate is False
    acceptor.close(WAIT)
    assert len(store.inbox.claim(10, NOON, LEASE)) == 3


class Hands:
    """A clock turned by hand, and a wait that turns it instead of waiting; `coming` says what happens meanwhile."""

    def __init__(self):
        self.at, self.waits, self.coming = 100.0, [], lambda: None

    def __call__(self):
        return self.at

    def wait(self, seconds):
        self.waits.append(seconds)
        self.at += seconds
        self.coming()
        return False

    def set(self):
        pass


@pytest.fixture
def doors():
    hands, gate = Hands(), Gate()
    gate.open()
    acceptor = Acceptor(gate, hands)
    acceptor._over = hands
    yield acceptor, hands
    acceptor.close(WAIT)


def take(acceptor, keep):
    acceptor.submit([keep]).result(WAIT)
    while acceptor._committing:
        threading.Event().wait(0.001)


def test_who_reads_does_not_wait_where_nobody_comes(doors):
    acceptor, hands = doors
    acceptor.give_way(0.2)
    take(acceptor, a_keep("first"))
    hands.at += CALM
    acceptor.give_way(0.2)
    assert hands.waits == []


def test_who_reads_waits_until_the_doors_are_calm(doors):
    acceptor, hands = doors
    take(acceptor, a_keep("first"))
    hands.at += CALM / 4
    acceptor.give_way(0.2)
    assert hands.waits == [pytest.approx(CALM * 3 / 4)]


def test_who_reads_never_waits_longer_than_he_wants(doors):
    acceptor, hands = doors
    hands.coming = lambda: take(acceptor, a_keep("second"))
    take(acceptor, a_keep("first"))
    acceptor.give_way(0.2)
    assert sum(hands.waits) == pytest.approx(0.2)


def test_a_crowd_that_waits_for_its_commit_is_not_calm(gate, acceptor):
    hands = Hands()
    acceptor._seconds = acceptor._over = hands
    acceptor.submit([a_keep("first")])
    gate.wait_for_group()
    hands.at += 10 * CALM  # the write lock is held by somebody else for so long
    acceptor.give_way(0.2)
    assert sum(hands.waits) == pytest.approx(0.2)


def test_nobody_is_waited_for_when_the_acceptor_closes():
    acceptor = Acceptor(Gate(), lambda: 100.0)  # a clock that stands: only the end can end the wait
    acceptor.submit([a_keep("first")])
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(acceptor.give_way, 1000)
        acceptor._inbox.open()
        acceptor.close(WAIT)
        waiting.result(WAIT)
