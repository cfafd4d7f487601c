"""How many automatic letters may leave: per address, per gateway, and to whom never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide.budget import (
    Delay,
    Send,
    Suppress,
    Verdict,
    after,
    beside,
    counted_addresses,
    is_limited,
    overrun,
    shown_subject,
    spend,
)
from mailgate.model.letter import Audience, Letter, LetterWanted
from mailgate.model.letters import Acknowledgement
from mailgate.model.person import Person
from mailgate.model.policy import Budgets, Desk, Policy
from mailgate.model.reason import Reason
from mailgate.model.sender import folded, is_noreply
from mailgate.model.ticket import Visibility

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IT = Desk(id="it", address="support@example.org", prefix="IT", name="IT", group="first", aliases=("help@example.org",))


def a_policy(**limits: object) -> Policy:
    budgets = Budgets(**limits)  # type: ignore[arg-type]
    return Policy(digest="d", desks={"it": IT}, agents={}, groups={}, calendars={}, slas={}, budgets=budgets)


@dataclass
class Recorded:
    per_address_hour: dict[str, int] = field(default_factory=dict)
    per_address_day: dict[str, int] = field(default_factory=dict)
    unknown_minute: int = 0
    known_minute: int = 0


def a_letter(
    address: str = "max@home.example", *, audience: Audience = Audience.REQUESTER, automatic: bool = True, proven: bool = True
) -> LetterWanted:
    return LetterWanted(Acknowledgement(), audience, Person(1, "Max", address), 7, "it", automatic=automatic, proven=proven)


def verdicts(
    letters: Sequence[LetterWanted], counts: Recorded | None = None, policy: Policy | None = None, dead: dict[str, str] | None = None
) -> tuple[Verdict, ...]:
    return spend(letters, counts or Recorded(), dead or {}, policy or a_policy(), NOON)


def kinds(given: Sequence[Verdict]) -> str:
    return "".join(type(each).__name__[1] for each in given)  # e: sent, e: delayed, u: suppressed


def is_suppressed(verdict: Verdict) -> bool:
    return isinstance(verdict, Suppress)


# --- per address --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("proven", "hour", "day"), [(False, 3, 10), (True, 20, 60)])
def test_an_address_has_so_many_automatic_letters_an_hour_and_a_day(proven: bool, hour: int, day: int):
    letter = a_letter(proven=proven)
    assert verdicts([letter], Recorded({"max@home.example": hour - 1}, {"max@home.example": day - 1})) == (Send(),)
    refused = verdicts([letter], Recorded(per_address_hour={"max@home.example": hour}))
    assert refused == (Suppress(Reason.of("budget.hour", hour)),)
    refused = verdicts([letter], Recorded(per_address_day={"max@home.example": day}))
    assert refused == (Suppress(Reason.of("budget.day", day)),)
    assert isinstance(refused[0], Suppress) and refused[0].too_many, "he reads why on the next letter"


def test_letters_to_the_proven_and_to_the_unproven_are_on_one_budget():
    """All kinds together: a forged From must not add its three to the twenty of its victim."""
    counts = Recorded(per_address_hour={"max@home.example": 3})
    assert verdicts([a_letter(proven=True), a_letter(proven=False)], counts) == (Send(), Suppress(Reason.of("budget.hour", 3)))


@pytest.mark.parametrize(
    ("hour", "proven", "limit"), [(3, 20, 20), (50, 20, 50), (None, 20, None), (3, None, None), (0, 20, 0), (3, 0, 3), (None, None, None)]
)
def test_proof_never_makes_a_budget_narrower_and_nought_forbids(hour: int | None, proven: int | None, limit: int | None):
    budgets = Budgets(per_address_hour=hour, per_address_day=hour, proven_per_hour=proven, proven_per_day=proven)
    assert budgets.of_address(True) == (limit, limit)
    assert budgets.of_address(False) == (hour, hour)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("victim+1@x.example", "victim@x.example"),
        ("Victim+A+B@X.Example", "victim@x.example"),
        ('"victim+1"@x.example', "victim@x.example"),
        ('"vic\\tim"@x.example', "victim@x.example"),
        ("victim@x.example.", "victim@x.example"),
        ("v.ictim@gmail.example", "v.ictim@gmail.example"),
        ("+@x.example", "+@x.example"),
        ("+1@x.example", "+1@x.example"),
        ("max@b\u00fccher.example", "max@xn--bcher-kva.example"),
        ("nobody", "nobody"),
    ],
)
def test_a_mailbox_has_one_budget_under_all_the_names_that_are_made_up_for_it(address: str, key: str):
    assert folded(address) == key == folded(key)


def test_a_forger_who_numbers_his_victim_gets_no_further_letters_for_it():
    batch = [a_letter(f"victim+{n}@x.example", proven=False) for n in range(40)]
    assert sum(not is_suppressed(v) for v in verdicts(batch)) == 3
    assert is_suppressed(verdicts([a_letter("victim+99@x.example", proven=False)], Recorded({"victim@x.example": 3}))[0])


def test_letters_of_one_batch_count_for_those_behind_them():
    batch = [
        a_letter(at, proven=False) for at in ("max@home.example", "MAX@home.example", "eve@elsewhere.example", *["max@home.example"] * 3)
    ]
    assert [is_suppressed(v) for v in verdicts(batch)] == [False, False, False, False, True, True]


def test_a_letter_to_another_address_does_not_count():
    assert verdicts([a_letter()], Recorded(per_address_hour={"ann@home.example": 99})) == (Send(),)


def test_what_was_suppressed_counts_for_nothing():
    policy = a_policy(per_address_hour=None, per_address_day=None, unknown_per_minute=1, longest_delay=timedelta(0))
    unknown, known = a_letter(proven=False), a_letter()
    assert [is_suppressed(v) for v in verdicts([unknown, unknown, known], policy=policy)] == [False, True, False]
    counts = after([unknown, unknown], (Send(), Suppress("x")), Recorded())
    assert (counts.unknown_minute, dict(counts.per_address_hour)) == (1, {"max@home.example": 1})


# --- per gateway --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "verdict"),
    [
        (0, Send()),
        (19, Send()),
        (20, Delay(NOON + timedelta(minutes=1), Reason.of("budget.unknown", 20))),
        (39, Delay(NOON + timedelta(minutes=1), Reason.of("budget.unknown", 20))),
        (40, Delay(NOON + timedelta(minutes=2), Reason.of("budget.unknown", 20))),
        (1219, Delay(NOON + timedelta(minutes=60), Reason.of("budget.unknown", 20))),
        (1220, Suppress(Reason.of("budget.unknown", 20))),
    ],
)
def test_the_gateway_delays_letters_to_unknown_addresses_up_to_an_hour(waiting: int, verdict: Verdict):
    assert verdicts([a_letter(proven=False)], Recorded(unknown_minute=waiting)) == (verdict,)


def test_known_addresses_have_a_budget_of_their_own():
    assert verdicts([a_letter()], Recorded(unknown_minute=10_000, known_minute=599)) == (Send(),)
    delayed = verdicts([a_letter()], Recorded(known_minute=600))
    assert delayed == (Delay(NOON + timedelta(minutes=1), Reason.of("budget.known", 600)),)
    assert verdicts([a_letter(proven=False)], Recorded(known_minute=10_000)) == (Send(),)


def test_a_burst_is_spread_over_the_minutes_and_never_exceeds_any_of_them():
    """(faults 74 and 77)"""
    burst = [a_letter(f"a{n}@home.example", proven=False) for n in range(1500)]
    given = verdicts(burst)
    turns = [v.until if isinstance(v, Delay) else NOON for v in given if not isinstance(v, Suppress)]
    assert turns == sorted(turns)
    assert max(turns.count(turn) for turn in set(turns)) == 20
    assert max(turns) == NOON + timedelta(hours=1)
    assert sum(map(is_suppressed, given)) == 1500 - 20 * 61


def test_no_limit_lifts_it_and_nought_forbids():
    lifted = a_policy(per_address_hour=None, per_address_day=None, unknown_per_minute=None, known_per_minute=None)
    many = Recorded({"max@home.example": 10**6}, {"max@home.example": 10**6}, 10**6, 10**6)
    assert verdicts([a_letter(), a_letter(proven=False)], many, lifted) == (Send(), Send())
    assert is_suppressed(verdicts([a_letter()], policy=a_policy(per_address_hour=0))[0])
    assert is_suppressed(verdicts([a_letter()], policy=a_policy(known_per_minute=0))[0])


# --- who is not counted, and who never gets one ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "letter",
    [
        a_letter(automatic=False),
        a_letter(automatic=False, audience=Audience.PARTICIPANT),
        a_letter(audience=Audience.AGENT),
        a_letter(audience=Audience.LEAD),
        a_letter(audience=Audience.OPERATOR),
    ],
)
def test_a_persons_words_and_letters_to_agents_are_neither_counted_nor_stopped(letter: LetterWanted):
    full = Recorded({"max@home.example": 99}, {"max@home.example": 99}, 10**6, 10**6)
    assert verdicts([letter], full, dead={"max@home.example": "dead"}) == (Send(),)
    assert verdicts([letter] * 50 + [a_letter()])[-1] == Send()


@pytest.mark.parametrize("address", ["support@example.org", "Help@Example.org", "support+aaaaaaaa.0123456789abcdef@example.org"])
@pytest.mark.parametrize("automatic", [True, False])
def test_no_letter_ever_goes_to_a_desk_of_ours(address: str, automatic: bool):
    """(fault 66)"""
    assert verdicts([a_letter(address, automatic=automatic)]) == (Suppress(Reason("budget.own")),)


@pytest.mark.parametrize(
    "address",
    ["noreply@x.example", "No-Reply@x.example", "no_reply+42@x.example", "ne-pas-repondre@x.example",
      "do-not-reply@x.example", "billing-noreply@x.example",
     "bounce-123@x.example", "bounces@x.example", "MAILER-DAEMON@x.example", "nicht.antworten@x.example"],
)  # fmt: skip
def test_nobody_is_there_to_read_an_automatic_letter(address: str):
    """(fault 66)"""
    assert is_noreply(address)
    assert verdicts([a_letter(address)]) == (Suppress(Reason("budget.nobody")),)
    assert verdicts([a_letter(address, automatic=False)]) == (Send(),)


@pytest.mark.parametrize(
    "address", ["max@home.example", "norep@x.example", "reply@x.example", "trampolinebounce@x.example", "nora@noreply.example"]
)
def test_addresses_of_people_are_left_alone(address: str):
    assert not is_noreply(address)


def test_a_dead_address_gets_nothing_automatic_and_the_reason_is_kept():
    assert verdicts([a_letter("Max@Home.example")], dead={"max@home.example": "no such user"}) == (Suppress("no such user"),)


LETTERS = st.lists(
    st.builds(
        a_letter,
        st.sampled_from(["a@x.example", "b@x.example", "A@x.example"]),
        audience=st.sampled_from(Audience),
        automatic=st.booleans(),
        proven=st.booleans(),
    ),
    max_size=40,
)


def test_addresses_that_are_asked_for_later_stand_beside_the_letters_that_are_counted_already():
    one = a_letter(proven=False)
    counts = after([one], [Send()], Recorded(unknown_minute=3))
    whole = beside(counts, Recorded({"max@home.example": 2}, {"max@home.example": 9}, unknown_minute=70))
    assert (whole.per_address_hour, whole.per_address_day) == ({"max@home.example": 3}, {"max@home.example": 10})
    assert whole.unknown_minute == 4
    assert counted_addresses([one, a_letter(automatic=False)]) == {"max@home.example"}


# --- what another node decided at the same moment --------------------------------------------------------------------------


def sealed(wanted: Sequence[LetterWanted], given: Sequence[Verdict]) -> list[Letter]:
    """What goes into the record of letters with these verdicts."""
    return [
        Letter(
            "AAAA0001", one.event, one.audience, one.ticket, one.desk, one.person.id, one.person.address, "", b"", b"", (), "", "", 0, "",
            one.automatic, one.proven, Visibility.PUBLIC, NOON, not_before=verdict.until if isinstance(verdict, Delay) else None,
        )
        for one, verdict in zip(wanted, given, strict=True)
        if not isinstance(verdict, Suppress)
    ]  # fmt: skip


def recorded(letters: Sequence[Letter], before: Recorded) -> Recorded:
    counted = [one for one in letters if one.automatic and one.audience.is_outside]
    to = [folded(one.address) for one in counted]
    hour, day = ({a: old.get(a, 0) + to.count(a) for a in (*old, *to)} for old in (before.per_address_hour, before.per_address_day))
    proven = sum(one.proven for one in counted)
    return Recorded(hour, day, before.unknown_minute + len(counted) - proven, before.known_minute + proven)


@given(LETTERS, st.integers(0, 4), st.integers(0, 30))
def test_what_nobody_came_between_is_recorded_as_it_was_decided(wanted: list[LetterWanted], hour: int, waiting: int):
    policy = a_policy(unknown_per_minute=5, known_per_minute=7, longest_delay=timedelta(minutes=2))
    counts = Recorded({"a@x.example": hour}, {}, waiting, waiting)
    letters = sealed(wanted, verdicts(wanted, counts, policy))
    assert overrun(letters, recorded(letters, counts), policy.budgets, NOON) == ""


@given(LETTERS, LETTERS, st.integers(0, 3), st.integers(0, 12))
def test_two_that_decide_at_the_same_moment_are_recorded_only_within_the_budget(
    one: list[LetterWanted], other: list[LetterWanted], hour: int, waiting: int
):
    policy = a_policy(unknown_per_minute=5, known_per_minute=7, longest_delay=timedelta(minutes=2))
    counts = Recorded({"a@x.example": hour}, {}, waiting, waiting)
    first, second = (verdicts(wanted, counts, policy) for wanted in (one, other))
    before = recorded(sealed(one, first), counts)
    letters = sealed(other, second)
    whose = overrun(letters, recorded(letters, before), policy.budgets, NOON)
    turns, again = (
        [None if isinstance(verdict, Suppress) else getattr(verdict, "until", NOON) for verdict in given]
        for given in (second, verdicts(other, before, policy))
    )
    assert bool(whose) == (turns != again), "exactly what is decided otherwise after the first is decided again"


def test_whose_budget_is_used_up_is_said():
    one = sealed([a_letter(proven=False)], [Send()])
    assert overrun(one, Recorded(unknown_minute=20), Budgets(), NOON) == ""
    assert overrun(one, Recorded(unknown_minute=21), Budgets(), NOON) == "unknown addresses"
    assert overrun(sealed([a_letter()], [Send()]), Recorded(known_minute=601), Budgets(), NOON) == "known addresses"
    assert overrun(one, Recorded({"max@home.example": 4}), Budgets(), NOON) == "one address"
    assert overrun(sealed([a_letter()], [Send()]), Recorded({"max@home.example": 20}), Budgets(), NOON) == ""
    assert overrun(sealed([a_letter()], [Send()]), Recorded({"max@home.example": 21}), Budgets(), NOON) == "one address"
    assert overrun(one, Recorded(per_address_day={"max@home.example": 11}), Budgets(), NOON) == "one address"
    later = sealed([a_letter(proven=False)], [Delay(NOON + timedelta(minutes=1), "")])
    assert overrun(later, Recorded(unknown_minute=40), Budgets(), NOON) == "", "its turn was a minute later anyway"
    assert overrun(sealed([a_letter(automatic=False)], [Send()]), Recorded({"max@home.example": 9}), Budgets(), NOON) == ""
    lifted = Budgets(per_address_hour=None, per_address_day=None, unknown_per_minute=None, known_per_minute=None)  # who is proven follows
    assert overrun(one, Recorded({"max@home.example": 9}, {}, 10**6), lifted, NOON) == ""
    assert is_limited(Budgets()) and is_limited(replace(lifted, known_per_minute=0)) and not is_limited(lifted)


@given(LETTERS, st.integers(0, 4), st.integers(0, 30), st.integers(0, 40))
def test_no_batch_gets_more_than_its_budget(letters: list[LetterWanted], hour: int, waiting: int, cut: int):
    policy = a_policy(unknown_per_minute=5, longest_delay=timedelta(minutes=2))
    counts = Recorded({"a@x.example": hour}, {}, waiting, 0)
    given = verdicts(letters, counts, policy)
    counted = [
        letter for letter, v in zip(letters, given, strict=True) if letter.automatic and letter.audience.is_outside and not is_suppressed(v)
    ]
    mine = [letter for letter in counted if letter.person.address.lower() == "a@x.example"]
    assert len(mine) <= 20 - hour
    assert all(letter.proven or hour + before < 3 for before, letter in enumerate(mine))
    assert sum(not letter.proven for letter in counted) <= max(0, 15 - waiting)
    # Decided in two steps, as two mails of one round, it is the same.
    first = verdicts(letters[:cut], counts, policy)
    second = spend(letters[cut:], after(letters[:cut], first, counts), {}, policy, NOON)
    assert (*first, *second) == given


# --- whose subject an acknowledgement repeats ----------------------------------------------------------------------------

SPAM = "You won! Collect at https://win.example/x or win.example, mail win@win.example"


def test_known_and_authenticated_senders_get_their_subject_back():
    for known, authenticated in ((True, False), (False, True), (True, True)):
        for source in (True, False):
            assert shown_subject(SPAM, known=known, verdict_source=source, authenticated=authenticated) == SPAM


def test_who_could_have_been_authenticated_and_was_not_gets_ours():
    assert shown_subject("Printer", known=False, verdict_source=True, authenticated=False) is None


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Printer on floor 3", "Printer on floor 3"),
        ("  Drucker im\t2. Stock ", "Drucker im 2. Stock"),
        ("Version 1.2 e.g. the new one.", "Version 1.2 e.g. the new one."),
        (SPAM, None),
        ("see www.win.example now", None),
        ("see win。example now", None),
        ("see ｗｉｎ．ｅｘａｍｐｌｅ now", None),
        ("see (win.example/path?x) now", None),
        ("https://win.example", None),
        ("call 0900 123456", None),
        ("call +49 (900) 12-34-56", None),
        ("only 5 € a day", None),
        ("50% off", None),
        ("You won!", None),
        ("", None),
        ("nine short words are more than a name is", None),
        ("word " * 40, None),
        ("x" * 49, None),
        ("a\u202eb", None),
    ],
)
def test_a_few_plain_words_are_repeated_to_a_stranger_and_no_message(subject: str, shown: str | None):
    assert shown_subject(subject, known=False, verdict_source=False, authenticated=False) == shown


@given(st.text(max_size=400))
def test_a_strangers_subject_is_never_long(subject: str):
    shown = shown_subject(subject, known=False, verdict_source=False, authenticated=False)
    assert shown is None or (0 < len(shown) <= 48 and "://" not in shown and "@" not in shown and "\n" not in shown)


def test_the_letters_themselves_are_not_touched():
    letter = a_letter()
    verdicts([letter])
    assert letter == replace(letter)


# --- addresses that do not work -------------------------------------------------------------------------------------------

DEAD = {"bob@example.org": "user unknown", "max@home.example": "user unknown"}


def test_nothing_automatic_goes_to_a_dead_address_and_a_persons_words_are_tried():
    """(fault 58)"""
    assert verdicts([a_letter(), a_letter(automatic=False)], dead=DEAD) == (Suppress("user unknown"), Send())


@pytest.mark.parametrize("audience", [Audience.AGENT, Audience.LEAD])
def test_a_notice_for_a_dead_address_is_left_out_only_where_a_colleague_hears_the_same(audience: Audience):
    bob = a_letter("Bob@example.org", audience=audience)
    ann = a_letter("ann@example.org", audience=Audience.AGENT)
    assert verdicts([bob, ann], dead=DEAD) == (Suppress("user unknown"), Send())
    assert verdicts([bob], dead=DEAD) == (Send(),), "nobody's words end with nobody"
    assert verdicts([bob, replace(ann, ticket=8)], dead=DEAD) == (Send(), Send())


def test_the_operator_is_always_written_to():
    assert verdicts([a_letter("bob@example.org", audience=Audience.OPERATOR)], dead=DEAD) == (Send(),)
