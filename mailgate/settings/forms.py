"""The form of a table in mailgate.toml or policy.toml, and the value that it becomes: both follow from how its settings are declared."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from mailgate.model.installation import is_loopback
from mailgate.model.setting import As, Between, settings_of

T = TypeVar("T")

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


def colour(value: Any) -> str:
    """`#2f55d4`, also as `#25d`."""
    if isinstance(value, str) and (match := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", value.lower())):
        digits = match[1]
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
    raise ValueError(f'"{value}" is no colour: write one like #2f55d4')


def start(value: Any) -> str | datetime:
    """`now`, `unseen` or a date."""
    if value in ("now", "unseen"):
        return str(value)
    try:
        return day(value)
    except ValueError:
        raise ValueError(f'"{value}" is neither "now" nor "unseen" nor a date: write 2026-11-20') from None


def listen(value: str) -> str:
    """`127.0.0.1:8080`, `[::1]:8080`; `:8080` is every address."""
    host, colon, port = value.rpartition(":")
    plain = host.strip("[]") if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in plain) != (plain != host) or not _HOST.fullmatch(plain or "x"):
        raise ValueError(f'"{value[:80]}" is no address with a port: write 127.0.0.1:8080 or [::1]:8080')
    return value


def web_place(value: str) -> str:
    """What links begin with. Nothing that a reader would take for another host, and nothing that has to be quoted."""
    match = _WEB_PLACE.fullmatch(value)
    if match is None or ".." in value:
        raise ValueError(f'"{value[:80]}" is nothing that a link can begin with: write https://help.example.org')
    if not 0 < int(match[3] or 1) < 65536:
        raise ValueError(f'"{value[:80]}" has a port that there is not')
    if match[1] == "http" and not is_loopback(match[2].strip("[]")):
        raise ValueError("http shows everybody on the way what only the reader of a letter should see: write https://")
    return value


def fits(form: re.Pattern[str], words: str) -> Callable[[str], str]:
    """A check that says in words what does not fit."""

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f'"{value[:80]}" is not {words}')
        return value

    return check


_DOMAIN = re.compile(r"\A(?=.{4,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z0-9-]{2,63}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_WEB_PLACE = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,120}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::([0-9]{1,5}))?((?:/[A-Za-z0-9._~-]{1,40}){0,4})/?"
)
_SHORT = re.compile(r"\S{0,3}")
_AFTER = re.compile(r"flag|leave|move:.+")
_SERVER = re.compile(r"[^\s;()\"=]{1,253}")
_SELECTOR = re.compile(r"(?=.{1,100}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_A_NAME = "a name of the configuration: up to 40 small letters, digits, - and _, and a letter first"

#: How each kind of value is written, as pydantic reads it.
WRITTEN: Mapping[As, Any] = {
    As.SIZE: Annotated[int, BeforeValidator(size)],
    As.ROOM: Annotated[int, BeforeValidator(size), AfterValidator(some_room)],
    As.DURATION: Annotated[timedelta, BeforeValidator(duration)],
    As.SPAN: Annotated[timedelta, BeforeValidator(duration), AfterValidator(span)],
    As.DAY: Annotated[datetime, BeforeValidator(day)],
    As.ADDRESS: Annotated[str, BeforeValidator(address)],
    As.AGENT_ADDRESS: Annotated[str, BeforeValidator(own_address)],
    As.DOMAIN: Annotated[str, AfterValidator(fits(_DOMAIN, "the name of a domain: write example.org"))],
    As.SERVER: Annotated[str, AfterValidator(fits(_SERVER, "the name of a server as it stands first in Authentication-Results"))],
    As.SELECTOR: Annotated[str, AfterValidator(fits(_SELECTOR, "a selector: write letters, digits and -, like mg1"))],
    As.NETWORK: str,
    As.NAME: Annotated[str, AfterValidator(fits(_NAME, _A_NAME))],
    As.PREFIX: Annotated[str, AfterValidator(fits(_PREFIX, "a prefix: up to 10 letters and digits, and a letter first"))],
    As.PRIORITY: Literal["P1", "P2", "P3", "P4", "P5"],
    As.LIMIT: Annotated[int, Field(ge=0)] | Literal["none"],
    As.DAYS: Annotated[int, Field(ge=1)] | Literal["never"],
    As.START: Annotated[Literal["now", "unseen"] | datetime, BeforeValidator(start)],
    As.AFTER: Annotated[str, AfterValidator(fits(_AFTER, 'one of "flag", "leave" and "move:FOLDER"'))],
    As.LISTEN: Annotated[str, AfterValidator(listen)],
    As.WEB_PLACE: Annotated[str, AfterValidator(web_place)],
    As.FILE: str,
    As.COLOUR: Annotated[str, BeforeValidator(colour)],
    As.SHORT: Annotated[str, AfterValidator(fits(_SHORT, "up to 3 letters"))],
}
#: What the value of one becomes, where that is another.
MEANT: Mapping[As, Callable[[Any], Any]] = {
    As.DOMAIN: str.lower,
    As.SERVER: str.lower,
    As.SELECTOR: str.lower,
    As.PREFIX: str.upper,
    As.PRIORITY: lambda value: int(value[1]),
    As.LIMIT: lambda value: None if value == "none" else value,
    As.DAYS: lambda value: None if value == "never" else value,
}

#: Keys that older files hold, by the class of their table: their form is looked at as ever, and nothing asks for their value.
RETIRED: Mapping[str, Mapping[str, Any]] = {}


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # a table is built as part of its file, once


@cache
def form_of(kind: Any) -> type[Form]:
    """What may stand in a table whose settings are declared in this class."""
    found: dict[str, Any] = {}
    for key, (one, said) in settings_of(kind).items():
        hint = hints_of(kind)[one.name]
        several = get_origin(hint) in (tuple, frozenset, Mapping)
        default: Any = one.default_factory() if callable(one.default_factory) else one.default
        if said.required:
            default = Field(min_length=1) if several else ...
        elif default is MISSING or is_dataclass(hint):  # a table
            default = Field(default_factory=dict if several else form_of(hint))
        found[key] = (form_type(said.of or hint), default)
    found |= {key: (hint, None) for key, hint in RETIRED.get(kind.__name__, {}).items()}
    return create_model(f"{kind.__name__}Form", __base__=Form, **found)


@cache
def hints_of(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


def form_type(hint: Any) -> Any:
    """A type as the file is read by it."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return form_of(hint)
    if origin is Annotated:
        if isinstance(inner[1], As):
            return WRITTEN[inner[1]]
        return Annotated[inner[0], Field(ge=inner[1].least, le=inner[1].most)] if isinstance(inner[1], Between) else hint
    if origin in (Union, UnionType):
        return Union[tuple(form_type(one) for one in inner)]  # noqa: UP007
    if origin in (tuple, frozenset):
        return tuple[form_type(inner[0]), ...]  # type: ignore[misc]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict[form_type(inner[0]), form_type(inner[1])]  # type: ignore[misc]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Literal[tuple(one.value for one in hint)]
    return hint


