"""What a round takes over from the batch before, which is decided and not recorded yet."""

from __future__ import annotations

from mailgate.decide.known import Known
from mailgate.model.person import Person

ANN = Person(id=7, name="Ann", address="ann@example.org")


def before() -> Known:
    """A batch that opened the tickets 1 and 2; ticket 3 was there."""
    return Known(
        message_ids={"it": {"<one@x>": 1, "<two@x>": 2, "<old@x>": 3}},
        fresh={1, 2},
        people={"ann@example.org": ANN},
        joined={"ann@example.org"},
    )


def test_a_reply_behind_its_question_finds_the_ticket_that_is_not_recorded_yet():
    known = Known(message_ids={"it": {}})
    known.follow_names(before(), {"it": ["<one@x>", "<nobody@x>"]})
    assert known.message_ids == {"it": {"<one@x>": 1}}


def test_tickets_that_no_mail_of_this_batch_names_are_not_asked_for():
    known = Known()
    known.follow_names(before(), {"it": []})
    assert not any(known.message_ids.values())


def test_what_the_database_says_of_a_message_id_stays():
    known = Known(message_ids={"it": {"<one@x>": 4}})
    known.follow_names(before(), {"it": ["<one@x>", "<old@x>"]})
    assert known.message_ids == {"it": {"<one@x>": 4}}


def test_a_message_id_of_another_desk_leads_nowhere():
    """(fault 131)"""
    known = Known()
    known.follow_names(before(), {"hr": ["<one@x>"]})
    assert not any(known.message_ids.values())


def test_people_who_joined_in_the_batch_before_are_known():
    known = Known(people={"ann@example.org": Person(id=7, name="", address="ann@example.org")})
    known.follow_names(before(), {})
    assert known.people["ann@example.org"] == ANN
