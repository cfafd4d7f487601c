"""What was reported about letters is kept once, in one transaction with what follows, and an older record takes it up."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import inspect, text

from mailgate.model.decision import Change, Decision
from mailgate.model.delivery import Fate, OutboxState, Reported, Suppression, SuppressionKind
from mailgate.record import migrations
from mailgate.record.rows import Settlement, ToRecord
from tests.databases import without_tables
from tests.record.builders import NOON, a_letter, a_person, a_ticket, claims

DAY = timedelta(days=1)


def reported(letter: str, action: str = "failed", fate: Fate | None = Fate.BOUNCED) -> Reported:
    return Reported(letter, action, fate, "5.1.1", "550", action == "failed", "user unknown", NOON)


def with_letters(store, *letters):
    store.record([ToRecord(None, Decision(changes=(Change(None, a_ticket()),), people=(a_person(),)), letters)], NOON)


def bring(store, *what: Reported, **more):
    [claim] = claims(store)
    store.record([ToRecord(claim, Decision(reported=what, **more))], NOON)


def test_every_report_is_kept_and_the_letter_says_the_last_of_it(store):
    letter = a_letter()
    with_letters(store, letter)
    bring(store, reported(letter.id, "delayed", Fate.DELAYED))
    bring(store, reported(letter.id))
    row = store.outbox.row(letter.id)
    assert row.fate is Fate.BOUNCED and [r.action for r in row.reports] == ["delayed", "failed"]
    assert store.outbox.facts([letter.id])[letter.id].fate is Fate.BOUNCED
    assert store.outbox.of_ticket(1)[0].reports == row.reports == store.outbox.to_address("ANN@example.org")[0].reports
    assert store.standing.health(NOON).reported_day["bounced"] == 1 and store.standing.health(NOON + 2 * DAY).reported_day["bounced"] == 0


def test_a_report_that_says_nothing_of_the_letter_leaves_what_was_believed(store):
    letter = a_letter()
    with_letters(store, letter)
    bring(store, reported(letter.id))
    bring(store, reported(letter.id, "complained", None))
    assert store.outbox.row(letter.id).fate is Fate.BOUNCED


def test_a_mail_that_names_a_letter_twice_reports_once(store):
    letter = a_letter()
    with_letters(store, letter)
    bring(store, reported(letter.id), reported(letter.id))
    assert len(store.outbox.row(letter.id).reports) == 1


def test_what_is_suppressed_and_lifted_belongs_to_the_decision(store):
    bounce = Suppression("ann@example.org", SuppressionKind.BOUNCE, "user unknown", NOON, NOON + DAY)
    spam = Suppression("bob@example.org", SuppressionKind.COMPLAINT, "a letter was reported as spam", NOON, NOON + DAY)
    bring(store, suppress=(bounce, spam))
    assert set(store.people.suppressed(["ann@example.org", "bob@example.org"], NOON)) == {"ann@example.org", "bob@example.org"}
    assert store.standing.health(NOON).suppressed == 2
    bring(store, lift=("ann@example.org", "bob@example.org"))
    assert store.people.suppressions(NOON) == [spam], "who complained is not asked for proof that his address works"
    assert store.people.lift("bob@example.org")


def test_a_further_bounce_keeps_the_beginning_and_moves_the_end(store):
    first = Suppression("ann@example.org", SuppressionKind.BOUNCE, "user unknown", NOON, NOON + 10 * DAY)
    second = Suppression("ann@example.org", SuppressionKind.BOUNCE, "mailbox disabled", NOON + DAY, NOON + 11 * DAY)
    bring(store, suppress=(first,))
    bring(store, suppress=(second,))
    now = store.people.suppression("ann@example.org")
    assert (now.since, now.until, now.reason) == (NOON, NOON + 11 * DAY, "mailbox disabled")
    later = Suppression("ann@example.org", SuppressionKind.BOUNCE, "user unknown", NOON + 30 * DAY, NOON + 40 * DAY)
    bring(store, suppress=(later,))
    assert store.people.suppression("ann@example.org") == later, "the old one was over"


def test_words_that_went_to_another_address_of_the_same_requester_have_reached_him(store):
    lost, other = a_letter(entry=1), a_letter(entry=1, address="ann@home.example")
    alone, agents = a_letter(entry=2), a_letter(entry=2, person=2, address="bob@example.org")
    with_letters(store, lost, other, alone, agents)
    assert store.delivery_reports.reached_otherwise([lost.id, alone.id]) == set(), "the other one has not left yet"
    for claimed in store.outbox.claim(10, NOON, DAY):
        store.outbox.settle(Settlement(claimed.letter.id, claimed.lease, _Sent(), "250"), NOON)
    assert store.delivery_reports.reached_otherwise([lost.id, alone.id]) == {lost.id}
    bring(store, reported(other.id))
    assert store.delivery_reports.reached_otherwise([lost.id]) == set(), "it came back as well"


class _Sent:
    state, next_attempt_at, doubted, counts = OutboxState.SENT, None, False, True


def test_a_record_of_the_version_before_keeps_its_letters_and_suppressions(tmp_path):
    before = migrations.VERSIONS[migrations.VERSIONS.index("0003") - 1]
    row = "('ann@example.org', '2026-11-20 12:00:00', '2027-11-20 12:00:00', 'x')"
    old = f"INSERT INTO suppressions (address, since, until, reason) VALUES {row}"
    with without_tables(tmp_path) as database:
        database.write(lambda connection: migrations.upgrade(connection, before))
        database.write(lambda connection: connection.execute(text(old)))
        database.write(migrations.upgrade)
        kind = database.read(lambda connection: connection.execute(text("SELECT kind FROM suppressions")).scalar_one())
        tables = database.read(lambda connection: inspect(connection).get_table_names())
    assert kind == "bounce" and "delivery_reports" in tables
