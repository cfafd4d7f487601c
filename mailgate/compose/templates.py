"""The templates of our letters: compiled once, in a sandbox (compose/engine), with every sentence in the reader's language.

What a mail said comes in as a value and never as a template. Values are marked (compose/data) where they are printed, so no value
can begin a block, a label or a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.environment import Template
from jinja2.ext import extract_from_ast
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import escape

from mailgate.compose import catalogue, dates, faults, numbers, words
from mailgate.compose.blocks import Block, parse, parse_once
from mailgate.compose.cards import font
from mailgate.compose.catalogue import ENGLISH, Catalogue, Messages
from mailgate.compose.colours import Shades
from mailgate.compose.data import HTML, OWN, Safe, beginning, inline, mark_lines, unmark
from mailgate.compose.engine import FUNCTIONS, Engine, pages
from mailgate.compose.plain import script_of
from mailgate.compose.views import EntryView, TicketView, called
from mailgate.model.commands import VERBS, Fault
from mailgate.model.reason import Because, Wording
from mailgate.model.weekly import WeekFigure

FRAME = "_frame.html"
FOOTER = "_footer.txt"
UNANSWERED = "_unanswered.txt"  #: ends the letters of whoever was not answered before
_SUBJECT, _PREHEADER = "Subject: ", "Preheader: "
#: Between text and footer: no data keeps it, and it is no blank, or `{%- ... -%}` beside it would take it away.
_OUTSIDE = ("/requester.txt", "/participant.txt")
_PAGE, _END = "\x04", "\n"
_PERSONAL = re.compile(r"\b(?:reader|ratings)\b")
#: Pieces that were not put in place: who knows which.
_DRAWS_IN = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b")
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"[a-z][a-z_]*/[a-z]+\.(?:txt|html)|_[a-z]+\.(?:txt|html)")


#: What the template engine's sentences begin with, and what is meant.
_SYNTAX = (
    ("Encountered unknown tag", "holds a {% tag %} that there is not"),
    ("Unexpected end of template", "a {% block %} is opened and not closed"),
    ("unexpected end of template", "a {{ value }} or {% block %} is opened and not closed"),
    ("unexpected '}'", "a {{ value }} ends with two braces"),
    ("expected token 'end of print statement'", "{{ }} holds one value: a word, a point, a word"),
    ("expected token 'end of statement block'", "a {% tag %} holds something that does not belong there"),
    ("No filter named", "holds a | filter that there is not"),
    ("No test named", "asks `is` for something that there is not"),
    ("Missing end of comment", "a {# comment #} is opened and not closed"),
    ("unexpected char", "holds a character that a value cannot have"),
)


def _in_words(says: str) -> str:
    for begins, meaning in _SYNTAX:
        if says.startswith(begins):
            named = re.match(r"(?:Encountered unknown tag|No (?:filter|test) named) '(\w{1,40})'", says)
            return f"{meaning}: {named[1]}" if named else meaning
    return "cannot be understood as a template from here on"


class BadTemplates(ValueError):
    """Templates or catalogues that cannot be used; `problems` lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template with its values: the subject's words, the blocks, the footer's blocks, and the HTML of a template of its own."""

    subject: str
    preheader: str  #: what the template says of it, or ""
    blocks: list[Block]
    footer: tuple[Block, ...]
    html: str | None


def load(
    sources: Mapping[str, str], catalogues: Mapping[str, bytes], *, checked: bool = False, ours: Mapping[str, str] = MappingProxyType({})
) -> Templates:
    """`sources`: file name below templates/ -> text; `catalogues`: language -> .po. Raises BadTemplates with all problems at once.
    `checked`: they were found good before (a worker gets them from a program that runs). `ours`: those that are brought along, which are
    good. What is good is not compiled before its letter is first written: to compile all of them would be most of a program's start."""
    problems: list[str] = []
    books: dict[str, Catalogue] = {"en": ENGLISH}
    for language, data in sorted(catalogues.items()):
        try:
            books[language] = catalogue.read(language, data)
        except ValueError as error:
            problems.append(str(error))
    for name, source in sorted(sources.items()):
        if not _NAME.fullmatch(name):
            problems.append(f"{name}: not <event>/<audience>.txt")
        elif "/" in name and name.endswith(".txt") and not source.startswith(_SUBJECT):
            problems.append(f'{name}:1: the first line has to begin with "Subject: "')
    made = Templates(sources, books)
    if not checked:
        problems += _broken(made, sources, ours)
    problems += [f"{name}: is missing" for name in (FRAME, FOOTER) if name not in sources]
    if problems:
        raise BadTemplates(problems)
    return made


