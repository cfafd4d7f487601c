"""What may stand in mailgate.toml and policy.toml: every key with its type, unit and default."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_DURATION = re.compile(r"(?<!\d)(\d+)\s*(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB)?")
_SIZES = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
#: How people write units that are not ours -> the one that they mean.
_MEANT = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "hr": "h", "hrs": "h",
    "hour": "h", "hours": "h", "day": "d", "days": "d", "k": "KiB", "kb": "KiB", "kib": "KiB", "m": "MiB", "mb": "MiB", "mib": "MiB",
    "g": "GiB", "gb": "GiB", "gib": "GiB",
}  # fmt: skip
_NUMBER_AND_UNIT = re.compile(r"(\d+)\s*([A-Za-z]*)")


def duration(value: Any) -> timedelta:
    """`15m`, `4h`, `1h30m`, `2d`, `90s`."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        text = value.replace(" ", "")
        found = _DURATION.findall(text)
        if found and "".join(n + u for n, u in found) == text:
            with suppress(OverflowError):
                return timedelta(seconds=sum(int(n) * _UNITS[u] for n, u in found))
            raise ValueError(f'"{value}" is longer than anything lasts: write 15m, 4h, 1h30m, 2d or 90s')
        if (match := _NUMBER_AND_UNIT.fullmatch(text)) and (unit := _MEANT.get(match[2].lower(), "")) in _UNITS:
            raise ValueError(f'"{value}" is no duration: write "{match[1]}{unit}"')
        if text.isdigit():
            value = int(text)
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'{value} has no unit: write "{value}s" for seconds, "{value}m" for minutes')
    raise ValueError(f'"{value}" is no duration: write 15m, 4h, 1h30m, 2d or 90s')


