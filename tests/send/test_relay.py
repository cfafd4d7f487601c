"""What a relay can do to a letter, and what we make of it: a scripted relay on loopback, command by command."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model.delivery import Deferred, Delivered, Delivery, Refused
from mailgate.model.installation import RelaySettings
from mailgate.send.envelope import UnfitLetterError, check_address, check_letter, words
from mailgate.send.relay import SmtpRelay
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.smtp_sink import CONNECT, DOT, OK, Act, Close, Drip, Say, Silence, SmtpSink

LETTER = b"Subject: Hello\r\n\r\n.a dot\r\n..two\r\nEnd.\r\n"
FROM, TO = "support@desk.example", "ann@example.org"
SECRET = "canary horse"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def opened() -> Iterator[list[SmtpRelay]]:
    relays: list[SmtpRelay] = []
    yield relays
    for relay in relays:
        relay.close()


def settings(sink: SmtpSink, **changes: Any) -> RelaySettings:
    seconds = timedelta(seconds=1)
    some = RelaySettings(host="127.0.0.1", port=sink.port, tls="none", helo="desk.example", timeout=5 * seconds, final_timeout=5 * seconds)
    return replace(some, **changes)


def hand_over(sink: SmtpSink, letter: bytes = LETTER, *, to: str = TO, utf8: bool = False, **changes: Any) -> Delivery:
    relay = SmtpRelay(settings(sink, **changes), lambda: SECRET)
    try:
        return relay.deliver(FROM, to, letter, utf8)
    finally:
        relay.close()


# --- a good day ----------------------------------------------------------------------------------------------------


def test_a_letter_arrives_octet_for_octet_dots_and_all() -> None:
    """(fault 145)"""
    with SmtpSink() as sink:
        assert hand_over(sink) == Delivered("250 2.0.0 queued as 4711")
    (taken,) = sink.taken
    assert (taken.envelope_from, taken.recipient, taken.data) == (FROM, TO, LETTER)
    assert sink.commands[0] == "EHLO desk.example"


def test_a_long_letter_arrives_whole() -> None:
    letter = b"Subject: Long\r\n\r\n" + b"".join(b".%07d a line of a long letter\r\n" % n for n in range(100_000))
    with SmtpSink() as sink:
        assert isinstance(hand_over(sink, letter), Delivered)
    assert sink.taken[0].data == letter


def test_the_null_reverse_path_is_said_as_it_is() -> None:
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        assert isinstance(relay.deliver("", TO, LETTER, False), Delivered)
        relay.close()
    assert sink.taken[0].envelope_from == ""


def test_letters_share_a_connection_until_it_has_carried_enough() -> None:
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink, letters_per_connection=3), lambda: None)
        for _ in range(7):
            assert isinstance(relay.deliver(FROM, TO, LETTER, False), Delivered)
        relay.close()
    assert [taken.connection for taken in sink.taken] == [1, 1, 1, 2, 2, 2, 3]
    assert sink.commands.count("QUIT") == 3


def test_a_connection_that_was_idle_too_long_is_not_used_again() -> None:
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink, keep_idle=timedelta(0)), lambda: None)
        relay.deliver(FROM, TO, LETTER, False)
        relay.deliver(FROM, TO, LETTER, False)
        relay.close()
    assert [taken.connection for taken in sink.taken] == [1, 2]


def test_eight_bits_and_size_are_announced_where_they_are_offered() -> None:
    letter = b"Subject: x\r\n\r\n\xc3\xa4\r\n"
    with SmtpSink() as sink:
        hand_over(sink, letter)
    assert sink.taken[0].parameters == f"SIZE={len(letter)} BODY=8BITMIME"
    with SmtpSink(extensions=()) as sink:
        assert isinstance(hand_over(sink, letter), Delivered)
    assert (sink.taken[0].parameters, sink.taken[0].data) == ("", letter)


def test_reports_are_asked_for_where_the_relay_offers_them_and_there_is_somewhere_to_send_them() -> None:
    with SmtpSink(extensions=("DSN", "SMTPUTF8")) as sink:
        hand_over(sink, to="ann+a=b@example.org")
        hand_over(sink, to="müller@example.org")
        relay = SmtpRelay(settings(sink), lambda: None)
        relay.deliver("", TO, LETTER, False)
        relay.close()
    assert [(taken.parameters, taken.wishes) for taken in sink.taken] == [
        ("RET=HDRS", "NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann+2Ba+3Db@example.org"),
        ("RET=HDRS SMTPUTF8", "NOTIFY=FAILURE,DELAY"),
        ("", ""),
    ]
    with SmtpSink() as sink:
        hand_over(sink)
    assert "RET" not in sink.taken[0].parameters and sink.taken[0].wishes == ""


def test_an_address_outside_ascii_needs_a_relay_that_takes_it() -> None:
    """(fault 144)"""
    with SmtpSink() as sink:
        assert isinstance(hand_over(sink, to="müller@example.org"), Delivered)
    assert sink.taken[0].recipient == "müller@example.org"
    assert "SMTPUTF8" in sink.taken[0].parameters
    with SmtpSink(extensions=()) as sink:
        assert hand_over(sink, to="müller@example.org") == Refused(
            "553 the relay takes no addresses outside ASCII (it does not offer SMTPUTF8)"
        )
        assert isinstance(hand_over(sink, utf8=True), Refused)
    assert sink.taken == []


def test_a_letter_larger_than_the_relay_takes_is_refused_with_clear_words() -> None:
    """(fault 153)"""
    with SmtpSink(extensions=("SIZE 20",)) as sink:
        assert hand_over(sink) == Refused("552 larger than the relay takes (20 bytes)", too_large=True, limit=20)
    with SmtpSink(extensions=("SIZE 0",)) as sink:  # RFC 1870: no limit is known
        assert isinstance(hand_over(sink), Delivered)


@pytest.mark.parametrize(
    ("said", "about_the_size"),
    [
        ("552 5.3.4 Message size exceeds fixed limit", True),
        ("552 5.2.3 Message exceeds administrative limit", True),
        ("552 Message too large", True),
        ("523 the message is too long", True),
        ("554 5.3.4 Error: message file too big", True),
        ("554 Message exceeds the maximum size allowed", True),
        ("550 5.3.4 too big", True),
        ("552 5.2.2 Mailbox full", False),
        ("552 Requested mail action aborted: exceeded storage allocation", False),
        ("552 User over quota", False),
        ("550 5.1.1 no such user", False),
        ("554 5.7.1 message looks like spam", False),
    ],
)
@pytest.mark.parametrize("moment", ["MAIL", DOT])
def test_a_refusal_for_the_size_is_told_from_all_others(said: str, about_the_size: bool, moment: str) -> None:
    """The same code is said of a mailbox that is full (fault 153)."""
    with SmtpSink(script={moment: (Say(said),)}) as sink:
        delivery = hand_over(sink)
        assert isinstance(delivery, Refused) and delivery.too_large is about_the_size


def test_a_server_from_before_ehlo_still_gets_the_letter() -> None:
    with SmtpSink({"EHLO": [Say("500 what?")]}) as sink:
        assert isinstance(hand_over(sink), Delivered)
    assert "HELO" in " ".join(sink.commands).upper()


# --- what goes wrong, command by command ------------------------------------------------------------------------------

DOWN = {"relay_down": True}
LATER: dict[str, bool] = {}
LOST = {"uncertain": True}
TEMPORARY, PERMANENT = Say("451 4.3.0 not now"), Say("550 5.1.1 no such user")
BYE = Say("421 4.3.2 going down", close=True)
GARBAGE = Say(b"\x00\xffHTTP/1.0 200 OK\r\n")
BEFORE = ("connection lost",)

#: where, what the relay does there, what it means for the letter, and words that must be in the kept reply
FAULTS: list[tuple[str, Act, dict[str, bool] | None, str]] = [
    (CONNECT, TEMPORARY, DOWN, "451 4.3.0 not now"),
    (CONNECT, PERMANENT, DOWN, "550"),  # about us, not about the letter: never give a letter up for it
    (CONNECT, BYE, DOWN, "421"),
    (CONNECT, Close(), DOWN, "closed by the relay"),
    (CONNECT, GARBAGE, DOWN, "HTTP/1.0 200 OK"),
    (CONNECT, Silence(), DOWN, "no answer within 0.3 s"),
    (CONNECT, Drip(), DOWN, "no answer within 0.3 s"),
    ("EHLO", TEMPORARY, DOWN, "451"),
    ("EHLO", BYE, DOWN, "421"),
    ("EHLO", Close(), DOWN, "closed by the relay"),
    ("EHLO", GARBAGE, DOWN, "refused our greeting"),
    ("EHLO", Silence(), DOWN, "no answer"),
    ("MAIL", TEMPORARY, LATER, "451 4.3.0 not now"),
    ("MAIL", Say("550 5.7.1 not from you"), None, "550 5.7.1 not from you"),
    ("MAIL", Say("530 5.7.0 log in first"), DOWN, "refused login: 530"),
    ("MAIL", Say("503 5.5.1 bad sequence"), LATER, "503"),
    ("MAIL", BYE, LATER, "421"),
    ("MAIL", Close(), LATER, "connection lost"),
    ("MAIL", GARBAGE, LATER, "HTTP"),
    ("MAIL", Silence(), LATER, "no answer within 0.3 s"),
    ("MAIL", Drip(), LATER, "no answer within 0.3 s"),
    ("RCPT", TEMPORARY, LATER, "451 4.3.0 not now"),
    ("RCPT", PERMANENT, None, "550 5.1.1 no such user"),
    ("RCPT", Say("550-5.1.1 no such\n550-5.1.1 user\n550 5.1.1 here"), None, "550 5.1.1 no such 5.1.1 user 5.1.1 here"),
    ("RCPT", Say("251 will forward"), {"delivered": True}, "250"),
    ("RCPT", BYE, LATER, "421"),
    ("RCPT", Close(), LATER, "connection lost"),
    ("RCPT", GARBAGE, LATER, "HTTP"),
    ("RCPT", Say("250"), {"delivered": True}, "250"),  # a bare code is a reply
    ("RCPT", Say("251x oops"), LATER, "251x"),
    ("RCPT", Silence(), LATER, "no answer"),
    ("DATA", TEMPORARY, LATER, "451"),
    ("DATA", Say("554 5.5.1 no valid recipients"), None, "554"),
    ("DATA", Say("250 fine"), LATER, "250 fine"),  # out of step: whatever we said next would be a command
    ("DATA", Close(), LATER, "connection lost"),
    ("DATA", Silence(), LATER, "no answer"),
    (DOT, TEMPORARY, LATER, "451"),
    (DOT, Say("552 5.2.2 mailbox full"), None, "552 5.2.2 mailbox full"),
    (DOT, BYE, LATER, "421"),  # it said that it did not take the letter
    (DOT, Close(), LOST, "no reply to the letter: connection closed by the relay"),
    (DOT, GARBAGE, LOST, "no proper reply to the letter"),
    (DOT, Say("354 go on"), LOST, "no proper reply"),
    (DOT, Silence(), LOST, "no answer within 0.4 s"),
    (DOT, Drip(), LOST, "no answer within 0.4 s"),
    ("QUIT", Silence(), {"delivered": True}, "250"),
    ("QUIT", Close(), {"delivered": True}, "250"),
    ("QUIT", GARBAGE, {"delivered": True}, "250"),
]


@pytest.mark.parametrize(("moment", "act", "meaning", "said"), FAULTS, ids=lambda value: str(value).replace("\n", " ")[:40])
def test_every_fault_of_a_relay_is_understood(moment: str, act: Act, meaning: dict[str, bool] | None, said: str) -> None:
    """Four- and five-hundreds, silence, and the reply to the last dot that never comes (faults 29, 30, 31, 33, 35)."""
    patience: dict[str, Any] = {}
    if isinstance(act, Silence | Drip):
        patience = {"timeout": timedelta(seconds=0.3), "final_timeout": timedelta(seconds=0.4)}
    with SmtpSink({moment: [act]}) as sink:
        delivery = hand_over(sink, **patience)
        again = hand_over(sink)  # a fault today does not stand in the way tomorrow
    assert said in delivery.reply
    if meaning is None:
        assert isinstance(delivery, Refused)
    elif meaning.get("delivered"):
        assert isinstance(delivery, Delivered)
    else:
        assert delivery == Deferred(delivery.reply, **meaning)
    assert isinstance(again, Delivered)


@pytest.mark.parametrize(("moment", "act"), [("MAIL", TEMPORARY), ("RCPT", PERMANENT), ("DATA", TEMPORARY), (DOT, PERMANENT)])
def test_a_refused_letter_leaves_the_connection_good_for_the_next(moment: str, act: Act, opened: list[SmtpRelay]) -> None:
    with SmtpSink({moment: [act]}) as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        opened.append(relay)
        assert not isinstance(relay.deliver(FROM, TO, LETTER, False), Delivered)
        assert isinstance(relay.deliver(FROM, "bob@example.org", LETTER, False), Delivered)
        relay.close()
    assert [(taken.recipient, taken.connection) for taken in sink.taken] == [("bob@example.org", 1)]


@pytest.mark.parametrize("act", [Close(), BYE, GARBAGE])
def test_a_kept_connection_that_died_in_its_sleep_costs_nothing(act: Act) -> None:
    with SmtpSink({"MAIL": [OK, act]}) as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        answers = [relay.deliver(FROM, TO, LETTER, False) for _ in range(2)]
        relay.close()
    assert [type(answer) for answer in answers] == [Delivered, Delivered]
    assert [taken.connection for taken in sink.taken] == [1, 2]


def test_a_connection_closed_between_two_letters_is_opened_again() -> None:
    with SmtpSink() as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        relay.deliver(FROM, TO, LETTER, False)
        sink.hang_up()
        assert isinstance(relay.deliver(FROM, TO, LETTER, False), Delivered)
        relay.close()
    assert len(sink.taken) == 2


def test_a_fresh_connection_is_tried_once_and_not_for_ever() -> None:
    with SmtpSink({"MAIL": [OK, Close(), Close()]}) as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        relay.deliver(FROM, TO, LETTER, False)
        assert isinstance(relay.deliver(FROM, TO, LETTER, False), Deferred)
        relay.close()
        assert sink.connections == 2


@pytest.mark.parametrize("act", [GARBAGE, Say("354 go on"), Say("200-fine\n100 or not")])
def test_after_an_answer_that_is_none_the_same_connection_is_never_used_again(act: Act) -> None:
    with SmtpSink({DOT: [act]}) as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        delivery = relay.deliver(FROM, TO, LETTER, False)
        assert isinstance(delivery, Deferred) and delivery.uncertain
        relay.deliver(FROM, TO, LETTER, False)
        relay.close()
    assert [taken.connection for taken in sink.taken if taken.connection == 2]


@pytest.mark.parametrize("act", [Close(), Say("500 what?"), BYE, GARBAGE])
def test_a_refusal_counts_even_when_the_relay_then_loses_the_thread(act: Act) -> None:
    with SmtpSink({"RCPT": [PERMANENT], "RSET": [act]}) as sink:
        relay = SmtpRelay(settings(sink), lambda: None)
        assert relay.deliver(FROM, TO, LETTER, False) == Refused("550 5.1.1 no such user")
        assert isinstance(relay.deliver(FROM, TO, LETTER, False), Delivered)
        relay.close()
    assert [taken.connection for taken in sink.taken] == [2]


def test_a_relay_that_nobody_answers_for_is_down() -> None:
    with SmtpSink() as sink:
        gone = settings(sink)
    relay = SmtpRelay(gone, lambda: None)
    delivery = relay.deliver(FROM, TO, LETTER, False)
    assert isinstance(delivery, Deferred) and delivery.relay_down
    assert "refused" in delivery.reply


def test_a_host_without_an_address_is_down() -> None:
    relay = SmtpRelay(RelaySettings(host="relay.invalid", tls="none", timeout=timedelta(seconds=5)), lambda: None)
    delivery = relay.deliver(FROM, TO, LETTER, False)
    assert isinstance(delivery, Deferred) and delivery.relay_down


def test_abort_ends_a_letter_that_waits_for_its_reply_and_says_that_it_may_be_there() -> None:
    answers: list[Delivery] = []
    with SmtpSink({DOT: [Silence()]}) as sink:
        relay = SmtpRelay(settings(sink, final_timeout=timedelta(minutes=5)), lambda: None)
        thread = threading.Thread(target=lambda: answers.append(relay.deliver(FROM, TO, LETTER, False)))
        thread.start()
        for _ in range(500):
            if b"\r\n.\r\n" in sink.received:
                break
            thread.join(0.01)
        relay.abort()
        thread.join(5)
        relay.close()
    assert len(answers) == 1
    assert isinstance(answers[0], Deferred) and answers[0].uncertain


# --- TLS --------------------------------------------------------------------------------------------------------------


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


# --- login ------------------------------------------------------------------------------------------------------------


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


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"kind": "maildir"}, "path"),
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


# --- what must never be said --------------------------------------------------------------------------------------------

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
    "letter",
    [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n\r\n", b"a\n.\r\n", b"a\r\r\n", b"a\n\r\n", b"a", b"", b"a\r\n\r", b"a\0b\r\n"],
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


SHARED = SmtpSink()


@pytest.fixture(scope="module", autouse=True)
def _shared_sink() -> Iterator[None]:
    with SHARED:
        yield


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
