"""How mail programs introduce a quote, each in its own words and in many languages."""

from __future__ import annotations

import textwrap

import pytest

from mailgate.understand.text.body import cut

QUOTE = "> Have you tried\n> turning it off?"
WHO = "Support <support@example.org>"

#: language -> the line as Gmail, Apple Mail or Thunderbird writes it.
LINES = {
    "en Gmail": f"On Mon, Mar 2, 2026 at 4:40 PM {WHO} wrote:",
    "en Apple": f"On 2 Mar 2026, at 16:40, {WHO} wrote:",
    "en Yahoo": f"On Monday, March 2, 2026, 04:40:12 PM GMT+1, {WHO} wrote:",
    "en Lotus": "Support/Desk/EXAMPLE@EXAMPLE wrote on 03/02/2026 04:40:12 PM:",
    "en no address": "On 02/03/2026 16:40, Support wrote:",
    "en reversed": f"{WHO} wrote on 2 March 2026 at 16:40:",
    "en mailto": "On Mon, Mar 2, 2026 at 4:40 PM Support <support@example.org<mailto:support@example.org>> wrote:",
    "de Gmail": f"Am Mo., 2. März 2026 um 16:40 Uhr schrieb {WHO}:",
    "de Apple": f"Am 02.03.2026 um 16:40 schrieb {WHO}:",
    "de Thunderbird": "Am 02.03.26 um 16:40 schrieb Support:",
    "de reversed": f"{WHO} schrieb am Mo., 2. März 2026, 16:40:",
    "de GMX": f"Gesendet: Montag, 02. März 2026 um 16:40 Uhr schrieb {WHO}:",
    "fr Gmail": f"Le lun. 2 mars 2026 à 16:40, {WHO} a écrit :",
    "fr Thunderbird": "Le 02/03/2026 à 16:40, Support a écrit :",
    "es Gmail": "El lun, 2 mar 2026 a las 16:40, Soporte (<support@example.org>) escribió:",
    "ca Gmail": f"El dl., 2 de març 2026, 16:40, {WHO} va escriure:",
    "it Gmail": f"Il giorno lun 2 mar 2026 alle ore 16:40 {WHO} ha scritto:",
    "it Thunderbird": "Il 02/03/2026 16:40, Support ha scritto:",
    "pt Gmail": f"Em seg., 2 de mar. de 2026 às 16:40, {WHO} escreveu:",
    "nl Gmail": f"Op ma 2 mrt 2026 om 16:40 schreef {WHO}:",
    "nl Apple": f"Op 2 mrt. 2026, om 16:40 heeft {WHO} het volgende geschreven:",
    "pl Gmail": f"pon., 2 mar 2026 o 16:40 {WHO} napisał(a):",
    "pl Thunderbird": "W dniu 2.03.2026 o 16:40, Support pisze:",
    "cs Gmail": f"po 2. 3. 2026 v 16:40 odesílatel {WHO} napsal:",
    "cs Thunderbird": "Dne 02. 03. 26 v 16:40 Support napsal(a):",
    "sk Gmail": f"po 2. 3. 2026 o 16:40 {WHO} napísal(a):",
    "sv Gmail": f"Den mån 2 mars 2026 kl 16:40 skrev {WHO}:",
    "sv Apple": f"2 mars 2026 kl. 16:40 skrev {WHO}:",
    "da Gmail": f"Den man. 2. mar. 2026 kl. 16.40 skrev {WHO}:",
    "nb Gmail": f"man. 2. mars 2026 kl. 16:40 skrev {WHO}:",
    "fi Gmail": "ma 2. maalisk. 2026 klo 16.40 Support (support@example.org) kirjoitti:",
    "hu Gmail": f"{WHO} ezt írta (időpont: 2026. márc. 2., H, 16:40):",
    "ro Gmail": f"În lun., 2 mar. 2026 la 16:40, {WHO} a scris:",
    "tr Gmail": f"{WHO}, 2 Mar 2026 Pzt, 16:40 tarihinde şunu yazdı:",
    "ru Gmail": f"пн, 2 мар. 2026 г. в 16:40, {WHO}:",
    "ru Thunderbird": "02.03.2026 16:40, Support пишет:",
    "uk Gmail": f"пн, 2 бер. 2026 р. о 16:40 {WHO} пише:",
    "bg Gmail": f"На пн, 2.03.2026 г. в 16:40 {WHO} написа:",
    "el Gmail": f"Στις Δευ 2 Μαρ 2026 στις 4:40 μ.μ., ο χρήστης {WHO} έγραψε:",
    "hr Gmail": f"pon, 2. ožu 2026. u 16:40 {WHO} napisao je:",
    "sl Gmail": f"V V pon., 2. mar. 2026 ob 16:40 je oseba {WHO} napisala:",
    "lt Gmail": f"2026-03-02, pr, 16:40 {WHO} rašė:",
    "ja Gmail": f"2026年3月2日(月) 16:40 {WHO}:",
    "ja Apple": f"2026/03/02 16:40、{WHO}のメール：",
    "zh-CN Gmail": f"{WHO} 于2026年3月2日周一 16:40写道：",
    "zh-TW Gmail": f"{WHO} 於 2026年3月2日 週一 下午4:40寫道：",
    "zh Apple": f"在 2026年3月2日，16:40，{WHO} 写道：",
    "ko Gmail": f"2026년 3월 2일 (월) 오후 4:40, {WHO}님이 작성:",
    "he Gmail": "\u202bבתאריך יום ב׳, 2 במרץ 2026 ב-16:40 מאת \u202aSupport\u202c\u200f <\u202asupport@example.org\u202c\u200f>:\u202c",
    "ar Gmail": f"في الاثنين، 2 مارس 2026 في 4:40 م تمت كتابة ما يلي بواسطة {WHO}:",
    "vi Gmail": f"Vào Th 2, 2 thg 3, 2026 vào lúc 16:40 {WHO} đã viết:",
    "id Gmail": f"Pada Sen, 2 Mar 2026 pukul 16.40 {WHO} menulis:",
    "th Gmail": f"ในวันที่ จ. 2 มี.ค. 2026 เวลา 16:40 {WHO} เขียนว่า:",
    "no verb": f"2026-03-02 16:40 GMT+01:00 {WHO}:",
    "no colon": f"2026/3/2 {WHO}",
}


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_quote_goes_with_the_line_that_introduces_it(name: str) -> None:
    found = cut(f"It works now.\n\n{LINES[name]}\n\n{QUOTE}\n")
    assert found.new == "It works now."
    assert found.quoted == f"{LINES[name]}\n\n{QUOTE}"