def _broken(made: Templates, sources: Mapping[str, str], ours: Mapping[str, str]) -> list[str]:
    """What cannot be compiled, with the file and the line where that is."""
    was = _wholes(ours) if ours else {}
    texts = [name for name, whole in made.wholes.items() if _NAME.fullmatch(name) and was.get(name) != whole]
    problems = [problem for name in sorted(sources) if name.endswith(".html") and (problem := _fault(made.page, name))]
    if broken := [problem for name in texts if (problem := _fault(made.engine.compiled, name))]:
        # A piece is put in place in many letters: the fault is told where it was written.
        alone = Engine(sources, FILTERS)
        exactly = [problem for name in sorted(sources) if name.endswith(".txt") and (problem := _fault(alone.compiled, name))]
        problems += exactly or broken
    return problems


def _fault(compiled: Callable[[str], object], name: str) -> str:
    try:
        compiled(name)
    except TemplateSyntaxError as error:
        return f"{error.name or name}:{error.lineno}: {_in_words(error.message or '')}"
    except TemplateError:
        return f"{name}: cannot be used as a template"
    return ""


def messages_of(name: str, source: str) -> Messages:
    """The sentences of one template. Raises jinja2.TemplateError."""
    if name.endswith(".txt"):
        return Engine({name: source}, FILTERS).compiled(name).messages
    extracted: Iterable[tuple[int, str, Any]] = extract_from_ast(pages({}, FILTERS).parse(source, name))
    found = (message if isinstance(message, tuple) else (message,) for _, _, message in extracted)
    return {message[0]: message[1] if len(message) > 1 and isinstance(message[1], str) else "" for message in found}


def _wholes(sources: Mapping[str, str]) -> dict[str, str]:
    """The texts as they are compiled: letters with all that is put in place in them, and pieces that no letter has.
    Text and footer are one template, parted by a page: each run of a template costs 15 µs before its first word."""
    texts = {name: source for name, source in sources.items() if name.endswith(".txt")}
    footer, unanswered = sources.get(FOOTER, ""), sources.get(UNANSWERED, "").removesuffix(_END)
    placed = {FOOTER, UNANSWERED}.union(*map(_INCLUDE.findall, texts.values()))
    wholes: dict[str, str] = {}
    for name, source in sorted(texts.items()):
        if "/" in name:
            source = f"{source.removesuffix(_END)}{unanswered if name.endswith(_OUTSIDE) else ''}{_PAGE}{footer}"
            wholes[name] = _inlined(source, texts)
        elif name not in placed:
            wholes[name] = source
    return wholes


