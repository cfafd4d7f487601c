"""How much of what one sender causes is told one by one: the rest is told together, and nothing of it is dropped."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mailgate.decide.situation import Situation
from mailgate.model.decision import Alarm, Decision
from mailgate.model.flood import Waiting
from mailgate.model.letter import Audience, LetterWanted, NoticeBudget
from mailgate.model.letters import LETTERS
from mailgate.model.policy import Budgets

#: Each of these is counted by itself.
_OWN = frozenset(kind.event for kind in LETTERS.values() if kind.budget is NoticeBudget.OWN)

Told = Mapping[tuple[str, int, str], int]  #: (sender, reader, event) -> letters of the last hour


@dataclass
class FloodTally:
    """How many letters each reader inside had within the hour because of each sender. Grows with the mails of a batch."""

    told: dict[tuple[str, int, str], int] = field(default_factory=dict)
    alarmed: set[tuple[str, str]] = field(default_factory=set)  #: kinds and keys that this batch told the operator of

    def count(self, cause: str, letters: tuple[LetterWanted, ...]) -> None:
        for letter in letters:
            if is_told_inside(letter):
                key = (cause, letter.person.id, letter.event)
                self.told[key] = self.told.get(key, 0) + 1

    def of(self, cause: str, letter: LetterWanted) -> int:
        """Letters on the budget that this one is on."""
        if letter.kind.budget is NoticeBudget.OWN:
            return self.told.get((cause, letter.person.id, letter.event), 0)
        mine = ((event, count) for (who, reader, event), count in self.told.items() if who == cause and reader == letter.person.id)
        return sum(count for event, count in mine if event not in _OWN)

    def first(self, kind: str, key: str) -> bool:
        """Whether the operator has not been told in this batch: the record knows of those before."""
        if (kind, key) in self.alarmed:
            return False
        self.alarmed.add((kind, key))
        return True


def is_told_inside(letter: LetterWanted) -> bool:
    return letter.automatic and letter.audience in (Audience.AGENT, Audience.LEAD) and letter.kind.budget is not NoticeBudget.NONE


def limit_of(letter: LetterWanted, budgets: Budgets, *, proven: bool) -> int | None:
    """How many an hour. `proven`: the agent who caused them has shown that it is they."""
    if letter.kind.budget is NoticeBudget.OWN:
        return budgets.answers_per_hour if not proven else budgets.proven_notices_per_hour
    return budgets.proven_notices_per_hour if proven else budgets.notices_per_hour


def together(s: Situation, decision: Decision, cause: str, tally: FloodTally) -> Decision:
    """The decision with what exceeds its sender's budget waiting to be told together, and the operator told of the flood."""
    if not cause or not any(map(is_told_inside, decision.letters)):
        return decision
    proven = s.by_agent and bool(decision.proof.token or decision.proof.domain) and not decision.proof.failed
    kept: list[LetterWanted] = []
    waiting: list[Waiting] = []
    exceeded: int | None = None
    for letter in decision.letters:
        limit = limit_of(letter, s.policy.budgets, proven=proven) if is_told_inside(letter) else None
        if s.loop and is_told_inside(letter) and s.author is not None and letter.person.id == s.author.id:
            continue  # what they cause is on their ticket; told to them, it would be what their machine answers next
        # A machine's mail is told once in a while, however little of it there is: each notice may be what it answers.
        if is_told_inside(letter) and (s.loop_certain or (limit is not None and tally.of(cause, letter) >= limit)):
            exceeded = exceeded if s.loop_certain else limit
            entry = letter.entry.id if letter.entry else None
            waiting.append(Waiting(letter.person.id, cause, letter.ticket, letter.desk, letter.event, entry, s.inbox, s.now))
            continue
        kept.append(letter)
        tally.count(cause, (letter,))
    if len(kept) == len(decision.letters):
        return decision
    decision = replace(decision, letters=tuple(kept), waiting=tuple(waiting))
    if exceeded is not None and decision.alarm is None and tally.first("flood", cause):
        decision = replace(
            decision, alarm=Alarm("flood", f"{cause}: more than {exceeded} notices within an hour", _way_out(cause, s.by_agent), cause)
        )
    return decision


def _way_out(cause: str, agent: bool) -> str:
    also = " (what is proven to be this agent's still counts)" if agent else ""
    return f"mailgate people block {cause}{also}; its mail is kept, and agents hear of it in one letter every few minutes until then"
