"""What a reading notes on its way when somebody asks how it went: what each part was used for, which text counts, what was folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailgate.understand.mime.tree import MimePart, Tree
    from mailgate.understand.text.body import Cut

EMPTY = "empty, left alone"
NO_ROOM = "not opened: the parts above it have used up the room that one mail gets"
TEXT = "text"
HTML = "text, as HTML"
HTML_BESIDE = "the same text, as HTML"
TEXT_AND_FILE = "text, and kept as a file because it has a name"
WRAPPING = "a signed wrapping: what is in it is read"
TNEF = "Outlook's wrapping: its files were taken out"
FILE = "attachment"
PICTURE = "picture in the text"
CONTAINER = ""

_REPORT, _RECEIPT = "delivery report, read by its form", "read receipt"
_HEADER, _MAIL = "the header of the mail that this one is about", "a whole mail, attached"
_CALENDAR = "invitation; kept as a file, and read as the text where nobody wrote one"
_RICH = "the text in a form of old; kept as a file, and read where there is no other"
_USES = {
    "text/calendar": _CALENDAR, "application/ics": _CALENDAR, "text/enriched": _RICH, "text/richtext": _RICH,
    "message/delivery-status": _REPORT, "message/global-delivery-status": _REPORT, "message/disposition-notification": _RECEIPT,
    "message/global-disposition-notification": _RECEIPT, "message/feedback-report": "complaint in its own form",
    "message/rfc822": _MAIL, "message/global": _MAIL, "text/rfc822-headers": _HEADER, "message/rfc822-headers": _HEADER,
    "message/global-headers": _HEADER, "application/pgp-signature": "PGP signature; kept as a file, not checked",
    **dict.fromkeys(("application/pkcs7-signature", "application/x-pkcs7-signature"), "S/MIME signature; kept as a file, not checked"),
}  # fmt: skip


def use_of(kind: str) -> str:
    """What a part of this type is, where it is no text."""
    return _USES.get(kind, FILE)


NO_TEXT = "It holds no text."
PLAIN_ONLY = "Its plain text is what I read; there is no other form of it."
HTML_ONLY = "There is only HTML, so I read the words of that."
PLAIN_SAYS_NOTHING = "The plain text says next to nothing, so I read the words of the HTML."
PLAIN_BESIDE_HTML = "Its plain text is what I read; the HTML beside it is the same mail in another form."
HTML_NAMES_THE_QUOTE = "Its plain text is what I read, but it has lost every mark of a quote, so the HTML says what is quoted."
SEVERAL = "The text stands in several parts, which I read one after the other."
STANDS_IN = "Nobody wrote a text, so I read what may stand for one: an invitation, Outlook's wrapping or the like."
FROM_WITHIN = "It has no text of its own, so I read that of the mail attached to it."
WORDLESS = "Nobody wrote a word above the mail that is passed on, so nothing is new."


@dataclass(slots=True)
class Notes:
    """Filled while one mail is read. The ordinary reading has none, and pays nothing for it."""

    uses: dict[str, tuple[str, int | None]] = field(default_factory=dict)  #: by path: what a leaf was used for, its decoded octets
    within: dict[str, MimePart] = field(default_factory=dict)  #: by path: the mail within a wrapping
    text_because: str = NO_TEXT
    stands_in: bool = False  #: there is no text but what may stand for one
    language_because: str = ""
    tree: Tree | None = None
    cut: Cut | None = None
