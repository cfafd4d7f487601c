"""The kinds of letters that are about no ticket: to new agents, operators and managers. How they are made stands in `letters`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from mailgate.model.letter import QUOTED, Audience, LetterKind
from mailgate.model.weekly import A_WEEK, SOME_BROKEN, SOME_RATINGS, SOME_WAITING, SOME_WEEKS, WeekFigure, WeekShown


class Welcome(LetterKind):
    event, audiences, about_ticket = "agent_welcomed", (Audience.AGENT,), False
    explained = "welcome to an agent"


class AlarmNotice(LetterKind):
    event, audiences, about_ticket = "operator_alarmed", (Audience.OPERATOR,), False
    explained = "an alarm"
    kind: Annotated[str, "set_aside"]
    what: Annotated[str, "mail 42: it took longer than 10 s"]
    since: Annotated[datetime, datetime(2026, 6, 2, 12, 0, tzinfo=UTC)]
    way_out: Annotated[str, "mailgate inbox show 42"]


class WeeklyReport(LetterKind):
    event, audiences, about_ticket = "report_due", (Audience.MANAGER,), False
    explained = "the weekly report"
    since: Annotated[datetime, datetime(2026, 5, 25, 10, 0, tzinfo=UTC)]  #: some time of its first day, and of its last
    until: Annotated[datetime, datetime(2026, 5, 31, 10, 0, tzinfo=UTC)]
    week: Annotated[int, 22]  #: its number in the year
    target: Annotated[float, 0.95]  #: of all promises, so many are to be kept
    figures: Annotated[Mapping[str, WeekFigure], A_WEEK]  #: by the id of the number
    weeks: Annotated[tuple[WeekShown, ...], SOME_WEEKS]  #: the last ones, this one included
    broken: Annotated[tuple[Mapping[str, object], ...], SOME_BROKEN, QUOTED] = ()
    more_broken: Annotated[int, 4] = 0
    waiting: Annotated[tuple[Mapping[str, object], ...], SOME_WAITING, QUOTED] = ()
    ratings: Annotated[tuple[Mapping[str, object], ...], SOME_RATINGS, QUOTED] = ()
    categories: Annotated[tuple[tuple[str, int, int], ...], (("VPN", 11, 6), ("Printing", 7, 9), ("Access rights", 6, 6))] = ()
    services: Annotated[tuple[tuple[str, float], ...], (("E-mail", 0.9987),)] = ()
    charts: Annotated[Mapping[str, str], {}]  #: which picture shows a number of the weeks, where there are pictures
    file: Annotated[str, "week-22.csv"]


class RelayTest(LetterKind):
    event, audiences, about_ticket = "relay_tested", (Audience.OPERATOR,), False
    explained = "a letter that tries the relay"


class RoundTrip(LetterKind):
    """The letter by which `mailgate check --roundtrip` writes to itself. Its anchor says so: intake takes it in, and nothing follows."""

    event, audiences, about_ticket, round_trip = "roundtrip_sent", (Audience.OPERATOR,), False, True
    explained = "a letter that comes back to us"
    mark: Annotated[str, "<k7qf3m9x.c.0123456789abcdef@example.org>"]
