"""A claim has a budget in octets, whatever the number of its rows: a backlog of large mails or long letters fits into memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailgate.model.decision import Decision
from mailgate.record.rows import ToRecord
from mailgate.record.store import Store
from tests.record.builders import LEASE, NOON, a_keep, a_letter

MIB = 1024 * 1024


def sizes(store: Store, octets: int, limit: int = 100) -> Iterator[list[int]]:
    """Of each claim until nothing waits, the octets of its mails."""
    while claims := store.inbox.claim(limit, NOON, LEASE, octets):
        yield [len(claim.arrival.raw) for claim in claims]


def test_a_backlog_of_large_mails_is_claimed_one_by_one(store: Store) -> None:
    store.inbox.keep([a_keep(f"mail {number}", size=3 * MIB) for number in range(4)])
    assert list(sizes(store, 5 * MIB)) == [[3 * MIB]] * 4


def test_small_mails_share_a_claim_up_to_its_octets_and_keep_their_order(store: Store) -> None:
    store.inbox.keep([a_keep(f"mail {number}", size=size) for number, size in enumerate((1000, 2000, 3000, 4000, 500))])
    assert list(sizes(store, 6000)) == [[1000, 2000, 3000], [4000, 500]]


def test_a_mail_larger_than_the_budget_comes_alone_and_none_is_left_behind(store: Store) -> None:
    store.inbox.keep([a_keep(f"mail {number}", size=size) for number, size in enumerate((100, 9000, 100, 9000))])
    assert list(sizes(store, 1000)) == [[100], [9000], [100], [9000]]


def test_what_there_was_no_room_for_counts_no_attempt_and_keeps_no_lease(store: Store) -> None:
    store.inbox.keep([a_keep(f"mail {number}", size=1000) for number in range(3)])
    assert len(store.inbox.claim(10, NOON, LEASE, 1500)) == 1
    rows = sorted(store.inbox.rows(), key=lambda row: row.id)
    assert [(row.state, row.attempts) for row in rows] == [("claimed", 1), ("waiting", 0), ("waiting", 0)]


def letters_of(store: Store, *sizes: int) -> None:
    letters = tuple(a_letter(None, size=size) for size in sizes)
    store.record([ToRecord(None, Decision(), letters, False)], NOON)


@pytest.mark.parametrize(("octets", "found"), [(1, [1] * 6), (25_000, [2, 2, 2]), (MIB, [6])])
def test_letters_are_claimed_by_their_octets_too(store: Store, octets: int, found: list[int]) -> None:
    letters_of(store, *[10_000] * 6)
    claimed = []
    while one := store.outbox.claim(100, NOON, LEASE, octets):
        claimed.append(len(one))
    assert claimed == found


def test_each_round_has_one_large_letter_and_small_ones_do_not_wait_for_all_of_them(store: Store) -> None:
    """A round lasts as long as its slowest letter, and nobody's acknowledgement waits for a row of them."""
    letters_of(store, 25 * MIB, 25 * MIB, 25 * MIB, 1000, 1000)
    rounds = []
    while one := store.outbox.claim(100, NOON, LEASE, 8 * MIB):
        rounds.append([claim.letter.size for claim in one])
    assert sum(map(len, rounds)) == 5 and all(sum(size > MIB for size in found) <= 1 for found in rounds)
    assert sum(size == 1000 for size in rounds[0]) == 2, "the small ones are beside the first"
