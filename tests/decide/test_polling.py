"""Fetching from a folder, decided without a socket: what is new, what waits, and that no limit is ever passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide import polling
from mailgate.decide.polling import FolderState
from mailgate.model.mailbox import Attempt, Connect, Cursor, MailboxSettings, Pending, Stage, Start

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
CURSOR = Cursor(7, 10, 20, since=NOON - DAY, horizon=NOON - DAY)


def test_a_folder_is_begun_behind_its_last_mail_and_the_newest_of_them_is_the_horizon():
    cursor = polling.begin(FolderState(7, 43), Start.NOW, NOON - DAY, {}, NOON)
    assert cursor == Cursor(7, 42, 0, since=NOON - DAY + SECOND, horizon=NOON - DAY + SECOND)


@pytest.mark.parametrize(
    ("newest", "since"),
    [
        (None, NOON - 10 * MINUTE),  # an empty folder: clocks differ
        (NOON + MINUTE, NOON + MINUTE + SECOND),  # the server's clock is ahead: it stays ahead
        (NOON + 365 * DAY, NOON - 10 * MINUTE),  # nonsense must not make everything look old
    ],
)
def test_a_horizon_is_found_by_the_servers_clock_where_that_can_be(newest: datetime | None, since: datetime):
    assert polling.begin(FolderState(7, 43), Start.NOW, newest, {}, NOON).since == since


def test_with_unseen_mails_the_horizon_is_the_oldest_of_them_but_a_rescan_is_not_older():
    cursor = polling.begin(FolderState(7, 43), Start.UNSEEN, NOON - DAY, {3: NOON - 9 * DAY, 4: None}, NOON)
    assert (cursor.horizon, cursor.since) == (NOON - 9 * DAY, NOON - DAY + SECOND)


def test_with_a_date_everything_from_then_on_is_looked_at():
    assert polling.begin(FolderState(7, 43), NOON - DAY, None, {}, NOON) == Cursor(7, 0, 42, since=NOON - DAY, horizon=NOON - DAY)


@pytest.mark.parametrize(
    ("found", "same"), [(FolderState(7, 11), True), (FolderState(7, 10), False), (FolderState(8, 11), False), (FolderState(7, 99), True)]
)
def test_uids_mean_the_same_only_with_their_uidvalidity_and_while_none_went_back(found: FolderState, same: bool):
    assert polling.is_the_same(found, CURSOR) is same


def test_after_a_change_of_uids_what_was_there_counts_only_when_it_is_not_older():
    anew = polling.begin_anew(FolderState(8, 31), CURSOR)
    assert anew == Cursor(8, 0, 30, since=CURSOR.since, horizon=CURSOR.horizon)
    assert not polling.is_wanted(30, NOON - 2 * DAY, anew)
    assert polling.is_wanted(30, NOON, anew) and polling.is_wanted(30, None, anew)
    assert polling.is_wanted(31, NOON - 700 * DAY, anew)  # moved here since


@pytest.mark.parametrize(
    ("stamped", "arrived"), [(NOON - MINUTE, NOON - MINUTE), (NOON + DAY, NOON), (NOON - 9 * DAY, NOON - DAY), (None, NOON)]
)
def test_an_arrival_lies_between_the_horizon_and_now(stamped: datetime | None, arrived: datetime):
    assert polling.arrived_at(stamped, CURSOR, NOON) == arrived


def test_a_search_that_names_the_last_mail_again_finds_nothing_new():
    assert polling.next_uids([10], CURSOR) == []
    assert polling.next_uids([13, 11, 11, 9], CURSOR) == [11, 13]


@given(st.lists(st.integers(0, 20 * 1024 * 1024), max_size=200))
def test_batches_keep_order_lose_nothing_and_stay_small(sizes: list[int]):
    mails = list(enumerate(sizes, 1))
    made = list(polling.batches(mails))
    assert [uid for batch in made for uid in batch] == [uid for uid, _ in mails]
    for batch in made:
        assert len(batch) <= polling.BATCH
        assert len(batch) == 1 or sum(sizes[uid - 1] for uid in batch) <= polling.BATCH_OCTETS


def test_a_mail_that_fails_waits_longer_each_time_and_is_given_up_after_five_refusals_or_twenty_cuts():
    one: Pending | None = None
    waits = []
    for _ in range(6):
        one = polling.failed(one, 5, "no", NOON)
        waits.append(one.due_at - NOON)
    assert one is not None and waits == sorted(waits) and waits[-1] == timedelta(hours=1)
    at = [polling.is_given_up(Pending(5, Stage.FETCH, n, NOON), cut) for n, cut in ((4, False), (5, False), (19, True), (20, True))]
    assert at == [False, True, False, True]


def test_a_mail_that_was_fetched_at_last_begins_to_count_anew_when_it_cannot_be_moved():
    fetch = Pending(5, Stage.FETCH, 4, NOON)
    assert polling.failed(fetch, 5, "no", NOON, Stage.AFTER).attempts == 1


@given(st.integers(1, 50), st.floats(0, 0.999))
def test_pauses_of_a_folder_stay_within_seven_minutes_and_spread(failures: int, spread: float):
    pause = polling.pause_after(failures, spread)
    assert timedelta(seconds=3) < pause < 7 * MINUTE
    assert polling.pause_after(failures, 0.0) <= pause


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["refused", "logged_in", "not_reached", "open"])), max_size=300),
    st.sampled_from([1, 2]),
)
def test_whatever_happens_no_more_than_ten_connects_a_minute_nor_six_failing_logins_an_hour(waits: list[tuple[int, str]], logins: int):
    """Whoever comes at any time does what is allowed; what he did before is all that is known."""
    done: list[Connect] = []
    now = NOON
    for wait, outcome in waits:
        now += wait * SECOND
        allowed = polling.next_connect([one for one in done if one.at > now - timedelta(hours=1)], now, logins)
        assert allowed >= now
        if allowed > now:
            if wait % 3 == 0:
                now = allowed  # somebody who waits as he is told
                assert polling.next_connect(done, now, logins) <= now + timedelta(hours=1)
            continue
        done += [Connect(now, Attempt(outcome))] * (logins if outcome == "refused" else 1)
    for one in done:
        minute = [other for other in done if one.at <= other.at < one.at + MINUTE]
        assert len({id(other) for other in minute}) <= polling.CONNECTS_A_MINUTE
        hour = [other for other in done if one.at <= other.at < one.at + timedelta(hours=1) and other.outcome is Attempt.REFUSED]
        assert len(hour) <= polling.REFUSED_LOGINS_AN_HOUR


def test_after_a_refused_login_ten_minutes_pass_unless_one_succeeded_since():
    refused = Connect(NOON - MINUTE, Attempt.REFUSED)
    assert polling.next_connect([refused], NOON) == NOON + 9 * MINUTE
    assert polling.next_connect([refused, Connect(NOON - SECOND, Attempt.LOGGED_IN)], NOON) == NOON


@pytest.mark.parametrize(("minutes", "told"), [(15, False), (16, True), (60, True)])
def test_a_folder_that_was_not_read_for_fifteen_minutes_is_told(minutes: int, told: bool):
    assert polling.is_unreachable(NOON - minutes * MINUTE, NOON - DAY, MINUTE, NOON) is told
    assert polling.is_unreachable(None, NOON - minutes * MINUTE, MINUTE, NOON) is told


def test_a_secret_that_ends_within_a_week_is_told():
    assert polling.ends_soon(NOON + 7 * DAY, NOON) and polling.ends_soon(NOON - DAY, NOON)
    assert not polling.ends_soon(NOON + 8 * DAY, NOON) and not polling.ends_soon(None, NOON)


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("tls", {"tls": "none", "host": "imap.example.org"}),
        ("folders", {"folders": ("INBOX", "inbox")}),
        ("folders", {"sent": "INBOX"}),
        ("after", {"move_to": "Junk", "junk": "Junk"}),
        ("poll", {"poll": timedelta(seconds=1)}),
        ("poll", {"poll": timedelta(minutes=30)}),
    ],
)
def test_a_mailbox_that_cannot_work_is_told_with_its_key(key: str, changes: dict[str, object]):
    good: dict[str, object] = {"name": "box", "desk": "it", "host": "127.0.0.1", "user": "us"}
    assert MailboxSettings(**good).mistakes() == ()  # type: ignore[arg-type]
    assert [found for found, _ in MailboxSettings(**{**good, **changes}).mistakes()] == [key]  # type: ignore[arg-type]
