"""Bytes to Mail. Never fails: of a broken mail it only understands less, and notes what."""

from collections.abc import Iterator

from mailgate.model.mail import Address, Forwarded, Mail
from mailgate.model.sender import DAEMONS
from mailgate.understand import notes as reason
from mailgate.understand.answers.astray import SIGNS
from mailgate.understand.contents import NOTICE_PARTS, Contents, as_html, attachments, gather
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.mime.addresses import addresses, bare_address, unaddressed
from mailgate.understand.mime.headers import date, message_id, message_ids, repairs, unfold, unstructured
from mailgate.understand.mime.tree import grow, rooted
from mailgate.understand.notes import Notes
from mailgate.understand.reports.dsn import ids_of
from mailgate.understand.text import forwards
from mailgate.understand.text.body import Cut, cut
from mailgate.understand.text.html import (
    Document,
    begins_with_words,
    flat_text,
    may_show_a_sign,
    names_a_quote,
    read_html,
    same_words,
    text_of,
)
from mailgate.understand.text.language import SURE, found_language, language_of
from mailgate.understand.text.language import model as language_model
from mailgate.understand.text.lines import Reasons

#: Headers whose repairs are noted.
_WATCHED = ("from", "subject", "to", "cc", "reply-to")
#: So many mails within mails are looked into for a text, where nothing else has one.
_MAILS_DEEP = 3
_TRACE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")


def parse(raw: bytes, limits: ReadingLimits = LIMITS, rich: bool = True, notes: Notes | None = None) -> Mail:
    """The mail that these bytes are (RFC 5322, MIME), new text and quotes already told apart. `notes` are told how it was read."""
    tree = grow(raw, limits)
    root = tree.root
    headers: dict[str, list[bytes]] = {}
    for name, value in root.fields:
        headers.setdefault(name, []).append(value)
    contents = gather(tree, limits, notes)
    authors = addresses(headers.get("from", []), limits.addresses)
    report = "x-failed-recipients" in headers or _may_report(root.type.type, authors, contents)
    text, safe_html, taken_apart, new_html, beside = _bodies(contents, limits, rich or contents.has_pictures)
    if not contents.blocks and contents.mails and not report:
        # Somebody passes a mail on without a word: what it says is to be read, and is not new.
        text = _text_within(contents, limits)
        taken_apart = Cut("", text, "", False, because=reason.WORDLESS)
        _chose(contents, reason.FROM_WITHIN)
    shown = tuple((name, unfold(value)) for name, value in root.fields if not name.startswith("x-mailgate-"))
    tree.defects.extend(_repaired(headers, authors, len(shown) < len(root.fields)))
    subject = next((unstructured(value) for value in headers.get("subject", ())), "")
    files = attachments(contents, limits)
    stated = (unfold(value) for name in ("content-language", "accept-language") for value in headers.get(name, ())[:1])
    language, language_because = found_language(taken_apart.new, *stated, detect=language_model())
    if notes is not None:
        notes.tree, notes.cut, notes.language_because = tree, taken_apart, language_because
    return Mail(
        message_id=next((found for value in headers.get("message-id", ()) if (found := message_id(value)) is not None), None),
        date=next((date(value) for value in headers.get("date", ())), None),
        subject=subject,
        authors=authors,
        sender=addresses(headers.get("sender", []), limits.addresses),
        reply_to=addresses(headers.get("reply-to", []), limits.addresses),
        to=addresses(headers.get("to", []), limits.addresses),
        cc=addresses(headers.get("cc", []), limits.addresses),
        delivered_to=_delivered_to(headers, limits),
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
        says_forward=forwards.begins_as_forward(subject),
        beside=beside if beside != taken_apart.new else "",
        unseen=contents.unseen,
        new_html=new_html,
        attachments=files,
        folded=tuple(one.part for one in files if one.inline and one.content_id in contents.folded),
        language=language,
        language_sure=language_because in SURE,
        defects=tuple(dict.fromkeys(tree.defects)),
        reports=contents.reports,
        forwarded=None if report else _forwarded(subject, text, taken_apart.new, contents, limits),
        unaddressed=unaddressed(headers.get("from", [])) if not authors else None,
        reported_ids=tuple(dict.fromkeys(one for header in contents.returned for one in ids_of(header, limits))) if report else (),
    )


