"""How programs begin the subject of a mail that says: the one whom you wrote to is away."""

from __future__ import annotations

#: How programs begin the subject of an absence, in the languages they speak, lower case.
_ABSENCES = (
    "auto:", "autoreply", "auto-reply", "auto reply", "auto response", "auto-response", "autoresponse", "autoresponder",
    "automatic reply", "automatic reply from", "autoreply from", "auto-reply from", "automatic response", "automated reply",
    "automated response", "out of office", "out-of-office", "out of the office", "away from my mail", "away from office",
    "vacation:", "vacation reply", "vacation response",
    "holiday auto-response", "out of office reply",
    "out of office autoreply", "out of office auto-reply", "out of office until", "out of the office until",
    "out of office from", "out of the office from", "out of office re:", "i am out of the office re:", "on vacation re:",
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
