"""A scripted relay on loopback, and a letter that is handed over to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mailgate.model.delivery import Delivery
from mailgate.model.installation import RelaySettings
from mailgate.send.relay import SmtpRelay
from tests.fakes.smtp_sink import Say, SmtpSink

LETTER = b"Subject: Hello\r\n\r\n.a dot\r\n..two\r\nEnd.\r\n"
FROM, TO = "support@desk.example", "ann@example.org"
SECRET = "canary horse"
GARBAGE = Say(b"\x00\xffHTTP/1.0 200 OK\r\n")


def settings(sink: SmtpSink, **changes: Any) -> RelaySettings:
    seconds = timedelta(seconds=1)
    some = RelaySettings(
        host="127.0.0.1", port=sink.port, tls="none", helo="desk.example", timeout=30 * seconds, final_timeout=30 * seconds
    )
    return replace(some, **changes)


def hand_over(sink: SmtpSink, letter: bytes = LETTER, *, to: str = TO, utf8: bool = False, **changes: Any) -> Delivery:
    relay = SmtpRelay(settings(sink, **changes), lambda: SECRET)
    try:
        return relay.deliver(FROM, to, letter, utf8)
    finally:
        relay.close()
