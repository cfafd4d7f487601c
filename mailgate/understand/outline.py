"""The account of a mail that was read: its parts as a tree, what each was used for, and why its text was cut as it was."""

import re

from mailgate.model.account import Account, Asked, Piece
from mailgate.model.mail import Attachment, Reading
from mailgate.understand.mime.attachments import stated_name
from mailgate.understand.mime.tree import MimePart
from mailgate.understand.notes import CONTAINER, EMPTY, FILE, HTML, HTML_BESIDE, HTML_NAMES_THE_QUOTE, PICTURE, PLAIN_BESIDE_HTML, Notes

_OF_A_PART = re.compile(r"part ([\d.!]+): ")


def account(reading: Reading, notes: Notes, kinds: tuple[Asked, ...], silence: tuple[Asked, ...]) -> Account:
    """The account of a reading, from what was noted on the way."""
    mail = reading.mail
    assert notes.tree is not None and notes.cut is not None
    placed: dict[str, list[str]] = {}
    elsewhere: list[str] = []
    paths = {*notes.uses, *notes.within}
    for defect in mail.defects:
        match = _OF_A_PART.match(defect)
        if match is not None and match[1] in paths:
            placed.setdefault(match[1], []).append(defect[match.end() :])
        else:
            elsewhere.append(defect)
    return Account(
        outline=_outline(notes.tree.root, notes, placed, {each.part: each for each in mail.attachments}),
        defects=tuple(elsewhere),
        kinds=kinds,
        silence=silence,
        text_because=notes.text_because,
        lines=notes.cut.lines,
        folds=notes.cut.folds,
        folds_because=notes.cut.because,
        language_because=notes.language_because,
    )


def _outline(root: MimePart, notes: Notes, placed: dict[str, list[str]], files: dict[str, Attachment]) -> Piece:
    """The tree of pieces. Deepest first, and without recursion: a mail may be as deep as the reader lets it."""
    order: list[MimePart] = []
    stack = [root]
    while stack:
        part = stack.pop()
        order.append(part)
        stack.extend(_below(part, notes))
    pieces: dict[int, Piece] = {}
    for part in reversed(order):
        children = (pieces[id(child)] for child in _below(part, notes))
        pieces[id(part)] = _piece(part, notes, placed, files, (*children, *_taken_out(part, files)))
    return pieces[id(root)]


def _below(part: MimePart, notes: Notes) -> list[MimePart]:
    inner = notes.within.get(part.path)
    return part.children or ([inner] if inner is not None else [])


def _taken_out(part: MimePart, files: dict[str, Attachment]) -> tuple[Piece, ...]:
    """Files that were in a text or in winmail.dat."""
    places = ((path.rpartition("!"), one) for path, one in files.items())
    found = (one for (above, mark, number), one in places if mark and above == part.path and number.isdecimal())
    return tuple(Piece(one.part, one.type, True, "", one.name, one.size, PICTURE if one.inline else FILE) for one in found)


def _piece(part: MimePart, notes: Notes, placed: dict[str, list[str]], files: dict[str, Attachment], children: tuple[Piece, ...]) -> Piece:
    use, size = notes.uses.get(part.path, (CONTAINER if part.children else EMPTY, None))
    kept = files.get(part.path)
    if use == FILE and kept is not None and kept.inline:
        use = PICTURE
    if use == HTML and notes.text_because in (PLAIN_BESIDE_HTML, HTML_NAMES_THE_QUOTE):
        use = HTML_BESIDE
    return Piece(
        path=part.path,
        type=part.type.type,
        declared=part.type.declared,
        charset=part.type.parameters.get("charset", "")[:60],
        name=stated_name(part) or (kept.name if kept is not None and not kept.name.startswith("part-") else ""),
        size=size,
        use=use,
        defects=tuple(placed.get(part.path, ())),
        children=children,
    )
