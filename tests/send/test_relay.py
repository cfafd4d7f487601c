"""What a relay can do to a letter, and what we make of it: a scripted relay on loopback, command by command."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model.delivery import Deferred, Delivered, Delivery, Refused
from mailgate.model.installation import RelaySettings
from mailgate.send.relay import SmtpRelay
from tests.fakes.smtp_sink import CONNECT, DOT, OK, Act, Close, Drip, Say, Silence, SmtpSink
from tests.send.relays import FROM, GARBAGE, LETTER, TO, hand_over, settings


@pytest.fixture
def opened() -> Iterator[list[SmtpRelay]]:
    relays: list[SmtpRelay] = []
    yield relays
    for relay in relays:
        relay.close()


# --- a good day ------------------------------------------------------------------------------------------------------------


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


def test_the_name_of_an_envelope_is_said_where_reports_are_offered_and_nowhere_else() -> None:
    """RFC 3461 4.4: in xtext, and of no use where nothing can come back. (fault 151)"""
    for offered, path, said in ((("DSN",), FROM, "RET=HDRS ENVID=k7qf3m9x.b.0+2B+3D"), (("DSN",), "", ""), ((), FROM, "")):
        with SmtpSink(extensions=offered) as sink:
            relay = SmtpRelay(settings(sink), lambda: None)
            relay.deliver(path, TO, LETTER, False, "k7qf3m9x.b.0+=")
            relay.close()
        assert [taken.parameters for taken in sink.taken] == [said]


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


# --- what goes wrong, command by command -----------------------------------------------------------------------------------


DOWN = {"relay_down": True}
LATER: dict[str, bool] = {}
LOST = {"uncertain": True}
TEMPORARY, PERMANENT = Say("451 4.3.0 not now"), Say("550 5.1.1 no such user")
BYE = Say("421 4.3.2 going down", close=True)
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
    ("MAIL", Say("530 5.7.0 log in first"), {**DOWN, "login_refused": True}, "refused login: 530"),
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
        for _ in range(6000):
            if b"\r\n.\r\n" in sink.received:
                break
            thread.join(0.01)
        relay.abort()
        thread.join(60)
        relay.close()
    assert len(answers) == 1
    assert isinstance(answers[0], Deferred) and answers[0].uncertain
