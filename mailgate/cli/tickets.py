"""`mailgate tickets`: the tickets, and the whole story of one."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, fail, harmless, one_of, opened, table, told

app = typer.Typer(help="The tickets: list, show, export, withdraw-links.", no_args_is_help=True)

#: As people write a ticket: 1, IT-1, it-1, #1, IT-1-K7QF3M9X, [IT-1-K7QF3M9X].
_TICKET = re.compile(r"\[?#?(?:([A-Za-z][A-Za-z0-9]{0,9})-)?([1-9][0-9]{0,11})(?:-[0-9A-Za-z]{8})?\]?")
#: How often a change is tried beside a `serve` that changes the same ticket.
MOST_RETRIES = 8
#: Facts of the history that are people.
_PEOPLE = frozenset({"to", "person", "requester", "owner", "actor", "by"})


def named(text: str) -> tuple[str, int]:
    """Prefix (or "") and number of a ticket as somebody writes it."""
    match = _TICKET.fullmatch(text.strip())
    if match is None:
        fail(f"{harmless(text)} is no ticket: write 17 or IT-17", 2)
    return (match[1] or "").upper(), int(match[2])


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="new, open, pending_user, on_hold, resolved, closed, merged, rejected; default: all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    aside: Annotated[bool, typer.Option("--aside", help="Only those whose clocks cannot be reviewed.")] = False,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List tickets, newest first."""
    with opened(config) as (settings, store, now):
        from mailgate.model.ticket import Status

        one_of("status", status, tuple(Status))
        if aside:
            _list_aside(store, now)
            return
        found = store.tickets.listed((Status(status),) if status else (), limit)
        people = store.people.by_id({id_ for t in found for id_ in (t.owner, t.requester) if id_ is not None})
        if json_:
            as_json(_exported(t, people) for t in found)
            return

        def name(id_: int | None) -> str:
            person = people.get(id_)
            return (person.name or person.address) if person else "-"

        table(
            ("ticket", "P", "category", "status", "opened", "owner", "requester", "title"),
            (
                (
                    _ref(settings, t),
                    f"P{t.priority}",
                    t.category or "",
                    t.status.value,
                    ago(t.created_at, now),
                    name(t.owner),
                    name(t.requester),
                    t.title,
                )
                for t in found
            ),
            "no tickets",
        )


def _list_aside(store: Any, now: Any) -> None:
    """A row that cannot even be read has a number."""
    rows = ((f.ticket, ago(f.since_at, now), ago(f.again_at, now), f.tries, f.reason) for f in store.clock_faults.waiting())
    table(("ticket", "since", "again", "tries", "why"), rows, "none")


def _ref(settings: Any, ticket: Any) -> str:
    """`IT-17`; a desk that is no longer in the policy is called by its id."""
    desk = settings.policy.desks.get(ticket.desk)
    return f"{desk.prefix if desk else ticket.desk.upper()}-{ticket.number}"


