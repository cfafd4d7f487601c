"""What others have counted comes out here as well: 161 rows of instants, each on the clock of its own metric."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mailgate.decide import sla, turns
from mailgate.decide.calendar import Boundary, add, elapsed, open_spans, wall
from mailgate.decide.rules import Rules, rules_for
from mailgate.model.calendar import Calendar, Frame
from mailgate.model.events import AgentReplied, RequesterWrote, TicketTaken, WaitStarted
from mailgate.model.policy import Metric, Target
from mailgate.model.ticket import Cycle, Outcome, Speaker, Status, Ticket
from tests.decide.life import BOB, MAX, MINUTE, Life, a_blank, a_policy

Row = dict[str, Any]
ROWS: dict[str, Any] = json.loads((Path(__file__).parent / "time_rows.json").read_text(encoding="utf-8"))


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _frames(text: str) -> tuple[Frame, ...]:
    return tuple((_minute(a), _minute(b)) for a, b in (one.split("-") for one in text.split()))


def _calendar(said: dict[str, Any]) -> Calendar:
    def days(key: str) -> dict[date, tuple[Frame, ...]]:
        return {date.fromisoformat(day): _frames(frames) for day, frames in said.get(key, {}).items()}

    return Calendar(
        "business",
        said["zone"],
        tuple(_frames(day) for day in said["week"]),
        frozenset(date.fromisoformat(day) for day in said.get("off", ())),
        frozenset((int(day[:2]), int(day[3:])) for day in said.get("every_year", ())),
        days("extra"),
        days("breaks"),
    )


HOURS = {name: _calendar(said) for name, said in ROWS["hours"].items()}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def failing(kind: str, found: Iterator[tuple[Row, object, object]]) -> list[tuple[Row, object, object]]:
    rows = list(found)
    assert {id(row) for row, _, _ in rows} == {id(row) for row in ROWS[kind]}, "a row says nothing"
    return [one for one in rows if one[1] != one[2]]


# --- instants ----------------------------------------------------------------------------------------------------------------


def test_there_are_as_many_rows_as_were_written_down() -> None:
    assert sum(len(rows) for kind, rows in ROWS.items() if kind != "hours") == 161


def test_so_many_seconds_later() -> None:
    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["sums"]:
            for key, boundary in (("due", Boundary.CLOSE), ("breach", Boundary.NEXT)):
                if key in row:
                    yield row, at(row[key]), add(HOURS[row["on"]], at(row["from"]), row["seconds"], boundary=boundary)
                    if row["seconds"] and row["seconds"] % 60 == 0:
                        cycle = clock(row | {"minutes": row["seconds"] // 60}, Metric.RESOLUTION)[0]
                        yield row, at(row[key]), cycle.due_at if key == "due" else cycle.breach_at

    assert failing("sums", found()) == []


def test_so_many_seconds_between() -> None:
    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["spans"]:
            spent = elapsed(HOURS[row["on"]], at(row["from"]), at(row["to"]))
            yield row, row.get("open_s", spent), spent
            yield row, row.get("open_min", spent // 60), spent // 60
            cycle = clock(row | {"minutes": 60, "stop": row["to"]}, Metric.RESOLUTION)[0]
            yield row, (spent, Outcome.MISSED if spent > 3600 else Outcome.MET), (cycle.elapsed_s, cycle.outcome)

    assert failing("spans", found()) == []


def test_when_somebody_is_there() -> None:
    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["open"]:
            calendar = HOURS[row["on"]]
            if "open" in row:
                yield row, row["open"], calendar.is_open(at(row["at"]))
            else:
                frames = tuple((at(a), at(b)) for a, b in row["frames"])
                yield row, frames, open_spans(calendar, at(row["from"]), frames[-1][1])

    assert failing("open", found()) == []


def test_a_time_on_the_wall() -> None:
    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["walls"]:
            yield row, at(row["at"]), wall(HOURS[row["on"]].timezone, date.fromisoformat(row["day"]), _minute(row["wall"]))

    assert failing("walls", found()) == []


# --- clocks ------------------------------------------------------------------------------------------------------------------


def beginning(metric: Metric, start: datetime) -> Ticket:
    """A ticket on which a clock of this metric begins at an instant, for the reason that it has."""
    ticket = replace(a_blank(), status=Status.OPEN, arrived_at=start, queued_at=start)
    if metric is Metric.NEXT_REPLY:
        ticket = turns.answered(turns.asked(ticket, start - timedelta(days=2)), start - timedelta(days=1), Speaker.AGENT, None)
        return turns.asked(replace(ticket, arrived_at=start - timedelta(days=2)), start)
    if metric is Metric.UPDATE:
        return turns.answered(replace(ticket, arrived_at=start - timedelta(days=1)), start, Speaker.AGENT, None)
    return turns.asked(ticket, start)


def clock(row: Row, metric: Metric) -> tuple[Cycle, Rules]:
    return clock_on(HOURS[row["on"]], row, metric)


def clock_on(calendar: Calendar, row: Row, metric: Metric) -> tuple[Cycle, Rules]:
    """The clock of a row. What a ticket waits for stops some metrics only; what every one stands still for, the others."""
    start = at(row["from"])
    policy = a_policy(promises={(4, metric): Target(row["minutes"], "business")}, calendar=calendar)
    ticket = beginning(metric, start)
    cause = turns.PENDING_USER if sla.stands_still(metric, turns.PENDING_USER, rules_for(policy, ticket)) else turns.REJECTED
    for begin, end in row.get("waits", ()):
        ticket = turns.run_on(turns.wait(ticket, cause, at(begin)), at(end))
    rules = rules_for(policy, ticket)
    ticket = sla.settled(ticket, rules, start)
    if "stop" in row:
        ticket = sla.stop(ticket, rules, metric, at(row["stop"]))
    [cycle] = ticket.cycles
    return cycle, rules


def test_a_clock_is_due_when_others_say() -> None:
    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["clocks"]:
            for metric in Metric if row["metric"] == "any" else (Metric(row["metric"]),):
                cycle, rules = clock(row, metric)
                for key, found in (("due", cycle.due_at), ("breach", cycle.breach_at)):
                    yield row, at(row[key]) if key in row else found, found
                if "stop" in row:
                    used = cycle.elapsed_s or 0
                    yield row, row.get("used_min", used // 60), used // 60
                    yield row, row.get("left_min", row["minutes"] - used // 60), -(sla.left(cycle, rules, cycle.breach_at) // -60)
                    yield row, row.get("over_min", max(0, used // 60 - row["minutes"])), max(0, used // 60 - row["minutes"])
                    yield row, Outcome.MISSED if used > row["minutes"] * 60 else Outcome.MET, cycle.outcome

    assert failing("clocks", found()) == []


def test_what_happens_on_a_ticket_moves_its_clocks_as_others_say() -> None:
    happens = {"asks": RequesterWrote, "answers": AgentReplied, "waits": WaitStarted, "goes on": TicketTaken}

    def found() -> Iterator[tuple[Row, object, object]]:
        for row in ROWS["lives"]:
            promises = {(4, Metric(metric)): Target(minutes, "business") for metric, minutes in row["minutes"].items()}
            zero = at(row["from"])
            # Others let this clock run before the first answer as well.
            life = Life(zero, policy=a_policy(promises=promises, calendar=HOURS[row["on"]], from_first_message=True))
            for minute, what in row["happens"][1:]:
                if what == "goes on":  # nobody has to write for that: an agreed date will do
                    life.ticket = replace(turns.run_on(life.ticket, zero + minute * MINUTE), status=Status.OPEN)
                    continue
                life.at(zero + minute * MINUTE, happens[what], actor=MAX if what == "asks" else BOB)
            for key, expected in row["then"].items():
                yield row, expected, _said_of(life, key, zero)

    assert failing("lives", found()) == []


def _said_of(life: Life, key: str, zero: datetime) -> object:
    metric = Metric.UPDATE if key.startswith("update") else Metric.NEXT_REPLY
    mine = [cycle for cycle in life.ticket.cycles if cycle.metric is metric]
    done = [cycle.elapsed_s // 60 for cycle in mine if cycle.elapsed_s is not None]
    promised = life.rules.target(4, metric)
    assert promised is not None
    if key.endswith("_due"):
        return next(((cycle.due_at - zero) // MINUTE for cycle in mine if cycle.is_on), None)
    spent = done[-1] if "last" in key else max(done)
    return spent if key.endswith("elapsed") else promised.minutes - spent
