"""Each answer in tests/mails/replies is cut as its author would cut it, and nothing of it is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from mailgate.understand.parse import parse
from mailgate.understand.text.body import cut

REPLIES = Path(__file__).parents[1] / "mails" / "replies"

#: mail -> (what is new, what is a signature, whether answers stand between the lines)
EXPECTED: dict[str, tuple[str, str, bool]] = {
    "answers-below-each-tr": ("Evet.\n\nHayır, henüz değil.", "", True),
    "apple-mail-it": ("Il toner è nuovo, ma stampa ancora righe.", "", False),
    "blockquote-of-a-person-en": ("It says:\n\nPaper size does not match.\n\nBut it does match.", "", False),
    "company-en": (
        "The cartridge is empty, please send two.",
        (
            "CAUTION: This email originated from outside of the organization. Do not click links.\n"
            "\n"
            "Kind regards,\n"
            "\n"
            "Pia Post\n"
            "Purchasing, Example Ltd\n"
            "+44 20 5550 0100\n"
            "\n"
            "This email and any attachments are confidential and intended for the recipient only.\n"
            "Please consider the environment before printing."
        ),
        False,
    ),
    "forward-apple-de": ("Können Sie das übernehmen?", "", False),
    "gmail-he": ("עכשיו הכול מודפס.", "", False),
    "gmail-html-fr": ("Merci, elle imprime de nouveau.", "", False),
    "gmail-inline-en": ("The black one.\n\nSince Monday.", "", True),
    "gmail-ja": ("もう大丈夫です。", "", False),
    "gmail-ru": ("Теперь печатает.", "", False),
    "gmail-signature-es": ("Ya imprime, gracias.", "-- \nRosa Vidal\nCompras", False),
    "gmx-web-de": ("Das Papier war feucht.", "", False),
    "html-laid-out-en": (
        ("Three things:\n\n- it is loud\n- it is slow\n\nTray Sheets\n1 250\n2 0\n\nSee the manual <https://example.net/manual>, please."),
        "",
        False,
    ),
    "iphone-nl": ("Hij doet het weer.", "Verstuurd vanaf mijn iPhone", False),
    "list-footer-en": (
        "Does anybody else see blank pages?",
        (
            "_______________________________________________\n"
            "printers mailing list\n"
            "printers@lists.example.org\n"
            "https://lists.example.org/listinfo/printers"
        ),
        False,
    ),
    "lotus-de": ("Fach 2 klemmt immer noch.", "", False),
    "lotus-html-en": ("It says 50.4 now.", "", False),
    "other-help-desk-nl": ("Er is alleen nog zwart.", "", False),
    "outlook-desktop-fr": ("Elle clignote encore en rouge.", "", False),
    "outlook-mac-pt": ("Agora funciona, obrigado.", "", False),
    "outlook-mobile-en": ("Still jammed, tray 2 this time.", "Get Outlook for iOS <https://example.net/o>", False),
    "outlook-web-en": ("It prints, but only in green.", "", False),
    "outlook-zh": ("现在可以打印了。", "", False),
    "proton-en": ("Works over the cable only.", "Sent with Proton Mail secure email.", False),
    "roundcube-sv": ("Den står i rum 4.", "", False),
    "samsung-ko": ("네, 이제 인쇄됩니다.", "내 Galaxy에서 보냄", False),
    "spark-da": ("Den larmer stadig.", "Bo Friis\nLager", False),
    "stub-text-en": ("Page two stays white.", "", False),
    "text-lost-its-marks-eu": ("Berriro inprimatzen du, mila esker.", "", False),
    "thunderbird-below-cs": ("Ano, už dvakrát.", "", False),
    "thunderbird-html-pl": ("Działa, dziękuję bardzo.", "--\nJan Kos\nKsięgowość", False),
    "webmail-bare-blockquote-ru": ("Нет, не помогло.", "", False),
    "yahoo-phone-es": ("Mañana lo pruebo.", "Enviado desde Yahoo Mail para Android", False),
    "yahoo-web-en": ("The paper was too thick.", "", False),
    "zimbra-fr": ("Le bac est plein.", "", False),
    "zoho-en": ("No, it is the other one.", "", False),
}


def mail(name: str, rich: bool = True):
    return parse((REPLIES / f"{name}.eml").read_bytes(), rich=rich)


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("rich", [True, False], ids=["with its HTML", "text first"])
def test_an_answer_is_cut_as_its_author_would(name: str, rich: bool) -> None:
    found = mail(name, rich)
    assert (found.new_text, found.signature, found.inline_answers) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_word_of_it_is_in_one_of_the_three_texts(name: str) -> None:
    found = mail(name)
    parts = words("\n".join((found.new_text, found.quoted, found.signature)))
    assert parts == words(found.text) or name == "text-lost-its-marks-eu"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_was_cut_once_is_not_cut_again(name: str) -> None:
    new = mail(name).new_text
    assert cut(new).new == new


def test_the_html_of_the_new_text_holds_nothing_of_the_quote() -> None:
    for name in ("gmail-html-fr", "outlook-web-en", "yahoo-web-en", "spark-da", "zimbra-fr", "webmail-bare-blockquote-ru"):
        found = mail(name)
        assert found.new_html is not None, name
        assert words(re.sub(r"<[^>]*>", " ", found.new_html)) == words(found.new_text), name
        assert found.quoted, name


def test_every_mail_here_is_expected_and_has_a_line_that_says_why_it_is_here() -> None:
    listing = (REPLIES / "README.md").read_text(encoding="utf-8")
    there = sorted(path.stem for path in REPLIES.glob("*.eml"))
    assert there == sorted(EXPECTED)
    assert [name for name in there if f"`{name}.eml`" not in listing] == []


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))
