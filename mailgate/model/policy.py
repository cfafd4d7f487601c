"""The policy: what the operator decides. Desks, agents, groups, calendars, promises, timers, budgets. Loaded once, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailgate.model.calendar import Calendar
from mailgate.model.person import Role
from mailgate.model.token import split_address, well_formed_detail

#: Priorities are 1 (critical) to 5 (planned); "P1" is how people write them.
PRIORITY_NAMES: Mapping[str, int] = {
    "p1": 1, "p2": 2, "p3": 3, "p4": 4, "p5": 5,
    "critical": 1, "urgent": 2, "high": 2, "normal": 3, "medium": 3, "low": 4, "planning": 5,
    # What our letters call it, to agents and to requesters: whoever types that means that.
    "very urgent": 1, "important": 3, "standard": 4, "planned": 5,
    "kritisch": 1, "sehr dringend": 1, "hoch": 2, "dringend": 2, "wichtig": 3, "niedrig": 4, "geplant": 5,
}  # fmt: skip


class ProveBy(StrEnum):
    """How the agents of a desk prove themselves. One setting per desk, never inferred from a mail."""

    TOKEN = "token"
    DOMAIN = "domain"
    BOTH = "both"


class Forwards(StrEnum):
    """Whose forwards open a ticket for who wrote first. Whoever passes a mail on has to be proven."""

    AGENT = "agent"
    COLLEAGUES = "colleagues"  #: agents, and whoever writes from one of the desk's colleague domains
    NEVER = "never"


class Metric(StrEnum):
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    UPDATE = "update"
    RESOLUTION = "resolution"
    WORK = "work"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers. `id` is the name in policy.toml and in `#assign`."""

    id: str
    name: str
    address: str
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    role: Role = Role.AGENT
    skills: Mapping[str, int] = field(default_factory=dict)
    language: str | None = None
    timezone: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *(alias.lower() for alias in self.aliases)))


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str
    lead: str | None = None  #: agent id


@dataclass(frozen=True, slots=True)
class Desk:
    """An address that takes in requests, with its prefix. `aliases` are further addresses of the same desk."""

    id: str
    address: str
    prefix: str
    name: str
    group: str
    aliases: tuple[str, ...] = ()
    language: str = "en"
    timezone: str = "UTC"
    agents_prove_by: ProveBy = ProveBy.TOKEN
    sla: str = "standard"
    subaddress: str = "plus"  #: "plus" | "none": where the host has no subaddresses, tokens stand in the subject
    forwards: Forwards = Forwards.AGENT
    colleagues: frozenset[str] = frozenset()  #: domains, lower case

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *(alias.lower() for alias in self.aliases)))

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many minutes of this calendar. `calendar` is an id of the policy, or "always"."""

    minutes: int
    calendar: str


@dataclass(frozen=True, slots=True)
class Sla:
    """Targets by (priority, metric). What is not listed is not promised."""

    id: str
    targets: Mapping[tuple[int, Metric], Target]
    warn: tuple[int, ...] = (75, 90)  #: percent of the target, in business time
    pause_on_hold: frozenset[str] = frozenset({"scheduled"})  #: hold reasons that pause `resolution`
    calendar: str = "business"  #: timers (reminders, auto-resolve, auto-close) count on it


@dataclass(frozen=True, slots=True)
class Timers:
    """Business days on the desk's calendar; one business day is the opening time of one open day."""

    reminders: tuple[int, ...] = (2, 4)
    auto_resolve: int | None = 6
    auto_close: int | None = 5
    reopen_window: timedelta = timedelta(days=14)


