"""The words with which mail programs introduce what they quote, as data: a language is one row in each table. All in lower case."""

from collections.abc import Mapping
from typing import NamedTuple


class Attribution(NamedTuple):
    """`On <date>, <name> wrote:`: how such a line may begin and which verb it holds."""

    language: str
    opens: tuple[str, ...]
    verbs: tuple[str, ...]


ATTRIBUTIONS = (
    Attribution("en", ("on ", "at ", "in a message dated ", "in message "), ("wrote", "writes", "said", "wrote/a écrit")),
    Attribution("de", ("am ", "den ", "um ", "vom "), ("schrieb", "geschrieben", "schrieben", "meinte")),
    Attribution("fr", ("le ", "en date de ", "à "), ("a écrit", "écrit", "écrivait")),
    Attribution("es", ("el ", "en "), ("escribió", "escribio", "escribe")),
    Attribution("ca", ("el dia ", "el "), ("va escriure", "ha escrit")),
    Attribution("it", ("il ", "in data ", "il giorno ", "alle "), ("ha scritto", "scritto", "scrive")),
    Attribution("pt", ("em ", "no dia ", "a ", "às "), ("escreveu",)),
    Attribution("nl", ("op ",), ("schreef", "heeft het volgende geschreven", "geschreven")),
    Attribution("da", ("den ", "d. ", "på "), ("skrev",)),
    Attribution("sv", ("den ", "på "), ("skrev",)),
    Attribution("nb", ("den ", "på ", "kl. "), ("skrev", "skreiv")),
    Attribution("fi", (), ("kirjoitti",)),
    Attribution("et", (), ("kirjutas",)),
    Attribution("pl", ("w dniu ", "dnia "), ("napisał", "napisała", "napisał(a)", "pisze")),
    Attribution("cs", ("dne ",), ("napsal", "napsala", "napsal(a)")),
    Attribution("sk", ("dňa ",), ("napísal", "napísala", "napísal(a)")),
    Attribution("sl", (), ("je napisal", "je napisala", "napisal/a")),
    Attribution("hr", ("dana ",), ("je napisao", "je napisala", "napisao je", "napisala je")),
    Attribution("sr", ("дана ",), ("је написао", "је написала", "је написао/ла")),
    Attribution("hu", (), ("írta", "ezt írta")),
    Attribution("ro", ("pe ", "în "), ("a scris",)),
    Attribution("tr", (), ("şunu yazdı", "yazdı")),
    Attribution("ru", (), ("написал", "написала", "пишет", "написав")),
    Attribution("uk", (), ("пише", "написав", "написала", "пишуть")),
    Attribution("bg", ("на ",), ("написа",)),
    Attribution("lt", (), ("rašė", "parašė")),
    Attribution("lv", (), ("rakstīja",)),
    Attribution("el", ("στις ",), ("έγραψε",)),
    Attribution("vi", ("vào ", "lúc "), ("đã viết", "viết")),
    Attribution("id", ("pada ",), ("menulis",)),
    Attribution("th", ("เมื่อ ", "ในวันที่ "), ("เขียนว่า", "เขียน")),
    Attribution("he", ("בתאריך ", "ב-"), ("כתב", "כתבה", "מאת")),
    Attribution("ar", ("في ", "بتاريخ "), ("كتب", "كتبت", "تمت كتابة ما يلي")),
    Attribution("fa", ("در ",), ("نوشت",)),
    Attribution("ja", (), ("さんは書きました", "のメール", "は書きました", "wrote")),
    Attribution("zh", ("在", "于", "於"), ("写道", "寫道", "写到", "写了")),
    Attribution("ko", (), ("작성", "님이 작성", "썼습니다")),
)

