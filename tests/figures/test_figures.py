"""Each number of a report is the one that other code counts from the histories, and what is listed behind it is what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from mailgate.decide import figures, samples
from mailgate.decide.reporting import By, Counts, Days, report
from mailgate.model.assignment import OfferEnd
from mailgate.model.figures import CountedTicket, EndedOffer, LateMail, Material, Outage
from mailgate.model.ticket import Status
from mailgate.record.store import Store
from tests.figures.lives import NOW, policy, recorded
from tests.figures.recount import numbers, tell

#: Weeks and other stretches of the days that the lives are in, one of them with a change of the clocks.
PERIODS = [
    Days(date(2026, 3, 16), date(2026, 3, 22), "Europe/Berlin"),
    Days(date(2026, 3, 23), date(2026, 4, 3), "Europe/Berlin"),
    Days(date(2026, 4, 20), date(2026, 5, 31), "Europe/Berlin"),
]


@pytest.fixture(scope="module")
def lives(tmp_path_factory, database_kind):
    from tests.record.builders import a_store

    with a_store(tmp_path_factory.mktemp("lives")) as store:
        recorded(store, 60, seed=12)
        yield store


def reported(store: Store, days: Days, by: By | None = None) -> tuple[Counts, Material]:
    table = figures.numbers(policy().services, policy().calendars)
    material, before = store.figures.material(days.period(NOW)), store.figures.material(days.before.period(NOW))
    return report(days, NOW, material, before, table.values(), by), samples.counted(material)


def differences(store: Store, count: int, periods: Sequence[Days] = PERIODS) -> list[str]:
    """Where a report and the recount part, over all of their numbers; every number is in one or has nothing behind it."""
    told = [tell(store.tickets.history(number), NOW) for number in range(1, count + 1)]
    found = []
    for days in periods:
        made, _ = reported(store, days)
        for was in (False, True):
            span = (days.before if was else days).period(NOW)
            again = numbers(told, span.since, span.until, NOW)
            for id_, line in made.whole.items():
                figure = line.before if was else line.figure
                if figure is None:
                    continue
                behind = sorted(item.ticket for item in figure.items)
                value, tickets = again.get(id_, (None, []))
                if id_ not in again:
                    same = not behind
                elif id_ == "oldest_waiting":
                    same = figure.value == value or behind != tickets
                else:
                    same = behind == tickets and (figure.value == pytest.approx(value) or (figure.is_few and figure.value is None))
                if not same:
                    found.append(
                        f"{days.first} {'before ' if was else ''}{id_}: {figure.value} of {behind}, recounted {value} of {tickets}"
                    )
    return found


def test_every_number_is_the_one_that_other_code_counts_from_the_histories(lives):
    assert differences(lives, 60) == []
    # The recount knows no other numbers, and none of them was counted over nothing alone.
    made = [reported(lives, days)[0] for days in PERIODS]
    silent = {id_ for id_ in made[0].whole if not any(one.whole[id_].figure.n for one in made)}
    metrics = ("update", "work", "pickup", "offers")
    assert {id_ for id_ in silent if not any(metric in id_ for metric in metrics)} <= {
        *(f"attainment_{metric}_p{p}" for metric in ("first_reply", "next_reply", "resolution") for p in (1, 3, 5)),
        "recategorised", "rerouted", "response_rate", "own_outage", "missed_by_retarget", "backlog_30d",
    }  # fmt: skip


def test_the_parts_of_a_report_hold_each_ticket_once(lives):
    for by in By:
        made, _ = reported(lives, PERIODS[1], by)
        for id_ in ("created", "resolved", "backlog", "first_reply_p50", "csat"):
            whole = sorted((one.ticket, one.what) for one in made.whole[id_].figure.items)
            assert sorted((one.ticket, one.what) for part in made.parts.values() for one in part[id_].figure.items) == whole
        assert not any(number.whole for part in made.parts.values() for number in (line.figure.number for line in part.values()))


def test_what_would_be_said_of_fewer_than_five_is_not_said(lives):
    day = Days(date(2026, 3, 18), date(2026, 3, 18), "Europe/Berlin")
    made, _ = reported(lives, day)
    few = [line.figure for line in made.whole.values() if line.figure.number.hides and 0 < line.figure.n < 5]
    assert few and all(one.value is None and one.is_few and one.interval is None for one in few)
    assert made.whole["created"].figure.value == made.whole["created"].figure.n


def test_a_report_asks_the_record_by_indexes_and_as_often_whatever_there_is(lives):
    """The number of statements does not grow with the tickets, and those of a period without any are as few."""
    from sqlalchemy import event

    asked: list[str] = []
    engine = lives._db.room.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, values, ctx, many: asked.append(sql))
    lives.figures.material(PERIODS[1].period(NOW))
    busy = len(asked)
    asked.clear()
    lives.figures.material(Days(date(2027, 1, 1), date(2027, 1, 7), "UTC").period(NOW + timedelta(days=900)))
    assert busy <= 20 and len(asked) <= busy


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


#: Monday, 1 June 2026, in UTC.
MONDAY = Days(date(2026, 6, 1), date(2026, 6, 1), "UTC").period(at(20, 0))


def said(id_: str, **rows: object) -> figures.Figure:
    tickets = {number: CountedTicket(number, "it", "it", "", Status.OPEN, 4, None, at(1, 6)) for number in range(1, 10)}
    return figures.numbers(policy().services, policy().calendars)[id_].of(Material(tickets=tickets, **rows), MONDAY)  # type: ignore[arg-type]


def test_offers_are_counted_by_how_they_ended():
    ends = [
        OfferEnd.ACCEPTED,
        OfferEnd.ACCEPTED,
        OfferEnd.DECLINED,
        OfferEnd.EXPIRED,
        OfferEnd.ACCEPTED,
        OfferEnd.WITHDRAWN,
        OfferEnd.PUSHED,
    ]
    made = tuple(EndedOffer(n, 1, at(1, 8), at(1, 8, 8 * n), end) for n, end in enumerate(ends, 1))
    assert (said("offers_declined", offers=made).value, said("offers_declined", offers=made).n) == (0.2, 5)
    assert said("offers_expired", offers=made).value == 0.2
    assert said("offers_accepted_p50", offers=made).n == 3 and said("offers_accepted_p50", offers=made).is_few
    twice = made + tuple(EndedOffer(n, 2, at(1, 9), at(1, 9, 5), OfferEnd.ACCEPTED) for n in (1, 2))
    assert said("offers_accepted_p50", offers=twice).value == 480 and said("offers_accepted_p90", offers=twice).value == 2400


def test_a_service_is_down_once_where_outages_overlap_and_only_in_its_hours():
    down = (
        Outage(1, "mail", at(1, 5), at(1, 8)),  # its hours are 8 to 18 in Berlin, two hours before UTC: 6 to 16
        Outage(2, "mail", at(1, 7), at(1, 9)),
        Outage(3, "mail", at(1, 15), None),
        Outage(4, "print", at(1, 6), at(1, 16)),
    )
    assert said("availability_mail", outages=down).value == pytest.approx(1 - 4 / 10) and said("availability_mail", outages=down).n == 3
    assert said("availability_mail").value == 1


def test_our_own_outage_is_how_long_at_least_one_mail_lay_elsewhere():
    late = tuple(LateMail(n, "it", at(1, begin), at(1, end)) for n, (begin, end) in enumerate(((6, 8), (7, 9), (12, 13)), 1))
    assert (said("own_outage", late=late).value, said("own_outage", late=late).n) == (4 * 3600, 3)


@pytest.mark.parametrize(("n", "p50", "p90"), [(1, 1, 1), (2, 1, 2), (5, 3, 5), (10, 5, 9), (11, 6, 10), (100, 50, 90)])
def test_percentiles_are_values_that_were(n, p50, p90):
    assert (figures.nearest_rank(range(n, 0, -1), 50), figures.nearest_rank(range(n, 0, -1), 90)) == (p50, p90)
