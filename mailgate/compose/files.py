"""Which files a letter takes along (the table is `carries` in model/letters), and which of them are pictures that stand in its HTML."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

from mailgate.compose.assemble import is_content_id
from mailgate.compose.data import inline
from mailgate.compose.views import carried
from mailgate.model.letter import Carries, LetterWanted, PartRef
from mailgate.model.mail import Attachment
from mailgate.model.person import Person
from mailgate.model.policy import FilesCarried
from mailgate.model.ticket import Entry, TicketFile, Visibility

#: Of a very long story the newest are told.
LONGEST_STORY, MOST_TOLD = 200_000, 200
#: Pictures as every mail program shows them, and none that may hold anything else.
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
#: A picture in HTML that was sanitised: every value stands in double quotes.
_IMG = re.compile(r'<img((?: [a-z-]{1,20}="[^"]*")*) ?/?>')
_VALUE = re.compile(r' (src|alt)="([^"]*)"')


def parts_of(wanted: LetterWanted, file: TicketFile | None, limits: FilesCarried, html: str | None) -> tuple[PartRef, ...]:
    """What goes with the words, the pictures that stand in `html` first. Nothing is ever sent back to who sent it."""
    parts = _along(wanted, file, limits)
    shown = _shown_in(html) if html is not None and parts else frozenset()
    related = tuple(replace(part, related=True) for part in parts if is_shown(part, shown))
    return (*related, *(part for part in parts if not is_shown(part, shown)))


def is_shown(part: PartRef, shown: frozenset[str]) -> bool:
    return part.content_id in shown and part.type in _PICTURES and is_content_id(part.content_id)


def _along(wanted: LetterWanted, file: TicketFile | None, limits: FilesCarried) -> tuple[PartRef, ...]:
    entry = wanted.entry
    if wanted.kind.carries is Carries.STORY:
        return _files_of(story(file, wanted.person), wanted.person, limits) if file is not None else ()
    if entry is None or entry.inbox is None or not entry.attachments:
        return ()
    if wanted.audience.is_outside:
        goes_along = wanted.kind.carries is Carries.ANSWER and not wanted.automatic and entry.author_role.is_agent
    else:
        goes_along = wanted.kind.carries is Carries.MAIL
    along, _ = carried(entry.attachments, limits) if goes_along else ((), ())
    return tuple(_ref(entry.inbox, each) for each in along)


def story(file: TicketFile, reader: Person) -> list[Entry]:
    """All that was said, the newest of it where that is too much; without what machines sent, and for whom the ticket is about, without
    what only the others may read."""
    outside = reader.id in file.ticket.outsiders()
    told: list[Entry] = []
    room = LONGEST_STORY
    for entry in reversed(file.entries):
        if outside and entry.visibility is not Visibility.PUBLIC:
            continue
        room -= len(entry.text) + len(entry.signature)
        if told and (room < 0 or len(told) == MOST_TOLD):
            break
        if not entry.hidden:
            told.append(entry)
    return told[::-1]


def _files_of(told: Sequence[Entry], reader: Person, limits: FilesCarried) -> tuple[PartRef, ...]:
    """The files of a story, each once and none of the reader's own, the newest first to be carried where there are too many."""
    found: dict[tuple[str, str], tuple[int, Attachment]] = {}
    own = {each.sha256 for entry in told if entry.author == reader.id for each in entry.attachments}
    for entry in reversed(told):
        for each in entry.attachments if entry.inbox is not None else ():
            if each.sha256 not in own:
                found.setdefault((each.sha256, each.name), (entry.inbox or 0, each))
    along, _ = carried([each for _, each in found.values()], limits)
    return tuple(_ref(inbox, each) for inbox, each in reversed(found.values()) if each in along)


def _ref(inbox: int, a: Attachment) -> PartRef:
    return PartRef(inbox, a.part, inline(a.name), a.type, a.size, a.sha256, a.inline, a.content_id)


# --- pictures of an answer -------------------------------------------------------------------------------------------


def _shown_in(html: str) -> frozenset[str]:
    """The Content-IDs that a page shows (RFC 2392)."""
    sources = (unescape(value) for img in _IMG.finditer(html) for name, value in _VALUE.findall(img[1]) if name == "src")
    return frozenset(unquote(source[4:]).strip() for source in sources if source[:4].lower() == "cid:")


def with_its_pictures(html: str, entry: Entry, limits: FilesCarried) -> str:
    """An agent's own HTML as it travels: in the place of a picture that does not, its words."""
    along, _ = carried(entry.attachments, limits)
    there = frozenset(each.content_id for each in along if each.content_id and each.type in _PICTURES and is_content_id(each.content_id))

    def picture(match: re.Match[str]) -> str:
        values = dict(_VALUE.findall(match[1]))
        source = unescape(values.get("src", ""))
        if entry.inbox is not None and source[:4].lower() == "cid:" and unquote(source[4:]).strip() in there:
            return match[0]
        return f"[{values['alt']}]" if values.get("alt", "").strip() else ""

    return _IMG.sub(picture, html)
