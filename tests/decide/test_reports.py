"""A machine reports about a letter of ours: found by what we signed, counted once, and never more than what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.decide.reports import EXPIRES, on_report
from mailgate.model import token
from mailgate.model.delivery import Fate, OutboxState, SuppressionKind
from mailgate.model.events import AgentReplied, WaitStarted
from mailgate.model.letter import Audience
from mailgate.model.mail import Kind, Report
from mailgate.model.person import Person
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason
from mailgate.model.ticket import Outcome, Status, TicketFile, Visibility
from mailgate.model.understood import LetterFacts
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    KNOWN,
    MAX,
    MAX_AT,
    NOON,
    NUMBER,
    PIA,
    PIA_AT,
    RING,
    SUPPORT,
    Life,
    a_file,
    a_letter,
    a_mail,
    a_policy,
    a_requesters,
    a_situation,
    decided,
    events,
    letters,
)
from tests.decide.test_refusal import resolved

DAEMON = "mailer-daemon@mx.example.net"


def a_report(recipient: str = MAX_AT, action: str = "failed", **more: object) -> Report:
    hard = action == "failed"
    given = {"status": "5.1.1" if hard else "4.4.1", "reply_code": "550", "hard": hard, "reason": "user unknown: no such user here"}
    given |= {"cause": "user unknown"}
    return Report(recipient, action, **{**given, **more})  # type: ignore[arg-type]


def bounce_address(letter: LetterFacts) -> str:
    return f"support+{token.bounce_detail(RING, letter.id)}@example.org"


def reported(letter: LetterFacts, *reports: Report, to: str = "", ids: tuple[str, ...] = (), kind: Kind = Kind.BOUNCE, **around: object):
    """What follows from a report to the letter's bounce address, or to `to` with `ids` of what is returned."""
    mail = a_mail(DAEMON, "It could not be delivered.", to=(to or bounce_address(letter),), reports=reports, reported_ids=ids)
    given = {"file": a_file() if letter.ticket else None, "letters": (letter,), "answer": False, **around}
    return decided(mail, kind=kind, **given)  # type: ignore[arg-type]


def lived(life: Life) -> TicketFile:
    return TicketFile(life.ticket, tuple(KNOWN.values()), ())


# --- which letter -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["bounce address", "message-id", "anchor"])
def test_a_bounce_finds_its_letter_by_whatever_we_signed(way: str) -> None:
    letter = a_letter()
    if way == "bounce address":
        decision = reported(letter, a_report())
    else:
        ids = (letter.message_id if way == "message-id" else token.anchor_id(RING, NUMBER, letter.id, "example.org"),)
        decision = reported(letter, a_report(), to=SUPPORT, ids=ids)
    assert events(decision) == ["letter_refused"]
    [one] = decision.reported
    assert (one.letter, one.action, one.fate, one.status, one.hard) == (letter.id, "failed", Fate.BOUNCED, "5.1.1", True)


def test_a_bounce_address_that_we_never_signed_does_nothing_and_is_set_aside() -> None:
    letter = a_letter()
    forged = bounce_address(letter).replace(token.bounce_detail(RING, letter.id)[-16:], "0123456789abcdef")
    decision = reported(letter, a_report(), to=forged)
    assert isinstance(decision.set_aside, Reason) and decision.set_aside.code == "never_signed"
    assert (decision.changes, decision.letters, decision.reported, decision.suppress) == ((), (), (), ())
    # Neither does a Message-ID of ours whose letter another key signed.
    other = token.message_id(token.Keyring((b"somebody else's key, 32 bytes lon",)), NUMBER, letter.id, "example.org")
    assert reported(letter, a_report(), to=SUPPORT, ids=(other,)).reported == ()


