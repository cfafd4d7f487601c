"""`mailgate report`: what came, how long it took, which promises were kept, and the rows behind each of these numbers."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from mailgate.cli.screen import ConfigOption, as_json, console, errors, fail, harmless, one_of, opened, safe, table

if TYPE_CHECKING:
    from mailgate.decide.figures import Figure
    from mailgate.decide.reporting import Counts, Days
    from mailgate.model.policy import Policy

WORDS, VALUE, N, BEFORE, OF = 40, 11, 7, 11, 4
#: Numbers of a part (`--by`), with their heads: what fits beside each other.
SHOWN = {
    "created": "came",
    "resolved": "solved",
    "backlog": "open",
    "first_reply_p50": "1st p50",
    "attainment_first_reply": "in time",
    "resolution_p50": "res. p50",
    "attainment_resolution": "in time",
    "csat": "content",
}


def report(
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-12-01; default: Monday of the last full week.")] = "",
    until: Annotated[str, typer.Option("--to", help="The last day; default: six days after the first.")] = "",
    by: Annotated[str, typer.Option(help="The same by desk, group, category, vip, organisation or priority.")] = "",
    desk: Annotated[str, typer.Option(help="Only the tickets of this desk (its name in policy.toml).")] = "",
    explain: Annotated[str, typer.Option(help="List what stands behind one number, first_reply_p90 for example.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line, every number with its n, population and formula.")] = False,
    csv_: Annotated[bool, typer.Option("--csv", help="The same as a table for spreadsheets.")] = False,
    config: ConfigOption = None,
) -> None:
    r"""Count what happened in these days, beside as many days before: tickets, clocks, promises, waiting, ratings, service.

    Days are those of the desk, else of \[report]. Times are business time, unless the wall clock is named. What would be said of fewer than
    five is hidden ("too few"). Merged and rejected tickets are in no number. docs/reports.md defines each of them."""
    if json_ and csv_:
        fail("--json or --csv, not both", 2)
    with opened(config) as (settings, store, now):
        from mailgate.decide import exporting, figures, reporting, samples

        policy = settings.policy
        one_of("part", by, list(reporting.By))
        one_of("desk", desk, list(policy.desks))
        numbers = figures.numbers(policy.services, policy.calendars)
        if explain and explain not in numbers:
            near = difflib.get_close_matches(explain, numbers, 3) or ["first_reply_p90", "attainment_resolution", "backlog"]
            fail(f"no number is called {harmless(explain)}. Near it: {', '.join(near)}. `mailgate report --json` names all of them.", 2)
        days = _days(since, until, reporting.zone_of(policy, desk), now)
        with _progress() as say:
            say(f"reading {days.first} to {days.last}")
            material = reporting.of_desk(store.figures.material(days.period(now)), desk)
            if explain:
                _explained(numbers[explain].of(samples.counted(material), days.period(now)), days, policy, material.tickets, json_)
                return
            say(f"reading {days.before.first} to {days.before.last}")
            before = reporting.of_desk(store.figures.material(days.before.period(now)), desk)
            say("counting")
            found = reporting.report(days, now, material, before, numbers.values(), reporting.By(by) if by else None)
        if json_:
            as_json(exporting.exported(found, desk, by))
        elif csv_:
            sys.stdout.write(exporting.as_csv(found, desk, by))
        else:
            _shown(found, desk, by)


@contextmanager
def _progress() -> Iterator[Any]:
    """What is done now, for whoever waits at a terminal; nothing of it stays."""
    if not errors.is_terminal:
        yield lambda words: None
        return
    with errors.status("") as status:
        yield lambda words: status.update(f"{words} ...")


def _days(since: str, until: str, zone: str, now: datetime) -> Days:
    from mailgate.decide.reporting import WEEK, Days, last_week

    week = last_week(now, zone)
    if not since and not until:
        return week
    first = _day(since) if since else None
    last = _day(until) if until else None
    if first is None and last is not None:
        first = date.fromordinal(last.toordinal() - WEEK + 1)
    assert first is not None
    if last is None:
        last = min(date.fromordinal(first.toordinal() + WEEK - 1), max(first, now.astimezone(ZoneInfo(zone)).date()))
    if last < first:
        fail(f"the first day, {first}, lies behind the last one, {last}", 2)
    return Days(first, last, zone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{harmless(text)} is no day: write 2026-12-24", 2)


# --- on the screen ---------------------------------------------------------------------------------------------------


def _shown(found: Counts, desk: str, by: str) -> None:
    days = found.days
    console.print(f"{days.first} to {days.last}, {days.zone}, {f'desk {safe(desk)}' if desk else 'all desks'}")
    console.print(f"before: {days.before.first} to {days.before.last}")
    letters: dict[str, str] = {}
    section = ""
    for line in found.whole.values():
        number, was = line.figure.number, line.before
        if not line.figure.n and not (was is not None and was.n) and number.hides:
            continue  # nobody promises it, or it never happened
        if number.section != section:
            section = number.section
            heads = f"{section:<{WORDS}}{'value':>{VALUE}}{'n':>{N}}{'before':>{BEFORE}}{'of':>{OF}}"
            console.print(f"\n[bold]{heads}[/bold]")
        letter = letters.setdefault(number.population, _letter(len(letters)))
        console.print(
            f"{safe(number.words):<{WORDS}}{said(line.figure):>{VALUE}}{line.figure.n:>{N}}"
            f"{said(was) if was is not None else '-':>{BEFORE}}{letter:>{OF}}"
        )
        if line.figure.interval:
            low, high = line.figure.interval
            console.print(f"{'  where it lies, 95 times of 100':<{WORDS}}{f'{100 * low:.0f} to {100 * high:.0f} %':>{VALUE}}")
    console.print()
    for population, letter in letters.items():
        console.print(f"{letter:>2}  {safe(population)}")
    if by:
        console.print()
        rows = ((name, *(said(lines[id_].figure) for id_ in SHOWN)) for name, lines in found.parts.items())
        table((by, *SHOWN.values()), rows, "No tickets.")
    console.print(f"\nWhat stands behind a number:\n  mailgate report --from {days.first} --to {days.last} --explain first_reply_p90")


def _letter(at: int) -> str:
    return chr(ord("a") + at) if at < 26 else chr(ord("A") + at - 26)


def said(figure: Figure) -> str:
    """The value in words that fit a column."""
    if figure.is_few:
        return "too few"
    if figure.value is None:
        return "-"
    return valued(figure.number.unit.value, figure.value)


def valued(unit: str, value: float) -> str:
    match unit:
        case "share":
            # All of them is 100 %, and nothing less is.
            return f"{int(1000 * value) / 10:.1f} %" if value < 1 else "100 %"
        case "score":
            return f"{value:.2f}"
        case "seconds":
            return _span(int(value), 0)
        case "wall":
            return _span(int(value), 24)
        case _:
            return f"{value:.0f}"


def _span(seconds: int, day: int) -> str:
    """In minutes that have passed. Business time has no days: what is one of them is another thing on each calendar."""
    minutes = seconds // 60
    hours, minutes = divmod(minutes, 60)
    if day and hours >= day:
        return f"{hours // day}d {hours % day}h"
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m"


def _explained(figure: Figure, days: Days, policy: Policy, tickets: Mapping[int, Any], json_: bool) -> None:
    number, zone = figure.number, ZoneInfo(days.zone)
    if json_:
        as_json(
            {
                "number": number.id,
                "ticket": one.ticket,
                "what": one.what,
                "at": one.at,
                "value": one.value,
                "of": one.whole,
                "counts": one.hit,
            }
            for one in figure.items
        )
        return
    console.print(f"[bold]{harmless(number.words.strip())}[/bold] ({number.id}), {days.first} to {days.last}, {days.zone}")
    console.print(f"{said(figure)}, n = {figure.n}")
    console.print(f"of: {harmless(number.population)}")
    console.print(f"how: {harmless(number.said)}\n")
    is_share = number.unit.value == "share"

    def value(one: Any) -> str:
        if one.whole:
            return f"{valued('wall', one.value)} of {valued('wall', one.whole)}"
        if is_share and number.hides:
            return "yes" if one.hit else "no"
        return valued("wall" if is_share else number.unit.value, one.value)

    rows = (
        (_ref(one.ticket, tickets, policy), f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}", value(one), one.what, _title(one.ticket, tickets))
        for one in figure.items
    )
    table(("ticket", "at", "counts" if is_share else "value", "what", "title"), rows, "Nothing stands behind it.")


def _ref(number: int | None, tickets: Mapping[int, Any], policy: Policy) -> str:
    if number is None:
        return "-"
    desk = policy.desks.get(tickets[number].desk) if number in tickets else None
    return f"{desk.prefix}-{number}" if desk else str(number)


def _title(number: int | None, tickets: Mapping[int, Any]) -> str:
    return tickets[number].title if number is not None and number in tickets else "-"
