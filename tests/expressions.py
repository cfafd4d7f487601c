"""Finds every regular expression of the package and attacks it: text that begins as it wants, goes on and on, and ends as it must not.

Where they are: names of modules and classes, whatever stands in their tables, and what is handed to `re.compile`, `re.sub` and the
like inside a function, found in the source. How each is asked (`match`, `fullmatch`, searched) is read from the source as well: an
expression that is only ever asked at one place is not attacked by a search that begins anew at each character.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice, pairwise, product
from re import _constants as op  # type: ignore[attr-defined]  # the only place where an expression is known in parts
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import mailgate
from tests.growth import TOO_LITTLE_TO_MATTER, assert_linear, cost

Pattern = re.Pattern[str] | re.Pattern[bytes]

_FUNCTIONS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_ANCHORED = {"match", "fullmatch"}
_SEARCHED = "search"
#: What only the running program knows: the operator's own patterns, ids, numbers and signs of ours that are escaped, and `_one_like`, whose
#: two patterns are short and asked of one word.
NOT_LITERAL = {
    "mailgate.understand.answers.thread:_compiled", "mailgate.gateway.sending:__init__", "mailgate.settings.policy_file:_check",
    "mailgate.settings.words:expression", "mailgate.decide.routing:_says",
    "mailgate.model.installation:mistakes", "mailgate.app.probe:look", "mailgate.understand.identity.spf:_macro",
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    name: str
    pattern: Pattern
    asked: frozenset[str]  #: match, fullmatch, search


# --- where they are ---------------------------------------------------------------------------------------------------------


def modules() -> list[ModuleType]:
    names = sorted(found.name for found in pkgutil.walk_packages(mailgate.__path__, "mailgate."))
    return [importlib.import_module(name) for name in names if ".migrations." not in name and not name.endswith("__main__")]


def expressions(among: Iterable[ModuleType] | None = None) -> list[Expression]:
    """Each expression once, under the first name that it is found by, with every way in which it is asked."""
    among = modules() if among is None else list(among)
    sources = {module: ast.parse(inspect.getsource(module)) for module in among}
    asked = {module: _asked_by_name(source) for module, source in sources.items()}
    names: dict[tuple[Any, int], str] = {}
    patterns: dict[tuple[Any, int], Pattern] = {}
    ways: dict[tuple[Any, int], set[str]] = defaultdict(set)
    for module, source in sources.items():
        for path, pattern in _held_by(module):
            key = (pattern.pattern, pattern.flags)
            names.setdefault(key, f"{module.__name__.removeprefix('mailgate.')}.{path}")
            patterns[key] = pattern
            places = [module] if path.startswith("_") else among
            # In a table nobody can tell how it is asked.
            ways[key] |= {way for place in places for way in asked[place].get(path, ())} or {_SEARCHED}
        for place, pattern, way in _handed_over(module, source):
            key = (pattern.pattern, pattern.flags)
            names.setdefault(key, place.removeprefix("mailgate."))
            patterns[key] = pattern
            if way != "compile" or key not in ways:
                ways[key].add(way if way in _ANCHORED else _SEARCHED)
    return [Expression(names[key], patterns[key], frozenset(ways[key])) for key in sorted(names, key=lambda key: names[key])]


def unread(among: Iterable[ModuleType] | None = None) -> set[str]:
    """Functions that hand over an expression which cannot be read from the source."""
    among = modules() if among is None else list(among)
    return {place for module in among for place, value in _calls(module, ast.parse(inspect.getsource(module))) if value is None}


def _held_by(module: ModuleType) -> Iterator[tuple[str, Pattern]]:
    """(name, expression) for each name of a module, of its classes, and of what stands in its tables."""
    seen: set[int] = set()
    work: list[tuple[str, object]] = sorted(vars(module).items(), key=lambda pair: pair[0])
    while work:
        path, value = work.pop()
        if path.startswith("__") or (id(value) in seen and not isinstance(value, re.Pattern)):
            continue
        seen.add(id(value))
        if isinstance(value, re.Pattern):
            yield path, value
        elif isinstance(value, Mapping):
            work.extend((f"{path}[]", one) for pair in value.items() for one in pair)
        elif isinstance(value, tuple | list | set | frozenset):
            work.extend((f"{path}[]", one) for one in value)
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            work.extend((f"{path}.{name}", one) for name, one in vars(value).items() if not name.startswith("__"))
        elif is_dataclass(value) and not inspect.isclass(value):
            work.extend((f"{path}.{field.name}", getattr(value, field.name, None)) for field in fields(value))


def _asked_by_name(source: ast.AST) -> dict[str, set[str]]:
    """name -> how it is asked here; a name that is handed on, and not asked where it stands, may be searched with."""
    asked: dict[str, set[str]] = defaultdict(set)
    of: set[int] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            of.add(id(node.value))
            if node.attr in _FUNCTIONS:
                asked[name].add(node.attr if node.attr in _ANCHORED else _SEARCHED)
    for node in ast.walk(source):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in of:
            asked[node.id].add(_SEARCHED)
    return asked


def _calls(module: ModuleType, source: ast.AST) -> Iterator[tuple[str, tuple[Pattern, str] | None]]:
    """(place, (expression, function of `re`)), None for one that only the running program knows."""
    stack: list[tuple[ast.AST, str]] = [(source, "")]
    while stack:
        node, within = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            within = node.name
        stack.extend((child, within) for child in ast.iter_child_nodes(node))
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        called = node.func
        if not (isinstance(called.value, ast.Name) and called.value.id == "re" and called.attr in _FUNCTIONS):
            continue
        flags = [word.value for word in node.keywords if word.arg == "flags"]
        takes = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(called.attr, 2)
        flags += node.args[takes : takes + 1]
        try:
            text, *flag = (eval(compile(ast.Expression(each), "-", "eval"), vars(module)) for each in (node.args[0], *flags))
            found: tuple[Pattern, str] | None = (re.compile(text, *flag), called.attr)
        except Exception:
            found = None
        if found is not None or within:  # what a module builds as it is loaded is found under its name
            yield f"{module.__name__}:{within}", found


def _handed_over(module: ModuleType, source: ast.AST) -> Iterator[tuple[str, Pattern, str]]:
    for place, found in _calls(module, source):
        if found is not None:
            yield place, *found


# --- what they are attacked with --------------------------------------------------------------------------------------------

PUMPS = (
    "a", " ", "\t", "\n", "0", ".", "-", "_", "<", ">", "(", ")", '"', '\\"', "\\", "=", "?", "=?", "=?a?q?", "@", "a@", "a.", ":", ";",
    "; a", "a=", ",", "*", "*0*=", "%", "&", "&#", "/", "//", "..", "<a", "<a ", "<style>", "<style", "</", "<!--", "data:",
    "border-left:", "border-width: ", "display", "border-top:solid", "> ", ">>", "--", "----", "begin 644 a\n", "1 jan ", "1.1.1 ",
    "10:10 ", "2026-01-01", "5.1.1", "550 ", "\u0300", "\u200b", "é", "\x1b$B", "\r", "From: ", "-" * 10 + "\n", "1 a ", "a 1 ", "A", "#",
    "+", "[", "]", "{", "}", "{{", "}}", "{%", "|", "~", "^", "$", "'", "`", "\r\n", "\n\n", "\n ", " \n", "\r\n ", "\x00", "\x7f",
)  # fmt: skip
_SIGNS = ("a", " ", "\n", "0", ".", "-", "_", "<", ">", "(", '"', "=", "@", ":", ",", "*", "/", "[")
PAIRS = tuple("".join(pair) for pair in product(_SIGNS, repeat=2) if pair[0] != pair[1])
#: At the end, where most expressions cannot go on.
ENDS = ("\x00", "")
_MOST_BEGINNINGS, _MOST_OWN = 4, 24


def beginnings(pattern: Pattern) -> tuple[str, ...]:
    """Texts with which this expression begins to fit, up to each of its repetitions."""
    found: list[str] = []
    _walk(_parsed(pattern), "", found, [])
    return tuple(islice(dict.fromkeys(text for text in found if text), _MOST_BEGINNINGS))


def own_pumps(pattern: Pattern) -> tuple[str, ...]:
    """What its repetitions repeat, and a whole text that fits."""
    pumps: list[str] = []
    whole = _walk(_parsed(pattern), "", [], pumps)
    return tuple(islice(dict.fromkeys(text for text in (*pumps, whole, *(a + b for a, b in pairwise(pumps))) if text), _MOST_OWN))


def _parsed(pattern: Pattern) -> Any:
    return parser.parse(pattern.pattern, pattern.flags & ~(re.UNICODE if isinstance(pattern.pattern, bytes) else 0))


def _walk(parts: Any, so_far: str, begins: list[str], pumps: list[str]) -> str:
    """The shortest text that fits; on the way notes what stands before each repetition, and what it repeats."""
    text = ""
    for kind, value in parts:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inner = value
            begins.append(so_far + text)
            one = _walk(inner, so_far + text, begins, pumps)
            if most > 1:
                pumps += _variants(inner, one)
            text += one * max(min(least, 70), 1)
        elif kind is op.SUBPATTERN:
            text += _walk(value[-1], so_far + text, begins, pumps)
        elif kind is op.ATOMIC_GROUP:
            text += _walk(value, so_far + text, begins, pumps)
        elif kind is op.BRANCH:
            branches = [_walk(branch, so_far + text, begins, pumps) for branch in value[1][:8]]
            text += branches[0]
        elif kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            text += _one(kind, value)[0]
    return text


def _variants(inner: Any, one: str) -> list[str]:
    """Of a repeated sign each kind that it may be, else the text itself."""
    if len(inner) == 1 and inner[0][0] in (op.IN, op.ANY, op.NOT_LITERAL):
        return _one(*inner[0])
    return [one]


_TRIED = [chr(code) for code in (97, 65, 48, 32, 45, 46, 60, 62, 61, 58, 34, 40, 95, 64, 44, 47, 10, 9, 92, 233, 63, 35, 43)]


def _one(kind: Any, value: Any) -> list[str]:
    """Signs that fit one place."""
    if kind is op.LITERAL:
        return [chr(value)]
    if kind is op.ANY:
        return ["a", " ", "0"]
    if kind is op.NOT_LITERAL:
        return [sign for sign in _TRIED if ord(sign) != value][:4]
    negated = value[0][0] is op.NEGATE
    fitting = [sign for sign in _TRIED if any(_in(sign, each) for each in value) is not negated]
    return (
        fitting[:6]
        or [chr(each[1] if each[0] is op.LITERAL else each[1][0]) for each in value if each[0] in (op.LITERAL, op.RANGE)][:3]
        or ["a"]
    )


def _in(sign: str, each: tuple[Any, Any]) -> bool:
    kind, value = each
    if kind is op.LITERAL:
        return ord(sign) == value
    if kind is op.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    if kind is op.CATEGORY:
        name = str(value).lower()
        fits = sign.isdecimal() if "digit" in name else sign.isspace() if "space" in name else sign.isalnum() or sign == "_"
        return fits is not ("not_" in name)
    return False


# --- the attack -------------------------------------------------------------------------------------------------------------

#: Repetitions of the pump. Small steps first: what takes twice as long with each one more is found before it takes for ever.
STEPS = (8, 12, 16, 20, 24, 28, 32, 40, 64, 256)
#: Seconds at 4 KB below which even time that grows with the cube would not matter at the end of the ladder.
_NOTHING = TOO_LITTLE_TO_MATTER / 4_096


@dataclass(frozen=True)
class Fault:
    name: str
    asked: str
    begin: str
    pump: str
    end: str
    why: str


def attack(expression: Expression, pumps: Iterable[str], begins: Iterable[str], ends: Iterable[str], sizes: Iterable[int]) -> list[Fault]:
    """The first text of each way of asking that takes more than its length in time."""
    faults = []
    begins, ends, pumps, sizes = tuple(begins), tuple(ends), tuple(pumps), tuple(sizes)
    for way in sorted(expression.asked):
        for begin, pump, end in product(begins, pumps, ends):
            ladder = sorted({*(step * len(pump) for step in STEPS if step * len(pump) <= sizes[-1]), *sizes})
            why = _judged(expression.pattern, way, begin, pump, end, ladder)
            if why:
                faults.append(Fault(expression.name, way, begin, pump, end, why))
                break
    return faults


def _judged(pattern: Pattern, way: str, begin: str, pump: str, end: str, ladder: Iterable[int]) -> str:
    is_text = isinstance(pattern.pattern, str)

    def subject(size: int) -> Any:
        text = begin + pump * (size // len(pump) + 1) + end
        return text if is_text else text.encode()

    def asking(text: Any) -> Any:
        return {"match": pattern.match, "fullmatch": pattern.fullmatch}.get(way, lambda text: pattern.sub(text[:0], text))(text)

    for size in ladder:
        text = subject(size)
        taken = cost(lambda text=text: asking(text), tries=1)  # type: ignore[misc]
        if taken > TOO_LITTLE_TO_MATTER:
            little, large = subject(size // 4), text
            try:
                assert_linear(lambda n, a=little, b=large: asking(b if n == 4 else a), 1)  # type: ignore[misc]
            except AssertionError as error:
                return str(error).partition(":")[0] + f" at {size} signs"
        if size >= 4_000 and taken < _NOTHING:
            return ""
    return ""
