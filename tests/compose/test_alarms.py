"""What letters say of promises that are nearly broken, or broken: the right clock, in words that its reader would use."""

from __future__ import annotations

import pytest

from mailgate.model.policy import Metric
from tests.compose.desk import a_letter, flowing


def test_a_breach_and_a_warning_speak_of_the_clock_that_they_are_about():
    warned = flowing(a_letter("sla_warned", "agent"))
    assert "First reply due in 2 hours Your" in warned and "6 h of 8 h working time used. Due Monday, 1 June, 18:00 CEST." in warned
    broken = flowing(a_letter("sla_breached", "lead"))
    assert "First reply is 10 minutes overdue" in broken and "It was due Monday, 1 June, 18:00 CEST." in broken


def test_what_is_left_is_called_working_time_where_the_clock_on_the_wall_says_more():
    assert "First reply due in 2 hours of working time" in flowing(a_letter("sla_warned", "agent", facts={"unbroken": False}))
    late = {"metric": Metric.RESOLUTION, "unbroken": False, "over_s": 3900}
    assert "Solution is overdue by 1 hour 5 minutes of working time" in flowing(a_letter("sla_breached", "agent", facts=late))
    assert "Lösung seit 1 Stunde 5 Minuten Arbeitszeit überfällig" in flowing(a_letter("sla_breached", "agent", "de", facts=late))


@pytest.mark.parametrize("unbroken", [True, False])
def test_a_breach_that_is_seconds_old_counts_no_minutes(unbroken):
    broken = flowing(a_letter("sla_breached", "agent", facts={"over_s": 59, "unbroken": unbroken}))
    assert "First reply is overdue Your" in broken


def test_a_german_duration_does_not_end_a_sentence_with_a_second_full_stop():
    assert "8 Std. 10 Min. sind vergangen. Davon" in flowing(a_letter("sla_breached", "agent", "de"))
