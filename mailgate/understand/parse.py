"""Bytes to Mail. Never fails: of a broken mail it only understands less, and notes what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailgate.model.mail import Attachment, Mail, Report
from mailgate.understand.addresses import addresses, bare_address
from mailgate.understand.attachments import content_id, describe, disposition, from_uuencode, stated_name
from mailgate.understand.body import Cut, cut
from mailgate.understand.bounce import delivery_reports, ids_of
from mailgate.understand.charset import clean_text, decode
from mailgate.understand.headers import date, message_id, message_ids, unfold, unstructured
from mailgate.understand.html import Document, begins_with_words, flat_text, names_a_quote, read_html, same_words, text_of
from mailgate.understand.language import language_of
from mailgate.understand.language import model as language_model
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.transfer import undo, uuencoded
from mailgate.understand.tree import Part, Tree, grow

#: Forms of a text; of an alternative the plain one is the text, the HTML one stands beside it.
_PLAIN = frozenset({"text/plain", "text"})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_RICH = frozenset({"text/enriched", "text/richtext"})
_REPORT_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_NOTICE_PARTS = frozenset({"message/disposition-notification", "message/global-disposition-notification", "message/feedback-report"})
#: Authors that only ever report on mail.
DAEMONS = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mdaemon"})
_TRACE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_RICH_TAG = re.compile(r"<(?:<|[^<>\n]{1,60}>)")


@dataclass(slots=True)
class _Block:
    """A stretch of the mail's text, in one or two forms."""

    plain: str | None = None
    html: str | None = None

    @property
    def empty(self) -> bool:
        return not (self.plain or "").strip() and self.html is None


@dataclass(slots=True)
class _Contents:
    """What the parts of a mail hold, gathered in order."""

    limits: ReadingLimits
    defects: list[str]
    budget: int
    blocks: list[_Block] = field(default_factory=list)
    files: list[tuple[Part, bytes]] = field(default_factory=list)
    embedded: list[Attachment] = field(default_factory=list)
    reports: tuple[Report, ...] = ()
    returned: list[bytes] = field(default_factory=list)

    def octets(self, part: Part) -> bytes | None:
        """The decoded octets of a part, None when the mail's budget is spent."""
        if len(part.body) > self.budget:
            self.defects.append(f"parts hold more than {self.limits.decoded} bytes")
            return None
        data, defect = undo(part.body, part.encoding)
        self.budget -= len(data)
        if defect:
            self.defects.append(f"part {part.path}: {defect}")
        return data

    def text(self, part: Part, data: bytes) -> str:
        if len(data) > 4 * self.limits.text:
            data = data[: 4 * self.limits.text]
        text, defect = decode(data, part.type.parameters.get("charset"))
        if defect:
            self.defects.append(f"part {part.path}: {defect}")
        if len(text) > self.limits.text:
            text = text[: self.limits.text]
            self.defects.append(f"text longer than {self.limits.text} characters")
        return clean_text(text)


