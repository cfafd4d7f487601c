"""Parts of a mail that are not its text: their names for the eye, their size and digest, and their bytes when somebody needs them."""

from __future__ import annotations

import hashlib
import re

from mailgate.model.mail import Attachment
from mailgate.understand.charset import clean_name
from mailgate.understand.headers import parse_disposition, unfold, unstructured
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.transfer import undo, uuencoded
from mailgate.understand.tree import Part, grow, split_header

_PATH = re.compile(r"^(?:[A-Za-z]:)?[\\/]|(?:^|[\\/])\.\.?(?:[\\/]|$)|^[A-Za-z]:")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp", "image/tiff": ".tif",
    "application/pdf": ".pdf", "text/plain": ".txt",
    "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
    "text/rfc822-headers": ".txt", "message/rfc822": ".eml",
    "message/global": ".eml", "message/delivery-status": ".txt", "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt", "application/zip": ".zip",
    "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc", "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m", "application/ms-tnef": ".dat", "application/json": ".json", "application/xml": ".xml",
    "text/xml": ".xml", "text/rtf": ".rtf", "application/rtf": ".rtf",
}  # fmt: skip


def clean_file_name(name: str) -> str:
    """A file name for display: never a path, nothing in it that cannot be seen. Cleaned first and judged then; "" when nothing is left."""
    name = clean_name(name)
    if _PATH.search(name):
        name = re.split(r"[\\/:]", name)[-1]
    name = _FORBIDDEN.sub("_", name).strip(" ")
    if not name.strip("._ "):
        return ""
    if len(name) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: 199 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else name[:200]
    return name


def stated_name(part: Part) -> str:
    """The name that a part gives itself, in Content-Disposition or Content-Type; "" when it has none."""
    raw = part.first("content-disposition")
    name = parse_disposition(raw)[1].get("filename", "") if raw else ""
    return clean_file_name(name or part.type.parameters.get("name", ""))


def disposition(part: Part) -> str:
    raw = part.first("content-disposition")
    return parse_disposition(raw)[0] if raw else ""


def content_id(part: Part) -> str:
    raw = part.first("content-id")
    return unfold(raw).strip().strip("<>").strip()[:500] if raw else ""


def describe(part: Part, data: bytes, inline: bool, limits: ReadingLimits = LIMITS) -> Attachment:
    """The attachment that a part with these decoded octets is."""
    kind = part.type.type
    name = stated_name(part)
    if not name and kind in ("message/rfc822", "message/global"):
        fields, _ = split_header(data[: limits.header_block].replace(b"\r\n", b"\n"), limits, [])
        subject = next((unstructured(value) for key, value in fields if key == "subject"), "")
        name = clean_file_name(f"{_FORBIDDEN.sub('_', subject)[:100]}.eml") if subject else ""
    if not name:
        name = f"part-{part.path}{_ENDINGS.get(kind, '.bin')}"
    return Attachment(name, kind, len(data), hashlib.sha256(data).hexdigest(), inline, content_id(part), part.path)


def from_uuencode(part: Part, number: int, name: bytes, data: bytes) -> Attachment:
    """A file that stood uuencoded in a text."""
    shown = clean_file_name(unstructured(name)) or f"part-{part.path}.bin"
    return Attachment(shown, "application/octet-stream", len(data), hashlib.sha256(data).hexdigest(), False, "", f"{part.path}u{number}")


def attachment_bytes(raw: bytes, attachment: Attachment, limits: ReadingLimits = LIMITS) -> bytes | None:
    """The decoded octets of an attachment, read again from the raw mail; None when they are not what was described."""
    path, _, number = attachment.part.partition("u")
    part = next((leaf for leaf in grow(raw, limits).leaves() if leaf.path == path), None)
    if part is None:
        return None
    data = undo(part.body, part.encoding)[0]
    if number:
        files = uuencoded(data)
        index = int(number) - 1
        if not 0 <= index < len(files):
            return None
        data = files[index][2]
    return data if hashlib.sha256(data).hexdigest() == attachment.sha256 else None
