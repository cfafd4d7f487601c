"""A machine that does not say so is told by what it says and how fast; two people who write fast are two people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide.loops import MOST_DAY, MOST_HOUR, MOST_INSTANT, alike, machine, own_words_back, sketch
from mailgate.model.flood import Turn
from mailgate.model.marker import MARKERS

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
AWAY = "Hello, I am on parental leave until the end of the month. In urgent cases please write to my colleague."


def a_turn(text: str, *, minutes: float = 0, lag: int = 30, ticket: int | None = 7, author: str = "max@x.example") -> Turn:
    return Turn(author, ticket, NOON + timedelta(minutes=minutes), lag, len(text), sketch(text))


def judged(texts: list[str], *, inside: bool, every: float = 1, lag: int = 30, tickets: list[int] | None = None) -> list[bool]:
    """Of a conversation: which of these mails of one author is taken for a machine's."""
    earlier: list[Turn] = []
    found = []
    for n, text in enumerate(texts):
        turn = a_turn(text, minutes=n * every, lag=lag, ticket=tickets[n] if tickets else 7)
        found.append(bool(machine(turn, earlier, inside=inside)))
        earlier.insert(0, turn)
    return found


def test_whoever_sends_the_same_words_again_and_again_is_first_doubted_and_then_known():
    """From the third time on nothing automatic goes there; agents hear of each mail at once until no person can have written it."""
    earlier: list[Turn] = []
    found = []
    for n in range(7):
        turn = a_turn("With that one it works.", minutes=n)
        one = machine(turn, earlier, inside=False)
        found.append(None if one is None else one.certain)
        earlier.insert(0, turn)
    assert found == [None, None, False, False, False, True, True]


def test_an_agent_who_reads_and_sends_one_code_after_the_other_is_a_person_and_a_program_that_does_so_at_once_is_none():
    codes = [f"Your new code is {482911 + 7 * n}, it holds until tomorrow." for n in range(6)]
    assert judged(codes, inside=True, every=2, lag=60) == [False] * 6
    assert judged(codes, inside=True, every=2, lag=4) == [False, False, True, True, True, True]
    assert judged([codes[0]] * 4, inside=True, every=2, lag=60) == [False, False, True, True]


# --- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        AWAY.upper(),
        AWAY.replace(", ", ",\n\n"),
        AWAY + " [Ticket#2026060110000042]",
        AWAY.replace("the end of the month", "the middle of the month"),
        f"{AWAY}\nYour reference: IT-1042",
    ],
)
def test_the_same_words_with_another_number_or_line_break_are_the_same(other: str):
    assert alike(sketch(AWAY), sketch(other)) and alike(sketch(other), sketch(AWAY))


@pytest.mark.parametrize(
    "other",
    [
        "Hello, I am on my way to the server room. In ten minutes I can tell you which of the disks it is.",
        "Please write to my colleague in urgent cases, he knows the machine.",
        "",
        "Thank you.",
    ],
)
def test_other_words_are_other_words(other: str):
    assert not alike(sketch(AWAY), sketch(other))


def test_templates_of_help_desks_are_alike_whatever_number_they_give():
    """OTRS, RT, osTicket and FreeScout count up: the number is no news."""
    said = "Dear customer, your request has been received and got the number {n}. We will answer soon. See https://x.example/{n}"
    assert alike(sketch(said.format(n=20260601)), sketch(said.format(n=20260602)))


@given(st.text(max_size=300))
def test_a_sketch_is_short_and_like_itself(text: str):
    one = sketch(text)
    assert alike(one, one) and len(one) <= 12 + 48 * 8


# --- machines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [True, False])
def test_the_same_words_are_said_twice_and_are_a_machines_then(inside: bool):
    """What nothing marks as an absence is stopped by what it does (fault 65)."""
    numbered = [AWAY, f"{AWAY} [Ticket#42]", f"{AWAY} [Ticket#43]", AWAY]
    assert judged(numbered, inside=inside) == [False, False, True, True]


def test_it_is_the_same_machine_on_another_ticket():
    assert judged([AWAY] * 4, inside=False, tickets=[7, 8, 9, 10]) == [False, False, True, True]


