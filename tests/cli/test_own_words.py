"""An operator writes one letter or one sentence anew: only that is theirs, and an upgrade beneath it is seen."""

from __future__ import annotations

import os
from collections import Counter
from itertools import takewhile
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.app import build_templates
from mailgate.app.checks import checks
from mailgate.app.own_words import OwnWords
from mailgate.cli.init import write_configuration
from mailgate.compose.templates import load
from mailgate.compose.words import TOO_LARGE
from mailgate.settings import brought
from tests.cli.house import House
from tests.compose.desk import templates
from tests.record.builders import NOON

pytestmark = pytest.mark.either_database

LETTER = "ticket_opened/requester"
SENTENCE = "%(minutes)s min"


@pytest.fixture
def house(tmp_path: Path) -> House:
    write_configuration(tmp_path / "config")
    return House(tmp_path / "config")


def own(house: House, name: str) -> Path:
    return house.config / "templates" / name


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def told(house: House) -> list[tuple[str, bool]]:
    """What `check` says of it, and whether it is well."""
    found = settings.examine(house.config)
    assert found.mistakes == ()
    return [(words, fine) for _, words, fine in OwnWords(house.config).findings(load(found.templates, found.catalogues, checked=True))]


def of_letters(house: House) -> list[tuple[str, str, bool]]:
    """What `check` says up to the letters: what comes later is looked at over sockets."""
    findings = checks(settings.examine(house.config), NOON)
    return [*takewhile(lambda one: one[0] in ("configuration", "own words", "letters"), findings)]


def said(house: House, language: str, message: str) -> str:
    return build_templates(settings.load(house.config)).catalogue(language).say(message)


def test_a_copied_letter_is_the_only_one_that_is_theirs(house: House):
    assert told(house) == []
    assert house.run("letters", "copy", LETTER).exit_code == 0
    found = settings.load(house.config)
    assert found.templates == brought.ours().texts and own(house, f"{LETTER}.txt").is_file()
    write(own(house, f"{LETTER}.txt"), "Subject: Hello\n\nHello from us\n")
    found = settings.load(house.config)
    assert found.templates == {**brought.ours().texts, f"{LETTER}.txt": "Subject: Hello\n\nHello from us\n"}
    assert told(house) == [("templates: 1, sentences: 0; all others are ours", True)]


def test_an_upgrade_beneath_a_copied_letter_is_told_with_its_difference_until_it_was_seen(house: House):
    house.run("letters", "copy", LETTER)
    mine = own(house, f"{LETTER}.txt")
    write(mine, mine.read_text() + "\nOne more line.\n")
    noted = own(house, f".copied_from/{LETTER}.txt")
    write(noted, noted.read_text().replace("{% trans %}", "{% trans %}Dear reader, ", 1))
    [_, (words, fine)] = told(house)
    assert fine and f"templates/{LETTER}.txt: ours has changed since you copied it" in words
    assert "\n    -" in words and "\n    +" in words and "Dear reader, " in words and "One more line" not in words
    assert f"mailgate letters copy {LETTER}.txt --seen" in words
    before = mine.read_text()
    assert house.run("letters", "copy", LETTER).exit_code == 1, "what is theirs is not written over"
    assert house.run("letters", "copy", f"{LETTER}.txt", "--seen").exit_code == 0
    assert mine.read_text() == before and len(told(house)) == 1


def test_a_long_difference_is_cut(house: House):
    house.run("letters", "copy", LETTER)
    write(own(house, f".copied_from/{LETTER}.txt"), "".join(f"line {n}\n" for n in range(100)))
    assert len(told(house)[1][0].splitlines()) == 14


def test_a_letter_that_is_no_more_is_told(house: House):
    write(own(house, "ticket_sung/agent.txt"), "Subject: x\n\nx\n")
    write(own(house, ".copied_from/ticket_sung/agent.txt"), "Subject: x\n\nx\n")
    assert any("ours went" in words for words, _ in told(house))


@pytest.mark.parametrize("place", ["locale/de.po", "locale/de/LC_MESSAGES/mailgate.po"])
def test_one_sentence_is_said_anew_and_all_others_as_ever(house: House, place: str):
    write(own(house, place), f'msgid "{SENTENCE}"\nmsgstr "%(minutes)s Minuten"\n')
    assert said(house, "de", SENTENCE) == "%(minutes)s Minuten"
    book, ours = build_templates(settings.load(house.config)).catalogue("de"), templates().catalogue("de")
    assert {m for m in ours.single if book.single[m] != ours.single[m]} == {SENTENCE} and book.several == ours.several
    assert told(house) == [("templates: 0, sentences: 1; all others are ours", True)]


