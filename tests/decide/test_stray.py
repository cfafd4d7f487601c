"""An agent's mail that came to a ticket's address by itself: nothing of it reaches that ticket's requester, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.model.mail import Address, Forwarded
from mailgate.model.policy import Forwards
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    MAX_AT,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    action,
    an_agents,
    an_entry,
    decided,
    entries,
    events,
    faults,
    letters,
    outside,
    reply,
    was_refused,
)

CARL = "carl@kunde.example"


def new_mail(subject, words="He never pays.", *, to=None, file=None, **more):
    """To the address of Ann's notice, which her mail program completed; it cites nothing."""
    notice = a_notice(ANN)
    around = {name: more.pop(name) for name in ("policy", "known", "message_ids") if name in more}
    mail = replace(a_mail(ANN_AT, words, to=to or (reply(notice),), subject=subject), **more)
    return decided(mail, file=file or a_file(), letters=(notice,), **around)


def a_forward(author=CARL, above="He never pays.", **more):
    given = {
        "author": Address("Carl Kunde", author), "date": "", "subject": "Scanner dead", "text": "Our scanner is dead since Monday.",
        "quoted": "", "message_id": None, "above": above, "form": "gmail", "attachments": (), "language": "en",
    }  # fmt: skip
    return Forwarded(**{**given, **more})


def passes_on(subject, above="He never pays.", *, author=CARL, **more):
    return new_mail(
        subject,
        above,
        forwarded=a_forward(author, above),
        says_forward=True,
        **{"text": f"{above}\n\n---------- Forwarded message\n\nOur scanner is dead since Monday.", **more},
    )


# --- a new mail to an address that was completed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject", ["Contract of Carl", "Re: Contract of Carl", "", "VPN", "Re:", "Ticket IT-7", "IT-10421", "[IT-1042-AAAAAAAA]"]
)
def test_a_mail_that_answers_nothing_comes_back_and_nothing_leaves(subject):
    decision = new_mail(subject)
    assert was_refused(decision) and faults(decision) == [("E_STRAY", None)]
    assert decision.letters[0].kind.text == "He never pays."


def test_words_for_the_requester_or_for_colleagues_are_asked_about_as_well():
    for text in ("#reply\nHello Carl, please pay.", "#note\nHe never pays.", "#take", "#close\nDone."):
        assert faults(new_mail("Contract of Carl", text)) == [("E_STRAY", None)], text


def test_an_address_with_a_command_in_it_is_completed_like_any_other():
    notice = a_notice(ANN)
    assert faults(decided(a_mail(ANN_AT, "", to=(action(notice, "take"),), subject="Contract"), file=a_file(), letters=(notice,))) == [
        ("E_STRAY", None)
    ]


@pytest.mark.parametrize(("word", "text", "seen"), [("take", "", ["ticket_taken"]), ("note", "Ask the vendor.", ["note_added"])])
def test_the_address_of_a_command_copied_from_a_letter_needs_no_subject(word, text, seen):
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, text, to=(action(notice, word),), subject="")
    decision = decided(mail, file=a_file(), letters=(notice,))
    assert events(decision)[:1] == seen and not outside(decision)


@pytest.mark.parametrize("word", ["take", "close", "watch"])
def test_with_words_for_somebody_it_does(word):
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "He never pays.", to=(action(notice, word),), subject="")
    assert faults(decided(mail, file=a_file(), letters=(notice,))) == [("E_STRAY", None)]


def test_the_letter_of_another_ticket_is_no_letter_of_this_one():
    notice, other = a_notice(ANN), a_notice(ANN, ticket=7)
    mail = a_mail(ANN_AT, "He never pays.", to=(reply(notice),), subject="Re: Scanner", in_reply_to=(other.message_id,))
    assert faults(decided(mail, file=a_file(), letters=(notice, other))) == [("E_STRAY", None)]


@pytest.mark.parametrize(
    "subject",
    [
        "VPN drops", "Re: VPN drops", "AW: VPN drops", "RE: AW: vpn  DROPS", "Antw[2]: VPN drops", "Max Muster: VPN drops [IT-1042]",
        "回复：VPN drops", "Re: IT-1042", "it-1042 once more",
    ],
)  # fmt: skip
def test_a_telephone_that_keeps_only_the_subject_still_answers(subject):
    assert [w.person.address for w in outside(new_mail(subject, "Please restart."))] == [MAX_AT]


def test_a_long_title_may_stand_in_a_longer_subject():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title="The VPN drops every ten minutes"))
    assert outside(new_mail("Re: The VPN drops every ten minutes - an idea", "Please restart.", file=file))


def test_a_ticket_without_a_title_is_answered_without_a_subject():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title="(no subject)"))
    assert outside(new_mail("Re: (no subject)", "Please restart.", file=file))


