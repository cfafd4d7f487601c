"""How much does its author say that it matters? Headers, and words of the subject and the new text: never of what is quoted.

Only signs are gathered here, each with where it stands. Which of them count, and how far, the policy says (`decide/priority`)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from mailgate.model.mail import Forwarded, Mail, Mark, Weight
from mailgate.understand.answers import weight_words
from mailgate.understand.answers.plain import is_japanese, plain

#: So much of a text is looked at; a subject is shorter.
LONGEST = 3_000
#: Of each weight so many signs are told.
MOST = 3
#: From this score on words say that it is urgent.
ENOUGH = 2
JAPANESE = "ja"

_SENTENCES = re.compile(r"[.!?;:,\n…。！？、؟؛،()\[\]\u2013\u2014]+")
_HEADER = re.compile(r"\s*([a-z-]{1,20}|[0-9])(?![a-z0-9-])", re.IGNORECASE)
#: What Arabic writes together with the word behind it; the longest first.
_ARABIC_PREFIXES = ("وبال", "وال", "فال", "بال", "كال", "لل", "ال", "و", "ف", "ب", "ل")
_SHORTEST_ARABIC = 3

_LONGEST_PHRASE = 60
_PLACES = ("subject", "text")
#: A word, or one with another that makes it stronger: "not very urgent" says as much as "not urgent".
_A_WORD = 2

#: Headers in which mail programs say it, and what each of their words means. The first that can be read counts: RFC 2156 (Importance,
#: Priority), and what Outlook and others write.
_IMPORTANCE: Mapping[str, Weight | None] = {"high": Weight.HIGH, "normal": None, "low": Weight.LOW}
_NUMBERS: Mapping[str, Weight | None] = {"1": Weight.HIGH, "2": Weight.HIGH, "3": None, "4": Weight.LOW, "5": Weight.LOW}
HEADERS: Mapping[str, Mapping[str, Weight | None]] = {
    "importance": _IMPORTANCE,
    "x-priority": {**_NUMBERS, "highest": Weight.HIGH, "high": Weight.HIGH, "normal": None, "low": Weight.LOW, "lowest": Weight.LOW},
    "x-msmail-priority": _IMPORTANCE,
    "priority": {"urgent": Weight.HIGH, "normal": None, "non-urgent": Weight.LOW},
}

#: The words of each weight, and how much one of them says.
_TABLES: tuple[tuple[Weight | None, Mapping[str, str], int], ...] = (
    (None, weight_words.ELSEWHERE, 0),
    (Weight.CALM, weight_words.CALM, 1),
    (Weight.URGENT, weight_words.URGENT, ENOUGH),
    (Weight.URGENT, weight_words.PRESSING, 1),
    (Weight.BREADTH, weight_words.BREADTH, 1),
    (Weight.OUTAGE, weight_words.OUTAGE, 1),
    (Weight.SECURITY, weight_words.SECURITY, 1),
)


@dataclass(frozen=True, slots=True)
class _Found:
    weight: Weight
    score: int
    words: str


def marks_of(mail: Mail) -> tuple[Mark, ...]:
    """Those of a mail itself."""
    return (*_by_header(mail), *_in_words(mail.subject, mail.new_text, mail.language if mail.language_sure else None))


def marks_of_original(original: Forwarded | None) -> tuple[Mark, ...]:
    """Those of a mail that is passed on: its words; what the header says is its forwarder's."""
    return () if original is None else tuple(_in_words(original.subject, original.text, None))


