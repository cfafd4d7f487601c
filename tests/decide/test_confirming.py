"""Who proves too little, but not nothing, is asked; what he says then; and nothing happens twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.decide import once
from mailgate.decide.confirming import MOST_A_DAY, MOST_AN_HOUR, WAITS, answer_in
from mailgate.decide.returned import Way
from mailgate.model.evidence import DkimSignature, Verdict, VerdictKind
from mailgate.model.mail import Kind
from mailgate.model.policy import ProveBy
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    MAX_AT,
    NOON,
    NUMBER,
    RING,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_requesters,
    action,
    an_agents,
    an_attachment,
    an_entry,
    days,
    decided,
    entries,
    events,
    faults,
    inside,
    reply,
    token,
)  # fmt: skip
from tests.decide.test_forwarding import by_ann

SUBJECT = f"Re: VPN {token.subject_token(RING, 'IT', NUMBER)}"
HEADERS = ("from", "to", "subject", "message-id", "in-reply-to")


def by_domain():
    policy = a_policy()
    return replace(policy, desks={id_: replace(desk, agents_prove_by=ProveBy.DOMAIN) for id_, desk in policy.desks.items()})


def signed(*headers: str, age: timedelta | None = timedelta(hours=1)) -> Verdict:
    made = NOON - age if age is not None else None
    return Verdict(VerdictKind.PASS, "example.org", "our own check", "dkim=pass", (DkimSignature(headers or HEADERS, made, ("mark",)),))


def by_signature(text: str = "#take", verdict: Verdict | None = None, **more: object):
    mail = {name: more.pop(name) for name in ("to", "cc", "in_reply_to", "subject", "message_id", "delivered_to") if name in more}
    around = {"file": a_file(Status.NEW), "policy": by_domain(), "verdict": verdict or signed(), "message_ids": {}, **more}
    return decided(a_mail(ANN_AT, text, **{"subject": SUBJECT, **mail}), **around)  # type: ignore[arg-type]


def was_asked(decision) -> bool:
    return inside(decision) == [("confirmation_asked", ANN_AT)] and events(decision) == ["commands_refused"] and not entries(decision)


# --- what is asked ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"spent_at": NOON}, {"made_at": NOON - days(31)}], ids=["seen by others", "older than 30 days"])
@pytest.mark.parametrize("text", ["#take", "#close\nIt was the cable.", "Please restart it."])
def test_an_agent_whose_token_is_spent_or_old_is_asked_and_nothing_happens(how: dict, text: str) -> None:
    decision = an_agents(text, answers=a_notice(ANN, **how))
    assert was_asked(decision) and not decision.commands
    [letter] = decision.letters
    assert letter.about == 77 and letter.expires_at == NOON + WAITS and letter.kind.text == text


def test_a_bare_from_asks_nobody() -> None:
    for answers in (None, a_notice(BOB), a_notice(BOB, spent_at=NOON)):
        decision = decided(a_mail(ANN_AT, "#take", answers=answers, subject=SUBJECT), file=a_file(), letters=(answers,) if answers else ())
        assert faults(decision) == [("E_PERM", None)]


def test_the_same_mail_asks_once() -> None:
    notice = a_notice(ANN, spent_at=NOON)
    mail = a_mail(ANN_AT, "#take", answers=notice)
    first = decided(mail, file=a_file(), letters=(notice,))
    again = decided(mail, file=a_file(), letters=(notice,), once=frozenset(first.once))
    assert was_asked(first) and not again.letters and not events(again)


@pytest.mark.parametrize("asked", [(MOST_AN_HOUR, MOST_AN_HOUR), (0, MOST_A_DAY)])
def test_a_forger_cannot_have_an_agent_asked_without_end(asked: tuple[int, int]) -> None:
    decision = an_agents("#take", answers=a_notice(ANN, spent_at=NOON), asked=asked)
    assert ("confirmation_asked", ANN_AT) not in inside(decision) and entries(decision)[0][0] == "unverified"


def test_a_machine_in_an_agents_name_is_not_asked() -> None:
    decision = an_agents("#take", answers=a_notice(ANN, spent_at=NOON), answer=False)
    assert ("confirmation_asked", ANN_AT) not in inside(decision) and not decision.commands


@pytest.mark.parametrize("around", [{"received_at": NOON + days(2)}, {"date": NOON - days(3)}], ids=["it lay with us", "it was under way"])
def test_a_command_of_three_days_ago_is_asked_about(around: dict) -> None:
    """Whatever the proof: a delayed mail may no longer be meant (fault 136)."""
    assert was_asked(an_agents("#close\nDone.", **around))
    assert "agent_replied" in events(an_agents("Please restart it.", **around)), "words are no commands: they only come late"


def test_a_clock_that_is_wrong_by_a_day_asks_nobody() -> None:
    for off in (days(-1), days(1), timedelta(hours=14), days(400)):
        assert "ticket_taken" in events(an_agents("#take", file=a_file(Status.NEW), date=NOON + off)), off


def test_what_cannot_be_carried_out_anyway_comes_back_at_once() -> None:
    assert faults(an_agents("#tkae", date=NOON - days(3)))[0][0] == "E_UNKNOWN"


# --- what a signature proves -----------------------------------------------------------------------------------------------------


def test_a_fresh_signature_over_ticket_and_message_id_commands() -> None:
    decision = by_signature()
    assert "ticket_taken" in events(decision)
    assert {once.signature_key("mark")} < set(decision.once)


@pytest.mark.parametrize(
    ("why", "verdict", "mail"),
    [
        ("the Message-ID is not signed", signed("from", "to", "subject"), {}),
        ("there is no Message-ID", signed(), {"message_id": None}),
        ("the subject is not signed", signed("from", "to", "message-id"), {}),
    ],
)
def test_what_is_not_signed_proves_nothing(why: str, verdict: Verdict, mail: dict) -> None:
    assert faults(by_signature(verdict=verdict, **mail)) == [("E_PERM", None)], why


def test_the_header_that_names_the_ticket_has_to_be_signed() -> None:
    notice = a_notice(ANN)
    for where, header in (("to", "to"), ("cc", "cc"), ("in_reply_to", "in-reply-to")):
        value = (reply(notice),) if where != "in_reply_to" else (notice.message_id,)
        other = tuple(h for h in HEADERS if h != header)
        mail = {where: value, "subject": "VPN drops", "letters": (notice,)}
        assert "ticket_taken" in events(by_signature(verdict=signed(*other, header), **mail)), where
        assert "ticket_taken" not in events(by_signature(verdict=signed(*other), **mail)), where
    unsigned = by_signature(subject="VPN drops", delivered_to=(reply(notice),), letters=(notice,), verdict=signed(*HEADERS, "delivered-to"))
    assert "ticket_taken" not in events(unsigned), "servers add it"


def test_an_unsigned_address_adds_no_command_and_does_not_choose_the_letter() -> None:
    """A note is answered; a citation of the requester's words beside it would make the answer public."""
    notice, note = a_notice(ANN), a_notice(ANN, "note_added", answer_is=Visibility.INTERNAL)
    plain = {"letters": (notice, note), "verdict": signed("from", "subject", "message-id", "in-reply-to")}
    decision = by_signature("Seen.", in_reply_to=(note.message_id,), cc=(action(note, "close"),), **plain)
    assert "ticket_closed" not in events(decision) and not decision.commands
    decision = by_signature("Seen.", in_reply_to=(note.message_id,), to=(reply(notice),), **plain)
    assert not [letter for letter in decision.letters if letter.audience.is_outside]


