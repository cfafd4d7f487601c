"""`mailgate people`: who is on file under which addresses, and which addresses get nothing automatic."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, JsonOption, ago, as_json, console, fail, harmless, one_of, opened, table, told
from mailgate.model.sender import folded

app = typer.Typer(help="The people: list, show, set, block, unblock, lift the silence of an address.", no_args_is_help=True)

#: How often a change is tried beside a `serve` that changes the same ticket.
MOST_RETRIES = 8

Address = Annotated[str, typer.Argument(metavar="ADDRESS")]


@app.command("list")
def list_(
    dead: Annotated[bool, typer.Option("--dead", help="Only addresses that get nothing automatic now.")] = False,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    json_: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List people, newest first, with what is wrong with their addresses."""
    with opened(config) as (_, store, now):
        if dead:
            rows = store.people.suppressions(now, limit)
            if json_:
                as_json(
                    {"address": s.address, "since": s.since, "until": s.until, "kind": s.kind.value, "reason": str(s.reason)} for s in rows
                )
                return
            table(
                ("address", "since", "ends", "why"),
                ((s.address, ago(s.since, now), ago(s.until, now), f"{s.kind.value}: {s.reason}") for s in rows),
                "every address may be written to",
            )
            return
        people = store.people.listed(limit)
        silent = store.people.suppressed([key for p in people for key in p.keys], now)
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


@app.command("show")
def show_(address: Address, config: ConfigOption = None) -> None:
    """Show who has this address, and what became of the letters to it."""
    with opened(config) as (settings, store, now):
        from mailgate.decide.requesters import requester_of

        person = store.people.at([address]).get(address.lower())
        silence = store.people.suppression(address)
        if person is None and silence is None:
            fail(f"nobody has the address {harmless(address)}")
        if person is not None:
            console.print(f"[bold]{harmless(person.name or person.address)}[/bold] <{harmless(person.address)}>")
            for alias in person.aliases:
                console.print(f"  also      {harmless(alias)}")
            if person.agent:
                console.print(f"  agent     {harmless(person.agent)}")
            if language := person.chosen_language or person.language:
                console.print(f"  language  {harmless(language)}{'' if person.agent or person.chosen_language else ', as they wrote'}")
            of = requester_of(settings.policy, person)
            if of.organisation or person.organisation:
                gone = "" if of.organisation else ", which is not in policy.toml"
                console.print(f"  of        {harmless(of.organisation or person.organisation or '')}{gone}")
            if of.vip:
                console.print("  vip       yes")
            if person.no_surveys:
                console.print(f"  surveys   none. To ask again: mailgate people survey {harmless(address)} --yes")
            console.print(f"  known     {'yes' if person.proven or person.agent else 'no letter of ours was answered from there yet'}")
        if silence is not None and silence.until > now:
            console.print(
                f"  [red]silent[/red]    since {silence.since:%Y-%m-%d %H:%M} UTC, until {silence.until:%Y-%m-%d %H:%M} UTC: "
                f"{silence.kind.value}, {harmless(silence.reason)}"
            )
            console.print(f"            nothing automatic goes there. To lift it: mailgate people lift {harmless(address)}")
        for row in store.outbox.to_address(address, 20):
            fate = f", {row.fate.value}" if row.fate else ""
            console.print(f"  letter    {row.letter.id} {row.letter.event} {ago(row.letter.made_at, now)}: {row.state.value}{fate}")
            for report in row.reports:
                console.print(f"            {told(report)}")


Pattern = Annotated[str, typer.Argument(metavar="ADDRESS|DOMAIN", help="victim@example.com (with every +detail of it), or example.com.")]


@app.command("block")
def block(
    pattern: Pattern,
    reason: Annotated[str, typer.Option(help="Why: shown with each mail that is set aside.")] = "",
    until: Annotated[str, typer.Option(help="The last day: 2026-12-24, or 14d, 12h; default: until `unblock`.")] = "",
    config: ConfigOption = None,
) -> None:
    """Set aside whatever comes from an address or a domain. It is kept, nobody is bounced, and `inbox retry` lets a mail in.

    On an agent's address it shuts out who misuses the name: what proves to be the agent's still counts."""
    with opened(config) as (settings, store, now):
        from mailgate.model.flood import Block

        key = _pattern(pattern)
        ends = _until(until, now) if until else None
        policy = settings.policy
        own = {k.rpartition("@")[2] for desk in policy.desks.values() for k in desk.keys}
        agents = {k.rpartition("@")[2] for agent in policy.agents.values() for k in agent.keys}
        if "@" not in key and any(domain == key or domain.endswith(f".{key}") for domain in own | agents):
            fail(f"{harmless(key)} is a domain of our own desks or agents: name the address")
        if "@" in key and policy.is_own(key):
            fail(f"{harmless(key)} is one of our own desks")
        store.traffic.block(Block(key, now, ends, " ".join(reason.split())[:200]))
        console.print(f"mail from {harmless(key)} is set aside from now on" + (f", until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""))
        console.print("  what was taken in already stays; mailgate inbox list --state set_aside shows what comes")


@app.command("unblock")
def unblock(pattern: Pattern, config: ConfigOption = None) -> None:
    """Take mail of a blocked address or domain in again. What was set aside meanwhile: `mailgate inbox retry NUMBER`."""
    with opened(config) as (_, store, _):
        key = _pattern(pattern)
        if not store.traffic.unblock(key):
            fail(f"{harmless(key)} is not blocked: mailgate people blocked")
        console.print(f"mail from {harmless(key)} is taken in again")


@app.command("blocked")
def blocked(limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50, config: ConfigOption = None) -> None:
    """List who is blocked, since when, until when and why."""
    with opened(config) as (_, store, now):
        table(
            ("who", "since", "ends", "why"),
            ((one.pattern, ago(one.since, now), ago(one.until, now), one.reason) for one in store.traffic.blocks(now, limit)),
            "nobody is blocked",
        )


_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9\-]{0,62}")
_SPAN = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _pattern(text: str) -> str:
    """What is kept of it: a folded address, or a domain in lower case."""
    key = folded(text.strip().removeprefix("@") if "@" in text.strip()[1:] else f"x@{text.strip().removeprefix('@')}")
    local, _, domain = key.rpartition("@")
    if not _DOMAIN.fullmatch(domain) or not local or re.search(r"[\s<>]", local):
        fail(f"{harmless(text)} is neither an address nor a domain", 2)
    return key if "@" in text.strip()[1:] else domain


def _until(text: str, now: datetime) -> datetime:
    if match := _SPAN.fullmatch(text.strip()):
        ends = now + timedelta(**{_UNITS[match[2]]: int(match[1])})
    else:
        try:
            ends = datetime.combine(date.fromisoformat(text.strip()), time(), UTC) + timedelta(days=1)
        except ValueError:
            fail(f"{harmless(text)} is no day and no time: write 2026-12-24, 14d or 12h", 2)
    if ends <= now:
        fail(f"{harmless(text)} is over", 2)
    return ends


@app.command("language")
def language(
    address: Address,
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="en, de, ...; auto: the language of their mails.")],
    config: ConfigOption = None,
) -> None:
    """Say in which language somebody gets their letters, whatever language they write in. Agents: `language` in policy.toml."""
    with opened(config) as (settings, store, _):
        known = sorted({"en", *settings.catalogues})
        if language != "auto":
            one_of("language", language, known)
        person = store.people.speak(address, None if language == "auto" else language)
        if person is None:
            fail(f"nobody has the address {harmless(address)}")
        if person.agent:
            fail(f"{harmless(address)} is an agent: say it in policy.toml, [agents.{harmless(person.agent)}], language")
        said = "the language of their mails" if language == "auto" else language
        console.print(f"letters to {harmless(address)} are in {said} from now on")


