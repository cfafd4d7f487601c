"""Whoever has to hear of something does, and nobody twice: notes, tickets that change hands, people in copy, follow-ups, ratings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide.intake import on_mail
from mailgate.model.evidence import Verdict, VerdictKind
from mailgate.model.mail import Kind
from mailgate.model.person import Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Member, Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
    CIM_AT,
    EVE_AT,
    MAX,
    MAX_AT,
    NUMBER,
    PIA,
    PIA_AT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_requesters,
    a_situation,
    addresses,
    an_agents,
    an_entry,
    days,
    decided,
    entries,
    events,
    inside,
    outside,
)

EVE_PASSES = Verdict(VerdictKind.PASS, "elsewhere.example", "mx.example.org", "dkim")


def a_note(id: int, author: int, text: str = "Is the spare in the cellar?"):
    return an_entry(id, text, Visibility.INTERNAL, author=author, author_role=Role.AGENT)


# --- notes ---------------------------------------------------------------------------------------------------------------------


def test_an_answer_to_a_note_reaches_its_author_and_its_writer_has_a_receipt():
    notice = a_notice(ANN, "note_added", answer_is=Visibility.INTERNAL, entry=2)
    decision = an_agents("Yes, on the left.", answers=notice, file=a_file(owner=ANN, entries=(a_note(2, BOB),)))
    assert inside(decision) == [("note_added", BOB_AT), ("commands_applied", ANN_AT)]
    assert decision.letters[-1].kind.heard == ("Bob Frey",)
    assert outside(decision) == []


def test_whoever_has_written_notes_there_hears_the_next_one():
    file = a_file(owner=ANN, entries=(a_note(2, BOB), a_note(3, CIM, "In the attic.")))
    decision = an_agents("#note\nNo, here it is.", who=ANN, file=file)
    assert [address for event, address in inside(decision) if event == "note_added"] == [BOB_AT, CIM_AT]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(an_entry(2, "Is it?", author=BOB, author_role=Role.AGENT), id="a public answer is no note"),
        pytest.param(replace(a_note(2, BOB), hidden=True), id="what a machine sent"),
        pytest.param(replace(a_note(2, BOB), author=None), id="a remark of the gateway"),
    ],
)
def test_other_entries_make_nobody_a_reader_of_notes(entry):
    decision = an_agents("#note\nNo, here it is.", who=ANN, file=a_file(owner=ANN, entries=(entry,)))
    assert not [one for one in inside(decision) if one[0] == "note_added"]


def test_a_note_about_an_agents_own_request_does_not_reach_him_although_he_wrote_notes():
    file = a_file(owner=ANN, requester=BOB, entries=(a_note(2, BOB),))
    assert BOB_AT not in [address for event, address in inside(an_agents("#note\nHe always asks.", file=file)) if event == "note_added"]


# --- who took, answered, closed, gave back; who lost it --------------------------------------------------------------------------


def told(decision, event):
    return {w.person.address: w.kind.news for w in decision.letters if w.event == event}


@pytest.mark.parametrize(
    ("text", "owner", "news"),
    [
        ("#take", None, (("taken", ""),)),
        ("Please restart.", None, (("answered", ""),)),
        ("#resolve\nIt was the card.", ANN, (("resolved", ""),)),
        ("#close\nIt was the card.", ANN, (("closed", ""),)),
        ("#assign none", ANN, (("given", ""),)),
        ("#assign cim", ANN, (("given", "Cim Oz"),)),
        ("#take\nPlease restart.", None, (("taken", ""), ("answered", ""))),
    ],
)
def test_the_group_hears_in_one_line_who_did_what(text, owner, news):
    file = a_file(Status.NEW) if owner is None else a_file(owner=owner)
    assert told(an_agents(text, file=file), "group_told") == {BOB_AT: news}


@pytest.mark.parametrize("text", ["#note\nHm.", "#watch", "#priority P2", "#wait\nWhich version?"])
def test_nothing_else_is_told_to_the_group(text):
    news = told(an_agents(text, file=a_file(owner=ANN)), "group_told").get(BOB_AT, ())
    assert all(word == "answered" for word, _ in news)


def test_the_line_to_the_group_can_be_switched_off_and_what_was_lost_is_still_told():
    decision = an_agents("#take", who=ANN, file=a_file(owner=BOB), policy=a_policy(letters={"group_told": False}))
    assert inside(decision) == [("ticket_lost", BOB_AT), ("commands_applied", ANN_AT)]


@pytest.mark.parametrize(("text", "who"), [("#take", ANN), ("#assign cim", ANN), ("#assign none", ANN)])
def test_whoever_loses_a_ticket_hears_it_once(text, who):
    decision = an_agents(text, who=who, file=a_file(owner=BOB))
    assert [event for event, address in inside(decision) if address == BOB_AT] == ["ticket_lost"]


def test_who_gives_his_own_ticket_away_has_lost_nothing():
    assert not told(an_agents("#assign bob", file=a_file(owner=ANN)), "ticket_lost")


def test_whoever_is_given_a_ticket_gets_its_story_and_no_second_letter_with_the_note_that_came_along():
    decision = an_agents("#assign bob\n#note\nPlease look at it.", file=a_file(owner=ANN))
    assert [event for event, address in inside(decision) if address == BOB_AT] == ["ticket_assigned"]


# --- in copy ------------------------------------------------------------------------------------------------------------------------


def copied_file(*, proof: str = "proof:domain", **more):
    first = an_entry(1, "Eva and I cannot open it.", author_role=Role.REQUESTER, flags=(proof,), copied=addresses(EVE_AT))
    file = a_file(**more)
    return replace(file, entries=(first, *file.entries[1:]))


def by_eve(**around):
    mail = a_mail(EVE_AT, "Same here.", in_reply_to=("<entry-1@example.net>",), to=(MAX_AT,), cc=("support@example.org",))
    return decided(mail, file=around.pop("file", copied_file()), **around)


def test_who_else_had_a_first_mail_stands_on_its_entry_and_takes_no_part_by_it():
    decision = decided(a_mail(cc=(EVE_AT,), to=("support@example.org", "other@elsewhere.example")))
    [change] = decision.changes
    assert [one.address for one in change.entries[0].copied] == ["other@elsewhere.example", EVE_AT]
    assert change.after.members == () and [w.person.address for w in outside(decision)] == [MAX_AT]


def test_an_answer_to_all_of_somebody_in_copy_lands_on_the_ticket_and_waits():
    decision = by_eve()
    assert events(decision) == ["unverified_wrote"] and entries(decision) == [("unverified", "Same here.")]
    assert decision.letters[0].kind.because == Reason("was_in_copy")
    assert decision.ticket.number == NUMBER and not outside(decision)


def test_whom_a_proven_requester_copied_in_takes_part_once_proven():
    decision = by_eve(verdict=EVE_PASSES)
    assert events(decision) == ["participant_joined", "requester_wrote"]
    assert [m.role for m in decision.ticket.members] == [Role.PARTICIPANT]
    assert entries(decision) == [("public", "Same here.")]
    assert decision.people[0].address == EVE_AT and decision.changes[0].before == copied_file().ticket


@pytest.mark.parametrize("proof", ["proof:none", "proof:failed", "proof:forwarded"])
def test_a_copy_by_somebody_unproven_lets_nobody_in(proof):
    assert entries(by_eve(verdict=EVE_PASSES, file=copied_file(proof=proof))) == [("unverified", "Same here.")]


def test_a_copy_by_an_agent_lets_nobody_in():
    note = an_entry(2, "Do you know?", author=ANN, author_role=Role.AGENT, flags=("proof:token",), copied=addresses(EVE_AT))
    file = a_file(entries=(note,))
    assert entries(by_eve(verdict=EVE_PASSES, file=file)) == [("unverified", "Same here.")]


def test_a_forged_answer_of_somebody_in_copy_stays_out():
    forged = Verdict(VerdictKind.FAIL, "elsewhere.example", "mx.example.org", "dmarc")
    assert entries(by_eve(verdict=forged)) == [("unverified", "Same here.")]


# --- admitting -----------------------------------------------------------------------------------------------------------------------


def test_admitting_is_offered_only_where_it_can_be_done():
    stranger = decided(a_mail(EVE_AT, "Hello.", answers=(letter := a_letter(MAX))), file=a_file(), letters=(letter,))
    assert {w.kind.may_admit for w in stranger.letters} == {True}
    claimed = decided(a_mail(ANN_AT, "Hello.", in_reply_to=("<entry-1@example.net>",), subject="x"), file=a_file(owner=ANN))
    assert {w.kind.may_admit for w in claimed.letters if w.event == "unverified_wrote"} <= {False}


# --- after the end ---------------------------------------------------------------------------------------------------------------------


def ended():
    return a_file(Status.CLOSED, participants=(PIA,))


def the_next(**more):
    file = a_file(Status.NEW, participants=more.pop("participants", ()))
    return replace(file, ticket=replace(file.ticket, number=2001, follows=NUMBER, **more))


def late(author, text, *, follow_up=None, who=MAX):
    letter = a_letter(who, made_at=None)
    at = ended().ticket.resolved_at + days(60)
    s = a_situation(a_mail(author, text, answers=letter), file=ended(), letters=(letter,), arrived_at=at)
    return on_mail(replace(s, follow_up=follow_up))


def test_a_first_late_answer_opens_a_follow_up_that_names_the_old_ticket_and_is_found_again():
    decision = late(MAX_AT, "It is back.")
    assert decision.changes[0].after.follows == NUMBER and f"after:{NUMBER}" in decision.message_ids
    notices = [w for w in decision.letters if w.event == "ticket_opened"]
    assert notices and {w.kind.follows for w in notices} == {f"IT-{NUMBER}"}


def test_a_second_late_answer_lands_on_the_first_follow_up():
    decision = late(MAX_AT, "And once more.", follow_up=the_next())
    assert decision.ticket.number == 2001 and events(decision) == ["requester_wrote"]
    assert {w.ticket for w in decision.letters} == {2001} and inside(decision)


def test_who_took_part_in_the_old_ticket_takes_part_in_the_next_one():
    decision = late(PIA_AT, "For me, too.", follow_up=the_next(), who=PIA)
    assert events(decision) == ["participant_joined", "requester_wrote"]
    assert decision.ticket.members == (Member(PIA, Role.PARTICIPANT),) and decision.changes[0].before == the_next().ticket
    again = late(PIA_AT, "And again.", follow_up=the_next(participants=(PIA,)), who=PIA)
    assert events(again) == ["requester_wrote"]


# --- ratings and absences ------------------------------------------------------------------------------------


def rated(text, policy=None, **file):
    letter = a_letter(MAX, "ticket_resolved", closure=1)
    return a_requesters(text, answers=letter, file=a_file(Status.RESOLVED, **file), policy=policy)


def test_a_rating_with_a_comment_reaches_the_owner():
    decision = rated("5\nquick and kind", owner=BOB)
    assert inside(decision) == [("rating_commented", BOB_AT)]
    assert decision.letters[0].kind.comment == "quick and kind"


def test_a_rating_without_words_is_told_to_nobody():
    assert inside(rated("5", owner=BOB)) == []


@pytest.mark.parametrize(
    ("to", "readers"), [({"owner"}, [BOB_AT]), ({"lead"}, [ANN_AT]), ({"owner", "lead"}, [BOB_AT, ANN_AT]), (set(), [])]
)
def test_the_policy_says_who_reads_it(to, readers):
    policy = replace(a_policy(), rating_comments_to=frozenset(to))
    assert inside(rated("4\nquick and kind", policy, owner=BOB)) == [("rating_commented", one) for one in readers]


def test_a_lead_who_hears_of_a_low_rating_has_its_words_there():
    policy = replace(a_policy(), rating_comments_to=frozenset({"owner", "lead"}))
    assert inside(rated("1\nnothing works", policy, owner=ANN)) == [("low_rating_given", ANN_AT)]


def test_without_an_owner_the_group_reads_it():
    assert inside(rated("5\nquick and kind", owner=None)) == [("rating_commented", ANN_AT), ("rating_commented", BOB_AT)]


def test_a_strangers_absence_is_set_aside_and_nobody_has_to_look():
    decision = decided(a_mail(EVE_AT, "I am away."), kind=Kind.AUTO_REPLY, answer=False)
    assert decision.set_aside and decision.quiet
    assert not decided(a_mail((EVE_AT, MAX_AT), "Hm.")).quiet, "what cannot be read at all is for a person to see"