def test_a_signature_works_once() -> None:
    first = by_signature()
    again = by_signature(message_id="<another@example.org>", once=frozenset(first.once))
    assert faults(again) == [("E_PERM", None)]


@pytest.mark.parametrize("age", [timedelta(hours=25), days(90), None], ids=["yesterday", "90 days", "no date"])
def test_an_old_signature_is_asked_about(age: timedelta | None) -> None:
    assert was_asked(by_signature(verdict=signed(age=age)))
    assert "ticket_taken" in events(by_signature(verdict=signed(age=age), confirmed=True))


@pytest.mark.parametrize("how", [{"spent_at": NOON}, {"made_at": NOON - days(31)}], ids=["seen by others", "older than 30 days"])
@pytest.mark.parametrize("text", ["#note\nSame as last week.", "Please restart it.", "#resolve\nA new fuse."])
def test_what_its_author_has_confirmed_is_shown_as_proven(how: dict[str, object], text: str) -> None:
    decision = an_agents(text, answers=a_notice(ANN, **how), confirmed=True)
    [entry] = decision.changes[0].entries
    assert {flag for flag in entry.flags if flag.startswith("proof:")} == {"proof:token"}


def test_a_mail_that_was_signed_for_somebody_else_is_asked_about() -> None:
    """To a colleague, about a ticket, with a command in it; he, or who reads his mail, hands it to us."""
    assert was_asked(by_signature(to=("bob@example.org",)))
    assert was_asked(by_signature(verdict=signed("from", "subject", "message-id")))
    assert was_asked(by_signature(to=("bob@example.org",), cc=("support@example.org",))), "the Cc is not signed"
    assert "ticket_taken" in events(by_signature(to=("bob@example.org",), cc=("support@example.org",), verdict=signed(*HEADERS, "cc")))


