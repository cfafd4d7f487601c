"""Whoever writes under a name of ours is told apart from us."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.compose import samples
from tests.compose.desk import a_context, a_letter, flowing


@pytest.mark.parametrize("name", ["Ann Berg", "IT Support", "ann@example.org", "Ann Berg <ann@example.org>"])
def test_whoever_passes_for_one_of_us_is_named_by_address_where_a_notice_says_who_gets_the_reply(name: str):
    """(fault 89)"""
    context = a_context("requester_wrote")
    people = {**context.people, samples.MAX.id: replace(samples.MAX, name=name)}
    file = replace(context.file, ticket=replace(context.file.ticket, members=()))
    said = flowing(a_letter("requester_wrote", "agent", context=replace(context, file=file, people=people)))
    assert "Your reply goes to max@example.com." in said and "waits for max@example.com, who gets" in said
