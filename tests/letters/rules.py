"""The rules of a good letter, as a table: what each wants, of every letter or only of those whose values we chose ourselves.

Each gives back what is wrong, or nothing. People's own words are excepted: nobody's sentence is changed to keep a rule."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from mailgate.compose.colours import contrast
from mailgate.compose.plain import columns
from tests.letters.seen import SeenLetter, folded

BANNED = frozenset(
    "main section article header footer nav aside form input button select textarea script svg video audio iframe object embed style "
    "link bdi".split()
)
BANNED_STYLES = re.compile(
    r"position:|float:|display: ?(?:flex|grid)|var\(|calc\(|url\(|margin: ?auto|-inline-|text-align: ?(?:start|end)|"
    r"white-space: ?pre"
)
JARGON = re.compile(
    r"\b(ticket|sla|p[1-5]|e_[a-z]+|token|pending|requester|queue|parse|mailgate|kindly"
    r"|unfortunately|forgot|failed to|please be advised)\b",
    re.IGNORECASE,
)
#: Emoji and signs that cannot be seen; the tick of a status line is one of ours.
GLYPHS = re.compile("[\u2600-\u26ff\u2728-\u27bf\U0001f000-\U0001faff\u200b-\u200d\u034f]")
TICK = "\u2713"
SHORT = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")  #: scripts that say as much in half the signs
DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? \d{1,2} [A-Z][a-z]+(?: \d{4})?"
SIGNED = re.compile(r"[\w.-]+\+\w{8}\.\S+@|mailto:|(?<!\d)%[0-9A-F]{2}")
OURS = re.compile(r"<(td|th) class=\"d-[a-z]+ d-line\"[^>]*>([^<]+)<")

Faults = Iterator[str]


@dataclass(frozen=True)
class Rule:
    """`of_samples`: asked only where every value in the letter is one that we chose, for it is about words."""

    number: int
    wants: str
    faults: Callable[[SeenLetter], Faults]
    of_samples: bool = False


def _language(letter: SeenLetter) -> Faults:
    html = letter.html or ""
    found = re.search(r'<html lang="([\w-]+)" dir="(ltr|rtl)"', html)
    if not html.startswith("<!DOCTYPE html>") or not found:
        yield "no doctype, lang or dir"
    elif f'lang="{found[1]}" dir="{found[2]}"' not in letter.body or found[1] != letter.language:
        yield "lang and dir are not said again on the first element"


def _schemes(letter: SeenLetter) -> Faults:
    for wanted in ('name="viewport"', 'name="color-scheme"', 'name="supported-color-schemes"', ":root { color-scheme: light dark",
                   "prefers-color-scheme: dark", "[data-ogsc]", "[data-ogsb]"):  # fmt: skip
        if wanted not in letter.head:
            yield f"no {wanted}"


def _size(letter: SeenLetter) -> Faults:
    if len((letter.html or "").encode()) >= 60_000 and len(letter.said) < 20_000:
        yield "HTML of 60 KB"
    if not re.search(r"<style>(.{0,8000})</style>\s*(?:<title>[^<]*</title>\s*)?</head>", letter.html or "", re.DOTALL):
        yield "no style block below 8 KB at the end of the head"
    # A table of data costs what its cells do: of a command list or a report there are many.
    most = 22_000 + 300 * max(0, (letter.html or "").count('d-line"') - 12)
    has_files = b"multipart/related" in letter.data or b"Content-Disposition: attachment" in letter.data
    if len(letter.data) >= most and len(letter.text) + len(letter.said) < 4_000 and not has_files:
        yield f"{len(letter.data)} octets before its files"


def _remote(letter: SeenLetter) -> Faults:
    if re.search(r"@import|@font-face|<link|url\(", letter.head):
        yield "the head fetches something"
    for node in letter.nodes:
        for name, allowed in (
            ("src", ("cid:",)),
            ("href", ("mailto:", "https:", "http://127.0.0.1", "http://localhost")),
            ("background", ()),
        ):
            if name in node.attributes and not node.attributes[name].startswith(allowed):
                yield f"{node.tag} {name}={node.attributes[name][:40]}"


def _preheader(letter: SeenLetter) -> Faults:
    if not letter.words:
        return
    first, node = letter.words[0]
    least = 20 if SHORT.search(first) else 40
    if not node.is_hidden or node.style.get("mso-hide") != "all":
        yield "the first words are not hidden"
    elif not (least if letter.is_sample else 1) <= len(first) <= 130:
        yield f"{len(first)} characters"
    elif GLYPHS.search(first) and not GLYPHS.search(letter.text):
        yield "filled up with signs that nobody sees"
    elif first in letter.subject:
        yield "it says what the subject says"


def _marker(letter: SeenLetter) -> Faults:
    if not re.fullmatch(r"-- .+ --", letter.lines[0]):
        yield "the text does not begin with the marker line"
    elif letter.html is not None and (not letter.shown or letter.shown[0][0] != letter.lines[0]):
        yield "the page does not begin with the marker line"


def _headings(letter: SeenLetter) -> Faults:
    tags = [node.tag for node in letter.nodes if re.fullmatch("h[1-6]", node.tag)]
    if tags[:1] != ["h1"] or set(tags[1:]) - {"h2"}:
        yield f"headings are {tags}"


def _tables(letter: SeenLetter) -> Faults:
    for table in re.findall(r"<table(?![^>]*presentation).*?</table>", letter.own_body, re.DOTALL):
        if 'scope="' not in table:
            yield "a table of data without scope"
    for node in letter.nodes:
        if node.tag == "table" and node.attributes.get("cellspacing") != "0":
            yield "a table without cellspacing"
        if node.tag == "th" and node.attributes.get("scope") not in ("row", "col"):
            yield "a th without scope"


def _dropped(letter: SeenLetter) -> Faults:
    yield from (f"unclosed {tag}" for tag in letter.unclosed)
    for node in letter.nodes:
        if node.tag in BANNED:
            yield f"element {node.tag}"
        if found := BANNED_STYLES.search(node.attributes.get("style", "").lower()):
            yield f"style {found[0]}"


def _sizes(letter: SeenLetter) -> Faults:
    for words, node in letter.shown:
        if node.size < (16 if node.is_said else 13):
            yield f"{node.size} px: {words[:40]}"


def _contrast(letter: SeenLetter) -> Faults:
    for words, node in letter.shown:
        for mode, pair in (("light", node.light), ("dark", node.dark)):
            if all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in pair) and contrast(*pair) < 4.5:
                yield f"{mode} {pair}: {words[:40]}"


def _dark_classes(letter: SeenLetter) -> Faults:
    for node in letter.nodes:
        style = node.style
        is_bar = style.get("border-radius") == "3px" or (style.get("font-size") == "1px" and "bgcolor" in node.attributes)
        if (
            {"color", "background-color"} & set(style)
            and "d-" not in node.attributes.get("class", "")
            and not is_bar
            and node.tag != "body"
        ):
            yield f"{node.tag} has a colour and no class for the dark"


def _pictures(letter: SeenLetter) -> Faults:
    for node in letter.nodes:
        if node.tag == "img" and not all(node.attributes.get(name) for name in ("alt", "width")):
            yield "a picture without alt or width"


def _named_links(letter: SeenLetter) -> Faults:
    said: dict[str, str] = {}
    for node in letter.links():
        name, target = " ".join(node.text.split()), node.attributes.get("href", "")
        if len(name) < 2 or name.lower() in ("here", "click here", "link"):
            yield f"a link is called {name!r}"
        elif said.setdefault(name, target) != target:
            yield f"two targets are called {name!r}"


def _main_action(letter: SeenLetter) -> Faults:
    if sum("d-main" in node.classes for node in letter.links()) > 1:
        yield "more than one"
    for node in letter.nodes:
        if node.tag == "td" and "mso-padding-alt" in node.style and "bgcolor" not in node.attributes:
            yield "its cell has no bgcolor"


def _mailto(letter: SeenLetter) -> Faults:
    for node in letter.links():
        target = node.attributes.get("href", "")
        if not target.startswith("mailto:"):
            continue
        to, _, query = target[7:].partition("?")
        if to.count("@") != 1 or "," in to or re.search(r"(?:^|&)b?cc=", query):
            yield "not one address"
        if len(target) >= 1800 or not target.isascii() or " " in target:
            yield "too long, or not encoded"
        if "[" in letter.subject and "[" not in unquote(query):
            yield "its subject lacks the tag"


def _text_lines(letter: SeenLetter) -> Faults:
    for line in letter.lines:
        if line == "-- " or not line or letter.is_theirs(line):
            continue
        last = line.rpartition(" ")[2]
        if columns(line) > (76 if re.match(r"[A-Z]+-\d+ ", line) else 72) and columns(last) <= 36 and not line.startswith(("> ", "<http")):
            yield f"{columns(line)} columns: {line[:50]!r}"
        if line != line.rstrip(" "):
            yield f"a blank at its end: {line[:50]!r}"
        if re.fullmatch(r"[-_=]{10,}.*", line):
            yield "a line of dashes"


def _addresses(letter: SeenLetter) -> Faults:
    ours = "\n".join(line for line in letter.lines if not letter.is_theirs(line) and not line.startswith("<http"))
    if found := SIGNED.search(ours):
        yield f"{found[0]} stands in the text"


def _complete(letter: SeenLetter) -> Faults:
    content = folded(letter.text)
    for words, node in letter.shown:
        if (node.is_said or node.tag in ("h1", "h2")) and folded(words) not in content:
            yield f"{words[:50]!r} stands only in the page"
    for _, cell in OURS.findall(letter.body):
        if folded(unescape(cell)) not in content:
            yield f"{cell[:50]!r} stands only in the page"


def _wording(letter: SeenLetter) -> Faults:
    # What people say opens the preheader of an answer, too.
    ours = [
        words for words, node in letter.words if not node.is_said and not (node.is_hidden and letter.is_theirs(words.partition(": ")[2]))
    ]
    ours = " ".join([letter.subject, *ours]).replace(TICK, "")
    if GLYPHS.search(ours):
        yield "an emoji"
    if re.search("[!\uff01¡]", ours):
        yield "an exclamation mark"
    if letter.for_outside and (found := JARGON.search(ours)):
        yield f"{found[0]!r} is no word of a requester"


def _zones(letter: SeenLetter) -> Faults:
    ours = " ".join(words for words, node in letter.shown if not node.is_said)
    if found := re.search(rf"{DAY}, \d{{1,2}}:\d\d(?! ?(?:UTC|GMT|[A-Z]{{2,5}}\b))", ours):
        yield f"{found[0]} has no zone"


def _syntax(letter: SeenLetter) -> Faults:
    """RFC 5322, 2045, 2047 and 2231, as another program reads them."""
    if not letter.data:
        return
    read = email.message_from_bytes(letter.data, policy=email.policy.SMTP)
    for part in read.walk():
        yield from (f"{type(defect).__name__}" for defect in part.defects)
        # Each header is read when it is asked for, which is most of the work.
        for name, said in part.raw_items():
            if name.lower() not in ("message-id", "in-reply-to", "references", "content-id"):
                value = email.policy.SMTP.header_fetch_parse(name, said)
                yield from (f"{name}: {type(defect).__name__}" for defect in getattr(value, "defects", ()))
    if re.search(rb"(?<!\r)\n|\r(?!\n)", letter.data) or max(map(len, letter.data.split(b"\r\n"))) > 998:
        yield "a line end or a line that no server takes"
    if read.get_content_type() == "multipart/related":
        yield "related pictures without an alternative"
    there = [name.lower() for name in read]
    for name in ("Date", "From", "To", "Subject", "Message-ID"):
        if there.count(name.lower()) != 1:
            yield f"{name} is not there once"


RULES = (
    Rule(1, "doctype; lang and dir on html and on the first element", _language),
    Rule(2, "viewport, both metas of colour schemes, rules for the dark and for Outlook", _schemes),
    Rule(3, "HTML below 60 KB, style block below 8 KB in the head, 22 KB in all but for long tables", _size),
    Rule(4, "nothing is fetched; links are mailto: or https:", _remote),
    Rule(5, "the preheader is first, hidden, 40 to 130 characters, and not the subject", _preheader),
    Rule(6, "the marker line is first", _marker),
    Rule(7, "one h1, then h2 only", _headings),
    Rule(8, "tables lay out or have scopes", _tables),
    Rule(9, "no element or style that mail programs drop", _dropped),
    Rule(10, "people's words have 16 px, nothing is below 13", _sizes),
    Rule(11, "contrast of 4.5:1, light and dark", _contrast),
    Rule(12, "each colour has a class for the dark", _dark_classes),
    Rule(13, "pictures have alt and width", _pictures),
    Rule(14, "links are named by what they do, each name has one target", _named_links),
    Rule(15, "one main action at most", _main_action),
    Rule(16, "mailto: one address, encoded, short, with the tag", _mailto),
    Rule(17, "lines of 72 columns, no blank at an end, no line of dashes", _text_lines),
    Rule(18, "no signed address in the text", _addresses),
    Rule(19, "the text says all that the page says", _complete),
    Rule(20, "no emoji, no exclamation mark, no jargon", _wording, of_samples=True),
    Rule(21, "each time has its zone", _zones, of_samples=True),
    Rule(22, "the syntax of mail", _syntax),
)  # fmt: skip
#: Asked also where the text travels alone; there nothing tells whose words a line is.
_OF_TEXT = frozenset({6, 22})


def faults_of(letter: SeenLetter) -> list[str]:
    """What is wrong with a letter, by number and wish of the rule."""
    asked = [rule for rule in RULES if (letter.is_sample or not rule.of_samples) and (letter.html is not None or rule.number in _OF_TEXT)]
    return [f"{rule.number} ({rule.wants}): {fault}" for rule in asked for fault in rule.faults(letter)]
