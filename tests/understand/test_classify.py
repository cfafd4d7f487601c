"""What a mail is, and whether a machine may answer it, as tables."""

from __future__ import annotations

import pytest

from mailgate.model.mail import Kind, Reading
from mailgate.model.reason import Reason
from mailgate.model.token import Keyring, anchor_id, message_id
from mailgate.understand import read

RING = Keyring((b"a key only for tests, 32 octets!",))
OTHER_RING = Keyring((b"another key, which is not ours!!",))


def a_reading(
    *headers: str, reverse_path: str | None = "ann@example.com", author: str = "Ann <ann@example.com>", subject: str = "help"
) -> Reading:
    raw = "\r\n".join([f"From: {author}", "To: support@example.org", f"Subject: {subject}", *headers, "", "My screen is dark."])
    return read(raw.encode(), reverse_path, RING)


AUTO_SUBMITTED = [
    # value, kind, answer
    ("no", Kind.WRITTEN, True),
    ("No", Kind.WRITTEN, True),
    ("NO", Kind.WRITTEN, True),
    (" no ", Kind.WRITTEN, True),
    ("no (a person wrote this)", Kind.WRITTEN, True),
    ("(really) no", Kind.WRITTEN, True),
    ("no; owner-email=ann@example.com", Kind.WRITTEN, True),
    ("(a (nested) comment)\r\n no", Kind.WRITTEN, True),
    ("auto-replied", Kind.AUTO_REPLY, False),
    ("Auto-Replied", Kind.AUTO_REPLY, False),
    ("AUTO-REPLIED", Kind.AUTO_REPLY, False),
    ("auto-replied (vacation)", Kind.AUTO_REPLY, False),
    ("(vacation) auto-replied", Kind.AUTO_REPLY, False),
    ("auto-replied; owner-email=ann@example.com", Kind.AUTO_REPLY, False),
    ('auto-replied; owner-email="ann@example.com"', Kind.AUTO_REPLY, False),
    ("\r\n auto-replied", Kind.AUTO_REPLY, False),
    ("auto-replied;\r\n\towner-token=x", Kind.AUTO_REPLY, False),
    ("auto_replied", Kind.AUTO_REPLY, False),  # seen: an underscore
    ("auto-notified", Kind.AUTO_REPLY, False),  # RFC 5436
    ("auto-notified; owner-email=x@example.com", Kind.AUTO_REPLY, False),
    ("auto-generated", Kind.WRITTEN, False),  # a machine's own request opens a ticket
    ("Auto-Generated (cron)", Kind.WRITTEN, False),
    ("auto-forwarded", Kind.WRITTEN, False),  # no keyword of the RFC, but not "no"
    ("yes", Kind.WRITTEN, False),
    ("", Kind.WRITTEN, False),
    ("no-reply", Kind.WRITTEN, False),
]


@pytest.mark.parametrize(("value", "kind", "answer"), AUTO_SUBMITTED)
def test_auto_submitted_is_read_as_rfc_3834_says(value: str, kind: Kind, answer: bool) -> None:
    """(faults 60 and 61)"""
    found = a_reading(f"Auto-Submitted: {value}")
    assert (found.kind, found.answer) == (kind, answer)


def test_of_two_auto_submitted_headers_the_robot_counts() -> None:
    """(fault 60)"""
    assert not a_reading("Auto-Submitted: no", "Auto-Submitted: auto-generated").answer
    assert a_reading("Auto-Submitted: no", "Auto-Submitted: auto-replied").kind is Kind.AUTO_REPLY


SUPPRESS = [
    ("All", False),
    ("all", False),
    ("OOF", False),
    ("AutoReply", False),
    ("DR, OOF, AutoReply", False),
    ("DR,RN,NRN,OOF,AutoReply", False),
    ("autoreply; oof", False),
    ("RN, All", False),
    ("DR", True),  # asks for no delivery receipt
    ("DR, NDR", True),
    ("RN, NRN", True),
    ("None", True),
    ("", True),
]


@pytest.mark.parametrize(("value", "answer"), SUPPRESS)
def test_a_request_for_silence_is_granted_but_makes_nobody_a_robot(value: str, answer: bool) -> None:
    """(fault 62)"""
    found = a_reading(f"X-Auto-Response-Suppress: {value}")
    assert (found.kind, found.answer) == (Kind.WRITTEN, answer)


PRECEDENCE = [
    ("bulk", Kind.WRITTEN, False),
    ("Bulk", Kind.WRITTEN, False),
    ("BULK", Kind.WRITTEN, False),
    (" bulk ", Kind.WRITTEN, False),
    ("junk", Kind.WRITTEN, False),
    ("list", Kind.LIST, False),
    ("List", Kind.LIST, False),
    ("auto_reply", Kind.AUTO_REPLY, False),
    ("AUTO_REPLY", Kind.AUTO_REPLY, False),
    ("first-class", Kind.WRITTEN, True),
    ("special-delivery", Kind.WRITTEN, True),
    ("normal", Kind.WRITTEN, True),
    ("never-bulky", Kind.WRITTEN, True),
    ("", Kind.WRITTEN, True),
]