def _wider(of_all: int | None, of_the_proven: int | None) -> int | None:
    if not of_all or of_the_proven is None:
        return of_all and of_the_proven
    return max(of_all, of_the_proven)


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many automatic letters may leave. None lifts a limit."""

    per_address_hour: int | None = 3  #: to an outsider who is not proven, all kinds together; `x+y@` is `x@`
    per_address_day: int | None = 10
    proven_per_hour: int | None = 20  #: to one who is: by the mail that is answered, or by an answer within `proof_lasts`
    proven_per_day: int | None = 60
    proof_lasts: timedelta = timedelta(days=90)
    unknown_per_minute: int | None = 20  #: all letters to unknown or unproven addresses
    known_per_minute: int | None = 600
    longest_delay: timedelta = timedelta(hours=1)
    stale_after: timedelta = timedelta(hours=24)  #: mail that old opens tickets but causes no automatic letter
    notices_per_hour: int | None = 30  #: to each agent because of one sender; what is more is told together, and never dropped
    proven_notices_per_hour: int | None = 200  #: because of a colleague who has shown that it is he
    answers_per_hour: int | None = 6  #: of one kind to mails in an agent's name that do not show it
    together_after: timedelta = timedelta(minutes=10)  #: how long notices wait for each other
    suppress_for: timedelta = timedelta(days=60)  #: an address that does not work gets nothing automatic for so long

    def of_address(self, proven: bool) -> tuple[int | None, int | None]:
        """The limits of one address, for an hour and for a day. Proof never makes them narrower, and nought forbids for everybody."""
        if not proven:
            return self.per_address_hour, self.per_address_day
        return _wider(self.per_address_hour, self.proven_per_hour), _wider(self.per_address_day, self.proven_per_day)

    @property
    def has_minutes(self) -> bool:
        """Whether anything is limited by the minute."""
        return self.unknown_per_minute is not None or self.known_per_minute is not None


@dataclass(frozen=True, slots=True)
class FilesCarried:
    """How many files of a mail one letter takes along. The rest is named in it and stays with the mail."""

    per_letter: int = 50
    octets_per_letter: int = 25 * 1024 * 1024  #: of all of them, decoded


@dataclass(frozen=True, slots=True)
class Policy:
    """One loaded policy.toml. `digest` names it in the database; cycles cite it."""

    digest: str
    desks: Mapping[str, Desk]
    agents: Mapping[str, Agent]
    groups: Mapping[str, Group]
    calendars: Mapping[str, Calendar]  #: always holds "always"
    slas: Mapping[str, Sla]
    timers: Timers = Timers()
    budgets: Budgets = Budgets()
    files: FilesCarried = FilesCarried()
    letters: Mapping[str, bool] = field(default_factory=dict)  #: event -> whether its letters are written; missing means yes
    default_priority: int = 4
    request_priority: int = 5  #: kind `request`: impact 3, urgency 3
    bad_tokens_per_hour: int = 20
    rating_comments_to: frozenset[str] = frozenset({"owner"})  #: owner, lead: who reads what stands beside a rating
    old_number_pattern: str | None = None  #: a predecessor's numbers in subjects, one group: the ticket number
    residue_line: int = 20  #: characters from which a line of a notice counts as residue

    @property
    def domains(self) -> frozenset[str]:
        """Those of our desks and agents: under one of them an insider writes."""
        desks = (key for desk in self.desks.values() for key in desk.keys)
        agents = (key for agent in self.agents.values() for key in agent.keys)
        return frozenset(address.rpartition("@")[2] for address in (*desks, *agents))

    def wants(self, event: str) -> bool:
        return self.letters.get(event, True)

    def desk_at(self, address: str) -> Desk | None:
        """The desk an envelope recipient belongs to; a well-formed subaddress of a desk is always accepted."""
        base, detail, domain = split_address(address.strip())
        plain, full = f"{base}@{domain}".lower(), address.strip().lower()
        for desk in self.desks.values():
            if full in desk.keys:
                return desk
            if plain in desk.keys and detail and (desk.subaddress == "plus") and well_formed_detail(detail):
                return desk
        return None

    def agent_at(self, address: str) -> Agent | None:
        key = address.lower()
        return next((agent for agent in self.agents.values() if key in agent.keys), None)

    def members(self, group: str) -> tuple[Agent, ...]:
        return tuple(agent for agent in self.agents.values() if group in agent.groups)

    def lead_of(self, group: str) -> Agent | None:
        lead = self.groups[group].lead if group in self.groups else None
        return self.agents.get(lead) if lead else None

    def is_own(self, address: str) -> bool:
        """Whether this is an address of one of our desks, with or without a detail."""
        base, _, domain = split_address(address.strip())
        plain = f"{base}@{domain}".lower()
        return any(plain in desk.keys or address.strip().lower() in desk.keys for desk in self.desks.values())
