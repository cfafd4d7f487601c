"""`mailgate tickets`: the tickets, and the whole story of one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, ago, console, fail, harmless, table, told, with_store

app = typer.Typer(help="The tickets: list, show, export.", no_args_is_help=True)


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="new, open, pending_user, on_hold, resolved, closed, merged, rejected; default: all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    config: ConfigOption = None,
) -> None:
    """List tickets, newest first."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        from mailgate.model.ticket import Status

        if status and status not in set(Status):
            fail(f"no such status: {harmless(status)}. There are {', '.join(Status)}.", 2)
        found = store.ticket_list((Status(status),) if status else (), limit)
        people = store.people({id_ for t in found for id_ in (t.owner, t.requester) if id_ is not None})

        def name(id_: int | None) -> str:
            person = people.get(id_)
            return (person.name or person.address) if person else "-"

        table(
            ("ticket", "P", "status", "opened", "owner", "requester", "title"),
            (
                (t.number, f"P{t.priority}", t.status.value, ago(t.created_at, now), name(t.owner), name(t.requester), t.title)
                for t in found
            ),
            "no tickets",
        )

    with_store(config, show)


@app.command("show")
def show_(number: Annotated[int, typer.Argument(metavar="NUMBER")], config: ConfigOption = None) -> None:
    """Everything about one ticket: people, clocks, entries, history, letters."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        file = store.files([number]).get(number)
        if file is None:
            fail(f"no ticket {number}")
        t = file.ticket
        console.print(f"[bold]{t.desk} {t.number}[/bold] {harmless(t.title)}")
        console.print(
            f"  {t.kind.value}, P{t.priority}, {t.status.value}"
            + (f" ({t.hold.value})" if t.hold else "")
            + (f", follows {t.follows}" if t.follows else "")
        )
        for person in file.people:
            role = (
                "requester"
                if person.id == t.requester
                else "owner"
                if person.id == t.owner
                else "watcher"
                if person.id in t.watchers()
                else "participant"
            )
            console.print(f"  {role:<11} {harmless(person.name)} <{harmless(person.address)}>")
        for c in t.cycles:
            console.print(
                f"  clock       {c.metric.value} {c.n}: {c.outcome.value}, due {c.due_at:%Y-%m-%d %H:%M} UTC"
                + (f", took {c.elapsed_s} s" if c.elapsed_s is not None else "")
            )
        for e in file.entries:
            seen_by = harmless(f"[{e.visibility.value}{', hidden' if e.hidden else ''}]")
            console.print(f"\n  {seen_by} {harmless(e.author_name)}, {e.recorded_at:%Y-%m-%d %H:%M} UTC")
            for line in e.text.splitlines():
                console.print(f"    {harmless(line)}")
        console.print("\n  history")
        for h in store.history(number):
            facts = ", ".join(f"{k} {v}" for k, v in h.facts.items() if v not in (None, ()))
            console.print(f"    {h.at:%Y-%m-%d %H:%M:%S} {h.name} {harmless(facts)}")
        for r in store.letters_of(number):
            console.print(
                f"    letter {r.letter.id} {r.letter.event} to {harmless(r.letter.address)}: {r.state.value} {harmless(r.last_reply)}"
            )
            for report in r.reports:
                console.print(f"      {told(report)}")

    with_store(config, show)


@app.command("export")
def export(config: ConfigOption = None) -> None:
    """One JSON object a line for every ticket."""

    def write(settings: Any, store: Any, now: datetime) -> None:
        offset = 0
        while found := store.ticket_list((), 200, offset):
            for t in found:
                print(json.dumps(_exported(t)))
            offset += len(found)

    with_store(config, write)


def _exported(t: Any) -> dict[str, object]:
    return {
        "number": t.number,
        "desk": t.desk,
        "title": t.title,
        "kind": t.kind,
        "status": t.status,
        "priority": t.priority,
        "created_at": t.created_at.isoformat(),
        "resolved_at": t.resolved_at.isoformat() if t.resolved_at else None,
        "reopened": t.reopened,
        "owner": t.owner,
        "requester": t.requester,
        "cycles": [
            {"metric": c.metric, "n": c.n, "outcome": c.outcome, "due_at": c.due_at.isoformat(), "elapsed_s": c.elapsed_s} for c in t.cycles
        ],
    }
