"""The policy: what the operator decides. Desks, agents, groups, calendars, promises, timers, budgets. Loaded once, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from mailgate.model.brand import Brand
from mailgate.model.calendar import Calendar
from mailgate.model.person import Role
from mailgate.model.reporting import ReportSettings, Service
from mailgate.model.routing import Category, Organisation, PrioritySettings, RoutingRule
from mailgate.model.setting import MIB, Address, As, Between, Days, Duration, Limit, Name, Priority, Size, Some, setting, table
from mailgate.model.token import split_address, well_formed_detail

#: Priorities are 1 (critical) to 5 (planned); "P1" is how people write them.
PRIORITY_NAMES: Mapping[str, int] = {
    "p1": 1, "p2": 2, "p3": 3, "p4": 4, "p5": 5,
    "critical": 1, "urgent": 2, "high": 2, "normal": 3, "medium": 3, "low": 4, "planning": 5,
    # What our letters call it, to agents and to requesters: whoever types that means that.
    "very urgent": 1, "important": 3, "standard": 4, "planned": 5,
    "kritisch": 1, "sehr dringend": 1, "hoch": 2, "dringend": 2, "wichtig": 3, "niedrig": 4, "geplant": 5,
    "critique": 1, "très urgent": 1, "haute": 2, "élevée": 2, "normale": 3, "basse": 4, "planifié": 5, "planifiée": 5,
    "crítica": 1, "muy urgente": 1, "alta": 2, "urgente": 2, "importante": 3, "baja": 4, "estándar": 4, "planificada": 5,
    "حرجة": 1, "عاجلة جدًا": 1, "عالية": 2, "عاجلة": 2, "متوسطة": 3, "مهمة": 3, "منخفضة": 4, "عادية": 4, "مخطط لها": 5,
    "最優先": 1, "非常に緊急": 1, "高": 2, "緊急": 2, "中": 3, "重要": 3, "低": 4, "通常": 4, "計画": 5,
}  # fmt: skip

PriorityName = Literal["P1", "P2", "P3", "P4", "P5"]
HoldWord = Literal["vendor", "change", "problem", "scheduled", "user"]
KindWord = Literal["incident", "request", "problem"]


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


class Assign(StrEnum):
    """Who of a group is given a ticket that nobody owns."""

    MANUAL = "manual"  #: nobody: all are told, and whoever answers has it
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"


class Mode(StrEnum):
    OFFER = "offer"
    PUSH = "push"


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers. `id` is the name in policy.toml and in `#assign`."""

    id: str
    name: str = setting(meaning="as it stands in letters")
    address: Annotated[str, As.AGENT_ADDRESS] = setting(meaning="who writes from it is this agent", key="mail")
    aliases: tuple[Annotated[str, As.AGENT_ADDRESS], ...] = setting((), "further addresses", example='["a.berg@example.org"]')
    groups: tuple[Name, ...] = setting((), "whose new tickets this agent hears of", example='["it"]')
    role: Role = setting(Role.AGENT, "agent, lead or operator", of=Literal["agent", "lead", "operator"])
    language: str | None = setting(None, "of notices, else the desk's", example='"de"')
    timezone: str | None = setting(None, "in which notices tell times, else the desk's", example='"Europe/Berlin"')
    skills: Mapping[Name, Annotated[int, Between(1, 3)]] = setting(
        {}, "what this agent knows, 1 (a little) to 3 (all about it)", example="{ network = 2 }"
    )
    hours: Name | None = setting(None, "the calendar of this agent's working hours, else that of the desk's sla", example='"business"')
    capacity: Some = setting(20, "whoever has so much is given no more: of each open ticket 4 for P1, 3 for P2, 2 for P3, 1 for others")

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *(alias.lower() for alias in self.aliases)))


@dataclass(frozen=True, slots=True)
class Group:
    """Agents who answer for tickets together."""

    id: str
    name: str = setting("", "as it stands in letters, else the one in the file", example='"IT"')
    lead: Name | None = setting(None, "hears of broken promises and low ratings", example='"ann"')
    manager: Name | None = setting(None, "hears of promises that stay broken; else the lead does", example='"eve"')
    on_call: tuple[Name, ...] = setting((), "hear of those that nobody mends; else the manager does", example='["bob", "ann"]')
    assign: Assign = setting(
        Assign.MANUAL, 'who is given a new ticket: "manual": all are told, and one takes it; "least_loaded"; or "round_robin"'
    )
    mode: Mode | None = setting(
        None,
        '"offer": one is asked, and may pass it on; "push": it is theirs at once; else "offer" where there are several',
        example='"offer"',
    )
    calendar: Name | None = setting(None, "on which the time to take an offer counts, else that of the sla", example='"business"')


