"""HTML mail: made safe, made text, and cut like text. Never fetches anything; linear in the size of what it is given.

A tree is built only of HTML that is neither too long nor too deep: builders take the square of the depth."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime.charset import clean_text
from mailgate.understand.text.body import FROM_HERE, Cut, Label, assemble, label
from mailgate.understand.text.lines import Reasons, lines_that_say
from mailgate.understand.text.quote_words import (
    ATTRIBUTION_CLASSES,
    ATTRIBUTION_IDS,
    FROM_HERE_CLASSES,
    FROM_HERE_IDS,
    FROM_HERE_NAMES,
    NAMES_A_QUOTE,
    QUOTE_CLASSES,
    SIGNATURE_CLASSES,
    WHOLE_QUOTES,
)

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNSEEN = re.compile(r"<(style|script|head|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_DATA_URI = re.compile(r"data:[^\"'\s>)]{512,}")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LOOSE = re.compile(r"[\W_]+")

#: A number sign, or what looks like one, also written as an entity; in text, or as what stands for a picture.
_SIGN = "(?:(?<!&)#|[\uff03\ufe5f\u266f\u2317\u22d5\u29e3\u29e4\u29e5\u2a33\u2a68\u2d4c\u4e95]|&(?:num|#0{0,6}35|#[xX]0{0,6}23);)"
_ANY_SIGN = re.compile(_SIGN)
_SHOWN_SIGN = re.compile(rf"(?:\A|>)[^<>]*{_SIGN}|\balt=[\"']?{_SIGN}")
_SIGN_AS_PICTURE = re.compile("[#\uff03\ufe5f][\ufe0e\ufe0f\u20e3]*\\s*")

#: On both sides of where a link leads, in the pieces of a line. No cleaned text holds the character.
_LINK = "\x03"
_LINKS = re.compile(f" ?{_LINK}([^{_LINK}]*){_LINK}")
#: What the plain form of a mail has in the place of links and pictures: it says nothing of its own beside HTML.
_MARKS = re.compile(
    r"<(?:https?|mailto|tel|ftp):[^<>\s]{1,4000}>|\[(?:image|cid|Bild|Image|image\d*):? ?[^\[\]\n]{0,300}\]"
    r"|(?:https?://|www\.)[^\s<>\"]{1,4000}"
)
_HIDDEN_READ, _HIDDEN_WORDS = 3, 2_000  #: so many hidden elements, and characters of each, are looked at
_PICTURES = 50  #: so many may be told by their words
#: What begins an item of a list in plain text, where HTML has the list.
_BULLET = re.compile(r"^[ \t>]{0,20}(?:[o§]|[0-9]{1,3}[.)])[ \t\u00a0]{1,20}", re.MULTILINE)

#: Elements that end by themselves, or hold nothing: they say nothing about depth.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option tbody thead tfoot colgroup "
    "o:p html body".split()
)
_WALLS = frozenset("table caption object applet marquee template svg math foreignobject desc".split())
_BLOCK = frozenset(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_SPACED = frozenset("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul".split())
_UNREAD = frozenset(
    "head style script title meta link template noscript object embed svg math select textarea button iframe audio video canvas".split()
)
#: Nothing stands in them, or they stand for their place.
_KEPT_EMPTY = frozenset("html body br wbr img td th tr col colgroup thead tbody tfoot".split())
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE)
_BAR = re.compile(r"border-left(?:-width|-style)?\s*:\s*(?!none|0)|border-width\s*:[^;]{0,40}\b[1-9]\S{0,4}\s*(?:;|$)", re.IGNORECASE)
_OUTLOOK_RULE = re.compile(r"border-top\s*:\s*solid.{0,60}padding\s*:\s*3(?:\.0)?pt", re.IGNORECASE | re.DOTALL)

_SIGNATURE_IDS = frozenset("signature applemailsignature ms-outlook-mobile-signature gmail_signature ymail_android_signature".split())
_SIGNATURE_NAMES = frozenset({"messagesignaturesection"})

_TAGS = frozenset(nh3.ALLOWED_TAGS | {"center", "font", "u", "s", "big", "strike", "tt", "dl", "dt", "dd"}) - {
    "map",
    "area",
    "details",
    "summary",
}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"style", "dir", "lang", "title"}, "img": {"src", "alt", "width", "height"}, "font": {"color", "size"}, "blockquote": {"type"},
    "table": {"align", "border", "cellpadding", "cellspacing", "width"}, "td": {"align", "colspan", "rowspan", "valign", "width"},
    "th": {"align", "colspan", "rowspan", "scope", "width"},
}  # fmt: skip
_STYLES = set(
    "color background-color font-weight font-style font-size text-decoration text-align margin-left padding-left border-left "
    "white-space".split()
)
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


def _keep(tag: str, name: str, value: str) -> str | None:
    """Nothing that loads by itself: a picture must be a part of the mail, a style holds no address."""
    if name == "src":
        return value if value[:4].lower() == "cid:" else None
    if name == "style":
        return value if "(" not in value and "\\" not in value else None
    return value


#: Elements that go with all that is in them.
_TAKEN_OUT = frozenset("script style title head iframe object svg math noscript template textarea select".split())

_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    attribute_filter=_keep,
    url_schemes=_SCHEMES,
    link_rel="noopener noreferrer nofollow",
    filter_style_properties=_STYLES,
    strip_comments=True,
    clean_content_tags=set(_TAKEN_OUT),
)


@dataclass(slots=True)
class Document:
    """HTML that was read: `safe` to show, its readable `text`, and what is new in it."""

    safe: str
    text: str
    cut: Cut
    new_safe: str | None  #: the HTML of the new text alone; None where no tree could be built
    defects: list[str]
    pictures: tuple[str, ...] = ()  #: the words that stand for pictures
    folded: frozenset[str] = frozenset()  #: Content-IDs of pictures that only a quote or a signature shows
    unseen: tuple[str, ...] = ()  #: words that styles hide, by element


@dataclass(slots=True)
class _Line:
    depth: int = 0  #: how often quoted
    apart: bool = False  #: in a <blockquote> that nobody says quotes a mail
    signed: bool = False  #: in what a mail program calls a signature
    pieces: list[str] = field(default_factory=list)
    nodes: list[LexborNode] = field(default_factory=list)  #: of its text, to take it out again
    pictures: list[tuple[LexborNode, bool]] = field(default_factory=list)  #: each with whether it stands in a quote or a signature


class _Meaning(NamedTuple):
    """What an element says of its contents."""

    quotes: bool = False
    apart: bool = False
    signed: bool = False


_PLAIN, _QUOTES, _APART, _SIGNED = _Meaning(), _Meaning(quotes=True), _Meaning(apart=True), _Meaning(signed=True)


def read_html(markup: str, limits: ReadingLimits, why: Reasons | None = None, wordless: bool = False, links: bool = False) -> Document:
    """Everything that is wanted of an HTML body. With `why`, its cut says which rule folded what. `wordless`: as in `label`.
    `links`: there is no plain form, so the text has to say where links lead. The rules of the cut look at the words alone."""
    defects: list[str] = []
    markup, tree = _tree(markup, limits, defects)
    if tree is None or tree.body is None:
        text = flat_text(markup)
        flat = text.split("\n")
        taken_apart = assemble(flat, label(flat, limits, why=why, wordless=wordless), why)
        return Document(f"<pre>{nh3.clean_text(text)}</pre>" if text else "", text, taken_apart, None, defects)
    unseen: list[LexborNode] = []
    lines = _render(tree.body, unseen)
    hidden = _words_of(unseen) if links else ()
    for node in unseen:  # what is cleaned loses its styles: what they hide would be seen
        node.decompose()
    safe = _CLEANER.clean(tree.body.html or "" if unseen else markup)
    whole = ["".join(line.pieces) for line in lines]
    seen = [_LINKS.sub("", text) if _LINK in text else text for text in whole]
    labels = label(
        [("> " * line.depth) + text if line.depth else text for line, text in zip(lines, seen, strict=True)],
        limits,
        frozenset(at for at, line in enumerate(lines) if line.apart and not line.depth),
        frozenset(at for at, line in enumerate(lines) if line.signed),
        why,
        wordless,
    )
    if why is not None:  # the ">" was put there for the rules alone
        why.update((at, "quoted_by_html") for at, reason in why.items() if reason == "marked" and at >= 0 and lines[at].depth)
    if links:
        seen = [_LINKS.sub(r" <\1>", text) if _LINK in text else text for text in whole]
    taken_apart = assemble(seen, labels, why)
    text = "\n".join(line for line in seen if line != FROM_HERE).strip("\n").rstrip()
    pictures = tuple(alt.strip() for line in lines for node, _ in line.pictures if (alt := node.attributes.get("alt")))[:_PICTURES]
    if all(mark is Label.NEW for mark in labels) and not any(apart for line in lines for _, apart in line.pictures):
        return Document(safe, text, taken_apart, safe, defects, pictures, unseen=hidden)
    shown: tuple[set[str], set[str]] = (set(), set())  # in what is new, and elsewhere
    for line, mark in zip(lines, labels, strict=True):
        for node, apart in line.pictures:
            folded = apart or mark is not Label.NEW
            if (source := node.attributes.get("src") or "")[:4].lower() == "cid:":
                shown[folded].add(unquote(source[4:]).strip())
            if folded:
                node.decompose()
        if mark is not Label.NEW:
            for node in line.nodes:
                node.decompose()
    _prune(tree.body)
    return Document(
        safe, text, taken_apart, _CLEANER.clean(tree.body.html or ""), defects, pictures, frozenset(shown[1] - shown[0]), hidden
    )


def _words_of(hidden: list[LexborNode]) -> tuple[str, ...]:
    """What stands in the first elements that styles hide: somebody may have written into one that their program showed."""
    looked = [node.iter(include_text=True) for node in hidden[:_HIDDEN_READ] if node.tag not in _UNREAD]
    return tuple("\n".join("".join(line.pieces) for child in inside for line in _render(child))[:_HIDDEN_WORDS] for inside in looked)


def text_of(markup: str, limits: ReadingLimits) -> tuple[str, list[str]]:
    """The readable text of an HTML part."""
    defects: list[str] = []
    markup, tree = _tree(markup, limits, defects)
    if tree is None or tree.body is None:
        return flat_text(markup), defects
    lines = (_LINKS.sub(r" <\1>", "".join(line.pieces)) for line in _render(tree.body))
    return "\n".join(line for line in lines if line != FROM_HERE).strip("\n").rstrip(), defects


def without_lines(markup: str, said: str, limits: ReadingLimits) -> str | None:
    """The HTML without the lines that together say just this (`lines_that_say`); None where it has no such lines, or no tree."""
    _, tree = _tree(markup, limits, [])
    if tree is None or tree.body is None:
        return None
    lines = _render(tree.body)
    if (found := lines_that_say(["".join(line.pieces) for line in lines], said)) is None:
        return None
    for node in (each for line in lines[slice(*found)] for each in line.nodes):
        node.decompose()
    _prune(tree.body)
    return _CLEANER.clean(tree.body.html or "")


def same_words(html: Document, plain: str) -> bool:
    """Whether HTML and text say the same as new, but for white space, punctuation, bullets, and what stands for links and pictures."""
    for words in html.pictures:
        plain = plain.replace(f"[{words}]", "")
    return len({_LOOSE.sub("", _BULLET.sub("", _MARKS.sub("", text))) for text in (html.cut.new, plain)}) == 1


def begins_with_words(text: str, beginning: str) -> bool:
    """Whether a text begins with these words and says more."""
    words, first = _LOOSE.sub("", text), _LOOSE.sub("", beginning)
    return bool(first) and len(words) > len(first) and words.startswith(first)


def names_a_quote(markup: str) -> bool:
    """Whether HTML holds a place where a mail program says that it quotes."""
    low = markup.lower()
    return any(name in low for name in NAMES_A_QUOTE)


def may_show_a_sign(markup: str) -> bool:
    """Whether a number sign may stand in what HTML shows, and not only in its colours and addresses. No tree is built for it."""
    return _ANY_SIGN.search(markup) is not None and _SHOWN_SIGN.search(_UNSEEN.sub("", markup)) is not None


def flat_text(markup: str) -> str:
    """The text of HTML that no tree is built of: tags taken out."""
    text = _ANY_TAG.sub(" ", re.sub(r"<(?:br|/p|/div|/tr|/li|p|div)\b[^<>]{0,200}>", "\n", _UNSEEN.sub("", markup), flags=re.IGNORECASE))
    lines = (" ".join(line.split()) for line in clean_text(unescape(text)).split("\n"))
    return "\n".join(line for line in lines if line)


def _tree(markup: str, limits: ReadingLimits, defects: list[str]) -> tuple[str, LexborHTMLParser | None]:
    if len(markup) > 4096:
        markup = _DATA_URI.sub("data:,", markup)
    if len(markup) > limits.html:
        markup = markup[: limits.html]
        defects.append(f"HTML longer than {limits.html} characters")
    if _depth(markup) > limits.html_depth:
        defects.append("HTML too deep")
        return markup, None
    if markup.count("&") > limits.html_entities:
        defects.append("HTML of too many entities")
        return markup, None
    return markup, LexborHTMLParser(markup)


def _depth(markup: str) -> int:
    """How deep the tree will get. An end tag closes what it finds near, and nothing beyond the table that it stands in."""
    if markup.count("<") < 500:
        return 0
    stack: list[str] = []
    deepest = 0
    for closing, name in _TAG.findall(markup):
        name = name.lower()
        if name in _FLAT:
            continue
        if not closing:
            stack.append(name)
            deepest = max(deepest, len(stack))
            continue
        for back in range(len(stack) - 1, max(len(stack) - 17, -1), -1):
            if stack[back] == name:
                del stack[back:]
                break
            if stack[back] in _WALLS:
                break
    return deepest


def _render(body: LexborNode, unseen: list[LexborNode] | None = None) -> list[_Line]:
    """The lines that somebody sees, each with how often it is quoted and where it comes from. `unseen` gets what holds words and is not
    shown, or not as words."""
    page = _Rendering()
    stack: list[tuple[LexborNode, str | None, _Meaning]] = [(body, None, _PLAIN)]  # (element, its name when it is left, what it says)
    while stack:
        node, left, meaning = stack.pop()
        if left is not None:
            page.leave(node, left, meaning)
            continue
        tag = node.tag or ""
        if tag == "-text":
            page.say(node)
        elif tag == "br":
            page.begin()
        elif tag == "img":
            page.show(node)
        if tag in ("br", "img") or tag[:1] in "-!":
            continue
        attributes = node.attributes
        if tag in _UNREAD or (attributes and _HIDDEN.search((attributes.get("style") or "")[:500])):
            if unseen is not None and tag not in _TAKEN_OUT:
                unseen.append(node)
            continue
        if tag in _BLOCK:
            meaning = page.enter(node, tag, attributes)
            if tag not in ("td", "th"):
                stack.append((node, tag, meaning))
        if tag == "a" and attributes and attributes.get("href"):
            stack.append((node, tag, _PLAIN))
        stack.extend([(child, None, _PLAIN) for child in node.iter(include_text=True)][::-1])
    for line in page.lines:
        if line.pieces:
            line.pieces = ["".join(line.pieces).rstrip()]
    return page.lines


class _Rendering:
    """Lines as they grow, and what holds for the one that is written."""

    __slots__ = ("apart", "depth", "gap", "kept", "line", "lines", "signed")

    def __init__(self) -> None:
        self.line = _Line()
        self.lines = [self.line]
        self.depth = self.apart = self.signed = 0
        self.kept = 0  #: within <pre>
        self.gap = False  #: an empty line is due before the next text

    def begin(self) -> _Line:
        self.line = _Line(self.depth, self.apart > 0, self.signed > 0)
        self.lines.append(self.line)
        return self.line

    def say(self, node: LexborNode) -> None:
        text = clean_text(node.text_content or "")
        if not text:
            return
        line = self.line
        if self.kept:
            pieces = text.split("\n")
        else:
            if not text.isprintable() or "  " in text:
                text = _SPACE.sub(" ", text)
            pieces = [text.lstrip(" ") if not line.pieces or line.pieces[-1].endswith(" ") else text]
        for index, piece in enumerate(pieces):
            if index:
                line = self.begin()
            if piece:
                if self.gap and not line.pieces and len(self.lines) > 1:
                    line = self.begin()
                self.gap = False
                line.pieces.append(piece)
                line.nodes.append(node)

    def show(self, picture: LexborNode) -> None:
        self.line.pictures.append((picture, self.depth > 0 or self.signed > 0))
        if _SIGN_AS_PICTURE.fullmatch((picture.attributes.get("alt") or "")[:8]):
            self.line.pieces.append("#")  # an emoji, drawn by the mail program

    def enter(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> _Meaning:
        self.gap = self.gap or tag in _SPACED
        self._leave_pictures()
        if self.line.pieces and tag in ("td", "th"):
            self.line.pieces.append(" ")
        elif self.line.pieces:
            self.begin()
        if attributes and _rest_is_quoted(node, tag, attributes):
            self.lines.append(_Line(self.depth, pieces=[FROM_HERE]))
            self.begin()
        meaning = _meaning(node, tag, attributes)
        if meaning is not _PLAIN:  # never a cell's
            self._within(meaning, 1)
        self.kept += tag == "pre"
        if tag == "li":
            if self.gap and len(self.lines) > 1:
                self.begin()
            self.gap = False
            self.line.pieces.append("- ")
        return meaning

    def leave(self, node: LexborNode, tag: str, meaning: _Meaning) -> None:
        if tag == "a":
            if self.line.pieces and (where := _leads_to(node)):
                self.line.pieces.append(f"{_LINK}{where}{_LINK}")
            return
        self.kept -= tag == "pre"
        self.gap = self.gap or tag in _SPACED
        self._leave_pictures()
        self._within(meaning, -1)

    def _within(self, meaning: _Meaning, by: int) -> None:
        """What stands from here on is within such an element once more, or once less. A line that was begun stays what it is."""
        self.depth += by * meaning.quotes
        self.apart += by * meaning.apart
        self.signed += by * meaning.signed
        if self.line.pieces:
            self.begin()
        elif meaning is not _PLAIN:
            self.line.depth, self.line.apart, self.line.signed = self.depth, self.apart > 0, self.signed > 0

    def _leave_pictures(self) -> None:
        """A picture alone on a line belongs to the words above it, and not to the next block's."""
        line = self.line
        if line.pictures and not line.pieces and (above := next((each for each in reversed(self.lines[:-1]) if each.pieces), None)):
            above.pictures += line.pictures
            line.pictures = []


