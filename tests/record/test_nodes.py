"""Several nodes on one database: every mail once, every number once, and whoever slept past the lease has lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from mailgate.decide import budget
from mailgate.model.decision import Decision
from mailgate.model.delivery import OutboxState, Suppression, SuppressionKind
from mailgate.model.events import SlaBreached
from mailgate.model.flood import Block
from mailgate.model.policy import Budgets, Metric
from mailgate.record import meta, node
from mailgate.record.people import People
from mailgate.record.rows import Conflict, Settlement, ToRecord
from mailgate.record.standing import Standing, operator_alarm
from mailgate.record.store import open_store
from mailgate.record.traffic import TrafficRecord
from tests.databases import a_database, look
from tests.record.builders import (
    LEASE,
    NOON,
    Attempt,
    a_letter,
    a_person,
    a_recorded_ticket,
    a_ticket,
    an_acknowledgement,
    claims,
    opened,
    raised,
    some_keeps,
    wrote,
)
from tests.record.test_crashes import a_program, lines_until

ROOT = Path(__file__).parents[2]
on_server = pytest.mark.database("postgresql", because="several nodes need a server")


# --- claims -------------------------------------------------------------------------------------------------------


def test_two_nodes_claim_five_thousand_mails_and_none_twice(nodes):
    for start in range(0, 5000, 500):
        nodes[0].inbox.keep(some_keeps(500, start))
    begin = threading.Barrier(4)

    def reader(store):
        begin.wait()
        taken = []
        while some := store.inbox.claim(40, NOON, LEASE):
            assert [c.arrival.received_at for c in some] == sorted(c.arrival.received_at for c in some), "each in the order of arrival"
            taken += [claim.id for claim in some]
        return taken

    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(reader, (*nodes, *nodes)))
    assert all(shares)
    assert sorted(id for share in shares for id in share) == sorted(row.id for row in nodes[0].inbox.rows(limit=10_000))
    assert sum(map(len, shares)) == 5000


@on_server
def test_a_claim_steps_over_what_another_node_is_just_claiming(nodes):
    one, other = nodes
    one.inbox.keep(some_keeps(10))
    engine = one._db.room.engine
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SELECT id FROM inbox ORDER BY received_at LIMIT 4 FOR UPDATE")
        assert len(other.inbox.claim(100, NOON, LEASE)) == 6
    assert len(other.inbox.claim(100, NOON, LEASE)) == 4


def test_two_couriers_claim_two_thousand_letters_and_none_twice(nodes):
    """(fault 36)"""
    one, _ = nodes
    a_recorded_ticket(one)
    one.record([ToRecord(None, Decision(), tuple(a_letter(1, automatic=n % 2 == 0) for n in range(2000)))], NOON)

    def courier(store):
        taken = []
        while some := store.outbox.claim(30, NOON, LEASE):
            for letter in some:
                assert store.outbox.settle(Settlement(letter.letter.id, letter.lease, Attempt(OutboxState.SENT), "250"), NOON)
                taken.append(letter.letter.id)
        return taken

    with ThreadPoolExecutor(2) as threads:
        shares = list(threads.map(courier, nodes))
    assert all(shares)
    assert set(Counter(id for share in shares for id in share).values()) == {1}
    assert sum(map(len, shares)) == 2000


def test_a_node_that_slept_past_its_leases_writes_nothing_any_more(nodes):
    """(fault 37)"""
    sleeper, awake = nodes
    (asleep,) = claims(sleeper)
    (taken,) = awake.inbox.claim(1, NOON + LEASE, LEASE)
    with pytest.raises(Conflict, match="lease"):
        sleeper.record([opened(a_ticket(), a_person(), asleep, letters=(a_letter(),))], NOON)
    assert not sleeper.inbox.set_aside(asleep.id, asleep.lease, "late", NOON)
    assert sleeper.tickets.listed() == [] and sleeper.outbox.rows() == [], "not one row of it"
    awake.record([opened(a_ticket(), a_person(), taken, letters=(a_letter(),))], NOON)
    (old,) = sleeper.outbox.claim(1, NOON, LEASE)
    (new,) = awake.outbox.claim(1, NOON + LEASE, LEASE)
    assert new.doubted, "the copy is known to be one"
    assert not sleeper.outbox.settle(Settlement(old.letter.id, old.lease, Attempt(OutboxState.REFUSED), "late"), NOON)
    assert awake.outbox.settle(Settlement(new.letter.id, new.lease, Attempt(OutboxState.SENT), "250"), NOON)


# --- leases of the dead -------------------------------------------------------------------------------------------

SLEEPING = """
print(len(store.inbox.claim(3, NOON, LEASE)), flush=True)
sys.stdin.read()
"""


@on_server
def test_a_start_forgets_the_leases_of_programs_that_died_here_and_of_nobody_else(tmp_path):
    settings = a_database(tmp_path)
    with open_store(settings, NOON, for_serve=True) as store:
        store.inbox.keep(some_keeps(9))
        living, dead = a_program(SLEEPING, settings.url), a_program(SLEEPING, settings.url)
        for program in (living, dead):
            assert lines_until(program, 1) == ["3"]
        (elsewhere, *_) = store.inbox.claim(1, NOON, LEASE)
        look(store, f"update inbox set lease = 'anothermachine.1.1.{'0' * 16}' where id = {elsewhere.id}")
        dead.kill()
        dead.communicate()
        with open_store(settings, NOON, for_serve=True) as started:
            assert started.forget_leases() == 3
        assert store.standing.health(NOON).inbox == {"waiting": 5, "claimed": 4, "set_aside": 0}
        living.communicate()


def test_a_lease_says_whether_its_program_still_runs():
    assert not node.is_gone(node.new_lease()), "we live"
    code = "from mailgate.record import node; print(node.new_lease())"
    program = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert node.is_gone(program.stdout.strip())
    for unknown in ("", "0123456789abcdef", "elsewhere.1.2.3", "-.1.2.3"):
        assert not node.is_gone(unknown), unknown


# --- numbers, decisions, budgets ----------------------------------------------------------------------------------


def test_no_number_is_given_out_twice_by_two_nodes(nodes):
    """(fault 41)"""
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda turn: nodes[turn % 2].numbers.take("ticket", 1 + turn % 7), range(400)))
    numbers = [number for some in taken for number in some]
    assert len(set(numbers)) == len(numbers)


def test_an_answer_that_overtakes_its_question_on_another_node_makes_one_ticket(nodes):
    """Both nodes decided "new ticket" at the same time; the Message-ID that both mails name lets one of them decide again (fault 40)."""
    question, answer = claims(nodes[0], 2)
    shared = ("<question@example.org>",)
    begin = threading.Barrier(2)

    def record(at, number, claim):
        outcome = opened(a_ticket(number, requester=number), a_person(number, f"p{number}@x"), claim, message_ids=shared)
        begin.wait()
        try:
            at.record([outcome], NOON)
        except Conflict as conflict:
            return conflict
        return None

    for turn in range(10):
        if turn:
            question, answer = claims(nodes[0], 2)
            shared = (f"<question{turn}@example.org>",)
        base = 2 * turn
        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(record, nodes, (base + 1, base + 2), (question, answer)))
        (conflict,) = [end for end in ends if end is not None]
        assert conflict.what in ("unique", "message_id")
        (number,) = nodes[0].inbox.tickets_by_message_ids("it", shared).values()
        assert [t.number for t in nodes[0].tickets.listed() if t.number > base] == [number]
        loser = (question, answer)[ends.index(conflict)]
        seen = nodes[1].tickets.files([number])[number].ticket
        nodes[1].record([wrote(seen, claim=loser, message_ids=shared)], NOON)
    assert nodes[0].standing.health(NOON).inbox["claimed"] == 0


def test_two_nodes_that_write_on_one_ticket_take_turns_and_lose_nothing(nodes):
    """Compare-and-set: every event once, in one row of numbers without a gap (fault 39)."""
    a_recorded_ticket(nodes[0])

    def writer(store):
        written = 0
        while written < 25:
            before = store.tickets.files([1])[1].ticket
            with suppress(Conflict):
                store.record([wrote(before)], NOON)
                written += 1

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(writer, nodes))
    ticket = nodes[0].tickets.files([1])[1].ticket
    assert (ticket.version, ticket.history) == (51, 51)
    assert [row.seq for row in nodes[0].tickets.history(1)] == list(range(1, 52))


def test_an_alarm_that_two_nodes_raise_at_the_same_time_is_raised_once(nodes):
    breach = SlaBreached(at=NOON, metric=Metric.RESOLUTION, cycle=1, due_at=NOON, target_s=60, priority=3, owner=None, group="first")
    for number in range(1, 11):
        a_recorded_ticket(nodes[0], number, people=(a_person(),))
        due = [store.tickets.files(store.tickets.due(NOON + timedelta(hours=3), 50)).values() for store in nodes]
        begin = threading.Barrier(2)

        def alarm(store, files, number=number, begin=begin):
            before = next(file.ticket for file in files if file.ticket.number == number)
            after = replace(before, next_check_at=None)
            begin.wait()
            try:
                store.record([wrote(before, after, events=(breach,), letters=(a_letter(number, event="sla_breached"),))], NOON)
            except Conflict:
                return 0
            return 1

        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(alarm, nodes, due)) == 1
        assert len(nodes[0].outbox.of_ticket(number)) == 1


def test_the_budget_is_counted_in_the_database_that_the_nodes_share(nodes):
    """(fault 75)"""
    one, other = nodes
    for number in range(1, 21):
        a_recorded_ticket(one, number)
        one.record([ToRecord(None, Decision(), (an_acknowledgement(number, proven=False, address=f"s{number}@x"),))], NOON)
    assert other.outbox.automatic_counts(["s1@x"], NOON).unknown_minute == 20
    assert other.outbox.automatic_counts(["s1@x"], NOON).per_address_hour == {"s1@x": 1}
    assert raised(other, "relay_down", "", NOON)
    assert not raised(one, "relay_down", "", NOON)


def test_of_two_nodes_that_decide_in_the_same_instant_one_decides_again(nodes):
    """Both saw 19 of 20 letters, and each wants one: the last look is taken in turn, so that only one sees room for its own (fault 75)."""
    budgets = Budgets()

    def acknowledged(number):
        return ToRecord(None, Decision(), (an_acknowledgement(number, proven=False, address=f"s{number}@x"),))

    def overrun(letters, counts):
        return budget.overrun(letters, counts, budgets, NOON)

    for number in range(1, 40):
        a_recorded_ticket(nodes[0], number)
    nodes[0].record([acknowledged(number) for number in range(1, 20)], NOON, overrun)
    for number in range(20, 40, 2):
        begin = threading.Barrier(2)

        def want(store, number, begin=begin):
            begin.wait()
            try:
                store.record([acknowledged(number)], NOON, overrun)
            except Conflict as conflict:
                return (conflict.what, *conflict.keys)
            return None

        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(want, nodes, (number, number + 1)))
        assert ends.count(("budget", "unknown addresses")) == 1 and ends.count(None) == 1, ends
        assert nodes[0].outbox.automatic_counts([], NOON).unknown_minute == 20
        look(nodes[0], f"DELETE FROM letters WHERE ticket >= {number}")


@on_server
def test_who_counts_waits_for_whoever_counted_before_and_has_not_committed(nodes):
    """However long the other one takes between its count and its COMMIT."""
    one, other = nodes
    for number in (1, 2):
        a_recorded_ticket(one, number)
    counting, seen = threading.Event(), []

    def overrun_of_one(letters, counts):
        counting.set()
        until = time.monotonic() + 100
        while not look(one, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            assert time.monotonic() < until, "nobody waits for us"
        return ""

    def overrun_of_other(letters, counts):
        seen.append(counts.known_minute)
        return ""

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(one.record, [ToRecord(None, Decision(), (an_acknowledgement(1),))], NOON, overrun_of_one)
        counting.wait(100)
        other.record([ToRecord(None, Decision(), (an_acknowledgement(2),))], NOON, overrun_of_other)
        first.result()
    assert seen == [2]


#: Writes that look for a row and insert it where there is none. The second of two in one moment finds the first one's.
FOUND_OR_MADE = {
    "what runs here": lambda c: meta.put(c, "running here", "config"),
    "a policy": lambda c: Standing.keep_policy(c, "digest", "text", NOON),
    "an alarm of the machine": lambda c: operator_alarm(c, "disk", "", NOON, timedelta(hours=1)),
    "an address that is not written to": lambda c: People.suppress(c, A_SUPPRESSION),
    "an address that is not read": lambda c: TrafficRecord.block(c, Block("spam@example.com", NOON, None, "")),
}
A_SUPPRESSION = Suppression("a@example.com", SuppressionKind.BOUNCE, "no such mailbox", NOON, NOON + timedelta(days=60))


@on_server
@pytest.mark.parametrize("kind", FOUND_OR_MADE)
def test_a_row_that_two_nodes_make_in_the_same_moment_is_made_once_and_stops_neither(nodes, kind):
    one, other = nodes
    met = []

    @event.listens_for(one._db.room.engine, "before_cursor_execute")
    def first(connection, cursor, statement, *_):
        if statement.startswith("INSERT") and not met:
            met.append(statement)
            other._db.write(FOUND_OR_MADE[kind])

    one._db.write(FOUND_OR_MADE[kind])
    made = {"meta": "meta where key = 'running here'"}.get(table := met[0].split()[2], table)
    assert look(one, f"select count(*) from {made}") == [(1,)]
