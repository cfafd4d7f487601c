"""What stands below a mail's words is folded, and only that."""

from __future__ import annotations

import pytest

from mailgate.understand.text.body import cut

TEXT = "The toner is empty.\n\nCan you send two?"

BELOW = [
    "-- \nAnn Lee\nHouse 4",
    "--\nAnn Lee",
    "Kind regards,\nAnn",
    "Best regards,\n\nAnn Lee\nPurchasing, Example Ltd\n+44 20 5550 0100\nwww.example.net",
    "Thanks and regards\nAnn",
    "Mit freundlichen Grüßen\n\nEva Brandt\nEinkauf",
    "Viele Gruesse\nEva",
    "MfG\nE. Brandt",
    "Cordialement,\nZoé",
    "Saludos cordiales,\nRosa Vidal",
    "Distinti saluti\nLuca",
    "Com os melhores cumprimentos,\nRui Costa",
    "Met vriendelijke groet,\n\nSanne de Wit",
    "Med vänlig hälsning\nÅsa",
    "Mvh\nBo",
    "Hilsen\nSøren",
    "Ystävällisin terveisin\nAino",
    "Pozdrawiam,\nJan",
    "S pozdravem\nPetr Novák",
    "Üdvözlettel,\nÉva",
    "Cu stimă,\nIon",
    "Saygılarımla,\nAyşe",
    "С уважением,\nАнна",
    "З повагою\nОлена",
    "Με εκτίμηση,\nΕλένη",
    "בברכה,\nדנה",
    "Trân trọng,\nLan",
    "/Åsa",
    "Kind regards,\nAnn\n\nThis e-mail and any attachments are confidential and intended for the recipient only.\nDelete it otherwise.",
    "This message contains confidential information and is intended only for the recipient named.",
    "Diese E-Mail enthält vertrauliche Informationen.\nWenn Sie nicht der richtige Adressat sind, löschen Sie sie.",
    "Ce message et toutes les pièces jointes sont confidentiels.",
    "________________________________\nThe information contained in this message is confidential.",
    "_______________________________________________\nusers mailing list\nusers@lists.example.org\nhttps://lists.example.org/listinfo/users",
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Sent from my TI-85",
    "Sent from my cell, please excuse any typos.",
    "Get Outlook for Android<https://example.net/o>",
    "(sent from a phone)",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Envoyé de mon iPhone",
    "Envoyé depuis l'application Yahoo Mail",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verzonden vanaf mijn Galaxy",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "iPhone’umdan gönderildi",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "Στάλθηκε από το iPhone μου",
    "iPhoneから送信",
    "发自我的iPhone",
    "從我的 iPhone 傳送",
    "나의 iPhone에서 보냄",
    "נשלח מה-iPhone שלי",
    "Sent from my iPhone\nSent via Yahoo Mail",
]


@pytest.mark.parametrize("below", BELOW)
def test_a_signature_is_folded_and_not_lost(below: str) -> None:
    found = cut(f"{TEXT}\n\n{below}\n")
    assert (found.new, found.signature) == (TEXT, below)


@pytest.mark.parametrize("below", BELOW)
def test_it_is_found_above_a_quote_as_well(below: str) -> None:
    found = cut(f"{TEXT}\n\n{below}\n\nOn Mon, 2 Mar 2026 at 16:40 Support <support@example.org> wrote:\n> Is it empty?\n")
    assert (found.new, found.signature) == (TEXT, below)


def test_an_empty_signature_leaves_no_dashes_behind() -> None:
    assert cut(f"{TEXT}\n\n-- \n\nOn Mon, 2 Mar 2026 at 16:40 Support <support@example.org> wrote:\n> Is it empty?\n").new == TEXT
    assert cut(f"{TEXT}\n\n--\n").new == TEXT


CONTENT = [
    "Thanks,\nAnn",  # somebody may wait for thanks; and they are short
    "Kind regards",
    "Kind regards to your colleague, she was very helpful.",
    "Regards\nthe second printer: it has the same fault!",
    "Best regards,\nAnn\n\nP.S. The door code is 4711.",
    "Best regards,\nAnn\n\nWhen will you come?",
    "Best regards,\nAnn\n\nOne more thing that I forgot to mention is the scanner.",
    "Regards\n#close",
    "best\nof all would be a new one.",
    "Sent from the machine room, where it is loud.",
    "Sent by mistake, what happened?",
    "Sent by happy people.",
    "Sent from my desk, which beats the phone.",
    "Sent via courier on Monday, have you got it?",
    "E-posta gönderildi",
    "Ich habe die Mail gesendet",
    "Sent with love from Belgium",
    "Diese E-Mail kommt jeden Tag zweimal. Woran liegt das?",
    "Think it over, please, before you print anything.",
    "This message appears on the screen: out of paper.",
    "__________________\nwas on the page, nothing else.",
    "-- first point\n-- second point",
    "a / b",
    "/var is full",
]


@pytest.mark.parametrize("below", CONTENT)
def test_words_of_the_author_stay(below: str) -> None:
    found = cut(f"{TEXT}\n\n{below}")
    assert (found.new, found.signature) == (f"{TEXT}\n\n{below}", "")


@pytest.mark.parametrize(
    "text", ["Kind regards,\nAnn", "Sent from my iPhone", "-- \nAnn", "This e-mail and any attachments are confidential."]
)
def test_a_mail_that_is_nothing_but_a_signature_stays(text: str) -> None:
    assert cut(text).new == text


def test_a_companys_banner_on_top_is_folded_so_that_commands_stay_on_top() -> None:
    banner = "CAUTION: This email originated from outside of the organization."
    found = cut(f"{banner}\n\n#take\n\nI look at it.")
    assert (found.new, found.signature) == ("#take\n\nI look at it.", banner)
    assert cut(f"#take\n\n{banner}").new == f"#take\n\n{banner}"


def test_two_signatures_one_above_the_other_are_both_folded() -> None:
    found = cut(f"{TEXT}\n\nBest regards,\nAnn\n\n--\nAnn Lee\nHouse 4\n\nSent from my iPhone")
    assert found.new == TEXT
    assert found.signature == "Best regards,\nAnn\n\n--\nAnn Lee\nHouse 4\n\nSent from my iPhone"
