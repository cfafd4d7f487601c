"""What the gateway asks of its worker processes: the port behind which hostile mail is read, and letters are written."""

from collections.abc import Callable, Sequence
from typing import Protocol

from mailgate.compose.writing import LetterWriter, Sheet, Written
from mailgate.model.mail import Reading, Unread
from mailgate.record.rows import UNAVAILABLE
from mailgate.understand import FilesAsked, Item, Opened, Texts
from mailgate.understand.identity import SignedMail


class NoReader(Exception):
    """No worker can be had: nothing is known about the mails, they are read later."""


#: Not the fault of any mail: whatever is in hand is done later.
LATER = (NoReader, *UNAVAILABLE)

#: Opens files of raw mails that were read before, where hostile bytes may be read: one answer for each, in order. Raises NoReader.
Files = Callable[[Sequence[FilesAsked]], Sequence[Opened | Unread]]


class Reader(Protocol):
    """Reads mails and writes letters under a budget, away from the doors; one answer for each, in order. Both raise NoReader."""

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]: ...

    def signatures(self, raws: Sequence[bytes]) -> list[SignedMail]:
        """The DKIM signatures in each of these mails; a mail whose signatures cannot be read has none."""

    def texts(self, asked: Sequence[FilesAsked]) -> Sequence[Texts | Unread]:
        """What stands in text files of mails that were read before; None: that file is not what was described."""

    def write(self, sheets: Sequence[Sheet], desk: LetterWriter) -> list[Written]:
        """Raises Unwritten when one of them cannot be written."""


class Unwritten(Exception):
    """A letter cannot be written: nothing of its decision may be recorded."""