@pytest.mark.parametrize("name", ["Precedence", "X-Precedence"])
@pytest.mark.parametrize(("value", "kind", "answer"), PRECEDENCE)
def test_low_precedence_is_not_answered(name: str, value: str, kind: Kind, answer: bool) -> None:
    """(fault 63)"""
    found = a_reading(f"{name}: {value}")
    assert (found.kind, found.answer) == (kind, answer)


MACHINE_HEADERS = [
    ("List-Id: <x.example.net>", Kind.LIST),
    ("List-Post: <mailto:x@example.net>", Kind.LIST),
    ("Mailing-List: contact x@example.net", Kind.LIST),
    ("List-Unsubscribe: <https://example.net/u>", Kind.WRITTEN),
    ("List-Unsubscribe-Post: List-Unsubscribe=One-Click", Kind.WRITTEN),
    ("List-Help: <mailto:x@example.net>", Kind.WRITTEN),
    ("List-Owner: <mailto:x@example.net>", Kind.WRITTEN),
    ("List-Archive: <https://example.net/a>", Kind.WRITTEN),
    ("X-Loop: somebody@example.net", Kind.WRITTEN),
    ("X-No-Loop: yes", Kind.WRITTEN),
    ("X-Autoreply: yes", Kind.AUTO_REPLY),
    ("X-Autorespond:", Kind.AUTO_REPLY),
    ("X-Autoresponder: 1", Kind.AUTO_REPLY),
    ("X-Autoresponse: yes", Kind.AUTO_REPLY),
    ("X-Mail-Autoreply: yes", Kind.AUTO_REPLY),
    ("X-AutoReply-From: ann@example.com", Kind.AUTO_REPLY),
    ("Delivered-To: Autoresponder", Kind.AUTO_REPLY),
    ("X-Autogenerated: Reply", Kind.AUTO_REPLY),
    ("X-Autogenerated: Group", Kind.WRITTEN),
    ("X-FC-MachineGenerated: true", Kind.WRITTEN),
    ("X-Amazon-Mail-Relay-Type: notification", Kind.WRITTEN),
    ("X-MS-Exchange-Inbox-Rules-Loop: ann@example.com", Kind.WRITTEN),
    ("X-Failed-Recipients: gone@example.com", Kind.BOUNCE),
    ("X-AutoSubmitted: yes", Kind.WRITTEN),
]


@pytest.mark.parametrize(("header", "kind"), MACHINE_HEADERS)
def test_a_machines_header_is_not_answered(header: str, kind: Kind) -> None:
    """(fault 64)"""
    found = a_reading(header)
    assert (found.kind, found.answer) == (kind, False)
    assert found.kind_because
    assert found.answer_because


def test_what_an_inbox_rule_sends_by_itself_is_an_auto_reply() -> None:
    assert a_reading("X-MS-Exchange-Inbox-Rules-Loop: ann@example.com", "X-Auto-Response-Suppress: All").kind is Kind.AUTO_REPLY


def test_a_null_reverse_path_is_never_answered() -> None:
    """(fault 57)"""
    found = a_reading(reverse_path="")
    assert (found.kind, found.answer) == (Kind.WRITTEN, False)
    assert found.answer_because == Reason.of("silent.null reverse-path", "<>")


def test_the_envelope_comes_before_return_path() -> None:
    assert a_reading("Return-Path: <>", reverse_path="ann@example.com").answer
    assert not a_reading("Return-Path: <>", reverse_path=None).answer
    assert a_reading("Return-Path: <ann@example.com>", reverse_path=None).answer


def test_a_vacation_notice_with_a_null_reverse_path_is_no_request() -> None:
    assert a_reading("In-Reply-To: <x@example.org>", reverse_path="").kind is Kind.AUTO_REPLY
    assert a_reading(subject="Out of Office", reverse_path="").kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "author",
    [
        "noreply@example.com",
        "no-reply@example.com",
        "NO_REPLY@example.com",
        "donotreply@example.com",
        "do-not-reply+x@example.com",
        "orders-noreply@example.com",
        "postmaster@example.com",
        "bounces@example.com",
    ],
)
def test_an_address_where_nobody_reads_is_not_answered(author: str) -> None:
    assert not a_reading(author=f"Shop <{author}>").answer
    assert not a_reading(f"Reply-To: {author}").answer


@pytest.mark.parametrize("author", ["norbert@example.com", "reply@example.com", "dono.trep@example.com", "root.canal@example.com"])
def test_a_persons_address_is_answered(author: str) -> None:
    assert a_reading(author=author).answer


