"""Parts of a mail that are not its text: their names for the eye, their size and digest, and their bytes when somebody needs them."""

import hashlib
import re
from collections.abc import Sequence

from mailgate.model.mail import Attachment
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.mime import tnef
from mailgate.understand.mime.charset import clean_name
from mailgate.understand.mime.headers import parse_disposition, unfold, unstructured
from mailgate.understand.mime.transfer import undo
from mailgate.understand.mime.tree import MimePart, grow, split_header
from mailgate.understand.mime.uuencode import Stowed, stowed_files
from mailgate.understand.mime.wrapped import signed_content

#: Types of a whole mail.
MESSAGES = frozenset({"message/rfc822", "message/global"})

_PATH = re.compile(r"^(?:[A-Za-z]:)?[\\/]|(?:^|[\\/])\.\.?(?:[\\/]|$)|^[A-Za-z]:")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_DEEPEST = 5  #: addresses within addresses
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_ENDINGS = {
    "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp",
    "image/tiff": ".tif", "application/pdf": ".pdf", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics",
    "text/csv": ".csv", "text/vcard": ".vcf", "text/x-vcard": ".vcf", "text/rfc822-headers": ".txt", "message/rfc822": ".eml",
    "message/global": ".eml", "message/delivery-status": ".txt", "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt", "application/zip": ".zip", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
    "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m", "application/ms-tnef": ".dat", "application/json": ".json", "application/xml": ".xml",
    "text/xml": ".xml", "text/rtf": ".rtf", "application/rtf": ".rtf",
}  # fmt: skip
#: What a file is that says nothing of itself: text above all, for what stands in a text file may not leave unread (`decide/residue`).
_TYPES = {ending: kind for kind, ending in reversed(_ENDINGS.items()) if not kind.startswith(("text/x-", "text/rfc", "application/x-"))}
_TOLD_ENDINGS = (*sorted({*_ENDINGS.values()} - {".bin"}), ".jpeg", ".tiff", ".htm", ".svg")
_TYPES |= {".txt": "text/plain", ".log": "text/plain", ".md": "text/plain", ".htm": "text/html", ".eml": "message/rfc822"}


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


def stated_name(part: MimePart) -> str:
    """The name that a part gives itself, in Content-Disposition or Content-Type; "" when it has none."""
    raw = part.first("content-disposition")
    name = parse_disposition(raw)[1].get("filename", "") if raw else ""
    other = part.type.parameters.get("name", "")
    if not name or (("?" in name or "\ufffd" in name) and other and "?" not in other):
        name = other or name  # of two names the one whose letters survived
    return clean_file_name(name)


def disposition(part: MimePart) -> str:
    raw = part.first("content-disposition")
    return parse_disposition(raw)[0] if raw else ""


def content_id(part: MimePart) -> str:
    raw = part.first("content-id")
    return unfold(raw).strip().strip("<>").strip()[:500] if raw else ""


def octets_of(part: MimePart, is_text: bool) -> tuple[bytes, str | None]:
    """The decoded octets of a part, and a defect note. The one way to them: a digest holds only if they are always decoded alike."""
    return undo(part.body, part.encoding, is_text=is_text)


def is_read_as_text(part: MimePart) -> bool:
    """Whether the octets of a part are decoded as a text's: what no boundary could be found in counts as one."""
    return part.type.type.startswith(("text", "multipart/")) or part.type.type == "application/xhtml+xml"


def describe(part: MimePart, data: bytes, inline: bool, limits: ReadingLimits = LIMITS) -> Attachment:
    """The attachment that a part with these decoded octets is."""
    kind = part.type.type
    name = stated_name(part)
    if not name and kind in MESSAGES:
        fields, _ = split_header(data[: limits.header_block].replace(b"\r\n", b"\n"), limits, [])
        subject = next((unstructured(value) for key, value in fields if key == "subject"), "")
        name = clean_file_name(f"{_FORBIDDEN.sub('_', subject)[:100]}.eml") if subject else ""
    name = name or _name_in_id(part) or f"part-{part.path}{_ENDINGS.get(kind, '.bin')}"
    return Attachment(name, kind, len(data), hashlib.sha256(data).hexdigest(), inline, content_id(part), part.path)


