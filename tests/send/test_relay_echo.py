"""A relay that says our login back to us, in whatever form and at whatever moment: nobody reads it (faults 125, 126)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest

from mailgate.model.installation import RelaySettings
from mailgate.send.relay import SmtpRelay
from mailgate.send.session import RelaySession
from tests.fakes.smtp_sink import CONNECT, DOT, Act, Say, SmtpSink
from tests.secrets import CANARY, ECHOES, traces

LETTER = b"Subject: Hello\r\n\r\nEnd.\r\n"
FROM, TO = "support@desk.example", "ann@example.org"
USER = "support@desk.example"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def one_line(text: str) -> str:
    return text.replace("\n", " ")


#: mechanism -> what is said to it, without the verb
SAID = {"PLAIN": b64(f"\0{USER}\0{CANARY}"), "LOGIN": b64(CANARY), "XOAUTH2": b64(f"user={USER}\1auth=Bearer {CANARY}\1\1")}


def heard(script: dict[str, Sequence[Act]], mechanism: str, letters: int = 1) -> str:
    """All that the relay's owner would read of it, over so many letters and a `check`."""
    words = []
    with SmtpSink(script, login=(USER, CANARY), mechanisms=mechanism, tokens={CANARY}) as sink:
        some = RelaySettings(host="127.0.0.1", port=sink.port, tls="none", user=USER, timeout=timedelta(seconds=5))
        renewed = (lambda _: CANARY) if mechanism == "XOAUTH2" else None
        relay = SmtpRelay(some, lambda: CANARY, renewed)
        for _ in range(letters):
            words.append(repr(relay.deliver(FROM, TO, LETTER, False)))
        words.append(str(relay.probe()))
        relay.close()
    return "\n".join(words)


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("mechanism", SAID)
def test_a_login_that_is_refused_with_its_own_words_is_told_without_them(echo, mechanism, caplog):
    caplog.set_level(logging.DEBUG)
    refusal = Say("535 5.7.8 no: " + one_line(ECHOES[echo](SAID[mechanism])) + " or " + one_line(ECHOES[echo](CANARY)))
    if mechanism == "LOGIN":
        script = {
            "AUTH": [Say("334 VXNlcm5hbWU6")] * 2,
            b64(USER).upper(): [Say("334 UGFzc3dvcmQ6")] * 2,
            b64(CANARY).upper(): [refusal] * 2,
        }
    else:
        script = {"AUTH": [refusal] * 4}
    said = heard(script, mechanism) + caplog.text
    assert "refused login: 535 5.7.8 no: ..." in said
    assert not traces(said), said


@pytest.mark.parametrize("moment", [CONNECT, "EHLO", "MAIL", "RCPT", "DATA", DOT, "RSET"])
@pytest.mark.parametrize("code", ["451 4.3.0", "550 5.1.1", "250 2.0.0", "nonsense"])
def test_last_words_that_repeat_the_login_reach_neither_outbox_nor_check(moment, code, caplog):
    """Also on the next connection, before the login is said anew: a relay has a memory."""
    caplog.set_level(logging.DEBUG)
    answer = Say(f"{code} {SAID['PLAIN']} {CANARY} {SAID['PLAIN'].lower()}")
    good = {CONNECT: Say("220 ready"), "EHLO": Say("250 AUTH PLAIN")}.get(moment)
    acts = [good, answer, answer, answer] if good is not None else [answer] * 4
    said = heard({moment: acts}, "PLAIN", letters=3) + caplog.text
    assert not traces(said), said


def test_a_relay_that_remembers_our_login_from_before_our_start_says_it_to_nobody():
    said = heard({CONNECT: [Say(f"554 go away with your {SAID['PLAIN']}")] * 2}, "PLAIN")
    assert "554 go away with your ..." in said
    assert not traces(said)


def test_a_login_over_several_lines_is_hidden_piece_by_piece():
    line = SAID["PLAIN"]
    pieces = [line[at : at + 7] for at in range(0, len(line), 7)]
    refusal = "\n".join([*(f"535-5.7.8 {piece}" for piece in pieces), "535 5.7.8 no"])
    assert not traces(heard({"AUTH": [Say(refusal)] * 2}, "PLAIN"))


@pytest.mark.parametrize("challenge", ["334 not-base64!", "334 =", "334 " + "A" * 61, "334", "334 " + b64("\0\xff<>" * 50)])
def test_a_challenge_that_is_none_is_a_relay_that_is_down_and_no_error_of_ours(challenge):
    said = heard({"AUTH": [Say(challenge)] * 2}, "CRAM-MD5")
    assert "Deferred" in said and "relay_down=True" in said


def test_the_control_a_session_that_cleans_nothing_is_found_out(monkeypatch):
    monkeypatch.setattr(RelaySession, "_cleaned", lambda _, said, closely=True: said)
    missed = [
        echo
        for echo in ECHOES
        if traces(heard({"AUTH": [Say(f"535 5.7.8 no: {one_line(ECHOES[echo](CANARY))}")] * 2}, "PLAIN"))
    ]  # fmt: skip
    assert len(missed) > len(ECHOES) / 2
