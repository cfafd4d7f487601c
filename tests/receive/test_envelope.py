"""What MAIL FROM and RCPT TO say, form by form."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.receive.envelope import Malformed, Sender, read_path, read_recipient, read_sender
from tests.growth import cost


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("TO:<support@desk.example>", "support@desk.example"),
        ("to: <support@desk.example> ", "support@desk.example"),
        ("TO:support@desk.example", "support@desk.example"),  # scanners and printers write it so
        ("TO:<postmaster>", "postmaster"),
        ("TO:<@relay.example,@other.example:support@desk.example>", "support@desk.example"),
        ('TO:<"two words"@desk.example>', '"two words"@desk.example'),
        ('TO:<"a>b\\"c"@desk.example>', '"a>b\\"c"@desk.example'),
        ("TO:<support+ab12cd34.0123456789abcdef@desk.example>", "support+ab12cd34.0123456789abcdef@desk.example"),
        ("TO:<support@[192.0.2.1]>", "support@[192.0.2.1]"),
        ("TO:<support@[IPv6:2001:db8::1]>", "support@[IPv6:2001:db8::1]"),
    ],
)
def test_the_address_is_what_stands_in_the_brackets(argument, address):
    assert read_recipient(argument, smtputf8=False) == address


@pytest.mark.parametrize(
    "argument",
    ["", "TO", "TO:", "TO:<", "TO:<>", "TO:<a@b", "TO:a@b>", "TO:<a b@c>", "TO:<a@b><c@d>", "TO:<<a@b>>", 'TO:<"a@b>', "TO:<a@b>x",
     "FROM:<a@b>", "TO:<a@b> NOTIFY=NEVER", "TO:<a@b> ===", "TO:<ö@b>", "TO:<a\x00@b>", "TO:<a\x7f@b>", 'TO:<"a\tb"@c>'],
)  # fmt: skip
def test_what_is_no_recipient_is_refused_for_good(argument):
    with pytest.raises(Malformed, match=r"^5\d\d 5\.\d\.\d "):
        read_recipient(argument, smtputf8=False)


def test_an_invisible_character_is_no_part_of_an_address_even_with_smtputf8():
    for mark in "\u202e\u2066\u200b\u2028\u0085\ufeff\udc80":
        with pytest.raises(Malformed):
            read_recipient(f"TO:<sup{mark}port@desk.example>", smtputf8=True)


@pytest.mark.parametrize(
    ("argument", "sender"),
    [
        ("FROM:<>", Sender("")),
        ("FROM:<> SIZE=0", Sender("")),
        ("FROM:<a@b.example> SIZE=1000 BODY=8BITMIME", Sender("a@b.example", 1000)),
        ("from:<a@b.example> body=7bit size=7", Sender("a@b.example", 7)),
        ("FROM:<ä@b.example> SMTPUTF8", Sender("ä@b.example", 0, True)),
    ],
)
def test_the_sender_comes_with_what_it_announced(argument, sender):
    assert read_sender(argument) == sender


@given(st.text(max_size=60))
def test_whatever_a_client_writes_is_an_address_or_a_refusal(text):
    for argument in (text, f"FROM:{text}", f"FROM:<{text}>", f"FROM:<{text}> {text}"):
        try:
            path = read_path(argument, "FROM:")
        except Malformed:
            continue
        assert path.address.isprintable()
        assert not set(path.address) & {"\r", "\n", "\0"}


@pytest.mark.parametrize("pump", ['"', '\\"', '"a"', "@a,", "@a:", "<", "a@", " ", '"\\', "=a "])
def test_no_argument_takes_long_to_read(pump):
    def read_all() -> None:
        for argument in (f"FROM:<{pump * 50_000}", f"FROM:<{pump * 50_000}>", f"FROM:<a@b> {pump * 50_000}", f"FROM:{pump * 50_000}"):
            with suppress(Malformed):
                read_path(argument, "FROM:")

    assert cost(read_all, enough=1.0) <= 1.0
