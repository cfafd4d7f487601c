"""A relay of the tests: does at each command what its script says, and remembers everything that it was told and that it took."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.fakes.certificates import Certificate


class HungUp(Exception):
    """The conversation is over."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that the sink got whole. `answered`: whether it could say so."""

    envelope_from: str
    recipient: str
    data: bytes
    parameters: str
    secure: bool
    user: str | None
    connection: int
    wishes: str = ""  #: the parameters of RCPT


@dataclass(frozen=True, slots=True)
class Say:
    """Answers this; the text may have several lines and need not be a reply at all."""

    text: str | bytes
    close: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Hangs up without a word."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Never answers."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Answers one octet at a time, and never gets to the end."""

    every: float = 0.05


Act = Say | Close | Silence | Drip
OK = Say("250 2.0.0 fine")

CONNECT, DOT = "connect", "."  #: the two moments of a session that are no command


@dataclass(eq=False)
class SmtpSink:
    """A scripted SMTP server on loopback, to be used as a context.

    `script` gives for a command ("MAIL", ..., or CONNECT, DOT) what to do the first, second, ... time over all connections; afterwards
    it does what a good server does.
    """

    script: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    extensions: Sequence[str] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8")
    certificate: Certificate | None = None
    implicit_tls: bool = False
    login: tuple[str, str] | None = None
    mechanisms: str = "PLAIN LOGIN"
    tokens: Set[str] = frozenset()  #: that are good for the name in `login`
    needs_login: bool = False
    taken: list[Taken] = field(default_factory=list)  #: answered with 2xx, or hung up on instead of answering
    commands: list[str] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)  #: every octet, as it was after TLS
    connections: int = 0

    def __enter__(self) -> Self:
        self._acts = {moment: deque(acts) for moment, acts in self.script.items()}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._listen)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """Closes every connection from this side, as a relay does with idle ones."""
        for sock in tuple(self._open):
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def act(self, moment: str, *acts: Act) -> None:
        """What comes next at this moment."""
        self._acts[moment] = deque(acts)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        _Conversation(self, sock, number).hold()

    def next_act(self, moment: str) -> Act | None:
        with self._lock:
            acts = self._acts.get(moment)
            return acts.popleft() if acts else None


class _Conversation:
    def __init__(self, sink: SmtpSink, sock: socket.socket, number: int) -> None:
        self.sink, self.sock, self.number = sink, sock, number
        sink._open.append(sock)
        self.rest = b""
        self.secure = False
        self.user: str | None = None
        self.envelope_from = self.recipient = self.parameters = self.wishes = ""

    def hold(self) -> None:
        with suppress(OSError, HungUp):
            if self.sink.implicit_tls:
                self._secure()
            self._do(CONNECT, "220 sink ESMTP")
            while True:
                self._obey(self._line())
        self._forget()

    def _forget(self) -> None:
        if self.sock in self.sink._open:
            self.sink._open.remove(self.sock)
        self.sock.close()

    def _secure(self) -> None:
        assert self.sink.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.sink.certificate.chain, self.sink.certificate.key)
        plain = self.sock
        self.sock = context.wrap_socket(plain, server_side=True)
        self.sink._open[self.sink._open.index(plain)] = self.sock
        self.secure = True
        self.rest = b""

    def _read(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise HungUp
        self.rest += data
        self.sink.received += data

    def _line(self) -> str:
        while b"\r\n" not in self.rest:
            self._read()
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line.decode("utf-8")

    def _say(self, text: str | bytes) -> None:
        self.sock.sendall(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode() + b"\r\n")

    def _do(self, moment: str, good: str) -> bool:
        """Acts as scripted, else says what is good. Whether the answer was a positive one."""
        act = self.sink.next_act(moment)
        match act:
            case None:
                self._say(good)
                return True
            case Say(text, close):
                self._say(text)
                if close:
                    raise HungUp
                return text[:1] in ("2", "3", b"2", b"3")
            case Silence():
                self.sink._over.wait()
                raise HungUp
            case Drip(every):
                while not self.sink._over.wait(every):
                    self._say(b"2")
                raise HungUp
        raise HungUp

    def _obey(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        self.sink.commands.append(verb + line[len(verb) :])
        match verb:
            case "EHLO":
                offered = [*self.sink.extensions]
                if self.sink.certificate is not None and not self.secure:
                    offered.append("STARTTLS")
                if self.sink.login is not None:
                    offered.append(f"AUTH {self.sink.mechanisms}")
                lines = ["sink at your service", *offered]
                self._do(verb, "\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines))
            case "STARTTLS":
                if self._do(verb, "220 go ahead"):
                    self._secure()
            case "AUTH":
                self._auth(line.split())
            case "MAIL":
                if self.sink.needs_login and self.user is None:
                    self._say("530 5.7.0 log in first")
                elif match := re.fullmatch(r"MAIL FROM:<(.*)>(.*)", line, re.IGNORECASE):
                    self.envelope_from, self.parameters = match[1], match[2].strip()
                    self._do(verb, "250 2.1.0 sender fine")
            case "RCPT":
                match = re.fullmatch(r"RCPT TO:<(.*)>( [A-Z].*)?", line, re.IGNORECASE)
                assert match is not None, line
                self.recipient, self.wishes = match[1], (match[2] or "").strip()
                self._do(verb, "250 2.1.5 recipient fine")
            case "DATA":
                if self._do(verb, "354 go on"):
                    self._data()
            case "QUIT":
                self._do(verb, "221 bye")
                raise HungUp
            case _:
                self._do(verb, "250 fine")

    def _data(self) -> None:
        while not (self.rest.startswith(b".\r\n") or b"\r\n.\r\n" in self.rest):
            self._read()
        lines, _, self.rest = (b"\r\n" + self.rest).partition(b"\r\n.\r\n")
        data = re.sub(rb"(?m)^\.", b"", lines[2:] + b"\r\n")  # RFC 5321 4.5.2
        taken = Taken(self.envelope_from, self.recipient, data, self.parameters, self.secure, self.user, self.number, self.wishes)
        act = self.sink._acts.get(DOT)
        if not act or not isinstance(act[0], Say) or act[0].text[:1] in ("2", b"2"):
            self.sink.taken.append(taken)  # also where the answer never comes: this is what makes a duplicate
        self._do(DOT, "250 2.0.0 queued as 4711")

    def _auth(self, words: list[str]) -> None:
        act = self.sink._acts.get("AUTH")
        if act:
            self._do("AUTH", "")
            return
        assert self.sink.login is not None
        user, password = self.sink.login
        if words[1] in ("XOAUTH2", "OAUTHBEARER"):
            self._by_token(words[1], base64.b64decode(words[2]).decode())
            return
        if words[1] == "PLAIN":
            good = base64.b64decode(words[2]).decode() == f"\0{user}\0{password}"
        elif words[1] == "LOGIN":
            given = [self._ask("VXNlcm5hbWU6"), self._ask("UGFzc3dvcmQ6")]
            good = [given.decode() for given in given] == [user, password]
        else:
            challenge = base64.b64encode(b"<1.2@sink>").decode()
            digest = hmac.new(password.encode(), b"<1.2@sink>", hashlib.md5).hexdigest()
            good = self._ask(challenge).decode() == f"{user} {digest}"
        if good:
            self.user = user
        self._say("235 2.7.0 welcome" if good else "535 5.7.8 wrong name or password")

    def _by_token(self, mechanism: str, said: str) -> None:
        """As Microsoft and Google do it (RFC 7628): a refusal is explained first, and the client says that it has heard."""
        assert self.sink.login is not None
        user, name = self.sink.login[0], said.partition("\1")[0]
        fits = name == (f"user={user}" if mechanism == "XOAUTH2" else f"n,a={user},")
        token = said.partition("auth=Bearer ")[2].partition("\1")[0]
        if fits and said.endswith("\1\1") and token in self.sink.tokens:
            self.user = user
            self._say("235 2.7.0 welcome")
            return
        self._ask(base64.b64encode(b'{"status":"401"}').decode())
        self._say("535 5.7.8 this token is not good")

    def _ask(self, question: str) -> bytes:
        self._say(f"334 {question}")
        return base64.b64decode(self._line())
