"""What comes back to an agent, and what his corrected answer to it does: what the first mail would have done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.compose.words import AGENTS_PRIORITIES, PRIORITIES
from mailgate.decide.returned import Way
from mailgate.model.letter import Audience
from mailgate.model.person import Role
from mailgate.model.policy import PRIORITY_NAMES, ProveBy
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    BOB,
    CIM_AT,
    EVE,
    EVE_AT,
    EVES,
    KNOWN,
    MAX_AT,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    action,
    an_agents,
    an_attachment,
    an_entry,
    decided,
    entries,
    faults,
    letters,
    outside,
    was_refused,
    when,
)

WORDS = "We look into it. Leave it switched off until then."


def refusal(decision):
    return next(letter for letter in decision.letters if letter.event == "commands_refused")


def told(decision, fact):
    return getattr(refusal(decision).kind, fact)


def as_answered(decision):
    """The refusal, when its reader answers it."""
    wanted = refusal(decision)
    return a_letter(ANN, "commands_refused", answer_is=wanted.answer_is, entry=wanted.of_entry, ticket=wanted.ticket)


# --- the correction ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", ["#prioritty P2", "#noet", "#wait 3d", "# take", "#take now", "#assign zoe", "#resolve\n#close", "#merge into 7"]
)
@pytest.mark.parametrize(
    ("notice", "answer_is", "read_by"),
    [
        ("requester_wrote", Visibility.PUBLIC, "public"),
        ("ticket_opened", Visibility.PUBLIC, "public"),
        ("ticket_assigned", Visibility.PUBLIC, "public"),
        ("note_added", Visibility.INTERNAL, "internal"),
        ("sla_warned", Visibility.INTERNAL, "internal"),
    ],
)
def test_a_corrected_mail_does_what_the_first_would_have_done(wrong, notice, answer_is, read_by):
    first = an_agents(f"{wrong}\n{WORDS}", answers=a_notice(ANN, notice, answer_is=answer_is))
    assert was_refused(first)
    again = an_agents(WORDS, answers=as_answered(first))
    assert entries(again) == [(read_by, WORDS)]
    assert [w.person.address for w in outside(again)] == ([MAX_AT] if read_by == "public" else [])


def test_a_mail_refused_twice_is_still_for_whom_the_first_was():
    first = an_agents(f"#noet\n{WORDS}")
    second = an_agents(f"#priority lemon\n{WORDS}", answers=as_answered(first))
    assert entries(an_agents(WORDS, answers=as_answered(second))) == [("public", WORDS)]


def test_what_only_an_address_said_stands_in_the_text_that_comes_back():
    notice = a_notice(ANN)
    first = an_agents(f"#noet\n{WORDS}", answers=notice, to=(action(notice, "take"),))
    assert told(first, "text") == f"#take\n#noet\n{WORDS}"
    first = an_agents(f"#priority lemon\n{WORDS}", answers=notice, to=(action(notice, "note"),))
    assert told(first, "text").startswith("#note\n") and refusal(first).answer_is is Visibility.INTERNAL
    assert entries(an_agents(WORDS, answers=as_answered(first))) == [("internal", WORDS)]


def test_admit_in_a_correction_means_the_message_that_the_refused_mail_was_about():
    waiting = tuple(
        an_entry(id_, f"I have it too ({id_}).", Visibility.UNVERIFIED, author=EVE, author_name="Eve", author_role=Role.STRANGER)
        for id_ in (40, 41)
    )
    file = a_file(entries=waiting, people=EVES)
    notice = a_notice(ANN, "unverified_wrote", entry=41, answer_is=Visibility.INTERNAL)
    first = an_agents("#admitt", answers=notice, file=file)
    assert an_agents("#admit", answers=as_answered(first), file=file).changes[0].admitted == (41,)
    gone = a_file(entries=waiting[:1], people=EVES)
    assert faults(an_agents("#admit", answers=as_answered(first), file=gone)) == [("E_STATE", 1)], "never another one than was looked at"
    assert faults(an_agents("#admit", answers=as_answered(an_agents("#admitt", file=file)), file=file)) == [("E_AMBIGUOUS", 1)]


def test_who_did_not_prove_himself_has_to_say_for_whom_his_words_are():
    """The first mail may have been anybody's, so an answer to its refusal is not public by itself."""
    decision = decided(a_mail(KNOWN[ANN].address, f"#priority P2\n{WORDS}", answers=a_notice(BOB)), file=a_file(), letters=(a_notice(BOB),))
    decision = an_agents(f"#priority P2\n{WORDS}", who=ANN, answers=a_notice(BOB))
    assert faults(decision) == [("E_PERM", None)]
    assert refusal(decision).answer_is is Visibility.INTERNAL
    assert told(decision, "text") == f"#reply\n#priority P2\n{WORDS}"
    assert entries(an_agents(told(decision, "text"), answers=as_answered(decision))) == [("public", WORDS)]


