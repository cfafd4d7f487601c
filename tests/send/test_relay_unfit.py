"""What must never be said to a relay: addresses that end a command, letters that end too early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model.delivery import Delivered
from mailgate.send.envelope import UnfitLetterError, check_address, check_letter, words
from mailgate.send.relay import SmtpRelay
from tests.fakes.smtp_sink import SmtpSink
from tests.send.relays import FROM, LETTER, TO, hand_over, settings

SHARED = SmtpSink()


@pytest.fixture(scope="module", autouse=True)
def _shared_sink() -> Iterator[None]:
    with SHARED:
        yield


BAD_ADDRESSES = [
    "a@b.example\r\nRCPT TO:<c@d.example>",
    "a@b.example\n",
    "a@b.example\0",
    "a\x1b@b.example",
    "a@b.example> NOTIFY=NEVER",
    "a@b.example SIZE=1",
    "<a@b.example>",
    "a b@c.example",
    '"a\r\nb"@c.example',
    '"a"b"@c.example',
    "a@b.example,c@d.example",
    "a@b@c.example",
    "a\u2028@b.example",
    "a\x85@b.example",
    "a@b.example\ud800",
    "nobody",
    "@b.example",
    "b@",
    " ",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_says_more_than_an_address_reaches_no_socket(address: str) -> None:
    """GHSA-v3q9-hj7j-63hq, CVE-2011-4458 (fault 83)."""
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        for pair in ((address, TO), (FROM, address)):
            with pytest.raises(ValueError, match="not an envelope address"):
                relay.deliver(*pair, LETTER, False)
        with pytest.raises(ValueError, match="not an envelope address"):
            relay.deliver(FROM, "", LETTER, False)
        assert sink.connections == 0


@pytest.mark.parametrize(
    "address", [FROM, '"a b"@c.example', '"a\\"b"@c.example', "a+b=c/d@e.example", "a@[192.0.2.1]", "ü@xn--bcher-kva.example"]
)
def test_strange_but_lawful_addresses_pass(address: str) -> None:
    check_address(address)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_address_that_passes_has_anything_that_ends_the_command(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    try:
        check_address(address)
    except UnfitLetterError:
        return
    said = address.encode()
    assert not any(octet < 0x20 or octet == 0x7F for octet in said)
    if not local.startswith('"'):
        assert not set(" <>") & set(address)


@pytest.mark.parametrize(
    "letter", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n\r\n", b"a\n.\r\n", b"a\r\r\n", b"a\n\r\n", b"a", b"", b"a\r\n\r", b"a\0b\r\n"]
)
def test_a_letter_with_a_bare_line_end_reaches_no_socket(letter: bytes) -> None:
    """(CVE-2023-51764, CVE-2023-51765, CVE-2023-51766, CVE-2024-27305)"""
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        with pytest.raises(UnfitLetterError):
            relay.deliver(FROM, TO, letter, False)
        assert sink.connections == 0


@given(st.lists(st.sampled_from([b"\r\n", b".", b"..", b"x", b"\r\n.\r\n", b" "]), max_size=12))
def test_no_letter_ends_before_its_last_dot(pieces: list[bytes]) -> None:
    letter = b"Subject: x\r\n\r\n" + b"".join(pieces) + b"\r\n"
    check_letter(letter)
    relay = SmtpRelay(settings(SHARED), lambda: None)
    SHARED.taken.clear()
    assert isinstance(relay.deliver(FROM, TO, letter, False), Delivered)
    relay.close()
    assert [taken.data for taken in SHARED.taken] == [letter]


def test_a_letter_may_begin_with_a_dot() -> None:
    with SmtpSink() as sink:
        hand_over(sink, b".Subject: strange\r\n\r\n.\r\n")
    assert sink.taken[0].data == b".Subject: strange\r\n\r\n.\r\n"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"250 fine\r\nand\tmore", "250 fine and more"),
        ("550 \x1b[31mred\u202e\u200bx".encode(), "550 [31mredx"),
        (b"550 \xff", "550 \ufffd"),
        (b"x" * 1000, "x" * 500),
    ],
)
def test_what_a_relay_said_is_kept_on_one_clean_line(said: bytes, kept: str) -> None:
    assert words(said) == kept
