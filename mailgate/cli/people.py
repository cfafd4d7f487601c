"""`mailgate people`: who is on file under which addresses, and which addresses get nothing automatic."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, fail, harmless, table, told, with_store

app = typer.Typer(help="The people: list, show, lift the silence of an address.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="ADDRESS")]


@app.command("list")
def list_(
    dead: Annotated[bool, typer.Option("--dead", help="Only addresses that get nothing automatic now.")] = False,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List people, newest first, with what is wrong with their addresses."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        if dead:
            rows = store.suppressions(now, limit)
            if json_:
                as_json({"address": s.address, "since": s.since, "until": s.until, "kind": s.kind.value, "reason": s.reason} for s in rows)
                return
            table(
                ("address", "since", "ends", "why"),
                ((s.address, ago(s.since, now), ago(s.until, now), f"{s.kind.value}: {s.reason}") for s in rows),
                "every address may be written to",
            )
            return
        people = store.people_list(limit)
        silent = store.suppressed([key for p in people for key in p.keys], now)
        if json_:
            as_json(
                {
                    "name": p.name,
                    "address": p.address,
                    "aliases": list(p.aliases),
                    "agent": p.agent,
                    "known": bool(p.proven or p.agent),
                    "silent": {key: silent[key] for key in sorted(p.keys) if key in silent},
                }
                for p in people
            )
            return
        table(
            ("name", "address", "further addresses", "agent", "known", "nothing automatic, because"),
            (
                (
                    p.name,
                    p.address,
                    ", ".join(p.aliases),
                    p.agent or "",
                    "yes" if p.proven or p.agent else "",
                    ", ".join(f"{key}: {silent[key]}" for key in sorted(p.keys) if key in silent),
                )
                for p in people
            ),
            "nobody",
        )

    with_store(config, show)


@app.command("show")
def show_(address: Address, config: ConfigOption = None) -> None:
    """Show who has this address, and what became of the letters to it."""

    def show(settings: Any, store: Any, now: datetime) -> None:
        person = store.people_at([address]).get(address.lower())
        silence = store.suppression(address)
        if person is None and silence is None:
            fail(f"nobody has the address {harmless(address)}")
        if person is not None:
            console.print(f"[bold]{harmless(person.name or person.address)}[/bold] <{harmless(person.address)}>")
            for alias in person.aliases:
                console.print(f"  also      {harmless(alias)}")
            if person.agent:
                console.print(f"  agent     {harmless(person.agent)}")
            console.print(f"  known     {'yes' if person.proven or person.agent else 'no letter of ours was answered from there yet'}")
        if silence is not None and silence.until > now:
            console.print(
                f"  [red]silent[/red]    since {silence.since:%Y-%m-%d %H:%M} UTC, until {silence.until:%Y-%m-%d %H:%M} UTC: "
                f"{silence.kind.value}, {harmless(silence.reason)}"
            )
            console.print(f"            nothing automatic goes there. To lift it: mailgate people lift {harmless(address)}")
        for row in store.letters_to(address, 20):
            fate = f", {row.fate.value}" if row.fate else ""
            console.print(f"  letter    {row.letter.id} {row.letter.event} {ago(row.letter.made_at, now)}: {row.state.value}{fate}")
            for report in row.reports:
                console.print(f"            {told(report)}")

    with_store(config, show)


@app.command("lift")
def lift(address: Address, config: ConfigOption = None) -> None:
    """Write to an address again that bounced, or complained."""

    def work(settings: Any, store: Any, now: datetime) -> None:
        if not store.lift_suppression(address):
            fail(f"nothing is held back from {harmless(address)}: mailgate people list --dead")
        console.print(f"{harmless(address)} is written to again")

    with_store(config, work)