def test_files_of_a_refused_mail_are_named_for_they_have_to_be_attached_again():
    assert told(an_agents(f"#noet\n{WORDS}", attachments=(an_attachment("trace.txt"),)), "files") == ("trace.txt",)


@pytest.mark.parametrize("name", ["smime.p7s", "signature.asc", "OpenPGP_signature"])
def test_a_certificate_that_travels_with_no_answer_is_not_among_them(name):
    files = (an_attachment("trace.txt"), replace(an_attachment(name), part="3"))
    assert told(an_agents(f"#noet\n{WORDS}", attachments=files), "files") == ("trace.txt",)


def test_nor_is_the_logo_of_a_signature():
    files = (an_attachment("trace.txt"), replace(an_attachment("logo.png"), part="3", inline=True))
    assert told(an_agents(f"#noet\n{WORDS}", attachments=files, folded=("3",)), "files") == ("trace.txt",)


# --- one way out -------------------------------------------------------------------------------------------------------


def test_a_refusal_names_one_way():
    assert told(an_agents(f"#noet\n{WORDS}"), "way") is Way.HERE
    assert told(an_agents("#note"), "way") is Way.WRITE
    lost = decided(a_mail(KNOWN[ANN].address, "#close", to=(SUPPORT,)))
    assert [fault.code for fault in told(lost, "faults")] == ["E_NOTICKET"] and told(lost, "way") is Way.NOTICE
    waiting = tuple(an_entry(id_, "me too", Visibility.UNVERIFIED, author=EVE, author_role=Role.STRANGER) for id_ in (40, 41))
    assert told(an_agents("#admit", file=a_file(entries=waiting, people=EVES)), "way") is Way.NOTICE
    unproven = an_agents(f"#priority P2\n{WORDS}", answers=a_notice(BOB))
    assert told(unproven, "way") is Way.HERE, "the refusal goes to the address on file, and its own address proves"
    policy = a_policy()
    desks = {**policy.desks, "it": replace(policy.desks["it"], agents_prove_by=ProveBy.DOMAIN)}
    assert told(an_agents(f"#priority P2\n{WORDS}", policy=replace(policy, desks=desks)), "way") is Way.PROVEN


# --- who has it already ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["to", "cc"])
def test_nobody_is_told_that_nothing_was_sent_where_the_requester_has_the_mail(where):
    notice = a_notice(ANN)
    others = {"cc": (MAX_AT,)} if where == "cc" else {"to": (action(notice, "take"), MAX_AT.upper())}
    receipt = next(w for w in an_agents("#note\nhe lies", answers=notice, **others).letters if w.event == "commands_applied")
    assert receipt.kind.direct == (KNOWN[1].name or MAX_AT,)
    assert told(an_agents("#noet\nhe lies", answers=notice, **others), "direct") == (KNOWN[1].name or MAX_AT,)


def test_strangers_count_and_colleagues_and_desks_do_not():
    decision = an_agents("#noet\nhe lies", cc=(CIM_AT, SUPPORT, KNOWN[ANN].address, "lawyer@vendor.example"))
    assert told(decision, "direct") == ("lawyer@vendor.example",)
    lost = decided(a_mail(KNOWN[ANN].address, "#close", to=(SUPPORT, "max@client.example")))
    assert told(lost, "direct") == ("max@client.example",)
    assert told(an_agents("#noet\nhe lies"), "direct") == ()


