"""Delivery reports in no form: where does the report end and the returned mail begin, who was meant, and what did their host say?

One reader for all the servers that write such reports for people. It goes by the look of lines, not by the name of the server:
a line that is an address, a line of an SMTP dialogue, a sentence that says "undeliverable" in some language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailgate.model.mail import Report
from mailgate.understand.reports.reasons import REFUSAL, STATUS, judged
from mailgate.understand.reports.sentences import AFTER_DATA, DELAYED, DELIVERED, FAILED, FAILED_PAIRS, ORIGINAL, ORIGINAL_FIELDS, RELAYED

_MOST_CHARACTERS = 200_000
_MOST_LINES = 2_000
_MOST_WIDTH = 2_000
_MOST_RECIPIENTS = 500
#: Lines of words that one recipient gets: behind them stands advice, not the host.
_MOST_WORDS = 60

_ADDRESS = re.compile(
    r"(?<![^\s<>()\[\]:;,\"'|：；，、（）「」])([^\s<>()\[\]:;,\"'|@：；，、（）「」]{1,100}@[^\s<>()\[\]:;,\"'|@：；，、（）「」]{1,255})"
)
#: Chinese, Japanese and Korean have no blank between the words and the address.
_EAST = "\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef"
_WORDS_BEFORE = re.compile(f"[^@]*[{_EAST}](?=[A-Za-z0-9])")
_WORDS_BEHIND = re.compile(rf"([A-Za-z0-9.-]{{1,200}}\.[A-Za-z]{{2,20}})[{_EAST}]")
_NUMBER = re.compile(r"\d{1,3}[.)]\s+")
_WRITTEN_AS_LINK = re.compile(r"<mailto:([^\s<>]{1,350})>")
#: The receiving side of an SMTP dialogue, or of a line that repeats one.
_RCPT = re.compile(r"(?i)\brcpt to ?: ?<?([^\s<>]{1,350})")
_REFUSED = re.compile(r"(?:<<<\s{0,5}|>>>\s{0,5})?[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?<([^\s<>]{1,350})>")
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]{1,40}):(?:\s|$)")
_BULLETS = "*->•·+| \t\xa0"
_PREFIXES = ("mailto:", "smtp:", "smtp=", "rfc822;", "rfc822:")
#: What stands behind the address on a recipient's line, when it is not the end of the line.
_AFTER = (":", ";", "...", "on ", "<mailto:", "(", "was ", "could ", "- ", "– ")
#: Labels of a recipient's line.
_LABELS = (
    "recipient:", "recipients:", "recipient address:", "addressed to:", "failed recipient:", "original recipient:", "intended recipient:",
    "delivered to:", "error-for:", "email:", "e-mail:", "email address:", "e-mail address:", "empfänger:", "empfängeradresse:",
    "destinataire :", "destinataire:", "destinatario:", "destinatário:", "ontvanger:", "geadresseerde:", "mottagare:", "modtager:",
    "mottaker:", "vastaanottaja:", "odbiorca:", "adresat:", "příjemce:", "címzett:", "alıcı:", "получатель:", "адресат:", "отримувач:",
    "宛先:", "宛先：", "送信先:", "送信先：", "受信者:", "受信者：", "收件人:", "收件人：", "收件者:", "收件者：", "收信人:", "收信人：",
    "받는 사람:", "받는사람:", "받는 사람 :", "수신자:", "수신인:",
)  # fmt: skip
#: Whose address an explanation names when it says where to ask.
_ADVISERS = frozenset({"postmaster", "abuse", "support", "help", "helpdesk", "hostmaster", "webmaster", "admin"})
_OTHERS_LINE = (
    "sent by", "message from", "mail from", "from:", "sender:", "sender", "contact", "contact:", "reply to", "message-id:", "message id:",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportedDelivery:
    """What a text tells of a delivery."""

    reports: tuple[Report, ...]
    says_so: bool  #: a sentence in it says that something was not (or not yet, or indeed) delivered
    after_data: bool  #: the host had taken the recipient, and refused when it had seen the mail
    returned: str  #: the header of the returned mail, as far as it is quoted


@dataclass(slots=True)
class _FoundRecipient:
    """A recipient, and where they were found."""

    address: str
    line: int


def told_in(text: str, failed: tuple[str, ...], sender: frozenset[str], subject: str) -> ReportedDelivery:
    """Reads a report in plain words.
    `failed`: recipients that a header names; `sender`: who gets this report, and so hardly is its recipient (lower case)."""
    lines = [line[:_MOST_WIDTH].rstrip() for line in text[:_MOST_CHARACTERS].split("\n", _MOST_LINES)[:_MOST_LINES]]
    end = _original_begins(lines)
    zone = lines[:end]
    low = [line.lower() for line in zone]
    whole = " ".join(" ".join(low).split())
    marks = [index for index in range(len(low)) if _is_mark(low, index)]
    says_so = bool(marks) or any(words in whole for words in FAILED) or any(words in whole for words in DELAYED)
    action = _action(whole, subject.lower(), says_so)
    after_data = any(all(words in whole for words in row) for row in AFTER_DATA)
    found = _recipients(zone, low, lines[end:], failed, sender, marks)
    reports = tuple(dict.fromkeys(judged(one.address, action, None, words) for one, words in _with_words(found, zone, low)))
    return ReportedDelivery(
        tuple(seen_too_late(report) for report in reports) if after_data and len(reports) == 1 else reports,
        says_so or any(words in whole for words in (*DELIVERED, *RELAYED)) or _is_dialogue(zone),
        after_data,
        _returned_header(lines[end:]),
    )


def seen_too_late(report: Report) -> Report:
    """A host that took the recipient and then, with the mail before it, said "unknown": some speak so of what a filter refused."""
    return replace(report, hard=False)


def says_failed(low: str) -> bool:
    """Whether a line (lower case) says that something was not delivered."""
    if any(words in low for words in FAILED):
        return True
    return any(any(one in low for one in sent) and any(one in low for one in lost) for sent, lost in FAILED_PAIRS)


def _is_mark(low: list[str], index: int) -> bool:
    """Whether a sentence of failure stands in this line, or begins in it and ends in the next."""
    line = low[index]
    if not line or line.isspace():
        return False
    if says_failed(line):
        return True
    after = low[index + 1] if index + 1 < len(low) else ""
    return bool(after.strip()) and not says_failed(after) and says_failed(f"{line.rstrip()} {after.lstrip()}")


def _original_begins(lines: list[str]) -> int:
    """The line with which the returned mail begins: a sentence that announces it, else the first line of its header."""
    for index, line in enumerate(lines):
        if line.startswith(ORIGINAL_FIELDS):
            return index
        if len(line) < 160 and index and any(words in line.lower() for words in ORIGINAL) and not _is_mid_sentence(lines, index):
            return index
    return len(lines)


def _is_mid_sentence(lines: list[str], index: int) -> bool:
    """A sentence over several lines that only mentions the returned mail, where the recipients are still to come."""
    if not lines[index][:1].islower() or not lines[index - 1].strip():
        return False
    return not any(_FIELD.match(line.lstrip(" \t>")) for line in lines[index + 1 : index + 12])


def _action(whole: str, subject: str, says_so: bool) -> str:
    if any(words in whole or words in subject for words in DELAYED):
        return "delayed"
    if any(words in whole for words in RELAYED):
        return "relayed"
    if not says_so and any(words in whole for words in DELIVERED):
        return "delivered"
    return "failed"


# --- who -------------------------------------------------------------------------------------------------------------------


def _recipients(
    zone: list[str], low: list[str], original: list[str], failed: tuple[str, ...], sender: frozenset[str], marks: list[int]
) -> list[_FoundRecipient]:
    """The recipients by the best evidence that there is: a line of their own, a header, a dialogue, a sentence, the returned mail."""
    own_line = list(_lines_of_their_own(zone, low))
    if marks and any(one.line >= marks[0] for one in own_line):
        own_line = [one for one in own_line if one.line >= marks[0]]
    dialogue = list(_in_a_dialogue(zone))
    for found in (
        own_line,
        [_FoundRecipient(address, -1) for address in failed],
        dialogue,
        list(_expanded(zone)),
        list(_in_a_sentence(zone, low, marks)),
        list(_the_only_one(zone, low, sender)) if marks else [],
        list(_in_a_dialogue(original)),
        list(_to_whom(original)),
        [] if marks else [one for one in _the_only_one(zone, low, sender) if one.address.partition("@")[0].lower() not in _ADVISERS],
    ):
        others = [one for one in found if one.address.lower() not in sender]
        if others or (found and found is own_line):
            return _once(others or found)
    return []


def _once(found: list[_FoundRecipient]) -> list[_FoundRecipient]:
    first: dict[str, _FoundRecipient] = {}
    for one in found:
        first.setdefault(one.address.lower(), one)
    return list(first.values())[:_MOST_RECIPIENTS]


def _lines_of_their_own(zone: list[str], low: list[str]) -> Iterator[_FoundRecipient]:
    before = ""
    for index, line in enumerate(zone):
        rest = line.strip(_BULLETS)
        if rest[:1].isdigit() and (number := _NUMBER.match(rest)) is not None:
            rest = rest[number.end() :]
        if label := next((one for one in _LABELS if rest.lower().startswith(one)), ""):
            rest = rest[len(label) :].lstrip()
        rest = rest.lstrip("<\"'[")
        address = _first_address(rest[5:] if rest.lower().startswith("smtp:") else rest)
        row = [address] if address else _row_of_addresses(rest) if rest.count("@") > 1 else []
        if row and not before.rstrip(" :").endswith(_OTHERS_LINE):
            yield from (_FoundRecipient(one, index) for one in row)
        if line.strip():
            before = low[index].strip()


def _row_of_addresses(rest: str) -> list[str]:
    """The addresses that are all of a line, with commas or semicolons between them."""
    if _ADDRESS.sub("", rest).strip(" \t,;<>()[]'\"."):
        return []
    return [address for match in _ADDRESS.finditer(rest) if (address := _clean(match[1]))]


def _first_address(rest: str) -> str:
    """The address that is all of a line, or all that stands before the words about it."""
    match = _ADDRESS.match(rest)
    if match is None:
        link = _WRITTEN_AS_LINK.search(rest)
        return _clean(link[1]) if link and link.end() == len(rest) and "http" not in rest[: link.start()] else ""
    after = rest[match.end() :].lstrip(">\"']").lstrip()
    if (
        not after
        or after.startswith(_AFTER)
        or _is_reply(after)
        or after.strip(">()").lower() == match[1].lower()
        or after.startswith(f"({match[1]}")
    ):
        return _clean(match[1])
    return ""


def _in_a_dialogue(lines: list[str]) -> Iterator[_FoundRecipient]:
    for index, line in enumerate(lines):
        match = _RCPT.search(line) or _REFUSED.match(line.strip())
        if match and "mail from" not in line.lower() and (address := _clean(match[1])):
            yield _FoundRecipient(address, index)


def _is_dialogue(zone: list[str]) -> bool:
    return any(_RCPT.search(line) for line in zone) and any(REFUSAL.search(line) for line in zone)


def _expanded(zone: list[str]) -> Iterator[_FoundRecipient]:
    """A pipe or a file failed, that an address stands behind: `(expanded from: <jo@example.org>)`."""
    for index, line in enumerate(zone):
        match = _ADDRESS.search(line) if line.lstrip().startswith(("(expanded from", "(generated from")) else None
        if match and (address := _clean(match[1])):
            yield _FoundRecipient(address, index)


def _in_a_sentence(zone: list[str], low: list[str], marks: list[int]) -> Iterator[_FoundRecipient]:
    """In the sentence that says so, or in the line below it."""
    for index in marks:
        for line in (index, index + 1):
            match = _ADDRESS.search(zone[line]) if line < len(zone) else None
            if match and (address := _clean(match[1])):
                yield from (_FoundRecipient(one, index) for one in _row_of_addresses(zone[line][match.start() :]) or [address])
                break


def _the_only_one(zone: list[str], low: list[str], sender: frozenset[str]) -> Iterator[_FoundRecipient]:
    """The one address that a report names anywhere; of several it cannot be told who is meant."""
    found: dict[str, _FoundRecipient] = {}
    for index, line in enumerate(zone):
        if low[index].lstrip().startswith(_OTHERS_LINE):
            continue
        for match in _ADDRESS.finditer(line):
            address = _clean(match[1])
            if address and address.lower() not in sender:
                found.setdefault(address.lower(), _FoundRecipient(address, index))
    if len(found) == 1:
        yield from found.values()


def _to_whom(original: list[str]) -> Iterator[_FoundRecipient]:
    """The returned mail's own To: is the last resort."""
    for line in original[:200]:
        if line.lower().startswith("to:") and (match := _ADDRESS.search(line)):
            yield _FoundRecipient(_clean(match[1]), -1)
            return


