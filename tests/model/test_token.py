"""Tokens: what we signed is known again, what we did not sign is nothing, and no kind passes for another."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model.token import (
    ACTIONS,
    ALPHABET,
    Keyring,
    action_detail,
    anchor_id,
    bounce_detail,
    check_id,
    encode,
    find_subject_tokens,
    fold,
    message_id,
    page_detail,
    rating_detail,
    read_detail,
    read_own_id,
    read_page,
    reply_detail,
    split_address,
    subject_token,
    well_formed_detail,
)

OLD, NEW, FOREIGN = b"old" * 11, b"new" * 11, b"not" * 11
RING = Keyring((NEW,))
LETTERS = st.text(alphabet=ALPHABET, min_size=8, max_size=8)
NUMBERS = st.integers(1, 10**12 - 1)


# --- what we signed is known again ---------------------------------------------------------------------------------------


@given(NUMBERS, st.sampled_from(["IT", "hr", "Desk2"]))
def test_a_subject_token_names_its_ticket(number: int, prefix: str):
    (found,) = find_subject_tokens(RING, f"Re: x {subject_token(RING, prefix, number)} y")
    assert (found.prefix, found.number, found.valid) == (prefix.upper(), number, True)


@given(LETTERS, st.sampled_from(sorted(ACTIONS)), st.integers(1, 5), st.booleans())
def test_an_address_token_names_its_letter_and_what_it_is_for(letter: str, action: str, score: int, shout: bool):
    def spelled(detail: str) -> str:
        return detail.upper() if shout else detail

    for detail, purpose, word in (
        (reply_detail(RING, letter), "reply", ""),
        (action_detail(RING, letter, action), "action", action),
        (rating_detail(RING, letter, score), "rate", str(score)),
        (bounce_detail(RING, letter), "bounce", ""),
    ):
        token = read_detail(RING, spelled(detail))
        assert token is not None
        assert (token.letter, token.purpose, token.word) == (letter, purpose, word)
        assert well_formed_detail(detail)


@given(NUMBERS, LETTERS)
def test_our_message_ids_and_anchors_name_ticket_and_letter(number: int, letter: str):
    for value, anchor in ((message_id(RING, number, letter, "example.org"), False), (anchor_id(RING, number, letter, "example.org"), True)):
        own = read_own_id(RING, value)
        assert own is not None
        assert (own.number, own.letter, own.anchor) == (number, letter, anchor)
        assert read_own_id(RING, value.replace("@example.org", "@relay.example")) == own  # some relays put their own name there


def test_symbols_that_look_alike_are_the_same():
    assert fold("oOiIlL-abc") == "001111ABC"
    number = next(n for n in range(1, 200) if {"0", "1"} <= set(subject_token(RING, "IT", n).rpartition("-")[2]))
    token = subject_token(RING, "IT", number)
    head, dash, mac = token.rpartition("-")
    assert find_subject_tokens(RING, head + dash + mac.replace("0", "o").replace("1", "L"))[0].valid


def test_encoding_is_crockfords():
    assert encode(b"\x00" * 5) == "0" * 8
    assert encode(b"\xff" * 5) == "Z" * 8
    assert encode(b"\x00\x00\x00\x00\x01") == "00000001"
    assert len(encode(b"\x01" * 10)) == 16
    assert not set("ILOU") & set(ALPHABET)


def test_an_address_is_split_at_its_first_plus():
    assert split_address("support+a.b@Example.ORG") == ("support", "a.b", "example.org")
    assert split_address("support@example.org") == ("support", "", "example.org")
    assert split_address("a+b+c@x") == ("a", "b+c", "x")


# --- no kind passes for another -------------------------------------------------------------------------------------------

LETTER = "K7QF3M9X"
KINDS: dict[str, str] = {
    "subject": subject_token(RING, "IT", 42),
    "reply": reply_detail(RING, LETTER),
    "bounce": bounce_detail(RING, LETTER),
    "message-id": message_id(RING, 42, LETTER, "example.org"),
    "anchor": anchor_id(RING, 42, LETTER, "example.org"),
    "message-id of no ticket": message_id(RING, None, LETTER, "example.org"),
    "anchor of no ticket": anchor_id(RING, None, LETTER, "example.org"),
    "check": check_id(RING, LETTER, "example.org"),
    **{f"action {action}": action_detail(RING, LETTER, action) for action in sorted(ACTIONS)},
    **{f"rate {score}": rating_detail(RING, LETTER, score) for score in range(1, 6)},
}


def mac_of(kind: str) -> str:
    value = KINDS[kind]
    if kind == "subject":
        return value.rpartition("-")[2].rstrip("]")
    return value.partition("@")[0].rpartition(".")[2]


def accepted(value: str) -> bool:
    return (
        read_detail(RING, value) is not None
        or read_own_id(RING, value) is not None
        or any(t.valid for t in find_subject_tokens(RING, value))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_of_one_kind_is_worth_nothing_under_another(kind: str):
    """(fault 91)"""
    assert accepted(KINDS[kind])
    for other in KINDS:
        if other == kind:
            continue
        mac = (mac_of(other) * 2)[: len(mac_of(kind))]
        assert not accepted(KINDS[kind].replace(mac_of(kind), mac)), other


def test_a_link_to_a_page_looks_like_an_answer_and_neither_passes_for_the_other():
    page = page_detail(RING, LETTER)
    assert read_page(RING, page) == read_page(RING, page.upper()) == LETTER
    assert not accepted(page) and [kind for kind, value in KINDS.items() if read_page(RING, value) is not None] == []
    letter, mac = page.split(".")
    changed = [f"{letter}.{mac_of(kind)}" for kind in KINDS] + [
        letter,
        f"{letter}.",
        mac,
        f"{letter}.{mac[:-1]}",
        f"{page}0",
        f"0{page}",
        f"{page}\n",
    ]
    assert [one for one in (*changed, page.replace(letter, "k7qf3m9y")) if read_page(RING, one) is not None] == []
    assert read_page(Keyring((b"another house's key of 32 octets..",)), page) is None


def test_all_kinds_have_signatures_of_their_own():
    macs = [mac_of(kind).upper()[:8] for kind in KINDS]
    assert len(set(macs)) == len(macs)


def test_no_token_works_without_its_signature_or_with_a_part_of_it():
    for kind, value in KINDS.items():
        mac = mac_of(kind)
        for unsigned in (value.replace(mac, ""), value.replace(mac, mac[:-1]), value.replace(mac, mac + "0"), value.replace("." + mac, "")):
            assert unsigned == value or not accepted(unsigned), (kind, unsigned)


def test_no_token_works_for_another_letter_ticket_score_or_action():
    other = "K7QF3M9Y"
    for kind, value in KINDS.items():
        changed = [value.replace("42", "43"), value.replace(LETTER.lower(), other.lower()), value.replace("[IT-", "[HR-")]
        if kind.startswith("rate"):
            changed += [value.replace(f".{kind[-1]}.", f".{score}.") for score in range(1, 6)]
        if kind.startswith("action"):
            changed += [value.replace(kind.partition(" ")[2], action) for action in ACTIONS]
        if kind == "anchor":
            changed.append(value.replace(".a.", "."))
        if kind == "message-id":
            changed.append(value.replace(f"{LETTER.lower()}.", f"{LETTER.lower()}.a."))
        assert [c for c in changed if c != value and accepted(c)] == [], kind


def test_an_unknown_word_in_an_address_is_nothing_even_when_it_is_signed():
    mac = RING.mac("action", f"{LETTER}.spam").lower()
    assert read_detail(RING, f"{LETTER.lower()}.spam.{mac}") is None
    assert read_detail(RING, f"{LETTER.lower()}.6.{RING.mac('rate', f'{LETTER}.6').lower()}") is None


# --- forgers ----------------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_forged_tokens_are_all_refused():
    """(fault 93)"""
    chance = random.Random(20260601)

    def symbols(count: int) -> str:
        return "".join(chance.choices(ALPHABET, k=count))

    def flipped(value: str) -> str:
        places = [i for i, c in enumerate(value) if c.upper() in ALPHABET]
        at = chance.choice(places)
        new = chance.choice([c for c in ALPHABET if c != fold(value[at])])
        return value[:at] + new + value[at + 1 :]

    foreign = Keyring((FOREIGN,))
    forgers: list[Callable[[], str]] = [
        lambda: f"{symbols(8)}.{symbols(16)}",
        lambda: f"{symbols(8)}.{chance.choice('12345')}.{symbols(16)}",
        lambda: f"{symbols(8)}.{chance.choice(sorted(ACTIONS))}.{symbols(16)}",
        lambda: f"<{chance.randrange(1, 9999)}.{symbols(8)}.{symbols(16)}@example.org>",
        lambda: f"<{chance.randrange(1, 9999)}.{symbols(8)}.a.{symbols(16)}@example.org>",
        lambda: f"[IT-{chance.randrange(1, 9999)}-{symbols(8)}]",
        lambda: reply_detail(foreign, symbols(8)),
        lambda: subject_token(foreign, "IT", chance.randrange(1, 9999)),
        lambda: flipped(mac_of("reply")).join(KINDS["reply"].split(mac_of("reply"))),
        lambda: flipped(mac_of("message-id")).join(KINDS["message-id"].split(mac_of("message-id"))),
    ]
    assert sum(accepted(forgers[n % len(forgers)]()) for n in range(100_000)) == 0


@given(st.text(max_size=60))
def test_any_text_is_read_without_failing(text: str):
    assert not accepted(text)


@given(st.text(alphabet="0123456789abcdef.+-[]<>@IT", max_size=60))
def test_any_text_that_looks_a_little_like_a_token_is_read_without_failing(text: str):
    accepted(text)


# --- keys -------------------------------------------------------------------------------------------------------------------


def test_after_a_change_of_keys_old_tokens_hold_and_new_ones_are_signed_with_the_new_key():
    before, during, afterwards = Keyring((OLD,)), Keyring((NEW, OLD)), Keyring((NEW,))
    old, new = reply_detail(before, LETTER), reply_detail(during, LETTER)
    assert old != new
    assert read_detail(during, old) and read_detail(during, new)
    assert read_detail(afterwards, new) and not read_detail(afterwards, old)
    assert not read_detail(before, new)
    subject = subject_token(before, "IT", 42)
    assert find_subject_tokens(during, subject)[0].valid
    assert not find_subject_tokens(afterwards, subject)[0].valid


def test_keys_never_show():
    said = repr(RING) + str(RING) + f"{RING}"
    assert "new" not in said and repr(NEW) not in said
