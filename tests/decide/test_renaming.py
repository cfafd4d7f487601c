"""Who answers under another subject keeps it: letters to them go on under it, agents read it, and the title stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.compose import samples
from mailgate.decide.renaming import subject_of
from tests.compose.desk import a_context, a_letter, flowing, header
from tests.decide.build import MAX_AT, a_file, a_mail, a_situation


def said(subject: str, letter_subject: str = "", title: str = "VPN drops every ten minutes", **changes) -> str | None:
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title=title))
    s = a_situation(a_mail(MAX_AT, "More of it.", subject=subject), file=file, **changes)
    return subject_of(replace(s, file=file, letter_subject=letter_subject))


@pytest.mark.parametrize(
    ("subject", "new"),
    [
        ("Re: Now the printer as well [IT-1042-K7QF3M9X]", "Now the printer as well"),
        ("AW: [IT-1042-K7QF3M9X] Re: Now the printer", "Now the printer"),
        ("Urgent!! VPN drops every ten minutes", "Urgent!! VPN drops every ten minutes"),
        ("[EXTERN] Re: printer", "printer"),
        ("プリンターも", "プリンターも"),
        ("Re: VPN drops every ten minutes [IT-1042-K7QF3M9X]", None),
        ("RE: vpn  drops every ten minutes", None),
        ("[EXTERN] Re: VPN drops every ten minutes", None),
        ("***SPAM*** VPN drops every ten minutes", None),
        ("Re:", None),
        ("[IT-1042-K7QF3M9X]", None),
        ("", None),
    ],
)
def test_a_subject_is_new_where_it_says_something_else_than_the_title(subject: str, new: str | None) -> None:
    assert said(subject) == new


def test_what_a_letter_of_ours_was_called_is_nobodys_new_subject() -> None:
    assert said("Re: We've got your message [IT-1042-K7QF3M9X]", "We've got your message [IT-1042-K7QF3M9X]") is None
    assert said("AW: Ihre Nachricht ist da", "Re: VPN drops every ten minutes") == "Ihre Nachricht ist da"
    assert said("Re: My password is •••••• [IT-1042-K7QF3M9X]", title="My password is hunter22") is None


# --- what is written under it --------------------------------------------------------------------------------------------

ASKED = samples.an_entry("asked")
RENAMED = replace(ASKED, id=12, subject="Now the printer", flags=("proof:token",))


def written(event: str, audience: str, *entries, **changes) -> str:
    context = a_context(event)
    context = replace(context, file=replace(context.file, entries=entries))
    return header(a_letter(event, audience, context=context, **changes), "Subject")


def test_letters_to_whoever_changed_the_subject_go_on_under_it_with_the_tag() -> None:
    for event in ("agent_replied", "status_asked", "reminder_due", "ticket_resolved"):
        assert written(event, "requester", ASKED, RENAMED).startswith("Re: Now the printer [IT-1042-"), event
    back = replace(ASKED, id=13, flags=("proof:token",))
    assert written("agent_replied", "requester", ASKED, RENAMED, back).startswith("Re: VPN drops every ten minutes [IT-1042-")


def test_nobody_elses_letters_are_called_so() -> None:
    assert written("agent_replied", "participant", ASKED, RENAMED).startswith("Re: VPN drops every ten minutes [IT-1042-")
    assert written("agent_replied", "agent", ASKED, RENAMED).startswith("Re: VPN drops every ten minutes [IT-1042-")


@pytest.mark.parametrize("flags", [(), ("proof:none",), ("proof:failed",)])
def test_a_subject_that_anybody_may_have_written_stands_above_no_letter(flags: tuple[str, ...]) -> None:
    forged = replace(RENAMED, flags=flags, subject="Claim your prize at prize.example")
    for event in ("agent_replied", "status_asked", "reminder_due"):
        assert written(event, "requester", ASKED, forged).startswith("Re: VPN drops every ten minutes [IT-1042-")
    assert "prize" not in written("status_asked", "requester", ASKED, RENAMED, forged, proven=False, shown_title="")


def test_agents_read_the_new_subject_in_the_notice() -> None:
    assert "Subject now: Now the printer" in flowing(a_letter("requester_wrote", "agent", entry=RENAMED))
    assert "Subject now" not in flowing(a_letter("requester_wrote", "agent", entry=ASKED))


@pytest.mark.parametrize("flags", [(), ("proof:none",), ("proof:failed",)])
@pytest.mark.parametrize("event", ["requester_wrote", "unverified_wrote"])
def test_of_words_that_nobody_has_proven_agents_read_no_new_subject(event: str, flags: tuple[str, ...]) -> None:
    assert "Subject now" not in flowing(a_letter(event, "agent", entry=replace(RENAMED, flags=flags)))
