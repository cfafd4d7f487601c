"""A ticket can be rebuilt from its history and the policies of then, and what was damaged is found."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate.cli import app, replay
from mailgate.cli.replay import Looked, PastPolicies, parted
from mailgate.decide.transitions import ROWS, Facts, Unless, can_merge, requester_was_asked, says_how
from mailgate.record.store import Store
from mailgate.record.tables import tickets
from tests.clocks.house import EditedHouse
from tests.clocks.lives import lived

TABLES = {"cycles": "ticket", "tickets": "number", "history": "ticket"}
#: Done to the record by hand: what, and where it is to be found. `{n}`: the ticket that it is done to.
DAMAGES = (
    ("update cycles set due_at = '2026-06-01 09:00:00' where ticket = {n} and metric = 'first_reply'", "first_reply 1 due_at"),
    ("update cycles set breach_at = '2027-06-01 09:00:00' where ticket = {n} and metric = 'resolution'", "resolution 1 breach_at"),
    ("update cycles set target_s = target_s + 1 where ticket = {n} and metric = 'resolution'", "resolution 1 target_s"),
    ("update cycles set started_at = '2026-06-01 08:00:01' where ticket = {n} and metric = 'first_reply'", "first_reply 1 started_at"),
    ("update cycles set outcome = 'met' where ticket = {n} and metric = 'first_reply'", "first_reply 1 outcome"),
    ("update cycles set elapsed_s = 1 where ticket = {n} and metric = 'first_reply'", "first_reply 1 elapsed_s"),
    ("update cycles set stopped_by = 'ABC' where ticket = {n} and metric = 'first_reply'", "first_reply 1 stopped_by"),
    ("update cycles set breached_at = null where ticket = {n} and metric = 'first_reply'", "first_reply 1 breached_at"),
    ("update cycles set warned = '[]' where ticket = {n} and metric = 'first_reply'", "first_reply 1 warned"),
    ("update cycles set priority = 1 where ticket = {n} and metric = 'resolution'", "resolution 1 priority"),
    ("update cycles set calendar_digest = 'none' where ticket = {n} and metric = 'resolution'", "resolution 1 calendar_digest"),
    ("update cycles set retargets = '[]' where ticket = {n} and metric = 'resolution'", "resolution 1 retargets"),
    ("delete from cycles where ticket = {n} and metric = 'resolution'", "resolution 1"),
    ("update tickets set status = 'pending_user' where number = {n}", "status"),
    ("update tickets set priority = 3 where number = {n}", "priority"),
    ("update tickets set waiting_since = null where number = {n}", "waiting_since"),
    ("update tickets set turns = '[]' where number = {n}", "turns"),
    ("update tickets set waits = '[{{\"began_at\": \"2026-06-01T08:00:00Z\", \"ended_at\": null, \"cause\": \"x\"}}]' where number = {n}",
     "waits"),
    ("update tickets set timers = '[{{\"kind\": \"remind\", \"due_at\": \"2026-06-01T08:00:00Z\"}}]' where number = {n}",
     "timer remind 1"),
    ("update tickets set next_check_at = '2028-06-01 08:00:00' where number = {n}", "next_check_at"),
    ("update tickets set promised_at = '2028-06-01 08:00:00' where number = {n}", "promised_at"),
    ("update tickets set closure = 7 where number = {n}", "closure"),
    ("update history set at = '2026-06-01 07:00:00' where ticket = {n} and seq = 1", "arrived_at"),
    ("delete from history where ticket = {n} and name = 'policy_changed'", "history"),
    ("update history set facts = '{{\"metric\": \"first_reply\", \"cycle\": 1, \"level\": 1}}' where ticket = {n} and name = 'sla_warned'",
     "first_reply 1 warned"),
)  # fmt: skip


def found(store: Store, policies: PastPolicies, number: int = 0) -> list[tuple[object, object]]:
    return [(row["ticket"], row["what"]) for row in parted(store, policies, Looked(), number)]


@pytest.mark.either_database
def test_nothing_parts_over_the_lives_of_tickets_and_each_of_26_damages_is_found(tmp_path: Path, store: Store) -> None:
    house = EditedHouse(tmp_path, store)
    numbers = lived(house)
    looked, policies = Looked(), PastPolicies(store)
    assert list(parted(store, policies, looked)) == []
    assert (looked.tickets, looked.older) == (10, 0)
    mine = numbers[0]
    for table, key in TABLES.items():
        house.look(f"create table kept_{table} as select * from {table} where {key} = {mine}")
    missed = []
    for statement, what in DAMAGES:
        house.look(statement.format(n=mine))
        if (mine, what) not in found(store, policies, mine):
            missed.append((statement, found(store, policies, mine)))
        put_back(house, mine)
    assert missed == [] and found(store, policies) == []
    # What everything is counted by.
    cast = "::json" if store._db.room.is_shared else ""
    house.look(f"update calendars set content = replace(cast(content as text), '1080', '1020'){cast}")
    assert next(row["what"] for row in parted(store, PastPolicies(store), Looked())).startswith("calendar ")
    house.close()


def test_the_command_shows_a_life_and_ends_with_1_where_the_record_says_otherwise(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = EditedHouse(tmp_path, store)
    number = house.open()
    house.say(number, "It works again.")

    @contextmanager
    def opened(_):
        yield None, store, house.at

    monkeypatch.setattr(replay, "opened", opened)
    shown = CliRunner().invoke(app, ["replay", f"IT-{number}"])
    assert shown.exit_code == 0 and "agent_replied" in shown.output and "first_reply 1 met, took 0 of 480 min" in shown.output
    well = CliRunner().invoke(app, ["replay", "--check"])
    assert (well.exit_code, well.output.strip()) == (0, "1 tickets, 0 differences")
    house.look("update tickets set status = 'closed'")
    wrong = CliRunner().invoke(app, ["replay", "--check", str(number)])
    assert wrong.exit_code == 1 and f"ticket {number}: status: the record says closed, its history open" in wrong.output
    as_json = CliRunner().invoke(app, ["replay", "--check", "--json"])
    assert json.loads(as_json.output) == {"ticket": number, "what": "status", "record": "closed", "replay": "open"}
    assert CliRunner().invoke(app, ["replay"]).exit_code == 2
    assert CliRunner().invoke(app, ["replay", "--check", "77"]).exit_code == 1
    house.close()


@pytest.mark.either_database
def test_nothing_parts_where_a_group_assigns_its_tickets(tmp_path: Path, store: Store) -> None:
    house = EditedHouse(tmp_path, store, ('name = "IT"  ', 'assign = "least_loaded"\nname = "IT"  '))
    numbers = lived(house)
    assert {"ticket_offered", "offer_expired"} <= {name for number in numbers for name in house.events(number)}
    assert list(parted(store, PastPolicies(store), Looked())) == []
    house.close()


def put_back(house: EditedHouse, number: int) -> None:
    columns = ", ".join(column.name for column in tickets.c)
    house.look(f"update tickets set ({columns}) = (select {columns} from kept_tickets) where number = {number}")
    for table in ("cycles", "history"):
        house.look(f"delete from {table} where ticket = {number}")
        house.look(f"insert into {table} select * from kept_{table}")


@pytest.mark.parametrize("row", [row for row in ROWS if row.guard], ids=lambda row: f"{row.event.__name__}-{row.before.value}")
def test_where_a_guard_looks_at_facts_the_other_way_is_a_refusal_so_that_replay_needs_no_guess(row) -> None:
    guard = row.guard.guard if isinstance(row.guard, Unless) else row.guard
    if guard in (requester_was_asked, says_how, can_merge):
        assert (row.error is not None) == isinstance(row.guard, Unless)
    assert set(Facts.__dataclass_fields__) == {"public_text", "closure_text", "merge_target"}