def test_no_other_notice_says_that_nobody_has_it():
    note = an_agents("#note\nhe lies", cc=(MAX_AT,))
    assert next(w for w in note.letters if w.event == "note_added").kind.direct == (KNOWN[1].name or MAX_AT,)
    letter = a_letter()
    stranger = decided(a_mail(EVE_AT, "me too", answers=letter, cc=(MAX_AT, EVE_AT)), file=a_file(), letters=(letter,))
    told_so = [w.kind.direct for w in stranger.letters if w.event == "unverified_wrote"]
    assert told_so and set(told_so) == {(KNOWN[1].name or MAX_AT,)}, "and the stranger himself is no news"


# --- one's own notes ----------------------------------------------------------------------------------------------------

OWN = "Please switch it off at the wall, I come at ten."


def a_note(id_: int, text: str, author: int = ANN):
    return an_entry(id_, text, Visibility.INTERNAL, author=author, author_role=Role.AGENT, recorded_at=when("mon 11:00"))


def test_an_agent_may_say_to_the_requester_what_he_noted_himself():
    file = a_file(entries=(a_note(50, OWN),), notices=(f"Ann Berg wrote a note\n\n{OWN}",))
    assert entries(an_agents(OWN, file=file)) == [("public", OWN)]


@pytest.mark.parametrize("notice", ["note_added", "ticket_assigned", "sla_warned"])
def test_his_note_is_residue_where_the_mail_answers_a_notice_that_shows_it(notice):
    file = a_file(entries=(a_note(50, OWN),), notices=(f"Ann Berg wrote a note\n\n{OWN}",))
    shown = a_notice(ANN, notice, entry=50 if notice == "note_added" else None, made_at=when("mon 11:30"), answer_is=Visibility.PUBLIC)
    assert faults(an_agents(f"#reply\n{OWN}", answers=shown, file=file)) == [("E_QUOTE", 2)]
    older = a_notice(ANN, notice, made_at=when("mon 10:30"), answer_is=Visibility.PUBLIC)
    assert entries(an_agents(f"#reply\n{OWN}", answers=older, file=file)) == [("public", OWN)]


def test_a_line_of_anybody_else_is_residue_also_where_the_agent_noted_it_himself():
    notices = (f"Bob Frey wrote a note\n\n{OWN}",)
    assert faults(an_agents(OWN, file=a_file(entries=(a_note(50, OWN, BOB),), notices=notices))) == [("E_QUOTE", 1)]
    both = (a_note(50, f"Bob says: {OWN}"), a_note(51, OWN), a_note(52, OWN, BOB))
    assert faults(an_agents(OWN, file=a_file(entries=both, notices=notices))) == [("E_QUOTE", 1)]


@pytest.mark.parametrize("secret", ["Ask hans@vendor.example about it.", "See https://wiki.internal.example/switch for it."])
def test_an_address_or_a_link_of_his_own_note_stays_inside(secret):
    file = a_file(entries=(a_note(50, secret),), notices=(f"Ann Berg wrote a note\n\n{secret}",))
    assert faults(an_agents(secret, file=file)) == [("E_QUOTE", 1)]


# --- what the requester reads of the end ----------------------------------------------------------------------------------

OFF = {"ticket_closed": False}


@pytest.mark.parametrize("letters_off", [{}, OFF])
@pytest.mark.parametrize("before", [Status.OPEN, Status.PENDING_USER, Status.RESOLVED])
def test_close_with_words_arrives_as_closed(before, letters_off):
    decision = an_agents("#close\nThe cable was loose.", file=a_file(before), policy=a_policy(letters=letters_off))
    assert decision.changes[-1].after.status is Status.CLOSED
    [letter] = outside(decision)
    assert (letter.event, letter.audience, letter.entry.text) == ("ticket_closed", Audience.REQUESTER, "The cable was loose.")
    assert letter.closure == (1 if before is not Status.RESOLVED and not letters_off else None)


def test_close_by_a_code_is_told_only_where_that_letter_is_wanted():
    decision = an_agents("#close fixed", policy=a_policy(letters=OFF))
    assert not outside(decision) and ("commands_applied", KNOWN[ANN].address) in letters(decision)


# --- priorities -----------------------------------------------------------------------------------------------------------


def test_every_word_that_letters_have_for_a_priority_can_be_typed_and_means_the_same():
    for table in (PRIORITIES, AGENTS_PRIORITIES):
        for number, word in table.items():
            assert PRIORITY_NAMES[word] == number
            decision = an_agents(f"#priority {word}")
            assert decision.changes[-1].after.priority == number