def test_one_good_signature_of_several_is_enough() -> None:
    both = replace(signed(), signatures=(DkimSignature(("from",), NOON, ("weak",)), *signed().signatures))
    assert "ticket_taken" in events(by_signature(verdict=both))


def test_a_pass_without_signatures_is_as_good_as_ever() -> None:
    seen = Verdict(VerdictKind.PASS, "example.org", "mx.example.org", "spf=pass")
    assert "ticket_taken" in events(by_signature(verdict=seen))


def test_a_requesters_signed_wish_that_falls_short_is_an_ordinary_entry() -> None:
    letter = a_letter()
    old = replace(signed("from", "to", "subject", "message-id", age=days(9)), domain="example.net")
    mail = a_mail(MAX_AT, "close", subject=SUBJECT)
    assert events(decided(mail, file=a_file(), letters=(letter,), verdict=old)) == ["requester_wrote"]
    fresh = replace(signed("from", "to", "subject", "message-id"), domain="example.net")
    assert "requester_closed" in events(decided(mail, file=a_file(), verdict=fresh))


# --- the answer ------------------------------------------------------------------------------------------------------------------


def a_question(**more: object):
    return a_notice(ANN, "confirmation_asked", about=55, answer_is=Visibility.INTERNAL, **more)


@pytest.mark.parametrize(
    "text", ["yes", "Yes.", "YES!", "#yes", "ja", "Ja, bitte!", "ok", "I confirm", "yes\n\nAnn Berg", "*yes*", "das war ich"]
)
def test_yes_lets_the_mail_be_read_once_more(text: str) -> None:
    question = a_question()
    decision = an_agents(text, answers=question)
    assert decision.confirms == 55 and decision.spent == (question.id,) and not decision.letters


@pytest.mark.parametrize("text", ["no", "Nein.", "#no", "not me"])
def test_no_ends_it(text: str) -> None:
    decision = an_agents(text, answers=a_question())
    assert decision.confirms is None and decision.spent and entries(decision)[0][0] == "internal"


