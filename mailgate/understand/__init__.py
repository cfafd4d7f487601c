"""What is this mail? Bytes become a Mail, the Mail a Reading: what was written, by what kind of sender, may a machine answer.

Only a mail that bears a machine's mark is read for reports: what a person forwards or pastes from a bounce is a person's mail. Who wrote
it is the word of a server that the configuration names (docs/decisions/0027), of a door that only colleagues reach, or our own check of
DKIM, SPF and DMARC (0012), which says what answers of DNS it lacks; no verdict is no failure. Which ticket it is about: a signed reply
address counts before a Message-ID or anchor of ours, that before the subject token, that before what we received or a predecessor wrote;
the last two only for somebody who takes part. What is packed is taken out (winmail.dat, uuencode, signed mail); nothing is decrypted,
run, fetched or opened as an archive. Files go by their place in the raw mail: `1.2` is a part, `1.2!3` the third file in it, `2!1.1` a
part of the mail that part 2 wraps; a worker takes them out again when somebody needs them, all of one mail in one reading."""

from dataclasses import replace

from mailgate.model.account import Accounted
from mailgate.model.mail import Attachment, Kind, Reading
from mailgate.model.token import Keyring, signed_forms
from mailgate.understand import parse
from mailgate.understand.answers import weight
from mailgate.understand.answers.commands import believed, heard_from, heard_in
from mailgate.understand.kinds import classify
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.mime import charset
from mailgate.understand.mime.attachments import files_of
from mailgate.understand.notes import Notes
from mailgate.understand.reports import reported
from mailgate.understand.text import language

__all__ = [
    "LIMITS",
    "FilesAsked",
    "Item",
    "ReadingLimits",
    "account_item",
    "open_files",
    "open_texts",
    "prepare",
    "read",
    "read_item",
    "recognised",
    "recognised_account",
]

Item = tuple[bytes, str | None, bool]  #: raw mail, reverse-path, and whether its HTML is needed
FilesAsked = tuple[bytes, tuple[Attachment, ...]]  #: raw mail, and which of its files somebody needs
#: Of each file: what stands in it, where it is a text that is not too long; and what has the form of something that we sign.
Texts = tuple[tuple[str | None, tuple[str, ...]], ...]
Opened = tuple[bytes | None, ...]  #: of each its octets; None: they are not what was described

#: Kinds of mail that open tickets.
_WEIGHED = frozenset({Kind.WRITTEN, Kind.LIST})
_NO_KEYS = Keyring(())  #: of whoever reads hostile mail


def read(
    raw: bytes, reverse_path: str | None, ring: Keyring, limits: ReadingLimits = LIMITS, *, rich: bool = True, notes: Notes | None = None
) -> Reading:
    """Reads one mail; raises nothing, whatever the bytes.
    `reverse_path` is the envelope's, "" the null one, None where the door knows no envelope (then Return-Path counts).
    `rich` False leaves HTML alone that only repeats a plain text: it costs most of the reading, and only an agent's HTML ever travels.
    `notes` are told how it went."""
    mail = reported.completed(parse.parse(raw, limits, rich, notes), raw, reverse_path, limits)
    above = heard_in(mail.forwarded.above) if mail.forwarded is not None else None
    said = classify.classify(mail, reverse_path, ring)
    marks = (weight.marks_of(mail), weight.marks_of_original(mail.forwarded)) if said[0] in _WEIGHED else ((), ())
    return Reading(mail, *said, heard_from(mail), above, *marks)


def prepare() -> None:
    """What a process does once, before its files and its memory are limited: loads what tells charsets and languages apart."""
    charset.detected(b"\xe4")
    language.model()


def read_item(item: Item) -> Reading:
    """What a worker process does with one mail. It has no keys: whether it is a letter of our own, `recognised` says."""
    raw, reverse_path, rich = item
    return read(raw, reverse_path, _NO_KEYS, rich=rich)


def recognised(reading: Reading, ring: Keyring) -> Reading:
    """The reading of a worker that has no keys, by somebody who has them: a letter of our own that came back is known by its MAC."""
    heard, above = believed(reading.heard), reading.above and believed(reading.above)
    said = classify.own_letter(reading, ring)
    kind = said or (reading.kind, reading.kind_because, reading.answer, reading.answer_because)
    return Reading(reading.mail, *kind, heard, above, weight.believed(reading.marks), weight.believed(reading.marks_of_original))


def recognised_account(told: Accounted, ring: Keyring) -> Accounted:
    """The same for a reading with its account."""
    reading, account = recognised(told.reading, ring), told.account
    if (said := classify.own_letter(told.reading, ring)) is not None:
        account = replace(account, kinds=classify.own_asked(account.kinds, said[1]), silence=())
    return Accounted(reading, account)


def open_files(asked: FilesAsked) -> Opened:
    """What a worker process does when files of a mail that was read before are needed."""
    return tuple(files_of(*asked))


def open_texts(asked: FilesAsked) -> Texts:
    """The same for files that may leave: the words of texts, whatever their charset, and the forms of all that we may have signed."""
    return tuple((_words(data, each), forms_in(data)) for data, each in zip(files_of(*asked), asked[1], strict=True))


#: A longer text file is no notice of ours.
LONGEST_TEXT = 256 * 1024
#: So much of a file is searched for what we sign.
SEARCHED = 1024 * 1024


def _words(data: bytes | None, described: Attachment) -> str | None:
    is_text = described.type.startswith("text/") and described.size <= LONGEST_TEXT
    return charset.decode(data, None)[0] if data is not None and is_text else None


def forms_in(data: bytes | None) -> tuple[str, ...]:
    """`signed_forms` of any octets: of UTF-16 every second one is zero. What is packed is not opened."""
    return signed_forms((data or b"")[:SEARCHED].replace(b"\0", b"").decode("latin-1"))


def account_item(item: Item) -> Accounted:
    """The same mail read in the same way, and how it went: what `mailgate explain` asks for."""
    from mailgate.understand import outline  # no other mail has a use for it

    raw, reverse_path, rich = item
    notes = Notes()
    reading = read(raw, reverse_path, _NO_KEYS, rich=rich, notes=notes)
    return Accounted(reading, outline.account(reading, notes, *classify.looked_at(reading.mail, reverse_path, _NO_KEYS)))