@app.command("set")
def set_(
    address: Address,
    vip: Annotated[bool | None, typer.Option("--vip/--no-vip", help="Whether they are a VIP, whatever their organisation is.")] = None,
    organisation: Annotated[
        str, typer.Option(metavar="ID", help="One of \\[organisations] in policy.toml; auto: by the domain of their address.")
    ] = "",
    name: Annotated[str, typer.Option(help="As it stands in letters.")] = "",
    config: ConfigOption = None,
) -> None:
    """Say who somebody is to us: what their tickets are promised, and how much they matter, may depend on it."""
    with opened(config) as (settings, store, now):
        policy = settings.policy
        if organisation not in ("", "auto") and organisation not in policy.organisations:
            fail(f"no organisation {harmless(organisation)} in policy.toml, only: {', '.join(sorted(policy.organisations)) or 'none'}", 2)
        person = store.people.at([address]).get(address.lower())
        if person is None:
            fail(f"nobody has the address {harmless(address)}")
        if name and person.agent:
            fail(f"{harmless(address)} is an agent: say it in policy.toml, [agents.{harmless(person.agent)}], name")
        said: dict[str, str | bool | None] = {}
        if vip is not None:
            said["vip"] = vip
        if organisation:
            said["organisation"] = None if organisation == "auto" else organisation
        if name.strip():
            said["name"] = " ".join(name.split())[:200]
        if not said:
            fail("say what is to change: --vip, --no-vip, --organisation ID, --name NAME", 2)
        store.people.change(person.id, said)
        changed = _tell_tickets(policy, store, person.id, now)
        also = f"; {changed} open {'ticket' if changed == 1 else 'tickets'} of theirs changed with it" if changed else ""
        console.print(f"{harmless(address)}: {', '.join(f'{key} {_said(value)}' for key, value in said.items())}{also}")


def _said(value: str | bool | None) -> str:
    return "auto" if value is None else harmless(value) if isinstance(value, str) else "yes" if value else "no"


def _tell_tickets(policy: Any, store: Any, id_: int, now: datetime) -> int:
    """The live tickets of somebody whose standing has changed: their promises are chosen anew. How many it concerned."""
    from mailgate.decide.requesters import known_as
    from mailgate.decide.scene import Scene
    from mailgate.record.rows import Conflict, ToRecord

    changed = 0
    for number in store.tickets.live_of(id_):
        for _ in range(MOST_RETRIES):
            file = store.tickets.files([number])[number]
            decision = known_as(Scene(file=file, policy=policy, agents={}, now=now), file.person(id_))
            if decision is None:
                break
            try:
                store.record([ToRecord(None, decision)], now)
            except Conflict:
                continue  # a `serve` changed it at this moment
            changed += 1
            break
    return changed


@app.command("survey")
def survey(
    address: Address,
    ask: Annotated[bool, typer.Option("--yes/--no", help="Whether they are asked how good a solution was.")],
    config: ConfigOption = None,
) -> None:
    """Ask somebody for ratings again who had answered `no surveys`, or ask them no more."""
    with opened(config) as (_, store, _):
        person = store.people.at([address]).get(address.lower())
        if person is None:
            fail(f"nobody has the address {harmless(address)}")
        store.people.ask(person.id, about_ratings=ask)
        console.print(f"{harmless(address)} is asked {'for ratings again' if ask else 'for no ratings any more'}")


@app.command("lift")
def lift(address: Address, config: ConfigOption = None) -> None:
    """Write to an address again that bounced, or complained."""
    with opened(config) as (_, store, _):
        if not store.people.lift(address):
            fail(f"nothing is held back from {harmless(address)}: mailgate people list --dead")
        console.print(f"{harmless(address)} is written to again")