def test_an_english_sentence_is_said_anew_as_well(house: House):
    write(own(house, "locale/en.po"), f'msgid "{SENTENCE}"\nmsgstr "%(minutes)s minutes"\n')
    assert said(house, "en", SENTENCE) == "%(minutes)s minutes" and said(house, "de", SENTENCE) == "%(minutes)s Min."
    assert told(house) == [("templates: 0, sentences: 1; all others are ours", True)]


def test_a_language_of_their_own_needs_every_sentence(house: House):
    rows = "".join(f'msgid "{m}"\nmsgstr "{m}"\n\n' for m in (SENTENCE,))
    write(own(house, "locale/it.po"), f'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n{rows}')
    mine = build_templates(settings.load(house.config))
    assert "it" in mine.languages and "it: no translation of 'very good'" in mine.problems()


@pytest.mark.parametrize(
    ("row", "words", "fine"),
    [
        ('msgid "%(minutes)s mins"\nmsgstr "x"', "no letter says '%(minutes)s mins' (any more); did you mean '%(minutes)s min'?", False),
        (f'msgid "{SENTENCE}"\nmsgstr "Minuten"', f"your words for {SENTENCE!r} do not name the same values, so ours are said", False),
        (f'#. ours: %(minutes)s M.\nmsgid "{SENTENCE}"\nmsgstr "%(minutes)s"', "'%(minutes)s M.' is '%(minutes)s Min.'", True),
    ],
)
def test_check_says_what_is_wrong_with_a_sentence_of_theirs(house: House, row: str, words: str, fine: bool):
    write(own(house, "locale/de.po"), f"{row}\n")
    assert [(words in one, well) for one, well in told(house)[1:]] == [(True, fine)]
    if not fine:
        assert said(house, "de", SENTENCE) == "%(minutes)s Min."


def test_a_sentence_of_their_own_template_that_a_language_lacks_is_told_and_is_no_fault(house: House):
    write(own(house, f"{LETTER}.txt"), "Subject: x\n\n{% trans %}Hello from us{% endtrans %}\n")
    languages = ", ".join(one for one in templates().languages if one != "en")
    said_of = ("own words", f"'Hello from us' has no words in {languages}: it is said as it stands", True)
    assert of_letters(house)[2] == said_of and all(fine for _, _, fine in of_letters(house))
    write(own(house, "locale/de.po"), 'msgid "Hello from us"\nmsgstr "Ein Gruß von uns"\n')
    assert said(house, "de", "Hello from us") == "Ein Gruß von uns"


def test_a_sentence_is_copied_by_some_of_its_words_in_either_language(house: House):
    assert house.run("letters", "copy", SENTENCE, "--language", "de").exit_code == 0
    row = f'#. ours: %(minutes)s Min.\nmsgid "{SENTENCE}"\nmsgstr "%(minutes)s Min."\n'
    assert own(house, "locale/de.po").read_text() == row
    assert house.run("letters", "copy", SENTENCE, "--language", "de").exit_code == 1, "it is there"
    german = templates().catalogue("de").say(TOO_LARGE)
    assert house.run("letters", "copy", german[2:-2].upper(), "--language", "de").exit_code == 0
    assert german in own(house, "locale/de.po").read_text() and row in own(house, "locale/de.po").read_text()
    assert told(house) == [("templates: 0, sentences: 2; all others are ours", True)]
    assert house.run("letters", "copy", SENTENCE, "--language", "en").exit_code == 0
    for words in ("e", "nobody would say this"):
        assert house.run("letters", "copy", words, "--language", "de").exit_code == 2
    assert house.run("letters", "copy", SENTENCE, "--language", "tlh").exit_code == 2
    assert house.run("letters", "copy", "ticket_sung/agent").exit_code == 2
    assert house.run("letters", "copy", "../mailgate").exit_code == 2


def test_sentences_with_the_same_words_in_a_language_are_told_apart_by_their_english(house: House):
    book = templates().catalogue("de")
    same = next(words for words, times in Counter(book.single.values()).items() if times > 1 and len(words) > 3)
    shown = house.run("letters", "copy", same, "--language", "de").stdout.splitlines()
    rows = [row for row in shown if row.startswith(f"{same}  (English: ")]
    assert len(rows) > 1 and len(set(shown)) == len(shown)


def test_what_is_copied_can_be_changed_by_nobody_else(house: House):
    before = os.umask(0)
    try:
        house.run("letters", "copy", LETTER)
        house.run("letters", "copy", SENTENCE, "--language", "de")
    finally:
        os.umask(before)
    assert settings.examine(house.config).mistakes == ()


def test_a_catalogue_that_is_none_is_a_mistake_with_its_name(house: House):
    write(own(house, "locale/de.po"), "msgid nonsense\n")
    [mistake] = settings.examine(house.config).mistakes
    assert "templates/locale/de" in str(mistake) and "cannot be read" in str(mistake)
