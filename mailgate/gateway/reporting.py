"""The weekly report: a round asks whether one is due that was not written, and writes it once for each reader, whatever node is first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.charts import drawn
from mailgate.compose.writing import LetterWriter
from mailgate.gateway import journal
from mailgate.gateway.writing import sealed
from mailgate.model.brand import Enclosed
from mailgate.model.decision import Decision
from mailgate.model.house_letters import WeeklyReport
from mailgate.model.letter import Audience, FileOfOurs, LetterWanted
from mailgate.model.person import Person
from mailgate.model.policy import Desk
from mailgate.record.rows import UNAVAILABLE, Conflict, ReportSent, ToRecord

if TYPE_CHECKING:
    from mailgate.decide.reporting import Days
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

#: After a report could not be written, so long nobody tries again: eight weeks are counted for it.
PATIENCE = timedelta(hours=1)


class ReportRound:
    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self.store, self.now = store, now
        self._nothing_in: str | None = None  #: the week of which there was nothing to tell
        self._not_before: datetime | None = None

    def run(self, desk: LetterWriter, agents: Mapping[str, Person]) -> int:
        """Writes what is due; returns how many letters there were."""
        policy, now = desk.policy, self.now()
        if not policy.report.to or not policy.wants(WeeklyReport.event) or (self._not_before is not None and now < self._not_before):
            return 0
        from mailgate.decide.reporting import due_week  # counting costs a start its time, and is asked for once a week

        week = due_week(policy, now)
        period = week.first.isoformat()
        if period == self._nothing_in:
            return 0
        told = self.store.figures.report_readers(period)
        readers = {address.lower(): address for address in policy.report.to if address.lower() not in told}
        if not readers:
            return 0
        try:
            return self._write(week, readers, desk, agents, now)
        except UNAVAILABLE:
            raise
        except Exception:
            self._not_before = now + PATIENCE
            log.exception("the report of the week from %s cannot be written; tried again in an hour", period)
            return 0

    def _write(self, week: Days, readers: Mapping[str, str], desk: LetterWriter, agents: Mapping[str, Person], now: datetime) -> int:
        from mailgate.decide import exporting, figures, weekly

        policy = desk.policy
        numbers = figures.numbers(policy.services, policy.calendars)
        weeks = [weekly.Week(days, self.store.figures.material(days.period(now))) for days in weekly.last_weeks(week)]
        found = weekly.counted_week(weeks, now, numbers)
        if weekly.is_empty(found):
            self._nothing_in = week.first.isoformat()
            return 0
        owners = {ticket.owner for ticket in weeks[-1].material.tickets.values() if ticket.owner is not None}
        names = {id_: person.name or person.address for id_, person in self.store.people.by_id(owners).items()}
        kind = weekly.weekly(weeks, found, now, policy, names, numbers)
        at = next(iter(policy.desks.values()))
        pictures = _pictures(kind, at)
        kind = replace(kind, charts={name: picture.cid for name, picture in pictures.items()})
        table = FileOfOurs(kind.file, "text/csv; charset=utf-8; header=present", exporting.as_csv(found).encode())
        known, written = self.store.people.at(list(readers)), 0
        for key, address in readers.items():
            person = known.get(key) or Person(id=self.store.numbers.take("person", 1)[0], name="", address=address)
            wanted = LetterWanted(kind, Audience.MANAGER, person, None, at.id, pictures=tuple(pictures.values()), files=(table,))
            letters = sealed(desk, [wanted], None, agents, now)
            decision = Decision(letters=(wanted,), people=() if key in known else (person,))
            began = journal.clock()
            outcomes = [ToRecord(None, decision, letters, desk.held, report=ReportSent(week.first.isoformat(), key))]
            try:
                self.store.record(outcomes, now)
            except Conflict:
                continue  # another node wrote it, or put its reader on file
            journal.were_recorded(outcomes, began)
            written += 1
        return written


def _pictures(kind: WeeklyReport, desk: Desk) -> dict[str, Enclosed]:
    """By what they show. Each has a name of its own week, for mail programs keep what they have seen once."""
    shown: Mapping[str, tuple[Sequence[float | None], float | None, float | None]] = {
        "kept": ([one.kept for one in kind.weeks], 1.0, kind.target),
        "open": ([float(one.open) for one in kind.weeks], None, None),
        "reply": ([one.reply for one in kind.weeks], None, None),
    }
    found = {}
    for name, (values, most, line) in shown.items():
        picture = drawn(name, f"{name}-{kind.week}@{desk.domain}", values, most=most, line=line)
        if picture is not None:
            found[name] = picture
    return found