@pytest.mark.parametrize("author", ["", "undisclosed:;", "a@example.com, b@example.com", "MAILER-DAEMON"])
def test_without_exactly_one_author_there_is_nobody_to_answer(author: str) -> None:
    assert not a_reading(author=author).answer


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Re: x",
        "Out of Office",
        "Abwesenheitsnotiz: Drucker",
        "Automatische Antwort: x",
        "Réponse automatique : x",
        "Respuesta automática: x",
        "Автоответ: x",
        "自動応答: x",
    ],
)
def test_an_absence_in_words_alone_only_withholds_the_answer(subject: str) -> None:
    found = a_reading(subject=subject)
    assert (found.kind, found.answer) == (Kind.WRITTEN, False)


@pytest.mark.parametrize(
    "subject", ["Out of office printer is broken", "On holiday", "My automatic reply does not work", "autoreply setting lost"]
)
def test_a_request_about_an_absence_is_answered(subject: str) -> None:
    assert a_reading(subject=subject).answer


def test_our_own_letter_that_comes_back_is_told_by_its_mac() -> None:
    own = message_id(RING, 7, "K7QF3M9X", "example.org")
    assert a_reading(f"Message-ID: {own}").kind is Kind.LOOP


def test_a_forged_mark_of_ours_suppresses_nothing() -> None:
    """(fault 67)"""
    for forged in (
        message_id(OTHER_RING, 7, "K7QF3M9X", "example.org"),
        anchor_id(RING, 7, "K7QF3M9X", "example.org"),
        "<7.k7qf3m9x@example.org>",
    ):
        found = a_reading(f"Message-ID: {forged}", "X-Mailgate-Loop: yes")
        assert (found.kind, found.answer) == (Kind.WRITTEN, True)


def test_an_answer_to_our_letter_is_no_loop() -> None:
    own = message_id(RING, 7, "K7QF3M9X", "example.org")
    assert a_reading(f"In-Reply-To: {own}", f"References: {anchor_id(RING, 7, 'K7QF3M9X', 'example.org')} {own}").kind is Kind.WRITTEN


@pytest.mark.parametrize(
    ("author", "subject", "kind"),
    [
        ("MAILER-DAEMON@mx.example.net", "failure notice", Kind.BOUNCE),
        ("Mail Delivery System <Mailer-Daemon@mx.example.net>", "Warning: message delayed 24 hours", Kind.DELIVERY_NOTICE),
        ("MAILER-DAEMON (Mail Delivery System)", "Undelivered mail", Kind.BOUNCE),
        ("postmaster@example.net", "Undeliverable: help", Kind.BOUNCE),
        ("postmaster@example.net", "Your mail to our users", Kind.WRITTEN),  # also a person
    ],
)
def test_a_daemon_without_a_proper_report_is_still_told(author: str, subject: str, kind: Kind) -> None:
    """(fault 59)"""
    found = a_reading(author=author, subject=subject)
    assert (found.kind, found.answer) == (kind, False)


def test_what_has_no_header_at_all_is_unreadable() -> None:
    for raw in (b"", b"\r\n\r\n", b"just some words\r\n"):
        found = read(raw, None, RING)
        assert (found.kind, found.answer) == (Kind.UNREADABLE, False)


def test_an_ordinary_mail_is_written_and_answered() -> None:
    found = a_reading()
    assert (found.kind, found.answer) == (Kind.WRITTEN, True)


# --- what makers of absences, desks and lists put into their mails ------------------------------------------------------------

ABSENCES = [
    "Out of Office AutoReply: Help", "Out of office until Monday", "[Auto-Reply] Help", "Automatic Reply from Ann", "Autoresponder: Help",
    "Ann Stone is out of the office.", "Ann Stone ist außer Haus (Rückkehr am 12.11.)", "Abwesenheitsassistent: Hilfe",
    "Automatische Antwort auf: Hilfe", "Afwezigheidsassistent: Hulp", "Absence : Aide", "Absent du bureau : Aide",
    "Reponse automatique: Aide", "Fuera de oficina: Ayuda", "Ausente: Ayuda", "Fuori ufficio: Aiuto", "Assente: Aiuto",
    "Ausência temporária: Ajuda", "Frånvaro: Hjälp", "Fravær: Hjelp", "Poissaoloviesti: Apua", "Nieobecność: Pomoc",
    "Automatická odpoveď: Pomoc", "Házon kívül: Segítség", "Нет на месте: Помощь", "Ofis dışında: Yardım", "【自動返信】お問い合わせ",
    "不在通知: 質問", "自動答覆: 問題", "不在办公室: 问题", "부재중: 질문", "תשובה אוטומטית: עזרה", "رد تلقائي: مساعدة",
    "Trả lời tự động: x",
]  # fmt: skip


