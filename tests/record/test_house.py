"""What the record knows of itself: agents, policies, alarms, suppressed addresses, its own health."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from mailgate.model.decision import Decision
from mailgate.model.delivery import OutboxState, Suppression, SuppressionKind
from mailgate.model.figures import Period
from mailgate.model.policy import Agent, Policy
from mailgate.model.ticket import Status
from mailgate.record.rows import Conflict, RaisedAlarm, Settlement, ToRecord
from mailgate.record.tables import metadata
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
)

DAY = timedelta(days=1)


def a_policy(*agents: Agent) -> Policy:
    return Policy("d", {}, {agent.id: agent for agent in agents}, {}, {}, {})


BOB = Agent("bob", "Bob", "Bob@example.com", ("robert@example.com",), language="de", timezone="Europe/Berlin")
CY = Agent("cy", "Cy", "cy@example.com")


def test_every_agent_of_the_policy_is_a_person_and_stays_the_same_one(store):
    first = store.people.adopt_agents(a_policy(BOB, CY))[0]
    assert {name: (who.name, who.address, who.aliases, who.agent) for name, who in first.items()} == {
        "bob": ("Bob", "Bob@example.com", ("robert@example.com",), "bob"),
        "cy": ("Cy", "cy@example.com", (), "cy"),
    }
    assert store.people.adopt_agents(a_policy(BOB, CY))[0] == first
    moved = store.people.adopt_agents(a_policy(replace(BOB, address="bob@new.example", name="Robert")))[0]
    assert moved["bob"].id == first["bob"].id
    assert (moved["bob"].name, moved["bob"].address) == ("Robert", "bob@new.example")
    assert store.people.at(["bob@example.com"])["bob@example.com"].id == first["bob"].id, "old mail still finds him"


def test_who_is_new_among_the_agents_is_said_once(store):
    assert store.people.adopt_agents(a_policy(BOB))[1] == {"bob"}
    assert store.people.adopt_agents(a_policy(BOB, CY))[1] == {"cy"}
    assert store.people.adopt_agents(a_policy(BOB, CY))[1] == frozenset()


def test_a_requester_who_becomes_an_agent_is_still_the_same_person(store):
    a_recorded_ticket(store, people=(a_person(1, "cy@example.com"),))
    assert store.people.adopt_agents(a_policy(CY))[0]["cy"].id == 1


def test_an_address_that_the_policy_gives_to_another_agent_is_that_agents(store):
    first = store.people.adopt_agents(a_policy(BOB, CY))[0]
    now = store.people.adopt_agents(a_policy(replace(BOB, aliases=()), replace(CY, aliases=("robert@example.com",))))[0]
    assert {name: who.id for name, who in now.items()} == {name: who.id for name, who in first.items()}
    assert store.people.at(["robert@example.com"])["robert@example.com"].agent == "cy"
    assert store.people.adopt_agents(a_policy())[0] == {}


def test_every_policy_stays_as_it_was_first_seen(store):
    store.standing.keep_policy("d1", "one", NOON)
    store.standing.keep_policy("d1", "other", NOON)
    assert (store.standing.policy_text("d1"), store.standing.policy_text("d2")) == ("one", None)


def test_an_operator_alarm_is_raised_again_only_after_its_time_or_once_the_trouble_was_over(store):
    hour = timedelta(hours=1)
    assert raised(store, "relay_down", "smtp", NOON)
    assert not raised(store, "relay_down", "smtp", NOON + hour - timedelta(seconds=1))
    assert raised(store, "relay_down", "other", NOON)
    assert not raised(store, "relay_down", "smtp", NOON + 13 * hour), "the letter about it has not left yet: one waits, not thirteen"
    store.outbox.cancel(NOON + hour, "as good as gone", [row.letter.id for row in store.outbox.rows()])
    assert raised(store, "relay_down", "smtp", NOON + hour)
    assert store.standing.forget_alarm("relay_down", "smtp")
    assert not store.standing.forget_alarm("relay_down", "smtp")
    assert raised(store, "relay_down", "smtp", NOON + hour)
    assert len(store.outbox.rows()) == 2, "a letter for each, and two are gone"


def test_an_alarm_whose_letter_could_not_be_kept_was_not_raised(store):
    """Whatever happens in between, the operator hears of it: at this attempt or at the next one."""
    a_recorded_ticket(store)
    outcome = ToRecord(None, Decision(), (an_acknowledgement(),), raises=RaisedAlarm("relay_down", "", DAY))
    with pytest.raises(Conflict):  # the last thing before the commit, and stands for all that can go wrong
        store.record([outcome], NOON, lambda letters, counts: "too many")
    assert store.standing.may_alarm("relay_down", "", NOON, DAY) and raised(store, "relay_down", "", NOON)
    assert not store.standing.may_alarm("relay_down", "", NOON, DAY)


def test_a_suppressed_address_is_not_written_to_until_it_ends_or_is_lifted(store):
    store.people.suppress(Suppression("Ann@example.org", SuppressionKind.BOUNCE, "no such user", NOON, NOON + DAY))
    store.people.suppress(Suppression("ann@example.org", SuppressionKind.BOUNCE, "mailbox is gone", NOON, NOON + 2 * DAY))
    assert store.people.suppressed(["ANN@example.org", "b@x"], NOON + DAY) == {"ann@example.org": "mailbox is gone"}
    assert store.people.suppressed(["ann@example.org"], NOON + 2 * DAY) == {}
    assert store.people.lift("ANN@example.org") and not store.people.lift("ann@example.org")
    assert store.people.suppressed(["ann@example.org"], NOON) == {}


def test_the_counts_say_what_is_open_and_what_the_last_day_did(store):
    empty = store.standing.health(NOON)
    assert (empty.inbox_oldest_at, empty.last_accepted_at, empty.outbox_oldest_due_at, empty.accepted_day) == (None, None, None, 0)
    aside, done = claims(store, 2, NOON - 2 * DAY)
    store.inbox.set_aside(aside.id, aside.lease, "why", NOON)
    letters = [a_letter(made_at=NOON - timedelta(minutes=minute)) for minute in range(3)]
    store.record([replace(opened(a_ticket(status=Status.ON_HOLD), a_person(), done), letters=tuple(letters))], NOON)
    store.record([opened(a_ticket(2, status=Status.CLOSED))], NOON)
    store.inbox.keep(some_keeps(3))
    store.inbox.claim(1, NOON, LEASE)
    (one,) = store.outbox.claim(1, NOON, LEASE)
    store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(OutboxState.SENT), ""), NOON)
    store.record([ToRecord(None, Decision(), (a_letter(None),), held=True)], NOON)
    health = store.standing.health(NOON)
    assert health.inbox == {"waiting": 2, "claimed": 1, "set_aside": 1}
    assert (health.inbox_oldest_at, health.last_accepted_at, health.accepted_day) == (NOON, NOON + timedelta(seconds=2), 3)
    assert health.outbox == {"held": 1, "queued": 2, "sending": 0, "deferred": 0, "refused": 0, "unknown": 0}
    assert (health.outbox_oldest_due_at, health.sent_day) == (NOON - timedelta(minutes=1), 1)
    assert health.tickets == {"new": 0, "open": 0, "pending_user": 0, "on_hold": 1, "resolved": 0}
    assert (health.restored, health.size > 100_000) == (False, True)


def test_no_question_of_a_round_walks_through_a_table(store):
    """Asked of the database itself: every search goes by an index, so that a large history makes nothing slow."""
    asked: list[tuple[str, object]] = []
    engine = store._db.room.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, values, ctx, many: asked.append((sql, values[0] if many else values)))
    (claim,) = claims(store)
    store.record(
        [opened(a_ticket(), a_person(), claim, letters=(a_letter(),), message_ids=("<m@x>",), message_id="<m@x>", bad_token="a@b")], NOON
    )
    store.outbox.claim(5, NOON, LEASE)
    store.tickets.due(NOON, 5)
    store.tickets.files([1], notices_for=[1])
    store.tickets.files([1])
    store.outbox.automatic_counts(["a@b"], NOON)
    store.traffic.bad_tokens(["a@b"], NOON)
    store.inbox.same_message_ids("it", ["<m@x>"])
    store.inbox.tickets_by_message_ids("it", ["<m@x>"])
    store.outbox.facts(["X"])
    store.people.at(["a@b"])
    store.people.suppressed(["a@b"], NOON)
    store.standing.may_alarm("k", "k", NOON, DAY)
    raised(store, "k", "k", NOON)
    store.standing.health(NOON)
    store.inbox.rows("waiting")
    store.outbox.rows()
    store.figures.material(Period(NOON - DAY, NOON + DAY, NOON + DAY))
    store.figures.report_readers("2026-11-16")
    assert len(asked) > 40
    searched = [(sql, values) for sql, values in asked if sql.startswith(("SELECT", "UPDATE", "DELETE")) and "pg_" not in sql]
    walks = _walks_of_server(engine, searched) if store._db.room.is_shared else _walks_of_file(engine, searched)
    assert walks == [], "\n\n".join(f"{step}: {sql}" for step, sql in walks)


def _walks_of_file(engine, searched):
    with engine.connect() as connection:
        plans = [(sql, connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()) for sql, values in searched]
    return [(step[3], sql) for sql, plan in plans for step in plan if step[3].startswith("SCAN") and step[3].split()[1] in metadata.tables]


def _walks_of_server(engine, searched):
    with engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")  # a small table is read as a whole, unless it cannot be otherwise
        plans = [(sql, connection.exec_driver_sql(f"EXPLAIN {sql}", values).scalars().all()) for sql, values in searched]
    return [(step, sql) for sql, plan in plans for step in plan if "Seq Scan" in step]