@dataclass(frozen=True, slots=True)
class Desk:
    """An address that takes in requests, with its prefix."""

    id: str
    address: Address = setting(meaning="people write here")
    prefix: Annotated[str, As.PREFIX] = setting(meaning="tickets are called IT-1042")
    name: str = setting("", "as it stands in From:, else the prefix", example='"IT Support"', required=False)
    group: Name = setting("", "who hears of a new ticket", required=True)
    aliases: tuple[Address, ...] = setting((), "further addresses of this desk", example='["help@example.org"]')
    language: str = setting("en", "of letters to people whose language is not known: en, de, fr, es, ar, ja")
    timezone: str = setting("UTC", "in which letters tell times", example='"Europe/Berlin"')
    agents_prove_by: ProveBy = setting(
        ProveBy.TOKEN, 'how agents prove themselves: by answering our letters; "domain": by [verify]; or "both"'
    )
    sla: Name = setting("standard", "which promises hold where those of no [sla.NAME.when] do")
    subaddress: Literal["plus", "none"] = setting(
        "plus", '"none" where the mail server has no support+something@: tokens then stand in the subject'
    )
    forwards: Forwards = setting(
        Forwards.AGENT, 'whose forwards open a ticket for who wrote first: proven agents; "colleagues", too; "never"'
    )
    colleagues: frozenset[Annotated[str, As.DOMAIN]] = setting(
        frozenset(), "the domains of colleagues, who are proven by them: a From: alone passes nothing on", example='["example.org"]'
    )

    brand: Brand = table(Brand())

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *(alias.lower() for alias in self.aliases)))

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many minutes and seconds of this calendar. `calendar` is an id of the policy, or "always"."""

    minutes: int
    calendar: str
    seconds: int = 0  #: beyond the minutes

    @property
    def whole_s(self) -> int:
        """All of it, in seconds."""
        return self.minutes * 60 + self.seconds


@dataclass(frozen=True, slots=True)
class PromiseSettings:
    """What one priority is promised: durations on a calendar. What is not listed is not promised."""

    calendar: Name | None = setting(None, 'else that of the sla; "always" is around the clock', example='"always"')
    first_reply: Duration | None = setting(None, "from the request to the first answer of a person", example='"4h"')
    next_reply: Duration | None = setting(None, "from a requester's further mail to an answer", example='"8h"')
    update: Duration | None = setting(None, "from one public word to the next, while the ticket is open", example='"24h"')
    resolution: Duration | None = setting(
        None, "from the request to its solution; stands still while the requester is asked", example='"24h"'
    )
    work: Duration | None = setting(None, "as resolution, while the ticket is with us", example='"16h"')
    pickup: Duration | None = setting(None, "from its group's having it until somebody is its owner", example='"2h"')


@dataclass(frozen=True, slots=True)
class When:
    """Which tickets promises are meant for: all that is named has to be so. Where nothing is named, whoever names the promises decides."""

    desk: frozenset[Name] = setting(frozenset(), "one of these desks", example='["it"]')
    group: frozenset[Name] = setting(frozenset(), "one of these groups", example='["network"]')
    kind: frozenset[KindWord] = setting(frozenset(), "incident, request or problem", example='["request"]')
    category: frozenset[Name] = setting(frozenset(), "one of these categories", example='["vpn"]')
    organisation: frozenset[Name] = setting(frozenset(), "its requester is of one of these organisations", example='["acme"]')
    vip: bool | None = setting(None, "its requester is a VIP, or is none", example="true")


class Hearer(StrEnum):
    """Who hears of a broken promise."""

    OWNER = "owner"  #: while there is none, the group
    GROUP = "group"
    LEAD = "lead"
    MANAGER = "manager"
    ON_CALL = "on_call"


#: At the breach, half as long again, and twice the promised time.
ESCALATE: Mapping[int, tuple[Hearer, ...]] = {100: (Hearer.OWNER, Hearer.LEAD), 150: (Hearer.MANAGER, Hearer.GROUP), 200: (Hearer.ON_CALL,)}


@dataclass(frozen=True, slots=True)
class Sla:
    """Targets by (priority, metric). What is not listed is not promised."""

    id: str
    targets: Mapping[tuple[int, Metric], Target] = table(of=Mapping[PriorityName, PromiseSettings])
    warn: tuple[Annotated[int, Between(1, 99)], ...] = setting((75, 90), "percent of the promised time")
    pause_on_hold: frozenset[HoldWord] = setting(frozenset({"scheduled"}), "which reasons of #hold stop the resolution clock")
    calendar: Name = setting("business", "timers count on it as well")
    escalate: Mapping[Annotated[int, Between(100, 10_000)], tuple[Hearer, ...]] = setting(
        ESCALATE,
        "who hears of a broken promise, by the percent of the promised time that are used up; the owner is the group while there is none",
    )
    again: Days = setting(1, 'days after which a promise that is still broken is told once more, or "never"')
    next_reply_from_first_message: bool = setting(
        False, "next_reply counts from the first message on as well; otherwise first_reply covers that stretch"
    )
    order: int = setting(0, "of promises with conditions that fit a ticket, those with the lowest hold, else those that stand first")
    when: When = table(When())


@dataclass(frozen=True, slots=True)
class Timers:
    """Business days on the desk's calendar; one business day is the opening time of one open day."""

    reminders: tuple[Some, ...] = setting((2, 4), "while we wait for the requester")
    auto_resolve: Days = setting(6, 'or "never"')
    auto_close: Days = setting(5, 'after resolving, or "never"')
    reopen_window: Duration = setting(timedelta(days=14), "an answer after that opens a new ticket")
    rating_window: Duration = setting(timedelta(days=14), "after closing; a rating after that is thanked for and does not count")


