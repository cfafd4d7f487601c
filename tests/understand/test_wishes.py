"""Wishes and thanks in each language of our letters: read when they are said, in whatever way they are typed, never guessed."""

from __future__ import annotations

import pytest

from mailgate.understand.answers.plain import plain
from mailgate.understand.answers.rating import is_thanks
from mailgate.understand.answers.wishes import WISHES, self_service
from tests.growth import assert_linear

LANGUAGES = ("en", "de", "fr", "es", "ar", "ja")
BUILT = ("status", "close", "reopen", "help", "no surveys")


def full_width(text: str) -> str:
    return "".join(chr(ord(ch) + 0xFEE0) if "!" <= ch <= "~" else "\u3000" if ch == " " else ch for ch in text)


def written(phrase: str) -> set[str]:
    """How people, phones and keyboards write it."""
    return {
        phrase,
        phrase.upper(),
        phrase.capitalize() + ".",
        f"  {phrase} !\n",
        f"“{phrase}”",
        f"¡{phrase}!",
        f"\u200f{phrase}\u200e",
        f"*{phrase}*",
        f"#{phrase}",
        full_width(phrase),
        f"{phrase}。",
        f"{phrase}…",
        phrase.replace("'", "’"),
        phrase.replace(" ", "\n"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wish", BUILT)
def test_a_wish_is_obeyed_however_it_is_typed(wish: str, language: str):
    phrases = WISHES[wish][language].split("|")
    forms = set().union(*map(written, phrases))
    assert len(forms) >= 12
    assert {form: self_service(form) for form in forms} == dict.fromkeys(forms, wish)


def test_no_phrase_means_two_things_or_is_a_sentence():
    meant: dict[str, set[str]] = {}
    for wish, languages in WISHES.items():
        for phrases in languages.values():
            for phrase in phrases.split("|"):
                meant.setdefault(plain(phrase), set()).add(wish)
    assert {phrase: wishes for phrase, wishes in meant.items() if len(wishes) > 1 or len(phrase.split()) > 4 or not phrase} == {}
    assert {wish: set(LANGUAGES) - languages.keys() for wish, languages in WISHES.items() if wish in BUILT} == {
        wish: set() for wish in BUILT
    }


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("\n #status \n", "status"),
        ("\uff03close", "close"),
        ("Not   solved!", "reopen"),
        ("ｽﾃｰﾀｽ", "status"),
        ("status?", "status"),
        ("¿Estado?", "status"),
        ("الحالة؟", "status"),
        ("ステータス？", "status"),
        ("الـحـالـة", "status"),
        ("تمّ الحَلّ.", "close"),
        ("تم اصلاح المشكله", "close"),
        ("إعادة فتح", "reopen"),
        ("اعاده فتح", "reopen"),
        ("لم يُحَلّ", "reopen"),
        ("شكراً، تم الحل!", "close"),
        ("解決しました。ありがとうございます。", "close"),
        ("解決 しました！", "close"),
        ("GELOEST", "close"),
        ("resolu", "close"),
        ("REOUVRIR", "reopen"),
        ("aun no resuelto", "reopen"),
        ("Pas d’enquête !", "no surveys"),
        ("urgent", "urgent"),
        ("cancel", "cancel"),
        ("language de", "language de"),
        ("Sprache EN", "language en"),
        ("langue fr", "language fr"),
        ("Idioma: es", "language es"),
        ("اللغة ar", "language ar"),
        ("言語 ja", "language ja"),
    ],
)
def test_signs_marks_and_keyboards_make_no_difference(text: str, wish: str):
    assert self_service(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        "", "?", "#", "#noet", "x" * 500, "help me", "Please help", "done", "any news?", "closed?", "solved?", "not close",
        "close it when you like", "please tell me the status", "status\nand one more thing", "the window does not close",
        "solved but slow", "solved, see attachment", "help! It burns", "no surveys came", "reopen the window on my screen",
        "Status der Lieferung?", "Stand heute geht nichts", "erledigt ist das nicht", "gelöst, aber langsam", "Hilfe, es brennt",
        "nicht erledigt hat sich der Drucker", "keine Umfragen erhalten", "schließen Sie bitte das Fenster", "Hilfe?!?x",
        "statut inconnu", "résolu mais lent", "aide moi", "pas résolu du tout, venez", "état des lieux", "fermer la porte",
        "aidez-moi", "pas d'enquête reçue", "résolu ?",
        "estado de emergencia", "resuelto pero lento", "ayuda por favor", "no resuelto el pedido", "cerrar la puerta", "¿resuelto?",
        "sin encuestas no sabemos nada",
        "الحالة سيئة", "تم الحل ولكن ببطء", "مساعدة عاجلة", "لم يتم الحل بعد الاتصال", "إغلاق الباب", "تم الحل؟", "لا استبيانات لدي",
        "状況が悪いです", "解決しましたが遅いです", "ヘルプデスクはどこ", "未解決の問題があります", "解決しましたか", "解決しました？",
        "アンケート不要と言われた", "再開の予定は",
    ],
)  # fmt: skip
def test_prose_that_begins_with_such_a_word_is_never_taken_for_a_wish(text: str):
    assert self_service(text) is None


