"""What the parts of a mail hold: its text in one or two forms, its files, the mails and reports within. Never fails, never recurses."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from mailgate.model.mail import Attachment, Report
from mailgate.understand import notes
from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime import tnef
from mailgate.understand.mime.attachments import (
    MESSAGES,
    content_id,
    describe,
    disposition,
    from_text,
    from_tnef,
    is_read_as_text,
    octets_of,
    stated_name,
)
from mailgate.understand.mime.charset import clean_text, decode
from mailgate.understand.mime.flowed import unflowed
from mailgate.understand.mime.invitation import words_of
from mailgate.understand.mime.rtf import text_of_rtf
from mailgate.understand.mime.tree import MimePart, Tree, grow, rooted
from mailgate.understand.mime.uuencode import MOST_FILES, stowed_files
from mailgate.understand.mime.wrapped import CMS_TYPES, ENCRYPTED_TEXT, Cms, cms_kind, signed_content, without_armour
from mailgate.understand.notes import Notes
from mailgate.understand.reports.dsn import REPORT_PARTS, RETURNED, delivery_reports

#: Forms of a text; of an alternative the plain one is the text, the HTML one stands beside it.
PLAIN = frozenset({"text/plain", "text"})
HTML = frozenset({"text/html", "application/xhtml+xml"})
_RICH = frozenset({"text/enriched", "text/richtext"})
_CALENDAR = frozenset({"text/calendar", "application/ics"})
NOTICE_PARTS = frozenset({"message/disposition-notification", "message/global-disposition-notification", "message/feedback-report"})
_PGP_ENCRYPTED = "application/pgp-encrypted"
_RICH_TAG = re.compile(r"<(?:<|[^<>\n]{1,60}>)")
_CID = re.compile(r"\bcid:([^\s\"'<>]{1,500})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([\w-]{2,40})", re.IGNORECASE)
#: Mails within mails that are looked into, one inside the other and in all.
_WRAPPINGS_DEEP, _WRAPPINGS = 3, 10
_RETURNED_MAILS = 20


@dataclass(slots=True)
class TextBlock:
    """A stretch of the mail's text, in one or two forms, and from which branch of an alternative each of them is."""

    plain: str | None = None
    html: str | None = None
    plain_from: int = -1
    html_from: int = -1

    @property
    def empty(self) -> bool:
        return not (self.plain or "").strip() and self.html is None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part stands: in which alternative, in which of its branches, and how far below it; in how many wrappings."""

    block: TextBlock | None = None
    branch: int = 0
    nested: bool = False
    wrapped: int = 0


@dataclass(slots=True)
class Contents:
    """What the parts of a mail hold, gathered in order."""

    limits: ReadingLimits
    defects: list[str]
    budget: int
    blocks: list[TextBlock] = field(default_factory=list)
    #: What may stand for the text where nobody wrote one: a calendar's words, text/enriched, the text in winmail.dat.
    instead: list[TextBlock] = field(default_factory=list)
    files: list[tuple[MimePart, bytes]] = field(default_factory=list)
    embedded: list[Attachment] = field(default_factory=list)
    reports: tuple[Report, ...] = ()
    returned: list[bytes] = field(default_factory=list)  #: header blocks of mails within, and whole notices
    mails: list[tuple[MimePart, bytes]] = field(default_factory=list)  #: whole mails that are attached
    wrappings: int = 0
    unseen: tuple[str, ...] = ()  #: words that styles hide, by element
    folded: frozenset[str] = frozenset()  #: Content-IDs of pictures that only a quote or a signature shows
    notes: Notes | None = None  #: where somebody asks how the mail was read

    @property
    def has_pictures(self) -> bool:
        """Whether a file may be a picture in the HTML: then that is read, for what only a signature shows is no file of the mail's."""
        return any(part.first("content-id") for part, _ in self.files)

    @property
    def has_files(self) -> bool:
        """Whether a mail without a word of its own may be about a file."""
        return bool(self.embedded) or any(not part.first("content-id") or disposition(part) == "attachment" for part, _ in self.files)

    def used(self, part: MimePart, use: str, size: int | None) -> None:
        """Notes what a leaf was used for. The last word on it counts."""
        if self.notes is not None:
            self.notes.uses[part.path] = (use, size)

    @property
    def room_for_files(self) -> int:
        """How many more files may be taken out of what holds them."""
        return max(0, self.limits.files - len(self.files) - len(self.embedded))

    def octets(self, part: MimePart) -> bytes | None:
        """The decoded octets of a part, None when the mail's budget is spent."""
        if len(part.body) > self.budget:
            self.defects.append(f"parts hold more than {self.limits.decoded} bytes")
            return None
        data, defect = octets_of(part, is_read_as_text(part))
        self.budget -= len(data)
        if defect:
            self.defects.append(f"part {part.path}: {defect}")
        return data

    def text(self, part: MimePart, data: bytes, html: bool) -> str:
        data = data[: 4 * self.limits.text]
        label = part.type.parameters.get("charset")
        if label is None and html and not data.isascii() and (found := _META_CHARSET.search(data[:4096])):
            label = found[1].decode("ascii")
        text, defect = decode(data, label)
        if defect:
            self.defects.append(f"part {part.path}: {defect}")
        if len(text) > self.limits.text:
            text = text[: self.limits.text]
            self.defects.append(f"text longer than {self.limits.text} characters")
        return clean_text(text)