class Templates:
    """All letters, in all languages that there is a catalogue for. Threads may share it."""

    def __init__(self, sources: Mapping[str, str], catalogues: Mapping[str, Catalogue]) -> None:
        self.wholes = _wholes(sources)
        self._sources = {**{name: _inlined(source, sources) for name, source in sources.items()}, **self.wholes}
        self.engine = Engine(self._sources, FILTERS)
        self._mentioned: dict[tuple[str, str], frozenset[str]] = {}  #: all words of a letter's source; none where it draws in others
        self._settled: dict[tuple[str, Shades], tuple[_Piece, ...]] = {}
        self._catalogues = catalogues
        self.letters = frozenset((name.split("/")[0], name.split("/")[1][:-4]) for name in self.wholes if "/" in name)

    @cached_property
    def _frame(self) -> tuple[_Piece, ...] | None:
        return _pieces(self._sources[FRAME])

    @cached_property
    def _pages(self) -> Environment:
        return pages(self._sources, FILTERS)

    def page(self, name: str) -> Template:
        """A template in HTML. Raises jinja2.TemplateError."""
        return self._pages.get_template(name)

    @cached_property
    def messages(self) -> Messages:
        """Every sentence, in English."""
        found = dict.fromkeys(words.MESSAGES | faults.MESSAGES | numbers.MESSAGES, "")
        for name in self.wholes:
            found |= self.engine.compiled(name).messages
        for name, source in self._sources.items():
            found |= messages_of(name, source) if name.endswith(".html") else {}
        return found

    @cached_property
    def personal(self) -> frozenset[tuple[str, str]]:
        """Letters (event, audience) that name their reader or let them rate: such words are one person's. Operators may write any."""
        is_any_piece = any(_PERSONAL.search(source) for name, source in self._sources.items() if name.startswith("_"))

        def is_personal(name: str) -> bool:
            source = self._sources.get(name, "")
            return bool(_PERSONAL.search(source)) or (is_any_piece and bool(_DRAWS_IN.search(source)))

        return frozenset(
            letter for letter in self.letters if any(is_personal(f"{letter[0]}/{letter[1]}.{kind}") for kind in ("txt", "html"))
        )

    def asks(self, event: str, audience: str, value: str) -> bool:
        """Whether a letter may ask for this value: what none does need not be made for it."""
        mentioned = self._mentioned.get((event, audience))
        if mentioned is None:
            said = "\n".join(self._sources.get(f"{event}/{audience}.{kind}", "") for kind in ("txt", "html"))
            mentioned = self._mentioned[event, audience] = frozenset(() if _DRAWS_IN.search(said) else _WORD.findall(said))
        return value in mentioned or not mentioned

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self._catalogues))

    def language(self, *wanted: str | None) -> str:
        """The first language wanted that there is a catalogue for (`de-AT` is served by `de`), else English."""
        for one in wanted:
            if one:
                tag = one.replace("_", "-")
                for known in (tag, tag.lower(), tag.partition("-")[0].lower()):
                    if known in self._catalogues:
                        return known
        return "en"

    def catalogue(self, language: str) -> Catalogue:
        return self._catalogues[language]

    def missing(self) -> dict[str, list[str]]:
        """Of each sentence that is not said in every language: the languages that lack it, and say it in English."""
        found: dict[str, list[str]] = {}
        for language, book in sorted(self._catalogues.items()):
            if language != ENGLISH.language:
                for message in self.messages.keys() - (book.single.keys() | book.several.keys()):
                    found.setdefault(message, []).append(language)
        return dict(sorted(found.items()))

    def problems(self, own: Collection[str] = ()) -> list[str]:
        """Translations that are missing or cannot be used. `own`: sentences that only an operator's templates say."""
        found = [problem for _, book in sorted(self._catalogues.items()) for problem in book.problems]
        lacking = ((language, message) for message, languages in self.missing().items() if message not in own for language in languages)
        return found + [f"{language}: no translation of {message!r}" for language, message in sorted(lacking)]

    def has(self, event: str, audience: str) -> bool:
        return (event, audience) in self.letters

    def render(self, event: str, audience: str, language: str, zone: str, values: Mapping[str, object]) -> Rendered:
        """Raises jinja2.TemplateError, and TypeError for a value that cannot be printed."""
        book = self._catalogues[language]
        everything = {**values, "_book": book, "_zone": zone, "_language": language, "audience": audience, "event": event}
        text = self.engine.template(f"{event}/{audience}.txt", book)
        # With the functions among the values: `Template.render` puts them together for each letter, which takes as long as ten values.
        said = "".join(text.root_render_func(text.new_context({**FUNCTIONS, **everything}, shared=True)))
        whole, _, footer = said.rpartition(_PAGE)
        first, _, rest = whole.partition("\n")
        second, _, below = rest.partition("\n")
        has_preheader = second.startswith(_PREHEADER)
        own = f"{event}/{audience}.html"
        return Rendered(
            subject=unmark(first.removeprefix(_SUBJECT)).strip(),
            preheader=inline(unmark(second.removeprefix(_PREHEADER))) if has_preheader else "",
            blocks=parse(below if has_preheader else rest),
            footer=parse_once(footer),
            html=self.page(own).render(everything) if own in self._sources else None,
        )

    def frame(self, language: str, shades: Shades, values: Mapping[str, str]) -> str:
        """The HTML page around the rows of a letter. `values`: title, preheader, marker, and body and footer, which are HTML already."""
        if self._frame is None:
            return self.page(FRAME).render({**_settled(language, shades), **values})
        key = language, shades
        pieces = self._settled.get(key)
        if pieces is None:
            pieces = self._settled[key] = _settle(self._frame, _settled(language, shades))
        return "".join([text or (values[name] if is_html else escape(values[name])) for text, name, is_html in pieces])


