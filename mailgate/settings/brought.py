"""The words of the letters: those that mailgate brings along, and over them the files and the sentences that an operator writes anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailgate.settings import places
from mailgate.settings.mistakes import Mistake, Mistaken
from mailgate.settings.reading import Unreadable, text_of

OWN = "templates"  #: the folder beside the configuration
#: Below it: what an own file was copied from, as it was then.
COPIED_FROM = ".copied_from"
LOCALE = "locale"


@dataclass(frozen=True, slots=True)
class WordsFound:
    """Templates by their name below the folder, and catalogues by language, in one folder."""

    texts: Mapping[str, str] = field(default_factory=dict)
    catalogues: Mapping[str, bytes] = field(default_factory=dict)
    copied_from: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[Mistake, ...] = ()


def ours() -> WordsFound:
    """What is brought along."""
    return _in(places.brought_along(OWN))


def own(folder: Path | None) -> WordsFound:
    """What an operator has beside the configuration."""
    return _in(folder / OWN) if folder is not None and (folder / OWN).is_dir() else WordsFound()


def _in(root: Path) -> WordsFound:
    texts: dict[str, str] = {}
    catalogues: dict[str, bytes] = {}
    copied_from: dict[str, str] = {}
    unread: list[Mistake] = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        try:
            if name.startswith(f"{COPIED_FROM}/"):
                if path.is_file():
                    copied_from[name.removeprefix(f"{COPIED_FROM}/")] = text_of(path)
            elif path.suffix in (".txt", ".html"):
                texts[name] = text_of(path)
            elif path.suffix == ".po":
                catalogues[language_of(name)] = text_of(path).encode()
        except Unreadable as unreadable:
            unread.append(Mistake(f"{OWN}/{name}", unreadable.line, "(file)", f"{path} {unreadable.words}"))
    return WordsFound(texts, catalogues, copied_from, tuple(unread))


def language_of(name: str) -> str:
    """`de` of "locale/de.po" and of "locale/de/LC_MESSAGES/mailgate.po"; the name itself of a catalogue in another place."""
    first = name.removeprefix(f"{LOCALE}/").partition("/")[0]
    return first.removesuffix(".po") if name.startswith(f"{LOCALE}/") else name


def brought_templates(folder: Path | None, mistakes: list[Mistake] | None = None) -> tuple[dict[str, str], dict[str, bytes]]:
    """The letters and their catalogues as they are written with: own files in the place of ours, own sentences in the place of ours.
    What cannot be read is added to `mistakes`; raises Mistaken where none are collected."""
    brought, mine = ours(), own(folder)
    unread = [*brought.unread, *mine.unread]
    catalogues = dict(brought.catalogues)
    for language, data in mine.catalogues.items():
        try:
            from mailgate.compose.catalogue import over  # loaded only where somebody has own words

            catalogues[language] = over(language, catalogues.get(language), data)
        except ValueError as error:
            unread.append(Mistake(f"{OWN}/{LOCALE}/{language}", 0, "(file)", str(error)))
    if mistakes is not None:
        mistakes += unread
    elif unread:
        raise Mistaken(unread)
    return {**brought.texts, **mine.texts}, catalogues


def changed_beneath(brought: WordsFound, mine: WordsFound) -> Iterator[tuple[str, str, str]]:
    """Of each own file that was copied from one of ours which is another now: its name, ours as it was, and as it is ("" where it went)."""
    for name, was in mine.copied_from.items():
        if name in mine.texts and brought.texts.get(name, "") != was:
            yield name, was, brought.texts.get(name, "")
