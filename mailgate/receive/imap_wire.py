"""imaplib and imapclient with an end: to what is read, to how long that may take, and to what is logged."""

from __future__ import annotations

import imaplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient, SocketTimeout

from mailgate.model.mailbox import MailboxSettings
from mailgate.receive.imap_trouble import Cut, TooLong

#: What a server may say to one command besides the mails that were asked for. Search results of a large folder are the longest.
LONGEST_ANSWER = 16 * 1024 * 1024
# imaplib stops at lines of a megabyte; the search results of a folder with 200 000 mails are longer. What is too long is counted here.
imaplib._MAXLINE = LONGEST_ANSWER  # type: ignore[attr-defined]


class _Counted:
    """Reads of imaplib with an end: it would take in whatever the server announces."""

    budget = LONGEST_ANSWER
    deadline = 0.0

    def allow(self, octets: int, seconds: float) -> None:
        self.budget, self.deadline = octets, time.monotonic() + seconds

    def read(self, size: int) -> bytes:
        if size > self.budget:
            raise TooLong(f"the server announced {size} octets, more than may be read")
        parts, left = [], size
        while left > 0:  # in pieces: a server that sends an octet now and then must not hold us for ever
            self._in_time()
            piece: bytes = super().read(min(left, 64 * 1024))  # type: ignore[misc]
            if not piece:
                break
            parts.append(piece)
            left -= len(piece)
        self.budget -= size
        return b"".join(parts)

    def readline(self) -> bytes:
        self._in_time()
        line: bytes = super().readline()  # type: ignore[misc]
        self.budget -= len(line)
        if self.budget < 0:
            raise TooLong("the server says more than may be read")
        return line

    def _in_time(self) -> None:
        if self.deadline and time.monotonic() > self.deadline:
            raise Cut("the server takes too long to answer")


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
