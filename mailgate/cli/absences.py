"""`mailgate people away`, `back`: absences of agents, as an operator says them or looks at them."""

from datetime import datetime
from typing import Annotated, Any

import typer

from mailgate.cli.people import Address, _until
from mailgate.cli.screen import ConfigOption, ago, console, fail, harmless, opened, table


def away(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An agent's; without one, all absences are listed.")] = "",
    until: Annotated[str, typer.Option(help="The last day: 2026-12-24, or 14d, 12h; default: until `back`.")] = "",
    delegate: Annotated[str, typer.Option(metavar="ADDRESS", help="Who stands in: another agent.")] = "",
    config: ConfigOption = None,
) -> None:
    """Say that an agent is away: nothing is offered to them, and what cannot wait goes to others. Or list who is."""
    with opened(config) as (_, store, now):
        if not address:
            return _list(store, now)
        from mailgate.model.assignment import Absence

        person, other = _agent(store, address), _agent(store, delegate) if delegate else None
        if other is not None and other.id == person.id:
            fail("nobody stands in for themselves", 2)
        ends = _until(until, now) if until else None
        store.assignments.begin(Absence(person.id, now, ends, other.id if other is not None else None), now)
        console.print(
            f"{harmless(address)} is away" + (f" until {ends:%Y-%m-%d %H:%M} UTC" if ends else f": mailgate people back {address}")
        )


def back(address: Address, config: ConfigOption = None) -> None:
    """Say that an agent is back, or that an absence that is still to come is off."""
    with opened(config) as (_, store, now):
        store.assignments.end(_agent(store, address).id, now)
        console.print(f"{harmless(address)} is back")


def _agent(store: Any, address: str) -> Any:
    person = store.people.at([address]).get(address.lower())
    if person is None or person.agent is None:
        fail(f"{harmless(address)} is no agent's address")
    return person


def _list(store: Any, now: datetime) -> None:
    rows = store.assignments.away(now)
    who = store.people.by_id({id_ for one in rows for id_ in (one.person, one.delegate) if id_ is not None})
    table(
        ("who", "from", "until", "stands in", ""),
        (
            (
                who[one.person].address,
                ago(one.from_at, now),
                ago(one.to_at, now) if one.to_at else "",
                who[one.delegate].address if one.delegate is not None else "",
                "by an automatic reply" if one.suspected else "",
            )
            for one in rows
        ),
        "nobody is away",
    )
