"""Names that could be mistaken for one of ours: a display name is whatever its owner likes."""

import re
import unicodedata
from functools import lru_cache

from mailgate.model.policy import Policy

_WORDS = re.compile(r"[^\W_]+")
#: Letters of other scripts that look like Latin ones (Unicode TR39, those that names are faked with).
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0432\u043d\u043a\u043c\u0442\u0433",
    "aeopcyxijshdqwbhkmtr",
)
_GREEK = ("\u03b1\u03b5\u03bf\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5\u03c7\u03b2\u03b7", "aeopviktuxbn")
_OTHERS = ("\u0131\u0142\u00f8\u01110", "ilodo")
_LOOKS_LIKE = {ord(one): latin for signs, plain in (_CYRILLIC, _GREEK, _OTHERS) for one, latin in zip(signs, plain, strict=True)}


def is_called_like_us(name: str, policy: Policy) -> bool:
    """Whether a name holds that of an agent, a desk or a group: whole, in any order, in letters that look the same."""
    people = [agent.name for agent in policy.agents.values()]
    desks = [desk.name for desk in policy.desks.values()]
    return _is_one_of(name, (*people, *desks, *[group.name for group in policy.groups.values()]))


@lru_cache(512)
def _is_one_of(name: str, names: tuple[str, ...]) -> bool:
    said = _folded(name)
    return any(each <= said if len(each) > 1 else each == said for each in _all_folded(names))


@lru_cache(4)
def _all_folded(names: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    return tuple(folded for name in names if (folded := _folded(name)))


@lru_cache(512)
def _folded(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return frozenset(_WORDS.findall(letters.translate(_LOOKS_LIKE)))