def value_of(kind: Callable[..., T], form: Any, folder: Path | None = None, **instead: Any) -> T:
    """What a form says, as the program has it. `folder`: where its files are looked for; `instead`: what follows from more than one key."""
    found: dict[str, Any] = {}
    for key, (one, _) in settings_of(kind).items():
        hint = hints_of(kind)[one.name]
        value = getattr(form, key)
        if folder is not None and value is not None and _is_file(hint):
            found[one.name] = str(folder / value)
        elif one.name not in instead and key in form.model_fields_set:
            found[one.name] = _value(hint, value)
    return kind(**{**found, **instead})


def _is_file(hint: Any) -> bool:
    return As.FILE in get_args(hint) or any(_is_file(one) for one in get_args(hint))


def _value(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if value is None:
        return None
    if origin is Annotated:
        return MEANT[inner[1]](value) if inner[1] in MEANT else value
    if origin in (Union, UnionType):
        return _value(inner[0], value)
    if origin in (tuple, frozenset):
        return origin(_value(inner[0], one) for one in value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


def tables_in(kind: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every table below this one, itself first, by its place in the file: `*` stands for a name or a number."""
    yield place, kind
    for key, (one, said) in settings_of(kind).items():
        hint = said.of or hints_of(kind)[one.name]
        inner = get_args(hint)
        if is_dataclass(hint):
            yield from tables_in(hint, (*place, key))
        for below in (one for one in inner if isinstance(one, type) and is_dataclass(one)):
            if get_origin(inner[0]) is Literal:  # the names are given
                yield (*place, key), inner[0]
            yield from tables_in(below, (*place, key, "*"))


def keys_in(kind: Any) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The keys of each table, for whoever wrote another word there."""
    return {place: get_args(one) if get_origin(one) is Literal else tuple(settings_of(one)) for place, one in tables_in(kind)}
