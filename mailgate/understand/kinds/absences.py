"""How programs begin the subject of a mail that says: the one whom you wrote to is away."""

import re
from itertools import islice

from mailgate.model.subjects import EITHER, without_answers
from mailgate.understand.text.quote_words import ATTRIBUTIONS

#: How programs begin the subject of an absence, in the languages they speak, lower case.
_ABSENCES = (
    "auto:", "autoreply", "auto-reply", "auto reply", "auto response", "auto-response", "autoresponse", "autoresponder", "automatic reply",
    "automatic reply from", "autoreply from", "auto-reply from", "automatic response", "automated reply", "automated response",
    "out of office", "out-of-office", "out of the office", "away from my mail", "away from office", "vacation:", "vacation reply",
    "vacation response", "holiday auto-response", "out of office reply", "out of office autoreply", "out of office auto-reply",
    "out of office until", "out of the office until", "out of office from", "out of the office from", "out of office re:",
    "i am out of the office re:", "on vacation re:",
    # German, Dutch
    "automatische antwort", "automatische antwort auf", "automatische e-mail-antwort", "automatische rückantwort", "abwesenheitsnotiz",
    "abwesenheitsmeldung", "abwesenheitsnachricht", "abwesenheitsassistent", "abwesend:", "abwesenheit:", "außer haus:",
    "automatisch antwoord", "afwezigheidsbericht", "afwezigheidsassistent", "afwezig:", "afwezigheid:",
    # French, Spanish, Catalan, Italian, Portuguese, Romanian
    "réponse automatique", "reponse automatique", "absence du bureau", "absent du bureau", "absente du bureau", "message d'absence",
    "réponse d'absence", "notification d'absence", "absence :", "absence:", "respuesta automática", "respuesta automatica",
    "fuera de la oficina", "fuera de oficina", "ausente:", "ausencia:", "resposta automàtica", "risposta automatica",
    "risposta non al computer", "fuori sede", "fuori ufficio", "assente:", "assenza:", "resposta automática", "resposta automatica",
    "fora do escritório", "ausência temporária", "ausência:", "răspuns automat", "raspuns automat",
    # Nordic and Baltic
    "autosvar", "automatisk svar", "automatiskt svar", "frånvaro:", "frånvaromeddelande", "fraværende", "fravær:", "fraværsmelding",
    "fraværsbesked", "ikke til stede:", "ikke på kontoret", "inte på kontoret", "automaattinen vastaus", "poissaoloviesti", "poissa:",
    "automaatvastus", "automātiskā atbilde", "automatinis atsakymas", "sjálfvirkt svar",
    # Slavic, Hungarian, Greek, Turkish
    "odpowiedź automatyczna", "odpowiedz automatyczna", "autoodpowiedź", "autom. odpowiedź", "automatyczna odpowiedź", "nieobecność:",
    "poza biurem:", "automatická odpověď", "automatická odpoveď", "mimo kancelář", "automatski odgovor", "samodejni odgovor",
    "автоответ", "автоматический ответ", "нет на работе", "нет на месте", "вне офиса", "автоматична відповідь", "автоматичен отговор",
    "аутоматски одговор", "automatikus válasz", "házon kívül", "αυτόματη απάντηση", "εκτός γραφείου", "otomatik yanıt",
    "otomatik cevap", "ofis dışında", "i̇şyeri dışında",
    # East Asian, Semitic, and others
    "自動応答", "自動返信", "不在通知", "不在のお知らせ", "不在:", "不在：", "自动答复", "自动回复", "自動回覆", "自動答覆", "不在办公室",
    "不在辦公室", "자동 응답", "자동 회신", "자동응답", "자동회신", "부재중", "부재 중", "부재 중 자동 회신",
    "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي",
    "رد تلقائى", "ตอบกลับอัตโนมัติ", "การตอบกลับอัตโนมัติ", "trả lời tự động", "balasan otomatis", "balasan automatik", "پاسخ خودکار",
)  # fmt: skip
_BEGINNINGS = frozenset(words[:2] for words in _ABSENCES)
#: What may stand behind one of those with this end is the subject that is answered, a date or a name.
_GOES_ON = (":", "：", " until", " from")
#: A colleague's name before it, and nothing behind it but a date: Notes writes so.
_IS_ABSENT = ("is out of the office", "ist außer haus", "ist nicht im büro", "est absent du bureau", "est absente du bureau")
_BEHIND_IS_ABSENT = (".", "(", "until", "till", "bis ", "jusqu")


