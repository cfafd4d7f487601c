"""The engine of our templates: a sandbox in which each is compiled once, and speaks every language.

The code that is made of a text asks for its sentences by names of its own. What they say is put beside that code for each language, so
that a sentence costs no look-up while a letter is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeVar

from jinja2 import BaseLoader, DictLoader, Environment, StrictUndefined, TemplateNotFound, Undefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Template
from jinja2.ext import InternationalizationExtension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from mailgate.compose.catalogue import Catalogue, Messages
from mailgate.compose.data import Safe, mark
from mailgate.compose.views import VIEWS


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What a template says: under which name its code asks for it ("": while it runs), and the names of its values."""

    name: str
    message: str
    plural: str = ""
    values: tuple[str, ...] = ()

    def said(self, book: Catalogue) -> Safe | Callable[..., str]:
        """The words in one language, or what puts values among them."""
        text, names = book.say(self.message), self.values
        if not names:
            return Safe(text % {} if "%" in text else text)
        return lambda *values: text % dict(zip(names, map(printed, values), strict=True))


@dataclass(frozen=True, slots=True)
class TemplateCode:
    """A template's code, which is the same in all languages, and its sentences."""

    code: CodeType
    sentences: tuple[_Sentence, ...]

    @property
    def messages(self) -> Messages:
        return {sentence.message: sentence.plural for sentence in self.sentences}


class Engine:
    """Texts by name; one that is not there raises jinja2.TemplateNotFound. Threads may share it."""

    def __init__(self, sources: Mapping[str, str], filters: Mapping[str, Any]) -> None:
        self._sources, self._filters = sources, filters
        self._compiled: dict[str, TemplateCode] = {}
        self._spoken: dict[str, Environment] = {}
        self._templates: dict[tuple[str, str], Template] = {}

    def compiled(self, name: str) -> TemplateCode:
        """Raises jinja2.TemplateError."""
        found = self._compiled.get(name)
        if found is None:
            if name not in self._sources:
                raise TemplateNotFound(name)
            compiler = _texts(self._filters)
            code = compiler.compile(self._sources[name], name)
            found = self._compiled[name] = TemplateCode(code, tuple(compiler.sentences))
        return found

    def template(self, name: str, book: Catalogue) -> Template:
        """The template in the language of the catalogue. Raises jinja2.TemplateError."""
        template = self._templates.get((name, book.language))
        if template is None:
            environment = self._spoken.get(book.language)
            if environment is None:
                environment = self._spoken[book.language] = _texts(self._filters, _InOneLanguage(self, book))
            template = self._templates[name, book.language] = environment.get_template(name)
        return template


class _InOneLanguage(BaseLoader):
    """Puts the words of one language beside the code of templates."""

    def __init__(self, engine: Engine, book: Catalogue) -> None:
        self._engine, self._book = engine, book

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        compiled = self._engine.compiled(name)
        template = environment.template_class.from_code(environment, compiled.code, globals or {})
        template.root_render_func.__globals__.update({one.name: one.said(self._book) for one in compiled.sentences if one.name})
        return template


class _Sandbox(SandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        # Views are plain data: what the sandbox would look for in them on each access is never there.
        if type(obj) in VIEWS and attribute[0] != "_":
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)


class _Code(CodeGenerator):
    """The code of a text, in which a sentence is a name, or called with its values."""

    environment: _Texts

    def visit_Call(self, node: nodes.Call, frame: Frame, **how: bool) -> None:  # type: ignore[override]  # noqa: N802
        if isinstance(node.node, nodes.InternalName):
            self.write(f"{node.node.name}(")
            for value in node.args:
                self.visit(value, frame)
                self.write(", ")
            self.write(")")
            return
        said = [one.value for one in node.args if isinstance(one, nodes.Const)]
        if said and isinstance(node.node, nodes.Name) and node.node.name in FUNCTIONS:
            self.environment.sentences.append(_Sentence("", *said[:2]))
        super().visit_Call(node, frame, **how)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not _is_sentence(node):
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not _is_sentence(node):
            super()._output_child_post(node, frame, finalize)


def _is_sentence(node: nodes.Node) -> bool:
    return isinstance(node.node if isinstance(node, nodes.Call) else node, nodes.InternalName)


class _Named(InternationalizationExtension):
    """`{% trans %}` as the name of its sentence, or as a call of that name with its values; plural forms are chosen while it runs."""

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        parsed = super().parse(parser)
        if isinstance(parsed, list):
            return parsed
        call = parsed.nodes[0] if isinstance(parsed, nodes.Output) else None
        if not isinstance(call, nodes.Call) or not isinstance(call.node, nodes.Name) or call.node.name != "gettext":
            return parsed
        name = parser.free_identifier(lineno=parsed.lineno)
        sentence = _Sentence(name.name, call.args[0].as_const(), values=tuple(value.key for value in call.kwargs))
        self.environment.sentences.append(sentence)  # type: ignore[attr-defined]
        said = nodes.Call(name, [value.value for value in call.kwargs], [], None, None) if call.kwargs else name
        return nodes.Output([said], lineno=parsed.lineno)


class _Texts(_Sandbox):
    """Of texts: what stands in them is marked as it is printed."""

    code_generator_class = _Code
    sentences: list[_Sentence]  #: of what it compiles: one text


def _texts(filters: Mapping[str, Any], loader: BaseLoader | None = None) -> _Texts:
    made = _Texts(loader=loader, undefined=StrictUndefined, finalize=printed, extensions=[_Named], auto_reload=False, cache_size=-1)
    made.sentences = []
    return _furnished(made, filters)


def pages(sources: Mapping[str, str], filters: Mapping[str, Any]) -> Environment:
    """Of HTML: what stands in it is escaped as it is printed, and its sentences are looked up while it runs."""
    made = _Sandbox(
        loader=DictLoader(dict(sources)),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=[InternationalizationExtension],
        auto_reload=False,
        cache_size=-1,
    )
    return _furnished(made, filters)


_E = TypeVar("_E", bound=Environment)


def _furnished(made: _E, filters: Mapping[str, Any]) -> _E:
    """With our filters and functions, and no others."""
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    made.globals.clear()
    made.globals.update(FUNCTIONS)
    made.filters.update(filters)
    return made


def printed(value: Any) -> str:
    """What `{{ value }}` puts into the text. Raises TypeError for what people cannot read as it is."""
    kind = type(value)
    if kind is Safe:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return mark(value)
    if kind is int or isinstance(value, Undefined):
        return str(value)  # what is undefined raises: nothing is printed as if it were empty
    if isinstance(value, str):
        return mark(str(value))
    raise TypeError(f"a value of type {kind.__name__} cannot be printed into a letter")


@pass_context
def _gettext(context: Context, message: str, **values: object) -> Safe:
    text = context["_book"].say(message)
    return Safe(text % {name: printed(value) for name, value in values.items()} if "%" in text else text)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int, **values: object) -> Safe:
    text = context["_book"].say_n(singular, plural, n)
    return Safe(text % {"num": n, **{name: printed(value) for name, value in values.items()}} if "%" in text else text)


#: What templates may call.
FUNCTIONS: Mapping[str, object] = {"gettext": _gettext, "ngettext": _ngettext, "_": _gettext}