@pytest.mark.parametrize("name", sorted(name for name, line in LINES.items() if line.count(" ") > 3 and name != "no colon"))
def test_an_attribution_may_be_wrapped(name: str) -> None:
    wrapped = "\n".join(textwrap.wrap(LINES[name], max(40, len(LINES[name]) // 2 + 4), break_on_hyphens=False, break_long_words=False))
    found = cut(f"It works now.\n\n{wrapped}\n\n{QUOTE}\n")
    assert found.new == "It works now."
    assert found.quoted == f"{wrapped}\n\n{QUOTE}"


@pytest.mark.parametrize("name", sorted(name for name, line in LINES.items() if "support@" in line and name != "no colon"))
def test_one_with_an_address_a_date_and_a_time_ends_the_new_text_even_where_nothing_is_marked(name: str) -> None:
    found = cut(f"It works now.\n\n{LINES[name]}\n\nHave you tried turning it off?\n")
    assert found.new == "It works now."


@pytest.mark.parametrize("name", ["en Gmail", "de Apple", "fr Gmail", "pl Thunderbird", "no colon", "ja Gmail"])
def test_below_the_quote_is_as_new_as_above(name: str) -> None:
    assert cut(f"{LINES[name]}\n{QUOTE}\n\nYes, twice.").new == "Yes, twice."


@pytest.mark.parametrize("dashes", ["", " ---", "--- "])
def test_an_attribution_may_share_its_line_with_the_last_words(dashes: str) -> None:
    found = cut(f"Thanks, done.{dashes} On Mon, Mar 2, 2026 at 4:40 PM, support@example.org wrote:\n{QUOTE}")
    assert found.new == "Thanks, done."
    assert found.quoted.endswith(QUOTE)


@pytest.mark.parametrize(
    "text",
    [
        "I asked him on Mon, Mar 2, 2026 at 4:40 PM, and support@example.org wrote:\n\nno answer at all.",
        "My server says\n\n<ann@example.com>: host mx.example.com[198.51.100.26] said:\n550 5.1.1 no such user",
        "  ann@example.com:\n    host mx.example.com [198.51.100.26]:\n    553 5.1.1 unknown user:\n    ann@example.com\n\nWhy is that?",
        "In my log there is: on Mon, Mar 2, 2026 at 4:40 PM support@example.org said hello:\n  220 ready",
    ],
)
def test_words_that_only_look_shared_stay_where_nothing_is_quoted(text: str) -> None:
    assert cut(text).new == text


@pytest.mark.parametrize(
    "quote",
    ["| Have you tried\n| turning it off?", "Ann> Have you tried\nAnn> turning it off?", "» Have you tried\n» turning it off?"],
    ids=["bars", "names", "guillemets"],
)
def test_quotes_with_other_marks_are_believed_below_an_attribution_only(quote: str) -> None:
    assert cut(f"It works now.\n\n{LINES['en Gmail']}\n\n{quote}\n").new == "It works now."
    assert cut(f"Look at this:\n\n{quote}\n\nIs it right?").quoted == ""


def test_an_attribution_on_top_is_folded_and_the_text_below_it_stays() -> None:
    found = cut(f"{LINES['en Gmail']}\n\nHave you tried turning it off?\n\nYes, twice.")
    assert found.new == "Have you tried turning it off?\n\nYes, twice."
    assert found.quoted == LINES["en Gmail"]


def test_an_address_in_a_paragraph_of_its_own_still_belongs_to_its_attribution() -> None:
    found = cut(
        "It works now.\n\nOn Mon, 2 Mar 2026 at 16:40 Support\n\n<\nmailto:Support <support@example.org>\n> wrote:\n\nHave you tried?"
    )
    assert found.new == "It works now."


# --- header blocks and separators ---------------------------------------------------------------------------------------------

#: language -> the words of Outlook's header block.
BLOCKS = {
    "en": ("From", "Sent", "To", "Subject"), "de": ("Von", "Gesendet", "An", "Betreff"), "fr": ("De", "Envoyé", "À", "Objet"),
    "es": ("De", "Enviado", "Para", "Asunto"), "ca": ("De", "Enviat", "Per a", "Assumpte"), "it": ("Da", "Inviato", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"), "nl": ("Van", "Verzonden", "Aan", "Onderwerp"), "pl": ("Od", "Wysłano", "Do", "Temat"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"), "sk": ("Od", "Odoslané", "Komu", "Predmet"), "sv": ("Från", "Skickat", "Till", "Ämne"),
    "da": ("Fra", "Sendt", "Til", "Emne"), "nb": ("Fra", "Sendt", "Til", "Emne"), "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "et": ("Saatja", "Saadetud", "Adressaat", "Teema"), "hu": ("Feladó", "Küldve", "Címzett", "Tárgy"),
    "ro": ("De la", "Trimis", "Către", "Subiect"), "tr": ("Kimden", "Gönderildi", "Kime", "Konu"), "hr": ("Od", "Poslano", "Prima",
    "Predmet"),
    "sl": ("Od", "Poslano", "Za", "Zadeva"), "ru": ("От", "Отправлено", "Кому", "Тема"), "uk": ("Від", "Надіслано", "Кому", "Тема"),
    "bg": ("От", "Изпратено", "До", "Относно"), "lt": ("Nuo", "Išsiųsta", "Kam", "Tema"), "lv": ("No", "Nosūtīts", "Kam", "Tēma"),
    "el": ("Από", "Στάλθηκε", "Προς", "Θέμα"), "ja": ("差出人", "送信日時", "宛先", "件名"), "zh-CN": ("发件人", "发送时间", "收件人",
    "主题"),
    "zh-TW": ("寄件者", "寄件日期", "收件者", "主旨"), "ko": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "he": ("מאת", "נשלח", "אל", "נושא"), "ar": ("من", "تاريخ الإرسال", "إلى", "الموضوع"), "vi": ("Từ", "Đã gửi", "Đến", "Chủ đề"),
    "id": ("Dari", "Dikirim", "Kepada", "Perihal"), "th": ("จาก", "ส่ง", "ถึง", "เรื่อง"),
}  # fmt: skip


def block(language: str, form: str = "{}: {}") -> str:
    words = BLOCKS[language]
    return "\n".join(form.format(*pair) for pair in zip(words, (WHO, "2 Mar 2026 16:40", "Ann", "Printer"), strict=True))


@pytest.mark.parametrize("language", sorted(BLOCKS))
def test_below_a_header_block_everything_is_quoted(language: str) -> None:
    for form in ("{}: {}", "*{}:* {}", "{} : {}", "{}：{}"):
        found = cut(f"It works now.\n\n{block(language, form)}\n\nPlease turn it off.\n\nThen on again.")
        assert found.new == "It works now."
        assert found.quoted.endswith("Then on again.")


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----", "-------- Original-Nachricht --------", "-----Message d'origine-----", "----- Mensaje original -----",
        "-----Messaggio originale-----", "-----Mensagem original-----", "-----Oorspronkelijk bericht-----",
        "-----Wiadomość oryginalna-----",
        "-----Původní zpráva-----", "-----Ursprungligt meddelande-----", "-----Oprindelig meddelelse-----", "-----Opprinnelig melding-----",
        "-----Alkuperäinen viesti-----", "-----Eredeti üzenet-----", "-----Mesaj original-----", "-----Özgün İleti-----",
        "-----Исходное сообщение-----", "-----Αρχικό μήνυμα-----", "-----原始邮件-----", "-----Original Message-----  ",
        "---------- Forwarded message ---------", "---------- Weitergeleitete Nachricht ---------", "*----- Original Message -----*",
        "---- On Mon, 02 Mar 2026 16:40:00 +0100 support@example.org wrote ----", "_____ Original Message _____",
    ],
)  # fmt: skip
def test_below_a_separator_everything_is_quoted(line: str) -> None:
    found = cut(f"It works now.\n\n{line}\nHave you tried turning it off?")
    assert found.new == "It works now."


@pytest.mark.parametrize("line", ["Begin forwarded message:", "Anfang der weitergeleiteten Nachricht:", "Début du message réexpédié :"])
def test_apples_line_above_a_forwarded_mail_goes_with_it(line: str) -> None:
    found = cut(f"See below.\n\n{line}\n\nFrom: {WHO}\nDate: 2 Mar 2026 at 16:40\nTo: Ann\n\nHello.")
    assert found.new == "See below."
    assert cut(f"See below.\n\n{line}\n\nmy colleague says hello.").quoted == ""


def test_an_address_and_a_date_with_its_time_make_a_block_of_two_lines_or_of_one() -> None:
    assert cut(f"8:45 is fine.\n\nFrom: {WHO}\nDate: Mon, 2 Mar 2026 16:40:00 +0100\n\nWhen?").new == "8:45 is fine."
    assert cut(f"8:45 is fine.\n\nFrom: {WHO} Date: Mon, 2 Mar 2026 16:40:00 +0100\n\nWhen?").new == "8:45 is fine."
    for prose in (f"From: {WHO}\nDate: unknown", "From: Ann\nDate: Mon, 2 Mar 2026 16:40", "From: 10:00\nTo: 12:00"):
        assert cut(f"Dear all,\n{prose}\nas agreed.").quoted == "", prose


@pytest.mark.parametrize(
    "line",
    [
        "## Please type your reply above this line ##", "-- Reply above this line --", "=-=-= Please reply above this line =-=-=",
        "##- Bitte antworten Sie oberhalb dieser Zeile -##", "## Merci de répondre au-dessus de cette ligne ##",
        "--- Antwoord boven deze regel ---", "*** 在此行上方回复 ***", "-=- Skriv ditt svar ovanför denna rad -=-",
    ],
)  # fmt: skip
def test_marker_lines_of_other_help_desks_end_the_new_text(line: str) -> None:
    assert cut(f"It works now.\n\n{line}\n\nYour ticket is open.").new == "It works now."
    words = line.strip("#*-= ")
    assert cut(f"It works now.\n\n{words}\n\nis what the form says.").quoted == ""