def _clean(address: str) -> str:
    bare = address.strip("<>.,;:'\"= ")
    if not bare.isascii():
        before = _WORDS_BEFORE.match(bare)
        bare = bare[before.end() :] if before else bare
        name, _, host = bare.rpartition("@")
        behind = _WORDS_BEHIND.match(host)
        bare = f"{name}@{behind[1]}" if behind else bare
    local, at, domain = bare[next((len(one) for one in _PREFIXES if bare.lower().startswith(one)), 0) :].rpartition("@")
    return f"{local}@{domain.rstrip('.').lower()}" if at and local and domain else ""


# --- what was said ---------------------------------------------------------------------------------------------------------


def _with_words(found: list[_FoundRecipient], zone: list[str], low: list[str]) -> Iterator[tuple[_FoundRecipient, str]]:
    """Each recipient with the words nearest to them: those of every line that names them, and of the lines below it."""
    if len(found) == 1:
        yield found[0], _said(_near(zone, max(found[0].line, 0)))
        return
    keys = {one.address.lower(): index for index, one in enumerate(found)}
    near: list[list[str]] = [[] for _ in found]
    shared: list[str] = []
    current: list[str] = shared
    for line, small in zip(zone, low, strict=True):
        named = [keys[match[1]] for match in _ADDRESS.finditer(small) if match[1] in keys]
        if named:
            current = near[named[0]]
        if len(current) < _MOST_WORDS:
            current.append(line)
    all_of_it = _said(zone)[:800]
    for one, words in zip(found, near, strict=True):
        said = _said(words)
        yield one, said if len(said) > len(one.address) + 12 else f"{said} {all_of_it}"


