"""An agent who is a ticket's requester, or takes part in it, reads what everybody outside reads: no note, and no notice about himself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide import announce
from mailgate.model.person import Role
from mailgate.model.ticket import Member, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
    CIM_AT,
    EVE_AT,
    KNOWN,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_scene,
    an_agents,
    an_entry,
    decided,
    inside,
    letters,
)


def anns(**more):
    """A ticket that Ann, who leads the group, opened for herself."""
    return a_file(requester=ANN, people=KNOWN, **more)


def to(decision, address):
    return [(w.event, w.audience.value) for w in decision.letters if w.person.address == address]


def test_a_note_reaches_the_group_without_her():
    decision = an_agents("#note\nShe broke it herself.", who=BOB, file=anns(owner=None))
    assert not to(decision, ANN_AT)
    assert not any(w.entry is not None for w in decision.letters if w.person.address == ANN_AT)


def test_an_answer_reaches_her_as_the_requester_and_only_so():
    decision = an_agents("Please restart.", who=BOB, file=anns(owner=None))
    assert to(decision, ANN_AT) == [("agent_replied", "requester")]


@pytest.mark.parametrize("how", ["owner", "watcher", "participant"])
def test_whoever_she_is_besides_a_note_is_not_for_her(how):
    if how == "participant":
        file = a_file(participants=(ANN,), watchers=(ANN,), people=KNOWN)
    else:
        file = anns(watchers=(ANN,) if how == "watcher" else (), owner=ANN if how == "owner" else BOB)
    decision = an_agents("#note\nShe broke it herself.", who=CIM, file=file)
    assert not to(decision, ANN_AT), decision.letters
    assert to(decision, BOB_AT) == [("note_added", "agent")]


def test_where_she_is_the_whole_group_a_note_reaches_nobody_rather_than_her():
    policy = a_policy()
    alone = replace(policy, agents={id_: agent for id_, agent in policy.agents.items() if id_ != "bob"})
    decision = an_agents("#note\nShe broke it herself.", who=CIM, file=anns(owner=None), policy=alone)
    assert not to(decision, ANN_AT)
    assert announce.responsible(a_scene(None, policy=alone), anns(owner=None).ticket) == (ANN,)


def test_a_strangers_words_are_shown_to_the_others():
    letter = a_letter(ANN, audience=a_letter().audience)
    decision = decided(a_mail(EVE_AT, "I know what she did.", answers=letter), file=anns(owner=None), letters=(letter,))
    assert to(decision, BOB_AT) == [("unverified_wrote", "agent")]
    assert not to(decision, ANN_AT)


def test_what_she_wrote_herself_comes_back_to_her():
    notice = a_notice(BOB)
    decision = decided(a_mail(ANN_AT, "Was it me?", answers=notice), file=anns(owner=None), letters=(notice,))
    assert ("unverified_wrote", ANN_AT) in inside(decision)


def test_a_ticket_is_not_assigned_to_who_asked_for_it_with_its_story():
    note = an_entry(2, "She broke it herself.", Visibility.INTERNAL, author=BOB)
    decision = an_agents("#assign ann", who=BOB, file=anns(entries=(note,)))
    assert not to(decision, ANN_AT)
    assert [e for e, _ in letters(decision)] == ["commands_refused"]


def test_a_member_of_another_group_who_opened_it_hears_no_note_either():
    file = a_file(requester=CIM, people=KNOWN, owner=BOB)
    file = replace(file, ticket=replace(file.ticket, members=(*file.ticket.members, Member(CIM, Role.AGENT))))
    assert not to(an_agents("#note\nHe broke it himself.", who=ANN, file=file), CIM_AT)
