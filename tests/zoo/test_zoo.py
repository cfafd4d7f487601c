"""Programs that answer mail, without a header that says so, at either end of a ticket: they fall silent. The long form is an exam."""

from __future__ import annotations

import pytest

from mailgate.record.store import Store
from tests.zoo.days import thirty_days
from tests.zoo.machines import ZOO

pytestmark = pytest.mark.either_database


@pytest.mark.parametrize("name", ZOO)
def test_a_machine_at_both_ends_is_silent_in_the_end(store: Store, name: str):
    """Faults 65, 69, 70 and 71: nothing in the mail says that a machine wrote it."""
    seen = thirty_days(store, ZOO[name](), ZOO[name](), days=1)
    assert seen.faults == [], seen


def test_a_machine_at_an_agents_end_that_answers_to_the_desk_and_numbers_its_answers_is_silent_the_next_day(store: Store):
    """Nothing proves that the agent wrote: it is told like anybody's machine."""
    assert thirty_days(store, None, ZOO["rt"](), days=2).faults == []
