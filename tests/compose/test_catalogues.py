"""The catalogues of the shipped languages, and the script that keeps them."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from mailgate.compose import catalogue
from mailgate.compose.catalogue import Catalogue, read
from tests.compose.desk import templates
from tests.house.tree import ROOT

LOCALE = ROOT / "templates" / "locale"
SHIPPED = {"en", "de", "fr", "es", "ar", "ja"}
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {}\\n"\n\n'
ARABIC = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5);"
FRENCH, JAPANESE, GERMAN = "nplurals=2; plural=(n > 1);", "nplurals=1; plural=0;", "nplurals=2; plural=(n != 1);"


def test_letters_are_written_in_six_languages():
    assert set(templates().languages) == SHIPPED
    assert [path.name for path in LOCALE.glob("*/LC_MESSAGES/*.draft")] == []


@pytest.mark.parametrize("path", sorted(LOCALE.glob("*/LC_MESSAGES/*.po")), ids=lambda path: path.parts[-3])
def test_a_catalogue_says_every_sentence_and_no_other(path: Path):
    """In the order and the form that `make messages` writes: so two people who add sentences do not get into each other's way."""
    book = templates().catalogue(path.parts[-3])
    have = book.single.keys() | book.several.keys()
    assert {"missing": templates().messages.keys() - have, "obsolete": have - templates().messages.keys()} == {
        "missing": set(),
        "obsolete": set(),
    }
    assert book.problems == ()
    assert {message for message, plural in templates().messages.items() if plural} == book.several.keys()
    assert path.read_text(encoding="utf-8") == script()["text_of"](path.read_text(encoding="utf-8"), script()["read"](path.read_text()))


def test_nothing_is_wrong_with_what_is_shipped():
    assert templates().problems() == []


# --- plural forms, and what a translation has to name ------------------------------------------------------------------


def files(plural: str, *forms: str) -> Catalogue:
    rows = "".join(f'msgstr[{n}] "{form}"\n' for n, form in enumerate(forms))
    return read("xx", f'{HEAD.format(plural)}msgid "%(n)s file of %(ref)s"\nmsgid_plural "%(n)s files of %(ref)s"\n{rows}'.encode())


@pytest.mark.parametrize(
    ("plural", "forms", "which"),
    [
        (ARABIC, 6, {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5, 102: 5, 103: 3, 111: 4, 1000: 5}),
        (FRENCH, 2, {0: 0, 1: 0, 2: 1, 100: 1}),
        (JAPANESE, 1, {0: 0, 1: 0, 2: 0, 100: 0}),
        (GERMAN, 2, {0: 1, 1: 0, 2: 1, 100: 1}),
    ],
)
def test_a_number_is_said_in_its_form(plural: str, forms: int, which: dict[int, int]):
    book = files(plural, *(f"{form}: %(n)s %(ref)s" for form in range(forms)))
    assert book.problems == ()
    said = {n: book.say_n("%(n)s file of %(ref)s", "%(n)s files of %(ref)s", n) for n in which}
    assert said == {n: f"{form}: %(n)s %(ref)s" for n, form in which.items()}


def test_only_a_form_for_one_number_alone_may_leave_the_number_out():
    none, one, two, other = "لا شيء %(ref)s", "ملف %(ref)s", "ملفان %(ref)s", "%(n)s ملفات %(ref)s"
    assert files(ARABIC, none, one, two, other, other, other).problems == ()
    assert files(ARABIC, none, one, two, one, other, other).problems != ()
    assert files(GERMAN, "eine Datei von %(ref)s", "%(n)s Dateien von %(ref)s").problems == ()
    assert files(FRENCH, "un fichier de %(ref)s", "%(n)s fichiers de %(ref)s").problems != (), "it says none as well"
    assert files(JAPANESE, "%(ref)s").problems != ()


@pytest.mark.parametrize("form", ["%(n)s", "%(n)s %(ref)s %(other)s", "%(n)s %s %(ref)s", "%(n)s %(ref)s 5 %"])
def test_a_form_that_names_other_values_is_not_used(form: str):
    book = files(GERMAN, "eine %(ref)s", form)
    assert len(book.problems) == 1 and book.several == {}


@pytest.mark.parametrize(
    ("message", "translation", "fits"),
    [
        ("%(ref)s is solved.", "%(ref)s ist erledigt.", True),
        ("%(ref)s is solved.", "Erledigt: %(reff)s", False),
        ("%(ref)s is solved.", "erledigt", False),
        ("%(ref)s is solved.", "%(ref)s: %s", False),
        ("solved", "%(ref)s", False),
        ("solved", "100 %", False),
        ("100%% of %(n)s", "%(n)s zu 100 %%", True),
        ("older than {0} days", "älter als {0} Tage", True),
        ("older than {0} days", "älter", False),
        ("{0} in {1}[: {2}]", "{1}, {0}[: {2}]", True),
        ("{*}", "{,}", False),
    ],
)
def test_a_translation_names_what_its_message_names(message: str, translation: str, fits: bool):
    assert catalogue.fits(message, translation) is fits


