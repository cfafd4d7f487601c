"""What every letter owes its reader: the right name, the right thread, the right token, and no word too many."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mailgate.compose import samples
from mailgate.compose.letters import Unsealable, compose
from mailgate.decide.residue import residue
from mailgate.model import token
from mailgate.model.letter import Audience, LetterKind
from mailgate.model.letters import LETTERS
from mailgate.model.marker import MARKERS, RATING_HINTS
from mailgate.model.person import Person, Role
from mailgate.model.ticket import Member, Status, Visibility
from mailgate.understand.text.body import cut
from tests.compose.desk import a_context, a_letter, a_wanted, an_agents, desk, flowing, header, html, message, text, whole

TO_AGENTS = [key for key in LETTERS if not Audience(key[1]).is_outside]


@pytest.mark.parametrize(("event", "audience"), LETTERS, ids="/".join)
def test_a_letter_begins_with_the_marker_line_of_its_language(event: str, audience: str):
    for language in ("en", "de"):
        letter = a_letter(event, audience, language)
        assert text(letter).splitlines()[0] == MARKERS[language]
        assert header(letter, "Content-Language") == language
        assert re.search(rf"<td [^>]*>{MARKERS[language]}</td>", html(letter))


@pytest.mark.parametrize(("event", "audience"), LETTERS, ids="/".join)
def test_what_an_answer_quotes_of_a_letter_is_cut_off(event: str, audience: str):
    for language in ("en", "de"):
        quoted = "\n".join(f"> {line}" for line in text(a_letter(event, audience, language)).splitlines())
        assert cut(f"My answer.\n\nOn Mon, 1 Jun 2026 at 10:00, IT Support wrote:\n\n{quoted}\n").new.strip() == "My answer."


def test_the_requester_sees_the_desk_and_the_first_name_of_the_agent():
    """(fault 100)"""
    letter = a_letter("agent_replied", "requester")
    assert header(letter, "From") == '"Ann (IT Support)" <support@example.org>'
    assert b"ann@example.org" not in whole(letter) and b"Berg" not in letter.header
    assert header(a_letter("ticket_opened", "requester"), "From") == '"IT Support" <support@example.org>'


def test_agents_see_who_wrote_under_the_address_of_the_desk():
    """(fault 148)"""
    assert header(a_letter("ticket_opened", "agent"), "From") == '"Max Muster via IT-1042" <support@example.org>'
    assert header(a_letter("note_added", "agent"), "From") == '"Ann Berg via IT-1042" <support@example.org>'
    assert header(a_letter("unverified_wrote", "agent"), "From") == '"Eve Adler (unverified) via IT-1042" <support@example.org>'
    assert header(a_letter("sla_breached", "agent"), "From") == '"IT Support" <support@example.org>'


@pytest.mark.parametrize(("event", "audience"), TO_AGENTS)
def test_a_notice_names_no_outsider_in_its_header(event: str, audience: str):
    """(fault 100)"""
    letter = a_letter(event, audience)
    for secret in (b"max@example.com", b"eve@example.net", b"vpn-1@example.com"):
        assert secret not in letter.header
    assert letter.notice.startswith(MARKERS["en"])


def test_only_letters_to_agents_are_kept_as_notices():
    assert a_letter("agent_replied", "requester").notice == ""
    assert "keep-alive bug" in a_letter("note_added", "agent").notice


def test_the_answer_goes_to_an_address_that_proves_which_letter_it_answers():
    """(fault 148)"""
    letter = a_letter("ticket_opened", "requester")
    [address] = re.findall(r"<([^>]+)>", header(letter, "Reply-To"))
    base, detail, domain = token.split_address(address)
    assert (base, domain) == ("support", "example.org")
    assert token.read_detail(samples.RING, detail) == token.AddressToken(letter.id, "reply", "")


def test_message_id_and_anchor_are_ours_and_the_anchor_stands_first_to_the_outside():
    """(fault 140)"""
    letter = a_letter("ticket_opened", "requester")
    assert token.read_own_id(samples.RING, header(letter, "Message-ID")) == token.OwnId(1042, letter.id, False)
    references = header(letter, "References").split()
    assert token.read_own_id(samples.RING, references[0]) == token.OwnId(1042, letter.id, True)
    assert references[1:] == ["<vpn-1@example.com>"] == [header(letter, "In-Reply-To")]
    assert letter.message_id == header(letter, "Message-ID")


def test_a_letter_without_an_occasion_joins_what_its_reader_wrote():
    letter = a_letter("reminder_due", "requester")
    assert header(letter, "In-Reply-To") == "<vpn-1@example.com>"
    assert header(letter, "References").endswith(" <vpn-1@example.com>")


def test_a_letter_about_no_ticket_has_id_and_anchor_without_a_number_and_no_tag():
    letter = a_letter("agent_welcomed", "agent")
    assert token.read_own_id(samples.RING, letter.message_id) == token.OwnId(None, letter.id, False)
    assert token.read_own_id(samples.RING, header(letter, "References")) == token.OwnId(None, letter.id, True)
    assert "[IT-" not in header(letter, "Subject")


def test_the_letter_of_a_roundtrip_says_what_it_is_in_two_places():
    letter = a_letter("roundtrip_sent", "operator")
    check = token.OwnId(None, letter.id, False, check=True)
    assert token.read_own_id(samples.RING, header(letter, "References")) == check
    signed = token.check_id(samples.RING, letter.id, "example.org")
    assert token.find_check_id(samples.RING, f"[EXTERNAL] Fwd: {signed} x") == check
    assert token.find_check_id(samples.RING, f"see {letter.message_id}") is None


def test_machines_say_that_they_are_machines_and_people_do_not():
    """(fault 147)"""
    ack, alarm, words = a_letter("ticket_opened", "requester"), a_letter("sla_warned", "agent"), a_letter("agent_replied", "requester")
    assert header(ack, "Auto-Submitted") == "auto-replied"
    assert header(alarm, "Auto-Submitted") == "auto-generated"
    for letter in (ack, alarm):
        assert header(letter, "X-Auto-Response-Suppress") == "All"
    for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "List-Id"):
        assert name not in message(words)


@pytest.mark.parametrize(
    ("way", "expected"), [("null", r""), ("desk", r"support@example\.org"), ("verp", r"support\+k7qf3m9x\.b\.[0-9a-z]{16}@example\.org")]
)
def test_bounces_come_back_as_configured(way: str, expected: str):
    letter = a_letter("agent_replied", "requester", context=a_context("agent_replied", reverse_path=way))
    assert re.fullmatch(expected, letter.reverse_path)
    if way == "verp":
        found = token.read_detail(samples.RING, token.split_address(letter.reverse_path)[1])
        assert found is not None and found.purpose == "bounce"


def test_where_the_host_has_no_subaddresses_the_desk_itself_is_answered():
    plain = desk(subaddress="none")
    letter = a_letter("ticket_resolved", "requester", the_desk=plain, context=a_context("ticket_resolved", plain, reverse_path="verp"))
    assert "support@example.org" in header(letter, "Reply-To") and "+" not in header(letter, "Reply-To")
    assert letter.reverse_path == "support@example.org"
    # The address alone says nothing there, so the score stands in the mail.
    assert 'href="mailto:support@example.org?subject=%5BIT-1042-' in html(letter) and "&amp;body=5%0D%0A" in html(letter)


@pytest.mark.parametrize(
    "title",
    [
        "VPN drops",
        "Re: VPN drops",
        "AW: Re: VPN drops",
        "Re[3]: Sv: VPN drops",
        "回复：VPN drops",
        "Antw: VPN drops [IT-7-00000000]",
        "re:RE: VPN drops",
    ],
)
def test_the_subject_says_re_once_and_carries_one_tag(title: str):
    tag = token.subject_token(samples.RING, "IT", 1042)
    assert header(a_letter("agent_replied", "requester", title=title), "Subject") == f"Re: VPN drops {tag}"


def test_the_subject_does_not_grow_over_a_hundred_rounds():
    """(fault 143)"""
    title = "VPN drops"
    for _ in range(100):
        title = header(a_letter("agent_replied", "requester", title=f"Re: {title}"), "Subject")
    assert title.count("Re:") == 1 and title.count("[IT-") == 1


def test_a_tag_of_another_system_is_text():
    assert "[ABC-77-ABCDEFGH]" in header(a_letter("agent_replied", "requester", title="Order [ABC-77-ABCDEFGH]"), "Subject")


def test_a_strangers_subject_is_not_repeated_unless_allowed():
    letter = a_letter("ticket_opened", "requester", title="Buy now at evil.example", shown_title="")
    assert b"evil.example" not in whole(letter)
    assert header(letter, "Subject").startswith("We've got your message [IT-1042-")
    cut_short = a_letter("ticket_opened", "requester", title="Buy now at evil.example", shown_title="Buy now at")
    assert header(cut_short, "Subject").startswith("Re: Buy now at [IT-1042-")


def test_an_acknowledgement_repeats_nothing_else_of_the_mail():
    letter = a_letter("ticket_opened", "requester")
    assert b"since this morning" not in whole(letter) and letter.parts == ()
    said = flowing(letter)
    assert "IT-1042" in said and "Priority: Standard" in said and "First reply: By Monday, 1 June 2026, 18:00 CEST" in said
    assert "status" in html(letter) and "close" in html(letter)


def test_an_acknowledgement_says_when_somebody_is_there_if_nobody_is():
    night = a_context("ticket_opened", now=samples.NOW + timedelta(hours=14))
    assert "Opening hours: Mon–Fri 08:00–18:00 (Europe/Berlin)" in flowing(a_letter("ticket_opened", "requester", context=night))
    assert "Opening hours" not in text(a_letter("ticket_opened", "requester"))


@pytest.mark.parametrize(
    ("who", "chosen", "own", "of_ticket", "of_desk", "expected"),
    [
        ("requester", "en", "de", "de", "de", "en"),
        ("requester", "xx", "en", "de", "en", "de"),
        ("requester", None, "en", "de", "en", "de"),
        ("requester", None, "de", None, "en", "de"),
        ("requester", None, "de", "xx", "en", "de"),
        ("requester", None, None, "de", "en", "de"),
        ("requester", None, None, None, "de", "de"),
        ("requester", None, "de-AT", None, "en", "de"),
        ("requester", None, "xx", None, "en", "en"),
        ("requester", None, None, "xx", "xx", "en"),
        ("participant", None, "de", "en", "en", "de"),
        ("participant", None, None, "de", "en", "de"),
        ("participant", "en", "de", "de", "de", "en"),
        ("agent as requester", None, "de", "en", "en", "de"),
        ("agent", None, "de", "en", "en", "de"),
        ("agent", None, None, "de", "en", "en"),
    ],
)
def test_the_language_is_chosen_by_person_mail_and_desk(
    who: str, chosen: str | None, own: str | None, of_ticket: str | None, of_desk: str, expected: str
):
    """What somebody asked for stands before all; what a requester wrote this time before what they wrote at another time."""
    event, audience = {"participant": ("agent_replied", "participant"), "agent": ("ticket_opened", "agent")}.get(
        who, ("status_asked", "requester")
    )
    context = a_context(event, desk(language=of_desk), language=of_ticket)
    wanted = a_wanted(event, audience, own)
    person = replace(wanted.person, chosen_language=chosen, agent="max" if who == "agent as requester" else wanted.person.agent)
    assert header(compose(replace(wanted, person=person), context), "Content-Language") == expected


def test_the_requesters_language_says_nothing_about_agents():
    letter = a_letter("ticket_opened", "agent", None, context=a_context("ticket_opened", language="de"))
    assert header(letter, "Content-Language") == "en"


def test_instants_are_told_in_the_readers_zone_and_the_zone_is_named():
    far = replace(samples.MAX, timezone="Asia/Kolkata", language="en")
    assert "Monday, 1 June 2026, 21:30 IST" in text(a_letter("ticket_opened", "requester", person=far))
    nowhere = replace(samples.MAX, timezone="Mars/Olympus", language="en")
    assert "Monday, 1 June 2026, 18:00 CEST" in text(a_letter("ticket_opened", "requester", person=nowhere))


def test_the_date_is_the_instant_of_sealing():
    letter = a_letter("ticket_opened", "requester")
    assert parsedate_to_datetime(header(letter, "Date")) == samples.NOW == letter.made_at


def test_five_links_rate_and_each_is_signed_for_its_score():
    letter = a_letter("ticket_resolved", "requester")
    links = re.findall(r'href="mailto:support\+([^@]+)@[^"]*body=([^"&]*)"', html(letter))[:5]
    scores = [token.read_detail(samples.RING, detail) for detail, _ in links]
    assert [s.word for s in scores if s] == ["5", "4", "3", "2", "1"] and all(s and s.purpose == "rate" for s in scores)
    assert "Reply with a number as the first line" in text(letter)
    for word in ("Very good", "Very poor"):
        assert word in html(letter)


def test_only_a_letter_that_asks_for_a_rating_offers_one():
    for letter in (
        a_letter("ticket_resolved", "participant"),
        a_letter("auto_resolved", "requester"),
        a_letter("ticket_resolved", "requester", closure=None),
    ):
        assert "Very good" not in text(letter)


def test_the_line_below_a_comment_is_one_that_the_reader_of_ratings_knows():
    from mailgate.understand.answers import rating

    for hint in RATING_HINTS.values():
        assert rating._above_hints(f"Quick help.\n\n{hint}\n\nmore") == "Quick help."


def test_an_agents_own_html_travels_to_the_requester_and_a_strangers_never_does():
    assert "<b>too old</b>" in html(a_letter("agent_replied", "requester", entry=an_agents()))
    strange = replace(samples.an_entry("asked"), html="<b>bold</b>")
    assert "<b>bold</b>" not in html(a_letter("requester_wrote", "agent", entry=strange))
    assert "<b>too old</b>" not in html(a_letter("agent_replied", "agent"))


def test_attachments_travel_with_words_and_are_never_sent_back():
    attached = samples.an_entry("asked").attachments
    assert a_letter("agent_replied", "requester", entry=an_agents(attachments=attached)).parts[0].sha256 == attached[0].sha256
    assert len(a_letter("requester_wrote", "agent").parts) == 1
    assert a_letter("follow_up_opened", "requester").parts == ()
    assert "Bildschirmfoto größer.png, 72 B" in text(a_letter("requester_wrote", "agent"))


def test_a_text_too_long_for_html_travels_as_text_alone_and_complete():
    long = "\n".join(f"line {n} of many, and each one counts" for n in range(5000))
    letter = a_letter("agent_replied", "requester", entry=an_agents(text=long, html=None))
    assert message(letter).get_content_type() == "text/plain"
    assert long in text(letter)


def test_an_agent_is_told_what_an_answer_becomes():
    assert "Your reply goes to Max Muster and Eve Adler. Start it with #note, and only" in flowing(a_letter("ticket_opened", "agent"))
    assert "Your reply stays with the team. Start it with #reply to write to Max" in flowing(a_letter("note_added", "agent"))
    assert a_letter("note_added", "agent").answer_is is Visibility.INTERNAL


def test_the_owner_is_not_asked_to_take_what_is_his():
    assert "Take it" not in html(a_letter("requester_wrote", "agent")) and "#take" not in text(a_letter("requester_wrote", "agent"))
    assert "Take it" in html(a_letter("ticket_opened", "agent")) and "\n  #take " in text(a_letter("ticket_opened", "agent"))


def test_an_error_mail_hands_the_text_back_and_may_be_corrected_without_residue():
    letter = a_letter("commands_refused", "agent")
    assert "- Line 1, #resolv: This isn't a command. Did you mean #resolve? (E_UNKNOWN)" in flowing(letter)
    assert "We plugged it in again." in text(letter)
    # The agent's own words are no part of the notice: sent again, they must not count as what only agents know.
    assert "plugged" not in letter.notice
    assert residue("The cable was loose.\nWe plugged it in again.", None, [letter.notice], [], frozenset()) == ()
    assert header(letter, "Subject").startswith("Not sent: VPN drops every ten minutes [IT-1042-")


def test_an_address_with_umlauts_is_written_and_marked_for_smtputf8():
    letter = a_letter("ticket_opened", "requester", person=replace(samples.MAX, address="grüße@example.com"))
    assert letter.utf8 and 'To: "Max Muster" <grüße@example.com>'.encode() in letter.header
    assert not a_letter("ticket_opened", "requester").utf8


@pytest.mark.parametrize("address", ["no address", "a@b@c", "max@example.com\r\nBcc: evil@example.net", ""])
def test_a_letter_to_nowhere_is_not_sealed(address: str):
    with pytest.raises(Unsealable):
        a_letter("ticket_opened", "requester", person=replace(samples.MAX, address=address))


def test_what_is_missing_is_named():
    with pytest.raises(Unsealable, match="no such template"):
        compose(replace(a_wanted("ticket_opened", "requester"), kind=LetterKind()), a_context("ticket_opened"))
    with pytest.raises(Unsealable, match="commands_refused/agent"):
        a_letter("commands_refused", "agent", kind=type("Bare", (LetterKind,), {"event": "commands_refused"})())
    with pytest.raises(Unsealable, match="handed in"):
        a_letter("ticket_opened", "requester", context=a_context("ticket_opened", file=None))
    with pytest.raises(Unsealable, match="no 'hr'"):
        a_letter("ticket_opened", "requester", desk="hr")


def test_the_same_letter_is_composed_byte_for_byte_the_same():
    assert a_letter("ticket_opened", "agent") == a_letter("ticket_opened", "agent")


@pytest.mark.parametrize(
    ("facts", "english", "german"),
    [
        ({}, "Your reply didn't reach max@example.com. Your reply stays", "Ihre Antwort hat max@example.com nicht erreicht."),
        ({"by": "Bob Frey"}, "The reply from Bob Frey didn't reach max@", "Die Antwort von Bob Frey hat max@example.com nicht erreicht."),
        (
            {"by": "", "what": "ticket_opened", "undone": False},
            "The acknowledgement didn't reach max@example.com.",
            "Die Eingangsbestätigung hat max@example.com nicht erreicht.",
        ),
        (
            {"state": "unknown", "undone": False},
            "We can't tell whether your reply arrived.",
            "Wir wissen nicht, ob Ihre Antwort angekommen",
        ),
    ],
)
def test_a_letter_about_one_that_did_not_arrive_says_whose_it_was(facts: dict[str, Any], english: str, german: str):
    for language, words in (("en", english), ("de", german)):
        assert words in flowing(a_letter("letter_refused", "agent", language, facts=facts))
    runs_on = "The clock runs on" in flowing(a_letter("letter_refused", "agent", facts=facts))
    assert runs_on is facts.get("undone", True), "only where an answer counts as none"


@pytest.mark.parametrize("event", [event for event, audience in LETTERS if audience == "requester" and event != "agent_replied"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_machines_letter_to_a_stranger_holds_nothing_that_he_wrote(event: str, language: str):
    """Whoever is named in a forged From: must not be sent the forger's message, not even as his own name (fault 77)."""
    forged = replace(samples.MAX, name="Collect your prize on win dot example", proven=False)
    stranger = a_letter(event, "requester", language, person=forged, entry=None, automatic=True, proven=False, shown_title="")
    said = whole(stranger).decode() + text(stranger) + html(stranger)
    assert "prize" not in said and "VPN" not in said and header(stranger, "To") == "<max@example.com>"


