"""Why something was decided: a code with its values. What it is called in words stands in one table, `model/sentences`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailgate.model.sentences import ENGLISH

#: So deep a reason may lie within another one when it is said; a worker that read hostile mail may answer with any depth.
DEEPEST = 6
#: A value, or a piece that is left out where one of its values is missing or empty.
_PLACES = re.compile(r"\[([^\[\]]*)\]|\{(\d|[*,])\}")
_PLACE = re.compile(r"\{(\d|[*,])\}")


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of `ENGLISH` and what its sentence names: reasons, numbers, and words of mails, people and servers as they stand."""

    code: str
    values: tuple[Reason | str | int, ...] = ()

    @staticmethod
    def of(code: str, *values: Because | int) -> Reason:
        return Reason(code, values)

    @property
    def bare(self) -> Reason:
        """Without what its sentence can do without: what stands there is often somebody's words."""
        sentence = _PLACES.sub(lambda match: "" if match[2] is None else match[0], ENGLISH.get(self.code, "{0}"))
        return self if _PLACE.search(sentence) else Reason(self.code)

    def __str__(self) -> str:
        """In English, as logs, traces and `--json` have it."""
        return TERSE.say(self)


#: A reason, or words that stand for themselves: a server's, or those of a row that an older version wrote.
Because = Reason | str


@dataclass(frozen=True, slots=True)
class Wording:
    """How reasons are said: a sentence for each code, {0} and {1} for its values, {*} or {,} for all of them,
    and [ ] around what goes with a missing value. `translated` makes of an English sentence one of the reader's language."""

    sentences: Mapping[str, str]
    translated: Callable[[str], str] = str

    def say(self, because: Because | int, depth: int = 0) -> str:
        """Never fails: what is in no table is said by its code."""
        if not isinstance(because, Reason):
            return str(because)
        if depth > DEEPEST:
            return "..."
        values = [self.say(value, depth + 1) for value in because.values]
        sentence = self.sentences.get(because.code)
        if sentence is None:
            return ": ".join((because.code, *values))

        def value(place: str) -> str:
            return {"*": "; ", ",": ", "}[place].join(values) if place in "*," else values[int(place)] if int(place) < len(values) else ""

        def filled(match: re.Match[str]) -> str:
            if match[2] is not None:
                return value(match[2])
            if not all(value(place[1]) for place in _PLACE.finditer(match[1])):
                return ""
            return _PLACE.sub(lambda place: value(place[1]), match[1])

        return _PLACES.sub(filled, self.translated(sentence))


#: Short, in the words of mail: what is stored by older versions reads like it.
TERSE = Wording(ENGLISH)


def to_json(because: Because | int) -> object:
    """What JSON makes a list of: `["blocked", "spam.example"]`. Words that stand for themselves stay text."""
    return [because.code, *map(to_json, because.values)] if isinstance(because, Reason) else because


def from_json(stored: object, depth: int = 0) -> Because:
    """A reason from its plain form. What is no list that begins with a known code is said as it stands."""
    if isinstance(stored, list) and stored and stored[0] in ENGLISH and depth <= DEEPEST:
        return Reason(stored[0], tuple(one if isinstance(one, int) else from_json(one, depth + 1) for one in stored[1:]))
    return stored if isinstance(stored, str) else json.dumps(stored, ensure_ascii=False)


def to_column(because: Because) -> str:
    """For a column of text."""
    return because if isinstance(because, str) else json.dumps(to_json(because), ensure_ascii=False, separators=(",", ":"))


def from_column(text: str) -> Because:
    """What stands in a column of text: a reason, or the English sentence of an older version."""
    if not text.startswith('["'):
        return text
    try:
        found = from_json(json.loads(text))
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, Reason) else text