#: Words that stand alone between dashes above a quoted mail.
SEPARATORS = frozenset(
    (
        # answered
        "original message", "original email", "original appointment", "reply message", "previous message", "quoted message",
        "original-nachricht", "ursprüngliche nachricht", "ursprüngliche mail", "originalnachricht", "urspr. nachricht",
        "ursprungsnachricht", "message d'origine", "message d’origine", "message original", "message initial", "mensaje original",
        "missatge original", "messaggio originale", "messaggio original", "mensagem original", "oorspronkelijk bericht",
        "oorspronkelijke bericht", "origineel bericht", "oprindelig meddelelse", "original meddelelse", "ursprungligt meddelande",
        "originalmeddelande", "originalmeddelelse", "opprinnelig melding", "original melding", "opphavleg melding", "alkuperäinen viesti",
        "algne kiri", "wiadomość oryginalna", "oryginalna wiadomość", "treść oryginalnej wiadomości", "původní zpráva", "původní e-mail",
        "pôvodná správa", "izvirno sporočilo", "izvorna poruka", "originalna poruka", "изворна порука", "eredeti üzenet", "mesaj original",
        "mesajul original", "özgün ileti", "orijinal mesaj", "orjinal mesaj", "исходное сообщение", "исходное письмо",
        "оригинальное сообщение", "оригінальне повідомлення", "вихідне повідомлення", "оригинално съобщение", "originali žinutė",
        "oriģinālais ziņojums", "αρχικό μήνυμα", "thư gốc", "tin nhắn gốc", "pesan asli", "ข้อความต้นฉบับ", "ההודעה המקורית", "הודעה מקורית",
        "الرسالة الأصلية", "原始邮件", "原始郵件", "原邮件", "元のメッセージ", "원본 메시지", "원본메시지",
        # forwarded
        "forwarded message", "forwarded by", "begin forwarded message", "start of forwarded message", "weitergeleitete nachricht",
        "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "début de l'e-mail transféré",
        "début de l’e-mail transféré", "inicio del correo reenviado", "inizio messaggio inoltrato", "start doorgestuurd bericht",
        "weitergeleitete mail", "message transféré", "message transmis", "début du message transféré", "début du message réexpédié",
        "mensaje reenviado", "inicio del mensaje reenviado", "missatge reenviat", "messaggio inoltrato", "inizio messaggio inoltrato",
        "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada",
        "doorgestuurd bericht", "begin doorgestuurd bericht", "videresendt meddelelse", "start på videresendt meddelelse",
        "videresendt besked", "videresendt melding", "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mejl",
        "välitetty viesti", "edastatud kiri", "wiadomość przekazana dalej", "przekazana wiadomość", "początek przekazywanej wiadomości",
        "přeposlaná zpráva", "preposlaná správa", "posredovano sporočilo", "proslijeđena poruka", "továbbított üzenet",
        "mesaj redirecționat", "mesaj redirecţionat", "yönlendirilmiş ileti", "iletilen mesaj", "пересылаемое сообщение",
        "переадресованное сообщение", "пересланное сообщение", "начало переадресованного сообщения", "переслане повідомлення",
        "препратено съобщение", "προωθημένο μήνυμα", "thư đã chuyển tiếp", "pesan terusan", "הודעה שהועברה", "رسالة مُعاد توجيهها",
        "转发邮件", "转发的邮件", "轉寄的郵件", "轉寄郵件", "転送されたメッセージ", "전달된 메시지",
    )
)  # fmt: skip

#: What a header line of a quoted mail says, in the languages of mail programs: word -> role. Three roles, one of them "from", make a block.
_ROLES: Mapping[str, tuple[str, ...]] = {
    "from": (
        "from", "von", "de", "da", "van", "fra", "frå", "från", "lähettäjä", "od", "feladó", "de la", "kimden", "gönderen", "от", "від",
        "από", "差出人", "发件人", "寄件者", "寄件人", "보낸 사람", "보낸사람", "expéditeur", "remitente", "absender", "mittente",
        "remetente", "afzender", "afsender", "avsändare", "avsender", "saatja", "kellelt", "nadawca", "odesílatel", "odesilatel",
        "odosielateľ", "pošiljatelj", "од", "expeditor", "отправитель", "відправник", "подател", "nuo", "no", "siuntėjas", "sūtītājs",
        "αποστολέας", "từ", "người gửi", "dari", "จาก", "מאת", "من", "المرسل", "از", "送信者", "发件者",
    ),
    "sent": (
        "sent", "date", "gesendet", "datum", "gesendet am", "envoyé", "envoyé le", "date d'envoi", "date d’envoi", "enviado", "enviado el",
        "enviada", "enviada em", "enviado em", "fecha", "enviat", "inviato", "data", "data invio", "verzonden", "verzonden op", "sendt",
        "dato", "skickat", "lähetetty", "päivämäärä", "saadetud", "kuupäev", "wysłano", "wysłane", "odesláno", "odoslané", "dátum",
        "poslano", "poslato", "датум", "послато", "küldve", "küldés dátuma", "elküldve", "trimis", "trimis la", "dată", "tarih",
        "gönderildi", "gönderilme tarihi", "отправлено", "дата", "дата отправки", "надіслано", "изпратено", "išsiųsta", "nosūtīts",
        "datums", "ημερομηνία", "στάλθηκε", "đã gửi", "ngày", "tanggal", "dikirim", "ส่ง", "วันที่", "נשלח", "תאריך", "تاريخ الإرسال",
        "التاريخ", "تم الإرسال", "تاریخ", "送信日時", "日時", "日付", "发送时间", "發送時間", "发送日期", "日期", "時間", "时间",
        "寄件日期", "보낸 날짜", "날짜", "보낸날짜", "sent on", "sent at", "date sent", "posted at", "posted",
    ),
    "to": (
        "to", "an", "à", "para", "a", "per a", "aan", "til", "till", "vastaanottaja", "adressaat", "kellele", "do", "komu", "za", "prima",
        "за", "címzett", "către", "kime", "alıcı", "кому", "до", "получатель", "kam", "προς", "đến", "tới", "kepada", "ke", "ถึง", "אל",
        "إلى", "الى", "به", "宛先", "收件人", "收件者", "받는 사람", "받는사람", "destinataire", "destinatario", "destinatário",
        "empfänger", "adresat", "příjemce", "modtager", "mottagare", "mottaker", "ontvanger",
    ),
    "cc": (
        "cc", "kopie", "kopie (cc)", "copie", "copie à", "copia", "kopia", "kópia", "kopi", "kopio", "másolat", "másolatot kap", "копия",
        "копія", "bcc", "blindkopie", "抄送", "副本", "密送", "참조", "dw", "bilgi", "κοιν", "κοιν.", "koopia", "kopija", "sao chép",
        "tembusan", "สำเนา", "עותק", "نسخة",
    ),
    "subject": (
        "subject", "betreff", "objet", "sujet", "asunto", "assumpte", "oggetto", "assunto", "onderwerp", "emne", "ämne", "aihe", "teema",
        "temat", "předmět", "predmet", "zadeva", "наслов", "предмет", "tárgy", "subiect", "konu", "тема", "относно", "tema", "tēma",
        "θέμα", "chủ đề", "tiêu đề", "perihal", "subjek", "เรื่อง", "หัวเรื่อง", "נושא", "الموضوع", "موضوع", "件名", "主题", "主旨",
        "主題", "제목", "betr", "re",
    ),
    "more": (
        "reply-to", "antwort an", "importance", "wichtigkeit", "priority", "priorität", "attachments", "anlagen", "anhänge",
        "pièces jointes",
        "adjuntos", "allegati", "anexos", "bijlagen", "organization", "répondre à", "responder a", "size", "message-id", "categories",
        "cc to", "prioridad", "importancia", "vigtighed", "prioritet", "prioriteit", "urgentie", "ważność", "newsgroups", "resent-from",
    ),
}  # fmt: skip

