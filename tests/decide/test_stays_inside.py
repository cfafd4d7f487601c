"""Nothing internal ever leaves, whatever an agent's mail holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.decide.announce import to_outsiders
from mailgate.model.person import Role
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    BOB,
    CIM,
    EVE_AT,
    EVES,
    KNOWN,
    MAX_AT,
    PIA,
    PIA_AT,
    a_file,
    a_mail,
    a_notice,
    a_situation,
    action,
    an_agents,
    an_entry,
    decided,
    entries,
    events,
    faults,
    outside,
    reply,
    waiting,
    was_refused,
)


def test_a_line_of_a_notice_stops_the_answer():
    file = a_file(notices=("Note by Bob\nThe admin password lies in the blue safe.\n",))
    decision = an_agents("#take\n\nHello,\n> The admin password lies in the blue safe.\nBye", file=file)
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", 4)]
    decision = an_agents("#note\nHello,\n> The admin password lies in the blue safe.", file=file)
    assert entries(decision)[0][0] == "internal", "among colleagues it may be quoted"


@pytest.mark.parametrize("first", ["", "#note\n", "#reply\n"])
def test_a_title_is_read_outside_whoever_its_mail_is_for(first: str):
    secret = "The admin password lies in the blue safe."
    decision = an_agents(f"{first}#title {secret}\nSee there.", file=a_file(notices=(f"Note by Bob\n{secret}\n",)))
    assert was_refused(decision) and faults(decision)[0][0] == "E_QUOTE"
    notice = a_notice(BOB)
    decision = an_agents(f"{first}#title ask {reply(notice)}\nSee there.", letters=(notice,))
    assert was_refused(decision) and faults(decision)[0][0] == "E_QUOTE"


def test_a_line_that_hides_in_the_html_stops_the_answer():
    file = a_file(notices=("The admin password lies in the blue safe.",))
    decision = an_agents("Hello.", new_html="<p>Hello.</p><p>The admin password lies in the blue safe.</p>", file=file)
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", None)]


def test_what_the_requester_wrote_himself_may_be_quoted():
    file = a_file(notices=("Max Muster answered\nThe VPN drops every ten minutes.\n",))
    assert events(an_agents("> The VPN drops every ten minutes.\nStill?", file=file))[0] == "agent_replied"


def test_a_letter_to_outsiders_with_an_entry_that_is_not_public_cannot_even_be_wanted():
    s = a_situation(a_mail())
    file = a_file()
    for visibility in (Visibility.INTERNAL, Visibility.UNVERIFIED):
        with pytest.raises(ValueError, match="never leaves"):
            to_outsiders(s, "agent_replied", file.ticket, an_entry(9, "secret", visibility))


CANARY = "canary-7f3a the cellar door code is 4711"
LINES = st.sampled_from(
    [
        "#note", "#reply", "#internal", "#take", "#assign bob", "#assign none", "#watch", "#unwatch", "#admit", "#wait", "#wait until 3d",
        "#hold vendor", "#resolve", "#resolve fixed", "#close", "#close done", "#reopen", "#priority P1", "#kind request", "#help", "#noet",
        "# note", "", "Hello Max,", "it works again.", "##hash", CANARY, f"> {CANARY}", "On Monday Bob wrote:", "#note", "-- ", "#spam",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(
    lines=st.lists(LINES, max_size=8),
    status=st.sampled_from([s for s in Status if s is not Status.MERGED]),
    who=st.sampled_from([ANN, BOB, CIM]),
    internal=st.booleans(),
    words=st.sampled_from(["", "note", "take", "wait", "close", "reopen", "watch"]),
    direct=st.booleans(),
    proven=st.booleans(),
    html=st.booleans(),
    answer=st.booleans(),
)
def test_no_letter_to_outsiders_ever_carries_what_is_internal(lines, status, who, internal, words, direct, proven, html, answer):
    """(fault 99)"""
    # A colleague's: what somebody noted himself he may say (tests/decide/test_returned.py).
    note = an_entry(60, CANARY, Visibility.INTERNAL, author=CIM if who == BOB else BOB, author_role=Role.AGENT)
    file = a_file(
        status, entries=(note, waiting(61)), notices=(f"Note by Bob\n{CANARY}\n",), participants=(PIA,), watchers=(CIM,), people=EVES
    )
    notice = a_notice(
        who, "note_added" if internal else "requester_wrote", answer_is=Visibility.INTERNAL if internal else Visibility.PUBLIC
    )
    text = "\n".join(lines)
    mail = a_mail(
        KNOWN[who].address,
        text,
        answers=notice,
        to=(action(notice, words) if words else reply(notice),),
        cc=(MAX_AT,) if direct else (),
        new_html="".join(f"<p>{line}</p>" for line in lines) if html else None,
    )
    decision = decided(mail, file=file, letters=(notice if proven else replace(notice, person=99),), answer=answer, known={**KNOWN, **EVES})
    public = {MAX_AT, PIA_AT, EVE_AT}
    for letter in decision.letters:
        if letter.audience.is_outside:
            assert letter.entry is None or letter.entry.visibility is Visibility.PUBLIC
            seen = f"{letter.entry.text if letter.entry else ''}{letter.entry.html if letter.entry else ''}{letter.kind}"
            assert "canary" not in seen and "4711" not in seen
        else:
            assert letter.person.address not in public
    for change in decision.changes:
        assert all(e.visibility is not Visibility.PUBLIC or "canary" not in e.text for e in change.entries)
        assert proven or not any(e.visibility is Visibility.PUBLIC for e in change.entries)
        assert "canary" not in repr(change.events)
    assert len({letter.person.id for letter in outside(decision)}) == len(outside(decision)), "one letter for one person"
    assert proven or (not outside(decision) and not decision.commands)
