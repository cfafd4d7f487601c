"""The weekly report to whoever answers for the desks: what of all the numbers it tells, and which tickets it names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from mailgate.decide import samples
from mailgate.decide.figures import Figure, Number
from mailgate.decide.reporting import Compared, Counts, Days, report
from mailgate.model.figures import CountedTicket, Material, Period, Stretch, TimedCycle
from mailgate.model.house_letters import WeeklyReport
from mailgate.model.masking import masked
from mailgate.model.policy import Policy
from mailgate.model.ticket import Status
from mailgate.model.weekly import WeekFigure, WeekShown

#: Weeks in tables and charts; and how many tickets of each kind are named.
WEEKS, BROKEN, WAITING, RATINGS, CATEGORIES = 8, 3, 5, 2, 3
#: Characters of a title where it stands on one line with more, and of a comment.
TITLE, COMMENT = 40, 200
LOW = 3  #: up to here a rating is shown
_DAY = 86_400
_TOLD = (
    "created", "resolved", "backlog", "attainment_first_reply", "attainment_resolution", "first_reply_p50", "first_reply_p90",
    "resolution_p50", "resolution_p90", "csat", "response_rate", "own_outage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Week:
    days: Days
    material: Material


def last_weeks(week: Days) -> list[Days]:
    """The oldest first, this one last."""
    return [week.back(7 * back) for back in range(WEEKS - 1, -1, -1)]


def counted_week(weeks: Sequence[Week], now: datetime, numbers: Mapping[str, Number]) -> Counts:
    """All numbers of the last of these weeks, beside those of the one before."""
    return report(weeks[-1].days, now, weeks[-1].material, weeks[-2].material, numbers.values())


def is_empty(found: Counts) -> bool:
    """Nothing came, was solved or stood open: nobody has to be told."""
    return not any(found.whole[id_].figure.n for id_ in ("created", "resolved", "backlog"))


def weekly(
    weeks: Sequence[Week], found: Counts, now: datetime, policy: Policy, names: Mapping[int, str], numbers: Mapping[str, Number]
) -> WeeklyReport:
    """`names`: of owners, by person."""
    days, material = weeks[-1].days, samples.counted(weeks[-1].material)
    period = days.period(now)
    broken = samples.missed(material, period)
    year, week, _ = days.first.isocalendar()
    return WeeklyReport(
        since=_noon(days.first),
        until=_noon(days.last),
        week=week,
        target=policy.report.target / 100,
        figures={id_: _reading(found.whole[id_]) for id_ in _TOLD},
        weeks=tuple(_shown(one, now, numbers) for one in weeks),
        broken=tuple(_broken(one, over, material, period, policy) for one, over in broken[:BROKEN]),
        more_broken=len(broken[BROKEN:]),
        waiting=_waiting(material, period, policy, names),
        ratings=_ratings(material, policy),
        categories=_categories(material, samples.counted(weeks[-2].material), period, days.before.period(now), policy),
        services=tuple(
            (service.name or id_, line.figure.value)
            for id_, service in policy.services.items()
            if (line := found.whole[f"availability_{id_}"]).figure.value is not None
        ),
        charts={},
        file=f"week-{year}-{week:02}.csv",
    )


def _noon(day: object) -> datetime:
    """Some time of that day in every zone that people live in."""
    return datetime.combine(day, time(11), UTC)  # type: ignore[arg-type]


def _reading(line: Compared) -> WeekFigure:
    figure, before = line.figure, line.before
    low, high = figure.interval or (None, None)
    return WeekFigure(
        figure.value,
        before.value if before else None,
        figure.n,
        figure.is_few,
        before.is_few if before else False,
        low,
        high,
        sum(one.hit for one in figure.items),
    )


def _shown(week: Week, now: datetime, numbers: Mapping[str, Number]) -> WeekShown:
    material, period = samples.counted(week.material), week.days.period(now)

    def one(id_: str) -> Figure:
        return numbers[id_].of(material, period)

    kept, reply, open_ = one("attainment_first_reply"), one("first_reply_p50"), one("backlog")
    return WeekShown(week.days.first.isocalendar().week, kept.value, kept.is_few, open_.n, reply.value, reply.is_few)


# --- what it names ---------------------------------------------------------------------------------------------------


def _ref(ticket: CountedTicket, policy: Policy) -> str:
    desk = policy.desks.get(ticket.desk)
    return f"{desk.prefix}-{ticket.number}" if desk else str(ticket.number)


def cut(text: str, most: int) -> str:
    """Masked before it is cut: half a number is no number that anybody finds."""
    text = masked(" ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _broken(one: TimedCycle, over: int, material: Material, period: Period, policy: Policy) -> Mapping[str, object]:
    ticket, cycle = material.tickets[one.ticket], one.cycle
    if cycle.stopped_at is not None and cycle.retargets and (cycle.elapsed_s or 0) <= cycle.retargets[0].from_s:
        status, hold = "promise", ""
    else:
        status, hold = _stood(
            [stretch for stretch in material.stretches if stretch.ticket == one.ticket], cycle.started_at, cycle.stopped_at or period.end
        )
    return {
        "ref": _ref(ticket, policy), "title": cut(ticket.title, 2 * TITLE), "metric": cycle.metric.value, "over_s": over,
        "status": status, "hold": hold,
    }  # fmt: skip


def _stood(stretches: Sequence[Stretch], since: datetime, until: datetime) -> tuple[str, str]:
    """How the ticket stood for most of the time that the clock was on."""
    times: Counter[tuple[str, str]] = Counter()
    for one in stretches:
        long = (min(one.ended_at or until, until) - max(one.began_at, since)).total_seconds()
        if one.status.is_live and long > 0:
            times[one.status.value, one.hold.value if one.hold else ""] += int(long)
    return times.most_common(1)[0][0] if times else (Status.OPEN.value, "")


def _waiting(material: Material, period: Period, policy: Policy, names: Mapping[int, str]) -> tuple[Mapping[str, object], ...]:
    longest = sorted(samples.waiting(material, period), key=lambda one: (-one.value, one.ticket))[:WAITING]
    tickets = [(material.tickets[one.ticket or 0], one.value) for one in longest]
    return tuple(
        {"ref": _ref(ticket, policy), "title": cut(ticket.title, TITLE), "days": seconds // _DAY, "owner": names.get(ticket.owner or 0, "")}
        for ticket, seconds in tickets
    )


def _ratings(material: Material, policy: Policy) -> tuple[Mapping[str, object], ...]:
    lowest = sorted((one for one in material.ratings if one.score <= LOW), key=lambda one: (one.score, not one.comment, one.at))
    return tuple(
        {"ref": _ref(material.tickets[one.ticket], policy), "score": one.score, "comment": cut(one.comment, COMMENT)}
        for one in lowest[:RATINGS]
    )


def _categories(material: Material, before: Material, period: Period, former: Period, policy: Policy) -> tuple[tuple[str, int, int], ...]:
    now_, then = _asked_for(material, period), _asked_for(before, former)
    most = sorted((name for name in now_ if name is not None), key=lambda name: (-now_[name], name))[:CATEGORIES]
    called = {name: policy.categories[name].name or name if name in policy.categories else name for name in most}
    return tuple((called[name], now_[name], then[name]) for name in most)


def _asked_for(material: Material, period: Period) -> Counter[str | None]:
    return Counter(material.tickets[item.ticket or 0].category for item in samples.created(material, period))