def gather(tree: Tree, limits: ReadingLimits, asked: Notes | None = None) -> Contents:
    """Everything in the parts of a mail."""
    contents = Contents(limits, tree.defects, limits.decoded, notes=asked)
    stack: list[tuple[MimePart, _Place]] = [(tree.root, _Place())]
    while stack:
        part, place = stack.pop()
        if part.children:
            inside = [replace(place, nested=place.block is not None)] * len(part.children)
            if part.type.type == "multipart/alternative" and place.block is None:
                contents.blocks.append(block := TextBlock())
                inside = [_Place(block, number, False, place.wrapped) for number in range(len(part.children))]
            if part.type.type == "multipart/encrypted":
                contents.defects.append("PGP encrypted: not readable")
            stack.extend(reversed(list(zip(part.children, inside, strict=True))))
            continue
        inner = _take(part, place, contents, part is tree.root)
        if inner is not None:
            if asked is not None:
                asked.within[part.path] = inner
            stack.append((inner, replace(place, wrapped=place.wrapped + 1)))
    contents.blocks = [block for block in contents.blocks if not block.empty]
    if not contents.blocks:
        contents.blocks = [block for block in contents.instead if not block.empty][:1]
        if asked is not None:
            asked.stands_in = bool(contents.blocks)
    return contents


def _take(part: MimePart, place: _Place, contents: Contents, is_root: bool) -> MimePart | None:
    """One leaf: text, or a file. What it wraps, if that is to be walked as well."""
    kind = part.type.type
    if kind.startswith("multipart/"):
        if not part.body.strip():
            contents.used(part, notes.EMPTY, 0)
            return None
        kind = "text/plain"  # what no boundary could be found in is shown as it stands
    is_text = _is_text(part, kind, contents, is_root)
    data = contents.octets(part)
    if data is None:
        contents.used(part, notes.NO_ROOM, None)
        return None
    if is_text:
        contents.used(part, notes.HTML if kind in HTML else notes.TEXT if data.strip() else notes.EMPTY, len(data))
        _take_text(part, kind, data, place, contents)
        if disposition(part) in ("inline", "attachment") and stated_name(part):
            contents.used(part, notes.TEXT_AND_FILE, len(data))
            contents.files.append((part, data))  # shown, and kept as the file that it also is
        return None
    if (inner := _unwrapped(part, kind, data, place, contents)) is not None:
        contents.used(part, notes.WRAPPING, len(data))
        return inner
    if tnef.is_tnef(data) and _took_tnef(part, data, contents):
        contents.used(part, notes.TNEF, len(data))
        return None
    contents.used(part, notes.use_of(kind), len(data))
    if kind in _CALENDAR:
        contents.instead.append(TextBlock(words_of(contents.text(part, data, False))))
    elif kind in _RICH:
        contents.instead.append(TextBlock(_without_tags(contents.text(part, data, False))))
    elif kind in REPORT_PARTS:
        contents.reports = tuple(dict.fromkeys((*contents.reports, *delivery_reports(data, contents.limits))))
    elif kind in NOTICE_PARTS:
        contents.returned.append(data.replace(b"\r\n", b"\n").replace(b"Original-Message-ID:", b"Message-ID:"))
    elif kind in RETURNED and len(contents.returned) < _RETURNED_MAILS:
        contents.returned.append(data[: contents.limits.header_block].replace(b"\r\n", b"\n"))
    if kind in MESSAGES and len(contents.mails) < _RETURNED_MAILS:
        contents.mails.append((part, data))
    contents.files.append((part, data))
    return None