def _leads_to(link: LexborNode) -> str:
    """Where a link leads, "" where its words say it, or nobody could read it."""
    where = clean_text((link.attributes.get("href") or "").strip()[:2000])
    words = "".join((link.text() or "").split()).lower()
    bare = where.partition("://")[2].rstrip("/").lower()
    if not words or not bare or where[:4].lower() != "http" or bare in words or any(sign in where for sign in f" \n{_LINK}<>"):
        return ""
    return where


def _meaning(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> _Meaning:
    """What this element says of everything within it."""
    if tag in ("td", "th"):
        return _PLAIN
    if not attributes:
        return _APART if tag == "blockquote" else _PLAIN
    classes = (attributes.get("class") or "").lower().split()
    identity = _id(attributes)
    if tag == "blockquote":
        cites = attributes.get("type") == "cite" or "cite" in attributes or not QUOTE_CLASSES.isdisjoint(classes) or identity == "qt"
        return _QUOTES if cites or _BAR.search((attributes.get("style") or "")[:500]) else _APART
    if not WHOLE_QUOTES.isdisjoint(classes):
        return _QUOTES
    if (
        not SIGNATURE_CLASSES.isdisjoint(classes)
        or identity in _SIGNATURE_IDS
        or (attributes.get("name") or "").lower() in _SIGNATURE_NAMES
    ):
        return _SIGNED
    introduces = not ATTRIBUTION_CLASSES.isdisjoint(classes) or identity in ATTRIBUTION_IDS
    return _QUOTES if introduces and not (node.text() or "")[:200].lstrip().startswith("--") else _PLAIN


def _id(attributes: dict[str, str | None]) -> str:
    identity = (attributes.get("id") or "")[:80].lower()
    while identity.startswith("x_"):
        identity = identity[2:]
    return identity


def _rest_is_quoted(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether this element begins what is quoted to the end."""
    if _id(attributes) in FROM_HERE_IDS or (attributes.get("name") or "").lower() in FROM_HERE_NAMES:
        return True
    classes = (attributes.get("class") or "").lower()
    if classes and (not FROM_HERE_CLASSES.isdisjoint(classes.split()) or classes.endswith("yahoo_quoted")):
        return True
    style = attributes.get("style") or ""
    return tag == "div" and "border-top" in style and bool(_OUTLOOK_RULE.search(style[:300])) and ":" in (node.text() or "")[:60]


def _prune(body: LexborNode) -> None:
    """Takes out whatever the cut left empty: containers, headings, and the frame of our own letters. Cells stay where their table does."""
    full: set[int] = set()
    for node in body.traverse(include_text=True):
        above: LexborNode | None = node
        unread = node.parent is not None and node.parent.tag in _UNREAD
        if node.tag == "img" or (node.tag == "-text" and (node.text_content or "").strip() and not unread):
            while above is not None and above.mem_id not in full:
                full.add(above.mem_id)
                above = above.parent
    empty = [node for node in body.traverse(include_text=False) if node.mem_id not in full and node.tag not in _KEPT_EMPTY]
    for node in reversed(empty):
        node.decompose()
