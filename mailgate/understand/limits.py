"""How much of one mail is read: limits that hold before anything is parsed, so that no mail costs more than its bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What lies beyond a limit is left unread and noted as a defect; the raw mail keeps it."""

    headers: int = 1_000  #: header fields of one part
    header_block: int = 256 * 1024  #: bytes of all header fields of one part
    header: int = 64 * 1024  #: bytes of one header field
    parts: int = 1_000  #: parts of a mail, leaves and containers
    depth: int = 32  #: multiparts within multiparts
    files: int = 1_000  #: of one mail; no more of them are taken out of its texts and wrappings, where they stay
    delimiters: int = 20_000  #: lines that look like a boundary; more of them is no mail
    addresses: int = 500  #: mailboxes of one kind of header
    message_ids: int = 250  #: of one header; the first 50 and the latest are kept
    decoded: int = 64 * 1024 * 1024  #: bytes of all decoded parts
    text: int = 1024 * 1024  #: characters of readable text
    html: int = 512 * 1024  #: characters of HTML
    html_depth: int = 1_000  #: elements open at once; tree builders are quadratic in it
    html_entities: int = 50_000  #: the cleaner takes their square
    cut: int = 200_000  #: characters that are searched for quotes; the rest goes with the last of them
    cut_lines: int = 5_000


LIMITS = ReadingLimits()
