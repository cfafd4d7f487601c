"""The server goes away in the middle: what was committed stands once, what was not is done again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from mailgate.model.decision import Decision
from mailgate.record.rows import Conflict, ToRecord
from tests.databases import look
from tests.record.builders import LEASE, NOON, a_keep, a_letter, a_person, a_recorded_ticket, a_ticket, claims, opened, some_keeps, wrote

ROOT = Path(__file__).parents[2]
on_server = pytest.mark.database("postgresql", because="several nodes need a server")


def lose_the_answer_to_commit(store, times=1):
    """The server has committed, and the connection breaks before it can say so."""
    left = [times]

    def commit(connection):
        if left[0]:
            left[0] -= 1
            driver = connection.connection.driver_connection
            driver.commit()
            driver.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    event.listen(store._db.room.engine, "commit", commit)


@on_server
def test_a_mail_whose_commit_was_not_answered_is_stored_once(nodes):
    """(faults 10 and 42)"""
    one, _ = nodes
    one.inbox.keep([a_keep("before")])
    lose_the_answer_to_commit(one)
    one.inbox.keep([a_keep("mail")])
    assert len(one.inbox.rows()) == 2


@on_server
def test_what_was_claimed_by_a_commit_that_was_not_answered_is_ours(nodes):
    one, other = nodes
    one.inbox.keep(some_keeps(5))
    lose_the_answer_to_commit(one)
    assert len(one.inbox.claim(5, NOON, LEASE)) == 5
    assert other.inbox.claim(5, NOON, LEASE) == []
    a_recorded_ticket(other)
    other.record([ToRecord(None, Decision(), (a_letter(), a_letter()))], NOON)
    lose_the_answer_to_commit(one)
    assert len(one.outbox.claim(5, NOON, LEASE)) == 2


@on_server
def test_a_decision_whose_commit_was_not_answered_is_recorded_once(nodes):
    one, _ = nodes
    first, second = claims(one, 2)
    lose_the_answer_to_commit(one)
    one.record([opened(a_ticket(1), a_person(), first, letters=(a_letter(1),))], NOON)
    lose_the_answer_to_commit(one)
    one.record([opened(a_ticket(2), claim=second)], NOON)
    assert len(one.tickets.listed()) == 2 and len(one.outbox.rows()) == 1
    before = one.tickets.files([1])[1].ticket
    lose_the_answer_to_commit(one)
    with pytest.raises(Conflict):  # nobody can tell whose it was: decide again, on what is there now
        one.record([wrote(before)], NOON)
    assert one.tickets.files([1])[1].ticket.history == before.history + 1


@on_server
def test_a_session_that_is_ended_halfway_is_begun_again(nodes):
    """(fault 42)"""
    turns = []

    def work(connection):
        turns.append(1)
        if len(turns) == 1:
            connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")
        return connection.exec_driver_sql("select 7").scalar()

    assert nodes[0]._db.write(work) == 7 and len(turns) == 2
    turns.clear()
    assert nodes[0]._db.read(work) == 7 and len(turns) == 2


@on_server
def test_a_deadlock_is_nobodys_trouble(nodes):
    """Two nodes lock the same two rows in opposite order: the server ends one of them, which begins again (fault 42)."""
    one, other = nodes
    met, over = threading.Barrier(2), threading.Event()

    def work(first, second):
        turn = []

        def inside(connection):
            turn.append(1)
            if len(turn) > 1:
                assert over.wait(100)  # else it may lock its first row before the other one has woken up, and both meet again
            connection.exec_driver_sql(f"update counters set value = value + 1 where name = '{first}'")
            if len(turn) == 1:
                met.wait(100)
            connection.exec_driver_sql(f"update counters set value = value + 1 where name = '{second}'")
            return len(turn)

        return inside

    def write(way):
        store, inside = way
        turns = store._db.write(inside)
        over.set()
        return turns

    ways = ((one, work("ticket", "entry")), (other, work("entry", "ticket")))
    with ThreadPoolExecutor(2) as threads:
        turns = list(threads.map(write, ways))
    assert sorted(turns) == [1, 2]
    assert look(one, "select value from counters where name in ('ticket', 'entry')") == [(2,), (2,)]
