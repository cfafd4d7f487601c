"""Places from which everything is the older mail: separators, header blocks, marker lines of help desks. Linear in time."""

import re

from mailgate.understand.text.lines import EVIDENCE, FULL_DATE, MAILBOX, TIME, UNSEEN, VERBS, Page, is_our_marker, lower, next_filled
from mailgate.understand.text.quote_words import ABOVE_THIS_LINE, HEADER_WORDS, SEPARATORS

_HEADER_LINE = re.compile(r"[\s>|*_]{0,8}([^\W\d_][^:：\n]{0,24}?)[\s*_]{0,3}[:：]")
_RULE = re.compile(r"\s*[_-]{10,}\s*")
#: What a separator of unknown words calls the thing below it.
_MAIL_WORDS = frozenset(
    "message nachricht mail e-mail email mensaje messaggio mensagem bericht meddelande melding wiadomość сообщение".split()
)
_NOTES = re.compile(r"(?<=[ \xa0])---\d{1,4}[-./]\d{1,2}[-./]\d{2,4} \d{1,2}[.:]\d{2}[^-\n]{0,12}---")
_NOTHING = dict.fromkeys(map(ord, UNSEEN))


def is_marker_below(page: Page, index: int, stripped: str) -> bool:
    """Our own marker, below something that its author wrote."""
    return page.written and is_our_marker(page.lines, index)


def is_foreign_marker(page: Page, index: int, stripped: str) -> bool:
    """`## Please type your reply above this line ##` of another help desk: signs on both sides."""
    if not page.written or len(stripped) > 200:
        return False
    words = stripped.strip("#-=_*~+<>[]()| \u2010\u2011\u2012\u2013\u2014\u2015.")
    if not words or len(stripped) - len(words) < 4 or stripped.endswith((words, f"{words}.")):
        return False
    low = words.lower()
    return any(said in low for said in ABOVE_THIS_LINE)


def separates(page: Page, index: int, stripped: str) -> bool:
    """`-----Original Message-----`, or a rule above a header block."""
    if len(stripped) > 200:
        return False
    if stripped[:2] in ("--", "__", "==") or stripped[0] == "*":
        words = lower(stripped.strip("-_*= \xa0")).rstrip(": \xa0")
        if len(stripped) - len(words) >= 4 and (words in SEPARATORS):
            return True
        if stripped.startswith("----") and stripped.endswith("----") and len(stripped) > 20:
            if any(word in words for word in VERBS) and EVIDENCE.search(words):
                return True  # `---- On Mon, 2 Mar 2026 10:15:00 +0100 ann@example.org wrote ----`
            if len(words.split()) <= 4 and not _MAIL_WORDS.isdisjoint(words.split()):
                return True
    if _RULE.fullmatch(stripped):
        following = next_filled(page.lines, index, 4)
        return following is not None and _begins_headers(page, following)
    return False


def announces(page: Page, index: int, stripped: str) -> bool:
    """`Begin forwarded message:` without any sign around it: a header block, or a quoted one, must follow."""
    if len(stripped) > 60 or lower(stripped.strip("*_: \xa0")) not in SEPARATORS:
        return False
    following = next_filled(page.lines, index, 4)
    return following is not None and (_begins_headers(page, following) or _role(page.lines[following]) in ("from", "sent", "subject"))


def begins_headers(page: Page, index: int, stripped: str) -> bool:
    return (":" in stripped or "：" in stripped) and _begins_headers(page, index)


def _begins_headers(page: Page, index: int) -> bool:
    """From, Sent, To, Subject in any language, no empty line between: three different ones, From among them, From or the date first.
    Two are enough when they can be nothing else: From with an address and a date with a time."""
    lines = page.lines
    first = _role(lines[index])
    if first not in ("from", "sent"):
        return False
    roles = {first}
    strong = _is_strong(first, lines[index])
    unknown = 0
    for at in range(index, min(index + 30, page.searched)):
        line = lines[at]
        if not line.strip():
            break
        role = _role(line)
        if role is None:
            unknown += 1
            if unknown > 8:
                break
            continue
        unknown = 0
        if role != "more":
            if role not in roles and strong and _is_strong(role, line) and "from" in {role, *roles}:
                return True
            roles.add(role)
        if len(roles) >= 3 and "from" in roles:
            return True
        if at == index and role == "from" and strong and _dated_beside(line):
            return True
    return False


def _is_strong(role: str, line: str) -> bool:
    low = line[:300]
    if role == "from":
        return MAILBOX.search(low) is not None
    return role == "sent" and FULL_DATE.search(low) is not None and TIME.search(low) is not None


def _dated_beside(line: str) -> bool:
    """`From: ann@example.org Date: Mon, 2 Mar 2026 10:15` on one line, as HTML without breaks leaves it."""
    low = line[:400].lower()
    words = re.finditer(r"(?<=\s)[^\W\d_]{2,14}(?=\s?:\s)", low)
    sent = next((word for word in words if HEADER_WORDS.get(word[0]) == "sent"), None)
    return sent is not None and _is_strong("sent", low[sent.end() :])


def _role(line: str) -> str | None:
    match = _HEADER_LINE.match(line[:120].translate(_NOTHING))
    return HEADER_WORDS.get(lower(match[1].strip())) if match else None


def summed_up(page: Page, index: int, stripped: str) -> bool:
    """`Ann Smith ---02.03.2026 10:15:11---The first words of the mail`, as Notes writes it."""
    return "---" in stripped and _NOTES.search(stripped[:400]) is not None
