"""A setting is declared once, as a field of what holds its value: form, sample and reference page follow from the field."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Annotated, Any

KIB = 1024
MIB = 1024 * KIB


class As(Enum):
    """How a value is written in the file, where its type alone does not say."""

    SIZE = auto()  #: octets, or 50MiB
    ROOM = auto()  #: a size that a mail fits in
    DURATION = auto()
    SPAN = auto()  #: a duration that is not nothing
    DAY = auto()
    ADDRESS = auto()
    AGENT_ADDRESS = auto()
    DOMAIN = auto()
    SERVER = auto()
    SELECTOR = auto()
    NETWORK = auto()
    NAME = auto()
    PREFIX = auto()
    PRIORITY = auto()  #: "P4" for 4
    LIMIT = auto()  #: "none" lifts it
    DAYS = auto()  #: "never" for None
    START = auto()
    AFTER = auto()
    LISTEN = auto()  #: "127.0.0.1:8080"
    WEB_PLACE = auto()  #: the beginning of web links
    FILE = auto()  #: a path, seen from the folder of the configuration
    COLOUR = auto()  #: #rrggbb
    SHORT = auto()  #: up to three letters


@dataclass(frozen=True, slots=True)
class Between:
    """The bounds of a number, both allowed."""

    least: int
    most: int | None = None


Size = Annotated[int, As.SIZE]
Room = Annotated[int, As.ROOM]
Duration = Annotated[timedelta, As.DURATION]
Span = Annotated[timedelta, As.SPAN]
Day = Annotated[datetime, As.DAY]
Address = Annotated[str, As.ADDRESS]
Name = Annotated[str, As.NAME]
File = Annotated[str, As.FILE]
Priority = Annotated[int, As.PRIORITY]
Limit = Annotated[int | None, As.LIMIT]
Days = Annotated[int | None, As.DAYS]
Port = Annotated[int, Between(1, 65535)]
Some = Annotated[int, Between(1)]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a field says of its setting beside its name, type and default. A table of settings has no meaning of its own."""

    meaning: str
    example: str  #: as it may stand in the file; "" shows the default
    key: str  #: its name in the file
    required: bool  #: nothing is assumed where the file says nothing
    of: Any  #: the type by which the file is read, where the value's own is another


def setting(default: Any = MISSING, meaning: str = "", *, example: str = "", key: str = "", required: bool = False, of: Any = None) -> Any:
    """A field that the operator can set. `meaning` completes the sentence that its name begins, with its unit."""
    required = required or default is MISSING
    metadata = {"setting": Declared(meaning, example, key, required, of)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def table(default: Any = MISSING, *, required: bool = False, of: Any = None) -> Any:
    """A field that is a table of settings, or holds several of one kind; of those that are required there has to be one."""
    return field(default=default, metadata={"setting": Declared("", "", "", required, of)})


def settings_of(kind: Any) -> Mapping[str, tuple[Field[Any], Declared]]:
    """By its name in the file, what a class declares. A field without a declaration is none of the operator's business."""
    found = ((one, one.metadata["setting"]) for one in fields(kind) if "setting" in one.metadata)
    return {said.key or one.name: (one, said) for one, said in found}
