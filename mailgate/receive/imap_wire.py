"""imaplib and imapclient with an end: to what is read, to how long that may take, and to what is logged."""

import heapq
import imaplib
import socket
import ssl
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.imapclient import _normalise_search_criteria

from mailgate.model.mailbox import MailboxSettings
from mailgate.receive.imap_trouble import ConnectionLost, TooLong

MIB = 1024 * 1024
#: Octets that a server may say to one command, of its own accord included: to most, ...
LONGEST_ANSWER = MIB
#: ... beside the mails that were asked for, whose size servers do not always know, ...
LONGEST_FETCH = 16 * MIB
#: ... to a search in a large folder, ...
LONGEST_SEARCH = 4 * MIB
#: ... and before it knows who we are.
LONGEST_WELCOME = 64 * 1024
#: Lines of one answer: each is an object of its own in imaplib's memory.
MOST_LINES = 50_000
#: UIDs that one search gives; the lowest, so that the next look goes on behind them.
MOST_UIDS = 50_000
#: No mail has a higher UID (RFC 9051 2.3.1.1).
HIGHEST_UID = 2**32 - 1
imaplib._MAXLINE = LONGEST_FETCH  # type: ignore[attr-defined]  # what is too long is counted here


class Uids(list[int]):
    """What a search found, in order. `more`: there were more of them than one search gives; `highest` is of all of them."""

    more = False
    highest = 0


def read_uids(lines: Iterable[object], most: int = MOST_UIDS) -> Uids:
    """The UIDs of all `* SEARCH` lines together. Raises ValueError for what is no such line; numbers that no mail can have are left out."""
    found = array("Q")
    for line in lines:
        if line is None:
            continue
        if not isinstance(line, bytes):
            raise ValueError("a search is answered with a literal")
        numbers = line.partition(b"(")[0]  # (MODSEQ ...) may follow
        if numbers.translate(None, b"0123456789 \t"):
            raise ValueError("a search is answered with something else than numbers")
        for some in _cut_between_numbers(numbers):
            found.extend(uid for number in some.split() if len(number) <= 10 and 1 <= (uid := int(number)) <= HIGHEST_UID)
    uids = Uids(sorted(set(found)) if len(found) <= 2 * most else sorted(set(heapq.nsmallest(2 * most, found))))
    uids.highest = max(found, default=0)
    uids.more = len(uids) > most or len(found) > 2 * most
    del uids[most:]
    return uids


def _cut_between_numbers(numbers: bytes, octets: int = 64 * 1024) -> Iterator[bytes]:
    """In pieces: a list of a million numbers weighs twenty times as much as they do."""
    start = 0
    while start < len(numbers):
        end = numbers.find(b" ", start + octets)
        end = len(numbers) if end < 0 else end
        yield numbers[start:end]
        start = end + 1


class _Counted:
    """Reads of imaplib with an end: it would take in whatever the server announces, an octet a minute."""

    file: Any
    sock: socket.socket
    budget = LONGEST_WELCOME
    lines = MOST_LINES
    deadline = 0.0
    _rest = b""
    _rest_of: Any = None

    def allow(self, octets: int, seconds: float) -> None:
        self.budget, self.lines, self.deadline = octets, MOST_LINES, time.monotonic() + seconds

    def read(self, size: int) -> bytes:
        if size > self.budget:
            raise TooLong(f"the server announced {size} octets, more than may be read")
        self.budget -= size
        self._same_connection()
        parts, left = [self._rest[:size]], size - len(self._rest[:size])
        self._rest = self._rest[size:]
        while left > 0:
            piece = self._piece(min(left, 64 * 1024))
            if not piece:
                break
            parts.append(piece)
            left -= len(piece)
        return b"".join(parts)

    def readline(self) -> bytes:
        """A whole line, or nothing where there is none (yet)."""
        self._same_connection()
        parts: list[bytes] = []
        size = 0
        piece = self._rest
        while (end := piece.find(b"\n")) < 0:
            parts.append(piece)
            size += len(piece)
            if size > self.budget:
                raise TooLong("the server says more than may be read")
            piece = self._piece(64 * 1024)
            if not piece:
                self._rest = b"".join(parts)
                return b""
        self._rest = piece[end + 1 :]
        line = b"".join((*parts, piece[: end + 1]))
        self.budget -= len(line)
        self.lines -= 1
        if self.budget < 0 or self.lines < 0:
            raise TooLong("the server says more than may be read")
        return line

    def _same_connection(self) -> None:
        if self._rest_of is not self.file:  # TLS began: what was said in clear is not to be believed under it
            self._rest_of, self._rest = self.file, b""

    def _piece(self, size: int) -> bytes:
        """What has come, after waiting for it until the deadline at most; nothing: the connection ended, or does not wait."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise ConnectionLost("the server takes too long to answer")
        patience = self.sock.gettimeout()
        if patience != 0:  # else it is only looked whether something has come
            self.sock.settimeout(left if patience is None else min(left, patience))
        try:
            return self.file.read1(size) or b""
        except TimeoutError:
            if self.deadline - time.monotonic() <= 0:
                raise ConnectionLost("the server takes too long to answer") from None
            raise
        finally:
            if patience != 0 and self.sock.fileno() >= 0:
                self.sock.settimeout(patience)

    def _log(self, line: str) -> None:
        """imaplib keeps the last lines, our login among them, for whoever asks."""


class _Plain(_Counted, imaplib.IMAP4):
    def __init__(self, host: str, port: int, seconds: float, begun: Callable[[socket.socket], None]) -> None:
        self._seconds, self._begun = seconds, begun
        self.deadline = time.monotonic() + seconds
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        made = socket.create_connection((self.host, self.port), timeout=self._seconds)
        self._begun(made)
        return made


class _Tls(_Plain):
    def __init__(self, host: str, port: int, seconds: float, begun: Callable[[socket.socket], None], context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(host, port, seconds, begun)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        made = self._context.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)
        self._begun(made)
        return made


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient over a connection that counts."""

    def __init__(self, settings: MailboxSettings, context: ssl.SSLContext | None, begun: Callable[[socket.socket], None]) -> None:
        self._wanted, self._begun = settings, begun
        seconds = settings.timeout.total_seconds()
        super().__init__(
            settings.host, settings.port, ssl=context is not None, ssl_context=context, timeout=SocketTimeout(seconds, seconds)
        )
        self.normalise_times = False
        self._imap.debug = 0  # it would log every word, the password among them

    def _create_IMAP4(self) -> Any:  # noqa: N802
        seconds = self._wanted.timeout.total_seconds()
        if self.ssl:
            return _Tls(self.host, self.port, seconds, self._begun, self.ssl_context)
        return _Plain(self.host, self.port, seconds, self._begun)

    def _search(self, criteria: Any, charset: str | None) -> Uids:
        # imapclient wants one line, and some servers say a long answer in several.
        return read_uids(self._raw_command_untagged(b"SEARCH", _normalise_search_criteria(criteria, charset)))