def _is_text(part: MimePart, kind: str, contents: Contents, is_root: bool) -> bool:
    if kind in _RICH:
        return is_root  # beside a plain or an HTML text it is a file: hardly a program can show it, and none of it is lost
    if kind not in PLAIN and kind not in HTML:
        return False
    # A named text is a file, unless it is the first thing in the mail: some programs name the body. A mail that is one part is its text.
    return is_root or (disposition(part) != "attachment" and (not stated_name(part) or (not contents.blocks and not contents.files)))


# --- text -------------------------------------------------------------------------------------------------------------------


def _take_text(part: MimePart, kind: str, data: bytes, place: _Place, contents: Contents) -> None:
    if kind in PLAIN and (b"begin" in data or b"=ybegin " in data):
        data = _without_files(part, data, contents)
    text = contents.text(part, data, kind in HTML)
    if kind in _RICH:
        text = _without_tags(text)
    if kind in HTML:
        _take_html(text, place, contents)
        return
    if part.type.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, part.type.parameters.get("delsp", "").lower() == "yes")
    if ENCRYPTED_TEXT in text:
        contents.defects.append(f"part {part.path}: PGP encrypted: not readable")
    bare = without_armour(text)
    if bare != text:
        contents.defects.append(f"part {part.path}: PGP signature taken off, not checked")
    _take_plain(bare, place, contents)


def _take_html(text: str, place: _Place, contents: Contents) -> None:
    if not text.strip():
        return
    block = place.block
    if block is None or (block.plain_from == place.branch and place.nested):
        contents.blocks.append(TextBlock(html=text))
    elif block.html is None:
        block.html, block.html_from = text, place.branch
    elif block.html_from == place.branch:
        # One form in several parts: pictures or files stand between them.
        if len(block.html) < contents.limits.html:
            block.html += f"<br>{text}"
    else:
        contents.blocks.append(TextBlock(html=text))


def _without_tags(rich: str) -> str:
    """The words of text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341)."""
    return _RICH_TAG.sub(lambda tag: "<" if tag[0] == "<<" else "", rich)


def _take_plain(text: str, place: _Place, contents: Contents) -> None:
    block = place.block
    if block is None:
        contents.blocks.append(TextBlock(plain=text))
    elif place.nested and (block.html_from == place.branch or (block.plain is not None and block.plain_from != place.branch)):
        # A footer, or words between pictures, within the HTML form: the plain form has them already.
        if text.strip() and len(block.html or "") < contents.limits.html:
            block.html = f"{block.html}<br>{as_html(text)}" if block.html is not None else as_html(text)
            block.html_from = place.branch
    elif block.plain is None:
        block.plain, block.plain_from = text, place.branch
    elif block.plain_from == place.branch and place.nested:
        if len(block.plain) < contents.limits.text:
            block.plain = f"{block.plain.rstrip()}\n\n{text}"
    else:
        contents.blocks.append(TextBlock(plain=text))


