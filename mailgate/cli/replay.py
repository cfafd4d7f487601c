"""`mailgate replay`: how a ticket came to be what it is, and whether the record says the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, as_json, console, errors, fail, harmless, opened, table
from mailgate.cli.tickets import named

if TYPE_CHECKING:
    from mailgate.model.events import PastEvent
    from mailgate.model.policy import Policy
    from mailgate.model.ticket import Ticket
    from mailgate.record.store import Store

#: Tickets that are read at a time, and after how many it is said how far it is.
PAGE, SAID_EVERY = 200, 5000


class PastPolicies:
    """Each policy that was ever in force, on the calendars that it had; read once each."""

    def __init__(self, store: Store) -> None:
        self._policies = store.policies
        self._former = store.policies.former()
        self._known: dict[str, Policy | None] = {}
        self.faults = [digest for digest, calendar in self._former.items() if calendar.digest != digest]  #: whose content was changed

    def __getitem__(self, digest: str) -> Policy:
        """Raises LookupError where the record has none of this name, or this version cannot read it."""
        if digest not in self._known:
            self._known[digest] = self._read(digest)
        if (found := self._known[digest]) is None:
            raise LookupError(digest)
        return found

    def _read(self, digest: str) -> Policy | None:
        from mailgate.settings import former_policy

        kept = self._policies.kept(digest)
        policy = former_policy(kept.text, digest, kept.calendars) if kept is not None else None
        return replace(policy, former=self._former) if policy is not None else None

    def of(self, history: list[PastEvent]) -> Any:
        """By which policy each event was decided. What an operator did by hand is decided by the policy of before."""
        by: dict[int, str] = {}
        last = ""
        for past in history:
            last = by[id(past)] = past.policy or last
        return lambda past: self[by[id(past)]]


def replay(
    ticket: Annotated[str, typer.Argument(metavar="[TICKET]", help="17, IT-17, or the token of a subject; without it: all.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Only compare with the record.")] = False,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Rebuild tickets from their history and the policies of then; nothing is changed.

    Without --check: one ticket, what happened to it and what became of its clocks. With it: every clock, timer and status that the
    record says otherwise. Exit code 1 where there is one."""
    if not ticket and not check:
        fail("name a ticket, or compare all of them: mailgate replay --check", 2)
    with opened(config) as (_, store, _):
        number = named(ticket)[1] if ticket else 0
        policies = PastPolicies(store)
        if check:
            _check(store, policies, number, json_)
            return
        history = store.tickets.happened([number]).get(number)
        if history is None:
            fail(f"no ticket {number}")
        try:
            as_json(_told(history, number, policies)) if json_ else _show(history, number, policies)
        except LookupError as error:
            fail(f"the policy {harmless(error) or 'of then'} is not in the record")


def _show(history: list[PastEvent], number: int, policies: PastPolicies) -> None:
    rows = ((one["at"], one["event"], one["status"], one["clocks"]) for one in _told(history, number, policies))
    table(("when (UTC)", "what", "status", "clocks"), rows, "nothing happened")


def _told(history: list[PastEvent], number: int, policies: PastPolicies) -> Iterator[dict[str, object]]:
    from mailgate.decide.replaying import steps
    from mailgate.model.events import name_of

    before: dict[tuple[str, int], str] = {}
    for past, after in steps(number, history, policies.of(history)):
        now = {(c.metric.value, c.n): clock(c) for c in after.cycles}
        changed = "; ".join(words for key, words in now.items() if before.get(key) != words)
        at = f"{past.event.at:%Y-%m-%d %H:%M}"
        yield {"at": at, "event": name_of(past.event), "status": after.status.value, "clocks": changed, "policy": past.policy}
        before = now


def clock(c: Any) -> str:
    """Where a clock stands: `resolution 1 running, due 2026-06-02 16:00`."""
    name, due = f"{c.metric.value} {c.n}", f"due {c.due_at:%Y-%m-%d %H:%M}"
    if c.elapsed_s is not None:
        told = f"{name} {c.outcome.value}, took {c.elapsed_s // 60} of {c.target_s // 60} min"
    elif c.is_on:
        told = f"{name} {c.outcome.value}, {due}" if c.outcome.value == "running" else f"{name} {c.outcome.value}"
    else:
        told = f"{name} {c.outcome.value}: {c.cancel_reason}"
    return told + (", breached" if c.breached_at and not c.breach_annulled_by else "")


def _check(store: Store, policies: PastPolicies, number: int, json_: bool) -> None:
    found, looked = 0, Looked()
    for row in parted(store, policies, looked, number):
        found += 1
        _say(row, json_)
    if number and not looked.tickets:
        fail(f"no ticket {number}")
    if not json_:
        older = f"; {looked.older} are older than what is kept of policies" if looked.older else ""
        console.print(f"{looked.tickets} tickets, {found} differences{older}")
    if found:
        raise typer.Exit(1)


@dataclass
class Looked:
    """How many tickets were looked at, and how many of them cannot be compared: nobody noted by which policy they were decided."""

    tickets: int = 0
    older: int = 0


def parted(store: Store, policies: PastPolicies, looked: Looked, number: int = 0) -> Iterator[dict[str, object]]:
    """Where the record and its histories part: of all tickets, or of one."""
    for digest in policies.faults:
        yield {"ticket": None, "what": f"calendar {digest}", "record": "other content", "replay": "as its digest says"}
    last = number - 1
    while numbers := store.tickets.numbers(max(last, 0), 1 if number else PAGE):
        if number and numbers != [number]:
            return
        last = numbers[-1]
        tickets, histories = store.tickets.alone(numbers), store.tickets.happened(numbers)
        for one in numbers:
            looked.tickets += 1
            history = histories.get(one, [])
            if history and history[0].policy is None:
                looked.older += 1
            else:
                yield from ({"ticket": one, **row} for row in _parted(tickets[one], history, policies))
        if number:
            return
        if looked.tickets % SAID_EVERY == 0 and errors.is_terminal:
            errors.print(f"{looked.tickets} tickets, up to number {last}")


def _parted(record: Ticket, history: list[PastEvent], policies: PastPolicies) -> Iterator[dict[str, object]]:
    """Also where it cannot be said at all."""
    from mailgate.decide.replaying import differences

    try:
        for one in differences(record, history, policies.of(history)):
            yield {"what": one.what, "record": one.record, "replay": one.replay}
    except LookupError as error:
        yield {"what": "policy", "record": str(error), "replay": "not in the record"}
    except Exception as error:
        yield {"what": "history", "record": type(error).__name__, "replay": "cannot be rebuilt"}


def _say(row: dict[str, object], json_: bool) -> None:
    if json_:
        as_json([row])
        return
    where = f"ticket {row['ticket']}" if row["ticket"] else "record"
    console.print(harmless(f"{where}: {row['what']}: the record says {_short(row['record'])}, its history {_short(row['replay'])}"))


def _short(value: object) -> str:
    text = f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