def span(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("more than 0: write 90s, 15m, 4h or 2d")
    return value


def size(value: Any) -> int:
    """Octets, or `50MiB`."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        if match := _SIZE.fullmatch(value.strip()):
            return int(match[1]) * _SIZES[match[2] or ""]
        if (match := _NUMBER_AND_UNIT.fullmatch(value.strip())) and (unit := _MEANT.get(match[2].lower(), "")) in _SIZES:
            raise ValueError(f'"{value}" is no size: write "{match[1]}{unit}"')
    raise ValueError(f'"{value}" is no size: write 1048576 or 50MiB')


def some_room(value: int) -> int:
    if value < 1024:
        raise ValueError(f"{value} octets hold no mail: write 50MiB")
    return value


def address(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[^\s<>()\[\],;:\\\"@\x00-\x1f]+@[^\s<>()\[\],;:\\\"@\x00-\x1f]+", value):
        return value
    raise ValueError(f'"{value}" is no e-mail address')


def own_address(value: Any) -> str:
    """An agent's address as mails are read: a domain beyond ASCII as its A-label. Otherwise nobody would know who writes from it."""
    local, _, domain = address(value).rpartition("@")
    if domain.isascii():
        return f"{local}@{domain}"
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise ValueError("its domain is no name: a part of it is empty, or longer than 63 octets") from None


def day(value: Any) -> datetime:
    """A date, or an instant with its zone; `2026-11-20` is its beginning in UTC."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueError(f'"{value}" is no date: write 2026-11-20')


def start(value: Any) -> str | datetime:
    """`now`, `unseen` or a date."""
    if value in ("now", "unseen"):
        return str(value)
    try:
        return day(value)
    except ValueError:
        raise ValueError(f'"{value}" is neither "now" nor "unseen" nor a date: write 2026-11-20') from None


def fits(form: re.Pattern[str], words: str) -> Callable[[str], str]:
    """A check that says in words what does not fit."""

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f'"{value[:80]}" is not {words}')
        return value

    return check


Day = Annotated[datetime, BeforeValidator(day)]
Start = Annotated[Literal["now", "unseen"] | datetime, BeforeValidator(start)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Span = Annotated[timedelta, BeforeValidator(duration), AfterValidator(span)]  #: that is not nothing
Size = Annotated[int, BeforeValidator(size)]
Room = Annotated[int, BeforeValidator(size), AfterValidator(some_room)]  #: for a mail
MailAddress = Annotated[str, BeforeValidator(address)]
AgentAddress = Annotated[str, BeforeValidator(own_address)]
_DOMAIN = re.compile(r"\A(?=.{4,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z0-9-]{2,63}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}")
_AFTER = re.compile(r"flag|leave|move:.+")
_SERVER = re.compile(r"[^\s;()\"=]{1,253}")
DomainName = Annotated[str, AfterValidator(fits(_DOMAIN, "the name of a domain: write example.org"))]
Name = Annotated[
    str, AfterValidator(fits(_NAME, "a name of the configuration: up to 40 small letters, digits, - and _, and a letter first"))
]
Prefix = Annotated[str, AfterValidator(fits(_PREFIX, "a prefix: up to 10 letters and digits, and a letter first"))]
AfterWord = Annotated[str, AfterValidator(fits(_AFTER, 'one of "flag", "leave" and "move:FOLDER"'))]
ServerName = Annotated[str, AfterValidator(fits(_SERVER, "the name of a server as it stands first in Authentication-Results"))]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- mailgate.toml: this installation --------------------------------------------------------------------------


class DatabaseForm(Form):
    url: str = "mailgate.db"
    accept_lost_log: bool = False
    password_file: str | None = None
    password_env: str | None = None
    pool_size: int = Field(default=10, ge=2, le=100)


class KeysForm(Form):
    file: str | None = None
    env: str | None = None
    accept_other: bool = False


class OperatorForm(Form):
    mail: MailAddress
    disk_warning: Size = 500 * 1024**2


class DoorForm(Form):
    kind: Literal["smtp", "lmtp"]
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    hostname: str | None = None
    max_size: Room = 50 * 1024**2
    max_recipients: int = Field(default=100, ge=1)
    max_connections: int = Field(default=200, ge=1)
    max_connections_per_address: int = Field(default=20, ge=1)
    max_connections_from_loopback: int | None = Field(default=None, ge=1)
    max_bytes_in_flight: Room = 256 * 1024**2
    max_bytes_per_address: Room | None = None
    max_bytes_from_loopback: Room | None = None
    max_commands: int = Field(default=1000, ge=10)
    command_timeout: Span = timedelta(minutes=5)
    session_time_limit: Span = timedelta(minutes=30)
    stress_timeout: Span = timedelta(seconds=10)
    tls_certificate: str | None = None
    tls_key: str | None = None
    require_tls: bool = False
    insiders: bool = False


class MailboxForm(Form):
    name: Name
    desk: Name
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["tls", "starttls", "none"] = "tls"
    ca_file: str | None = None
    user: str
    password_file: str | None = None
    password_env: str | None = None
    oauth: str | None = None
    folders: tuple[str, ...] = ("INBOX",)
    sent: str | None = None
    junk: str | None = None
    insider_stamp: bool = False
    after: AfterWord = "flag"
    start: Start = "now"
    poll: Duration = timedelta(minutes=1)
    timeout: Span = timedelta(seconds=60)
    max_size: Room = 50 * 1024**2


class OAuthForm(Form):
    provider: Literal["microsoft", "google", "other"]
    grant: Literal["client_credentials", "refresh_token"] = "refresh_token"
    tenant: str | None = None
    token_url: str | None = None
    client_id: str
    client_secret_file: str | None = None
    client_secret_env: str | None = None
    refresh_token_file: str | None = None
    refresh_token_env: str | None = None
    imap_scope: str | None = None
    smtp_scope: str | None = None
    ca_file: str | None = None
    expires_at: Day | None = None


class RelayForm(Form):
    kind: Literal["smtp", "maildir"] = "smtp"
    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str | None = None
    user: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    oauth: str | None = None
    helo: str | None = None
    timeout: Span = timedelta(seconds=60)
    final_timeout: Span = timedelta(minutes=10)
    connections: int = Field(default=2, ge=1, le=20)
    path: str = "outgoing"
    reverse_path: Literal["auto", "null", "desk", "verp"] = "auto"
    message_id_pattern: str | None = None


class VerifyForm(Form):
    servers: tuple[ServerName, ...] = ()
    microsoft: bool = False
    stamps_from: tuple[str, ...] = ("127.0.0.0/8", "::1")
    dns: bool = False
    resolver: tuple[str, ...] = ()
    hops: tuple[str, ...] = ()
    time_limit: Span = timedelta(seconds=5)
    at_once: int = Field(default=16, ge=1, le=200)


class ReaderForm(Form):
    workers: int = Field(default=2, ge=1, le=64)
    writers: int = Field(default=1, ge=1, le=64)
    cpu: Span = timedelta(seconds=2)
    memory: Room = 256 * 1024**2
    wall: Span = timedelta(seconds=10)
    batch: int = Field(default=100, ge=1, le=1000)
    octets: Room = 8 * 1024**2


class RoundsForm(Form):
    read: Span = timedelta(seconds=5)
    clocks: Span = timedelta(seconds=30)
    send: Span = timedelta(seconds=5)
    watch: Span = timedelta(minutes=1)


class LogForm(Form):
    format: Literal["text", "json"] = "text"


class InstallationForm(Form):
    hostname: str = "localhost"
    database: DatabaseForm = DatabaseForm()
    keys: KeysForm
    operator: OperatorForm
    doors: tuple[DoorForm, ...] = ()
    mailboxes: tuple[MailboxForm, ...] = ()
    oauth: dict[Name, OAuthForm] = {}
    relay: RelayForm
    letters: Literal["send", "hold"] = "send"
    verify: VerifyForm = VerifyForm()
    reader: ReaderForm = ReaderForm()
    rounds: RoundsForm = RoundsForm()
    log: LogForm = LogForm()


# --- policy.toml: who may do what ------------------------------------------------------------------------------

Frames = tuple[str, ...]
Priority = Literal["P1", "P2", "P3", "P4", "P5"]


class DeskForm(Form):
    address: MailAddress
    prefix: Prefix
    group: Name
    name: str | None = None
    aliases: tuple[MailAddress, ...] = ()
    language: str = "en"
    timezone: str = "UTC"
    agents_prove_by: Literal["token", "domain", "both"] = "token"
    sla: Name = "standard"
    subaddress: Literal["plus", "none"] = "plus"
    forwards: Literal["agent", "colleagues", "never"] = "agent"
    colleagues: tuple[DomainName, ...] = ()


class GroupForm(Form):
    name: str | None = None
    lead: Name | None = None


class AgentForm(Form):
    name: str
    mail: AgentAddress
    aliases: tuple[AgentAddress, ...] = ()
    groups: tuple[Name, ...] = ()
    role: Literal["agent", "lead", "operator"] = "agent"
    skills: dict[str, Annotated[int, Field(ge=1, le=3)]] = {}
    language: str | None = None
    timezone: str | None = None


class HoursForm(Form):
    mon: Frames = ()
    tue: Frames = ()
    wed: Frames = ()
    thu: Frames = ()
    fri: Frames = ()
    sat: Frames = ()
    sun: Frames = ()


class CalendarForm(Form):
    timezone: str = "UTC"
    hours: HoursForm
    holidays: tuple[str, ...] = ()
    country: str | None = None
    subdivision: str | None = None
    extra: dict[str, Frames] = {}
    breaks: dict[str, Frames] = {}


class TargetForm(Form):
    calendar: Name | None = None
    first_reply: Duration | None = None
    next_reply: Duration | None = None
    update: Duration | None = None
    resolution: Duration | None = None
    work: Duration | None = None
    pickup: Duration | None = None


class SlaForm(Form):
    calendar: Name = "business"
    warn: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (75, 90)
    pause_on_hold: tuple[Literal["vendor", "change", "problem", "scheduled", "user"], ...] = ("scheduled",)
    targets: dict[Priority, TargetForm] = {}


class TimersForm(Form):
    reminders: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)
    auto_resolve: Annotated[int, Field(ge=1)] | Literal["never"] = 6
    auto_close: Annotated[int, Field(ge=1)] | Literal["never"] = 5
    reopen_window: Duration = timedelta(days=14)


Limit = Annotated[int, Field(ge=0)] | Literal["none"]


class BudgetsForm(Form):
    per_address_hour: Limit = 3
    per_address_day: Limit = 10
    proven_per_hour: Limit = 20
    proven_per_day: Limit = 60
    proof_lasts: Duration = timedelta(days=90)
    unknown_per_minute: Limit = 20
    known_per_minute: Limit = 600
    longest_delay: Duration = timedelta(hours=1)
    stale_after: Duration = timedelta(hours=24)
    notices_per_hour: Limit = 30
    proven_notices_per_hour: Limit = 200
    answers_per_hour: Limit = 6
    together_after: Duration = timedelta(minutes=10)
    suppress_for: Duration = timedelta(days=60)


class FilesForm(Form):
    per_letter: int = Field(default=50, ge=0, le=1000)
    octets_per_letter: Size = 25 * 1024**2


class TicketsForm(Form):
    default_priority: Priority = "P4"
    request_priority: Priority = "P5"
    old_number_pattern: str | None = None
    bad_tokens_per_hour: int = Field(default=20, ge=1)
    rating_comments_to: tuple[Literal["owner", "lead"], ...] = ("owner",)


class PolicyForm(Form):
    desks: dict[Name, DeskForm] = Field(min_length=1)
    groups: dict[Name, GroupForm] = {}
    agents: dict[Name, AgentForm] = {}
    calendars: dict[Name, CalendarForm] = {}
    sla: dict[Name, SlaForm] = {}
    timers: TimersForm = TimersForm()
    budgets: BudgetsForm = BudgetsForm()
    files: FilesForm = FilesForm()
    tickets: TicketsForm = TicketsForm()
    letters: dict[str, bool] = {}


def _keys(form: type[BaseModel]) -> tuple[str, ...]:
    return tuple(form.model_fields)


INSTALLATION_KEYS = {
    (): _keys(InstallationForm),
    ("database",): _keys(DatabaseForm),
    ("keys",): _keys(KeysForm),
    ("operator",): _keys(OperatorForm),
    ("doors", "*"): _keys(DoorForm),
    ("mailboxes", "*"): _keys(MailboxForm),
    ("oauth", "*"): _keys(OAuthForm),
    ("relay",): _keys(RelayForm),
    ("verify",): _keys(VerifyForm),
    ("reader",): _keys(ReaderForm),
    ("rounds",): _keys(RoundsForm),
    ("log",): _keys(LogForm),
}
POLICY_KEYS = {
    (): _keys(PolicyForm),
    ("desks", "*"): _keys(DeskForm),
    ("groups", "*"): _keys(GroupForm),
    ("agents", "*"): _keys(AgentForm),
    ("calendars", "*"): _keys(CalendarForm),
    ("calendars", "*", "hours"): _keys(HoursForm),
    ("sla", "*"): _keys(SlaForm),
    ("sla", "*", "targets"): ("P1", "P2", "P3", "P4", "P5"),
    ("sla", "*", "targets", "*"): _keys(TargetForm),
    ("timers",): _keys(TimersForm),
    ("budgets",): _keys(BudgetsForm),
    ("files",): _keys(FilesForm),
    ("tickets",): _keys(TicketsForm),
}