def as_html(plain: str) -> str:
    return "<pre>" + plain.replace("&", "&amp;").replace("<", "&lt;") + "</pre>"


def _without_files(part: MimePart, data: bytes, contents: Contents) -> bytes:
    """Takes files that stand in a text out of it."""
    kept, position = [], 0
    for number, found in enumerate(stowed_files(data, min(MOST_FILES, contents.room_for_files)), 1):
        contents.embedded.append(from_text(part, number, found))
        kept.append(data[position : found.start])
        position = found.end
    if position:
        contents.defects.append(f"part {part.path}: {len(kept)} files taken out of the text")
    return b"".join([*kept, data[position:]])


# --- wrappings --------------------------------------------------------------------------------------------------------------


def _unwrapped(part: MimePart, kind: str, data: bytes, place: _Place, contents: Contents) -> MimePart | None:
    """The mail within a signed S/MIME file. Of its own header only what says how to read it is used."""
    if kind == _PGP_ENCRYPTED or (kind not in CMS_TYPES and not stated_name(part).lower().endswith(".p7m")):
        return None
    what = cms_kind(data)
    if what is not Cms.SIGNED:
        if what is not None:
            contents.defects.append(f"part {part.path}: {what.told}")
        return None
    content = signed_content(data)
    if content is None:
        return None  # a signature or certificates alone, or broken: a file like any other
    if place.wrapped >= _WRAPPINGS_DEEP or contents.wrappings >= _WRAPPINGS:
        contents.defects.append(f"part {part.path}: too many wrappings, not opened")
        return None
    contents.wrappings += 1
    contents.defects.append(f"part {part.path}: S/MIME signature not checked, its content is read")
    inner = grow(content, contents.limits)
    contents.defects.extend(inner.defects)
    return rooted(inner.root, f"{part.path}!")


def _took_tnef(part: MimePart, data: bytes, contents: Contents) -> bool:
    """Whether winmail.dat was understood whole; if not, it stays as the file that it is."""
    found = tnef.unpack(data, 4 * contents.limits.text)
    if found is None:
        contents.defects.append(f"part {part.path}: winmail.dat is broken, kept as it is")
        return False
    if len(found.files) > contents.room_for_files:
        contents.defects.append(f"part {part.path}: more than {contents.limits.files} files, winmail.dat is kept as it is")
        return False
    contents.embedded.extend(from_tnef(part, number, packed) for number, packed in enumerate(found.files, 1))
    plain = clean_text((found.text or (text_of_rtf(found.rtf, contents.limits.text) if not found.html else ""))[: contents.limits.text])
    html = clean_text(found.html[: contents.limits.text])
    contents.instead.append(TextBlock(plain if plain.strip() else None, html if html.strip() else None))
    kept = "" if found.whole else ", which is kept"
    contents.defects.append(f"part {part.path}: {len(found.files)} files taken out of winmail.dat{kept}")
    return found.whole


# --- files ------------------------------------------------------------------------------------------------------------------


def attachments(contents: Contents, limits: ReadingLimits) -> tuple[Attachment, ...]:
    """Every file of the mail, in order; those that stood in a text or in winmail.dat come last."""
    if not contents.files and not contents.embedded:
        return ()
    shown = {unquote(name) for block in contents.blocks if block.html for name in _CID.findall(block.html)}
    found = [describe(part, data, _is_inline(part, shown), limits) for part, data in contents.files]
    return (*found, *(replace(one, inline=bool(one.content_id) and one.content_id in shown) for one in contents.embedded))


def _is_inline(part: MimePart, shown: set[str]) -> bool:
    """Whether a file is a picture in the text: the HTML names it, or it says so itself. A document is never one, whatever it says."""
    if (named := content_id(part)) and named in shown:
        return True
    return disposition(part) == "inline" and not part.type.type.startswith(("application/", "message/", "audio/", "video/"))
