"""The two files of the configuration, table by table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mailgate.model.brand import Brand
from mailgate.model.installation import (
    DatabaseSettings,
    DkimSettings,
    DoorSettings,
    KeySettings,
    LogSettings,
    OperatorSettings,
    ReaderSettings,
    RelaySettings,
    RoundSettings,
    VerifySettings,
    WebSettings,
)
from mailgate.model.mailbox import MailboxSettings
from mailgate.model.oauth import OAuthSettings
from mailgate.model.policy import Agent, Budgets, Desk, FilesCarried, Group, Policy, RatingSettings, Sla, Timers
from mailgate.model.reporting import ReportSettings, Service
from mailgate.model.routing import Category, Organisation, PrioritySettings, RoutingRule
from mailgate.model.setting import Name, setting, table
from mailgate.settings.forms import form_of, keys_in

Frames = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationFile:
    """This installation: where mail comes in, where it goes out, where it is kept."""

    hostname: str = setting("localhost", "the name we greet with, and the right side of nothing else")
    letters: Literal["send", "hold"] = setting(
        "send", '"hold": everything is composed and nothing leaves, for a trial beside the old system'
    )
    database: DatabaseSettings = table()
    keys: KeySettings = table(required=True)
    operator: OperatorSettings = table(required=True)
    doors: tuple[DoorSettings, ...] = table()
    mailboxes: tuple[MailboxSettings, ...] = table()
    oauth: Mapping[Name, OAuthSettings] = table()
    relay: RelaySettings = table(required=True)
    dkim: tuple[DkimSettings, ...] = table()
    verify: VerifySettings = table()
    web: WebSettings = table()
    reader: ReaderSettings = table()
    rounds: RoundSettings = table()
    log: LogSettings = table()


@dataclass(frozen=True, slots=True)
class HoursTable:
    """When it is open, day by day."""

    mon: Frames = setting((), "Monday", example='["08:00-18:00"]')
    tue: Frames = setting((), "Tuesday", example='["08:00-18:00"]')
    wed: Frames = setting((), "Wednesday", example='["08:00-18:00"]')
    thu: Frames = setting((), "Thursday", example='["08:00-18:00"]')
    fri: Frames = setting((), "Friday", example='["08:00-18:00"]')
    sat: Frames = setting((), "Saturday", example='["09:00-12:00", "13:00-17:00"]')
    sun: Frames = setting((), "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTable:
    """Opening hours of one time zone."""

    timezone: str = setting("UTC", "in which days and hours are meant", example='"Europe/Berlin"')
    holidays: tuple[str, ...] = setting((), "2026-12-24, or 12-24 for every year", example='["01-01", "12-25"]')
    country: str | None = setting(None, "its public holidays as well", example='"DE"')
    subdivision: str | None = setting(None, "and those of this part of it", example='"BY"')
    hours: HoursTable = table(required=True)
    extra: Mapping[str, Frames] = setting({}, "other hours on one day", example='{ "2026-12-24" = ["08:00-12:00"] }')
    breaks: Mapping[str, Frames] = setting({}, "closed in between", example='{ "2026-06-05" = ["12:00-14:00"] }')


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """The policy: desks, people, promises."""

    desks: Mapping[Name, Desk] = table(required=True)
    groups: Mapping[Name, Group] = table()
    agents: Mapping[Name, Agent] = table()
    organisations: Mapping[Name, Organisation] = table()
    categories: Mapping[Name, Category] = table()
    routing: tuple[RoutingRule, ...] = table()
    priority: PrioritySettings = table()
    calendars: Mapping[Name, CalendarTable] = table()
    sla: Mapping[Name, Sla] = table()
    timers: Timers = table()
    ratings: RatingSettings = table()
    budgets: Budgets = table()
    files: FilesCarried = table()
    services: Mapping[Name, Service] = table()
    report: ReportSettings = table()
    brand: Brand = table()
    tickets: Policy = table()
    letters: Mapping[str, bool] = setting({}, "an event, and whether its letters are written", example="{ ticket_closed = false }")


FILES: Mapping[str, Any] = {"mailgate.toml": InstallationFile, "policy.toml": PolicyFile}
InstallationForm: Any = form_of(InstallationFile)
PolicyForm: Any = form_of(PolicyFile)
INSTALLATION_KEYS = keys_in(InstallationFile)
POLICY_KEYS = keys_in(PolicyFile)