# --- the script --------------------------------------------------------------------------------------------------------


def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci" / "messages"))


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, Any]:
    """The script with a folder of its own, and German in it."""
    found = script()
    mine = tmp_path / "de" / "LC_MESSAGES" / "mailgate.po"
    mine.parent.mkdir(parents=True)
    mine.write_bytes((LOCALE / "de" / "LC_MESSAGES" / "mailgate.po").read_bytes())
    found["main"].__globals__["LOCALE"] = tmp_path
    return found


def test_the_script_keeps_what_is_translated_adds_what_is_new_and_drops_what_is_gone(kept: dict[str, Any], tmp_path: Path):
    path = tmp_path / "de" / "LC_MESSAGES" / "mailgate.po"
    whole = path.read_text()
    pieces = whole.split("\n\n")
    spoiled = [pieces[0], *reversed(pieces[2:]), 'msgid "Nobody says this"\nmsgstr "Niemand"', '#~ msgid "old"\n#~ msgstr "alt"\n']
    path.write_text("\n\n".join(spoiled))
    kept["main"]([])
    now = path.read_text().split("\n\n")
    assert now[0] == pieces[0] and now[2:] == pieces[2:], "what was there is as it was"
    assert now[1] == pieces[1].partition("msgstr")[0] + 'msgstr ""', "what had gone comes back, without its translation"


def test_of_two_translations_that_git_kept_the_last_counts_and_an_empty_one_never(kept: dict[str, Any], tmp_path: Path):
    path = tmp_path / "de" / "LC_MESSAGES" / "mailgate.po"
    whole = path.read_text()
    first, second = ('msgid "%(minutes)s min"\nmsgstr "%(minutes)s M."', 'msgid "%(minutes)s min"\nmsgstr ""')
    assert 'msgid "%(minutes)s min"\nmsgstr "%(minutes)s Min."' in whole
    path.write_text(whole.replace('msgid "%(minutes)s min"\n', f'{first}\n\n{second}\n\nmsgid "%(minutes)s min"\n'))
    kept["main"]([])
    assert path.read_text() == whole
    path.write_text(f"{whole}\n{first}\n\n{second}\n")
    kept["main"]([])
    assert path.read_text() == whole.replace('msgstr "%(minutes)s Min."', 'msgstr "%(minutes)s M."')


def test_the_script_is_content_with_its_own_work(kept: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    kept["main"]([])
    assert capsys.readouterr().out == "changed: nothing\n"
    assert (tmp_path / "de" / "LC_MESSAGES" / "mailgate.po").read_bytes() == (LOCALE / "de" / "LC_MESSAGES" / "mailgate.po").read_bytes()


def test_a_language_begins_as_a_draft_and_is_shipped_when_nothing_is_missing(
    kept: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    kept["main"](["add", "pl"])
    kept["main"](["missing", "pl"])
    missing = json.loads(capsys.readouterr().out)
    assert {row["message"] for row in missing} == templates().messages.keys() and all(row["in"] for row in missing)
    draft = tmp_path / "pl" / "LC_MESSAGES" / "mailgate.po.draft"
    forms = 3  # of Polish
    all_of_it = {row["message"]: [row["plural"]] * forms if "plural" in row else row["message"] for row in missing}
    file = tmp_path / "pl.json"
    first = missing[0]["message"]
    file.write_text(json.dumps({message: said for message, said in all_of_it.items() if message != first}))
    kept["main"](["fill", "pl", str(file)])
    assert draft.is_file()
    file.write_text(json.dumps({first: all_of_it[first]}))
    kept["main"](["fill", "pl", str(file)])
    assert not draft.exists() and draft.with_name("mailgate.po").is_file()
    assert read("pl", draft.with_name("mailgate.po").read_bytes()).single.keys() >= {first}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("nobody says this", "das sagt keiner"),
        ("%(hours)s h", "%(stunden)s Std."),
        ("%(hours)s h", ""),
        ("%(hours)s h", ["%(hours)s", "b"]),
    ],
)
def test_the_script_takes_no_translation_that_could_not_be_used(kept: dict[str, Any], tmp_path: Path, message: str, said: Any):
    path = tmp_path / "de" / "LC_MESSAGES" / "mailgate.po"
    before, file = path.read_bytes(), tmp_path / "de.json"
    file.write_text(json.dumps({"%(minutes)s min": "%(minutes)s Min.", message: said}))
    with pytest.raises(SystemExit, match="1 faults: nothing was written"):
        kept["main"](["fill", "de", str(file)])
    assert path.read_bytes() == before
