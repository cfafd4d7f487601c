"""Nobody gets a second mail in by an end that only some servers see (SMTP smuggling), and the replies stay in step.

In each case a whole transaction stands behind a false end inside the mail. Were it taken for the end, "smuggled" would be a mail.
"""

from __future__ import annotations

import pytest

from tests.receive.doors import open_door

FALSE_ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "LF . CR": b"\n.\r",
    "CR . CR": b"\r.\r",
    "CR . LF": b"\r.\n",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CRLF . CR": b"\r\n.\r",
    "CR CRLF . CR CRLF": b"\r\r\n.\r\r\n",
    "CRLF NUL . CRLF": b"\r\n\x00.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\x00\r\n",
    "LF CR . LF CR": b"\n\r.\n\r",
}
HARMLESS = {"CRLF NUL . CRLF", "CRLF . NUL CRLF"}  # no CR or LF stands alone in them
BODIES = {
    "small": (b"a: b\r\n\r\nhello", "250 2.0.0"),
    "oversize": (b"a: b\r\n\r\n" + b"0123456789\r\n" * 2000 + b"hello", "552 5.3.4"),
    "too long a line": (b"a: b\r\n\r\n" + b"x" * 5000, "554 5.6.0"),
}
SMUGGLED = b"MAIL FROM:<smuggler@evil.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nsmuggled\r\n.\r\n"


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["smtp", "lmtp"])
@pytest.mark.parametrize("end", FALSE_ENDS)
def test_a_false_end_never_makes_two_mails(end, kind, body):
    """CVE-2023-51764, CVE-2023-51765, CVE-2023-51766, CVE-2023-52354, CVE-2024-27305 (fault 81)."""
    for pieces in ("at once", "in two pieces"):
        before, answer = BODIES[body]
        if end not in HARMLESS:
            answer = "554 5.6.0"
        recipients = ["support@desk.example"] * (2 if kind == "lmtp" else 1)
        with open_door(kind=kind, max_size=10_000, max_line=2000) as house, house.client() as client:
            client.until_data(*recipients, hello="LHLO" if kind == "lmtp" else "EHLO")
            false = FALSE_ENDS[end]
            if pieces == "at once":
                client.send(before + false + SMUGGLED)
            else:
                client.send(before + false[:-1])
                client.send(false[-1:] + SMUGGLED)
            # To us the mail ends at the last dot of what was to be smuggled; not one reply more than recipients.
            assert [client.reply()[:9] for _ in recipients] == [answer] * len(recipients)
            assert client.ask("NOOP") == "250 2.0.0 Ok"
            assert client.ask("DATA").startswith("503 ")  # no transaction is open
            assert all(
                b"smuggled" in arrival.raw and arrival.reverse_path == "alice@customer.example" for arrival in house.gateway.arrivals
            )
            assert len(house.gateway.arrivals) == (answer[0] == "2")


@pytest.mark.parametrize("octets", [b"a\rb\r\n", b"a\nb\r\n", b"\ra\r\n", b"\na\r\n", b"a\r\r\n", b"a\n\r\n", b"a\r\n\nb\r\n"])
def test_a_cr_or_lf_that_stands_alone_is_refused_wherever_it_stands(octets):
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(octets + b".\r\nNOOP\r\n")
        assert client.reply().startswith("554 5.6.0 ")
        assert client.reply() == "250 2.0.0 Ok"
        assert house.gateway.arrivals == []


@pytest.mark.parametrize("kind", ["smtp", "lmtp"])
def test_the_true_end_is_found_wherever_the_octets_are_cut(kind):
    wire = b"a: b\r\n\r\n..\r\n\r\n.\r\nNOOP\r\n"
    with open_door(kind=kind) as house, house.client() as client:
        client.reply()
        client.ask("LHLO x" if kind == "lmtp" else "EHLO x")
        for cut in range(1, len(wire)):
            client.envelope()
            client.send(wire[:cut])
            client.send(wire[cut:])
            assert (client.reply(), client.reply()) == ("250 2.0.0 Stored", "250 2.0.0 Ok")
        assert {arrival.raw for arrival in house.gateway.arrivals} == {b"a: b\r\n\r\n.\r\n\r\n"}
        assert len(house.gateway.arrivals) == len(wire) - 1
