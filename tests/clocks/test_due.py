"""A date that an agent promises stands in the record, in notices and in what the requester reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mailgate.record.store import Store
from tests.clocks.house import MAX, EditedHouse


def test_the_requester_and_the_agents_read_the_date_until_it_is_taken_back(tmp_path: Path, store: Store) -> None:
    house = EditedHouse(tmp_path, store)
    number = house.open()
    house.say(number, "#due 2026-06-05\nA part is on its way.")
    assert house.ticket(number).promised_at == datetime(2026, 6, 5, 16, tzinfo=UTC)
    answered = next(one for one in house.sent if one.to == MAX and "A part is on its way." in one.text)
    assert "We expect to have it solved by Friday, 5 June, 18:00 CEST." in " ".join(answered.text.replace("*", "").split())
    house.sent.clear()
    house.answer(MAX, answered, "When will that be?")
    house.run()
    told = [one for one in house.sent if one.to != MAX]
    assert told and all("Promised for" in one.text for one in told)
    house.answer("ann@example.org", told[0], "#due none\nThe part was not the trouble.")
    house.run()
    again = next(one for one in house.sent if one.to == MAX and "not the trouble" in one.text)
    assert "expect to have it solved" not in again.text and house.ticket(number).promised_at is None
    house.close()
