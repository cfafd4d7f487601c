"""To the second, and where clocks on the wall jump: when a promise is due, and which answer is the first that is late."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mailgate.model.calendar import Calendar
from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome
from tests.decide.test_calendar import hours
from tests.decide.test_time_rows import at, clock_on

SECOND = timedelta(seconds=1)
BERLIN, LORD_HOWE, HAVANA, APIA, ASUNCION = "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "America/Asuncion"

#: (what happens to the clocks on the wall, zone, hours of each day, beginning, minutes, due, breach), instants in UTC.
JUMPS = [
    ("an hour is skipped in opening hours", BERLIN, "0-24", "2026-03-29 00:30", 60, "2026-03-29 01:30", "2026-03-29 01:30"),
    ("they open in the hour that is skipped", BERLIN, "2:30-6", "2026-03-28 20:00", 60, "2026-03-29 02:30", "2026-03-29 02:30"),
    ("they close in the hour that is skipped", BERLIN, "0-2:30", "2026-03-28 12:00", 150, "2026-03-29 01:30", "2026-03-29 22:00"),
    ("they are open in the skipped hour only", BERLIN, "2:15-2:45", "2026-03-28 12:00", 30, "2026-03-29 01:45", "2026-03-30 00:15"),
    ("opening and closing become one instant", BERLIN, "2:30-3:30", "2026-03-28 12:00", 60, "2026-03-30 01:30", "2026-03-31 00:30"),
    ("an hour comes twice in opening hours", BERLIN, "0-24", "2026-10-24 23:30", 180, "2026-10-25 02:30", "2026-10-25 02:30"),
    ("they open in the hour that comes twice", BERLIN, "2:30-4", "2026-10-24 12:00", 60, "2026-10-25 01:30", "2026-10-25 01:30"),
    ("they close in the hour that comes twice", BERLIN, "1-2:30", "2026-10-24 12:00", 90, "2026-10-25 00:30", "2026-10-26 00:00"),
    ("half an hour is skipped", LORD_HOWE, "0-24", "2026-10-03 15:00", 60, "2026-10-03 16:00", "2026-10-03 16:00"),
    ("they open in the half hour that is skipped", LORD_HOWE, "2:15-4", "2026-10-03 12:00", 60, "2026-10-03 16:45", "2026-10-03 16:45"),
    ("half an hour comes twice", LORD_HOWE, "1-3", "2026-04-04 12:00", 150, "2026-04-04 16:30", "2026-04-05 14:30"),
    ("the day begins an hour late", HAVANA, "0-2", "2026-03-07 20:00", 60, "2026-03-08 06:00", "2026-03-09 04:00"),
    ("the first hour of the day comes twice", HAVANA, "0-1", "2026-10-31 20:00", 120, "2026-11-01 06:00", "2026-11-02 05:00"),
    ("a date never comes", APIA, "0-24", "2011-12-30 09:00", 120, "2011-12-30 11:00", "2011-12-30 11:00"),
    ("the last hour of the day comes twice", ASUNCION, "22-24", "2024-03-23 15:00", 180, "2024-03-24 04:00", "2024-03-25 02:00"),
    ("they close at midnight", BERLIN, "22-24", "2026-06-01 12:00", 120, "2026-06-01 22:00", "2026-06-02 20:00"),
    ("nothing happens to them", BERLIN, "8-18", "2026-06-01 06:00", 600, "2026-06-01 16:00", "2026-06-02 06:00"),
]


@pytest.mark.parametrize(("zone", "open_", "start", "minutes", "due", "breach"), [row[1:] for row in JUMPS], ids=[row[0] for row in JUMPS])
def test_the_answer_that_is_late_is_the_one_a_second_behind(zone: str, open_: str, start: str, minutes: int, due: str, breach: str) -> None:
    calendar = Calendar("business", zone, (hours(open_),) * 7)
    row = {"from": start, "minutes": minutes}
    for metric in Metric:
        cycle, _ = clock_on(calendar, row, metric)
        assert (cycle.due_at, cycle.breach_at) == (at(due), at(breach)), metric
        answers = {
            cycle.due_at - SECOND: Outcome.MET,
            cycle.due_at: Outcome.MET,
            cycle.breach_at - SECOND: Outcome.MET,
            cycle.breach_at: Outcome.MET,
            cycle.breach_at + SECOND: Outcome.MISSED,
        }
        for stop, outcome in answers.items():
            stopped, _ = clock_on(calendar, row | {"stop": stop.isoformat(" ")[:19]}, metric)
            spent = minutes * 60 + {cycle.due_at - SECOND: -1, cycle.breach_at + SECOND: 1}.get(stop, 0)
            assert (stopped.outcome, stopped.elapsed_s) == (outcome, spent), (metric, stop)


def test_a_wait_up_to_the_breach_moves_it_and_one_from_it_on_does_not() -> None:
    calendar = Calendar("business", BERLIN, (hours("8-18"),) * 7, frozenset({date(2026, 6, 2)}))
    row = {"from": "2026-06-01 15:00", "minutes": 60}
    for wait, due, breach in (
        (["2026-06-01 15:59:59", "2026-06-01 18:00"], "2026-06-03 06:00:01", "2026-06-03 06:00:01"),
        (["2026-06-01 16:00", "2026-06-03 06:00"], "2026-06-01 16:00", "2026-06-03 06:00"),
        (["2026-06-01 16:00", "2026-06-03 06:00:01"], "2026-06-01 16:00", "2026-06-03 06:00:01"),
        (["2026-06-03 06:00", "2026-06-03 07:00"], "2026-06-01 16:00", "2026-06-03 07:00"),
    ):
        cycle, _ = clock_on(calendar, row | {"waits": [wait]}, Metric.RESOLUTION)
        assert (cycle.due_at, cycle.breach_at) == (at(due), at(breach)), wait
