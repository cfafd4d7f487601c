"""`mailgate ratings`: how content people are, of how many that is known, and what the least content said."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, as_json, console, fail, harmless, opened, table

#: Lowest ratings that are shown.
LOWEST = 5
DAYS = timedelta(days=28)


def ratings(
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-12-01; default: four weeks before the end.")] = "",
    until: Annotated[str, typer.Option("--to", help="The last day; default: today.")] = "",
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what requesters thought of the solutions: the whole, each desk and agent with enough ratings, the lowest with their words.

    CSAT is the share of 4 and 5 among the ratings that were given in these days (UTC). Answered is the share of the questions of these
    days that arrived and that a rating followed. A ticket is put down to who owned it when it was resolved."""
    with opened(config) as (_, store, now):
        from mailgate.decide import csat

        end = _midnight(until, now) + timedelta(days=1)
        start = _midnight(since, end - DAYS)
        if start >= end:
            fail("the first day lies behind the last one", 2)
        counted, asked = store.ratings.counted(start, end), store.ratings.asked(start, end)
        people = store.people.by_id({one.owner for one in counted if one.owner is not None})
        found = {
            "all": csat.summed(counted, asked),
            **{f"desk {desk}": one for desk, one in sorted(csat.by(lambda one: one.desk, counted, asked).items())},
            **{_name(people, owner): one for owner, one in sorted(csat.by(lambda one: one.owner, counted, asked).items())},
        }
        lowest = sorted((one for one in counted if one.score < csat.CONTENT), key=lambda one: (one.score, -one.at.timestamp()))[:LOWEST]
        if json_:
            days = {"from": start.date().isoformat(), "to": (end - timedelta(days=1)).date().isoformat()}
            as_json({**days, "of": whose, **_exported(one)} for whose, one in found.items())
            return
        console.print(f"{start:%Y-%m-%d} to {end - timedelta(days=1):%Y-%m-%d} UTC")
        table(
            ("", "ratings", "CSAT", "95 times of 100", "mean", "answered"),
            ((whose, str(one.rated), *_figures(one)) for whose, one in found.items()),
            "",
        )
        for one in lowest:
            console.print(f"  {one.score} of 5, ticket {one.ticket}, {one.at:%Y-%m-%d %H:%M} UTC")
            for line in one.comment.splitlines():
                console.print(f"      {harmless(line)}")


def _midnight(day: str, otherwise: datetime) -> datetime:
    try:
        found = date.fromisoformat(day) if day else otherwise.astimezone(UTC).date()
        return datetime.combine(found, time(), UTC)
    except ValueError:
        fail(f"{harmless(day)} is no day: write 2026-12-24", 2)


def _name(people: dict[int, Any], owner: int) -> str:
    person = people.get(owner)
    return (person.name or person.address) if person else f"person {owner}"


def _figures(one: Any) -> tuple[str, str, str, str]:
    if one.share is None or one.interval is None:
        return "-", "-", "-", _percent(one.response)
    low, high = one.interval
    return _percent(one.share), f"{_percent(low)} to {_percent(high)}", f"{one.mean:.2f}", _percent(one.response)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _exported(one: Any) -> dict[str, object]:
    return {
        "rated": one.rated,
        "content": one.content,
        "csat": one.share,
        "interval": one.interval,
        "mean": one.mean,
        "asked": one.asked,
        "answered": one.answered,
        "response": one.response,
    }