def test_a_report_about_a_letter_of_long_ago_or_one_that_never_left_does_nothing() -> None:
    old = a_letter(made_at=NOON - EXPIRES - timedelta(days=1))
    waiting = a_letter(state=OutboxState.QUEUED)
    for letter in (old, waiting):
        decision = reported(letter, a_report())
        assert decision.set_aside is not None and letter.id in str(decision.set_aside)
        assert (decision.changes, decision.reported, decision.suppress) == ((), (), ())
    assert reported(replace(waiting, first_at=NOON), a_report()).reported, "it was under way"


def test_each_of_500_bounces_finds_its_own_letter_among_all_and_nobody_outside_is_written_to() -> None:
    """(fault 151)"""
    many = [a_letter() for _ in range(500)]
    for letter in many:
        mail = a_mail(DAEMON, "It failed.", to=(bounce_address(letter).upper(),), reports=(a_report(),))
        decision = decided(mail, kind=Kind.BOUNCE, file=a_file(), letters=many, answer=False)
        assert [one.letter for one in decision.reported] == [letter.id]
        assert not [wanted for wanted in decision.letters if wanted.audience.is_outside]


# --- a letter of the requester's --------------------------------------------------------------------------------------------


def test_an_answer_that_came_back_did_not_stop_the_clock_and_the_owner_hears_of_it_once() -> None:
    letter = a_letter()
    life = Life().at("mon 10:00", AgentReplied, actor=BOB, letter=letter.id)
    decision = reported(letter, a_report(), file=lived(life))
    after = decision.changes[0].after
    assert (after.cycle(Metric.FIRST_REPLY).outcome, after.cycle(Metric.FIRST_REPLY).annulled_by) == (Outcome.RUNNING, letter.id)
    assert letters(decision) == [("letter_refused", BOB_AT)]
    [entry] = decision.changes[0].entries
    assert entry.visibility is Visibility.INTERNAL and not entry.hidden and "5.1.1 user unknown" in entry.text and MAX_AT in entry.text
    assert decision.letters[0].kind.state == "bounced"


def test_a_pause_that_began_with_a_letter_which_came_back_ends_at_its_start() -> None:
    letter = a_letter()
    life = Life().at("mon 10:00", AgentReplied, actor=BOB, letter=letter.id).at("mon 10:00", WaitStarted, actor=BOB, letter=letter.id)
    assert life.ticket.status is Status.PENDING_USER
    after = reported(letter, a_report(), file=lived(life)).changes[0].after
    assert after.status is Status.OPEN
    [pause] = after.cycle(Metric.RESOLUTION).pauses
    assert pause.began_at == pause.ended_at


def test_a_solution_that_came_back_opens_the_ticket_again_unless_another_one_followed() -> None:
    solution = replace(a_letter(event="ticket_resolved", closure=1), id="1ETTERAA")
    assert reported(solution, a_report(), file=lived(resolved())).changes[0].after.status is Status.OPEN
    assert reported(solution, a_report(), file=lived(resolved(again=True))).changes[0].after.status is Status.RESOLVED


def test_a_letter_of_a_ticket_that_was_merged_away_turns_no_clock_of_the_other_one_back() -> None:
    letter = a_letter(ticket=7)
    mail = a_mail(DAEMON, "It could not be delivered.", to=(bounce_address(letter),), reports=(a_report(),))
    file = a_file(Status.PENDING_USER)
    s = replace(a_situation(mail, letters=(letter,), kind=Kind.BOUNCE, answer=False), letter=letter, file=file)
    decision = on_report(s)
    assert decision is not None and decision.changes[0].after == file.ticket and letters(decision) == [("letter_refused", BOB_AT)]


def test_the_same_bounce_again_counts_nothing_twice() -> None:
    letter = a_letter(fate=Fate.BOUNCED)
    decision = reported(letter, a_report())
    assert events(decision) == [] and decision.letters == () and decision.changes[0].before == decision.changes[0].after
    assert [e.hidden for e in decision.changes[0].entries] == [True]
    assert decision.reported and decision.suppress, "on file, and the address is dead for longer"


def test_what_the_relay_had_refused_already_is_no_news_when_it_bounces() -> None:
    decision = reported(a_letter(state=OutboxState.REFUSED, first_at=NOON), a_report())
    assert events(decision) == [] and decision.letters == ()


