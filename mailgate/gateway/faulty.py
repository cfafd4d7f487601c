"""Tickets that cannot be looked at: each is set aside for the operator, tried again later, and delays no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from mailgate.gateway.reading import RaiseAlarm
from mailgate.record.rows import UNAVAILABLE

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

#: So many are named in an alarm each; where there are more at once, it is one trouble and one alarm.
NAMED = 5


class FaultyTickets:
    """What a round of clocks meets: `note` each ticket that fails, `done` those that do not, and `tell` at its end."""

    def __init__(self, store: Store, now: Callable[[], datetime], alarm: RaiseAlarm) -> None:
        self._store, self._now, self._alarm = store, now, alarm
        self._news: list[tuple[int, str]] = []

    def each(self, numbers: Iterable[int], load: Callable[[Iterable[int]], Mapping[int, T]]) -> Iterator[T]:
        """What is loaded of these tickets, where it can be read at all: together, and where that fails one by one."""
        wanted = list(numbers)
        try:
            found = dict(load(wanted))
        except UNAVAILABLE:
            raise
        except Exception:
            found = {}
            for number in wanted:
                try:
                    found.update(load([number]))
                except UNAVAILABLE:
                    raise
                except Exception as error:
                    self.note(number, error)
        yield from (found[number] for number in wanted if number in found)

    def note(self, ticket: int, error: Exception) -> None:
        """The words of an error may quote a mail: only its kind is kept."""
        kind = type(error).__name__
        log.error("ticket %d: its clocks cannot be reviewed", ticket, exc_info=error)
        if self._store.clock_faults.note(ticket, kind, self._now()):
            self._news.append((ticket, kind))

    def done(self, numbers: Iterable[int]) -> None:
        if mended := {fault.ticket for fault in self._store.clock_faults.waiting()} & set(numbers):
            self._store.clock_faults.mended(sorted(mended))
            for ticket in mended:
                log.info("ticket %d: its clocks are reviewed again", ticket)

    def tell(self) -> None:
        """Each ticket once."""
        news, self._news = self._news, []
        if len(news) > NAMED:
            some = ", ".join(str(ticket) for ticket, _ in news[:NAMED])
            what = f"{len(news)} tickets, {some} among them: {news[0][1]}"
            self._alarm("clock_faulty", what, "mailgate status", "many")
            return
        for ticket, kind in news:
            self._alarm("clock_faulty", f"{ticket}: {kind}", f"mailgate tickets show {ticket}", str(ticket))