@pytest.mark.parametrize("subject", ABSENCES)
def test_the_subject_of_an_absence_withholds_an_answer_and_beside_a_mark_it_is_an_auto_reply(subject: str) -> None:
    for alone in (a_reading(subject=subject), a_reading("In-Reply-To: <a@example.org>", subject=subject)):
        assert (alone.kind, alone.answer) == (Kind.WRITTEN, False), "words only withhold an answer; a person answers mails, too"
    for mark in ("Auto-Submitted: auto-generated", "Precedence: bulk", "X-Auto-Response-Suppress: All"):
        assert a_reading(mark, subject=subject).kind is Kind.AUTO_REPLY


NO_ABSENCES = [
    "Out of office printer is broken", "Urlaub beantragen", "Abwesenheit eintragen", "Ausente del sistema", "Absence de réseau",
    "Vacation request form", "Autoreply does not work", "Frånvaro i systemet", "Who is out of the office printer's owner?",
    "Poissa käytöstä", "Re: Automatic reply: Help", "Ich habe eine automatische Antwort bekommen",
]  # fmt: skip


@pytest.mark.parametrize("subject", NO_ABSENCES)
def test_a_subject_about_absences_is_a_persons(subject: str) -> None:
    found = a_reading("In-Reply-To: <a@example.org>", subject=subject)
    assert (found.kind, found.answer) == (Kind.WRITTEN, True)


MARKS = [
    # header, kind
    ("X-YMail-Vacation: 1", Kind.AUTO_REPLY),
    ("X-HelpScout-Auto-Reply: yes", Kind.AUTO_REPLY),
    ("X-Mailer-Autoreply: yes", Kind.AUTO_REPLY),
    ("X-Auto-Reply: true", Kind.AUTO_REPLY),
    ("X-MDAutoResponder: yes", Kind.AUTO_REPLY),
    ("X-Loop: Virtual Vacation", Kind.AUTO_REPLY),
    ("X-Mailer: vacation 1.2", Kind.AUTO_REPLY),
    ("X-Acme-Vacation-Reply: yes", Kind.AUTO_REPLY),
    ("X-BeenThere: team@lists.example.com", Kind.LIST),
    ("X-ML-Name: team", Kind.LIST),
    ("X-OTRS-Loop: yes", Kind.WRITTEN),
    ("X-RT-Loop-Prevention: desk", Kind.WRITTEN),
    ("X-JIRA-FingerPrint: 0123", Kind.WRITTEN),
    ("X-Cron-Env: <SHELL=/bin/sh>", Kind.WRITTEN),
]


@pytest.mark.parametrize(("header", "kind"), MARKS)
def test_a_machines_own_header_is_never_answered(header: str, kind: Kind) -> None:
    found = a_reading(header)
    assert (found.kind, found.answer) == (kind, False)


def test_a_header_that_says_no_auto_reply_is_harmless() -> None:
    """(fault 61)"""
    assert a_reading("X-Foo-Autoreply: false", "X-Loopback: yes", "X-Spam-Autolearn: ham").answer


@pytest.mark.parametrize(
    "header",
    [
        "X-MS-Exchange-AutoReply-Suppress: all", "X-Autoreply-Suppress: true", "X-Desk-Skip-Autoresponse: true",
        "X-Acme-Autoreply-Enabled: disabled", "X-Disable-Auto-Response: 1", "X-No-Auto-Reply: yes", "X-Do-Not-Autorespond: 1",
    ],
)  # fmt: skip
def test_whoever_wants_no_automatic_reply_is_none_himself(header: str) -> None:
    assert a_reading(header).kind is Kind.WRITTEN


@pytest.mark.parametrize("header", ["X-Mailer: VacationHomes 2.0", "X-Acme-Vacation-Balance: 12"])
def test_a_person_may_work_where_vacations_are_the_trade(header: str) -> None:
    assert (found := a_reading(header)).kind is Kind.WRITTEN and found.answer


def test_statistics_of_mail_hosts_are_not_answered() -> None:
    assert not a_reading(subject="Report Domain: example.org Submitter: isp.example Report-ID: <1>").answer
    assert a_reading(subject="Report domain: who owns it?").answer


def test_a_providers_complaint_may_say_in_a_sentence_what_it_is() -> None:
    def complaint(words: str) -> Kind:
        parts = f"--b\n\n{words}\n--b\nContent-Type: message/rfc822\n\nFrom: support@example.org\nSubject: x\n\nhello\n--b--\n"
        head = "From: scomp@isp.example\nSubject: Email Feedback Report for IP 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n"
        return read((head + parts).encode(), None, RING).kind

    assert complaint("This is an email abuse report for an email message") is Kind.COMPLAINT
    assert complaint("What do I do with this?") is Kind.WRITTEN
