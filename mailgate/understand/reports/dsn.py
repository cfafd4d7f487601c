"""Delivery reports in their form (RFC 3464, RFC 6533): which recipient, what happened, for good or not, and about which letter."""

import re
from dataclasses import replace

from mailgate.model.mail import Report
from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime.headers import message_ids, unfold, without_comments
from mailgate.understand.mime.tree import split_header
from mailgate.understand.reports.reasons import STATUS, judged

_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
#: What servers write instead.
_OTHER_ACTIONS = {
    "failure": "failed", "fail": "failed", "error": "failed", "expired": "failed", "bounced": "failed", "undeliverable": "failed",
    "rejected": "failed", "deferred": "delayed", "delay": "delayed", "warning": "delayed", "success": "delivered", "deliver": "delivered",
}  # fmt: skip
_MOST_RECIPIENTS = 500
_EMPTY_LINES = re.compile(rb"\n(?:[ \t]*\n)+")
_IN_ANGLES = re.compile(r"<([^<>]{1,400})>\Z")
_OCTET = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
#: Fields that name a recipient, the best first. Original-Recipient is whom the sender wrote to, before any forwarding.
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient", "x-original-recipient")
_ID_FIELDS = ("message-id", "references", "in-reply-to")
_FIELDS = frozenset({*_RECIPIENT_FIELDS, "action", "status", "diagnostic-code", "x-postfix-diagnostic-code", "remote-mta"})
#: Types of the parts that hold reports, and of those that give back the mail that a report is about.
REPORT_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
#: With one of these at its beginning a line of a text is a report in form, wherever it stands.
_FORM_BEGINS = (
    "final-recipient:", "original-recipient:", "action:", "status:", "reporting-mta:", "x-postfix-queue-id:", "original-envelope-id:",
    "arrival-date:", "received-from-mta:",
)  # fmt: skip
_FORM_ENDS = ("--", "received: ", "return-path: ", "content-type: message/rfc822", "content-type: text/rfc822-headers")


def delivery_reports(data: bytes, limits: ReadingLimits) -> tuple[Report, ...]:
    """The reports of a message/delivery-status part, one for each recipient.
    Servers forget the empty line between two recipients, or put one within a recipient's fields: a recipient begins where a field
    that names them comes again, and is known once something is said of them."""
    reports: list[Report] = []
    open_: dict[str, str] = {}
    envelope_id = ""
    for block in _EMPTY_LINES.split(data.replace(b"\r\n", b"\n").strip(b"\n") + b"\n"):
        fields, _ = split_header(_dedented(block), limits, [])
        envelope_id = envelope_id or next((unfold(value)[:100] for name, value in fields if name == "original-envelope-id"), "")
        if _is_told(open_) and any(name in _RECIPIENT_FIELDS for name, _ in fields):
            reports += _closed(open_)
            open_ = {}
        for name, value in fields:
            if name in _RECIPIENT_FIELDS and name in open_ and _is_told(open_):
                reports += _closed(open_)
                open_ = {}
            if name in _FIELDS:
                open_.setdefault(name, unfold(value))
        if len(reports) >= _MOST_RECIPIENTS:
            break
    reports += _closed(open_)
    named = (replace(report, envelope_id=envelope_id) for report in reports) if envelope_id else reports
    return tuple(dict.fromkeys(named))[:_MOST_RECIPIENTS]


def in_text(text: str, limits: ReadingLimits) -> tuple[Report, ...]:
    """The same form where it stands in a text: a server without MIME wrote it, or a gateway took the parts apart."""
    low = text[:200_000].lower()
    if "final-recipient:" not in low and "original-recipient:" not in low:
        return ()
    kept: list[str] = []
    for line in text[:200_000].split("\n"):
        bare = line.strip().lower()
        if kept and bare.startswith(_FORM_ENDS):
            break
        if bare.startswith(_FORM_BEGINS) or (kept and bare.partition(":")[0] in _FIELDS):
            kept.append(line.strip())
        elif kept:
            kept.append(f" {line.strip()}".rstrip())  # a continued line stays indented, a field does not
    return delivery_reports("\n".join(kept).encode("utf-8", "replace"), limits)


def _dedented(block: bytes) -> bytes:
    """The fields of a report that stands indented as a whole; a continued line stays one."""
    if block[:1] not in (b" ", b"\t"):
        return block
    indent = block[: len(block) - len(block.lstrip(b" \t"))]
    return b"\n".join(line.removeprefix(indent) for line in block.split(b"\n"))


def _is_told(fields: dict[str, str]) -> bool:
    return any(name in fields for name in _RECIPIENT_FIELDS) and any(name in fields for name in ("action", "status", "diagnostic-code"))


def _closed(fields: dict[str, str]) -> list[Report]:
    named = [found for name in _RECIPIENT_FIELDS if (found := _typed(fields.get(name) or ""))]
    # A name that only the last host knows (`jo@ims-ms-daemon`, a pipe) tells nobody who was meant.
    recipient = next((one for one in named if "." in one.rpartition("@")[2] and "@" in one), named[0] if named else "")
    action = without_comments(fields.get("action") or "").lower().partition(" ")[0].strip(";,.")
    action = _OTHER_ACTIONS.get(action, action)
    said = fields.get("diagnostic-code") or fields.get("x-postfix-diagnostic-code") or ""
    status = STATUS.search(fields.get("status") or "")
    if action not in _ACTIONS and status is None:
        status = STATUS.search(said)
    if not recipient or (action not in _ACTIONS and status is None):
        return []
    if action not in _ACTIONS:
        action = {"5": "failed", "4": "delayed"}.get(status[1][0], "delivered") if status else "failed"
    return [replace(judged(recipient, action, status[1] if status else None, said), original=_original(fields, recipient))]


def _original(fields: dict[str, str], recipient: str) -> str:
    """The address that we wrote to, where it is another one than the recipient: what we said as ORCPT comes back as xtext (RFC 3461 4)."""
    said = re.sub(r"\+([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), fields.get("original-recipient") or "")
    original = _typed(said)
    return "" if original == recipient else original


def _typed(value: str) -> str:
    """`rfc822; <jo@example.org>` without type and brackets, its domain in lower case."""
    kind, mark, address = value.partition(";")
    address = (address if mark else kind).strip()
    if (named := _IN_ANGLES.search(address)) is not None:
        address = named[1]
    address = address.strip("<>").strip().removeprefix("mailto:")
    if address[:1] == address[-1:] == '"' and "@" in address:
        address = address[1:-1]
    if kind.strip().lower() == "utf-8":
        address = _OCTET.sub(lambda match: chr(int(match[1], 16)) if int(match[1], 16) < 0xD800 else "", address)
    local, at, domain = address.rpartition("@")
    if not at:
        return address[:400] if address and " " not in address else ""
    return f"{local}@{domain.lower()}"[:400]


def ids_of(header: bytes, limits: ReadingLimits) -> tuple[str, ...]:
    """The Message-IDs by which a returned mail (or its header alone) can be found: its own, then those it refers to."""
    fields, _ = split_header(header.lstrip(b"\n"), limits, [])
    raws = [[value for key, value in fields if key == name] for name in _ID_FIELDS]
    return tuple(dict.fromkeys(one for values in raws for one in message_ids(values, limits.message_ids)))