@pytest.mark.parametrize("where", ["in_reply_to", "references"])
def test_what_cites_the_letter_may_have_any_subject(where):
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "Please restart.", to=(reply(notice),), subject="Your VPN: what to do", **{where: (notice.message_id,)})
    assert outside(decided(mail, file=a_file(), letters=(notice,)))


def test_what_cites_the_requesters_own_mail_is_an_answer():
    notice = a_notice(ANN)
    mail = a_mail(ANN_AT, "Please restart.", to=(reply(notice),), subject="Your VPN", in_reply_to=("<entry-1@example.net>",))
    assert outside(decided(mail, file=a_file(), letters=(notice,)))


def test_what_nobody_proves_to_be_an_agents_stays_unverified():
    notice = a_notice(BOB)
    mail = a_mail(ANN_AT, "He never pays.", to=(reply(notice),), subject="Contract")
    assert events(decided(mail, file=a_file(), letters=(notice,))) == ["unverified_wrote"]


def test_a_requester_may_change_the_subject():
    letter = a_letter()
    mail = a_mail(MAX_AT, "It drops again.", to=(reply(letter),), subject="Something else")
    assert events(decided(mail, file=a_file(), letters=(letter,))) == ["requester_wrote"]


# --- a mail that is passed on ------------------------------------------------------------------------------------------------


def test_a_forward_to_another_tickets_address_opens_the_ticket_of_who_wrote_first():
    decision = passes_on("Fwd: Scanner dead")
    [change] = decision.changes
    assert change.before is None and change.after.title == "Scanner dead"
    assert entries(decision) == [("public", "Our scanner is dead since Monday."), ("internal", "He never pays.")]
    assert {w.person.address for w in outside(decision)} == {CARL}
    assert all(w.entry is None for w in outside(decision)), "the remark is for colleagues"
    assert not any("never pays" in str(w.kind) for w in outside(decision))
    public, note = change.entries
    assert "proof:token" in note.flags, "his words are as well proven as the forward itself"
    shown = [w.entry for w in decision.letters if w.event == "note_added"]
    assert shown and all(entry == note for entry in shown), "and so say the letters about them"
    assert "proof:forwarded" in public.flags, "who wrote first has proven nothing"


def test_where_the_desk_takes_no_forwards_it_comes_back_whole():
    policy = a_policy()
    never = replace(policy, desks={"it": replace(policy.desks["it"], forwards=Forwards.NEVER)})
    decision = passes_on("Fwd: Scanner dead", policy=never)
    assert was_refused(decision)
    assert "Our scanner is dead" in str(decision.letters[0].kind.text), "what is passed on is not lost"


def test_a_mail_of_the_requester_that_is_passed_on_comes_back():
    decision = passes_on("Fwd: Something else", author=MAX_AT)
    assert was_refused(decision) and "scanner is dead" in str(decision.letters[0].kind.text)


@pytest.mark.parametrize("author", ["noreply@kunde.example", SUPPORT, ANN_AT])
def test_a_forward_of_nobody_who_could_be_answered_comes_back(author):
    decision = passes_on("Fwd: Scanner dead", author=author)
    assert not outside(decision) or author == "noreply@kunde.example"
    if author != "noreply@kunde.example":
        assert was_refused(decision)


def test_a_forward_whose_subject_is_the_tickets_is_asked_about():
    decision = passes_on("Fwd: VPN drops")
    assert was_refused(decision) and faults(decision) == [("E_FORWARD", None)]


def test_a_forward_that_cites_the_notice_is_asked_about_unless_it_says_who_is_to_read_it():
    def that_cites(text):
        notice = a_notice(ANN)
        return an_agents(text, answers=notice, subject="Fwd: VPN drops", forwarded=a_forward(above=text), says_forward=True)

    assert faults(that_cites("He never pays.")) == [("E_FORWARD", None)]
    assert entries(that_cites("#note\nHe never pays.")) == [("internal", "He never pays.")]
    assert [w.person.address for w in outside(that_cites("#reply\nPlease see below."))] == [MAX_AT]


def test_a_title_that_itself_begins_like_a_forward_is_answered_as_any_other():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title="Fwd: VPN drops"))
    for subject in ("Fwd: VPN drops", "Re: Fwd: VPN drops"):
        assert outside(new_mail(subject, "Please restart.", file=file, says_forward=subject.startswith("Fwd"))), subject


def test_a_message_that_only_looks_forwarded_by_its_quote_is_an_answer():
    decision = an_agents(
        "Please restart.", forwarded=a_forward(), subject="Re: VPN drops", file=a_file(entries=(an_entry(2, "See below."),))
    )
    assert letters(decision)[0][0] == "agent_replied"
