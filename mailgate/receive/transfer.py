"""The bytes after DATA: finds where the mail ends, and whether it may be taken, without ever holding more than is allowed.

Only CR LF "." CR LF ends a mail. A CR or LF that stands alone makes the mail refused, but never ends it: servers that disagree
about that can be made to see two mails where there is one (SMTP smuggling). Whatever is wrong, the rest of the mail is read and
dropped, so that the reply comes where the client expects it."""

import re
from enum import Enum, auto

END = b"\r\n.\r\n"
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")  # line feeds alone: a mail from a pipe


class NotTaken(Enum):
    """Why a mail is not taken. In this order: what is wrong for good comes before what may pass."""

    BARE_LINE_END = auto()
    LINE_TOO_LONG = auto()
    TOO_LARGE = auto()
    NO_ROOM = auto()


class Transfer:
    """One mail on its way in. Feed it what the socket gives; it keeps the mail without dot-stuffing, else byte for byte."""

    __slots__ = ("_ahead", "_faults", "_kept", "_line", "_max_line", "_max_size", "_size", "complete")

    def __init__(self, max_size: int, max_line: int) -> None:
        self._max_size = max_size
        self._max_line = max_line
        # The line end of the DATA command counts as the one before the mail, so an empty mail needs no rule of its own.
        self._ahead = b"\r\n"
        self._size = -2
        self._line = 0
        self._kept = bytearray()  # one buffer: a list of the pieces of a slow sender would weigh far more than the mail
        self._faults: set[NotTaken] = set()
        self.complete = False  #: the last dot has come

    @property
    def held(self) -> int:
        """Octets in memory for this mail."""
        return len(self._kept)

    @property
    def fault(self) -> NotTaken | None:
        """The first reason, in the order of `NotTaken`, not to take this mail."""
        return next((fault for fault in NotTaken if fault in self._faults), None) if self._faults else None

    def drop(self, fault: NotTaken) -> None:
        """Give up this mail: forget what came, and keep nothing of what still comes."""
        self._faults.add(fault)
        self._kept = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Take the next octets. When the mail has ended, what came behind it (the next command), else None."""
        stream = self._ahead + data
        end = stream.find(END)
        if end >= 0:
            self._ahead = b""
            self.complete = True
            self._take(stream[: end + 2])
            return stream[end + len(END) :]
        # What could be the beginning of the end waits for what follows; so no CR LF and no stuffed dot is cut in two either.
        cut = max(len(stream) - len(END) + 1, 0)
        if stream.endswith(b"\r\n", 0, cut):
            cut -= 2
        elif stream.endswith(b"\r", 0, cut):
            cut -= 1
        self._ahead = stream[cut:]
        if cut:
            self._take(stream[:cut])
        return None

    def mail(self) -> bytes:
        """The finished mail, with CR LF line ends. Leaves nothing behind; only for a transfer without fault."""
        mail = bytes(memoryview(self._kept)[2:])
        self._kept = bytearray()
        return mail

    def _take(self, piece: bytes) -> None:
        ends = piece.count(b"\r\n")
        if piece.count(b"\r") != ends or piece.count(b"\n") != ends:
            self._faults.add(NotTaken.BARE_LINE_END)
        text = piece.replace(b"\r\n.", b"\r\n")  # RFC 5321 4.5.2
        self._size += len(text)
        if self._size > self._max_size:
            self._faults.add(NotTaken.TOO_LARGE)
        self._measure_lines(text)
        if self._faults:
            self._kept = bytearray()
        else:
            self._kept += text

    def _measure_lines(self, text: bytes) -> None:
        last = text.rfind(b"\n")
        if self._line + len(text) > self._max_line:  # else no line in it can be too long
            first = text.find(b"\n")
            longest = max(self._line + (first + 1 or len(text)), len(text) - last - 1)
            if first < last:
                longest = max(longest, 1 + max(map(len, text[first + 1 : last].split(b"\n"))))
            if longest > self._max_line:
                self._faults.add(NotTaken.LINE_TOO_LONG)
        self._line = self._line + len(text) if last < 0 else len(text) - last - 1


def hops(mail: bytes) -> int:
    """How many `Received:` headers a mail has: each server on the way adds one."""
    end = _END_OF_HEADERS.search(mail)
    head = mail[: end.start()] if end else mail
    return (b"\n" + head.lower()).count(b"\nreceived:")