#: Text; or else the name of a value, and whether it is HTML already.
_Piece = tuple[str, str, bool]


def _pieces(frame: str) -> tuple[_Piece, ...] | None:
    """A frame that is nothing but text and values (`{{ title }}`, `{{ body | safe }}`), or None: then the template runs for each page."""
    found: list[_Piece] = []
    for node in (child for part in SandboxedEnvironment().parse(frame).body for child in getattr(part, "nodes", (part,))):
        is_html = isinstance(node, nodes.Filter) and node.name == "safe" and not (node.args or node.kwargs)
        inner = node.node if isinstance(node, nodes.Filter) and is_html else node
        if isinstance(node, nodes.TemplateData):
            found.append((node.data, "", False))
        elif isinstance(inner, nodes.Name) and inner.name in _FRAMED:
            found.append(("", inner.name, is_html))
        else:
            return None
    return tuple(found)


def _settled(language: str, shades: Shades) -> dict[str, str]:
    """What is the same in every letter of a brand in one language."""
    direction = words.direction(language)
    dark = {name: getattr(shades, name) for name in _DARK}
    return {
        "language": language,
        "direction": direction,
        "start": "right" if direction == "rtl" else "left",
        "font": font(language),
        **dark,
    }


def _settle(pieces: Iterable[_Piece], settled: Mapping[str, str]) -> tuple[_Piece, ...]:
    """The pieces with such values put in, and what then is text alone as one."""
    found: list[_Piece] = []
    for text, name, is_html in pieces:
        if name in settled:
            text, name = settled[name] if is_html else str(escape(settled[name])), ""
        if not name and found and not found[-1][1]:
            found[-1] = (found[-1][0] + text, "", False)
        else:
            found.append((text, name, is_html))
    return tuple(found)


_DARK = ("dark_fill", "dark_fill_ink", "dark_link", "dark_tint", "dark_tint_ink")
_FRAMED = frozenset({"language", "direction", "start", "font", *_DARK, "title", "preheader", "marker", "body", "footer"})

_INCLUDE = re.compile(r'\{%-? include "(_[a-z]+\.txt)" -?%\}')


def _inlined(source: str, sources: Mapping[str, str], depth: int = 3) -> str:
    """The source with the pieces that several letters share put in place: a tenth of the time of a letter goes into includes."""
    if depth == 0 or "include" not in source:
        return source
    return _INCLUDE.sub(lambda match: _inlined(sources[match[1]], sources, depth - 1) if match[1] in sources else match[0], source)


# --- filters: each says one kind of value -----------------------------------------------------------------------------