def test_a_persons_answer_names_its_reader_as_before():
    assert header(a_letter("agent_replied", "requester"), "To") == '"Max Muster" <max@example.com>'
    assert header(a_letter("ticket_opened", "requester"), "To") == '"Max Muster" <max@example.com>'


# --- what an answer says of the ticket's end ------------------------------------------------------------------------------


def an_answer_on(status: Status, language: str, now_after: timedelta) -> str:
    context = a_context("agent_replied")
    solved = context.now - now_after
    ticket = replace(context.file.ticket, status=status, resolved_at=solved, closed_at=solved if status is Status.CLOSED else None)
    letter = a_letter("agent_replied", "requester", language, context=replace(context, file=replace(context.file, ticket=ticket)))
    return flowing(letter) + html(letter)


@pytest.mark.parametrize(
    ("language", "stays", "close"),
    [
        ("en", "IT-1042 stays solved.", "single word: close and"),
        ("de", "IT-1042 bleibt erledigt.", "einziges Wort genügt als Antwort: erledigt und"),
    ],
)
def test_who_reads_more_on_a_resolved_ticket_is_not_asked_to_close_it(language: str, stays: str, close: str):
    letter = an_answer_on(Status.RESOLVED, language, timedelta(days=1))
    assert stays in letter and close not in letter
    assert close in an_answer_on(Status.OPEN, language, timedelta(days=1))


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_answer_on_a_closed_ticket_promises_no_reopening_in_the_past(language: str):
    window = a_context("agent_replied").policy.timers.reopen_window
    opens, reaches = {"en": ("opens the request again", "we'll start a new"), "de": ("öffnet das", "wir legen eine neue")}[language]
    in_time = an_answer_on(Status.CLOSED, language, window)
    assert opens in in_time and reaches not in in_time
    late = an_answer_on(Status.CLOSED, language, window + timedelta(seconds=1))
    assert reaches in late and opens not in late