def believed(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """A worker's word, without what nobody can have found so: the ticket keeps it as its reason."""
    short = (mark for mark in marks if len(mark.words) <= _LONGEST_PHRASE and (mark.where in HEADERS or mark.where in _PLACES))
    return tuple(short)[: MOST * len(Weight)]


def _by_header(mail: Mail) -> Iterator[Mark]:
    for name, meanings in HEADERS.items():
        match = _HEADER.match(mail.header(name) or "")
        if match is not None and (word := match[1].lower()) in meanings:
            if (weight := meanings[word]) is not None:
                yield Mark(weight, name, word)
            return


def _in_words(subject: str, text: str, language: str | None) -> Iterator[Mark]:
    """`language`: as its words say for sure; None: any of ours."""
    found = [(where, one) for where, said in (("subject", subject), ("text", text)) for one in _found_in(said[:LONGEST], language)]
    pressing = {one.words: one.score for _, one in found if one.weight is Weight.URGENT}
    told: dict[Weight, dict[str, str]] = {}
    for where, one in found:
        if one.weight is not Weight.URGENT or sum(pressing.values()) >= ENOUGH:
            told.setdefault(one.weight, {}).setdefault(one.words, where)
    for weight, words in told.items():
        yield from (Mark(weight, where, word) for word, where in list(words.items())[:MOST])


def _found_in(text: str, language: str | None) -> Iterator[_Found]:
    for sentence in _SENTENCES.split(text):
        if not sentence.strip():
            continue
        if is_japanese(sentence):
            if language in (None, JAPANESE):
                yield from _in_japanese(plain(sentence))
        elif language != JAPANESE:
            yield from _lexicon(language).found(plain(sentence).split())


# --- languages that part their words --------------------------------------------------------------------------------------


def _forms(word: str) -> tuple[str, ...]:
    """A word, and in Arabic what is left of it without the article and the small words before it."""
    if not "\u0600" <= word[0] <= "\u06ff":
        return (word,)
    bare = (word[len(p) :] for p in _ARABIC_PREFIXES if word.startswith(p) and len(word) - len(p) >= _SHORTEST_ARABIC)
    return (word, *bare)


class Lexicon:
    """The phrases of one language, or of all, by their first words."""

    def __init__(self, languages: Iterable[str]) -> None:
        known = tuple(languages)
        self._phrases: dict[str, list[tuple[tuple[str, ...], Weight | None, int]]] = {}
        for weight, table, score in _TABLES:
            for phrase in (one for language in known for one in table.get(language, "").split("|") if one):
                for first, *rest in _spellings(phrase):
                    self._phrases.setdefault(first, []).append((tuple(rest), weight, score))
        for rows in self._phrases.values():
            rows.sort(key=lambda row: -len(row[0]))  # the longest counts: what it holds says nothing more
        self._negations = _words(weight_words.NEGATIONS, known)
        self._fillers = _words(weight_words.FILLERS, known)
        self._greetings = _words(weight_words.GREETINGS, known)
        self._talk = _words(weight_words.TALK, known)
        self._talk_before = _words(weight_words.TALK_BEFORE, known)

    def found(self, words: list[str]) -> Iterator[_Found]:
        at = 0
        while at < len(words):
            hit = self._at(words, at)
            if hit is None:
                at += 1
                continue
            size, weight, score = hit
            if (meant := self._meant(weight, score, words, at, size)) is not None:
                yield _Found(meant, score, " ".join(words[at : at + size]))
            at += size

    def _at(self, words: list[str], at: int) -> tuple[int, Weight | None, int] | None:
        for form in _forms(words[at]):
            for rest, weight, score in self._phrases.get(form, ()):
                behind = words[at + 1 : at + 1 + len(rest)]
                if len(behind) == len(rest) and all(word in _forms(said) for word, said in zip(rest, behind, strict=True)):
                    return 1 + len(rest), weight, score
        return None

    def _meant(self, weight: Weight | None, score: int, words: list[str], at: int, size: int) -> Weight | None:
        """What a phrase says where it stands: turned round by a negation, or nothing of this mail at all."""
        if weight is None or weight is Weight.CALM:
            return weight
        if weight is Weight.BREADTH:
            return None if self._greetings.intersection(words[max(0, at - 2) : at]) else weight
        if self._is_negated(words, at):
            return Weight.CALM if weight is Weight.URGENT and score == ENOUGH and size <= _A_WORD else None
        if weight is Weight.SECURITY:
            talked = self._talk.intersection(words[at + size : at + size + 2]) or self._talk_before.intersection(words[max(0, at - 3) : at])
            return None if talked else weight
        return weight

    def _is_negated(self, words: list[str], at: int) -> bool:
        before = at - 1
        while before >= 0 and words[before] in self._fillers and words[before] not in self._negations:
            before -= 1
        return before >= 0 and words[before] in self._negations


@cache
def _lexicon(language: str | None) -> Lexicon:
    """Of a language that is none of ours nothing is known."""
    return Lexicon(tuple(weight_words.NEGATIONS) if language is None else (language,))


def _spellings(phrase: str) -> Iterator[list[str]]:
    """Each form of a phrase, as `plain` makes it: `dringend+e` is two."""
    parts = [word.split("+") for word in phrase.split()]
    for endings in product(*(("", *part[1:]) for part in parts)):
        yield plain(" ".join(part[0] + ending for part, ending in zip(parts, endings, strict=True))).split()


def _words(table: Mapping[str, str], languages: Iterable[str]) -> frozenset[str]:
    return frozenset(word for language in languages for word in plain(table.get(language, "")).split())


# --- Japanese ---------------------------------------------------------------------------------------------------------------


@cache
def _pieces() -> tuple[tuple[str, Weight, int], ...]:
    found: list[tuple[str, Weight, int]] = []
    for weight, table, score in _TABLES:
        if weight is not None:
            found += ((plain(piece), weight, score) for piece in table.get(JAPANESE, "").split("|") if piece)
    return tuple(found)


@cache
def _japanese(words: str) -> tuple[str, ...]:
    return tuple(plain(word) for word in words.split("|"))


def _in_japanese(text: str) -> Iterator[_Found]:
    """The calm pieces stand first in the table: what they hold is not looked at again."""
    for piece, weight, score in _pieces():
        if piece not in text:
            continue
        _, _, behind = text.partition(piece)
        if weight is not Weight.CALM and behind.startswith(_japanese(weight_words.JAPANESE_NEGATION)):
            if weight is Weight.URGENT and score == ENOUGH:
                yield _Found(Weight.CALM, score, piece)
            continue
        if weight is Weight.SECURITY and behind.lstrip("の").startswith(_japanese(weight_words.TALK[JAPANESE])):
            continue
        text = text.replace(piece, " ")
        yield _Found(weight, score, piece)