@dataclass(frozen=True, slots=True)
class RatingSettings:
    """When requesters are asked how good it was, and what a low rating asks of us."""

    ask: Literal["inline", "delayed", "off"] = setting(
        "inline", 'with the solution; "delayed": in a letter of its own, when it has proven itself; "off": nobody is asked'
    )
    delay: Duration = setting(timedelta(hours=24), 'opening hours of the desk between solution and question, where ask is "delayed"')
    rest_after_rating: Duration = setting(timedelta(days=3), "for so long nobody who gave a rating is asked for another")
    rest_after_question: Duration = setting(timedelta(days=7), 'nor who was asked, where ask is "delayed"')
    follow_up: Some = setting(1, "business days in which somebody gets in touch after a rating of 1 or 2")


def _wider(of_all: int | None, of_the_proven: int | None) -> int | None:
    if not of_all or of_the_proven is None:
        return of_all and of_the_proven
    return max(of_all, of_the_proven)


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many automatic letters may leave. None lifts a limit."""

    per_address_hour: Limit = setting(3, "to an outsider who has proven nothing, all kinds together; x+y@ is the same as x@")
    per_address_day: Limit = setting(10, "the same for a day")
    proven_per_hour: Limit = setting(20, "to one whose mail is authentic or answers a letter of ours, or who answered one lately")
    proven_per_day: Limit = setting(60, "the same for a day")
    proof_lasts: Duration = setting(timedelta(days=90), "how long ago that may be")
    unknown_per_minute: Limit = setting(20, "to all unproven addresses together; what is more waits, up to longest_delay")
    known_per_minute: Limit = setting(600, "to all others together")
    longest_delay: Duration = setting(timedelta(hours=1), "what would wait for longer is not written")
    stale_after: Duration = setting(timedelta(hours=24), "mail that old is not answered by a machine")
    notices_per_hour: Limit = setting(30, "to each agent because of one sender; what is more comes in one letter, nothing is dropped")
    proven_notices_per_hour: Limit = setting(200, "because of colleagues who have shown who they are")
    answers_per_hour: Limit = setting(6, "of each kind, to mails in an agent's name that do not show that")
    together_after: Duration = setting(timedelta(minutes=10), "how long such notices wait for each other")
    suppress_for: Duration = setting(timedelta(days=60), "an address that bounced for good gets nothing automatic for so long")

    def of_address(self, proven: bool) -> tuple[int | None, int | None]:
        """The limits of one address, for an hour and for a day. Proof never makes them narrower, and nought forbids for everybody."""
        if not proven:
            return self.per_address_hour, self.per_address_day
        return _wider(self.per_address_hour, self.proven_per_hour), _wider(self.per_address_day, self.proven_per_day)

    @property
    def has_minutes(self) -> bool:
        return self.unknown_per_minute is not None or self.known_per_minute is not None


@dataclass(frozen=True, slots=True)
class FilesCarried:
    """How many files of a mail one letter takes along. The rest is named in it and stays with the mail."""

    per_letter: Annotated[int, Between(0, 1000)] = setting(50, "of one mail; what is beyond is named in the letter and stays with the mail")
    octets_per_letter: Size = setting(25 * MIB, "of all of them together, before they are written for mail (which adds a third)")


@dataclass(frozen=True, slots=True)
class Policy:
    """One loaded policy.toml. `digest` names it in the database; cycles cite it."""

    digest: str
    desks: Mapping[str, Desk]
    agents: Mapping[str, Agent]
    groups: Mapping[str, Group]
    calendars: Mapping[str, Calendar]  #: always holds "always"
    slas: Mapping[str, Sla]
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    routing: tuple[RoutingRule, ...] = ()
    priority: PrioritySettings = PrioritySettings()
    timers: Timers = Timers()
    ratings: RatingSettings = RatingSettings()
    budgets: Budgets = Budgets()
    files: FilesCarried = FilesCarried()
    services: Mapping[str, Service] = field(default_factory=dict)
    report: ReportSettings = ReportSettings()
    languages: frozenset[str] = frozenset({"en"})  #: that letters are written in
    letters: Mapping[str, bool] = field(default_factory=dict)  #: event -> whether its letters are written; missing means yes
    default_priority: Priority = setting(4, "of a new ticket of which nothing else is known: its cell of the matrix is where all begin")
    request_priority: Priority = setting(5, "of a ticket that becomes a request (#kind request), but for what an agent has set by hand")
    bad_tokens_per_hour: Some = setting(20, "of one author, before subject tokens are ignored for an hour")
    rating_comments_to: frozenset[Literal["owner", "lead"]] = setting(
        frozenset({"owner"}), 'who reads what a requester writes beside a rating: "owner" (else the group), "lead"'
    )
    old_number_pattern: str | None = setting(
        None, "a predecessor's numbers in subjects, with one group: the number", example=r"'\[#(\d+)\]'"
    )
    residue_line: int = 20  #: characters from which a line of a notice counts as residue
    former: Mapping[str, Calendar] = field(default_factory=dict)  #: by their digest: calendars of before, on which cycles were counted

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
            known = well_formed_detail(detail) or self.named_at(full) is not None
            if plain in desk.keys and detail and (desk.subaddress == "plus") and known:
                return desk
        return None

    def agent_at(self, address: str) -> Agent | None:
        key = address.lower()
        return next((agent for agent in self.agents.values() if key in agent.keys), None)

    def named_at(self, address: str) -> str | None:
        """The category or group that an address stands for: one of a category's own, or what stands behind the plus."""
        key = address.strip().lower()
        if (own := next((c.id for c in self.categories.values() if key in map(str.lower, c.addresses)), None)) is not None:
            return own
        base, detail, domain = split_address(key)
        desk = next((d for d in self.desks.values() if f"{base}@{domain}" in d.keys), None)
        return detail if desk and desk.subaddress == "plus" and (detail in self.categories or detail in self.groups) else None

    def organisation_at(self, address: str) -> str | None:
        """Whose domain, or whose domain above it, somebody writes from; of several the longest name."""
        parts = address.lower().rpartition("@")[2].split(".")
        names = (".".join(parts[at:]) for at in range(len(parts)))
        return next((one.id for name in names for one in self.organisations.values() if name in one.domains), None)

    def members(self, group: str) -> tuple[Agent, ...]:
        return tuple(agent for agent in self.agents.values() if group in agent.groups)

    def assigns(self, group: str) -> bool:
        """Whether somebody of the group is given what nobody owns, instead of all being told."""
        return group in self.groups and self.groups[group].assign is not Assign.MANUAL

    def lead_of(self, group: str) -> Agent | None:
        lead = self.groups[group].lead if group in self.groups else None
        return self.agents.get(lead) if lead else None

    def is_own(self, address: str) -> bool:
        """Whether this is an address of one of our desks, with or without a detail."""
        base, _, domain = split_address(address.strip())
        plain = f"{base}@{domain}".lower()
        return any(plain in desk.keys or address.strip().lower() in desk.keys for desk in self.desks.values())
