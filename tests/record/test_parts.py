"""Each method of a part of the store is one transaction, and the same work can be part of another."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

from mailgate.record.inbox import Inbox
from mailgate.record.people import People
from tests.record.builders import NOON, a_person, a_ticket, claims, opened


def test_what_a_method_finds_is_found_within_a_transaction_as_well(store):
    (claim,) = claims(store)
    person = a_person()
    store.record([opened(a_ticket(), person, claim)], NOON)
    asked = [person.address]
    assert store._db.write(lambda connection: People.at(connection, asked)) == store.people.at(asked) != {}


def test_a_question_that_is_asked_again_has_lost_nothing_of_what_was_asked(store, monkeypatch):
    """A database that was busy: the work is done from its start once more, and an iterator would be empty then."""
    tries = []
    work = Inbox.__dict__["same_message_ids"]._work

    def busy_once(self, connection, desk, ids, but=()):
        asked = list(ids)
        tries.append(asked)
        if len(tries) == 1:
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return work(self, connection, desk, asked, but)

    monkeypatch.setattr(Inbox.__dict__["same_message_ids"], "_work", busy_once)
    monkeypatch.setattr(store._db.room, "meaning", lambda error: "busy")
    assert store.inbox.same_message_ids("it", (id for id in ["<a@x>", "<b@x>"])) == {}
    assert tries == [["<a@x>", "<b@x>"]] * 2