@pass_context
def _when(context: Context, at: datetime) -> str:
    return dates.when(at, context["_zone"], context["_language"])


@pass_context
def _when_short(context: Context, at: datetime) -> str:
    return dates.when_short(at, context["_zone"], context["_language"], context["now"])


@pass_context
def _day(context: Context, at: datetime) -> str:
    return dates.day(at, context["_zone"], context["_language"], context["now"])


def _in_language(say: Callable[[Any, str], Any]) -> Callable[[Context, Any], Any]:
    @pass_context
    def said(context: Context, value: Any) -> Any:
        return say(value, context["_language"])

    return said


def _with_words(say: Callable[[Any, words.Say], Any]) -> Callable[[Context, Any], Any]:
    @pass_context
    def said(context: Context, value: Any) -> Any:
        return say(value, context["_book"].say)

    return said


def _said(table: Mapping[Any, str]) -> Callable[[Context, Any], str]:
    @pass_context
    def say(context: Context, value: Any) -> str:
        key = getattr(value, "value", value)
        return context["_book"].say(table[key]) if key in table else str(key)

    return say


@pass_context
def _wish(context: Context, wish: str) -> Safe:
    """A word of ours, so it may stand where a template's own words do."""
    return Safe(context["_book"].say(words.WISHES[wish]))


def _agent(entry: EntryView, language: str) -> str:
    return called(entry.author, language)


def _standing(ticket: TicketView, say: words.Say) -> str:
    return words.headline(ticket.status, ticket.hold, say)


@pass_context
def _figure(context: Context, reading: WeekFigure, form: str, before: bool = False) -> str:
    return numbers.figure(reading, form, before, context["_language"], context["_book"].say)


@pass_context
def _shown(context: Context, value: float | None, few: bool, form: str) -> str:
    return numbers.shown(value, few, form, context["_language"], context["_book"].say)


def _reason(because: Because, say: words.Say) -> str:
    return Wording(words.AGENTS_SENTENCES, say).say(because)


@pass_context
def _fault_said(context: Context, fault: Fault) -> str:
    return faults.said(fault, context["_book"].say, script_of(context["_language"]))


def _beside(parts: Sequence[str], language: str) -> str:
    return script_of(language).comma.join(filter(None, parts))


#: What templates may put behind `|`, besides Jinja's own.
FILTERS: Mapping[str, Any] = {
    "when": _when,
    "when_short": _when_short,
    "day": _day,
    "duration": _with_words(words.duration),
    "priority": _said(words.PRIORITIES),
    "agents_priority": _said(words.AGENTS_PRIORITIES),
    "status": _said(words.STATUSES),
    "standing": _with_words(_standing),
    "agent": _in_language(_agent),
    "wish": _wish,
    "preview": words.preview,
    "capital": lambda text: f"{text[:1].upper()}{text[1:]}",
    "agents_status": _said(words.AGENTS_STATUSES),
    "hold": _said(words.HOLDS),
    "kind": _said(words.KINDS),
    "metric": _said(words.METRICS),
    "score": _said(words.SCORES),
    "letter": _said(words.CALLED),
    "fault": _fault_said,
    "proof": _said(words.PROOFS),
    "reason": _with_words(_reason),
    "form": lambda verb: VERBS[verb].form,
    "does": _said(words.COMMANDS),
    "receipt": _with_words(words.receipt),
    "people": _in_language(words.people),
    "beside": _in_language(_beside),
    "share": _in_language(numbers.share),
    "fine_share": _in_language(numbers.fine_share),
    "figure": _figure,
    "cid": Safe,  # of a picture of ours: it names nothing else
    "shown": _shown,
    "time_span": _in_language(dates.time_span),
    "alarm": _with_words(words.alarm),
    "size": _in_language(words.size),
    "quote": beginning,
    "lines": lambda text: mark_lines(text),
    "words": lambda entry: mark_lines(entry.text, HTML),
    "own": lambda text: mark_lines(text, OWN),
}
