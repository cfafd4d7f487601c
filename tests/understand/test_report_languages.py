"""Reports in the languages in which servers write them, and what machines say about parcels, absences and mail that is no report."""

from __future__ import annotations

import pytest

from mailgate.model.mail import Kind, Reading
from mailgate.model.token import Keyring
from mailgate.understand import read

RING = Keyring((b"a key only for tests, 32 octets!",))
GONE = "gone@example.com"


def a_reading(author: str, subject: str, text: str, *headers: str, reverse_path: str | None = None) -> Reading:
    head = [f"From: {author}", "To: support@example.org", f"Subject: {subject}", *headers, "MIME-Version: 1.0"]
    kind = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return read("\r\n".join([*head, *kind, "", *text.split("\n")]).encode(), reverse_path, RING)


#: What the server says (the recipient stands where the braces are), what has happened, whether the address itself does not work.
SAID = [
    ("de", "Fehler bei der Nachrichtenzustellung an folgende Empfänger:\n\n{}\nDie Adresse konnte nicht gefunden werden.", "failed", True),
    ("de, in a sentence", "Ihre Nachricht wurde nicht an {} zugestellt, weil die Adresse nicht gefunden wurde.", "failed", True),
    ("de, full", "Fehler bei der Nachrichtenzustellung an:\n\n{}\nDas Postfach des Empfängers ist voll.", "failed", False),
    ("de, late", "Die Zustellung an folgende Empfänger wurde verzögert:\n\n{}\nEs wird weiterhin versucht.", "delayed", False),
    ("fr", "Votre message n'est pas parvenu à {}, car l'adresse est introuvable.", "failed", True),
    ("fr, full", "Échec de la remise :\n\n{}\nLa boîte de messagerie du destinataire est pleine.", "failed", False),
    ("fr, relayed", "La remise est terminée, mais aucune notification de remise n'a été envoyée :\n\n{}", "relayed", False),
    ("es", "Tu mensaje no se ha entregado a {} porque no se ha encontrado la dirección.", "failed", True),
    ("it", "Recapito non riuscito:\n\n{}\nL'indirizzo immesso non è stato trovato.", "failed", True),
    ("pt", "Sua mensagem não foi entregue em {} porque o endereço não foi encontrado.", "failed", True),
    ("nl", "Bezorging aan de volgende geadresseerden is mislukt:\n\n{}\nHet adres is niet gevonden.", "failed", True),
    ("sv", "Det gick inte att leverera till följande mottagare:\n\n{}\nAdressen kunde inte hittas.", "failed", True),
    ("da", "Levering til disse modtagere mislykkedes:\n\n{}\nAdressen blev ikke fundet.", "failed", True),
    ("no", "Levering til disse mottakerne mislyktes:\n\n{}\nFinner ikke e-postadressen.", "failed", True),
    ("fi", "Toimitus seuraaville vastaanottajille epäonnistui:\n\n{}\nOsoitetta ei löydy.", "failed", True),
    ("pl", "Nie można dostarczyć wiadomości do adresatów:\n\n{}\nNie znaleziono adresu.", "failed", True),
    ("cs", "Doručení těmto příjemcům se nezdařilo:\n\n{}\nZadanou adresu nelze najít.", "failed", True),
    ("hu", "A kézbesítés a következő címzetteknek nem sikerült:\n\n{}\nA cím nem található.", "failed", True),
    ("tr", "Aşağıdaki alıcılara teslim başarısız oldu:\n\n{}\nAdres bulunamadı.", "failed", True),
    ("ru", "Не удалось доставить сообщение:\n\n{}\nАдрес не найден.", "failed", True),
    ("fr, for good", "Échec de la remise :\n\n{}\nIl peut s'agir d'un problème temporaire, réessayez plus tard.", "failed", False),
    ("ru, late", "Сообщение еще не доставлено: {}\nСервер продолжит попытки.", "delayed", False),
    ("ja", "{} にメールを送信できませんでした。アドレスが見つかりません。", "failed", True),
    ("ja, late", "次の受信者への配信が遅延しています:\n\n{}\nまだ配信されていません。", "delayed", False),
    ("ja, relayed", "配信は完了しましたが、配信通知は送信されませんでした:\n\n{}", "relayed", False),
    ("zh", "无法将邮件传递到以下收件人:\n\n{}\n找不到您输入的地址。", "failed", True),
    ("zh, traditional", "傳遞至下列收件者時失敗:\n\n{}\n找不到您輸入的地址。", "failed", True),
    ("ko", "다음 받는 사람에게 배달하지 못했습니다.\n\n{}\n주소를 찾을 수 없습니다.", "failed", True),
    ("ko, full", "{} 님에게 보낸 메일이 전송되지 못했습니다.\n메일함이 가득 찼습니다.", "failed", False),
    ("a language that no table knows", "Ní féidir an teachtaireacht: {}", "failed", False),
]


