"""The record of mailboxes: one reader for a folder, a cursor that only he moves, and limits that hold for all together."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from mailgate.decide.polling import next_connect
from mailgate.model.mail import Door
from mailgate.model.mailbox import JUNK, Attempt, Cursor, FolderKey, LeaseLost, Pending, Stage
from mailgate.record import node
from mailgate.record.rows import Keep
from mailgate.record.store import Store, open_store
from tests.record.builders import NOON, a_database, an_arrival

ROOT = Path(__file__).parents[2]
KEY = FolderKey("box", "INBOX")
MINUTE = timedelta(minutes=1)
CURSOR = Cursor(7, 10, 0, since=NOON, horizon=NOON)


def test_one_of_many_has_the_lease_until_it_ends_or_is_given_back(store: Store):
    boxes = store.mailboxes
    assert boxes.lease(KEY, "one", NOON, NOON + MINUTE)
    assert not boxes.lease(KEY, "two", NOON + MINUTE, NOON + 5 * MINUTE)
    assert boxes.lease(KEY, "one", NOON + MINUTE, NOON + 2 * MINUTE)
    assert boxes.lease(KEY, "two", NOON + 3 * MINUTE, NOON + 9 * MINUTE)
    assert not boxes.lease(KEY, "one", NOON + 3 * MINUTE, NOON + 9 * MINUTE)
    boxes.release(KEY, "one")  # not its own any more
    assert not boxes.lease(KEY, "one", NOON + 3 * MINUTE, NOON + 9 * MINUTE)
    boxes.release(KEY, "two")
    assert boxes.lease(KEY, "one", NOON + 3 * MINUTE, NOON + 9 * MINUTE)


def test_of_many_who_come_at_once_exactly_one_gets_the_lease(store: Store):
    """(fault 38)"""
    got: list[str] = []

    def come(name: str) -> None:
        if store.mailboxes.lease(KEY, name, NOON, NOON + MINUTE):
            got.append(name)

    threads = [threading.Thread(target=come, args=(str(n),)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == 1


def test_only_the_holder_moves_the_cursor(store: Store):
    boxes = store.mailboxes
    boxes.lease(KEY, "one", NOON, NOON + MINUTE)
    boxes.begin(KEY, "one", CURSOR, [])
    boxes.lease(KEY, "two", NOON + 2 * MINUTE, NOON + 9 * MINUTE)
    with pytest.raises(LeaseLost):
        boxes.advance(KEY, "one", replace(CURSOR, last_uid=99), [Pending(11, Stage.FETCH, 1, NOON, "no")])
    assert boxes.cursor(KEY) == (CURSOR, ())


def test_cursor_and_what_is_left_are_one_thing(store: Store):
    boxes = store.mailboxes
    boxes.lease(KEY, "one", NOON, NOON + MINUTE)
    assert boxes.cursor(KEY) == (None, ())
    left = (Pending(3, Stage.FETCH, 0, NOON), Pending(4, Stage.AFTER, 2, NOON, "no"))
    boxes.begin(KEY, "one", CURSOR, left)
    assert boxes.cursor(KEY) == (CURSOR, left)
    further = replace(CURSOR, last_uid=12)
    again = Pending(4, Stage.AFTER, 3, NOON + MINUTE, "still no")
    boxes.advance(KEY, "one", further, [again], [3])
    assert boxes.cursor(KEY) == (further, (again,))
    assert boxes.health()[0].pending == 1
    boxes.begin(KEY, "one", replace(CURSOR, uidvalidity=8), [])
    assert boxes.cursor(KEY)[1] == ()  # other UIDs: nothing of it means anything


def test_failures_are_counted_and_forgotten_when_it_works_again(store: Store):
    boxes = store.mailboxes
    boxes.lease(KEY, "one", NOON, NOON + MINUTE)
    assert [boxes.went_wrong(KEY, f"error {n}", NOON + n * MINUTE) for n in range(3)] == [1, 2, 3]
    [one] = boxes.health()
    assert (one.failing_since, one.failures, one.error, one.ok_at, one.since) == (NOON, 3, "error 2", None, NOON)
    boxes.went_well(KEY, NOON + 4 * MINUTE)
    [one] = boxes.health()
    assert (one.failing_since, one.failures, one.error, one.ok_at) == (None, 0, "", NOON + 4 * MINUTE)


def test_connections_are_counted_for_all_folders_together_and_for_an_hour(store: Store):
    boxes = store.mailboxes
    numbers = [boxes.connecting("box", NOON, next_connect) for _ in range(6)]
    assert all(isinstance(number, int) for number in numbers)  # six may fail
    turn = boxes.connecting("box", NOON, next_connect)
    assert isinstance(turn, datetime) and turn > NOON
    for number in numbers:
        assert isinstance(number, int)
        boxes.connected(number, Attempt.LOGGED_IN)
    assert isinstance(boxes.connecting("other", NOON, next_connect), int)
    more = [boxes.connecting("box", NOON, next_connect) for _ in range(5)]
    assert [isinstance(one, int) for one in more] == [True] * 4 + [False]  # ten a minute
    seen: list[int] = []
    boxes.connecting("box", NOON + timedelta(hours=2), lambda connects, now: seen.append(len(connects)) or now)
    assert seen == [0]


def test_many_who_connect_at_once_stay_within_the_limit_together(store: Store):
    assert store.mailboxes.lease(KEY, "a poller", NOON, NOON + MINUTE), "whoever connects holds a folder of the mailbox"
    tried: list[object] = []
    ask = partial(store.mailboxes.connecting, "box", NOON, lambda connects, now: now if len(connects) < 10 else now + MINUTE)
    threads = [threading.Thread(target=lambda: tried.append(ask())) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, int) for one in tried) == 10


def test_a_serve_that_starts_finds_no_folder_held_by_its_dead_predecessor(tmp_path):
    settings = a_database(tmp_path)
    code = "from mailgate.record import node; print(node.new_lease())"
    dead = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    with open_store(settings, NOON, for_serve=True) as store:
        store.mailboxes.lease(KEY, f"{dead}/support/INBOX", NOON, NOON + timedelta(days=1))
    with open_store(settings, NOON, for_serve=True) as store:
        store.forget_leases()
        assert store.mailboxes.lease(KEY, "alive", NOON, NOON + MINUTE)


@pytest.mark.database("postgresql", because="several nodes need a server")
def test_a_node_that_starts_takes_no_folder_from_a_living_one_or_from_another_machine(tmp_path):
    living, elsewhere = f"{node.new_lease()}/support/INBOX", f"anothermachine.1.1.{'0' * 16}/support/Sent"
    sent = replace(KEY, folder="Sent")
    with open_store(a_database(tmp_path), NOON, for_serve=True) as store:
        store.mailboxes.lease(KEY, living, NOON, NOON + timedelta(days=1))
        store.mailboxes.lease(sent, elsewhere, NOON, NOON + timedelta(days=1))
        store.forget_leases()
        assert not store.mailboxes.lease(KEY, "another", NOON, NOON + MINUTE)
        assert not store.mailboxes.lease(sent, "another", NOON, NOON + MINUTE)


# --- junk -----------------------------------------------------------------------------------------------------------------


def kept(store: Store, aside: str | None, text: str = "pills"):
    arrival = replace(an_arrival(text), door=Door.IMAP)
    return store.inbox.keep([Keep(arrival, "it", text, aside)])[0]


def test_junk_is_set_aside_unread_and_counted_apart(store: Store):
    number = kept(store, JUNK).id
    kept(store, "too large", "film")
    assert store.inbox.row(number).state == "set_aside"
    assert store.inbox.claim(10, NOON, MINUTE) == []
    health = store.standing.health(NOON)
    assert (health.junk, health.inbox["set_aside"]) == (1, 1)


def test_junk_that_comes_by_another_way_is_read_and_stays_one_mail(store: Store):
    number = kept(store, JUNK).id
    assert kept(store, None).id == number
    [claim] = store.inbox.claim(10, NOON, MINUTE)
    assert claim.id == number
    assert kept(store, None).duplicate and kept(store, JUNK).duplicate
    assert len(store.inbox.rows()) == 1


def test_what_was_set_aside_for_another_reason_stays_so(store: Store):
    number = kept(store, "too large").id
    assert kept(store, None).duplicate and store.inbox.row(number).state == "set_aside"


def test_junk_and_the_same_mail_in_one_commit_is_a_mail(store: Store):
    one, two = (replace(an_arrival("both"), door=Door.IMAP) for _ in range(2))
    store.inbox.keep([Keep(one, "it", "both", JUNK), Keep(two, "it", "both")])
    assert [row.state for row in store.inbox.rows()] == ["waiting"]