@app.command("show")
def show_(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="17, IT-17, or the token of a subject.")], config: ConfigOption = None
) -> None:
    """Everything about one ticket: people, clocks, ratings, entries with their files, history, letters."""
    prefix, number = named(ticket)
    with opened(config) as (settings, store, _):
        file = store.tickets.files([number], notices_for=[number]).get(number)
        if file is None:
            fail(f"no ticket {number}")
        t = file.ticket
        ref = _ref(settings, t)
        if prefix and ref != f"{prefix}-{number}":
            fail(f"no ticket {prefix}-{number}: number {number} is {harmless(ref)}")
        console.print(f"[bold]{harmless(ref)}[/bold] {harmless(t.title)}")
        merged = f", merged into {t.merged_into}" if t.merged_into else ""
        console.print(
            f"  {t.kind.value}, P{t.priority}, {t.status.value}"
            + (f" ({t.hold.value})" if t.hold else "")
            + (f", follows {t.follows}" if t.follows else "")
            + (f", reopened {t.reopened} times" if t.reopened else "")
            + merged
        )
        _show_sorting(settings.policy, t)
        for person in file.people:
            console.print(f"  {_role(t, person.id):<11} {harmless(person.name)} <{harmless(person.address)}>")
        for c in t.cycles:
            console.print(
                f"  clock       {c.metric.value} {c.n}: {c.outcome.value}, due {c.due_at:%Y-%m-%d %H:%M} UTC"
                + (f", took {c.elapsed_s} s" if c.elapsed_s is not None else "")
                + (", breached" if c.breached_at else "")
                + (f", which no longer holds ({c.breach_annulled_by})" if c.breach_annulled_by else "")
                + _told(c)
            )
        if t.promised_at:
            console.print(f"  promised    {t.promised_at:%Y-%m-%d %H:%M} UTC, by hand")
        for fault in (f for f in store.clock_faults.waiting() if f.ticket == number):
            again = f"{fault.again_at:%Y-%m-%d %H:%M} UTC"
            console.print(f"  [red]set aside[/red]   its clocks cannot be reviewed ({fault.reason}); tried again {again}")
        _show_ratings(t, store.ratings.of([number]).get(number, ()))
        for e in file.entries:
            _show_entry(e)
        rows = store.tickets.history(number)
        people = {p.id: p for p in file.people} | store.people.by_id(_people_in(rows) - {p.id for p in file.people})
        console.print("\n  history")
        for h in rows:
            actor = f" by {harmless(_name(people, h.actor))}" if h.actor is not None else ""
            facts = ", ".join(f"{k} {_fact(people, k, v)}" for k, v in h.facts.items() if v not in (None, (), []))
            console.print(f"    {h.at:%Y-%m-%d %H:%M:%S} {h.name}{actor}" + (f": {harmless(facts)}" if facts else ""))
        for r in store.outbox.of_ticket(number):
            said = f", {r.last_reply}" if r.last_reply else ""
            console.print(f"    letter {r.letter.id} {r.letter.event} to {harmless(r.letter.address)}: {r.state.value}{harmless(said)}")
            for report in r.reports:
                console.print(f"      {told(report)}")


def _show_sorting(policy: Any, t: Any) -> None:
    """How much it matters, what it is about, and why."""
    by_hand = {"priority": t.priority_by, "impact": t.impact_by, "urgency": t.urgency_by}
    set_ = ", ".join(name for name, who in by_hand.items() if who is not None)
    if t.impact is not None:
        console.print(f"  matters     impact {t.impact}, urgency {t.urgency}" + (f"; {set_} set by hand" if set_ else ""))
    if t.category:
        known = policy.categories.get(t.category)
        console.print(f"  about       {harmless(known.name if known else t.category)}, by {t.category_source.value}")
    if t.vip or t.organisation:
        console.print(f"  standing    {', '.join(filter(None, ('VIP' if t.vip else '', harmless(t.organisation or ''))))}")
    if t.why:
        console.print(f"  why         {harmless(', '.join(str(one) for one in t.why))}")


def _told(cycle: Any) -> str:
    """The highest level of the ladder that was told of a clock, and when somebody last heard of its breach."""
    level = max(cycle.warned, default=0)
    last = f", last {cycle.alarmed_at:%Y-%m-%d %H:%M} UTC" if cycle.alarmed_at and level >= 100 else ""
    return f", told at {level} %{last}" if level else ""


def _show_ratings(t: Any, given: Iterable[Any]) -> None:
    """Those that count, with what came before them, and what was done about a low one."""
    from mailgate.model.rating import counting

    ratings = tuple(given)
    counted = {closure: counting(r for r in ratings if r.closure == closure) for closure in sorted({r.closure for r in ratings})}
    for closure, last in counted.items():
        if last is not None:
            console.print(f"  rating      {last.score} of 5, for the {_nth(closure)} solution")
        for r in (r for r in ratings if r.closure == closure and r is not last):
            void = ", void: a program follows links" if r.void else ""
            console.print(f"              before: {r.score} of 5 by {r.way.value}, {r.at:%Y-%m-%d %H:%M:%S} UTC{void}")
    if t.follow_up:
        console.print(f"  follow-up   {t.follow_up.value}, due {t.follow_up_due_at:%Y-%m-%d %H:%M} UTC")
    if t.survey_due_at:
        console.print(f"  survey      due {t.survey_due_at:%Y-%m-%d %H:%M} UTC")