@pytest.mark.parametrize(
    "text",
    [
        "", "yes, but only the first", "Thank you for your mail. I am out of the office.", "Ich bin bis Montag nicht im Haus.",
        "ok?\nwho is this",
        "yes\nno", "yesterday", "noted", "Yes.\nPlease also close the other one.", "#take", "y" * 300,
    ],
)  # fmt: skip
def test_nothing_but_the_word_counts(text: str) -> None:
    """A program that answers for absent people confirms nothing, whether or not its header says what it is."""
    decision = an_agents(text, answers=a_question())
    assert answer_in(text) == "" and decision.confirms is None and not decision.commands
    assert faults(decision)[0][0] == "E_CONFIRM"


def test_a_question_is_answered_once_in_time_and_by_its_reader() -> None:
    """CVE-2026-47123: a token of Ann's in a mail of Bob's is nobody's."""
    used, late = a_question(spent_at=NOON), a_question(made_at=NOON - WAITS - timedelta(minutes=1))
    for question in (used, late):
        decision = an_agents("yes", answers=question)
        assert faults(decision) == [("E_ENDED", None)] and decision.confirms is None
        [refusal] = [letter for letter in decision.letters if letter.event == "commands_refused"]
        assert refusal.kind.way is Way.NOTICE, "there is nothing to correct in a yes that came too late"
    question = a_question()
    for author in ("bob@example.org", MAX_AT, "eve@elsewhere.example"):
        assert decided(a_mail(author, "yes", answers=question), file=a_file(), letters=(question,)).confirms is None
    machine = decided(a_mail(ANN_AT, "yes", answers=question), file=a_file(), letters=(question,), kind=Kind.AUTO_REPLY, answer=False)
    assert machine.confirms is None
    failed = Verdict(VerdictKind.FAIL, "example.org", "mx.example.org", "dmarc=fail")
    assert an_agents("yes", answers=question, verdict=failed).confirms is None


def test_a_desk_of_domains_wants_the_domain_in_the_answer_too() -> None:
    question = a_question()
    assert an_agents("yes", answers=question, policy=by_domain()).confirms is None
    assert an_agents("yes", answers=question, policy=by_domain(), verdict=signed()).confirms == 55


def test_rights_are_asked_anew_when_it_is_read_once_more() -> None:
    """Who is no agent any more has confirmed in vain (GHSA-83xx, fault 90)."""
    notice = a_notice(ANN, spent_at=NOON)
    mail = a_mail(ANN_AT, "#take", answers=notice)
    around = {"file": a_file(Status.NEW), "letters": (notice,), "confirmed": True}
    assert "ticket_taken" in events(decided(mail, **around))
    policy = a_policy()
    gone = replace(policy, agents={id_: agent for id_, agent in policy.agents.items() if id_ != "ann"})
    assert "ticket_taken" not in events(decided(mail, policy=gone, **around))
    failed = Verdict(VerdictKind.FAIL, "example.org", "mx.example.org", "dmarc=fail")
    assert "ticket_taken" not in events(decided(mail, verdict=failed, **around))
    assert faults(decided(replace(mail, new_text="#tkae"), **around))[0][0] == "E_UNKNOWN"


# --- once ------------------------------------------------------------------------------------------------------------------------


def test_a_command_runs_once_for_each_author_and_message_id_whatever_the_proof() -> None:
    """(fault 135)"""
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "#take", answers=notice)
    first = decided(mail, file=a_file(Status.NEW), letters=(notice,))
    assert "ticket_taken" in events(first)
    known = frozenset(first.once)
    for again in (mail, replace(mail, headers=(("x-again", "1"), *mail.headers)), replace(mail, cc=a_mail(MAX_AT).to)):
        decision = decided(again, file=a_file(), letters=(notice,), once=known)
        assert not events(decision) and not decision.letters and not decision.once
    assert "ticket_taken" in events(
        decided(replace(mail, message_id="<new@example.org>"), file=a_file(Status.NEW), letters=(notice,), once=known)
    )


