"""A ticket once more, from its history and the policies of then: what the record says of it can be compared with what follows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from mailgate.decide import ladder
from mailgate.decide.lifecycle import apply
from mailgate.decide.rules import rules_for
from mailgate.decide.transitions import Facts
from mailgate.model.events import PastEvent
from mailgate.model.policy import Policy
from mailgate.model.ticket import Cycle, Status, Ticket, TicketKind

#: What a guard wanted to know, it was told: what it refused is in no history (`test_replaying`).
ALLOWED = Facts(public_text=True, closure_text=True, merge_target=True)
#: What no event says: words, the record's own counts, and what is compared in its own way.
APART = frozenset({"number", "title", "language", "version", "history", "created_at", "policy", "cycles", "timers", "next_check_at"})

SECOND = timedelta(seconds=1)

PolicyOf = Callable[[PastEvent], Policy]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the record parts from the history."""

    what: str  #: `status`, `first_reply 1 due_at`, `timer remind 2`
    record: object
    replay: object


def steps(number: int, history: Sequence[PastEvent], policy_of: PolicyOf) -> Iterator[tuple[PastEvent, Ticket]]:
    """The ticket after each event."""
    first = history[0]
    ticket = Ticket(
        number=number,
        desk="",
        title="",
        kind=TicketKind.INCIDENT,
        status=Status.NEW,
        priority=0,
        requester=0,
        group="",
        created_at=first.recorded_at,
        arrived_at=first.event.at,
    )
    for past in history:
        rules = rules_for(policy_of(past), ticket)
        ticket = apply(ticket, past.event, rules, past.recorded_at, ALLOWED).ticket
        yield past, ticket


def differences(record: Ticket, history: Sequence[PastEvent], policy_of: PolicyOf) -> tuple[Difference, ...]:
    """Each clock, timer and status of the record that its history does not say so."""
    if not history:
        return (Difference("history", record.history, 0),)
    *_, (_, ticket) = steps(record.number, history, policy_of)
    found = [Difference("history", record.history, len(history))]
    found += [Difference(f.name, getattr(record, f.name), getattr(ticket, f.name)) for f in fields(Ticket) if f.name not in APART]
    rules, looked = rules_for(policy_of(history[-1]), ticket), record.next_check_at
    # Where nothing happened, a round may have set it right without an event, or put off what was missed to the next opening.
    right = {ladder.next_check(ticket, rules), ladder.next_check(ticket, rules, looked - SECOND if looked else None)}
    found.append(Difference("next_check_at", looked, looked if looked in right else ticket.next_check_at))
    timers = [{f"timer {t.kind.value} {t.n}": t.due_at for t in one.timers} for one in (record, ticket)]
    found += [Difference(name, timers[0].get(name), timers[1].get(name)) for name in sorted(timers[0] | timers[1])]
    cycles = [{(c.metric.value, c.n): c for c in one.cycles} for one in (record, ticket)]
    for key in sorted(cycles[0] | cycles[1]):
        found += _of_a_clock("{} {}".format(*key), cycles[0].get(key), cycles[1].get(key))
    return tuple(one for one in found if one.record != one.replay)


def _of_a_clock(name: str, record: Cycle | None, replay: Cycle | None) -> list[Difference]:
    if record is None or replay is None:
        return [Difference(name, record and record.outcome.value, replay and replay.outcome.value)]
    return [Difference(f"{name} {f.name}", getattr(record, f.name), getattr(replay, f.name)) for f in fields(Cycle)]