def test_who_reports_one_thing_after_the_other_words_them_alike_and_is_no_machine():
    texts = [f"This is mail number {n}, and the printer with the number {n} is out of order again." for n in range(20)]
    assert not any(judged(texts, inside=False, every=0.01, lag=0, tickets=list(range(20)))[:MOST_INSTANT])


def test_a_text_block_of_an_agent_is_no_machine_on_other_tickets():
    assert not any(judged([AWAY] * 30, inside=True, every=0.5, tickets=list(range(30))))


def test_words_of_last_month_are_forgotten():
    assert judged([AWAY] * 3, inside=False, every=8 * 24 * 60) == [False, False, False]


def test_a_program_that_words_each_answer_anew_is_told_by_its_pace():
    texts = [f"{word} reply number {word} about {word} things and nothing else at all" for word in map(str.lower, map(chr, range(65, 91)))]
    assert judged(texts, inside=True, every=0.1, lag=1).count(False) == MOST_INSTANT


def test_and_one_that_takes_its_time_by_how_much_it_says():
    texts = [" ".join(chr(97 + (n * 7 + k * 3) % 26) * 3 for k in range(12)) + f" {'xyz'[n % 3] * (n + 2)}" for n in range(120)]
    assert judged(texts, inside=True, every=1, lag=45).count(False) <= MOST_HOUR + 1
    assert judged(texts, inside=True, every=12, lag=45).count(False) <= MOST_DAY + 1


def test_it_is_over_by_itself_after_an_hour_of_quiet():
    fast = [a_turn(f"word {chr(97 + n)} and {chr(97 + n)} other", minutes=n / 10, lag=1) for n in range(20)][::-1]
    assert machine(a_turn("Is it the blue cable or the red one?", minutes=2, lag=1), fast, inside=True)
    assert not machine(a_turn("Is it the blue cable or the red one?", minutes=63, lag=1), fast, inside=True)


def test_a_mailbox_that_passes_our_letter_back_says_nothing_of_its_own():
    assert judged([""] * 4, inside=True) == [False, False, True, True]
    ours = f"{MARKERS['en']}\n\nWe have your message. Its number is IT-1042."
    assert own_words_back(ours, "") and own_words_back(f"FYI\n{ours}", "FYI")
    assert not own_words_back(ours, "It still drops every ten minutes.") and not own_words_back("It still drops.", "")


# --- people -------------------------------------------------------------------------------------------------------------

CHAT = [
    "Does the light on the switch blink?", "Yes, green.", "And on the other port?", "Nothing there.", "Please move the cable to port 4.",
    "Done.", "Does it blink now?", "Yes!", "Good. Can you open the page?", "It loads, but slowly.", "How slowly?", "Half a minute.",
    "Then it is the old cable.", "I have a new one here.", "Take that, please.", "OK, one moment.", "And?", "Fast now.",
    "Great, then we are done.", "Thank you very much!",
]  # fmt: skip


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("lag", [8, 15, 40, 120])
def test_two_people_who_answer_each_other_at_once_are_never_held(inside: bool, lag: int):
    """Twenty messages each way within minutes: a conversation, however fast."""
    assert not any(judged(CHAT, inside=inside, every=0.5, lag=lag))


def test_an_agent_who_pastes_a_long_answer_now_and_then_is_a_person():
    long = ["word " * 300 if n % 4 == 0 else f"{CHAT[n]}" for n in range(20)]
    long = [text if n % 4 else f"{n} {chr(97 + n)} {text} {chr(98 + n)}" for n, text in enumerate(long)]
    assert judged(long, inside=True, every=2, lag=20).count(True) <= 3  # the same 300 words over and over; what is said between them leaves
    assert not any(found for n, found in enumerate(judged(long, inside=True, every=2, lag=20)) if n % 4)


@pytest.mark.parametrize("text", ["OK", "Thank you.", "Danke!", "Yes, please.", "Any news?"])
def test_short_words_may_be_said_again(text: str):
    assert judged([text] * 4, inside=True) == [False] * 4