def _near(zone: list[str], start: int) -> list[str]:
    """The lines from the recipient on, and where they say nothing also those before."""
    below = zone[start : start + _MOST_WORDS]
    spoken = any(map(_is_reply, below)) or sum(map(len, below)) > 400
    return below if spoken else [*below, *zone[:start][-_MOST_WORDS:]]


def _said(lines: list[str]) -> str:
    """The words of the host: from the first line with a reply code or a status on, where there is one."""
    stripped = [line.strip() for line in lines if line.strip()]
    first = next((index for index, line in enumerate(stripped) if _is_reply(line)), 0)
    phase = next((line for line in reversed(stripped[:first]) if " after " in line or line.startswith(">>>")), "")
    return " ".join([phase, *stripped[first:]]).strip()


def _is_reply(line: str) -> bool:
    return bool(REFUSAL.search(line) or STATUS.search(line))


# --- about which letter ------------------------------------------------------------------------------------------------------


def _returned_header(lines: list[str]) -> str:
    """The header of the quoted mail, freed from its indentation: fields up to the empty line that ends it."""
    out: list[str] = []
    indent = ""
    for line in lines[:400]:
        bare = line.lstrip(" \t>")
        if not out:
            if _FIELD.match(bare):
                indent = line[: len(line) - len(bare)]
                out.append(bare)
        elif bare:
            out.append(line.removeprefix(indent))
        elif any(one.lower().startswith(("message-id:", "references:", "in-reply-to:")) for one in out):
            break
        else:
            out = []  # the header of the part that holds the mail, not yet the mail's
    return "\n".join(out)