def parse(raw: bytes, limits: ReadingLimits = LIMITS, rich: bool = True) -> Mail:
    """The mail that these bytes are (RFC 5322, MIME), new text and quotes already told apart."""
    tree = grow(raw, limits)
    root = tree.root
    headers: dict[str, list[bytes]] = {}
    for name, value in root.fields:
        headers.setdefault(name, []).append(value)
    contents = _contents(tree, limits)
    text, safe_html, taken_apart, new_html = _bodies(contents, limits, rich)
    authors = addresses(headers.get("from", []), limits.addresses)
    if len(headers.get("from", ())) > 1:
        tree.defects.append("several From headers")
    stated = headers.get("message-id", [])
    if len(stated) > 1:
        tree.defects.append("several Message-ID headers, the first counts")
    own_id = next((found for value in stated if (found := message_id(value)) is not None), None)
    report = root.type.type == "multipart/report" or bool(contents.reports) or "x-failed-recipients" in headers
    report = (
        report
        or any(author.address.partition("@")[0].lower() in DAEMONS for author in authors)
        or any(part.type.type in _NOTICE_PARTS for part, _ in contents.files)
    )
    shown = tuple((name, unfold(value)) for name, value in root.fields if not name.startswith("x-mailgate-"))
    if len(shown) < len(root.fields):
        tree.defects.append("headers of our own name taken out")
    return Mail(
        message_id=own_id,
        date=next((date(value) for value in headers.get("date", ())), None),
        subject=next((unstructured(value) for value in headers.get("subject", ())), ""),
        authors=authors,
        sender=addresses(headers.get("sender", []), limits.addresses),
        reply_to=addresses(headers.get("reply-to", []), limits.addresses),
        to=addresses(headers.get("to", []), limits.addresses),
        cc=addresses(headers.get("cc", []), limits.addresses),
        delivered_to=tuple(
            dict.fromkeys(found for name in _TRACE for value in headers.get(name, ())[: limits.addresses] if (found := bare_address(value)))
        ),
        in_reply_to=message_ids(headers.get("in-reply-to", []), limits.message_ids),
        references=message_ids(headers.get("references", []), limits.message_ids),
        headers=shown,
        content_type=root.type.type,
        report_type=root.type.parameters.get("report-type", "").lower() if root.type.type == "multipart/report" else "",
        text=text,
        html=safe_html,
        new_text=taken_apart.new,
        quoted=taken_apart.quoted,
        signature=taken_apart.signature,
        inline_answers=taken_apart.inline,
        between=taken_apart.answers,
        new_html=new_html,
        attachments=_attachments(contents, limits),
        language=language_of(
            taken_apart.new,
            *(unfold(value) for name in ("content-language", "accept-language") for value in headers.get(name, ())[:1]),
            detect=language_model(),
        ),
        defects=tuple(dict.fromkeys(tree.defects)),
        reports=contents.reports,
        reported_ids=tuple(dict.fromkeys(one for header in contents.returned for one in ids_of(header, limits))) if report else (),
    )


# --- the parts ------------------------------------------------------------------------------------------------------------


def _contents(tree: Tree, limits: ReadingLimits) -> _Contents:
    contents = _Contents(limits, tree.defects, limits.decoded)
    # Walked with a stack of our own: (part, the alternative's block it belongs to, whether it is only a picture's neighbour).
    stack: list[tuple[Part, _Block | None]] = [(tree.root, None)]
    while stack:
        part, shared = stack.pop()
        if part.children:
            block = shared
            if part.type.type == "multipart/alternative" and shared is None:
                block = _Block()
                contents.blocks.append(block)
            stack.extend((child, block) for child in reversed(part.children))
            continue
        _take(part, shared, contents)
    contents.blocks = [block for block in contents.blocks if not block.empty]
    return contents


def _take(part: Part, shared: _Block | None, contents: _Contents) -> None:
    """One leaf: text, or a file."""
    kind = part.type.type
    if kind.startswith("multipart/"):
        if not part.body.strip():
            return
        kind = "text/plain"  # what no boundary could be found in is shown as it stands
    data = contents.octets(part)
    if data is None:
        return
    if _is_text(part, kind, contents):
        _take_text(part, kind, data, shared, contents)
        if disposition(part) == "inline" and stated_name(part):
            contents.files.append((part, data))  # shown, and kept as the file that it also is
        return
    if kind in _REPORT_PARTS:
        contents.reports = tuple(dict.fromkeys((*contents.reports, *delivery_reports(data, contents.limits))))
    elif kind in _NOTICE_PARTS:
        contents.returned.append(data.replace(b"\r\n", b"\n").replace(b"Original-Message-ID:", b"Message-ID:"))
    elif kind in _RETURNED and len(contents.returned) < 20:
        contents.returned.append(data[: contents.limits.header_block].replace(b"\r\n", b"\n"))
    contents.files.append((part, data))


def _is_text(part: Part, kind: str, contents: _Contents) -> bool:
    if kind not in _PLAIN and kind not in _HTML and kind not in _RICH:
        return False
    # A named text is a file, unless it is the first thing in the mail: some programs name the body.
    where = disposition(part)
    return where != "attachment" and (not stated_name(part) or (not contents.blocks and not contents.files))


def _take_text(part: Part, kind: str, data: bytes, shared: _Block | None, contents: _Contents) -> None:
    if kind in _PLAIN and b"\nbegin " in b"\n" + data[:1] + data:
        data = _without_files(part, data, contents)
    text = contents.text(part, data)
    if kind in _RICH:
        text = _RICH_TAG.sub(lambda tag: "<" if tag[0] == "<<" else "", text)
    block = shared
    form = "html" if kind in _HTML else "plain"
    if block is None or ((block.html if form == "html" else block.plain) is not None and kind not in _RICH):
        block = _Block()
        contents.blocks.append(block)
    if form == "html":
        if text.strip():
            block.html = text
    elif kind not in _RICH or block.plain is None:
        block.plain = text