def _repaired(headers: dict[str, list[bytes]], authors: tuple[Address, ...], ours: bool) -> Iterator[str]:
    """What is wrong with the header. `ours`: headers of our own name stood in it."""
    if len(headers.get("from", ())) > 1:
        yield "several From headers"
    if len(headers.get("message-id", ())) > 1:
        yield "several Message-ID headers, the first counts"
    if not authors and headers.get("from"):
        yield "From: names no address"
    yield from (f"{name}: {note}" for name in _WATCHED for value in headers.get(name, ())[:3] for note in repairs(value))
    if ours:
        yield "headers of our own name taken out"


def _may_report(kind: str, authors: tuple[Address, ...], contents: Contents) -> bool:
    """Whether it may be a report on other mail: then nothing in it is passed on by a person."""
    return (
        kind == "multipart/report"
        or bool(contents.reports)
        or any(author.address.partition("@")[0].lower() in DAEMONS for author in authors)
        or any(part.type.type in NOTICE_PARTS for part, _ in contents.files)
    )


def _delivered_to(headers: dict[str, list[bytes]], limits: ReadingLimits) -> tuple[str, ...]:
    """Where servers on the way say that the mail was for."""
    values = (value for name in _TRACE for value in headers.get(name, ())[: limits.addresses])
    return tuple(dict.fromkeys(found for value in values if (found := bare_address(value))))


def _text_within(contents: Contents, limits: ReadingLimits) -> str:
    """The text of the first mail that is attached, or of the one that is attached to it."""
    inner = contents
    for _ in range(_MAILS_DEEP):
        if inner.blocks or not inner.mails:
            break
        inner = gather(grow(inner.mails[0][1], limits), limits)
    return _bodies(inner, limits, False)[0]


def _forwarded(subject: str, text: str, new: str, contents: Contents, limits: ReadingLimits) -> Forwarded | None:
    """The mail that this one passes on, attached or in its text."""
    if len(contents.mails) == 1 and forwards.is_passed_on(subject, new):
        return _attached(subject, new if contents.blocks else "", contents, limits)
    found = forwards.in_text(subject, text, limits) if contents.blocks else None
    if found is None:
        return None
    below = cut(found.body, limits)
    return Forwarded(
        author=found.author,
        date=found.fields.get("sent", ""),
        subject=forwards.bare_subject(found.fields.get("subject", "") or subject),
        text=below.new or found.body,
        quoted=below.quoted if below.new else "",
        message_id=None,
        above=found.above,
        form=found.form,
        attachments=attachments(contents, limits),
        language=language_of(below.new, detect=language_model()),
    )


def _attached(subject: str, above: str, contents: Contents, limits: ReadingLimits) -> Forwarded | None:
    part, data = contents.mails[0]
    tree = grow(data, limits)
    authors = addresses([value for name, value in tree.root.fields if name == "from"], 2)
    if len(authors) != 1:
        return None
    rooted(tree.root, f"{part.path}!")
    inner = gather(tree, limits)
    text, _, below, *_ = _bodies(inner, limits, False)
    return Forwarded(
        author=authors[0],
        date=unfold(tree.root.first("date") or b"")[:200],
        subject=forwards.bare_subject(unstructured(tree.root.first("subject") or b"") or subject),
        text=below.new or text,
        quoted=below.quoted if below.new else "",
        message_id=message_id(tree.root.first("message-id") or b""),
        above=above,
        form="attached",
        attachments=attachments(inner, limits),
        language=language_of(below.new, detect=language_model()),
    )


