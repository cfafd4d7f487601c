"""Where a stamp has to stand: only what a server of ours can have written counts, whichever way the mail came in."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailgate.model.evidence import Verdict, VerdictKind
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door
from mailgate.understand.identity.dkim import signatures
from mailgate.understand.identity.verdict import by_word, needs_signatures, with_signatures
from mailgate.understand.parse import parse
from tests.fakes.signer import SIGNED, signed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OURS = VerifySettings(
    servers=frozenset({"mx.example.org", "mx.google.com"}),
    microsoft=True,
    hops=frozenset({"mail.example.org"}),
    hop_networks=(ipaddress.ip_network("192.0.2.0/28"),),
    providers=(("at google", "google"), ("at microsoft", "microsoft")),
)
STAMP = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org"
GOOGLES = "Authentication-Results: mx.google.com; dmarc=pass header.from=example.org"
MICROSOFTS = "Authentication-Results: spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org"
NOTHING = "Authentication-Results: mx.example.org; dmarc=none header.from=example.org"
#: Lines as servers write them.
IN = "Received: from evil.example (evil.example [203.0.113.9])\r\n by mx.example.org (Postfix) with ESMTPS id 1"
ON = "Received: from mx.example.org (mx.example.org [198.51.100.7])\r\n by mail.example.org (Postfix) with ESMTPS id 2"
ON_BY_ADDRESS = "Received: from whoever (unknown [192.0.2.5]) by mail.example.org with ESMTP"
CLAIMED = "Received: from mx.example.org (evil.example [203.0.113.9]) by mail.example.org (Postfix)"
WITHIN = "Received: by mail.example.org (Postfix, from userid 110) id 3"
LOCAL = "Received: from localhost (localhost [127.0.0.1]) by mail.example.org (Postfix)"
FOREIGN = "Received: from evil.example (evil.example [203.0.113.9]) by mx.hoster.example with ESMTP"
GOOGLE_IN = "Received: from evil.example (evil.example. [203.0.113.9]) by mx.google.com with ESMTPS id 4"
GOOGLE_WITHIN = "Received: by 2002:a05:6402:1f0e:b0:57a:7a5c:cd1f with SMTP id 5"
MICROSOFT_WITHIN = (
    "Received: from DB9PR01MB.eurprd01.prod.outlook.com (2603:10a6:10::1) by AM0PR01MB.eurprd01.prod.outlook.com (2603:10a6:20::2)"
)
MICROSOFT_IN = "Received: from evil.example (203.0.113.9) by DB5EUR01FT.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP Server"

#: (why, through which way, the lines from the top, whether the stamp counts)
PLACES: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("on top, from a program of this machine", "127.0.0.1", (STAMP,), True),
    ("above the line of its server", "127.0.0.1", (STAMP, IN), True),
    ("right below the line of its server, as milters put it", "127.0.0.1", (IN, STAMP), True),
    ("below the next line: it came with the mail", "127.0.0.1", (IN, FOREIGN, STAMP), False),
    ("below the next line, which names our server", "127.0.0.1", (IN, IN, STAMP), False),
    ("below a line that we are said to have made within", "127.0.0.1", (IN, WITHIN, STAMP), False),
    ("handed on between two of ours, by the name in DNS", "127.0.0.1", (ON, IN, STAMP), True),
    ("handed on, and above that", "127.0.0.1", (ON, STAMP, IN), True),
    ("handed on between two of ours, by address", "127.0.0.1", (ON_BY_ADDRESS, IN, STAMP), True),
    ("a host that only calls itself one of ours", "127.0.0.1", (CLAIMED, IN, STAMP), False),
    ("within a server, and from itself", "127.0.0.1", (WITHIN, LOCAL, IN, STAMP), True),
    ("below a foreign line", "127.0.0.1", (FOREIGN, STAMP), False),
    ("above a foreign line", "127.0.0.1", (STAMP, FOREIGN), True),
    ("from an address of ours", "192.0.2.5", (STAMP, IN), True),
    ("from a stranger at the door", "203.0.113.9", (STAMP,), False),
    ("from a stranger who writes our line as well", "203.0.113.9", (IN, STAMP), False),
    ("from a stranger by IPv6", "2001:db8::9", (STAMP, WITHIN), False),
    ("the server says nothing, the sender says pass", "127.0.0.1", (NOTHING, IN, STAMP), False),
    ("in a mailbox, above the line of its server", "a mailbox", (STAMP, IN), True),
    ("in a mailbox, below the line of its server", "a mailbox", (IN, STAMP), True),
    ("in a mailbox of another host", "a mailbox", (FOREIGN, STAMP), False),
    ("in a mailbox of another host, on top", "a mailbox", (STAMP, FOREIGN), False),
    ("in a mailbox, with no line at all", "a mailbox", (STAMP,), False),
    ("Gmail's, below its own lines", "at google", (GOOGLE_WITHIN, GOOGLE_IN, GOOGLES), True),
    ("a second one of Gmail's, which came with the mail", "at google", (GOOGLE_WITHIN, GOOGLE_IN, NOTHING, GOOGLE_IN, GOOGLES), False),
    ("another server's in a mailbox at Gmail", "at google", (GOOGLE_WITHIN, GOOGLE_IN, FOREIGN, STAMP), False),
    ("Gmail's in another mailbox", "a mailbox", (GOOGLE_WITHIN, GOOGLE_IN, GOOGLES), False),
    ("Gmail's behind a server of ours", "127.0.0.1", (IN, GOOGLES), False),
    ("Microsoft's, below its own lines", "at microsoft", (MICROSOFT_WITHIN, MICROSOFT_IN, MICROSOFTS), True),
    ("Microsoft's behind a server of ours", "127.0.0.1", (IN, MICROSOFTS), False),
    ("Microsoft's in another mailbox", "a mailbox", (FOREIGN, MICROSOFTS), False),
)


def said_of(lines: tuple[str, ...], way: str, trust: VerifySettings = OURS, more: bytes = b"") -> Verdict:
    raw = "".join(f"{line}\r\n" for line in lines).encode() + (more or b"From: Ann <ann@example.org>\r\nSubject: x\r\n\r\n#take\r\n")
    fetched = not way[0].isdigit()
    arrival = Arrival(raw, None, ("support@example.org",), Door.IMAP if fetched else Door.SMTP, way, NOON, NOON)
    mail = parse(raw)
    verdict = by_word(mail, arrival, trust, frozenset({"example.org"}))
    return with_signatures(mail, arrival, trust, verdict, signatures(raw)) if needs_signatures(mail, arrival, trust, verdict) else verdict


@pytest.mark.parametrize(("why", "way", "lines", "counts"), PLACES, ids=[why for why, _, _, _ in PLACES])
def test_a_stamp_counts_where_a_server_of_ours_can_have_written_it(why: str, way: str, lines: tuple[str, ...], counts: bool) -> None:
    """A forged stamp is the topmost one wherever our server wrote none (fault 86)."""
    assert said_of(lines, way).passed is counts


def test_a_stamp_of_another_machine_counts_once_that_machine_is_named() -> None:
    named = replace(OURS, stampers=(ipaddress.ip_network("203.0.113.9/32"),))
    assert said_of((STAMP,), "203.0.113.9", named).passed and not said_of((STAMP,), "203.0.113.8", named).passed
    assert not said_of((STAMP,), "127.0.0.1", named).passed, "the default is gone where something else is said"


def test_a_failure_counts_in_the_same_places() -> None:
    failed = STAMP.replace("pass", "fail")
    assert said_of((failed, IN), "127.0.0.1").verdict is VerdictKind.FAIL
    assert said_of((FOREIGN, failed), "127.0.0.1").verdict is VerdictKind.NONE, "nobody makes a stranger's mail look forged"


# --- what a pass rests on -----------------------------------------------------------------------------------------------------

MAIL = b"From: Ann <ann@example.org>\r\nTo: support@example.org\r\nSubject: x\r\nMessage-ID: <1@example.org>\r\n\r\n#take\r\n"
BY_DKIM = "Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"


def test_a_pass_with_the_host_or_a_login_rests_on_no_signature() -> None:
    mail = signed(MAIL)
    for stamp in (f"{BY_DKIM}; spf=pass smtp.mailfrom=ann@example.org", f"{BY_DKIM}; auth=pass smtp.auth=ann@example.org"):
        assert said_of((stamp,), "127.0.0.1", more=mail).signatures == ()
    assert said_of((STAMP,), "127.0.0.1", more=MAIL).signatures == (), "nothing is signed: the server knew the host"


def test_a_pass_by_dkim_says_what_is_signed() -> None:
    [signature] = said_of((BY_DKIM,), "127.0.0.1", more=signed(MAIL, headers=SIGNED)).signatures
    assert {"from", "to", "subject", "message-id"} <= set(signature.headers) and len(signature.marks) == 1
    [bare] = said_of((BY_DKIM,), "127.0.0.1", more=signed(MAIL, headers=("from", "subject"))).signatures
    assert "message-id" not in bare.headers
    [twice] = said_of((BY_DKIM,), "127.0.0.1", more=b"Message-ID: <2@example.org>\r\n" + signed(MAIL)).signatures
    assert "message-id" not in twice.headers, "a second copy is not signed"


def test_a_signature_that_somebody_adds_covers_nothing_for_the_one_that_was_good() -> None:
    """The stamp says only that one of the domain's signatures is good: all of them have to cover it."""
    good = signed(MAIL, headers=("from", "subject"))
    made_up = signed(MAIL).partition(b"\r\nFrom:")[0] + b"\r\n"
    [signature] = said_of((BY_DKIM,), "127.0.0.1", more=made_up + good).signatures
    assert "message-id" not in signature.headers and len(signature.marks) == 2
    value = good.partition(b" b=")[2].partition(b"\r\nFrom")[0]
    begins = b"".join(value.split())[:12].decode()
    named = BY_DKIM.replace("header.d=example.org", f"header.d=example.org header.b={begins}")
    [signature] = said_of((named,), "127.0.0.1", more=made_up + good).signatures
    assert len(signature.marks) == 1 and "message-id" not in signature.headers
    [signature] = said_of((BY_DKIM,), "127.0.0.1", more=made_up * 6 + good).signatures
    assert signature.headers == (), "more signatures than are looked at"