def _without_files(part: Part, data: bytes, contents: _Contents) -> bytes:
    """Takes uuencoded files out of a text."""
    kept, position = [], 0
    for number, (start, end, octets, name) in enumerate(uuencoded(data), 1):
        contents.embedded.append(from_uuencode(part, number, name, octets))
        kept.append(data[position:start])
        position = end
    return b"".join([*kept, data[position:]])


def _attachments(contents: _Contents, limits: ReadingLimits) -> tuple[Attachment, ...]:
    markup = "".join(block.html or "" for block in contents.blocks)
    out = []
    for part, data in contents.files:
        named = content_id(part)
        inline = disposition(part) == "inline" or (bool(named) and disposition(part) != "attachment" and f"cid:{named}" in markup)
        out.append(describe(part, data, inline, limits))
    return (*out, *contents.embedded)


# --- the text -------------------------------------------------------------------------------------------------------------


def _bodies(contents: _Contents, limits: ReadingLimits, rich: bool) -> tuple[str, str | None, Cut, str | None]:
    """The text, the safe HTML, the text taken apart, and the safe HTML of what is new."""
    blocks = contents.blocks
    if not any(block.html is not None for block in blocks):
        text = _joined([block.plain or "" for block in blocks])
        return text, None, cut(text, limits), None
    if len(blocks) == 1 and not rich and _stands_alone(blocks[0].plain or ""):
        plain = (blocks[0].plain or "").strip("\n").rstrip()
        taken_apart = cut(plain, limits)
        if taken_apart.quoted or not names_a_quote(blocks[0].html or ""):
            return plain, None, taken_apart, None
    if len(blocks) == 1 and blocks[0].html is not None:
        document = read_html(blocks[0].html, limits)
        contents.defects.extend(document.defects)
        plain = (blocks[0].plain or "").strip("\n").rstrip()
        if not plain.strip() or _only_says_html(plain, document.text):
            return document.text, document.safe, document.cut, document.new_safe
        taken_apart = cut(plain, limits)
        if not taken_apart.quoted and document.cut.quoted and begins_with_words(taken_apart.new, document.cut.new):
            taken_apart = document.cut  # the HTML names its quote, and the text has lost every mark of it
        return plain, document.safe, taken_apart, _new_html(document, taken_apart)
    texts = []
    for block in blocks:
        if block.plain is not None and block.plain.strip():
            texts.append(block.plain)
        elif block.html is not None:
            text, defects = text_of(block.html, limits)
            contents.defects.extend(defects)
            texts.append(text)
    text = _joined(texts)
    markup = "<br>".join(block.html if block.html is not None else _as_html(block.plain or "") for block in blocks)
    document = read_html(markup, limits)
    contents.defects.extend(document.defects)
    taken_apart = cut(text, limits)
    return text, document.safe, taken_apart, _new_html(document, taken_apart)


def _new_html(document: Document, taken_apart: Cut) -> str | None:
    """The new HTML, only where HTML and text were cut alike."""
    return document.new_safe if same_words(document.cut.new, taken_apart.new) else None


def _only_says_html(plain: str, seen: str) -> bool:
    """Whether the plain form is a mere note ("this mail needs an HTML reader") or HTML source, while the HTML says much more."""
    if plain.lstrip()[:200].lower().startswith(("<!doctype html", "<html")):
        return True
    return len(plain) < 200 and len(seen) > 4 * len(plain) and "html" in plain.lower() and flat_text(plain) not in seen


def _stands_alone(plain: str) -> bool:
    """Whether a plain form can be believed without looking at the HTML beside it: the opposite of what the rule above could say."""
    return (
        bool(plain.strip())
        and not plain.lstrip()[:200].lower().startswith(("<!doctype html", "<html"))
        and (len(plain) >= 200 or "html" not in plain.lower())
    )


def _as_html(plain: str) -> str:
    return "<pre>" + plain.replace("&", "&amp;").replace("<", "&lt;") + "</pre>"


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in (text.strip("\n").rstrip() for text in texts) if text)