@pytest.mark.parametrize(
    ("told", "english", "german"),
    [
        (("hold", "", "on_hold (vendor)"), "state on hold (waiting for a supplier)", "Stand zurückgestellt (wartet auf einen Lieferanten)"),
        (("wait", "", "pending_user"), "state waiting for an answer", "Stand wartet auf Antwort"),
        (("reopen", "", "open"), "state in progress", "Stand in Arbeit"),
        (("kind", "incident", "problem"), "kind incident → problem", "Art Störung → Problem"),
        (("assign", "", "-"), "owner nobody", "bearbeitet von niemand"),
        (("take", "", "Ann Berg"), "owner Ann Berg", "bearbeitet von Ann Berg"),
    ],
)
def test_a_receipt_says_in_words_what_was_done(told: tuple[str, str, str], english: str, german: str):
    for language, line in (("en", english), ("de", german)):
        said = text(a_letter("commands_applied", "agent", language, facts={"told": (told,), "noted": False}))
        assert f"{ {'en': 'Done', 'de': 'Erledigt'}[language] }: {line}." in said.splitlines()


def test_a_long_receipt_is_a_list_below_its_headline():
    told = tuple(("title", f"A title of many words, number {n}", f"Another title of many words, number {n}") for n in (1, 2))
    said = flowing(a_letter("commands_applied", "agent", facts={"told": told}))
    assert "Done. Your" in said and "- note added - title A title of many words, number 1 → Another" in said


