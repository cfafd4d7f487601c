"""From letters wanted to letters sealed: the budget first, then the words."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from mailgate.compose.letters import ComposeContext, Shared, Unsealable, compose
from mailgate.compose.templates import Templates
from mailgate.decide import budget
from mailgate.model import token
from mailgate.model.decision import Decision
from mailgate.model.events import LetterSuppressed
from mailgate.model.flood import Unanswered
from mailgate.model.letter import Letter, LetterWanted
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.reason import Because
from mailgate.model.sender import folded
from mailgate.model.ticket import TicketFile
from mailgate.model.token import Keyring

log = logging.getLogger(__name__)


_drawn: deque[str] = deque()  #: safe from any thread


def new_letter_id() -> str:
    """40 random bits. Drawn a thousand at a time: while the system draws, another thread takes the interpreter."""
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            bits = secrets.token_bytes(5 * 1024)
            _drawn.extend(token.encode(bits[start : start + 5]) for start in range(0, len(bits), 5))


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """The writing desk of a round: policy, keys and templates as they are now."""

    policy: Policy
    ring: Keyring
    templates: Templates
    reverse_path: str
    operator: str
    held: bool

    def spend(
        self, decision: Decision, counts: budget.Counts, suppressed: Mapping[str, Because], now: datetime
    ) -> tuple[Decision, tuple[LetterWanted, ...], tuple[budget.Verdict, ...], budget.Counts]:
        """The decision with what the budget suppressed noted on its tickets, the letters that may be written, the verdict on each letter
        that it wanted, and the counts after it."""
        verdicts = budget.spend(decision.letters, counts, suppressed, self.policy, now)
        after = budget.after(decision.letters, verdicts, counts) if any(map(budget.is_counted, decision.letters)) else counts
        letters: list[LetterWanted] = []
        for wanted, verdict in zip(decision.letters, verdicts, strict=True):
            if isinstance(verdict, budget.Suppress):
                decision = noted(decision, wanted, verdict.reason, now)
                if verdict.too_many and wanted.ticket is not None:
                    left = Unanswered(folded(wanted.person.address), wanted.ticket, wanted.desk, wanted.event, verdict.reason, now)
                    decision = replace(decision, unanswered=(*decision.unanswered, left))
                continue
            if isinstance(verdict, budget.Delay):
                wanted = replace(wanted, not_before=verdict.until)
            letters.append(wanted if wanted.id else replace(wanted, id=new_letter_id()))
        return decision, tuple(letters), verdicts, after

    def last_look(self, now: datetime) -> Callable[[Sequence[Letter], budget.Counts], str] | None:
        """For the record: whose budget letters decided at `now` are over once they are in it. None where every limit is lifted."""
        budgets = self.policy.budgets
        return partial(budget.overrun, budgets=budgets, now=now) if budget.is_limited(budgets) else None

    def seal(
        self,
        wanted: LetterWanted,
        files: Callable[[int], TicketFile | None],
        agents: Mapping[str, Person],
        now: datetime,
        shared: Shared | None = None,
    ) -> Letter:
        file = files(wanted.ticket) if wanted.ticket is not None else None
        people = {p.id: p for p in (*agents.values(), *(file.people if file else ()), wanted.person)}
        context = ComposeContext(
            policy=self.policy,
            ring=self.ring,
            templates=self.templates,
            letter_id=wanted.id or new_letter_id(),
            now=now,
            file=file,
            people=people,
            reverse_path=self.reverse_path,
            operator=self.operator,
            shared=shared,
        )
        return compose(wanted, context)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The letters of one decision with all that their words need: what a writing worker is handed."""

    wanted: tuple[LetterWanted, ...]
    files: tuple[TicketFile, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A machine's letter for an address that no mail can be written to: left out, and noted on its ticket."""

    wanted: LetterWanted
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a worker says of a letter that it left out: the reason. Which it was is known by its place."""

    reason: str


Sealed = tuple[Letter | LeftOut, ...]  #: what a worker makes of a sheet, in the order of its letters
Written = tuple[Letter | Unwritable, ...]


def write_sheet(sheet: Sheet, desk: LetterWriter) -> Sealed:
    """The sealed letters of a sheet. Raises Unsealable for one that must not be left out: somebody's words, or a notice to an agent."""
    files = {file.ticket.number: file for file in sheet.files}
    shared: Shared = {}
    letters: list[Letter | LeftOut] = []
    for wanted in sheet.wanted:
        try:
            letters.append(desk.seal(wanted, files.get, {}, sheet.now, shared))
        except Unsealable as error:
            if not budget.is_counted(wanted):
                raise
            letters.append(LeftOut(str(error)[:200].encode("utf-8", "replace").decode().replace("\0", " ")))
    return tuple(letters)


def written(sheet: Sheet, sealed: Sealed) -> Written | None:
    """The letters of a sheet as its decision knows them; None where they are not those that were asked for."""
    if len(sealed) != len(sheet.wanted):
        return None
    letters: list[Letter | Unwritable] = []
    for wanted, one in zip(sheet.wanted, sealed, strict=True):
        if isinstance(one, LeftOut):
            letters.append(Unwritable(wanted, one.reason))
        elif _is(one, wanted):
            letters.append(one)
        else:
            return None
    return tuple(letters)


def _is(letter: Letter, wanted: LetterWanted) -> bool:
    """Whether a letter is the one that was wanted: for that person and ticket, of that kind, under the id that was drawn for it."""
    return (letter.event, letter.audience, letter.ticket, letter.desk, letter.person, letter.automatic, letter.answer_is) == (
        wanted.event,
        wanted.audience,
        wanted.ticket,
        wanted.desk,
        wanted.person.id,
        wanted.automatic,
        wanted.answer_is,
    ) and (not wanted.id or letter.id == wanted.id)


def a_sheet(wanted: tuple[LetterWanted, ...], files: Callable[[int], TicketFile | None], now: datetime) -> Sheet:
    numbers = dict.fromkeys(one.ticket for one in wanted if one.ticket is not None)
    return Sheet(wanted, tuple(slim(file) for number in numbers if (file := files(number)) is not None), now)


def slim(file: TicketFile) -> TicketFile:
    """Without the texts of notices, which no letter repeats."""
    return replace(file, notices=()) if file.notices else file


def noted(decision: Decision, wanted: LetterWanted, reason: Because, now: datetime) -> Decision:
    """A suppressed letter is written down on its ticket: nothing is dropped silently."""
    event = LetterSuppressed(at=now, letter_event=wanted.event, person=wanted.person.id, reason=reason)
    changes = list(decision.changes)
    for index in reversed(range(len(changes))):
        if changes[index].after.number == wanted.ticket:
            changes[index] = replace(changes[index], events=(*changes[index].events, event))
            return replace(decision, changes=tuple(changes))
    return decision