def absence_in(subject: str) -> str | None:
    """The subject of an absence, cut short; None when it is none. Words are a weak hint: of themselves they only withhold an answer."""
    low = subject[:300].lower().lstrip(" [(【*")
    if low[:2] in _BEGINNINGS and low.startswith(_ABSENCES):
        for words in _ABSENCES:
            if low.startswith(words):
                rest = low[len(words) :].lstrip()
                # "Out of office printer is broken" is a request.
                if not rest or not rest[0].isalnum() or words.endswith(_GOES_ON):
                    return subject[:80]
    for words in _IS_ABSENT:
        name, found, rest = low.partition(words)
        if found and len(name) < 60 and (not rest.strip() or rest.strip().startswith(_BEHIND_IS_ABSENT)):
            return subject[:80]
    return None


#: Somebody is away, in the first person or without one, as these notices begin; a date may stand within. Lower case.
_AWAY = (
    # English
    r"(?:i am|i'm|i will be|i'll be|i am currently|currently|please note that i am)\b.{0,70}?\b(?:out of (?:the |my )?office|ooo\b|"
    r"away from (?:the |my )?(?:office|desk|e-?mail|mail|computer)|on (?:\w+ )?leave\b|on (?:\w+ )?(?:vacation|holidays?|pto|"
    r"a business trip|sabbatical)|not in the office|unavailable|travell?ing|away (?:until|till|from)|out (?:until|till|from))",
    r"(?:out of (?:the )?office|on (?:annual |parental )?leave|on vacation)\b.{0,20}?\b(?:until|till|from|through|to|-)",
    # German, Dutch
    r"(?:ich bin|bin|ich befinde mich|vielen dank für ihre (?:e-?mail|nachricht|mail),? ich bin|wir sind)\b.{0,80}?\b(?:im (?:\w+)?urlaub|"
    r"auf (?:\w+)?urlaub|nicht (?:im (?:büro|buero|haus|hause|dienst|amt)|am (?:arbeits)?platz|erreichbar|zu erreichen|da\b|anwesend)|"
    r"au(?:ß|ss)er haus|abwesend|auf (?:dienstreise|reisen|fortbildung)|in (?:elternzeit|mutterschutz)|krank)",
    r"(?:ik ben|momenteel ben ik)\b.{0,70}?\b(?:afwezig|niet (?:op kantoor|aanwezig|bereikbaar)|met (?:vakantie|verlof)|"
    r"op (?:vakantie|reis))",
    # French, Spanish, Catalan, Italian, Portuguese, Romanian
    r"(?:je suis|je serai|étant|actuellement)\b.{0,70}?\b(?:absente?\b|en (?:congés?|vacances|déplacement)|hors du bureau|indisponible)",
    r"(?:estoy|estaré|me encuentro|actualmente)\b.{0,70}?\b(?:fuera de (?:la )?oficina|de vacaciones|ausente|de baja|de viaje)",
    r"(?:soc|estic|seré|estaré)\b.{0,70}?\b(?:fora de l.oficina|de vacances|absent)",
    r"(?:sono|sarò|mi trovo|attualmente)\b.{0,70}?\b(?:fuori (?:ufficio|sede)|in (?:ferie|vacanza|trasferta|maternità)|assente)",
    r"(?:estou|estarei|encontro-me)\b.{0,70}?\b(?:fora do escritório|de férias|em férias|ausente|de licença)",
    r"(?:sunt|voi fi|mă aflu)\b.{0,70}?\b(?:în concediu|plecată? din birou|absentă?)",
    # Nordic, Baltic, Finnish
    r"(?:jag är|jag har)\b.{0,70}?\b(?:på semester|inte på kontoret|tjänstledig|föräldraledig|bortrest|ledig|frånvarande|semester)",
    r"(?:jeg er|jeg har|jeg holder)\b.{0,70}?\b(?:på ferie|ikke (?:på kontoret|til stede|til stede)|bortrejst|bortreist|fraværende|ferie)",
    r"(?:olen|palaan)\b.{0,70}?\b(?:lomalla|poissa|matkoilla|vapaalla|vanhempainvapaalla|lomani)",
    r"(?:viibin|olen)\b.{0,70}?\b(?:puhkusel|kontorist ära|lähetuses)",
    # Slavic
    r"(?:jestem|przebywam|będę|obecnie)\b.{0,70}?\b(?:na urlopie|poza biurem|nieobecn[ya]|w delegacji|na zwolnieniu)",
    r"(?:jsem|nejsem|budu|momentálně)\b.{0,70}?\b(?:na dovolené|mimo kancelář|v kanceláři|nepřítom\w*|na služební cestě)",
    r"(?:som|nie som|budem)\b.{0,70}?\b(?:na dovolenke|mimo kancelárie|v kancelárii|neprítomn\w*)",
    r"(?:na godišnjem (?:sam|odmoru)|na dopustu sem|nisam u uredu|sem na dopustu|odsoten sem)",
    r"(?:я |сейчас |в настоящее время )?.{0,40}?(?:нахожусь в отпуске|буду в отпуске|в отпуске|отсутствую|не в офисе|в командировке)",
    r"(?:я )?.{0,40}?(?:перебуваю у відпустці|у відпустці|відсутн\w+ на робочому)",
    r"(?:аз )?.{0,40}?(?:в отпуск съм|съм в отпуск|отсъствам)",
    # Hungarian, Greek, Turkish
    r".{0,60}?(?:szabadságon vagyok|szabadságon leszek|házon kívül vagyok|nem tartózkodom az irodában|irodán kívül)",
    r".{0,60}?(?:βρίσκομαι σε άδεια|είμαι σε άδεια|απουσιάζω|θα απουσιάζω|εκτός γραφείου)",
    r".{0,60}?(?:izindeyim|izinde olacağım|tatildeyim|ofis dışındayım|ofiste değilim)",
    # East Asian, Semitic, and others: no blanks between their words
    r".{0,60}?(?:不在にして|不在です|不在となり|休暇を(?:いただいて|頂いて|取得)|休暇中|出張中|外出して)",
    r".{0,40}?(?:正在休假|休假中|不在办公室|不在辦公室|外出(?:中|无法)|出差)",
    r".{0,60}?(?:휴가 ?중|부재 ?중|출장 ?중|자리를 비)",
    r".{0,60}?(?:איני במשרד|אני בחופשה|לא נמצא(?:ת)? במשרד|נמצא(?:ת)? בחופשה)",
    r".{0,60}?(?:خارج المكتب|في إجازة|في اجازة|در مرخصی)",
    r".{0,60}?(?:tôi (?:đang )?(?:nghỉ phép|vắng mặt)|sedang cuti|di luar kantor|ลาพักร้อน|ไม่อยู่ที่ออฟฟิศ)",
)  # fmt: skip
#: What notices of this kind go on with, and answers seldom do.
_GOES_ON_WITH = re.compile(
    r"in urgent (?:cases|matters)|for urgent|if (?:it is|it's|this is|your \w+ is) urgent|(?:in|during) my absence|limited access to|"
    r"(?:reply|respond|answer|get back to you)\b.{0,40}\b(?:when|upon|after|once|as soon as|on my)|(?:up)?on my return|"
    r"(?:will|is) not (?:be )?(?:forwarded|read)|not monitored|automatic(?:ally)? (?:reply|generated|response|sent)|"
    r"in dringenden|wenden sie sich|(?:meine )?vertretung|(?:nicht|weder) (?:weitergeleitet|gelesen|bearbeitet)|nach meiner rückkehr|"
    r"automatisch (?:erstellt|generiert|versendet)|ab dem .{0,20} wieder|wieder (?:für sie )?(?:da|erreichbar)|"
    r"dringende (?:gevallen|zaken|vragen)|tijdens mijn afwezigheid|niet doorgestuurd|en cas d.urgence|(?:pendant|durant|en) mon absence|"
    r"mon retour|en caso de urgencia|(?:para|por) (?:asuntos|temas) urgentes|durante mi ausencia|mi (?:regreso|vuelta)|"
    r"in caso di urgenz|per urgenze|durante la mia assenza|al mio (?:rientro|ritorno)|em caso de urgência|(?:durante a )?minha ausência|"
    r"meu regresso|meu retorno|brådskande|under min frånvaro|tillbaka (?:den|på|igen)|haster|mit fravær|mitt fravær|"
    r"tilbage (?:den|igen|på)|"
    r"tilbake (?:den|på|igjen)|kiireelli|poissaoloni|palaan|piln(?:ych|ej)|mojej nieobecności|po powrocie|naléhav|urgentn|nepřítomnosti|"
    r"návrat|sürgős|távollét|acil|dönü[şs]|срочн|мо[её] отсутстви|по возвращении|термінов|спешн|επείγο|お急ぎ|緊急|戻り|"
    r"如有(?:急事|紧急|緊急)|回(?:来|來)后|급한|긴급|דחוף|عاجل|khẩn"
)
_GREETING = re.compile(r"[^\d.!?]{2,60}[,!.:]?")
#: "Your colleague wrote:" greets nobody.
_REPORTS = (*(verb for row in ATTRIBUTIONS for verb in row.verbs), "says", "sagt", "text", "message", "nachricht", "notice")
_SENTENCE = re.compile(r"(?<=[^\d\s][.!?,;])\s+|[。！]\s*")
_CURRENT = re.compile("|".join(f"(?:{one})" for one in _AWAY))
#: Italian programs answer with one letter; before an absence it can be nothing else.
_ANSWERED = EITHER | {"r"}
_LOOKED_AT, _LONGEST, _BEGINNINGS_MOST = 600, 2500, 4