@pytest.mark.parametrize(
    ("before", "action", "fate", "told"),
    [
        (None, "delayed", Fate.DELAYED, False),
        (Fate.DELAYED, "delayed", Fate.DELAYED, False),
        (Fate.DELAYED, "failed", Fate.BOUNCED, True),
        (Fate.DELAYED, "delivered", Fate.DELIVERED, False),
        (None, "relayed", Fate.RELAYED, False),
        (None, "expanded", Fate.RELAYED, False),
        (Fate.DELIVERED, "failed", Fate.BOUNCED, True),
        (Fate.BOUNCED, "delivered", Fate.BOUNCED, False),
        (Fate.BOUNCED, "delayed", Fate.BOUNCED, False),
        (Fate.DELIVERED, "delayed", Fate.DELIVERED, False),
    ],
)
def test_reports_in_any_order_leave_one_truth(before: Fate | None, action: str, fate: Fate, told: bool) -> None:
    decision = reported(a_letter(fate=before), a_report(action=action), kind=Kind.BOUNCE if action == "failed" else Kind.DELIVERY_NOTICE)
    assert decision.reported[0].fate is fate
    assert (events(decision) == ["letter_refused"]) is told is bool(decision.letters)


def test_a_first_delay_shows_on_the_ticket_and_moves_nothing() -> None:
    file = a_file(Status.PENDING_USER)
    decision = reported(a_letter(), a_report(action="delayed"), kind=Kind.DELIVERY_NOTICE, file=file)
    [change] = decision.changes
    assert change.before == change.after == file.ticket and decision.letters == () and decision.suppress == () and decision.alarm is None
    assert [(e.visibility, e.hidden) for e in change.entries] == [(Visibility.INTERNAL, False)]
    again = reported(a_letter(fate=Fate.DELAYED), a_report(action="delayed"), kind=Kind.DELIVERY_NOTICE, file=file)
    assert [e.hidden for e in again.changes[0].entries] == [True]


def test_a_report_about_somebody_else_is_only_noted() -> None:
    for reports in ((a_report("max@forwarded.example"),), ()):
        decision = reported(a_letter(), *reports)
        assert events(decision) == [] and decision.letters == () and decision.suppress == ()
        assert decision.reported[0].fate is None
        [entry] = decision.changes[0].entries
        assert entry.visibility is Visibility.INTERNAL and not entry.hidden


def test_a_report_that_names_our_recipient_as_the_original_one_counts() -> None:
    assert events(reported(a_letter(), a_report("max@forwarded.example", original=MAX_AT.upper()))) == ["letter_refused"]


def test_any_address_of_the_requester_counts_as_his() -> None:
    people = {MAX: Person(MAX, "Max", MAX_AT, aliases=("max@home.example",))}
    assert events(reported(a_letter(), a_report("Max@Home.example"), file=a_file(people=people))) == ["letter_refused"]


def test_words_that_reached_the_requester_at_another_address_are_an_answer() -> None:
    letter = a_letter()
    life = Life().at("mon 10:00", AgentReplied, actor=BOB, letter=letter.id)
    decision = reported(letter, a_report(), file=lived(life), reached_otherwise=frozenset({letter.id}))
    assert events(decision) == [] and decision.changes[0].after == life.ticket
    assert letters(decision) == [("letter_refused", BOB_AT)], "the agents hear of it all the same"


def test_a_given_up_letter_counts_as_failed_but_its_address_is_not_dead() -> None:
    decision = reported(a_letter(), a_report(status="4.4.7", hard=False, reason="expired"))
    assert events(decision) == ["letter_refused"] and decision.suppress == ()


# --- everybody else's ---------------------------------------------------------------------------------------------------------


