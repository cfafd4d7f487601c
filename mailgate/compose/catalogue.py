"""One gettext catalogue: the sentences of our letters in another language, read from its .po text without a compile step."""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, normalize, read_po, write_po

_NAMED = re.compile(r"%\((\w+)\)[sd]|(\{[\d*,]\})")
_STRAY = re.compile(r"%(?!\(\w+\)[sd])")  #: where `%%` was taken out
#: Numbers by which it is seen which of them a plural form is for: the rules of all languages repeat within a hundred.
_NUMBERS = range(1001)

Messages = Mapping[str, str]  #: every sentence, with its English plural form, "" where it has none


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
_ENGLISH_HEAD = b"""msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def opened(language: str, data: bytes) -> Catalog:
    """A .po text as it is written. Raises ValueError for what is none."""
    try:
        return read_po(BytesIO(data), locale=None, ignore_obsolete=True, abort_invalid=True)
    except (PoFileError, ValueError, UnicodeError) as error:
        raise ValueError(f"the catalogue {language} cannot be read: {error}") from error


def read(language: str, data: bytes) -> Catalogue:
    """Raises ValueError for what is no catalogue.
    A translation that names other values than its message is left out, with a problem noted."""
    found = opened(language, data)
    which = _plural_of(found.mime_headers)
    single: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for message in found:
        if not message.id or message.fuzzy:
            continue
        ids, texts = forms_of(message.id), forms_of(message.string or "")
        if not all(texts):
            continue
        if len(ids) == 1 and len(texts) == 1 and fits(ids[0], texts[0]):
            single[ids[0]] = texts[0]
        elif len(ids) == 2 and len(texts) == found.num_plurals and not misfits(ids[1], texts, which):
            several[ids[0]] = texts
        else:
            problems.append(f"{language}: the translation of {ids[0]!r} does not name the same values")
    return Catalogue(language, single, several, which, tuple(problems))


def over(language: str, ours: bytes | None, own: bytes) -> bytes:
    """A catalogue with an operator's own sentences in the place of ours. Raises ValueError for what is no catalogue.
    One of a language that there is has our head, so a few sentences are all that it needs."""
    if ours is None and language != "en":
        return own
    book = opened(language, ours or _ENGLISH_HEAD)
    for message in written_over(language, ours, own):
        if misplaced(message, book):
            continue
        if (current := book.get(forms_of(message.id)[0])) is not None:
            current.id, current.string = message.id, message.string
        else:
            book.add(message.id, message.string)
    told = BytesIO()
    write_po(told, book, width=0)
    return told.getvalue()


def misplaced(message: Message, book: Catalog) -> bool:
    """Whether a sentence of an operator's could not be said in the place of ours: it names other values, or has other forms."""
    ids, texts = forms_of(message.id), forms_of(message.string or "")
    if len(ids) == 1:
        return not fits(ids[0], texts[0])
    return len(texts) != book.num_plurals or bool(misfits(ids[1], texts, _plural_of(book.mime_headers)))


def written_over(language: str, ours: bytes | None, own: bytes) -> list[Message]:
    """The sentences that an operator's catalogue says. Raises ValueError."""
    head = ours or _ENGLISH_HEAD if ours is not None or language == "en" else b""
    pieces = own.decode("utf-8", "replace").split("\n\n")
    has_head = any(piece.startswith('msgid ""\nmsgstr') or '\nmsgid ""\nmsgstr' in piece for piece in pieces[:1])
    text = "\n\n".join([head.decode().split("\n\n", 1)[0], *pieces[has_head:]]) if head else own.decode("utf-8", "replace")
    found = opened(language, text.encode())
    return [message for message in found if message.id and not message.fuzzy and all(forms_of(message.string or ""))]


def row_of(message: str, plural: str, book: Catalog | None) -> str:
    """A sentence as it stands in a catalogue, with the words that it has; without a catalogue in English."""
    current = book.get(message) if book is not None else None
    said = forms_of(current.string or "") if current is not None else (message, plural) if plural else (message,)
    rows = [f"msgid {normalize(message, width=0)}", *([f"msgid_plural {normalize(plural, width=0)}"] if plural else [])]
    return "\n".join([*rows, *(f"msgstr{f'[{n}]' if plural else ''} {normalize(text, width=0)}" for n, text in enumerate(said))])


def forms_of(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _names(text: str) -> frozenset[str]:
    return frozenset(match[1] or match[2] for match in _NAMED.finditer(text))


def _is_astray(text: str) -> bool:
    """Whether a sign stands in it that would be taken for a value's."""
    return _STRAY.search(text.replace("%%", "")) is not None


def fits(message: str, translation: str) -> bool:
    """Whether a translation names what its message names: `%(ref)s`, or `{0}` in the words of a reason."""
    if "%" not in message and "%" in translation:
        return False
    return _names(message) == _names(translation) and not _is_astray(translation)


def misfits(plural: str, forms: tuple[str, ...], which: Callable[[int], int]) -> tuple[int, ...]:
    """The plural forms that do not name what their message names. A form for one number alone (`a file`, Arabic `two files`) need not
    say that number."""
    fewer = frozenset(one for one in _names(plural) if one in ("num", "count", "n"))
    serves = [sum(which(n) == form for n in _NUMBERS) for form in range(len(forms))]
    wanted = _names(plural)
    return tuple(
        at
        for at, form in enumerate(forms)
        if _is_astray(form) or not (_names(form) == wanted or (serves[at] <= 1 and _names(form) == wanted - fewer))
    )


def _plural_of(headers: list[tuple[str, str]]) -> Callable[[int], int]:
    text = next((value for name, value in headers if name.lower() == "plural-forms"), "")
    match = re.search(r"plural\s*=\s*([^;]+)", text)
    return gettext.c2py(match[1]) if match else ENGLISH.which
