"""A catalogue of Arabic letters whose words are nobody's: what is still read in Latin letters was not said by the catalogue."""

from __future__ import annotations

import re
from functools import cache

from mailgate.compose.templates import Templates, load
from mailgate.settings import brought_templates

#: Arabic letters for Latin ones: words that are nobody's, and that cannot be taken for English.
_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنه")
#: What a translation leaves as it is: values, commands, codes, and what parts a reason.
_KEPT = re.compile(r"%\(\w+\)[sd]|%%|\{[\d*,]\}|#[a-z]+|`[^`]*`")
_HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);\\n"\n'
)


def translated(message: str) -> str:
    pieces, end = [], 0
    for match in _KEPT.finditer(message):
        pieces += [_written(message[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*pieces, _written(message[end:])])


def _written(text: str) -> str:
    """Without short vowels within words, as Arabic is: so a letter is about as long as a real one."""
    return re.sub(r"(?<=[a-z])[aeiou](?=[a-z])", "", text.lower()).translate(_LETTERS)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@cache
def in_arabic() -> Templates:
    """The shipped letters with a catalogue that has every sentence."""
    texts, catalogues = brought_templates(None)
    rows = []
    for message, plural in load(texts, catalogues, checked=True).messages.items():
        if plural:
            forms = "\n".join(f"msgstr[{n}] {_quoted(translated(plural))}" for n in range(6))
            rows.append(f"msgid {_quoted(message)}\nmsgid_plural {_quoted(plural)}\n{forms}")
        else:
            rows.append(f"msgid {_quoted(message)}\nmsgstr {_quoted(translated(message))}")
    made = load(texts, {"ar": "\n\n".join((_HEAD, *rows)).encode()})
    assert made.problems() == []
    return made
