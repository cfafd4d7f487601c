"""What a decision changes is recorded as a whole, by whoever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mailgate.model.decision import Change, Decision
from mailgate.model.events import PriorityChanged, SlaBreached, SlaWarned, TicketTaken
from mailgate.model.letter import Audience
from mailgate.model.person import Role
from mailgate.model.policy import Agent, Metric, Policy
from mailgate.model.rating import GivenRating
from mailgate.model.ticket import Member, Retarget, Status, Visibility
from mailgate.model.ticket import Outcome as Ends
from mailgate.record import tables
from mailgate.record.rows import Conflict, ToRecord
from tests.record.builders import (
    NOON,
    a_cycle,
    a_full_ticket,
    a_letter,
    a_notice,
    a_person,
    a_recorded_ticket,
    a_ticket,
    an_acknowledgement,
    an_entry,
    claims,
    opened,
    wrote,
)

PEOPLE = (
    a_person(1),
    a_person(2, "bob@example.com", name="Bob", agent="bob"),
    a_person(3, "cy@example.org", name="Cy", aliases=("c@x.org",)),
)


def everything_of(store) -> list[object]:
    """Whatever a failed recording must not have touched."""
    return [
        store.tickets.listed(),
        [store.tickets.history(ticket.number) for ticket in store.tickets.listed()],
        store.people.by_id(range(1, 20)),
        store.outbox.rows(),
        [row.state for row in store.inbox.rows()],
        store.tickets.files(range(1, 20)),
    ]


def test_a_ticket_comes_back_as_it_went_in(store):
    (claim,) = claims(store)
    ticket = a_full_ticket()
    first, second = an_entry(1, inbox=claim.id), an_entry(2, html=None, author=None, attachments=(), flags=(), inbox=None, hidden=True)
    notice = a_notice(1)
    outcome = opened(ticket, None, claim, entries=(first, second), letters=(notice,), message_id="<1@example.org>")
    store.record([replace(outcome, decision=replace(outcome.decision, people=PEOPLE))], NOON)
    file = store.tickets.files([1], notices_for=[1])[1]
    assert file.ticket == replace(ticket, version=1, history=1) == outcome.decision.changes[0].recorded
    assert file.entries == (first, second)
    assert file.people == (PEOPLE[0], PEOPLE[1], PEOPLE[2])
    assert file.notices == ("New: printer",)
    assert store.tickets.files([1])[1].notices == ()
    row = store.inbox.row(claim.id)
    assert (row.state, row.ticket, row.message_id) == ("done", 1, "<1@example.org>")
    assert (row.trace, row.evidence, row.proof) == (outcome.decision.trace, outcome.decision.evidence, outcome.decision.proof)
    (event,) = store.tickets.history(1)
    assert (event.seq, event.name, event.actor, event.mail) == (1, "ticket_opened", 1, claim.id)
    told = {"desk": "it", "kind": "incident", "priority": 3, "requester": 1, "group": "first", "follows": None}
    assert told.items() <= event.facts.items()


def test_a_changed_ticket_keeps_what_did_not_change_and_takes_what_did(store):
    people = (*PEOPLE,)
    outcome = opened(a_full_ticket())
    store.record([replace(outcome, decision=replace(outcome.decision, people=people))], NOON)
    before = store.tickets.files([1])[1].ticket
    stopped = replace(before.cycles[1], outcome=Ends.MET, stopped_at=NOON, elapsed_s=60)
    after = replace(
        before,
        status=Status.OPEN,
        owner=2,
        members=(Member(2, Role.AGENT),),
        timers=(),
        waiting_since=None,
        cycles=(before.cycles[0], stopped, *before.cycles[2:], a_cycle(Metric.UPDATE)),
    )
    store.record([wrote(before, after, events=(TicketTaken(at=NOON, actor=2), PriorityChanged(at=NOON, before=3, after=2)))], NOON)
    assert store.tickets.files([1])[1].ticket == replace(after, version=2, history=3)
    assert [(row.seq, row.name) for row in store.tickets.history(1)] == [(1, "ticket_opened"), (2, "ticket_taken"), (3, "priority_changed")]


def test_who_decided_on_an_old_version_loses_and_nothing_is_written(store):
    (claim,) = claims(store)
    before = a_recorded_ticket(store)
    store.record([wrote(before, replace(before, title="first"))], NOON)
    untouched = everything_of(store)
    second = wrote(before, replace(before, title="second"), claim, letters=(a_letter(),), entries=(an_entry(9),), message_ids=("<n@x>",))
    other = opened(a_ticket(2), a_person(5, "e@example.org"), letters=(an_acknowledgement(2),))
    with pytest.raises(Conflict) as conflict:
        store.record([other, second], NOON)
    assert (conflict.value.what, conflict.value.keys) == ("ticket", (1,))
    assert everything_of(store) == untouched
    assert store.inbox.tickets_by_message_ids("it", ["<n@x>"]) == {}


def test_decisions_of_one_batch_may_follow_one_another_on_one_ticket(store):
    first = opened(a_ticket(1), a_person())
    so_far = first.decision.changes[0].recorded
    second = wrote(so_far, replace(so_far, status=Status.OPEN))
    so_far = second.decision.changes[0].recorded
    third = wrote(so_far, replace(so_far, priority=1, cycles=(*so_far.cycles, a_cycle(Metric.UPDATE))))
    store.record([first, second, third], NOON)
    stands = store.tickets.files([1])[1].ticket
    assert stands == third.decision.changes[0].recorded
    assert (stands.version, stands.history, stands.status, stands.priority) == (3, 3, Status.OPEN, 1)
    assert [row.seq for row in store.tickets.history(1)] == [1, 2, 3]


def test_decisions_of_one_batch_that_do_not_follow_one_another_are_a_conflict(store):
    before = a_recorded_ticket(store)
    with pytest.raises(Conflict):
        store.record([wrote(before, replace(before, title="a")), wrote(before and replace(before, title="x"), before)], NOON)
    with pytest.raises(Conflict):
        store.record([opened(a_ticket(2)), opened(a_ticket(2))], NOON)


def test_a_ticket_number_is_used_once(store):
    a_recorded_ticket(store)
    with pytest.raises(Conflict):
        store.record([opened(a_ticket(1))], NOON)


def test_a_letters_name_is_used_once(store):
    """Its Message-ID and its tokens are made of it. Who drew one that is taken decides again, and draws another (fault 140)."""
    (claim,) = claims(store)
    store.record([opened(a_ticket(), a_person(), letters=(a_letter(id="AAAA0001"),))], NOON)
    with pytest.raises(Conflict):
        store.record([wrote(store.tickets.files([1])[1].ticket, claim=claim, letters=(a_letter(id="AAAA0001"),))], NOON)
    assert store.inbox.row(claim.id).state == "claimed"


def test_no_ticket_is_acknowledged_twice(store):
    outcome = opened(a_ticket(), a_person(), letters=(an_acknowledgement(), a_notice(), a_notice()))
    store.record([outcome], NOON)
    letters = [(row.letter.event, row.letter.audience) for row in store.outbox.of_ticket(1)]
    assert letters.count(("ticket_opened", Audience.REQUESTER)) == 1
    before = store.tickets.files([1])[1].ticket
    with pytest.raises(Conflict):
        store.record([wrote(before, letters=(an_acknowledgement(),))], NOON)
    assert len(store.outbox.rows()) == 3


def test_a_message_id_belongs_to_one_ticket_and_who_did_not_know_decides_again(store):
    # The reply overtook its question: both cite the same Message-ID, and neither knew of the other.
    store.record([opened(a_ticket(1), a_person(), message_ids=("<question@x>", "<reply@x>"))], NOON)
    assert store.inbox.tickets_by_message_ids("it", ["<question@x>", "<other@x>"]) == {"<question@x>": 1}
    with pytest.raises(Conflict) as conflict:
        store.record([opened(a_ticket(2), message_ids=("<question@x>",))], NOON)
    assert (conflict.value.what, conflict.value.keys) == ("message_id", ("<question@x>",))
    before = store.tickets.files([1])[1].ticket
    store.record([wrote(before, message_ids=("<question@x>", "<more@x>"))], NOON)
    assert store.inbox.tickets_by_message_ids("it", ["<question@x>", "<more@x>"]) == {"<question@x>": 1, "<more@x>": 1}


def test_a_message_id_known_to_belong_elsewhere_stays_there_without_a_conflict(store):
    store.record([opened(a_ticket(1), a_person(), message_ids=("<cited@x>",))], NOON)
    store.record([opened(a_ticket(2), message_ids=("<cited@x>", "<own@x>"), known={"<cited@x>": 1})], NOON)
    assert store.inbox.tickets_by_message_ids("it", ["<cited@x>", "<own@x>"]) == {"<cited@x>": 1, "<own@x>": 2}


def test_two_mails_of_one_batch_that_claim_one_message_id_for_two_tickets_are_a_conflict(store):
    one, two = opened(a_ticket(1), a_person(), message_ids=("<m@x>",)), opened(a_ticket(2), message_ids=("<m@x>",))
    with pytest.raises(Conflict):
        store.record([one, two], NOON)


def test_message_ids_of_two_desks_have_nothing_to_do_with_each_other(store):
    """(CVE-2026-40591, fault 131)"""
    store.record([opened(a_ticket(1), a_person(), message_ids=("<m@x>",))], NOON)
    store.record([opened(a_ticket(2, desk="hr"), message_ids=("<m@x>",))], NOON)
    assert store.inbox.tickets_by_message_ids("hr", ["<m@x>"]) == {"<m@x>": 2}


def test_a_person_is_found_by_every_address_in_any_case(store):
    a_recorded_ticket(store, people=PEOPLE)
    assert store.people.at(["C@X.org", "ann@example.org", "nobody@x"]) == {"c@x.org": PEOPLE[2], "ann@example.org": PEOPLE[0]}
    assert store.people.by_id([2, 99]) == {2: PEOPLE[1]}


def test_two_people_cannot_have_one_address(store):
    a_recorded_ticket(store)
    with pytest.raises(Conflict) as conflict:
        store.record([opened(a_ticket(2, requester=8), a_person(8, "ANN@example.org"))], NOON)
    assert conflict.value.what == "address"
    twins = (a_person(8, "new@example.org"), a_person(9, "NEW@example.org"))
    outcome = opened(a_ticket(2, requester=8))
    with pytest.raises(Conflict):
        store.record([replace(outcome, decision=replace(outcome.decision, people=twins))], NOON)
    assert store.people.by_id([8, 9]) == {}


def test_a_known_person_gains_an_address_and_keeps_the_rest(store):
    a_recorded_ticket(store)
    before = store.tickets.files([1])[1].ticket
    stale = a_person(1, aliases=("ann@home.example",), name="Another Name")
    store.record([wrote(before, people=(stale,))], NOON)
    assert store.people.at(["ann@home.example"])["ann@home.example"] == a_person(1, aliases=("ann@home.example",))


def test_the_language_of_somebody_known_follows_their_mails_and_what_they_chose_stays(store):
    a_recorded_ticket(store)

    def told(**languages: str | None) -> tuple[str | None, str | None]:
        store.record([wrote(store.tickets.files([1])[1].ticket, people=(a_person(1, **languages),))], NOON)
        kept = store.people.by_id([1])[1]
        return kept.language, kept.chosen_language

    assert told(language="de") == ("de", None)
    assert told(language="fr", chosen_language="es") == ("fr", "es")
    assert told() == ("fr", "es"), "who read nothing of it takes nothing away"
    assert store.people.speak("ANN@example.org", None) == a_person(1, language="fr")
    assert store.people.speak("nobody@example.org", "fr") is None


def test_an_agents_language_is_the_policys(store):
    bob = Agent("bob", "Bob", "bob@example.com", language="de")
    who = store.people.adopt_agents(Policy("d", {}, {"bob": bob}, {}, {}, {}))[0]["bob"]
    store.people.speak("bob@example.com", "fr")
    store.record([opened(a_ticket(requester=who.id), replace(who, language="es", chosen_language="es"))], NOON)
    assert (kept := store.people.by_id([who.id])[who.id]).language == "de" and kept.chosen_language is None


def test_an_admitted_entry_becomes_public_and_a_note_never_does(store):
    stranger, note = an_entry(1, visibility=Visibility.UNVERIFIED), an_entry(2, visibility=Visibility.INTERNAL)
    store.record([opened(a_ticket(), a_person(), entries=(stranger, note))], NOON)
    store.record([wrote(store.tickets.files([1])[1].ticket, admitted=(1, 2))], NOON)
    assert [entry.visibility for entry in store.tickets.files([1])[1].entries] == [Visibility.PUBLIC, Visibility.INTERNAL]


def test_an_alarm_is_raised_once_for_each_level_of_a_cycle(store):
    """(fault 53)"""
    before = a_recorded_ticket(store)
    warned = SlaWarned(at=NOON, metric=Metric.RESOLUTION, cycle=1, level=75)
    breached = SlaBreached(at=NOON, metric=Metric.RESOLUTION, cycle=1, due_at=NOON, target_s=60, priority=3, owner=None, group="first")
    store.record([wrote(before, events=(warned, breached))], NOON)
    for again in (warned, breached):
        with pytest.raises(Conflict):  # two rounds that saw the same ticket: one of them told it
            store.record([wrote(before, events=(again,))], NOON)
        # A node of the version before told it as well, and knows nothing of what the ticket says of it: that holds up no clock.
        store.record([wrote(store.tickets.files([1])[1].ticket, events=(again,))], NOON)
    assert _alarms(store) == [("resolution", 1, 75, 0), ("resolution", 1, 100, 0)]
    # A new target arms the levels anew.
    before = store.tickets.files([1])[1].ticket
    cycle = replace(before.cycles[1], retargets=(Retarget(NOON, "bob", 60, 30, "priority"),))
    store.record([wrote(before, replace(before, cycles=(before.cycles[0], cycle)), events=(warned,))], NOON)
    assert _alarms(store) == [("resolution", 1, 75, 0), ("resolution", 1, 75, 1), ("resolution", 1, 100, 0)]


def _alarms(store):
    at = tables.alarms.c
    with store._db.room.engine.connect() as connection:
        rows = connection.execute(select(at.metric, at.cycle, at.level, at.retarget).order_by(at.level, at.retarget)).all()
    return [tuple(row) for row in rows]


def test_a_command_of_a_mail_is_carried_out_once(store):
    (claim,) = claims(store)
    before = a_recorded_ticket(store)
    with pytest.raises(Conflict):
        store.record([wrote(before, claim=claim, commands=((1, "take"), (1, "close")))], NOON)
    store.record([wrote(before, claim=claim, commands=((1, "take"), (2, "close")))], NOON)


def test_the_last_rating_of_a_closure_counts_and_a_reopened_ticket_is_rated_again(store):
    """(fault 121)"""
    before = a_recorded_ticket(store)
    first = (GivenRating(1, 1, 1, 5, "fine", NOON), GivenRating(1, 1, 1, 2, "broken again", NOON), GivenRating(1, 2, 1, 4, "", NOON))
    store.record([wrote(before, ratings=first)], NOON)
    assert counted(store) == {1: 2, 2: 4}
    store.record([wrote(store.tickets.files([1])[1].ticket, ratings=(GivenRating(1, 1, None, 3, "", NOON),))], NOON)
    assert counted(store) == {1: 3, 2: 4}
    assert [one.score for one in store.ratings.of([1])[1]] == [5, 2, 4, 3]


def counted(store) -> dict[int, int]:
    return {one.closure: one.score for one in store.ratings.counted(NOON - timedelta(days=1), NOON + timedelta(days=1))}


def test_bad_tokens_are_counted_by_author_and_age(store):
    for minutes in (0, 30, 59):
        store.record([ToRecord(None, Decision(bad_token="Mal@Evil.example"))], NOON + timedelta(minutes=minutes))
    assert store.traffic.bad_tokens(["mal@evil.example", "b@x"], NOON + timedelta(minutes=30)) == {"mal@evil.example": 2}


def test_a_mail_set_aside_by_a_decision_keeps_its_reason_and_its_trace(store):
    (claim,) = claims(store)
    store.record([ToRecord(claim, Decision(set_aside="an auto-reply that belongs to no ticket"))], NOON)
    row = store.inbox.row(claim.id)
    assert (row.state, row.reason, row.ticket, row.settled_at) == ("set_aside", "an auto-reply that belongs to no ticket", None, NOON)


def test_tickets_that_are_due_come_with_the_longest_due_first(store):
    store.record([opened(a_ticket(1, next_check_at=NOON), a_person())], NOON)
    for number, hours in ((2, -2), (3, 1), (4, None), (5, -1)):
        at = None if hours is None else NOON + timedelta(hours=hours)
        store.record([opened(a_ticket(number, next_check_at=at))], NOON)
    assert store.tickets.due(NOON, 10) == [2, 5, 1]
    assert store.tickets.due(NOON, 2) == [2, 5]


def test_only_the_newest_entries_come_unless_the_whole_file_is_asked_for(store):
    entries = tuple(an_entry(id, text=f"entry {id}", attachments=(), inbox=None) for id in range(1, 81))
    store.record([opened(a_ticket(), a_person(), entries=entries)], NOON)
    assert store.tickets.files([1])[1].entries == entries[30:]
    assert store.tickets.files([1], notices_for=[1])[1].entries == entries


def test_many_tickets_are_read_at_once(store):
    store.record([opened(a_ticket(1), a_person()), *(opened(a_ticket(number)) for number in range(2, 1001))], NOON)
    assert len(store.tickets.files(range(1, 1001))) == 1000
    assert [ticket.number for ticket in store.tickets.listed(limit=3, offset=1)] == [999, 998, 997]
    assert store.tickets.listed([Status.CLOSED]) == []


def test_an_instant_without_a_zone_is_refused_before_anything_is_written(store):
    with pytest.raises(ValueError, match="without a zone"):
        store.record([opened(a_ticket(created_at=datetime(2026, 1, 1)), a_person())], NOON)
    with pytest.raises(ValueError, match="without a zone"):
        store.record([wrote(a_recorded_ticket(store), events=(TicketTaken(at=datetime(2026, 1, 1)),))], NOON)


def test_instants_come_back_in_utc_and_whole_seconds(store):
    at = datetime(2026, 3, 29, 3, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))
    ticket = a_recorded_ticket(store, created_at=at)
    assert ticket.created_at == datetime(2026, 3, 29, 1, 30, 15, tzinfo=UTC)
    assert ticket.created_at.tzinfo is UTC


@pytest.mark.parametrize("nasty", ["a\x00b", "a\ud800b", "\udfff", "\x00", "a\x85\x9bb", "\ufdd0\uffff\U0010ffff", "\x01\x1f\x7f"])
def test_what_a_database_chokes_on_is_replaced_wherever_words_go(store, nasty):
    """(fault 115)"""
    (claim,) = claims(store)
    outcome = opened(
        a_ticket(title=nasty),
        a_person(name=nasty),
        claim,
        entries=(an_entry(text=nasty, html=nasty, author_name=nasty, flags=(nasty,)),),
        message_ids=(nasty,),
        letters=(a_letter(notice=nasty, address=nasty),),
        message_id=nasty,
        set_aside=nasty,
        bad_token=nasty,
    )
    store.record([outcome], NOON)
    clean = nasty.replace("\x00", "\ufffd").replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")
    file = store.tickets.files([1], notices_for=[1])[1]
    assert (file.ticket.title, file.people[0].name) == (clean, clean)
    assert (file.entries[0].text, file.entries[0].html, file.entries[0].flags) == (clean, clean, (clean,))
    assert store.inbox.row(claim.id).reason == clean


def test_a_mistake_in_a_decision_is_no_conflict_that_would_be_decided_again_for_ever(store):
    with pytest.raises(IntegrityError):
        store.record([opened(a_ticket(requester=77))], NOON)  # nobody has this id


def test_an_empty_batch_costs_no_commit(store):
    before = store._db.commits
    store.record([], NOON)
    assert store.inbox.keep([]) == [] and store._db.commits == before


def test_a_batch_is_one_commit(store):
    claimed = claims(store, 20)
    before = store._db.commits
    store.record(
        [opened(a_ticket(1), a_person(), claimed[0]), *(opened(a_ticket(2 + n), None, claim) for n, claim in enumerate(claimed[1:]))], NOON
    )
    assert store._db.commits == before + 1


def test_a_change_of_a_ticket_that_is_not_there_is_a_conflict(store):
    with pytest.raises(Conflict):
        store.record([ToRecord(None, Decision(changes=(Change(a_ticket(5, version=1), a_ticket(5)),)))], NOON)


@pytest.mark.parametrize("sign", ["'; DROP TABLE letters; --", '" OR ""="', "%", "_", '" * NEAR (', "a\\", "?1 :name %(x)s", "{0}"])
def test_words_that_mean_something_to_a_database_are_words(store, sign):
    """Whatever somebody writes is kept as it stands, finds itself and nothing else (fault 130)."""
    (claim,) = claims(store)
    odd, plain = a_person(1, f"a{sign}b@x.org", name=sign), a_person(2, "axb@x.org")
    (letter, other) = (a_letter(id=f"L{n}", address=f"{n}{sign}@x.org") for n in range(2))
    outcome = opened(
        a_ticket(title=sign), odd, claim, entries=(an_entry(text=sign),), message_ids=(f"<{sign}@x>", "<axb@x>"), letters=(letter, other),
        set_aside=sign, bad_token=sign,
    )  # fmt: skip
    store.record([replace(outcome, decision=replace(outcome.decision, people=(odd, plain)))], NOON)
    file = store.tickets.files([1])[1]
    assert (file.ticket.title, file.people[0].name, file.entries[0].text) == (sign, sign, sign)
    assert set(store.people.at([odd.address])) == {odd.address.lower()} and store.people.at([f"{sign}@x.org", sign]) == {}
    assert store.inbox.tickets_by_message_ids("it", [f"<{sign}@x>", f"<{sign}>"]) == {f"<{sign}@x>": 1}
    assert store.inbox.tickets_by_message_ids(f"it{sign}", ["<axb@x>"]) == {}
    assert [row.letter.address for row in store.outbox.to_address(letter.address)] == [letter.address]
    assert store.inbox.row(claim.id).reason == sign