def _name_in_id(part: MimePart) -> str:
    """What stands before the @ in the Content-ID: some programs write the file's name there and nowhere else. "" when there is none."""
    before, at, _ = content_id(part).partition("@")
    name = clean_file_name(before) if at else ""
    told = name.lower().endswith(_TOLD_ENDINGS)
    return name if not name or told else name + _ENDINGS.get(part.type.type, "")


def from_text(part: MimePart, number: int, found: Stowed) -> Attachment:
    """A file that stood in a text (uuencode, yEnc)."""
    return _embedded(part, number, unstructured(found.name), "", found.octets, "")


def from_tnef(part: MimePart, number: int, found: tnef.Packed) -> Attachment:
    """A file out of winmail.dat."""
    return _embedded(part, number, found.name, clean_name(found.type), found.octets, clean_name(found.content_id)[:500])


def _embedded(part: MimePart, number: int, name: str, kind: str, data: bytes, named: str) -> Attachment:
    shown = clean_file_name(name) or f"part-{part.path}-{number}{_ENDINGS.get(kind, '.bin')}"
    if not _TYPE.fullmatch(kind):
        kind = _TYPES.get("." + shown.rpartition(".")[2].lower(), "application/octet-stream")
    return Attachment(shown, kind, len(data), hashlib.sha256(data).hexdigest(), False, named, f"{part.path}!{number}")


def files_of(raw: bytes, wanted: Sequence[Attachment], limits: ReadingLimits = LIMITS) -> list[bytes | None]:
    """The decoded octets of these attachments, in one reading of the raw mail; None for one that is not what was described.
    An address: the part ("1.2"), and behind each "!" what is within: the number of a file in a text or in winmail.dat ("1.2!3"), or
    the part of a signed or an attached mail ("2!1.1"). Nothing is opened twice, however many addresses lead through it."""
    opened = _Opened(raw, limits)
    found = ((opened.at(each.part), each.sha256) for each in wanted)
    return [octets if octets is not None and hashlib.sha256(octets).hexdigest() == sha256 else None for octets, sha256 in found]


_Found = tuple[MimePart, bytes]  #: a part with its decoded octets; of a file within one: the part that holds it


class _Opened:
    """A raw mail, and what its parts hold as far as somebody asked."""

    def __init__(self, raw: bytes, limits: ReadingLimits) -> None:
        self._limits = limits
        self._leaves = {"": _leaves(raw, limits)}
        self._files: dict[str, list[bytes]] = {}
        self._octets: dict[str, _Found] = {}  #: of what holds something: the others are decoded when they are asked for, and let go

    def at(self, address: str) -> bytes | None:
        # Before winmail.dat was opened, "u" stood for the files in a text.
        path, *within = address.replace("u", "!").split("!")
        if len(within) > _DEEPEST:
            return None
        found = self._leaf("", path, keep=bool(within))
        above = path
        for depth, step in enumerate(within, 1):
            if found is None:
                return None
            found = self._within(above, *found, step, keep=depth < len(within))
            above = f"{above}!{step}"
        return found[1] if found is not None else None

    def _leaf(self, above: str, path: str, keep: bool) -> _Found | None:
        part = self._leaves[above].get(path)
        if part is None:
            return None
        address = f"{above}!{path}" if above else path
        found = self._octets.get(address) or (part, octets_of(part, is_read_as_text(part))[0])
        if keep:
            self._octets[address] = found
        return found

    def _within(self, above: str, part: MimePart, data: bytes, step: str, keep: bool) -> _Found | None:
        """What a leaf holds under this address."""
        if above not in self._leaves and above not in self._files:
            content = data if part.type.type in MESSAGES else None if is_read_as_text(part) else signed_content(data)
            if content is not None:
                self._leaves[above] = _leaves(content, self._limits)
            else:
                self._files[above] = _files_in(part, data)
        if above in self._leaves:
            return self._leaf(above, step, keep)
        if not step.isdecimal() or not step.isascii() or len(step) > 6:
            return None
        files, index = self._files[above], int(step) - 1
        return (part, files[index]) if 0 <= index < len(files) else None


def _leaves(raw: bytes, limits: ReadingLimits) -> dict[str, MimePart]:
    return {leaf.path: leaf for leaf in reversed(grow(raw, limits).leaves())}


def _files_in(part: MimePart, data: bytes) -> list[bytes]:
    if tnef.is_tnef(data) and not is_read_as_text(part):
        packed = tnef.unpack(data, 0)
        return [each.octets for each in packed.files] if packed is not None else []
    return [each.octets for each in stowed_files(data)]
