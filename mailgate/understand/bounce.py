"""Delivery reports (RFC 3464, RFC 6533): which recipient, what happened, for good or not, and about which letter."""

from __future__ import annotations

import re

from mailgate.model.mail import Report
from mailgate.understand.headers import decode_words, message_ids, unfold, without_comments
from mailgate.understand.limits import ReadingLimits
from mailgate.understand.tree import split_header

_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[\s#-])(?![\d.])")
_MOST_RECIPIENTS = 500

#: RFC 3463 and the registry behind it. True: the address itself does not work, whatever is sent there.
_STATUSES: dict[str, tuple[str, bool]] = {
    "1.1": ("user unknown", True), "1.2": ("host unknown", True), "1.3": ("address faulty", True), "1.4": ("address ambiguous", False),
    "1.6": ("user moved", True),
    "1.9": ("host takes no mail", True), "1.10": ("host takes no mail", True), "2.0": ("mailbox problem", False),
    "2.1": ("mailbox disabled", True), "2.2": ("mailbox full", False),
    "2.3": ("mail too big", False), "2.4": ("list expansion failed", False), "3.1": ("mail system full", False),
    "3.2": ("mail system not accepting", False), "3.4": ("mail too big", False),
    "4.1": ("no answer from host", False), "4.2": ("bad connection", False), "4.4": ("host unknown", True), "4.6": ("mail loop", False),
    "4.7": ("expired", False),
    "5.0": ("protocol error", False), "6.0": ("content not accepted", False), "7.0": ("refused by policy", False),
    "7.1": ("refused by policy", False), "7.13": ("mailbox disabled", True),
    "7.17": ("owner changed", True), "7.23": ("SPF failed", False), "7.26": ("authentication failed", False),
}  # fmt: skip
#: What hosts say where their status is no help, lower case: (words, reason, hard).
_PHRASES: tuple[tuple[str, str, bool], ...] = (
    ("mailbox full", "mailbox full", False), ("mailbox is full", "mailbox full", False), ("over quota", "mailbox full", False),
    ("quota exceeded", "mailbox full", False),
    ("exceeded storage", "mailbox full", False), ("out of storage", "mailbox full", False),
    ("insufficient system storage", "mail system full", False),
    ("user unknown", "user unknown", True), ("unknown user", "user unknown", True), ("no such user", "user unknown", True),
    ("no such recipient", "user unknown", True),
    ("no such mailbox", "user unknown", True), ("no such address", "user unknown", True), ("unknown recipient", "user unknown", True),
    ("recipient unknown", "user unknown", True),
    ("unknown address", "user unknown", True), ("address unknown", "user unknown", True), ("does not exist", "user unknown", True),
    ("doesn't exist", "user unknown", True),
    ("user not found", "user unknown", True), ("recipient not found", "user unknown", True), ("recipientnotfound", "user unknown", True),
    ("mailbox not found", "user unknown", True),
    ("invalid recipient", "user unknown", True), ("invalid mailbox", "user unknown", True), ("no mailbox here", "user unknown", True),
    ("not a valid mailbox", "user unknown", True),
    ("user doesn't have", "user unknown", True), ("no account by that name", "user unknown", True),
    ("mailbox disabled", "mailbox disabled", True), ("account disabled", "mailbox disabled", True),
    ("account is disabled", "mailbox disabled", True), ("account has been disabled", "mailbox disabled", True),
    ("mailbox is disabled", "mailbox disabled", True),
    ("inactive user", "mailbox disabled", True), ("no longer available", "mailbox disabled", True),
    ("no longer valid", "mailbox disabled", True), ("has moved to", "user moved", True),
    ("host unknown", "host unknown", True), ("unknown host", "host unknown", True), ("host not found", "host unknown", True),
    ("host or domain name not found", "host unknown", True),
    ("domain not found", "host unknown", True), ("no such domain", "host unknown", True), ("too big", "mail too big", False),
    ("too large", "mail too big", False),
    ("spam", "refused by policy", False), ("blocked", "refused by policy", False), ("blacklist", "refused by policy", False),
    ("policy", "refused by policy", False),
    ("timed out", "no answer from host", False), ("connection refused", "no answer from host", False), ("loop", "mail loop", False),
)  # fmt: skip


def delivery_reports(data: bytes, limits: ReadingLimits) -> tuple[Report, ...]:
    """The reports of a message/delivery-status part, one for each recipient."""
    reports: list[Report] = []
    for block in re.split(rb"\n(?:[ \t]*\n)+", data.replace(b"\r\n", b"\n").strip(b"\n") + b"\n"):
        if len(reports) >= _MOST_RECIPIENTS:
            break
        fields, _ = split_header(block, limits, [])
        report = _report({name: unfold(value) for name, value in reversed(fields)})
        if report is not None:
            reports.append(report)
    return tuple(dict.fromkeys(reports))


def _report(fields: dict[str, str]) -> Report | None:
    recipient = _typed(fields.get("final-recipient") or "") or _typed(fields.get("original-recipient") or "")
    action = without_comments(fields.get("action") or "").lower().partition(" ")[0].strip(";,.")
    said = fields.get("diagnostic-code") or ""
    status = _STATUS.search(fields.get("status") or "")
    if not recipient or (action not in _ACTIONS and status is None):
        return None
    if action not in _ACTIONS:
        action = {"5": "failed", "4": "delayed"}.get(status[1][0], "delivered") if status else "failed"
    return judged(recipient, action, status[1] if status else None, said)


def judged(recipient: str, action: str, status: str | None, said: str) -> Report:
    """A report with what follows from its parts; `said` are the words of the host that refused."""
    said = " ".join(decode_words(said).split())
    plain = said.partition(";")[2].strip() if re.match(r"[\w-]{1,20}\s?;", said) else said
    better = _STATUS.search(plain)
    if better is not None and (status is None or status.endswith(".0.0")) and (status is None or better[1][0] == status[0]):
        status = better[1]
    reply = _REPLY.search(f"{plain} ")
    known = _STATUSES.get(status.partition(".")[2]) if status else None
    if known is None or not known[1]:
        low = plain[:2000].lower()
        phrase = next(((reason, hard) for words, reason, hard in _PHRASES if words in low), None)
        # A status that says something outweighs words, but for "other" and "policy", behind which hosts hide.
        if phrase is not None and (known is None or (status is not None and status.partition(".")[2] in ("2.0", "5.0", "7.1"))):
            known = phrase
    permanent = action == "failed" and not (status or "5").startswith("4")
    reason = known[0] if known else ""
    words = plain[:500]
    return Report(
        recipient,
        action,
        status,
        reply[1] if reply else None,
        bool(permanent and known and known[1]),
        f"{reason}: {words}" if reason and words else reason or words,
    )


def _typed(value: str) -> str:
    """`rfc822; <jo@example.org>` without type and brackets, its domain in lower case."""
    kind, mark, address = value.partition(";")
    address = (address if mark else kind).strip().strip("<>").strip()
    if kind.strip().lower() == "utf-8":
        address = re.sub(r"\\x\{([0-9A-Fa-f]{1,6})\}", lambda match: chr(int(match[1], 16)) if int(match[1], 16) < 0xD800 else "", address)
    local, at, domain = address.rpartition("@")
    if not at:
        return address[:400] if address and " " not in address else ""
    return f"{local}@{domain.lower()}"[:400]


def ids_of(header: bytes, limits: ReadingLimits) -> tuple[str, ...]:
    """The Message-IDs by which a returned mail (or its header alone) can be found: its own, then those it refers to."""
    fields, _ = split_header(header.lstrip(b"\n"), limits, [])
    raws = {name: [value for key, value in fields if key == name] for name in ("message-id", "references", "in-reply-to")}
    found = [one for name in ("message-id", "references", "in-reply-to") for one in message_ids(raws[name], limits.message_ids)]
    return tuple(dict.fromkeys(found))
