"""What a requester should not have sent is in none of our letters: every kind, every place. An agent's own words stay as they are."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from mailgate.compose import samples
from mailgate.compose.letters import compose
from mailgate.compose.said import facts_of, is_told_of_masking
from mailgate.model.letters import LETTERS, LowRatingNotice
from mailgate.model.person import Role
from tests.compose.desk import a_context, a_letter, a_wanted, an_agents, flowing, header, html, text, whole

CARD, PASSWORD = "4111 1111 1111 1111", "Tr0ub4dor&3"
SAID = f"Hello,\n\nmy card is {CARD}, and my password: {PASSWORD}\n\nMax"
KINDS = [pytest.param(event, audience, id=f"{event}.{audience}") for event, audience in LETTERS]


def everything(letter: Any) -> str:
    """All that anybody can read of a letter: header fields, text and HTML, decoded."""
    mail: Message = message_from_bytes(whole(letter))
    fields = [header(letter, name) for name in ("From", "To", "Reply-To", "Subject")]
    return "\n".join([*fields, text(letter), html(letter), letter.notice, *mail.keys()])


def a_file(context: Any, said: str = SAID) -> Any:
    """The sample ticket, on which the requester wrote this, everywhere."""
    entries = tuple(replace(e, text=said, signature=said, subject=said[:200]) for e in context.file.entries if not e.author_role.is_agent)
    others = tuple(e for e in context.file.entries if e.author_role.is_agent)
    return replace(context.file, entries=(*entries, *others), ticket=replace(context.file.ticket, title=f"My password: {PASSWORD}"))


@pytest.mark.parametrize(("event", "audience"), KINDS)
def test_no_letter_of_any_kind_shows_a_requesters_card_number_or_password(event: str, audience: str) -> None:
    kind = LETTERS[event, audience]
    facts: dict[str, Any] = {name: SAID for name in kind.quoted() if isinstance(getattr(kind.sample(), name), str)}
    if event == "notices_combined":
        facts["rows"] = ({"ref": "IT-1", "title": f"password: {PASSWORD}", "words": SAID},)
    wanted = a_wanted(event, audience, facts=facts)
    if wanted.entry is not None and not wanted.entry.author_role.is_agent:
        wanted = replace(wanted, entry=replace(wanted.entry, text=SAID, signature=SAID, subject=f"password: {PASSWORD}"))
    context = a_context(event)
    if context.file is not None:
        context = replace(context, file=a_file(context))
    for shown in (None, f"My password: {PASSWORD}"):
        seen = everything(compose(replace(wanted, shown_title=shown), context))
        assert PASSWORD not in seen and CARD not in seen and "Tr0ub4dor&amp;3" not in seen


def test_an_agents_own_words_are_never_altered() -> None:
    mine = f"Your new password: {PASSWORD}\n\nYour card {CARD} is blocked."
    for audience in ("requester", "participant", "agent"):
        letter = a_letter("agent_replied", audience, entry=an_agents(text=mine, html=f"<p>Your new password: {PASSWORD}</p>"))
        assert mine.splitlines()[0] in text(letter) and CARD in text(letter)
    assert PASSWORD.replace("&", "&amp;") in html(a_letter("agent_replied", "requester", entry=an_agents(text=mine, html=None)))


def test_the_requesters_line_above_an_agents_answer_is_masked() -> None:
    between = f"> My password: {PASSWORD}\nPlease change it.\n"
    for audience in ("requester", "participant", "agent"):
        shown = text(a_letter("agent_replied", audience, entry=an_agents(text=between, html=None)))
        assert PASSWORD not in shown and "My password: ••••••" in shown and "Please change it." in shown


def test_what_the_record_keeps_and_the_names_of_files_stay_as_they_came() -> None:
    entry = replace(samples.an_entry("asked"), text=SAID)
    file = replace(entry.attachments[0], name=f"card {CARD}.png")
    entry = replace(entry, attachments=(file,))
    letter = a_letter("ticket_opened", "agent", entry=entry)
    assert entry.text == SAID
    assert [part.name for part in letter.parts] == [f"card {CARD}.png"]


def test_a_fact_that_is_somebodys_words_is_masked_however_deep_it_lies() -> None:
    kind = LETTERS["notices_combined", "agent"].sample()
    rows = ({"ref": "IT-1", "title": f"pw: {PASSWORD}", "words": ""},)
    assert facts_of(replace(kind, rows=rows))["rows"] == ({"ref": "IT-1", "title": "pw: ••••••", "words": ""},)
    low = replace(LowRatingNotice.sample(), comment=f"password: {PASSWORD}")
    assert facts_of(low)["comment"] == "password: ••••••" and low.comment == f"password: {PASSWORD}"


# --- the author is told --------------------------------------------------------------------------------------------------


def told(event: str, audience: str, *entries: Any, entry: Any = None, person: Any = samples.MAX) -> bool:
    context = a_context(event)
    file = replace(context.file, entries=entries)
    wanted = replace(a_wanted(event, audience), person=person, entry=entry)
    return is_told_of_masking(wanted, file)


ASKED = samples.an_entry("asked")
LEAK, MORE = replace(ASKED, id=21, text=SAID), replace(ASKED, id=31, text="More words.")
ANSWER = an_agents(id=40)


def test_the_author_is_told_by_what_answers_the_mail_at_once() -> None:
    assert told("ticket_opened", "requester", LEAK)
    assert told("status_asked", "requester", ASKED, LEAK)
    assert not told("status_asked", "requester", LEAK, MORE)
    assert not told("ticket_opened", "requester", ASKED)


def test_where_nothing_answered_the_mail_the_next_answer_of_an_agent_tells_them_and_only_that() -> None:
    assert told("agent_replied", "requester", ASKED, LEAK, ANSWER, entry=ANSWER)
    assert told("agent_replied", "requester", ASKED, LEAK, MORE, ANSWER, entry=ANSWER)
    later = an_agents(id=50)
    assert not told("agent_replied", "requester", ASKED, LEAK, ANSWER, later, entry=later)
    assert not told("agent_replied", "requester", LEAK, ANSWER, entry=ANSWER)  # the acknowledgement said so
    assert not told("reminder_due", "requester", ASKED, LEAK)


def test_nobody_is_told_of_what_somebody_else_wrote() -> None:
    assert not told("agent_replied", "participant", ASKED, LEAK, ANSWER, entry=ANSWER, person=samples.EVE)
    mine = replace(LEAK, author=samples.EVE.id, author_role=Role.PARTICIPANT)
    assert told("agent_replied", "participant", ASKED, mine, ANSWER, entry=ANSWER, person=samples.EVE)
    assert not told("agent_replied", "requester", ASKED, mine, ANSWER, entry=ANSWER)
    assert not told("requester_wrote", "agent", LEAK, person=samples.ANN)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_sentence_stands_in_the_letter(language: str) -> None:
    context = a_context("ticket_opened")
    context = replace(context, file=a_file(context))
    words = {"en": "card number or a password", "de": "Kartennummer oder ein Passwort"}[language]
    assert words in flowing(a_letter("ticket_opened", "requester", language, context=context))
    assert words not in flowing(a_letter("ticket_opened", "requester", language))


def test_agents_read_where_the_whole_text_is() -> None:
    for event in ("ticket_opened", "requester_wrote", "unverified_wrote"):
        entry = replace(a_wanted(event, "agent").entry or ASKED, text=SAID)
        assert "mailgate tickets show IT-1042" in flowing(a_letter(event, "agent", entry=entry))
        assert "tickets show" not in flowing(a_letter(event, "agent"))


def test_files_that_stay_behind_are_named_with_how_to_get_them() -> None:
    file = ASKED.attachments[0]
    large = replace(file, name="film.mov", size=10**9)
    told = flowing(a_letter("ticket_opened", "agent", entry=replace(ASKED, attachments=(file, large))))
    assert "film.mov" in told and "mailgate inbox raw 7" in told
    answered = flowing(a_letter("agent_replied", "requester", entry=an_agents(attachments=(large,))))
    assert "film.mov" in answered and "just reply" in answered and "mailgate inbox" not in answered


@pytest.mark.parametrize("event", ["ticket_opened", "requester_wrote", "unverified_wrote", "ticket_assigned"])
def test_that_something_is_masked_is_said_once(event: str) -> None:
    wanted = a_wanted(event, "agent")
    assert wanted.entry is not None
    entry = replace(wanted.entry, text=SAID)
    context = a_context(event)
    if context.file is not None:
        context = replace(context, file=replace(context.file, entries=(entry,)))
    letter = compose(replace(wanted, entry=entry), context)
    assert text(letter).count("Card numbers and passwords are shown") == html(letter).count("Card numbers and passwords are shown") == 1