def _bodies(contents: Contents, limits: ReadingLimits, rich: bool) -> tuple[str, str | None, Cut, str | None, str]:
    """The text, the safe HTML, the text taken apart, the safe HTML of what is new, and the new words of the other form (`Mail.beside`)."""
    blocks = contents.blocks
    if not any(block.html is not None for block in blocks):
        text = _joined([block.plain or "" for block in blocks])
        _chose(contents, reason.PLAIN_ONLY if blocks else reason.NO_TEXT)
        return text, None, cut(text, limits, _reasons(contents), contents.has_files), None, ""
    if len(blocks) == 1 and not rich and _stands_alone(blocks[0].plain or ""):
        plain = (blocks[0].plain or "").strip("\n").rstrip()
        taken_apart = cut(plain, limits, _reasons(contents), contents.has_files)
        if taken_apart.quoted or not names_a_quote(blocks[0].html or ""):
            _chose(contents, reason.PLAIN_BESIDE_HTML)
            markup = blocks[0].html or ""
            return plain, None, taken_apart, None, _if_signed(read_html(markup, limits).cut.new) if may_show_a_sign(markup) else ""
    if len(blocks) == 1 and blocks[0].html is not None:
        alone = not (blocks[0].plain or "").strip()
        document = read_html(blocks[0].html, limits, _reasons(contents), contents.has_files, links=alone)
        contents.folded = document.folded
        contents.defects.extend(document.defects)
        plain = (blocks[0].plain or "").strip("\n").rstrip()
        if alone or _only_says_html(plain, document.text):
            document = document if alone else read_html(blocks[0].html, limits, _reasons(contents), contents.has_files, links=True)
            contents.unseen = document.unseen
            _chose(contents, reason.PLAIN_SAYS_NOTHING if plain.strip() else reason.HTML_ONLY)
            beside = cut(plain, limits).new if any(sign in plain for sign in SIGNS) else ""
            return document.text, document.safe, document.cut, document.new_safe, beside
        taken_apart = cut(plain, limits, _reasons(contents), contents.has_files)
        _chose(contents, reason.PLAIN_BESIDE_HTML)
        if not taken_apart.quoted and document.cut.quoted and begins_with_words(taken_apart.new, document.cut.new):
            taken_apart = document.cut  # the HTML names its quote, and the text has lost every mark of it
            _chose(contents, reason.HTML_NAMES_THE_QUOTE)
        return plain, document.safe, taken_apart, _new_html(document, taken_apart), _if_signed(document.cut.new)
    texts = []
    for block in blocks:
        if block.plain is not None and block.plain.strip():
            texts.append(block.plain)
        elif block.html is not None:
            text, defects = text_of(block.html, limits)
            contents.defects.extend(defects)
            texts.append(text)
    text = _joined(texts)
    markup = "<br>".join(block.html if block.html is not None else as_html(block.plain or "") for block in blocks)
    document = read_html(markup, limits, wordless=contents.has_files)
    contents.folded = document.folded
    contents.defects.extend(document.defects)
    _chose(contents, reason.SEVERAL)
    taken_apart = cut(text, limits, _reasons(contents), contents.has_files)
    return text, document.safe, taken_apart, _new_html(document, taken_apart), _if_signed(document.cut.new)


def _if_signed(words: str) -> str:
    """Words in which a command may stand; most mails hold none, and carry nothing twice."""
    return words if any(sign in words for sign in SIGNS) else ""


def _chose(contents: Contents, because: str) -> None:
    if contents.notes is not None:
        contents.notes.text_because = reason.STANDS_IN if contents.notes.stands_in else because


def _reasons(contents: Contents) -> Reasons | None:
    """Where the rules say why they fold, if anybody asks."""
    return {} if contents.notes is not None else None


def _new_html(document: Document, taken_apart: Cut) -> str | None:
    """The new HTML, only where HTML and text were cut alike."""
    return document.new_safe if same_words(document, taken_apart.new) else None


def _only_says_html(plain: str, seen: str) -> bool:
    """Whether the plain form is a mere note ("this mail needs an HTML reader") or HTML source, while the HTML says much more."""
    return _is_source(plain) or (
        len(plain) < 200 and len(seen) > 4 * len(plain) and "html" in plain.lower() and flat_text(plain) not in seen
    )


def _stands_alone(plain: str) -> bool:
    """Whether a plain form can be believed without looking at the HTML beside it: the opposite of what the rule above could say."""
    return bool(plain.strip()) and not _is_source(plain) and (len(plain) >= 200 or "html" not in plain.lower())


def _is_source(plain: str) -> bool:
    return plain.lstrip()[:200].lower().startswith(("<!doctype html", "<html"))


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in (text.strip("\n").rstrip() for text in texts) if text)
