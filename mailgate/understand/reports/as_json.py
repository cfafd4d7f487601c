"""Delivery reports and complaints that a mail service sends as JSON in a mail (Amazon SES, by itself or wrapped by SNS)."""

import json
from dataclasses import dataclass
from typing import Any

from mailgate.model.mail import Report
from mailgate.understand.reports.reasons import judged

_MOST_CHARACTERS = 200_000
_MOST_RECIPIENTS = 500


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str  #: bounce | complaint | delivery
    reports: tuple[Report, ...]
    message_ids: tuple[str, ...]  #: of the mail that it is about, with angle brackets


def notice_in(text: str) -> Notice | None:
    """The notice that a text is; None when it is no such JSON."""
    start = text[:200].lstrip()
    if not start.startswith("{") or '"' not in start:
        return None
    found = _read(text)
    if isinstance(found.get("Message"), str):
        found = _read(found["Message"])  # the wrapping of SNS
    kind = str(found.get("notificationType") or found.get("eventType") or "").lower()
    about = _table(found.get(kind))
    if kind not in ("bounce", "complaint", "delivery") or not about:
        return None
    reports: list[Report] = []
    if kind == "bounce":
        for one in map(_table, _list(about.get("bouncedRecipients"))):
            address, action = str(one.get("emailAddress") or ""), str(one.get("action") or "failed").lower()
            if "@" in address:
                status = str(one.get("status") or "") or None
                reports.append(judged(address[:400], action, status, str(one.get("diagnosticCode") or "")))
    elif kind == "delivery":
        reports += [judged(one[:400], "delivered", None, "") for one in _list(about.get("recipients")) if isinstance(one, str)]
    stated = _table(_table(found.get("mail")).get("commonHeaders")).get("messageId")
    ids = (stated,) if isinstance(stated, str) and stated.startswith("<") and stated.endswith(">") and len(stated) < 1_000 else ()
    return Notice(kind, tuple(dict.fromkeys(reports[:_MOST_RECIPIENTS])), ids)


def _read(text: str) -> dict[str, Any]:
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text[:_MOST_CHARACTERS].lstrip())
    except (ValueError, RecursionError):
        return {}
    return _table(found)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
