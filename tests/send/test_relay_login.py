"""A letter and a password go only to a relay that proves its name, and never in clear."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model.delivery import Deferred, Delivered
from mailgate.model.installation import RelaySettings
from mailgate.send.relay import SmtpRelay
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.smtp_sink import Act, Close, Say, SmtpSink
from tests.send.relays import FROM, GARBAGE, LETTER, SECRET, TO, hand_over, settings


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


# --- TLS -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("implicit", [False, True])
def test_a_letter_goes_under_tls_to_a_relay_that_proves_its_name(certificates: Certificates, implicit: bool) -> None:
    with SmtpSink(certificate=certificates.good, implicit_tls=implicit, login=("desk", SECRET), needs_login=True) as sink:
        delivery = hand_over(
            sink, tls="tls" if implicit else "starttls", host="localhost", ca_file=str(certificates.authority), user="desk"
        )
    assert isinstance(delivery, Delivered), delivery
    assert sink.taken[0].secure
    assert sink.taken[0].user == "desk"
    assert sink.taken[0].data == LETTER


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize(
    ("which", "said"),
    [("expired", "expired"), ("self_signed", "self-signed"), ("wrong_host", "not valid for 'localhost'"), ("good", "unable to get local")],
)
def test_a_bad_certificate_gets_no_login_and_no_letter(certificates: Certificates, which: str, said: str, implicit: bool) -> None:
    """Expired, of another host, signed by nobody (fault 34, CVE-2026-41016)."""
    # The good one is bad where nobody told us of its authority.
    ca_file = None if which == "good" else str(certificates.authority)
    with SmtpSink(certificate=getattr(certificates, which), implicit_tls=implicit, login=("desk", SECRET)) as sink:
        delivery = hand_over(sink, tls="tls" if implicit else "starttls", host="localhost", ca_file=ca_file, user="desk")
    assert isinstance(delivery, Deferred) and delivery.relay_down and not delivery.uncertain
    assert delivery.reply.startswith("TLS with the relay failed") and said in delivery.reply
    _nothing_was_said_in_clear(sink)


def test_a_relay_without_starttls_gets_no_login_and_no_letter() -> None:
    """Stripped by whoever is in the line (fault 34, GHSA-3588)."""
    with SmtpSink(login=("desk", SECRET)) as sink:  # or somebody in between took the offer out
        delivery = hand_over(sink, tls="starttls", user="desk")
    assert delivery == Deferred("the relay offers no STARTTLS, and letters do not travel in clear", relay_down=True)
    _nothing_was_said_in_clear(sink)


@pytest.mark.parametrize("act", [Say("454 4.7.0 not now"), Say("502 5.5.1 no"), Close(), GARBAGE])
def test_a_starttls_that_is_offered_and_then_fails_gets_no_login_and_no_letter(certificates: Certificates, act: Act) -> None:
    with SmtpSink({"STARTTLS": [act]}, certificate=certificates.good, login=("desk", SECRET)) as sink:
        delivery = hand_over(sink, tls="starttls", host="localhost", ca_file=str(certificates.authority), user="desk")
    assert isinstance(delivery, Deferred) and delivery.relay_down
    _nothing_was_said_in_clear(sink)


def test_what_is_slipped_in_behind_starttls_is_not_believed(certificates: Certificates) -> None:
    """The other direction of CVE-2024-34083 (fault 82)."""
    injected = b"250-relay\r\n250 AUTH PLAIN\r\n"
    with SmtpSink({"STARTTLS": [Say(b"220 go ahead\r\n" + injected)]}, certificate=certificates.good, login=("desk", SECRET)) as sink:
        delivery = hand_over(sink, tls="starttls", host="localhost", ca_file=str(certificates.authority), user="desk")
    assert isinstance(delivery, Deferred) and delivery.relay_down
    assert "somebody is in the line" in delivery.reply
    _nothing_was_said_in_clear(sink)


def test_certificates_that_cannot_be_read_leave_the_letter_queued(certificates: Certificates) -> None:
    with SmtpSink(certificate=certificates.good) as sink:
        delivery = hand_over(sink, tls="starttls", ca_file="/nowhere/ca.pem")
    assert delivery == Deferred("relay.ca_file cannot be read: No such file or directory", relay_down=True)


def _nothing_was_said_in_clear(sink: SmtpSink) -> None:
    assert sink.taken == []
    assert not [line for line in sink.commands if line.split()[0] not in ("EHLO", "STARTTLS", "QUIT")]
    assert b"Subject" not in sink.received and b"AUTH" not in sink.received


# --- login -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "XOAUTH2 CRAM-MD5"])
@pytest.mark.parametrize("password", [SECRET, "pässwörd €"])
def test_we_log_in_by_what_the_relay_offers(mechanisms: str, password: str) -> None:
    with SmtpSink(login=("desk", password), needs_login=True, mechanisms=mechanisms) as sink:
        relay = SmtpRelay(settings(sink, user="desk"), lambda: password)
        assert isinstance(relay.deliver(FROM, TO, LETTER, False), Delivered)
        relay.close()
    assert sink.taken[0].user == "desk"


@pytest.mark.parametrize(
    ("act", "said"),
    [(Say("535 5.7.8 wrong password"), "refused login: 535 5.7.8 wrong password"), (Say("454 4.7.0 later"), "refused login: 454")],
)
def test_a_broken_login_never_costs_a_letter(act: Act, said: str) -> None:
    with SmtpSink({"AUTH": [act]}, login=("desk", SECRET)) as sink:
        delivery = hand_over(sink, user="desk")
    assert isinstance(delivery, Deferred) and delivery.relay_down
    assert said in delivery.reply and SECRET not in delivery.reply


def _no_password() -> str | None:
    raise PermissionError(13, "Permission denied", "/run/secrets/canary")


@pytest.mark.parametrize(
    ("sink", "password", "said"),
    [
        (SmtpSink(), lambda: SECRET, "no login that we know: none at all"),
        (SmtpSink(login=("desk", SECRET), mechanisms="GSSAPI"), lambda: SECRET, "no login that we know: GSSAPI"),
        (SmtpSink(login=("desk", SECRET)), lambda: None, "there is no password"),
        (SmtpSink(login=("desk", SECRET)), _no_password, "cannot be read: PermissionError"),
        (SmtpSink(login=("desk", SECRET)), lambda: "wrong", "refused login: 535"),
    ],
)
def test_a_login_that_cannot_be_tried_leaves_the_letter_queued(sink: SmtpSink, password: Any, said: str) -> None:
    with sink:
        relay = SmtpRelay(settings(sink, user="desk"), password)
        delivery = relay.deliver(FROM, TO, LETTER, False)
        relay.close()
    assert isinstance(delivery, Deferred) and delivery.relay_down
    assert said in delivery.reply
    assert sink.taken == []


def test_a_password_is_not_sent_in_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match=r"relay\.tls: a password is not sent in clear"):
        SmtpRelay(RelaySettings(host="relay.example", tls="none", user="desk"), lambda: SECRET)


# --- settings --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"kind": "maildir", "path": ""}, "path"),
        ({"connections": 0}, "connections"),
        ({"letters_per_connection": 0}, "letters_per_connection"),
        ({"timeout": timedelta(0)}, "timeout"),
        ({"message_id_pattern": "("}, "message_id_pattern"),
        ({"message_id_pattern": "queued as .*"}, "message_id_pattern"),
    ],
)
def test_settings_say_what_cannot_work(changes: dict[str, Any], key: str) -> None:
    assert [name for name, _ in RelaySettings(**changes).mistakes()] == [key]


def test_good_settings_have_no_mistakes() -> None:
    assert RelaySettings().mistakes() == ()
    assert RelaySettings(host="::1", tls="none", user="desk", message_id_pattern=r"<(.+)>").mistakes() == ()


@pytest.mark.parametrize(
    ("changes", "form"),
    [({}, "null"), ({"user": "desk"}, "desk"), ({"user": "desk", "reverse_path": "null"}, "null"), ({"reverse_path": "verp"}, "verp")],
)
def test_the_reverse_path_follows_the_login_unless_it_is_set(changes: dict[str, Any], form: str) -> None:
    assert RelaySettings(**changes).reverse_path_form == form


def test_settings_hold_no_secret() -> None:
    assert not {"password", "secret", "token"} & {field.name for field in dataclasses.fields(RelaySettings)}
