"""Logging in to a relay with a token: XOAUTH2 and OAUTHBEARER, one other token for one that was refused, and what is told."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from mailgate.model.delivery import Deferred, Delivered, Delivery
from mailgate.model.installation import RelaySettings
from mailgate.model.oauth import TokenRefused, TokenUnavailable
from mailgate.send.relay import SmtpRelay
from tests.fakes.smtp_sink import Say, SmtpSink

LETTER = b"Subject: Hello\r\n\r\nEnd.\r\n"


def hand_over(sink: SmtpSink, tokens: list[str | Exception]) -> Delivery:
    def give(_: str = "") -> str:
        one = tokens.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    five = timedelta(seconds=5)
    settings = RelaySettings(host="127.0.0.1", port=sink.port, tls="none", user="a=b@example.org", oauth="office", timeout=five)
    relay = SmtpRelay(settings, give, give)
    try:
        return relay.deliver("support@desk.example", "ann@example.org", LETTER, False)
    finally:
        relay.close()


def a_relay(mechanisms: str, *answers: str, **more: list[Say]) -> SmtpSink:
    return SmtpSink({"AUTH": [Say(one) for one in answers], **more}, login=("a", "b"), mechanisms=mechanisms)


def said(command: str) -> str:
    return base64.b64decode(command.split()[2]).decode()


@pytest.mark.parametrize(
    ("mechanisms", "wanted"),
    [
        ("PLAIN XOAUTH2 OAUTHBEARER", "user=a=b@example.org\1auth=Bearer good\1\1"),
        ("OAUTHBEARER", "n,a=a=3Db@example.org,\1host=127.0.0.1\1port={port}\1auth=Bearer good\1\1"),
    ],
)
def test_a_relay_gets_the_token_in_the_form_that_it_offers(mechanisms: str, wanted: str) -> None:
    with a_relay(mechanisms, "235 2.7.0 in") as sink:
        assert isinstance(hand_over(sink, ["good"]), Delivered)
    [login] = [one for one in sink.commands if one.startswith("AUTH")]
    assert said(login) == wanted.format(port=sink.port)


def test_a_token_that_was_taken_back_is_replaced_once() -> None:
    with a_relay("XOAUTH2", "535 5.7.8 ended", "235 2.7.0 in") as sink:
        assert isinstance(hand_over(sink, ["old", "new"]), Delivered)
    assert ["old" in said(one) for one in sink.commands if one.startswith("AUTH")] == [True, False]


def test_a_second_refusal_is_an_alarm_and_tells_no_token() -> None:
    with a_relay("XOAUTH2", "535 5.7.8 no", "535 5.7.8 no") as sink:
        delivery = hand_over(sink, ["old-canary", "new-canary"])
    assert isinstance(delivery, Deferred) and delivery.login_refused and "canary" not in delivery.reply


def test_where_no_token_can_be_had_the_letter_waits() -> None:
    for error, refused in ((TokenRefused("400 invalid_grant"), True), (TokenUnavailable("not there"), False)):
        with a_relay("XOAUTH2") as sink:
            delivery = hand_over(sink, [error])
        assert isinstance(delivery, Deferred) and delivery.relay_down and delivery.login_refused is refused


def test_a_relay_without_tokens_is_told_as_such_and_hears_none() -> None:
    with a_relay("PLAIN LOGIN") as sink:
        delivery = hand_over(sink, ["good"])
    assert isinstance(delivery, Deferred) and "takes no token" in delivery.reply
    assert not any(one.startswith("AUTH") for one in sink.commands)


def test_a_relay_that_explains_its_refusal_first_is_let_finish() -> None:
    for mechanism, answer in (("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")):
        with a_relay(mechanism, "334 eyJzdGF0dXMiOiI0MDAifQ==", "235 2.7.0 in", **{answer: [Say("535 5.7.8 ended")]}) as sink:
            assert isinstance(hand_over(sink, ["old", "new"]), Delivered)
        assert answer in sink.commands
