"""One sender's backlog holds up nobody else, and gets on all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailgate.record.rows import Keep
from mailgate.record.store import Store
from tests.record.builders import NOON, an_arrival

LEASE = timedelta(minutes=5)


def waits(store: Store, sender: str | None, count: int, *, after: float = 0) -> None:
    arrivals = [
        replace(an_arrival(f"{sender} {n}", received_at=NOON + timedelta(seconds=after + n / 1000)), reverse_path=sender)
        for n in range(count)
    ]
    store.inbox.keep([Keep(one, "it", f"{sender}{n}{after}") for n, one in enumerate(arrivals)])


def claimed(store: Store, limit: int = 20) -> list[str | None]:
    return [one.arrival.reverse_path for one in store.inbox.claim(limit, NOON + timedelta(hours=1), LEASE)]


def test_who_writes_one_mail_is_not_behind_somebodys_thousands(store: Store):
    """1,870 mails of one sender, and the one of somebody else behind them (fault 84)."""
    waits(store, "eve@example.net", 200)
    waits(store, "max@example.com", 1, after=60)
    waits(store, None, 1, after=61)
    first = claimed(store)
    assert first.count("max@example.com") == first.count(None) == 1
    assert first.count("eve@example.net") == 18, "and the batch is full"


def test_a_backlog_is_one_senders_under_all_the_names_that_are_made_up_for_it(store: Store):
    for n in range(40):
        waits(store, f"eve+{n}@example.net", 1, after=n / 10)
    waits(store, "max@example.com", 1, after=60)
    assert "max@example.com" in claimed(store)


def test_a_backlog_gets_on_while_others_write_more_than_there_is_room_for(store: Store):
    waits(store, "eve@example.net", 40)
    for n in range(40):
        waits(store, f"p{n}@example.com", 1, after=60 + n)
    batches = [claimed(store) for _ in range(4)]
    assert [batch.count("eve@example.net") for batch in batches[:2]] == [5, 5]
    assert sum(len(batch) for batch in batches) == 80, "and everybody's is read in the end"


def test_a_single_sender_has_all_the_room_and_keeps_his_order(store: Store):
    waits(store, "eve@example.net", 50)
    first = store.inbox.claim(20, NOON + timedelta(hours=1), LEASE)
    assert len(first) == 20 and [one.arrival.received_at for one in first] == sorted(one.arrival.received_at for one in first)
    assert len({one.id for one in first} | {one.id for one in store.inbox.claim(40, NOON + timedelta(hours=1), LEASE)}) == 50
