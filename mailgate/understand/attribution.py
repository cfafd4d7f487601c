"""The words with which mail programs introduce what they quote, as data: a language is one row in each table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Attribution(NamedTuple):
    """`On <date>, <name> wrote:`: how such a line may begin and which verb it holds. All lower case."""

    language: str
    opens: tuple[str, ...]
    verbs: tuple[str, ...]


ATTRIBUTIONS = (
    Attribution("en", ("on ", "at ", "in a message dated "), ("wrote", "writes", "said", "wrote/a écrit")),
    Attribution("de", ("am ", "den ", "um "), ("schrieb", "geschrieben", "schrieben", "meinte")),
    Attribution("fr", ("le ", "en date de "), ("a écrit", "écrit", "écrivait")),
    Attribution("es", ("el ", "en "), ("escribió", "escribio")),
    Attribution("it", ("il ", "in data ", "il giorno "), ("ha scritto", "scritto", "scrive")),
    Attribution("pt", ("em ", "no dia ", "a "), ("escreveu",)),
    Attribution("nl", ("op ",), ("schreef", "heeft het volgende geschreven", "geschreven")),
    Attribution("da", ("den ", "d. "), ("skrev",)),
    Attribution("sv", ("den ",), ("skrev",)),
    Attribution("nb", ("den ", "på "), ("skrev",)),
    Attribution("fi", (), ("kirjoitti",)),
    Attribution("pl", ("w dniu ", "dnia "), ("napisał", "napisała", "napisał(a)", "pisze")),
    Attribution("cs", ("dne ",), ("napsal", "napsala", "napsal(a)")),
    Attribution("hu", (), ("írta", "ezt írta")),
    Attribution("ro", ("pe ", "în "), ("a scris",)),
    Attribution("tr", (), ("şunu yazdı", "yazdı")),
    Attribution("ru", (), ("написал", "написала", "пишет", "написав")),
    Attribution("uk", (), ("пише", "написав")),
    Attribution("el", ("στις ",), ("έγραψε",)),
    Attribution("ja", (), ("さんは書きました", "のメール")),
    Attribution("zh", ("在",), ("写道", "寫道")),
    Attribution("ko", (), ("작성", "님이 작성")),
)

#: Words that stand alone between dashes above a quoted mail, lower case.
SEPARATORS = (
    "original message", "original-nachricht", "ursprüngliche nachricht", "originalnachricht", "urspr. nachricht",
    "weitergeleitete nachricht", "forwarded message",
    "begin forwarded message", "original email", "original appointment", "message d'origine", "message original", "mensaje original",
    "messaggio originale",
    "messaggio inoltrato", "mensagem original", "oorspronkelijk bericht", "oprindelig meddelelse", "ursprungligt meddelande",
    "originalmeddelande", "opprinnelig melding",
    "alkuperäinen viesti", "wiadomość oryginalna", "původní zpráva", "eredeti üzenet", "mesaj original", "özgün ileti",
    "исходное сообщение", "пересылаемое сообщение",
    "原始邮件", "原始郵件", "元のメッセージ", "원본 메시지", "reply message", "ursprungsnachricht", "mensaje reenviado",
    "message transféré",
    "doorgestuurd bericht",
)  # fmt: skip

#: What a header line of a quoted mail says, in the languages of mail programs: word -> role. Three roles, one of them "from", make a block.
_ROLES: Mapping[str, tuple[str, ...]] = {
    "from": (
        "from", "von", "de", "da", "van", "fra", "från", "lähettäjä", "od", "feladó", "de la", "kimden", "gönderen", "от", "від", "από",
        "差出人", "发件人", "寄件者", "寄件人",
        "보낸 사람", "expéditeur", "remitente", "absender", "mittente",
    ),
    "sent": (
        "sent", "date", "gesendet", "datum", "gesendet am", "envoyé", "envoyé le", "date d'envoi", "enviado", "enviado el", "enviada",
        "enviada em", "fecha", "inviato", "data",
        "verzonden", "sendt", "dato", "skickat", "lähetetty", "päivämäärä", "wysłano", "odesláno", "küldve", "dátum", "trimis", "tarih",
        "gönderildi", "отправлено", "дата",
        "надіслано", "ημερομηνία", "送信日時", "日時", "日付", "发送时间", "日期", "時間", "보낸 날짜", "날짜", "sent on", "sent at",
        "posted at", "posted",
    ),
    "to": (
        "to", "an", "à", "para", "a", "aan", "til", "till", "vastaanottaja", "do", "komu", "címzett", "către", "kime", "кому", "προς",
        "宛先", "收件人", "收件者", "받는 사람",
        "destinataire", "destinatario", "empfänger",
    ),
    "cc": (
        "cc", "kopie", "kopie (cc)", "copie", "copia", "kopia", "kopi", "másolat", "копия", "bcc", "blindkopie", "抄送", "副本", "참조",
        "dw",
    ),
    "subject": (
        "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "emne", "ämne", "aihe", "temat", "předmět", "tárgy",
        "subiect", "konu", "тема", "θέμα", "件名",
        "主题", "主旨", "제목", "betr", "re",
    ),
    "more": (
        "reply-to", "antwort an", "importance", "wichtigkeit", "priority", "priorität", "attachments", "anlagen", "anhänge",
        "organization", "répondre à", "responder a", "size", "message-id",
    ),
}  # fmt: skip

HEADER_WORDS: Mapping[str, str] = {word: role for role, words in _ROLES.items() for word in words}

#: Lines that a phone or app adds below a mail, lower case: the line begins so.
MOBILE = (
    "sent from ", "sent via ", "sent with ", "sent by ", "get outlook for ", "sent using ",
    "von meinem ", "von unterwegs gesendet", "gesendet von ", "gesendet mit ", "gesendet aus ", "holen sie sich outlook",
    "outlook für ios", "outlook für android",
    "diese nachricht wurde von meinem ", "envoyé de mon ", "envoyé depuis ", "enviado desde mi ", "enviado do meu ", "inviato da ",
    "verstuurd vanaf ", "verzonden vanaf ",
    "skickat från ", "sendt fra ", "wysłane z ", "отправлено с ", "iphoneから送信", "发自我的", "從我的 ", "나의 iphone에서 보냄",
    "lähetetty ",
    "odesláno z ",
)  # fmt: skip
#: Openings that people use as well: there the device must follow within four words.
OPEN_MOBILE = frozenset(
    {
        "sent from ",
        "sent via ",
        "sent with ",
        "sent by ",
        "sent using ",
        "gesendet von ",
        "gesendet mit ",
        "gesendet aus ",
        "von meinem ",
        "inviato da ",
        "sendt fra ",
    }
)
#: Where a phone's line holds no brand it must name a device, so that "sent by mistake, sorry" stays.
DEVICES = (
    "iphone", "ipad", "android", "samsung", "galaxy", "blackberry", "windows", "outlook", "mobile", "mobil", "handy", "smartphone",
    "phone", "yahoo", "proton", "gmx", "web.de", "gmail", "mail",
    "tablet", "huawei", "xiaomi", "nokia", "htc", "lg", "sony", "pixel", "app", "bluemail", "telekom", "superhuman", "spark", "telefon",
    "gsm", "unterwegs", "móvil", "mobiel", "watch", "mac", "k-9",
)  # fmt: skip
