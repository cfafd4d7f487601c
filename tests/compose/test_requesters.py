"""What requesters and participants read: what happened, what they need to do, what comes next and when, and no word that is only ours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from mailgate.compose import samples, words
from mailgate.compose.views import called
from mailgate.model.letter import Audience, Letter
from mailgate.model.letters import LETTERS
from mailgate.model.policy import Metric
from mailgate.model.ticket import Cycle, HoldReason, Status, Ticket, Timer, TimerKind
from mailgate.understand.answers import self_service
from tests.compose.desk import a_context, a_letter, an_agents, html, templates, text

NOW = samples.NOW
OUTSIDE = [key for key in LETTERS if Audience(key[1]).is_outside]
LANGUAGES = ["en", "de"]
LATER = NOW + timedelta(days=3)  # Thursday, 4 June


def on(
    event: str, status: Status | None = None, language: str = "en", *, facts: Any = None, audience: str = "requester", **changes: Any
) -> Letter:
    """The sample letter on the sample ticket with these changes."""
    context = a_context(event)
    assert context.file is not None
    file = samples.a_file(context.policy.desks["it"], status) if status else context.file
    file = replace(file, ticket=replace(file.ticket, **changes))
    return a_letter(event, audience, language, context=replace(context, file=file), facts=facts or {})


def said(letter: Letter) -> str:
    """Its text in one line, above the footer."""
    return " ".join(text(letter).partition("\n-- \n")[0].split())


def headline(letter: Letter) -> str:
    return text(letter).split("\n\n")[1]


def a_clock(metric: Metric, ticket: Ticket) -> tuple[Cycle, ...]:
    cycle = Cycle(metric=metric, n=1, policy="", calendar="always", priority=4, target_s=60, started_at=NOW, due_at=LATER, breach_at=LATER)
    return (*ticket.cycles, cycle)


@cache
def all_of_them() -> tuple[tuple[str, Letter], ...]:
    """Every letter to somebody outside, with all of its facts and with as few as allowed, on a ticket in every state."""
    found = []
    for event, audience in OUTSIDE:
        for language in LANGUAGES:
            for status in Status:
                for bare in (False, True):
                    kind = LETTERS[event, audience].sample(bare=bare)
                    letter = on(event, status, language, audience=audience, facts=vars(kind))
                    found.append((f"{event}/{audience} {language} {status.value} {bare}", letter))
    return tuple(found)


OURS = {
    "en": r"tickets?|P[1-5]|SLA|requesters?|tokens?|markers?|resolved?|agents?|desks?|mails?|letters?|pending|priority P",
    "de": r"Tickets?|P[1-5]|SLA|Anfragende\w*|Tokens?|Bearbeiter|Stelle|Mails?|gelöst|geschlossen|Briefe?|Beteiligte\w*",
}


def test_no_letter_to_somebody_outside_says_a_word_that_is_only_ours():
    for name, letter in all_of_them():
        shown = said(letter).replace(" ".join(samples.ANSWER.split()), "").replace("erledigt, wenn sich das Problem schon gelöst hat", "")
        shown = shown.replace("wenn sich das Problem schon gelöst hat", "")
        language = name.split()[1]
        found = re.search(rf"(?<![\w-])(?:{OURS[language]})(?![\w-])", shown)
        assert found is None, f"{name}: {found}"
        assert "!" not in shown and "None" not in shown, name


def test_every_letter_to_somebody_outside_has_a_preheader_that_is_a_sentence_of_its_own():
    for name, letter in all_of_them():
        assert 40 <= len(letter.preheader) <= 130, f"{name}: {letter.preheader}"
        assert letter.preheader != headline(letter), name


# --- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", templates().languages)
def test_the_words_that_a_letter_names_are_understood_when_they_come_back(language: str):
    say = templates().catalogue(language).say
    assert {wish: self_service(say(word)) for wish, word in words.WISHES.items()} == {wish: wish for wish in words.WISHES}
    bodies = re.findall(r'href="mailto:[^"]*body=([^"&]+)"', html(a_letter("help_asked", "requester", language)))
    assert len(bodies) == 3


@pytest.mark.parametrize(
    ("name", "english", "german"),
    [
        ("Ann Berg", "Ann", "Ann Berg"),
        ("Berg, Ann", "Ann", "Berg, Ann"),
        ("Dr. Ann Berg", "Ann", "Dr. Ann Berg"),
        ("ann@example.org", "", ""),
        ("", "", ""),
    ],
)
def test_an_agent_is_called_as_the_language_does(name: str, english: str, german: str):
    assert (called(name, "en"), called(name, "de")) == (english, german)


def test_every_state_has_a_name_and_a_headline_for_requesters_and_every_hold_says_why():
    assert set(words.STATUSES) == {status.value for status in Status}
    assert set(words.STATE_HEADLINES) == {*words.STATUSES, *(f"on_hold.{reason.value}" for reason in HoldReason)}
    assert len({words.headline("on_hold", reason, str) for reason in (*HoldReason, None)}) == len(HoldReason) + 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello Max,\n\nthe client was too old.\n\nAnn", "the client was too old."),
        ("Guten Tag Herr Muster,\n\nIhr Programm war zu alt.\n\nViele Grüße\nAnn Berg", "Ihr Programm war zu alt."),
        ("Hi!\nIt works now.", "It works now."),
        ("The cable was loose.\n\nIt is in again.", "The cable was loose. It is in again."),
        ("Thanks,", "Thanks,"),
        ("Dear Max,\n\n", "Dear Max,"),
        ("", ""),
        ("one  two\tthree\nfour", "one two three four"),
        ("word " * 40, f"{('word ' * 20).strip()} …"),
        ("語" * 200, "語" * 100 + " …"),
    ],
)
def test_how_words_begin_is_told_without_greeting_and_name(written: str, shown: str):
    assert words.preview(written) == shown


# --- what comes next, and when ------------------------------------------------------------------------------------------


def test_an_acknowledgement_says_who_answers_by_when_and_names_no_time_where_none_is_promised():
    assert "Someone from IT Support will get back to you by Monday, 1 June, 18:00 CEST. There's nothing you need to do" in said(
        on("ticket_opened")
    )
    assert "meldet sich jemand vom Team IT Support bei Ihnen" in said(on("ticket_opened", language="de"))
    assert "will get back to you. There's nothing" in said(on("ticket_opened", cycles=()))


def test_an_acknowledgement_says_when_somebody_is_back_if_nobody_is_there():
    assert "We're back on Thursday, 4 June, 10:00 CEST." in said(on("ticket_opened", facts={"back_at": LATER}))
    assert "We're back" not in said(on("ticket_opened"))
    assert "Wir sind ab Donnerstag, 4. Juni, 10:00 Uhr (MESZ) wieder da." in said(
        on("follow_up_opened", language="de", facts={"back_at": LATER})
    )


def test_a_new_request_names_the_one_before_and_asks_for_nothing_twice():
    letter = said(on("follow_up_opened"))
    assert "IT-1001 was closed a while ago, so your message is now IT-1042" in letter and "you don't need to repeat anything" in letter
    assert "Earlier request: IT-1001" in letter


def test_a_question_says_when_a_reminder_comes_only_where_one_does():
    letter = said(on("agent_replied"))
    assert (
        "Ann needs your answer to go on. Just reply to this email. If you don't get round to it, we'll remind you on Wednesday, 3 June."
        in letter
    )
    without = said(on("agent_replied", timers=(Timer(TimerKind.AUTO_RESOLVE, LATER),)))
    assert "remind" not in without and "we'll mark the request as solved on Thursday, 4 June, 10:00 CEST" in without
    assert "Ann needs your answer to go on. Just reply to this email. Solved in the meantime?" in said(on("agent_replied", timers=()))
    german = said(on("agent_replied", language="de"))
    assert headline(on("agent_replied", language="de")) == "Ann Berg hat Ihnen geantwortet"
    assert "braucht Ann Berg Ihre Antwort" in german and "erinnern wir Sie am Mittwoch, 3. Juni." in german


def test_an_answer_that_asks_nothing_promises_news_only_where_a_clock_does():
    plain = on("agent_replied", Status.OPEN, cycles=())
    assert "needs your answer" not in said(plain) and "Next update" not in said(plain)
    assert "If you'd like to answer or add something, just reply" in said(plain)
    ticket = samples.a_file(a_context("agent_replied").policy.desks["it"], Status.OPEN).ticket
    assert "Next update by Thursday, 4 June, 10:00 CEST." in said(on("agent_replied", Status.OPEN, cycles=a_clock(Metric.UPDATE, ticket)))
    assert "Next update" not in said(on("agent_replied", Status.OPEN, cycles=a_clock(Metric.RESOLUTION, ticket)))


def test_a_participant_is_told_that_nothing_is_expected():
    letter = on("agent_replied", audience="participant")
    assert headline(letter) == "Ann replied to IT-1042" and "You're copied in. If you'd like to add something, just reply." in said(letter)
    solved = on("ticket_resolved", audience="participant")
    assert headline(solved) == "IT-1042 is solved" and "there's nothing you need to do. Here's what was done:" in said(solved)


def test_a_reminder_quotes_the_question_and_says_what_happens_without_an_answer():
    first = on("reminder_due", facts={"is_last": False})
    assert headline(first) == "One question is still open"
    assert "> 1. Which version does the client show under Help > About?" in text(first).splitlines()
    assert (
        "we'll mark the request as solved on Tuesday, 9 June, 10:00 CEST. Until Tuesday, 23 June, 10:00 CEST, a reply opens it again."
        in said(first)
    )
    last = on("reminder_due", facts={"is_last": True})
    assert headline(last) == "Shall we close your request?" and "Otherwise we'll mark it as solved on Tuesday, 9 June, 10:00 CEST." in said(
        last
    )
    never = said(on("reminder_due", facts={"is_last": False}, timers=()))
    assert "solved on" not in never and "June, 10:00 CEST, a reply" not in never


@pytest.mark.parametrize("event", ["ticket_resolved", "auto_resolved", "ticket_closed", "auto_closed"])
def test_the_end_of_a_request_says_until_when_an_answer_opens_it_again_and_never_a_time_that_is_over(event: str):
    window = a_context(event).policy.timers.reopen_window
    status = Status.CLOSED if "closed" in event else Status.RESOLVED
    assert "Monday, 15 June, 10:00 CEST" in said(on(event, status))
    over = said(on(event, status, resolved_at=NOW - window - timedelta(seconds=1)))
    assert "15 June" not in over and "Until" not in over and "by Mon" not in over


def test_what_the_requester_said_is_solved_is_called_so():
    letter = on("ticket_resolved", facts={"by_requester": True})
    assert headline(letter) == "Good to hear it's solved" and "We've marked IT-1042 as solved, as you asked." in said(letter)
    assert "as you asked" in said(on("ticket_closed", facts={"by_requester": True}))


# --- the state, on request ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_state_is_the_headline(language: str):
    say = templates().catalogue(language).say
    for status in Status:
        for hold in (*HoldReason, None) if status is Status.ON_HOLD else (None,):
            letter = on("status_asked", status, language, hold=hold)
            assert headline(letter) == words.headline(status.value, hold, say)


@pytest.mark.parametrize(
    ("metric", "line"),
    [
        (Metric.FIRST_REPLY, "First reply: By Thursday, 4 June 2026, 10:00 CEST"),
        (Metric.NEXT_REPLY, "Next reply: By Thursday, 4 June 2026, 10:00 CEST"),
        (Metric.UPDATE, "Next update: By Thursday, 4 June 2026, 10:00 CEST"),
        (Metric.RESOLUTION, ""),
    ],
)
def test_the_state_says_what_comes_next_where_a_clock_does(metric: Metric, line: str):
    ticket = replace(samples.a_file(a_context("status_asked").policy.desks["it"], Status.OPEN).ticket, cycles=())
    letter = said(on("status_asked", Status.OPEN, cycles=a_clock(metric, ticket)))
    assert line in letter and (line or "By " not in letter)


@pytest.mark.parametrize("metric", [Metric.FIRST_REPLY, Metric.NEXT_REPLY, Metric.UPDATE])
def test_a_time_that_has_passed_is_not_told_as_what_comes_next(metric: Metric):
    ticket = replace(samples.a_file(a_context("status_asked").policy.desks["it"], Status.OPEN).ticket, cycles=())
    (late,) = a_clock(metric, ticket)
    assert "By " not in said(on("status_asked", Status.OPEN, cycles=(replace(late, due_at=NOW),)))


def test_who_asks_while_we_wait_for_them_reads_the_question_once_more():
    question = "> 1. Which version does the client show under Help > About?"
    assert question in text(on("status_asked", Status.PENDING_USER)).splitlines()
    assert question not in text(on("status_asked", Status.OPEN)).splitlines()


def test_the_state_offers_what_can_be_done_in_it():
    offered = {
        status: [word for word in ("close", "reopen") if re.search(rf"^  {word} ", text(on("status_asked", status)), re.MULTILINE)]
        for status in Status
    }
    assert offered == {
        **{status: ["close"] for status in Status if status.is_live},
        **{status: ["reopen"] for status in (Status.RESOLVED, Status.CLOSED)},
        **{status: [] for status in (Status.MERGED, Status.REJECTED)},
    }


def test_what_waits_until_a_date_says_so():
    letter = said(on("status_asked", Status.ON_HOLD, hold=HoldReason.SCHEDULED, timers=(Timer(TimerKind.WAKE, LATER),)))
    assert "We'll go on: Thursday, 4 June 2026, 10:00 CEST" in letter


# --- ratings ------------------------------------------------------------------------------------------------------------


def test_a_good_rating_is_thanked_for_and_a_bad_one_is_answered():
    good = on("rating_given", facts={"score": 5, "follow_up_due_at": None, "unsolved": False})
    assert headline(good) == "Thanks for your rating"
    assert "5 of 5, very good. The team will see it, and there's nothing else to do." in said(good) and "reopen" not in said(good)
    bad = on("rating_given", facts={"score": 2, "follow_up_due_at": LATER})
    assert headline(bad) == "We're sorry this didn't go well" and "2 of 5, poor." in said(bad) and "Still not working?" in said(bad)
    assert "The head of the team reads your rating and will get in touch by Thursday, 4 June, 10:00 CEST." in said(bad)
    assert "get in touch" not in said(on("rating_given", facts={"score": 1, "follow_up_due_at": None}))
    assert "Still not working?" in said(on("rating_given", facts={"score": 3, "unsolved": True}))


@pytest.mark.parametrize("score", [1, 5])
def test_a_late_rating_is_kept_and_told_that_it_does_not_count(score: int):
    letter = said(on("rating_given", facts={"score": score, "late": LATER, "follow_up_due_at": None, "unsolved": False}))
    assert "It reached us after Thursday, 4 June, 10:00 CEST, so it isn't counted, but we've kept it." in letter
    assert "The team will see it" not in letter


def test_an_answer_without_words_has_a_preheader_all_the_same():
    letter = a_letter("agent_replied", "requester", entry=an_agents(text="", html=None, attachments=samples.an_entry("asked").attachments))
    assert letter.preheader.startswith("Ann replied to your request and sent you files.")
