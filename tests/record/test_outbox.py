"""Letters leave when they are due, in one courier's hands at a time, and their row says what became of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailgate.model.decision import Decision
from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Audience, PartRef
from mailgate.model.ticket import Visibility
from mailgate.record.rows import Conflict, Settlement, ToRecord
from tests.record.builders import LEASE, NOON, Attempt, a_letter, a_notice, a_recorded_ticket, an_acknowledgement, wrote

S = OutboxState
MINUTE = timedelta(minutes=1)


def put(store, *letters, held=False):
    store.record([ToRecord(None, Decision(), letters, held)], NOON)


def claim(store, now=NOON, limit=10):
    return store.outbox.claim(limit, now, LEASE)


def state(store, letter):
    return store.outbox.row(letter.id).state


def test_a_letter_comes_back_sealed_as_it_was(store):
    """(fault 140)"""
    part = PartRef(7, "1.2", "fire.png", "image/png", 1200, "a" * 64, True, "cid")
    letter = a_letter(
        parts=(part,),
        boundary="b",
        closure=2,
        entry=3,
        not_before=NOON - MINUTE,
        expires_at=NOON + MINUTE,
        utf8=True,
        notice="n",
        reverse_path="support+x@example.com",
        header=bytes(range(256)),
        body=b"\x00\xff\r\n",
        audience=Audience.LEAD,
        answer_is=Visibility.INTERNAL,
    )
    a_recorded_ticket(store)
    put(store, letter)
    (claimed,) = claim(store)
    assert claimed.letter == letter
    assert (claimed.attempts, claimed.first_at, claimed.doubted, claimed.last_reply) == (1, NOON, False, "")
    assert store.outbox.row(letter.id.lower()).letter == letter


def test_persons_words_go_before_machines(store):
    put(store, an_acknowledgement(1), a_notice(2), a_letter(3, made_at=NOON + MINUTE))
    assert [one.letter.ticket for one in claim(store, NOON + MINUTE)] == [3, 1, 2]


def test_a_claimed_letter_is_nobody_elses_until_the_lease_runs_out_and_is_doubted_then(store):
    """(faults 28 and 37)"""
    put(store, a_letter())
    (first,) = claim(store)
    assert claim(store, NOON + LEASE - timedelta(seconds=1)) == []
    (second,) = claim(store, NOON + LEASE)
    assert (second.attempts, second.doubted, second.first_at) == (2, True, NOON)
    assert not store.outbox.settle(Settlement(first.letter.id, first.lease, Attempt(), "250 late"), NOON + LEASE)
    assert store.outbox.settle(Settlement(second.letter.id, second.lease, Attempt(), "250 ok"), NOON + LEASE)
    row = store.outbox.row(first.letter.id)
    assert (row.state, row.last_reply, row.settled_at) == (S.SENT, "250 ok", NOON + LEASE)
    assert claim(store, NOON + timedelta(days=9)) == []


def test_a_deferred_letter_comes_back_at_its_time_with_its_attempts_counted(store):
    put(store, a_letter())
    (one,) = claim(store)
    assert store.outbox.settle(
        Settlement(one.letter.id, one.lease, Attempt(S.DEFERRED, NOON + 5 * MINUTE, doubted=True), "451 later"), NOON
    )
    assert claim(store, NOON + 4 * MINUTE) == []
    row = store.outbox.row(one.letter.id)
    assert (row.state, row.attempts, row.next_attempt_at, row.last_reply, row.lease) == (
        S.DEFERRED,
        1,
        NOON + 5 * MINUTE,
        "451 later",
        None,
    )
    (again,) = claim(store, NOON + 5 * MINUTE)
    assert (again.attempts, again.first_at, again.doubted, again.last_reply) == (2, NOON, True, "451 later")


def test_a_relay_that_is_down_costs_no_attempt(store):
    put(store, a_letter())
    (one,) = claim(store)
    store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(S.DEFERRED, NOON + MINUTE, counts=False), "no connection"), NOON)
    assert claim(store, NOON + MINUTE)[0].attempts == 1


def test_a_letter_given_back_untried_is_due_at_once(store):
    put(store, a_letter())
    store.outbox.release_lease(claim(store), NOON + MINUTE)
    (one,) = claim(store, NOON + MINUTE)
    assert (one.attempts, one.first_at, one.doubted) == (1, NOON + MINUTE, False)


def test_who_lost_the_lease_of_a_letter_cannot_give_it_back(store):
    """It is under way with somebody else: a third would send it once more (fault 37)."""
    put(store, a_letter())
    lost = claim(store)
    (held,) = claim(store, NOON + LEASE)
    store.outbox.release_lease(lost, NOON + LEASE)
    assert claim(store, NOON + LEASE + MINUTE) == []
    assert store.outbox.settle(Settlement(held.letter.id, held.lease, Attempt(), "250 ok"), NOON + LEASE + MINUTE)


def test_a_letter_waits_for_its_time_and_one_that_would_come_too_late_is_cancelled(store):
    early, late, fine = a_letter(not_before=NOON + MINUTE), a_letter(expires_at=NOON), a_letter(expires_at=NOON + MINUTE)
    put(store, early, late, fine)
    assert [one.letter.id for one in claim(store, limit=1)] == [fine.id], "what is cancelled on the way takes nobody's place"
    assert (state(store, late), store.outbox.row(late.id).settled_at) == (S.CANCELLED, NOON)
    assert [one.letter.id for one in claim(store, NOON + MINUTE)] == [early.id]


def test_many_letters_are_claimed_each_once(store):
    """(fault 36)"""
    put(store, *(a_letter(None) for _ in range(1000)))
    ids = [one.letter.id for _ in range(3) for one in claim(store, limit=700)]
    assert len(ids) == len(set(ids)) == 1000


def test_held_letters_stay_until_they_are_released(store):
    held, free, later = a_letter(), a_letter(), a_letter(not_before=NOON + timedelta(days=1))
    put(store, held, later, held=True)
    put(store, free)
    assert [one.letter.id for one in claim(store)] == [free.id]
    assert store.outbox.release(NOON, [held.id]) == 1
    assert [one.letter.id for one in claim(store)] == [held.id]
    assert store.outbox.release(NOON) == 1
    assert claim(store) == []
    assert [one.letter.id for one in claim(store, NOON + timedelta(days=1)) if one.letter.id == later.id] == [later.id]


def test_holding_everything_also_holds_what_is_deferred_while_it_was_under_way(store):
    waiting, under_way, taken = a_letter(), a_letter(), a_letter()
    put(store, under_way, taken)
    one, two = sorted(claim(store), key=lambda each: each.letter.id)
    put(store, waiting)
    assert store.outbox.hold() == 3
    assert store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(S.DEFERRED, NOON), "451"), NOON)
    assert store.outbox.settle(Settlement(two.letter.id, two.lease, Attempt(S.SENT), "250"), NOON)
    assert [state(store, each) for each in (waiting, one.letter, two.letter)] == [S.HELD, S.HELD, S.SENT]
    assert store.outbox.row(one.letter.id).last_reply == "451"
    assert claim(store, NOON + timedelta(days=9)) == []


def test_a_courier_that_died_over_a_held_letter_leaves_it_doubted(store):
    put(store, a_letter())
    claim(store)
    store.outbox.hold()
    store.outbox.release(NOON)
    assert claim(store)[0].doubted is True


def test_cancelled_letters_never_leave_but_one_that_the_relay_took_is_sent(store):
    waiting, under_way = a_letter(), a_letter()
    put(store, under_way)
    (one,) = claim(store)
    put(store, waiting)
    assert store.outbox.cancel(NOON, "by hand", [waiting.id, under_way.id]) == 2
    assert claim(store, NOON + timedelta(days=9)) == []
    assert store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(S.SENT), "250"), NOON)
    assert (state(store, waiting), state(store, under_way)) == (S.CANCELLED, S.SENT)


def test_an_operator_may_try_any_letter_again_but_one_that_was_sent(store):
    refused, sent = a_letter(), a_letter()
    put(store, refused, sent)
    for one in claim(store):
        store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(S.REFUSED if one.letter.id == refused.id else S.SENT), ""), NOON)
    assert store.outbox.retry(refused.id, NOON)
    assert not store.outbox.retry(sent.id, NOON)
    assert not store.outbox.retry("NOBODY00", NOON)
    assert [one.letter.id for one in claim(store)] == [refused.id]


def test_an_attempt_and_what_follows_from_it_are_recorded_together(store):
    before = a_recorded_ticket(store)
    put(store, a_letter())
    (one,) = claim(store)
    settlement = Settlement(one.letter.id, one.lease, Attempt(S.REFUSED), "550 no such user")
    store.record([wrote(before, settlement=settlement)], NOON)
    assert state(store, one.letter) is S.REFUSED
    with pytest.raises(Conflict):
        store.record([wrote(store.tickets.files([1])[1].ticket, settlement=settlement)], NOON)
    assert len(store.tickets.history(1)) == 2


def test_a_spent_token_stays_spent_from_the_first_time_on(store):
    a_recorded_ticket(store)
    letter = a_letter(closure=3, entry=4, audience=Audience.PARTICIPANT)
    put(store, letter)
    for minutes in (1, 2):
        store.record([ToRecord(None, Decision(spent=(letter.id,)))], NOON + minutes * MINUTE)
    facts = store.outbox.facts([letter.id, "NOBODY00"])
    assert list(facts) == [letter.id]
    assert facts[letter.id].spent_at == NOON + MINUTE
    found = facts[letter.id]
    assert (found.ticket, found.person, found.closure, found.entry, found.audience, found.made_at, found.message_id) == (
        1,
        1,
        3,
        4,
        Audience.PARTICIPANT,
        NOON,
        letter.message_id,
    )


def test_only_automatic_letters_to_outsiders_count_against_the_budgets(store):
    put(
        store,
        an_acknowledgement(1, address="Ann@example.org"),
        a_letter(2),
        a_notice(3),
        an_acknowledgement(4, proven=False, address="x@y.z"),
        an_acknowledgement(5, made_at=NOON - timedelta(minutes=59)),
        an_acknowledgement(6, made_at=NOON - timedelta(hours=23)),
        an_acknowledgement(7, made_at=NOON - timedelta(hours=24)),
    )
    counts = store.outbox.automatic_counts(["ANN@example.org", "x@y.z", "nobody@x"], NOON)
    assert counts.per_address_hour == {"ann@example.org": 2, "x@y.z": 1}
    assert counts.per_address_day == {"ann@example.org": 3, "x@y.z": 1}
    assert (counts.unknown_minute, counts.known_minute) == (1, 1)


def test_a_letter_whose_turn_is_still_to_come_has_its_place_in_the_budget(store):
    put(store, *(an_acknowledgement(number, proven=False, not_before=NOON + number * MINUTE) for number in range(1, 4)))
    assert store.outbox.automatic_counts([], NOON).unknown_minute == 3
    assert store.outbox.automatic_counts([], NOON + 3 * MINUTE).unknown_minute == 1


def test_where_no_minute_is_limited_none_is_counted_and_addresses_are(store):
    put(store, an_acknowledgement(1, address="ann@example.org"), an_acknowledgement(2, proven=False, address="x@y.z"))
    counts = store.outbox.automatic_counts(["ann@example.org", "x@y.z"], NOON, by_minute=False)
    assert (counts.unknown_minute, counts.known_minute) == (0, 0)
    assert counts.per_address_hour == {"ann@example.org": 1, "x@y.z": 1}


def test_a_name_that_the_relay_gave_leads_to_the_first_letter_that_got_it(store):
    one, two = a_letter(), a_letter()
    put(store, one, two)
    store.outbox.add_alias("<relay@x>", one.id)
    store.outbox.add_alias("<relay@x>", two.id)
    assert store.outbox.aliases(["<relay@x>", "<other@x>"]) == {"<relay@x>": one.id}


def test_the_list_shows_what_wants_attention_and_the_rest_when_asked(store):
    letters = [a_letter(made_at=NOON + minute * MINUTE) for minute in range(4)]
    put(store, *letters)
    for one in claim(store, NOON + MINUTE):
        store.outbox.settle(Settlement(one.letter.id, one.lease, Attempt(S.SENT), ""), NOON + MINUTE)
    assert [row.letter.id for row in store.outbox.rows()] == [letters[3].id, letters[2].id]
    assert {row.letter.id for row in store.outbox.rows(S.SENT)} == {letters[0].id, letters[1].id}
    assert [row.letter.id for row in store.outbox.rows(S.QUEUED, limit=1)] == [letters[3].id]
    assert [row.letter.id for row in store.outbox.of_ticket(1)] == [letter.id for letter in letters]
    assert store.outbox.row("NOBODY00") is None


def test_after_the_clock_was_set_back_what_was_due_at_once_is_due_now_and_what_was_delayed_keeps_its_turn(store):
    tried, at_once, delayed = a_letter(1), a_letter(2), a_letter(3, not_before=NOON + MINUTE)
    put(store, tried)
    (claimed,) = claim(store)
    store.outbox.settle(Settlement(tried.id, claimed.lease, Attempt(S.DEFERRED, NOON + timedelta(hours=24)), "451"), NOON)
    put(store, at_once, delayed)
    back = NOON - timedelta(hours=1)
    assert claim(store, back) == []
    assert store.outbox.hasten(back) == 2
    assert {one.letter.id for one in claim(store, back)} == {tried.id, at_once.id}
    assert store.outbox.hasten(back) == 0


def test_a_decision_takes_back_letters_that_wait_all_of_them_or_nothing(store):
    waits, held, gone = a_letter(), a_letter(), a_letter()
    put(store, gone)
    claim(store)
    put(store, waits)
    put(store, held, held=True)
    with pytest.raises(Conflict) as conflict:
        store.record([ToRecord(None, Decision(cancels=(waits.id, gone.id)), ())], NOON)
    assert (conflict.value.what, state(store, waits), state(store, gone)) == ("letter", S.QUEUED, S.SENDING)
    store.record([ToRecord(None, Decision(cancels=(waits.id, held.id)), ())], NOON)
    assert (state(store, waits), state(store, held)) == (S.CANCELLED, S.CANCELLED)
    assert claim(store, NOON + MINUTE) == []
