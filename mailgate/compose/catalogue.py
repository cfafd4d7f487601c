"""One gettext catalogue: the sentences of our letters in another language, read from its .po text without a compile step."""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from babel.messages.pofile import PoFileError, read_po

_NAMED = re.compile(r"%\((\w+)\)[sd]")
_STRAY = re.compile(r"%(?!%|\(\w+\)[sd])")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is missing falls back to English, message by message."""

    language: str
    single: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: singular -> all plural forms
    which: Callable[[int], int] = lambda n: int(n != 1)
    problems: tuple[str, ...] = ()  #: translations that are not used, and why

    def say(self, message: str) -> str:
        return self.single.get(message, message)

    def say_n(self, singular: str, plural: str, n: int) -> str:
        forms = self.several.get(singular)
        if forms is None:
            return singular if n == 1 else plural
        return forms[min(self.which(n), len(forms) - 1)]


ENGLISH = Catalogue("en")


def read(language: str, data: bytes) -> Catalogue:
    """Raises ValueError for what is no catalogue.
    A translation that names other values than its message is left out, with a problem noted."""
    try:
        found = read_po(BytesIO(data), locale=None, ignore_obsolete=True, abort_invalid=True)
    except (PoFileError, ValueError, UnicodeError) as error:
        raise ValueError(f"the catalogue {language} cannot be read: {error}") from error
    single: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for message in found:
        if not message.id or message.fuzzy:
            continue
        ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        texts = [text for text in (message.string if isinstance(message.string, (tuple, list)) else (message.string,)) if text]
        if len(texts) < len(ids):
            continue
        if not all(_fits(ids[-1], text) for text in texts):
            problems.append(f"{language}: the translation of {ids[0]!r} does not name the same values")
        elif len(ids) == 1:
            single[ids[0]] = texts[0]
        else:
            several[ids[0]] = tuple(texts)
    return Catalogue(language, single, several, _plural_of(found.mime_headers), tuple(problems))


def _fits(message: str, translation: str) -> bool:
    if "%" not in message:
        return "%" not in translation
    return set(_NAMED.findall(message)) == set(_NAMED.findall(translation)) and not _STRAY.search(translation)


def _plural_of(headers: list[tuple[str, str]]) -> Callable[[int], int]:
    text = next((value for name, value in headers if name.lower() == "plural-forms"), "")
    match = re.search(r"plural\s*=\s*([^;]+)", text)
    return gettext.c2py(match[1]) if match else ENGLISH.which