THANKS = {
    "en": [
        "Thanks!", "thank you very much, it works now", "Thanks Ann", "Thanks, Ann Smith!", "Thx", "Perfect, thanks", "Many thanks.",
        "Hi Ann,\n\nthanks a lot, everything works.\n\nKind regards\nBob", "Thank you so much!", "Thank you for your help",
        "Great support, thank you", "Cheers", "Thanks, resolved",
    ],
    "de": [
        "Danke!", "Dankeschön", "Vielen Dank für die schnelle Hilfe!\nViele Grüße\nMax Muster", "Danke, Frau Weber", "Danke sehr",
        "Super, danke, jetzt geht alles wieder", "Hallo Herr Weber,\nherzlichen Dank!\nMfG\nMax", "Herzlichen Dank", "Tausend Dank!",
        "Vielen lieben Dank", "Danke für die schnelle Antwort", "Perfekt, danke!",
    ],
    "fr": [
        "Merci !", "Merci beaucoup", "Un grand merci", "Merci bien", "Mille mercis", "Merci pour votre aide",
        "Merci, ça marche", "Parfait, merci beaucoup !", "Bonjour,\n\nmerci pour votre réponse rapide.\n\nCordialement\nMax Muster",
        "Merci à toute l'équipe", "Merci, tout fonctionne maintenant.", "C’est parfait, merci", "Merci infiniment", "Merci Anne",
    ],
    "es": [
        "Gracias", "¡Muchas gracias!", "Mil gracias", "Muchísimas gracias", "Gracias por su ayuda", "Gracias por todo",
        "Perfecto, gracias", "Hola,\n\nmuchas gracias, ya funciona.\n\nSaludos\nMax", "Gracias por la rápida respuesta",
        "Gracias, todo funciona perfectamente", "Muy agradecido", "Excelente servicio, gracias", "Gracias, Ana",
    ],
    "ar": [
        "شكرا", "شُكرًا", "شكراً جزيلاً", "شكرا لكم", "شـكـرا!", "شكرا على المساعدة", "شكرا جزيلا على سرعة الرد", "ألف شكر",
        "مشكورين", "السلام عليكم\n\nشكرا لكم، كل شيء يعمل الآن.\n\nمع التحية", "ممتاز، شكرا", "أشكركم على جهودكم", "بارك الله فيكم، شكرا",
    ],
    "ja": [
        "ありがとう", "ありがとうございます。", "ありがとうございました！", "どうもありがとうございます", "大変助かりました",
        "感謝いたします",
        "お世話になっております。\n\n迅速なご対応、誠にありがとうございました。",
        "解決しました。本当にありがとうございました。", "有難うございます",
        "Berg様\n\nありがとうございました。", "田中さん、ありがとう", "早速のご返信ありがとうございます", "サンキュー",
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mere_thank_you_is_one(language: str):
    assert len(set(THANKS[language])) >= 12
    assert [text for text in THANKS[language] if not is_thanks(text, attachments=False)] == []
    assert [text for text in THANKS[language] if is_thanks(text, attachments=True)] == []


@pytest.mark.parametrize(
    "text",
    [
        "", "Great", "It works", "Parfait", "Perfecto", "ممتاز", "解決しました",
        "Merci d'avance", "Merci, mais ça ne marche pas", "Merci, toujours en panne", "Merci de me rappeler", "Merci ?", "Merci, Non",
        "Merci, plus rien ne marche", "Merci pour le scanner aussi",
        "Gracias de antemano", "Gracias, pero no funciona", "Gracias, sigue igual", "Gracias, todavía nada", "Gracias. ¿Y la impresora?",
        "Gracias, ya no funciona", "Gracias por favor llámeme",
        "شكرا مقدما", "شكرا ولكن لا يعمل", "شكرا، لم يتم الحل", "شكرا، ما زالت المشكلة", "شكرا؟", "شكرا، اتصلوا بي", "شكرا لا",
        "ありがとうございますが、まだ動きません", "ありがとうございます。電話してください", "ありがとうございました。解決していません",
        "ありがとう？",
        "よろしくお願いします", "引き続きよろしくお願いします。ありがとうございます",
        "ありがとうございます。" * 9, "ありがとうございます。3階も",
    ],
)  # fmt: skip
def test_anything_more_than_thanks_is_a_message(text: str):
    assert not is_thanks(text, attachments=False)


def test_reading_them_takes_time_in_proportion_to_the_text():
    def read_all(text: str) -> None:
        is_thanks(text, attachments=False)
        self_service(text)
        self_service(text[:200])

    for hostile in ("status ", "شكرا ", "ありがとう", "の", "\u0301", "ﷺ", "?", "#", "様"):
        assert_linear(lambda times, one=hostile: read_all(one * times), 20_000, why=hostile)