@pytest.mark.parametrize("direct", [(), ("Max Muster", "kim@example.net")])
def test_a_receipt_says_truly_who_got_what(direct: tuple[str, ...]):
    said = flowing(a_letter("commands_applied", "agent", facts={"direct": direct, "heard": ("Bob Frey",)}))
    assert "Your note went to Bob Frey." in said
    assert ("We sent nothing of this to Max Muster" in said) is not direct
    assert ("Your email also went directly to Max Muster and kim@example.net, in To or Cc." in said) is bool(direct)


# --- who reads an answer --------------------------------------------------------------------------------------------------


def a_notice_with(others: tuple[int, ...], language: str = "en", **changes: Any) -> str:
    context = a_context("requester_wrote")
    members = tuple(Member(id_, Role.PARTICIPANT) for id_ in others)
    people = {**context.people, 70: Person(70, "Kim Lee", "kim@example.net"), 71: Person(71, "", "lou@example.net")}
    file = replace(context.file, ticket=replace(context.file.ticket, members=members))
    return flowing(a_letter("requester_wrote", "agent", language, context=replace(context, file=file, people=people), **changes))


@pytest.mark.parametrize(
    ("others", "english", "german"),
    [
        ((), "Max Muster", "Max Muster"),
        ((70,), "Max Muster and Kim Lee", "Max Muster und Kim Lee"),
        ((70, 71), "Max Muster, Kim Lee and lou@example.net", "Max Muster, Kim Lee und lou@example.net"),
    ],
)
def test_a_notice_names_everybody_who_gets_the_answer(others: tuple[int, ...], english: str, german: str):
    assert f"Your reply goes to {english}. Start" in a_notice_with(others)
    assert f"Ihre Antwort geht an {german}. Mit" in a_notice_with(others, "de")


def test_what_stays_inside_says_so_first_and_then_whom_a_reply_would_reach():
    said = a_notice_with((70,), answered_as=Visibility.INTERNAL)
    assert "Your reply stays with the team. Start it with #reply to write to Max Muster and Kim Lee." in said
    assert "Your reply goes to" not in said