def _role(t: Any, person: int) -> str:
    if person == t.requester:
        return "requester"
    return "owner" if person == t.owner else "watcher" if person in t.watchers() else "participant"


def _show_entry(e: Any) -> None:
    seen_by = harmless(f"[{e.visibility.value}{', hidden' if e.hidden else ''}]")
    console.print(f"\n  {seen_by} {harmless(e.author_name)}, {e.recorded_at:%Y-%m-%d %H:%M} UTC")
    if e.subject:
        console.print(f"    subject now: {harmless(e.subject)}")
    for line in e.text.splitlines():
        console.print(f"    {harmless(line)}")
    for one in e.attachments:
        inside = ", in the text" if one.inline else ""
        console.print(f"    file {harmless(one.name or 'without a name')} ({harmless(one.type)}, {one.size} octets{inside})")


def _nth(n: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(n, f"{n}th")


def _people_in(rows: Iterable[Any]) -> set[int]:
    found = {h.actor for h in rows if h.actor is not None}
    return found | {v for h in rows for k, v in h.facts.items() if k in _PEOPLE and isinstance(v, int)}


def _name(people: Mapping[int, Any], id_: int) -> str:
    person = people.get(id_)
    return (person.name or person.address) if person else f"person {id_}"


def _fact(people: Mapping[int, Any], key: str, value: object) -> str:
    if key == "why" and isinstance(value, list):
        from mailgate.model.reason import from_json

        return ", ".join(str(from_json(one)) for one in value)
    return _name(people, value) if key in _PEOPLE and isinstance(value, int) else str(value)


@app.command("withdraw-links")
def withdraw_links(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="17, IT-17, or the token of a subject.")], config: ConfigOption = None
) -> None:
    """Let the links to a requester's page that are out lead nowhere from now on; the next letter brings a new one."""
    _, number = named(ticket)
    with opened(config) as (settings, store, now):
        from mailgate.decide.links import withdraw
        from mailgate.decide.scene import Scene
        from mailgate.record.rows import Conflict, ToRecord

        for _ in range(MOST_RETRIES):
            file = store.tickets.files([number]).get(number)
            if file is None:
                fail(f"no ticket {number}")
            try:
                store.record([ToRecord(None, withdraw(Scene(file=file, policy=settings.policy, agents={}, now=now)), ())], now)
            except Conflict:
                continue  # somebody else changed it at this moment
            console.print(f"{harmless(_ref(settings, file.ticket))}: the links to its page that are out lead nowhere any more")
            return
        fail(f"ticket {number} is changing all the time: try again")


@app.command("export")
def export(config: ConfigOption = None) -> None:
    """One JSON object a line for every ticket."""
    with opened(config) as (_, store, _):
        offset = 0
        while found := store.tickets.listed((), 200, offset):
            as_json(_exported(t, {}) for t in found)
            offset += len(found)


def _exported(t: Any, people: Mapping[int, Any]) -> dict[str, object]:
    return {
        "number": t.number,
        "desk": t.desk,
        "title": t.title,
        "kind": t.kind,
        "status": t.status,
        "priority": t.priority,
        "impact": t.impact,
        "urgency": t.urgency,
        "category": t.category,
        "group": t.group,
        "organisation": t.organisation,
        "vip": t.vip,
        "why": [str(one) for one in t.why],
        "created_at": t.created_at.isoformat(),
        "resolved_at": t.resolved_at.isoformat() if t.resolved_at else None,
        "reopened": t.reopened,
        "owner": t.owner,
        "requester": t.requester,
        **({"owner_name": _name(people, t.owner) if t.owner else None, "requester_name": _name(people, t.requester)} if people else {}),
        "cycles": [
            {
                "metric": c.metric,
                "n": c.n,
                "outcome": c.outcome,
                "due_at": c.due_at.isoformat(),
                "elapsed_s": c.elapsed_s,
                "told": list(c.warned),
            }
            for c in t.cycles
        ],
    }