def test_a_participants_bounce_is_told_and_turns_no_clock_back() -> None:
    letter = a_letter(PIA, audience=Audience.PARTICIPANT)
    file = a_file(participants=(PIA,))
    decision = reported(letter, a_report(PIA_AT), file=file)
    assert decision.changes[0].after == file.ticket and letters(decision) == [("letter_refused", BOB_AT)]
    assert decision.suppress[0].address == PIA_AT


def test_a_colleague_who_cannot_be_reached_is_told_to_the_lead_and_the_operator_once() -> None:
    letter = a_letter(BOB, "requester_wrote")
    decision = reported(letter, a_report(BOB_AT))
    assert letters(decision) == [("letter_refused", ANN_AT)]
    assert decision.alarm is not None and decision.alarm.kind == "agent_unreachable" and BOB_AT in decision.alarm.what
    assert decision.alarm.key == BOB_AT, "an alarm about one colleague hides none about another"
    again = reported(letter, a_report(BOB_AT), suppressed={BOB_AT: "user unknown"})
    assert again.letters == () and again.alarm is None and again.reported and again.changes[0].entries


def test_the_bounce_of_the_letter_about_a_bounce_ends_there() -> None:
    """(fault 72)"""
    decision = reported(a_letter(ANN, "letter_refused"), a_report(ANN_AT))
    assert decision.letters == () and events(decision) == []


@pytest.mark.parametrize(("audience", "alarmed"), [(Audience.OPERATOR, False), (Audience.AGENT, True)])
def test_a_letter_about_no_ticket_is_found_by_its_own_id_and_an_alarm_that_bounces_raises_none(audience: Audience, alarmed: bool) -> None:
    letter = a_letter(ANN, "operator_alarmed", ticket=None, audience=audience)
    letter = replace(letter, message_id=token.message_id(RING, None, letter.id, "example.org"))
    decision = reported(letter, a_report(ANN_AT), to=SUPPORT, ids=(letter.message_id,))
    assert decision.set_aside is None and decision.reported[0].letter == letter.id
    assert (decision.alarm is not None) is alarmed and not decision.suppress, "an id that its reader knows suppresses nobody"
    assert decision.letters == () and decision.changes == ()


# --- dead addresses -----------------------------------------------------------------------------------------------------------


def test_an_address_that_does_not_work_gets_nothing_automatic_for_as_long_as_the_policy_says() -> None:
    """(fault 58)"""
    [one] = reported(a_letter(), a_report()).suppress
    assert (one.address, one.kind, one.until - one.since) == (MAX_AT, SuppressionKind.BOUNCE, a_policy().budgets.suppress_for)
    assert one.reason == Reason("dead.user unknown"), "histories repeat it, so it holds no word of the mail"


def test_a_complaint_silences_machines_for_outsiders_only() -> None:
    decision = reported(a_letter(), kind=Kind.COMPLAINT)
    assert [(one.address, one.kind) for one in decision.suppress] == [(MAX_AT, SuppressionKind.COMPLAINT)]
    assert events(decision) == [] and decision.letters == () and decision.reported[0].action == "complained"
    assert reported(a_letter(ANN), kind=Kind.COMPLAINT).suppress == ()


def by_its_id(letter: LetterFacts, *reports: Report, **around: object):
    """A report that names the letter by what its reader knows as well."""
    return reported(letter, *reports, to=SUPPORT, ids=(letter.message_id,), **around)


def test_whoever_knows_a_message_id_of_ours_silences_nobody() -> None:
    """Everybody who has seen the letter could have written the report."""
    for kind, reports in ((Kind.BOUNCE, (a_report(),)), (Kind.COMPLAINT, ())):
        letter = a_letter()
        assert by_its_id(letter, *reports, kind=kind).suppress == ()
        assert by_its_id(letter, *reports, kind=kind, dead_letters=frozenset({letter.id})).suppress == (), "said twice of one letter"
        assert by_its_id(letter, *reports, kind=kind, dead_letters=frozenset({"OTHERONE"})).suppress != (), "two letters"
        assert reported(letter, *reports, kind=kind).suppress != (), "the address that only servers see"