def test_the_same_answer_is_not_sent_again_and_another_one_under_its_name_comes_back() -> None:
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "Please restart it.", answers=notice)
    first = decided(mail, file=a_file(), letters=(notice,))
    said = an_entry(9, "Please restart it.", author=ANN, message_id=mail.message_id)
    around = {"file": a_file(entries=(said,)), "letters": (notice,), "once": frozenset(first.once)}
    assert not decided(mail, **around).letters
    assert faults(decided(replace(mail, new_text="Please throw it away."), **around)) == [("E_ONCE", None)]


@pytest.mark.parametrize(
    "other",
    [
        {"new_text": "#close duplicate"},
        {"new_text": "#note\nPlease restart it."},
        {"new_text": "#close\nit"},
        {"attachments": (an_attachment(),)},
        {"new_text": "", "attachments": (an_attachment(),)},
    ],
    ids=["another command", "the words inside", "a piece of the words", "a file more", "a file alone"],
)
def test_other_commands_and_files_under_the_name_of_a_mail_that_was_obeyed_come_back(other: dict) -> None:
    """A program that gives two mails one Message-ID loses none of them."""
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "#take\n#reply\nPlease restart it.", answers=notice)
    first = decided(mail, file=a_file(Status.NEW), letters=(notice,))
    said = an_entry(9, "Please restart it.", author=ANN, message_id=mail.message_id)
    around = {"file": a_file(entries=(said,)), "letters": (notice,), "once": frozenset(first.once)}
    assert not decided(mail, **around).letters and not decided(replace(mail, text="cut otherwise"), **around).letters
    assert faults(decided(replace(mail, **other), **around)) == [("E_ONCE", None)]


def test_a_mail_without_a_message_id_is_known_by_what_it_says() -> None:
    """(fault 14)"""
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "#take", answers=notice, message_id=None, date=NOON)
    known = frozenset(decided(mail, file=a_file(Status.NEW), letters=(notice,)).once)
    assert known and not events(decided(mail, file=a_file(), letters=(notice,), once=known))
    assert "priority_changed" in events(decided(replace(mail, new_text="#priority P1"), file=a_file(), letters=(notice,), once=known))


def test_a_requesters_wish_and_rating_happen_once() -> None:
    letter = a_letter()
    closed = a_requesters("close", answers=letter, message_id="<m@example.net>")
    known = frozenset(closed.once)
    said = an_entry(9, "close", message_id="<m@example.net>")
    again = a_requesters("close", answers=letter, message_id="<m@example.net>", file=a_file(entries=(said,)), once=known)
    assert "requester_closed" in events(closed) and not events(again)
    other = a_requesters("It drops again.", answers=letter, message_id="<m@example.net>", once=known)
    assert events(other) == ["requester_wrote"], "other words are not lost"


def test_a_forward_that_comes_again_opens_one_ticket() -> None:
    """An agent passes a customer's mail on, with commands above it; whoever sends it once more opens nothing."""
    mail = {"message_id": "<fwd@example.org>"}
    first = by_ann("#priority P1\n\nFrom the phone.", mail=mail)
    assert "priority_changed" in events(first) and first.once
    again = by_ann("#priority P1\n\nFrom the phone.", mail={**mail, "headers": (("x-again", "1"),)}, once=frozenset(first.once))
    assert not again.changes and not again.letters


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Oui.", "yes"), ("Oui, c’est moi", "yes"), ("¡Sí!", "yes"), ("Sí, fui yo", "yes"), ("نعم.", "yes"), ("はい。", "yes"),
        ("はい、私です。", "yes"), ("non", "no"), ("No fui yo.", "no"), ("لا!", "no"), ("いいえ。", "no"), ("はい、でも違います", ""),
        ("نعم ولكن", ""), ("oui mais", ""), ("sí pero no", ""),
    ],
)  # fmt: skip
def test_yes_and_no_are_read_in_each_language_of_our_letters(text: str, said: str):
    assert answer_in(text) == said
