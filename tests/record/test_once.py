"""What a mail asks for is recorded once, whoever decides it, and a mail that waits for its author's word is read once more, once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.model.decision import Decision
from mailgate.model.delivery import Fate
from mailgate.record.rows import Conflict, ToRecord
from tests.record.builders import LEASE, NOON, a_letter, a_recorded_ticket, claims, wrote
from tests.record.test_reports import bring, reported, with_letters

KEY, SEAL = "mail:0123", "seal:4567"


def test_a_key_is_taken_once_and_with_it_the_whole_decision_falls(store):
    """Two desks, two nodes, a mail that came again: whoever is second decides again, and finds it (fault 135)."""
    first, second, third = claims(store, 3)
    before = a_recorded_ticket(store)
    store.record([wrote(before, claim=first, once=(KEY, SEAL))], NOON)
    assert store.outbox.known_once([KEY, SEAL, "mail:other"]) == {KEY, SEAL}
    now = store.tickets.files([1])[1].ticket
    for claim, keys in ((second, (KEY,)), (third, ("mail:other", SEAL))):
        with pytest.raises(Conflict):
            store.record([wrote(now, claim=claim, once=keys)], NOON)
    assert store.tickets.files([1])[1].ticket == now and store.outbox.known_once(["mail:other"]) == set()


def test_of_two_mails_in_one_batch_one_is_first(store):
    first, second = claims(store, 2)
    with pytest.raises(Conflict):
        store.record([ToRecord(first, Decision(once=(KEY,))), ToRecord(second, Decision(once=(KEY,)))], NOON)
    assert store.outbox.known_once([KEY]) == set()


def test_of_many_that_decide_at_the_same_moment_one_is_recorded(store):
    """As many nodes as you like, each with the same mail that came another way."""
    mine = claims(store, 6)
    done, lost, start = [], [], threading.Barrier(6)

    def record(claim) -> None:
        start.wait()
        try:
            store.record([ToRecord(claim, Decision(once=(KEY,)))], NOON)
            done.append(claim.id)
        except Conflict:
            lost.append(claim.id)

    threads = [threading.Thread(target=record, args=(claim,)) for claim in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 1 and len(lost) == 5


def test_a_mail_that_waits_is_read_once_more_and_its_claim_says_so(store):
    waiting, yes, again = claims(store, 3)
    assert not waiting.confirmed
    store.record([ToRecord(waiting, Decision())], NOON)
    store.record([ToRecord(yes, Decision(confirms=waiting.id))], NOON)
    [claim] = store.inbox.claim(5, NOON, LEASE)
    assert claim.id == waiting.id and claim.confirmed
    with pytest.raises(Conflict):
        store.record([ToRecord(again, Decision(confirms=waiting.id))], NOON)
    store.record([ToRecord(claim, Decision())], NOON)
    with pytest.raises(Conflict):
        store.record([ToRecord(again, Decision(confirms=waiting.id))], NOON)
    assert store.inbox.claim(5, NOON, LEASE) == []


def test_a_mail_that_is_still_being_read_cannot_be_confirmed(store):
    reading, yes = claims(store, 2)
    with pytest.raises(Conflict):
        store.record([ToRecord(yes, Decision(confirms=reading.id))], NOON)


def test_questions_are_counted_by_whom_they_ask(store):
    letters = [replace(a_letter(), about=7, made_at=NOON - timedelta(minutes=minutes)) for minutes in (10, 50, 70, 25 * 60)]
    with_letters(store, *letters, a_letter())
    who = letters[0].person
    assert store.outbox.asked([who, 99], NOON) == {who: (2, 3)}
    assert store.outbox.facts([letters[0].id])[letters[0].id].about == 7


def test_an_answer_makes_what_was_reported_before_it_count_no_more(store):
    first, second, third = a_letter(), a_letter(), a_letter()
    with_letters(store, first, second, third)
    bring(store, reported(first.id))
    bring(store, reported(second.id, "complained", None))
    [address] = {letter.address.lower() for letter in (first, second, third)}
    since = NOON - timedelta(days=60)
    assert store.delivery_reports.since_answers([address], since) == {address: (None, frozenset({first.id, second.id}))}
    [claim] = claims(store)
    later = NOON + timedelta(hours=1)
    store.record([ToRecord(claim, Decision(answered=third.id))], later)
    assert store.delivery_reports.since_answers([address, "x@y"], since) == {address: (later, frozenset()), "x@y": (None, frozenset())}
    assert store.outbox.facts([third.id])[third.id].answered_at == later
    assert store.delivery_reports.since_answers([address], later)[address][1] == frozenset()


def test_soft_reports_and_what_was_only_shown_make_no_address_dead(store):
    letter = a_letter()
    with_letters(store, letter)
    bring(store, reported(letter.id, "delayed", Fate.DELAYED))
    bring(store, replace(reported(letter.id), fate=None, hard=False))
    assert (
        store.delivery_reports.since_answers([letter.address.lower()], NOON - timedelta(days=60))[letter.address.lower()][1] == frozenset()
    )