def test_a_report_needs_the_null_reverse_path_to_move_anything() -> None:
    letter = a_letter(event="ticket_resolved", closure=1)
    told = by_its_id(letter, a_report(), file=lived(resolved()))
    assert "letter_refused" in events(told) and told.letters, "it annuls, reopens and tells"
    shown = by_its_id(letter, a_report(), file=lived(resolved()), null_path=False)
    assert events(shown) == [] and shown.letters == () and shown.suppress == () and shown.alarm is None
    [change] = shown.changes
    assert change.before == change.after and not change.entries[0].hidden and "somebody says failed" in change.entries[0].text
    assert shown.reported[0].fate is None, "nothing is believed of the letter"
    secret = reported(letter, a_report(), file=lived(resolved()), null_path=False)
    assert "letter_refused" in events(secret), "servers that forget the null path, but know our bounce address"


def test_what_its_reader_has_answered_has_arrived() -> None:
    letter = a_letter(answered_at=NOON)
    for decision in (by_its_id(letter, a_report()), reported(letter, a_report())):
        assert events(decision) == [] and decision.suppress == () and decision.letters == ()


def test_an_answer_from_there_outweighs_all_that_was_sent_before_it() -> None:
    letter = a_letter()
    before, after = letter.made_at - timedelta(minutes=1), letter.made_at + timedelta(minutes=1)
    assert reported(letter, a_report(), last_answer=before).suppress != ()
    assert reported(letter, a_report(), last_answer=after).suppress == ()
    assert by_its_id(letter, a_report(), last_answer=after, dead_letters=frozenset({"OTHERONE"})).suppress == ()


def test_an_answer_lifts_the_silence_of_the_address_that_the_letter_went_to() -> None:
    """He reads there, and answers from home; and others have seen the letter: it has arrived all the same."""
    letter = a_letter(address="max@work.example", spent_at=NOON)
    dead = {"max@work.example": "user unknown"}
    decision = a_requesters("It drops again.", answers=letter, suppressed=dead)
    assert decision.lift == ("max@work.example",) and decision.answered == letter.id
    stranger = a_requesters("It drops again.", answers=letter, author=PIA_AT, suppressed=dead)
    assert stranger.lift == () and stranger.answered is None


def test_who_answers_a_letter_of_ours_shows_that_his_address_works() -> None:
    dead = {MAX_AT: "user unknown", BOB_AT: "user unknown"}
    assert a_requesters("It drops again.", suppressed=dead).lift == (MAX_AT,)
    assert a_requesters("I am away.", kind=Kind.AUTO_REPLY, answer=False, suppressed=dead).lift == (), "a machine reads nothing"
    assert decided(a_mail(), file=a_file(), suppressed=dead).lift == (), "a From: alone shows nothing"


def test_a_report_is_never_answered_and_never_the_words_of_anybody() -> None:
    """(fault 57, fault 59)"""
    for kind in (Kind.BOUNCE, Kind.DELIVERY_NOTICE, Kind.COMPLAINT):
        decision = reported(a_letter(), a_report(action="failed"), kind=kind)
        assert all(not letter.audience.is_outside for letter in decision.letters)
        assert all(e.visibility is Visibility.INTERNAL and e.author is None for change in decision.changes for e in change.entries)


def test_the_letter_of_a_roundtrip_opens_nothing_whatever_is_left_of_it() -> None:
    signed = token.check_id(RING, "K7QF3M9X", "example.org")
    for left in ({"references": (signed,)}, {"subject": f"[EXT] check {signed}", "message_id": "<rewritten@relay.example>"}):
        decision = decided(a_mail(SUPPORT, "Hello me.", **left))
        assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)
    asked = decided(a_mail("eve@elsewhere.example", "What is this?", references=(signed,), in_reply_to=("<x@relay.example>",)))
    assert asked.changes, "a person who asks about it is heard"
    forged = signed.replace(signed[14:30], "0123456789abcdef")
    assert decided(a_mail("eve@elsewhere.example", "Hello.", references=(forged,))).changes
