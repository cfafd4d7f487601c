"""policy.toml becomes a Policy, and everything in it that contradicts itself is found at once."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailgate.model import token
from mailgate.model.brand import Brand
from mailgate.model.calendar import ALWAYS, Calendar, Frame
from mailgate.model.policy import (
    Agent,
    Budgets,
    Desk,
    FilesCarried,
    Forwards,
    Group,
    Hearer,
    Metric,
    Policy,
    RatingSettings,
    Sla,
    Target,
    Timers,
    When,
)
from mailgate.model.reporting import ReportSettings, Service
from mailgate.model.routing import Category, Organisation, RoutingRule
from mailgate.settings import assignment
from mailgate.settings.forms import value_of
from mailgate.settings.pictures import brand_of
from mailgate.settings.promises import check_conditions, check_kept
from mailgate.settings.routing import check_routing, priorities
from mailgate.settings.safety import Say
from mailgate.settings.words import expression, known_are, meant

LONGEST_LOCAL, LONGEST_ADDRESS = 64, 254  #: octets
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FRAME = re.compile(r"([0-2]?\d):([0-5]\d)-([0-2]?\d):([0-5]\d)")


def build(form: Any, digest: str, languages: frozenset[str], events: frozenset[str], folder: Path, say: Say) -> Policy:
    """The policy of a form that is well-formed. What is wrong with its meaning is said through `say`; then the result is not to be used.
    `languages`: those the letters are written in; `events`: those that have templates; `folder`: where its pictures lie."""
    brand = brand_of(form.brand, Brand(), folder, ("brand",), say)
    desks = {
        name: value_of(
            Desk, d, id=name, name=d.name or d.prefix.upper(), brand=brand_of(d.brand, brand, folder, ("desks", name, "brand"), say)
        )
        for name, d in form.desks.items()
    }
    calendars = {"always": ALWAYS, **{name: _calendar(name, c, say) for name, c in form.calendars.items()}}
    slas = {name: _sla(name, s, calendars, say) for name, s in form.sla.items()}
    policy = value_of(
        Policy,
        form.tickets,
        digest=_with_others(
            digest,
            [
                *(calendars[name].digest for name, one in form.calendars.items() if one.country),
                *(desk.brand.picture.cid for desk in desks.values() if desk.brand.picture is not None),
            ],
        ),
        desks=desks,
        agents={name: value_of(Agent, a, id=name) for name, a in form.agents.items()},
        groups={name: value_of(Group, g, id=name, name=g.name or name) for name, g in form.groups.items()},
        calendars=calendars,
        slas=slas,
        organisations={name: value_of(Organisation, o, id=name, name=o.name or name) for name, o in form.organisations.items()},
        categories={name: value_of(Category, c, id=name, name=c.name or name) for name, c in form.categories.items()},
        routing=tuple(value_of(RoutingRule, r, name=r.name or str(number)) for number, r in enumerate(form.routing, 1)),
        priority=priorities(form.priority, say),
        timers=value_of(Timers, form.timers, reminders=tuple(sorted(form.timers.reminders))),
        ratings=value_of(RatingSettings, form.ratings),
        budgets=value_of(Budgets, form.budgets),
        files=value_of(FilesCarried, form.files),
        services={name: value_of(Service, one, id=name) for name, one in form.services.items()},
        report=value_of(ReportSettings, form.report),
        languages=languages,
        letters=dict(form.letters),
    )
    _check(policy, languages, events, say)
    check_conditions(policy, say)
    assignment.check(policy, say)
    check_kept(policy, datetime.now(UTC), say)
    return policy


def _with_others(digest: str, others: Sequence[str]) -> str:
    """What does not stand in the file: with other public holidays, of a new release of their library, or another picture in the file of
    a logo, it is another policy."""
    if not others:
        return digest
    return hashlib.sha256("\n".join((digest, *others)).encode()).hexdigest()[:16]


def _calendar(name: str, form: Any, say: Say) -> Calendar:
    at = ("calendars", name)
    if name == "always":
        say(at, "this name is taken: `always` is around the clock")
    zone = _zone(form.timezone, (*at, "timezone"), say)
    hours = tuple(_frames(getattr(form.hours, day), (*at, "hours", day), say) for day in DAYS)
    if not any(hours):
        say((*at, "hours"), "is never open")
    fixed: set[date] = set()
    yearly: set[tuple[int, int]] = set()
    for text in form.holidays:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and (day := _date(text)):
            fixed.add(day)
        elif re.fullmatch(r"\d\d-\d\d", text) and (day := _date(f"2024-{text}")):
            yearly.add((day.month, day.day))
        else:
            say((*at, "holidays"), f'"{text}" is no day: write 2026-12-24, or 12-24 for every year')
    if form.country:
        fixed |= _public_holidays(form.country, form.subdivision, (*at, "country"), say)
    days: dict[str, dict[date, tuple[Frame, ...]]] = {"extra": {}, "breaks": {}}
    for kind, named in (("extra", form.extra), ("breaks", form.breaks)):
        for text, frames in named.items():
            if day := _date(text):
                days[kind][day] = _frames(frames, (*at, kind, text), say)
            else:
                say((*at, kind, text), "is no day: write 2026-12-24")
    return Calendar(name, zone, hours, frozenset(fixed), frozenset(yearly), days["extra"], days["breaks"])


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _frames(texts: tuple[str, ...], at: tuple[str, ...], say: Say) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    for text in texts:
        match = _FRAME.fullmatch(text.strip())
        begin, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
        if not match or not 0 <= begin < end <= 1440:
            say(at, f'"{text}" is no opening time: write 08:00-18:00; the day ends at 24:00')
            continue
        frames.append((begin, end))
    frames.sort()
    if any(a[1] > b[0] for a, b in pairwise(frames)):
        say(at, "opening times overlap")
    return tuple(frames)


def _public_holidays(country: str, subdivision: str | None, at: tuple[str, ...], say: Say) -> set[date]:
    import holidays  # costs a third of a second, and only calendars with a country need it

    # The same days for five years on end: with each other set of them it is another calendar.
    first = datetime.now(UTC).year // 5 * 5 - 1
    years = range(first, first + 13)
    try:
        return set(holidays.country_holidays(country, subdiv=subdivision, years=years))
    except (NotImplementedError, KeyError):
        say(at, f'the public holidays of "{country}{"-" + subdivision if subdivision else ""}" are not known')
        return set()


def _zone(name: str, at: tuple[str, ...], say: Say) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        say(at, f'"{name}" is no time zone: write one like Europe/Berlin')
        return "UTC"
    return name


def _sla(name: str, form: Any, calendars: Mapping[str, Calendar], say: Say) -> Sla:
    at = ("sla", name)
    if form.calendar not in calendars:
        say((*at, "calendar"), f'no calendar "{form.calendar}"{known_are(form.calendar, calendars)}')
    targets: dict[tuple[int, Metric], Target] = {}
    for priority, target in form.targets.items():
        calendar = target.calendar or form.calendar
        if calendar not in calendars:
            say((*at, "targets", priority, "calendar"), f'no calendar "{calendar}"{known_are(calendar, calendars)}')
        for metric in Metric:
            promised = getattr(target, metric.value, None)
            if promised is not None:
                minutes, seconds = divmod(int(promised.total_seconds()), 60)
                if minutes < 1:
                    say((*at, "targets", priority, metric.value), "must be a minute at least")
                targets[(int(priority[1]), metric)] = Target(minutes, calendar, seconds)
    escalate = {level: tuple(map(Hearer, who)) for level, who in sorted(form.escalate.items())}
    warn, when = tuple(sorted(form.warn)), value_of(When, form.when)
    return value_of(Sla, form, id=name, targets=targets, warn=warn, escalate=escalate, when=when)


def _check_length(desk: Desk, at: tuple[str, ...], say: Say) -> None:
    """RFC 5321 4.5.3.1: 64 octets before the @, and 254 in all (4.5.3.1.3, less its brackets). Longer ones no server has to take."""
    tokens = 1 + token.LONGEST_DETAIL if desk.subaddress == "plus" else 0
    for index, address in enumerate((desk.address, *desk.aliases)):
        place = (*at, "address") if index == 0 else (*at, "aliases")
        local, _, _ = address.rpartition("@")
        size, behind = len(local.encode()), tokens if index == 0 else 0
        if size > LONGEST_LOCAL:
            say(place, f"{address} has {size} octets before the @, and mail servers take {LONGEST_LOCAL}: shorten it")
        elif size + behind > LONGEST_LOCAL:
            most = LONGEST_LOCAL - behind
            words = (
                f"{address} has {size} octets before the @; with a token ({behind} more) it is over the {LONGEST_LOCAL} that servers take"
            )
            say(place, f'{words}: shorten it to {most}, or set subaddress = "none", and tokens stand in the subject')
        elif len(address.encode()) + behind > LONGEST_ADDRESS:
            say(place, f"{address} is longer than the {LONGEST_ADDRESS} octets that mail servers take, with a token behind it: shorten it")


def _check(policy: Policy, languages: frozenset[str], events: frozenset[str], say: Say) -> None:
    """What no single key can say: names that point to nothing, addresses and prefixes that are there twice."""
    owners: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for id_, desk in policy.desks.items():
        at = ("desks", id_)
        if desk.group not in policy.groups:
            say((*at, "group"), f'no group "{desk.group}"{known_are(desk.group, policy.groups)}')
        elif not policy.members(desk.group):
            say((*at, "group"), f'nobody is in the group "{desk.group}": new tickets would be announced to no one')
        if desk.sla not in policy.slas:
            say((*at, "sla"), f'no sla "{desk.sla}"{known_are(desk.sla, policy.slas)}')
        if desk.language not in languages:
            say((*at, "language"), f'no letters in "{desk.language}": there are {", ".join(sorted(languages))}')
        if desk.forwards is Forwards.COLLEAGUES and not desk.colleagues:
            say((*at, "forwards"), '"colleagues" needs their domains: colleagues = ["example.org"]')
        if desk.prefix in prefixes:
            say((*at, "prefix"), f'"{desk.prefix}" is also the prefix of {prefixes[desk.prefix]}')
        prefixes[desk.prefix] = f"desks.{id_}"
        _zone(desk.timezone, (*at, "timezone"), say)
        _check_length(desk, at, say)
        for key in desk.keys:
            if "+" in key.rpartition("@")[0] and desk.subaddress == "plus":
                say((*at, "address"), f'"{key}" holds a +: mailgate puts its own tokens behind one')
            if key in owners:
                say((*at, "address"), f"{key} belongs to {owners[key]} as well")
            owners[key] = f"desks.{id_}"
    for id_, agent in policy.agents.items():
        at = ("agents", id_)
        for group in agent.groups:
            if group not in policy.groups:
                say((*at, "groups"), f'no group "{group}"{known_are(group, policy.groups)}')
        if agent.timezone:
            _zone(agent.timezone, (*at, "timezone"), say)
        if agent.language and agent.language not in languages:
            say((*at, "language"), f'no letters in "{agent.language}": there are {", ".join(sorted(languages))}')
        for key in agent.keys:
            if policy.is_own(key):
                say((*at, "mail"), f"{key} is the address of a desk: notices to this agent would come back as tickets")
            elif key in owners:
                say((*at, "mail"), f"{key} belongs to {owners[key]} as well")
            owners[key] = f"agents.{id_}"
    for id_, named in policy.groups.items():
        for key, who in (("lead", (named.lead,)), ("manager", (named.manager,)), ("on_call", named.on_call)):
            for one in who:
                if one is not None and one not in policy.agents:
                    say(("groups", id_, key), f'no agent "{one}"{known_are(one, policy.agents)}')
    _check_reports(policy, say)
    check_routing(policy, say)
    for event in policy.letters:
        if event not in events:
            say(("letters", event), f"no such letter{meant(event, events)}")
    if policy.old_number_pattern is not None:
        if words := expression(policy.old_number_pattern):
            say(("tickets", "old_number_pattern"), words)
        elif re.compile(policy.old_number_pattern).groups != 1:
            say(("tickets", "old_number_pattern"), "needs exactly one group in brackets: the number")


def _check_reports(policy: Policy, say: Say) -> None:
    for id_, service in policy.services.items():
        if service.calendar not in policy.calendars:
            say(("services", id_, "calendar"), f'no calendar "{service.calendar}"{known_are(service.calendar, policy.calendars)}')
    if policy.report.timezone:
        _zone(policy.report.timezone, ("report", "timezone"), say)
    for address in policy.report.to:
        if policy.is_own(address):
            say(("report", "to"), f"{address} is the address of a desk: the report would come back as a ticket")