SUBJECT, SENTENCE, GOES_ON = "subject", "sentence", "goes_on"


def signs_of_absence(subject: str, text: str, title: str = "") -> frozenset[str]:
    """What speaks for an absence that no header calls so: its subject, a sentence at its beginning, what such notices go on with.
    `title`: of the ticket; where that itself is an absence's, the subject of what answers it says nothing. What is quoted is none of
    the text, and who discusses such a notice does not begin with its words."""
    found = set()
    if absence_in(title) is None and absence_in(without_answers(subject, _ANSWERED)) is not None:
        found.add(SUBJECT)
    if len(text) <= _LONGEST and any(_CURRENT.match(each) for each in _first_sentences(text)):
        found.add(SENTENCE)
        if _GOES_ON_WITH.search(text[:_LONGEST].lower()):
            found.add(GOES_ON)
    return frozenset(found)


def _first_sentences(text: str) -> list[str]:
    """Where the first few sentences begin: those after a greeting or thanks are still the beginning."""
    rows = [" ".join(row.split()) for row in text[:_LOOKED_AT].lower().replace("’", "'").split("\n") if row.strip()]
    starts: list[str] = []
    for index, row in enumerate(rows[:_BEGINNINGS_MOST]):
        whole = " ".join(rows[index:])
        starts += [whole, *(whole[match.end() :] for match in islice(_SENTENCE.finditer(row), _BEGINNINGS_MOST))]
        if not index and (not _GREETING.fullmatch(row) or any(word in row for word in _REPORTS)):
            break  # no greeting: what follows is no beginning
    return [each[:200] for each in starts[: 2 * _BEGINNINGS_MOST]]
