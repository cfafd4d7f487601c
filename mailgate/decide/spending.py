"""What the budgets leave of a decision: the letters that may be written, and on its tickets what was suppressed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailgate.decide import budget
from mailgate.model.decision import Decision
from mailgate.model.events import LetterSuppressed
from mailgate.model.flood import Unanswered
from mailgate.model.letter import LetterWanted
from mailgate.model.policy import Policy
from mailgate.model.reason import Because
from mailgate.model.sender import folded


@dataclass(frozen=True, slots=True)
class Spent:
    decision: Decision  #: with what was suppressed noted on its tickets
    letters: tuple[LetterWanted, ...]  #: those that may be written
    verdicts: tuple[budget.Verdict, ...]  #: one for each letter that the decision wanted
    counts: budget.Counts  #: for the next mail


def spend(decision: Decision, counts: budget.Counts, suppressed: Mapping[str, Because], policy: Policy, now: datetime) -> Spent:
    """`suppressed`: addresses that get nothing automatic, and why."""
    verdicts = budget.spend(decision.letters, counts, suppressed, policy, now)
    after = budget.after(decision.letters, verdicts, counts) if any(letter.is_counted for letter in decision.letters) else counts
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
        letters.append(wanted)
    return Spent(decision, tuple(letters), verdicts, after)


def noted(decision: Decision, wanted: LetterWanted, reason: Because, now: datetime) -> Decision:
    """A suppressed letter is written down on its ticket: nothing is dropped silently."""
    event = LetterSuppressed(at=now, letter_event=wanted.event, person=wanted.person.id, reason=reason)
    changes = list(decision.changes)
    for index in reversed(range(len(changes))):
        if changes[index].after.number == wanted.ticket:
            changes[index] = replace(changes[index], events=(*changes[index].events, event))
            return replace(decision, changes=tuple(changes))
    return decision
