"""A fortnight of one ticket, its clock turned by hand; `docs/sla.md` shows it. `MAILGATE_RENEW_GOLDEN=1` writes it anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailgate.cli.replay import Looked, PastPolicies, parted
from mailgate.decide.replaying import steps
from mailgate.model.events import name_of
from mailgate.model.policy import Metric
from mailgate.model.ticket import Cycle, Outcome
from tests.house.tree import ROOT
from tests.journeys.world import ANN, BOB, MAX, SUPPORT, World, edit

pytestmark = pytest.mark.either_database

PAGE = ROOT / "docs" / "sla.md"
BEGIN, END = (
    "<!-- Written by tests/journeys/test_fortnight.py: MAILGATE_RENEW_GOLDEN=1 renews it. -->\n",
    "<!-- The fortnight ends here. -->",
)
BERLIN = ZoneInfo("Europe/Berlin")
#: The clocks go back on Sunday, 25 October.
THURSDAY = datetime(2026, 10, 22, 10, tzinfo=BERLIN)
PROMISES = ('P4 = { first_reply = "8h", resolution = "40h" }',
            'P4 = { first_reply = "8h", next_reply = "8h", update = "16h", resolution = "40h" }')  # fmt: skip
HOLIDAY = ('holidays = ["01-01"', 'holidays = ["2026-10-27", "01-01"')


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    made = World(tmp_path, changes=lambda folder: edit(folder, "policy.toml", PROMISES))
    made.clock.at = THURSDAY.astimezone(UTC)
    with made:
        yield made


class Fortnight:
    """What people do on one ticket of this world, each at a time on the wall of Berlin."""

    def __init__(self, world: World) -> None:
        self.world = world

    def at(self, day: int, hour: int, minute: int = 0, *, month: int = 10, look: bool = True) -> None:
        """`look`: the clocks are reviewed whenever something is due on the way."""
        until = datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)
        while look and self.world.clock.at < until:
            due = self.world.ticket(1).ticket.next_check_at or until
            step = min(until, due) if due > self.world.clock.at else until
            self.world.pass_time(seconds=(step - self.world.clock.at).total_seconds())
        self.world.clock.at = until

    def says(self, who: str, text: str) -> None:
        """Answers the newest letter of theirs."""
        self.world.answer(who, self.world.letters_for(who)[-1], text, quote=False)
        self.world.settle()

    def clock(self, metric: Metric) -> Cycle:
        found = self.world.ticket(1).ticket.cycle(metric)
        assert isinstance(found, Cycle)
        return found

    def due(self, metric: Metric) -> str:
        return told(self.clock(metric).due_at)


def told(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%a %d %b %H:%M}"


def test_a_fortnight_of_one_ticket_is_as_the_page_shows_it(world: World) -> None:
    it = Fortnight(world)
    world.send(MAX, SUPPORT, "The scanner is dark", "It has been dark since this morning.")
    world.settle()
    assert (it.due(Metric.FIRST_REPLY), it.due(Metric.RESOLUTION)) == ("Thu 22 Oct 18:00", "Wed 28 Oct 10:00")
    it.at(22, 12)
    world.mailboxes.refuse = frozenset({MAX})
    it.says(ANN, "Is its cable in?")  # it bounces: nobody has answered
    assert it.clock(Metric.FIRST_REPLY).outcome is Outcome.RUNNING
    it.at(23, 9, look=False)  # nobody looks at the clocks, and the next answer is late already
    it.says(ANN, "#reply\nOnce more: is its cable in?")  # and bounces as well
    it.at(23, 10)
    assert it.clock(Metric.FIRST_REPLY).breached_at is not None and "sla_breached" in world.events(1)
    world.mailboxes.refuse = frozenset()
    it.says(ANN, "#reply\nWe have your other address now. Is its cable in?")
    assert it.clock(Metric.FIRST_REPLY).outcome is Outcome.MISSED
    it.at(23, 11)
    it.says(ANN, "#note\n#assign bob\nBob knows scanners.")
    it.at(23, 14)
    it.says(BOB, "#reply\n#wait\nWhich lamp is on?")
    assert it.clock(Metric.RESOLUTION).outcome is Outcome.PAUSED
    it.at(26, 10)  # the clocks went back an hour on Sunday
    it.says(MAX, "The red one.")
    # Fourteen hours were used on Thursday and Friday, and none while it waited: 26 are left.
    assert it.due(Metric.RESOLUTION) == "Wed 28 Oct 16:00"
    it.at(26, 11)
    it.says(BOB, "#reply\n#priority P2\nThen it is the lamp, and nobody can scan.")
    it.at(26, 12)
    assert it.clock(Metric.RESOLUTION).breached_at is not None
    it.says(BOB, "#note\n#priority P4\nThe other scanner will do.")
    it.at(26, 13)
    assert it.clock(Metric.RESOLUTION).breach_annulled_by == "priority"
    assert it.due(Metric.RESOLUTION) == "Wed 28 Oct 16:00"
    it.at(28, 9)
    edit(world.folder / "config", "policy.toml", HOLIDAY)
    assert world._running.program.reload()  # what SIGHUP does
    world.gateway.recount()
    assert it.due(Metric.RESOLUTION) == "Thu 29 Oct 16:00"  # Tuesday was a holiday after all
    it.at(28, 11)
    it.says(BOB, "#reply\n#resolve\nA new lamp is in.")
    assert it.clock(Metric.RESOLUTION).outcome is Outcome.MET
    it.at(29, 9)
    it.says(MAX, "It is dark again.")
    assert it.clock(Metric.RESOLUTION).outcome is Outcome.RUNNING
    it.at(30, 16)
    it.says(BOB, "#reply\n#resolve\nThis time the lamp is of the right kind.")
    it.at(6, 18, month=11)
    assert list(parted(world.store, PastPolicies(world.store), Looked())) == []
    shown(timeline(world))


def timeline(world: World) -> str:
    """What happened, and what became of the clocks."""
    history, rows = world.store.tickets.happened([1])[1], ["| when | what happened | status | clocks |", "| --- | --- | --- | --- |"]
    before: dict[tuple[Metric, int], str] = {}
    for past, after in steps(1, history, PastPolicies(world.store).of(history)):
        now = {(c.metric, c.n): of_a_clock(c) for c in after.cycles}
        changed = "; ".join(words for key, words in now.items() if before.get(key) != words)
        rows.append(f"| {told(past.event.at)} | `{name_of(past.event)}`{named(past.event)} | {after.status.value} | {changed} |")
        before = now
    return "\n".join(("", *rows, "", ""))


def named(event: Any) -> str:
    """What makes two of a kind differ."""
    facts = (getattr(event, name, None) for name in ("metric", "level", "after", "code"))
    words = ", ".join(str(getattr(one, "value", one)) for one in facts if one is not None)
    return f" ({words})" if words else ""


def of_a_clock(c: Cycle) -> str:
    name = f"**{c.metric.value}** {c.n}" if c.n > 1 else f"**{c.metric.value}**"
    if c.elapsed_s is not None:
        return f"{name} {c.outcome.value}: {c.elapsed_s // 60} of {c.target_s // 60} min"
    if c.outcome is Outcome.RUNNING:
        return f"{name} due {told(c.due_at)}"
    return f"{name} stands still" if c.is_on else f"{name} given up: {c.cancel_reason}"


def shown(table: str) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    is_there, found, after = rest.partition(END)
    assert found, "the page has lost its marks"
    if os.environ.get("MAILGATE_RENEW_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}")
    else:
        assert is_there == table
