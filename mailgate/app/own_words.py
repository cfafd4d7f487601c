"""An operator's own templates and sentences, as `mailgate check` tells of them: what changed beneath them, what nobody says any more."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches, unified_diff
from functools import cached_property
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from mailgate.compose import catalogue
from mailgate.compose.catalogue import forms_of
from mailgate.compose.templates import Templates, messages_of
from mailgate.compose.words import MESSAGES
from mailgate.settings import brought

Found = tuple[str, str, bool]  #: what was looked at, what was seen, and whether it is well

#: Lines of a difference that are shown; who wants all of it has both files.
_MOST_LINES = 12
_NAME = "own words"


class OwnWords:
    """What is written over the letters that we bring along."""

    def __init__(self, folder: Path) -> None:
        self._ours, self._mine = brought.ours(), brought.own(folder)

    @cached_property
    def sentences(self) -> frozenset[str]:
        """Those that only the operator's templates say. Raises jinja2.TemplateError for a template that is none."""
        return frozenset(_said(self._mine.texts) - _said(self._ours.texts)) if self._mine.texts else frozenset()

    def findings(self, templates: Templates) -> Iterator[Found]:
        """Nothing where there is nothing of their own."""
        mine = self._mine
        if not mine.texts and not mine.catalogues:
            return
        written = {language: self._written(language) for language in sorted(mine.catalogues)}
        count = sum(map(len, written.values()))
        yield _NAME, f"templates: {len(mine.texts)}, sentences: {count}; all others are ours", True
        for name, was, now in brought.changed_beneath(self._ours, mine):
            yield _NAME, _changed(f"{brought.OWN}/{name}", was, now), True
        for language, messages in written.items():
            yield from self._of_sentences(language, messages, templates)
        for message, languages in templates.missing().items():
            if message in self.sentences:
                yield _NAME, f"{message!r} has no words in {', '.join(languages)}: it is said as it stands", True

    def _written(self, language: str) -> list[Message]:
        return catalogue.written_over(language, self._ours.catalogues.get(language), self._mine.catalogues[language])

    def _of_sentences(self, language: str, messages: list[Message], templates: Templates) -> Iterator[Found]:
        where = f"{brought.OWN}/{brought.LOCALE}, {language}"
        data = self._ours.catalogues.get(language)
        book = catalogue.opened(language, data) if data is not None else None
        for message in messages:
            said = forms_of(message.id)[0]
            if said not in templates.messages:
                near = get_close_matches(said, templates.messages, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                yield _NAME, f"{where}: no letter says {said!r} (any more){hint}", False
            elif book is not None and catalogue.misplaced(message, book):
                yield _NAME, f"{where}: your words for {said!r} do not name the same values, so ours are said", False
            elif (was := noted(message)) and (now := as_noted(said, book)) != was:
                yield _NAME, f"{where}: ours for {said!r} has changed since you wrote yours: {was!r} is {now!r}", True


def _said(texts: Mapping[str, str]) -> set[str]:
    return set(MESSAGES).union(*(messages_of(name, source) for name, source in texts.items()))


_NOTE = "ours: "


def noted(message: Message) -> str:
    """What a comment beside an operator's sentence says that ours was."""
    return next((comment.removeprefix(_NOTE) for comment in message.auto_comments if comment.startswith(_NOTE)), "")


def as_noted(said: str, book: Catalog | None) -> str:
    """Our words for a sentence on one line; without a catalogue in English."""
    current = book.get(said) if book is not None else None
    return " | ".join(forms_of(current.string or "")) if current is not None else said


def _changed(name: str, was: str, now: str) -> str:
    if not now:
        return f"{name} stands in the place of nothing any more: ours went"
    told = unified_diff(was.splitlines(), now.splitlines(), n=0, lineterm="")
    lines = [line for line in told if not line.startswith(("---", "+++", "@@"))]
    shown = [*lines[:_MOST_LINES], *(["..."] if len(lines) > _MOST_LINES else [])]
    way_out = f"mailgate letters copy {name.removeprefix(f'{brought.OWN}/')} --seen"
    return "\n    ".join((f"{name}: ours has changed since you copied it. When yours is as you want it: {way_out}", *shown))
