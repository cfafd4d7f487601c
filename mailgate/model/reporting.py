"""What the operator says about reports: who reads the weekly one, and which services there are to fail."""

from dataclasses import dataclass
from typing import Annotated, Literal

from mailgate.model.setting import Address, Between, Name, setting

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass(frozen=True, slots=True)
class Service:
    """Something that people use, and that may fail: `#outage ID` says so."""

    id: str
    name: str = setting("", "as it stands in reports, else the name in the file", example='"E-mail"')
    calendar: Name = setting("always", "its service hours")


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """The weekly report by mail, about the last full week from Monday to Sunday."""

    to: tuple[Address, ...] = setting((), "who gets it; nobody, nothing is written", example='["head@example.org"]')
    day: Weekday = setting("mon", "of the week on which it is written")
    hour: Annotated[int, Between(0, 23)] = setting(7, "of that day; what could not be written then is written as soon as it can")
    timezone: str = setting("", "in which days and weeks are meant, else that of the first desk", example='"Europe/Berlin"')
    target: Annotated[int, Between(1, 100)] = setting(95, "percent of the promises that are to be kept; it stands beside what was kept")
