"""What cannot be kept is not promised: each duration is tried on its calendar, and each condition names what there is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from mailgate.decide.calendar import SEARCH_LIMIT, NoBusinessTime, add, add_days
from mailgate.model.calendar import Calendar
from mailgate.model.policy import Metric, Policy, Sla, Target
from mailgate.settings.safety import Say
from mailgate.settings.words import known_are

#: A promise may begin on any day on which this policy is in force: it is tried a month apart, over so many months, and from behind the
#: last date on which the calendar opens otherwise than it does every week.
MONTH, MONTHS = timedelta(days=30), 24

Counts = Callable[[Calendar, datetime, int], datetime]


def check_conditions(policy: Policy, say: Say) -> None:
    """Says which name in a condition points to nothing: such promises would never hold."""
    for sla in policy.slas.values():
        known: tuple[tuple[str, frozenset[str], Mapping[str, object]], ...] = (
            ("desk", sla.when.desk, policy.desks),
            ("group", sla.when.group, policy.groups),
            ("category", sla.when.category, policy.categories),
            ("organisation", sla.when.organisation, policy.organisations),
        )
        for key, names, there in known:
            for name in sorted(names - there.keys()):
                say(("sla", sla.id, "when", key), f'no {key} "{name}"{known_are(name, there)}')


def check_kept(policy: Policy, now: datetime, say: Say) -> None:
    """Says which promise or timer would not be over within `SEARCH_LIMIT` days of its calendar."""
    for sla in policy.slas.values():
        held: dict[str, tuple[float, float]] = {}  #: of each calendar the longest that it holds, and the shortest that it does not
        for (priority, metric), target in _counted_on(sla, policy):
            calendar = policy.calendars.get(target.calendar)
            if calendar is None or not any(calendar.hours):
                continue  # that it is missing or never open is said where it is read
            longest, too_long = held.get(calendar.id, (0, float("inf")))
            if longest < target.whole_s < too_long:
                if _is_held(calendar, add, target.whole_s, now):
                    longest = target.whole_s
                else:
                    too_long = target.whole_s
                held[calendar.id] = longest, too_long
            if target.whole_s >= too_long:
                say(("sla", sla.id, "targets", f"P{priority}", metric.value), _words(_span(target), "the promise", calendar))
    _check_timers(policy, now, say)


def _counted_on(sla: Sla, policy: Policy) -> Iterator[tuple[tuple[int, Metric], Target]]:
    """Each promise with each calendar that it may be counted on: that of a group's own for who takes a ticket."""
    for key, target in sla.targets.items():
        yield key, target
        for calendar in sorted({g.calendar for g in policy.groups.values() if g.calendar} if key[1] is Metric.PICKUP else ()):
            yield key, replace(target, calendar=calendar)


def _span(target: Target) -> str:
    return f"{target.minutes} minutes" + (f" {target.seconds} seconds" if target.seconds else "")


def _check_timers(policy: Policy, now: datetime, say: Say) -> None:
    timers, ratings = policy.timers, policy.ratings
    delay = int(ratings.delay.total_seconds()) if ratings.ask == "delayed" else 0
    tried: tuple[tuple[tuple[str, str], Counts, int, str, str], ...] = (
        (("timers", "reminders"), add_days, days := max(timers.reminders, default=0), f"{days} business days", "the time"),
        (("timers", "auto_resolve"), add_days, days := timers.auto_resolve or 0, f"{days} business days", "the time"),
        (("timers", "auto_close"), add_days, days := timers.auto_close or 0, f"{days} business days", "the time"),
        (("ratings", "follow_up"), add_days, ratings.follow_up, f"{ratings.follow_up} business days", "the time"),
        (("ratings", "delay"), add, delay, f"{delay // 60} minutes", "the delay"),
    )
    for id_ in dict.fromkeys(sla.calendar for sla in policy.slas.values()):
        calendar = policy.calendars.get(id_)
        for place, counts, n, span, what in tried:
            if n and calendar is not None and any(calendar.hours) and not _is_held(calendar, counts, n, now):
                say(place, _words(span, what, calendar))


def _words(span: str, what: str, calendar: Calendar) -> str:
    return f'{span} of the calendar "{calendar.id}" are not over within {SEARCH_LIMIT} days: shorten {what}, or open the calendar more'


def _is_held(calendar: Calendar, counts: Counts, n: int, now: datetime) -> bool:
    last = max(calendar.extra, default=None)
    behind = datetime.combine(last, time(), UTC) + timedelta(days=2) if last is not None else now
    try:
        for at in (*(now + MONTH * month for month in range(MONTHS + 1)), max(now, behind)):
            counts(calendar, at, n)
    except NoBusinessTime:
        return False
    return True
