"""The requester's side answers: messages, thanks, wishes of one word, ratings, and people who are copied in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide import joining
from mailgate.model.events import LetterSuppressed, ParticipantJoined, RatingGiven
from mailgate.model.letter import Audience
from mailgate.model.person import Person, Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM_AT,
    EVE_AT,
    KNOWN,
    MAX,
    MAX_AT,
    NOON,
    NUMBER,
    PIA,
    PIA_AT,
    SUPPORT,
    Life,
    a_file,
    a_letter,
    a_mail,
    a_policy,
    a_requesters,
    action,
    an_agents,
    an_attachment,
    days,
    decided,
    entries,
    event,
    events,
    inside,
    letters,
    outside,
    rate,
    reply,
    when,
)
from tests.decide.life import replay

CITES = {"in_reply_to": ("<entry-1@example.net>",)}  #: a mail that only cites what is known: a From: and nothing more


def status(decision):
    return decision.changes[-1].after.status


# --- messages ------------------------------------------------------------------------------------------------------------


def test_an_answer_is_a_public_entry_that_the_owner_and_the_watchers_hear():
    decision = a_requesters("It is 4.1.0.", file=a_file(watchers=(ANN,)))
    assert entries(decision) == [("public", "It is 4.1.0.")] and events(decision) == ["requester_wrote"]
    assert inside(decision) == [("requester_wrote", BOB_AT), ("requester_wrote", ANN_AT)] and not outside(decision)
    assert {w.answer_is for w in decision.letters} == {Visibility.PUBLIC}


def test_an_answer_ends_the_waiting_and_opens_what_was_resolved():
    assert status(a_requesters("4.1.0", file=a_file(Status.PENDING_USER))) is Status.OPEN
    decision = a_requesters("It still drops.", file=a_file(Status.RESOLVED))
    assert status(decision) is Status.OPEN and decision.letters[0].kind.reopened is True


def test_a_participants_answer_counts_like_the_requesters():
    letter = a_letter(PIA)
    decision = decided(a_mail(PIA_AT, "Me too.", answers=letter), file=a_file(Status.RESOLVED, participants=(PIA,)), letters=(letter,))
    assert status(decision) is Status.OPEN and entries(decision) == [("public", "Me too.")]


def test_thanks_reopen_nothing_and_wake_nobody():
    for state in (Status.RESOLVED, Status.CLOSED):
        decision = a_requesters("Thank you very much!", file=a_file(state))
        assert status(decision) is state and events(decision) == ["requester_thanked"] and not decision.letters
    late = decided(a_mail(text="Thanks!", **CITES), file=a_file(Status.CLOSED), arrived_at=NOON + days(30))
    assert status(late) is Status.CLOSED, "not even after the reopening time a new ticket"


def test_thanks_on_a_living_ticket_and_thanks_with_a_but_are_messages():
    assert inside(a_requesters("Thank you very much!", file=a_file(Status.PENDING_USER))) == [("requester_wrote", BOB_AT)]
    assert status(a_requesters("Thanks, but it still drops.", file=a_file(Status.RESOLVED))) is Status.OPEN


def test_a_participants_late_answer_opens_a_ticket_of_his_own():
    letter = a_letter(PIA)
    file = a_file(Status.CLOSED, participants=(PIA,))
    decision = decided(a_mail(PIA_AT, answers=letter), file=file, letters=(letter,), arrived_at=NOON + days(20), now=NOON + days(20))
    assert (decision.changes[0].after.follows, decision.changes[0].after.requester) == (NUMBER, PIA)


# --- wishes ----------------------------------------------------------------------------------------------------------------


def test_close_and_reopen_of_a_proven_requester():
    decision = a_requesters("Solved!", file=a_file(Status.OPEN))
    assert status(decision) is Status.RESOLVED and events(decision) == ["requester_closed"]
    assert letters(decision) == [("ticket_resolved", MAX_AT), ("requester_wrote", BOB_AT)]
    assert outside(decision)[0].closure == 1 and outside(decision)[0].kind.by_requester is True
    decision = a_requesters("close", file=a_file(Status.RESOLVED))
    assert status(decision) is Status.CLOSED and [(w.event, w.closure) for w in outside(decision)] == [("ticket_closed", None)]
    decision = a_requesters("reopen", file=a_file(Status.CLOSED))
    assert status(decision) is Status.OPEN and not outside(decision)


@pytest.mark.parametrize("word", ["close", "reopen"])
@pytest.mark.parametrize("mail", [CITES, {"answers": a_letter(MAX, spent_at=NOON)}])
def test_a_wish_without_proof_is_an_ordinary_message(word, mail):
    letter = mail.get("answers")
    decision = decided(a_mail(text=word, **mail), file=a_file(Status.PENDING_USER), letters=(letter,) if letter else ())
    assert events(decision) == ["requester_wrote"] and entries(decision) == [("public", word)]
    assert not outside(decision)


def test_a_participant_closes_nothing_and_his_question_is_not_answered_to_the_requester():
    letter = a_letter(PIA)
    asked = decided(a_mail(PIA_AT, "status", answers=letter), file=a_file(participants=(PIA,)), letters=(letter,))
    assert events(asked) == ["requester_wrote"] and not outside(asked)
    decision = decided(a_mail(PIA_AT, "close", answers=letter), file=a_file(participants=(PIA,)), letters=(letter,))
    assert events(decision) == ["requester_wrote"] and status(decision) is Status.OPEN


@pytest.mark.parametrize(("word", "state", "after"), [("close", Status.OPEN, Status.RESOLVED), ("reopen", Status.RESOLVED, Status.OPEN)])
@pytest.mark.parametrize("text", ["", "It was the cable, sorry."])
def test_the_link_of_a_letter_is_the_wish_also_with_an_empty_body_or_with_words_added(word, state, after, text):
    letter = a_letter(MAX)
    decision = a_requesters(text, answers=letter, to=(action(letter, word),), file=a_file(state))
    assert status(decision) is after and entries(decision) == [("public", text)]


def test_words_added_to_the_status_link_are_a_message_of_their_own():
    letter = a_letter(MAX)
    assert letters(a_requesters("", answers=letter, to=(action(letter, "status"),))) == [("status_asked", MAX_AT)]
    decision = a_requesters("It got worse.", answers=letter, to=(action(letter, "status"),))
    assert events(decision) == ["requester_wrote"]


def test_the_link_of_somebody_elses_letter_is_no_wish():
    mine, other = a_letter(MAX), a_letter(PIA)
    mail = a_mail(text="", answers=mine, to=(reply(mine), action(other, "close")))
    assert events(decided(mail, file=a_file(), letters=(mine, other))) == ["requester_wrote"]


@pytest.mark.parametrize(("word", "name"), [("status", "status_asked"), ("Hilfe", "help_asked")])
def test_status_and_help_are_answered_to_the_address_on_file_without_any_proof(word, name):
    moved = replace(KNOWN[MAX], aliases=("max@old.example",))
    file = a_file(people={MAX: moved})
    decision = decided(a_mail("max@old.example", word, **CITES), file=file, known={**KNOWN, MAX: moved})
    assert letters(decision) == [(name, MAX_AT)] and decision.changes[0].after == file.ticket
    assert [(e.visibility, e.hidden) for e in decision.changes[0].entries] == [(Visibility.INTERNAL, True)]


def test_a_forger_cannot_have_his_own_subject_read_out_to_his_victim_by_asking_for_the_status():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title="Claim your prize at http://prize.example/now"))
    [letter] = outside(decided(a_mail(text="status", **CITES), file=file))
    assert "prize.example" not in letter.shown_title and not letter.proven
    known = {MAX: replace(KNOWN[MAX], proven=True)}
    [letter] = outside(decided(a_mail(text="status", **CITES), file=replace(file, people=(known[MAX],)), known={**KNOWN, **known}))
    assert letter.shown_title is None and letter.proven  # the ticket's, or their own: composing looks


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        ({"answer": False, "answer_because": Reason.of("silent.precedence", "bulk")}, Reason("silent.precedence")),
        ({"received_at": NOON + days(2)}, Reason("too_old")),
        ({"same_message_id": True}, Reason("answered_before")),
        ({"policy": a_policy(letters={"status_asked": False, "ticket_resolved": False, "rating_given": False})}, Reason("switched_off")),
    ],
)
def test_no_machine_answers_and_the_history_says_why(around, reason):
    decision = a_requesters("status", **around)
    assert events(decision) == ["letter_suppressed"] and not decision.letters
    assert event(decision, LetterSuppressed).reason == reason
    decision = a_requesters("close", **around)
    assert events(decision) == ["requester_closed", "letter_suppressed"] and not outside(decision)
    asked = a_letter(MAX, "ticket_resolved", closure=1)
    decision = a_requesters("5", answers=asked, file=a_file(Status.RESOLVED), **around)
    assert events(decision) == ["rating_given", "letter_suppressed"] and decision.ratings and not outside(decision)


def test_a_wish_that_makes_no_sense_now_is_answered_with_the_status():
    assert letters(a_requesters("reopen", file=a_file(Status.OPEN))) == [("status_asked", MAX_AT)]
    assert letters(a_requesters("close", file=a_file(Status.CLOSED))) == [("status_asked", MAX_AT)]


def test_reopen_after_the_reopening_time_opens_a_ticket_that_follows():
    fresh = a_letter(MAX, made_at=NOON + days(19))
    decision = a_requesters("reopen", answers=fresh, file=a_file(Status.CLOSED), arrived_at=NOON + days(20))
    assert decision.changes[0].after.follows == NUMBER and decision.spent == ()


# --- ratings ------------------------------------------------------------------------------------------------------------------


def asked(**more):
    return a_letter(MAX, "ticket_resolved", closure=1, **more)


def test_a_rating_is_counted_thanked_for_and_changes_nothing():
    letter = asked()
    for text, to in (("4\nquick", reply(letter)), ("quick", rate(letter, 4))):
        file = a_file(Status.RESOLVED)
        decision = a_requesters(text, answers=letter, to=(to,), file=file)
        [counted] = decision.ratings
        assert (counted.score, counted.closure, counted.person, counted.comment) == (4, 1, MAX, "quick")
        assert status(decision) is Status.RESOLVED and event(decision, RatingGiven).score == 4
        assert letters(decision) == [("rating_commented", BOB_AT), ("rating_given", MAX_AT)]
        assert decision.changes[0].entries[0].hidden


def test_a_low_rating_is_heard_by_the_lead():
    decision = a_requesters("1\nStill broken.", answers=asked(), file=a_file(Status.RESOLVED))
    assert events(decision) == ["rating_given", "low_rating_given"]
    assert letters(decision) == [("low_rating_given", ANN_AT), ("rating_commented", BOB_AT), ("rating_given", MAX_AT)]
    assert decision.letters[0].audience is Audience.LEAD


def test_a_rating_too_late_is_thanked_for_and_not_counted():
    letter = asked(made_at=NOON)
    file = a_file(Status.CLOSED)
    closed = file.ticket.closed_at
    decision = a_requesters("5", answers=letter, file=file, arrived_at=NOON + days(20))
    assert not decision.ratings and [(w.event, w.kind.late) for w in outside(decision)] == [("rating_given", closed + days(14))]
    assert events(decision) == ["rating_came_late"] and status(decision) is Status.CLOSED


def test_a_rating_without_proof_is_not_counted_and_opens_nothing_again():
    """Only the words beside it are told."""
    for text, told in (("5", []), ("1\nstill broken", [("rating_commented", BOB_AT)])):
        decision = a_requesters(text, answers=asked(spent_at=NOON), file=a_file(Status.RESOLVED))
        assert not decision.ratings and events(decision) == [] and status(decision) is Status.RESOLVED
        assert letters(decision) == told and [w.kind.counts for w in decision.letters] == [False] * len(told)


def test_whoever_writes_to_a_rating_address_of_their_own_letter_is_its_reader_although_others_have_seen_it():
    letter = asked(spent_at=NOON)
    decision = a_requesters("", answers=letter, to=(rate(letter, 4),), file=a_file(Status.RESOLVED))
    assert [one.score for one in decision.ratings] == [4]


def test_a_participants_rating_is_no_rating_and_opens_nothing_again():
    letter = asked()
    mail = a_mail(PIA_AT, "Quick.", answers=letter, to=(rate(letter, 5),))
    decision = decided(mail, file=a_file(Status.RESOLVED, participants=(PIA,)), letters=(letter,))
    assert not decision.ratings and status(decision) is Status.RESOLVED and not outside(decision)


def test_a_figure_where_nobody_asked_is_a_message():
    assert events(a_requesters("5", file=a_file(Status.RESOLVED))) == ["requester_wrote"]


# --- people who are copied in -----------------------------------------------------------------------------------------------------


def joined(decision):
    return [m.person for m in decision.changes[0].after.members if m.role is Role.PARTICIPANT]


def test_whom_a_proven_requester_copies_in_takes_part_from_then_on():
    """(fault 98)"""
    decision = a_requesters("Pia has it, too.", cc=(PIA_AT, "New@Elsewhere.example"))
    assert joined(decision) == [PIA, 901]
    assert [e.person for e in decision.changes[0].events if isinstance(e, ParticipantJoined)] == [PIA, 901]
    assert {p.id: p.address for p in decision.people if not p.proven} == {PIA: PIA_AT, 901: "New@Elsewhere.example"}
    assert inside(decision) == [("requester_wrote", BOB_AT)]
    assert decision.letters[0].kind.joined == (PIA_AT, "New@Elsewhere.example"), "agents see who joined"
    assert not outside(decision), "no history is sent"
    new = {901: Person(901, "", "new@elsewhere.example")}
    answer = an_agents("Both restart, please.", file=a_file(participants=(PIA, 901), people=new), known={**KNOWN, **new})
    assert [(w.event, w.audience.value, w.person.id) for w in outside(answer)] == [
        ("agent_replied", "requester", MAX),
        ("agent_replied", "participant", PIA),
        ("agent_replied", "participant", 901),
    ]


def test_the_token_that_the_copied_have_seen_proves_nothing_more():
    letter = a_letter(MAX)
    assert a_requesters("Pia has it, too.", answers=letter, cc=(PIA_AT,)).spent == (letter.id,)
    again = a_requesters("Eve, too.", answers=replace(letter, spent_at=NOON), cc=(EVE_AT,))
    assert joined(again) == [] and events(again) == ["requester_wrote"]


def test_nobody_else_lets_anybody_in():
    """(fault 98)"""
    cc = (EVE_AT,)
    assert joined(decided(a_mail(cc=cc, **CITES), file=a_file())) == [], "a From: alone"
    letter = a_letter(PIA)
    assert joined(decided(a_mail(PIA_AT, answers=letter, cc=cc), file=a_file(participants=(PIA,)), letters=(letter,))) == [PIA]
    theirs = a_letter(MAX)
    assert joined(decided(a_mail(EVE_AT, answers=theirs, cc=(PIA_AT,)), file=a_file(), letters=(theirs,))) == []
    assert joined(an_agents("Please restart.", cc=cc)) == []
    assert decided(a_mail(EVE_AT, cc=(PIA_AT,))).changes[0].after.members == (), "a first mail lets nobody in"


def test_desks_agents_members_the_author_and_machines_do_not_join():
    """(fault 98)"""
    moved = replace(KNOWN[MAX], aliases=("max@old.example",))
    file = a_file(participants=(PIA,), people={MAX: moved})
    cc = (
        SUPPORT,
        "support+x@example.org",
        ANN_AT,
        CIM_AT.upper(),
        PIA_AT,
        MAX_AT,
        "max@old.example",
        "no-reply@shop.example",
        "no address",
        "a b@x.example",
    )
    decision = a_requesters("Look at this.", cc=cc, file=file, known={**KNOWN, MAX: moved})
    assert joined(decision) == [PIA] and "participant_joined" not in events(decision)


@pytest.mark.parametrize(
    "odd",
    ["x@localhost", "x@[192.0.2.1]", "x@-bad.example", "x@bad..example", '"q q"@x.example', "x@", "@x.example", "x" * 65 + "@x.example"],
)
def test_an_address_that_can_hardly_be_written_to_does_not_join(odd):
    # Otherwise it could stop each later letter of the agents.
    assert joining.copied_in(a_mail(cc=(odd,)), a_policy()) == ()


def test_at_most_ten_come_in_with_one_mail_and_each_once():
    """(fault 98)"""
    many = tuple(f"p{n}@elsewhere.example" for n in range(200))
    assert len(joining.copied_in(a_mail(cc=many), a_policy())) == 10
    decision = a_requesters("All of us.", cc=("P0@elsewhere.example", *many))
    assert len(joined(decision)) == joining.MOST_NEW_PEOPLE == 10
    assert len({p.address.lower() for p in decision.people if not p.proven}) == 10


def test_an_agents_address_needs_no_id_even_where_nobody_is_known():
    assert joining.copied_in(a_mail(cc=(ANN_AT, SUPPORT, EVE_AT)), a_policy()) == (a_mail(cc=(EVE_AT,)).cc[0],)


def test_people_without_an_id_stay_outside():
    copied = joining.copied_in(a_mail(cc=(EVE_AT, "new@elsewhere.example", PIA_AT)), a_policy())
    known = {PIA_AT: KNOWN[PIA]}
    assert joining.unknown(copied, known) == 2
    assert [p.id for p in joining.as_people(copied, known, (901,))] == [901, PIA]
    two = {EVE_AT: KNOWN[PIA], PIA_AT: KNOWN[PIA]}
    assert [p.id for p in joining.as_people(copied, two, (901,))] == [PIA, 901], "two addresses of one person are one"


def test_who_joined_can_be_told_from_the_history_alone():
    life = Life().at("mon 12:00", ParticipantJoined, actor=MAX, person=PIA)
    blank = replace(life.ticket, members=(), cycles=(), status=Status.NEW)
    assert replay(blank, life.history, life.rules).outsiders() == (MAX, PIA)


def test_an_attachment_alone_is_a_message():
    decision = a_requesters("", attachments=(an_attachment(),))
    assert events(decision) == ["requester_wrote"] and decision.letters[0].entry.attachments


def test_the_clock_of_an_answer_is_its_arrival():
    decision = a_requesters("4.1.0", file=a_file(Status.PENDING_USER), arrived_at=when("mon 11:00"), now=when("mon 15:00"))
    assert decision.changes[0].after.waiting_since == when("mon 11:00")


def test_the_owner_who_left_leaves_the_ticket_to_its_group():
    policy = a_policy()
    policy = replace(policy, agents={k: v for k, v in policy.agents.items() if k != "bob"})
    assert inside(a_requesters("Anybody there?", file=a_file(owner=BOB), policy=policy)) == [("requester_wrote", ANN_AT)]