@pytest.mark.parametrize(("text", "action", "hard"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_a_report_is_read_in_the_language_of_its_server(text: str, action: str, hard: bool) -> None:
    found = a_reading("Mail Delivery Subsystem <mailer-daemon@mx.example.net>", "Delivery", text.format(GONE))
    assert [(one.recipient, one.action, one.hard) for one in found.mail.reports] == [(GONE, action, hard)]
    assert found.kind is (Kind.BOUNCE if action == "failed" else Kind.DELIVERY_NOTICE)


@pytest.mark.parametrize("text", [row[1] for row in SAID[:-1]], ids=[row[0] for row in SAID[:-1]])
def test_a_postmaster_with_a_null_path_is_read_in_each_of_them(text: str) -> None:
    found = a_reading("Microsoft Outlook <postmaster@example.com>", "Frage", text.format(GONE), reverse_path="")
    assert [one.recipient for one in found.mail.reports] == [GONE]


NO_REPORT = [
    # author, subject, text, headers
    ("Parcels <noreply@parcel.example>", "Ihr Paket", "Ihr Paket konnte nicht zugestellt werden.\n\nFragen: help@parcel.example", ()),
    ("Parcels <noreply@parcel.example>", "Delivery failed", "Your parcel could not be delivered.\n\nhelp@parcel.example", ()),
    ("宅配 <noreply@parcel.example>", "=?utf-8?B?44GU6YCj57Wh?=", "お届けできませんでした。\n\ninfo@parcel.example", ()),
    ("Bank <noreply@bank.example>", "Payment rejected", "Your payment was rejected. Contact service@bank.example", ()),
    ("Store <no_reply@store.example>", "Your app", "Your message was rejected. Guideline 5.1.1: write to dev@store.example", ()),
    ("Food <noreply@food.example>", "Rejected", "Delivery to the following address failed: jo@example.com. 550 points are refunded.", ()),
    ("Admin <admin@firm.example>", "Nicht zugestellt", "Die Lieferung wurde nicht zugestellt, bitte an lager@firm.example melden.", ()),
    ("News <bounce@news.example>", "Ten tips", "When a message could not be delivered:\n\nUnsubscribe: news@news.example", ()),
    ("Ann <ann@example.com>", "My parcel", "I could not deliver the parcel to jo@example.com", ("Return-Path: <>",)),
    ("mon@example.com", "PROBLEM: mail queue", "Mails to jo@example.com delayed for more than 4 hours", ("Return-Path: <>",)),
    ("Bob <noreply@social.example>", "A message", "Ihre Nachricht wurde noch nicht zugestellt.\n\nDiese Mail ging an kim@example.org", ()),
]


@pytest.mark.parametrize(("author", "subject", "text", "headers"), NO_REPORT)
def test_a_parcel_or_an_alarm_that_speaks_of_delivery_is_no_report(author: str, subject: str, text: str, headers: tuple[str, ...]) -> None:
    found = a_reading(author, subject, text, *headers)
    assert (found.kind, found.mail.reports) == (Kind.WRITTEN, ())


def test_who_has_left_and_names_a_deputy_has_not_bounced_and_the_deputy_least_of_all() -> None:
    text = "Ann is no longer employed here. Your message has not been delivered. Please write to bob@example.com instead."
    found = a_reading("Ann <ann@example.com>", "Automatic reply: Help", text, "Auto-Submitted: auto-replied", reverse_path="")
    assert (found.kind, found.mail.reports) == (Kind.AUTO_REPLY, ())


def test_a_sentence_that_mentions_the_returned_mail_is_not_where_it_begins() -> None:
    said = "Below is a list of the affected recipients; attached is a report as\nwell as the headers of the original message."
    text = f"{said}\n\n  {GONE}: 550 5.1.1 no"
    (report,) = a_reading("MAILER-DAEMON <>", "Undelivered", text).mail.reports
    assert (report.recipient, report.status) == (GONE, "5.1.1")


def test_a_code_beside_a_recipient_says_as_much_as_a_sentence_under_a_reports_subject() -> None:
    text = f"The account is closed.\n\n<{GONE}>: 550 user unknown"
    assert [one.recipient for one in a_reading("Postmaster@example.com", "Returned Mail", text).mail.reports] == [GONE]


@pytest.mark.parametrize("author", ["postmaster@example.com", "Postmaster <>"])
def test_a_server_that_answers_our_mail_with_a_null_path_is_read(author: str) -> None:
    text = f"Error message below:\n550 - Requested action not taken: no such user here\n\n  RCPT TO: {GONE}"
    found = a_reading(author, "Re: Your question", text, "In-Reply-To: <a@example.org>", reverse_path="")
    assert [(one.recipient, one.hard) for one in found.mail.reports] == [(GONE, True)]