HEADER_WORDS: Mapping[str, str] = {word: role for role, words in _ROLES.items() for word in words}

#: What the marker lines of other help desks say: here the new text ends, if signs like `##` or `--` stand on both sides.
ABOVE_THIS_LINE = (
    "above this line", "above the line", "above the dotted line", "oberhalb dieser zeile", "über dieser zeile", "oberhalb dieser linie",
    "über dieser linie", "au-dessus de cette ligne", "au dessus de cette ligne", "encima de esta línea", "arriba de esta línea",
    "sopra questa riga", "sopra questa linea", "sopra di questa riga", "al di sopra di questa riga", "acima desta linha", "boven deze lijn",
    "boven deze regel", "over denne linje", "over denne linjen", "ovanför denna rad", "ovanför denna linje", "ovanför den här raden",
    "tämän rivin yläpuolelle", "powyżej tej linii", "powyżej tego wiersza", "nad tento řádek", "nad tímto řádkem", "nad touto čárou",
    "nad tento riadok", "iznad ove linije", "e sor fölé", "ezen sor fölé", "deasupra acestei linii", "deasupra acestui rând",
    "bu satırın üstüne", "bu satırın üzerine", "bu çizginin üstüne", "выше этой строки", "выше этой линии", "над этой строкой",
    "вище цього рядка", "над цим рядком", "над този ред", "πάνω από αυτή τη γραμμή", "phía trên dòng này", "di atas baris ini",
    "מעל שורה זו", "فوق هذا السطر", "この行より上", "この線より上", "在此行上方", "在这行上面", "在此線上方", "이 줄 위", "이 선 위",
)  # fmt: skip

#: Where mail programs say by id, class or name that the rest, an element or a line is quoted. Ids without the `x_` that Outlook adds.
FROM_HERE_IDS = frozenset(
    "appendonsend divrplyfwdmsg stopspelling olk_src_body_section mailcontainerseparator ms-outlook-mobile-body-separator-line "
    "zwchr hm_replyblock isforwardcontent isreplycontent".split()
)
FROM_HERE_CLASSES = frozenset("yahoo_quoted outlookmessageheader ymail_android_quote wordsection1quoted".split())
FROM_HERE_NAMES = frozenset({"messagereplysection"})
ATTRIBUTION_CLASSES = frozenset("gmail_attr moz-cite-prefix moz-email-headers-table".split())
ATTRIBUTION_IDS = frozenset({"reply-intro"})
QUOTE_CLASSES = frozenset(
    "gmail_quote protonmail_quote yahoo_quoted zmail_extra tutanota_quote front-blockquote missive_quote mb_quote qt".split()
)
#: Looked for one after the other: as one expression they cost ten times as much.
NAMES_A_QUOTE = (
    *sorted((FROM_HERE_IDS | FROM_HERE_CLASSES | FROM_HERE_NAMES | QUOTE_CLASSES) - {"qt"}), "type=cite", "type='cite", 'type="cite',
)  # fmt: skip
#: Of these an element of any kind holds nothing but the quote.
WHOLE_QUOTES = frozenset("protonmail_quote zmail_extra tutanota_quote missive_quote".split())
SIGNATURE_CLASSES = frozenset(
    "gmail_signature moz-signature protonmail_signature_block protonmail_signature_block-user tutanota_signature "
    "missive_signature front-signature mail-signature".split()
)
