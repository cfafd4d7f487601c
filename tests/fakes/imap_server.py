"""An IMAP server of the tests: as much of RFC 3501 as fetching mail needs, with every way of going wrong, and a memory.

`cut` ends the connection inside a mail, `before` is called at each command and may change the folder under the client's feet.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from tests.fakes.certificates import Certificate


class HungUp(Exception):
    """The conversation is over."""


@dataclass
class Mail:
    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    uidvalidity: int = 1
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)

    def add(self, raw: bytes, at: datetime, *flags: str) -> int:
        self.mails.append(Mail(self.uidnext, raw, at, set(flags)))
        self.uidnext += 1
        return self.uidnext - 1

    def renumber(self) -> None:
        """As after a restored backup: the same mails, other UIDs, and a UIDVALIDITY that says so."""
        self.uidvalidity += 1
        for number, mail in enumerate(self.mails, 1):
            mail.uid = number
        self.uidnext = len(self.mails) + 1


class ImapServer:
    """Starts and stops with a `with`. What it was told stands in `commands`, without the tags; credentials in `logins`."""

    def __init__(
        self,
        *,
        capabilities: str = "IDLE MOVE UIDPLUS AUTH=PLAIN",
        certificate: Certificate | None = None,
        tls: str = "none",
        greeting: str = "* OK ready",
        password: str = "canary-horse-7",
        port: int = 0,
    ) -> None:
        self.capabilities, self.tls, self.greeting, self.password = capabilities, tls, greeting, password
        self.folders: dict[str, Folder] = {"INBOX": Folder(), "Done": Folder()}
        self.lock = threading.RLock()
        self.commands: list[str] = []
        self.logins: list[str] = []
        self.clear: bytearray = bytearray()  #: everything that came before TLS
        self.connections = 0
        self.before: Callable[[str], None] = lambda _: None
        self.cut: Callable[[Mail], int | None] = lambda _: None  #: how much of a mail is sent before the connection ends
        self.answer: dict[str, str] = {}  #: command -> what is said in place of obeying: "NO [CODE] text", or "" to hang up
        self.refuse: set[int] = set()  #: UIDs that cannot be fetched
        self.announce: dict[int, int] = {}  #: UID -> size of the literal that is announced
        self.sizes: dict[int, int] = {}  #: UID -> RFC822.SIZE, true or not
        self.silent: set[int] = set()  #: UIDs whose body comes empty
        self.unasked: dict[str, Callable[[], Iterable[bytes]]] = {}  #: command (or "GREETING") -> what is said before it is obeyed
        self.lines_of_search: Callable[[list[int]], Iterable[str]] = lambda uids: [" ".join(map(str, uids))]
        self.uidnext: int | None = None  #: in place of the true one
        self.refusal: Callable[[str], str] = lambda said: f"[AUTHENTICATIONFAILED] not {said[-3:]}"  #: what was said -> why it is refused
        self.injected = b""  #: said in clear right behind the answer to STARTTLS
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate.chain, certificate.key)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self._accepting = threading.Thread(target=self._accept, name="imap-server")

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._accepting.join(10)
        for thread in self._threads:
            thread.join(10)

    def hang_up(self) -> None:
        """Ends all connections, as a server that is killed."""
        for one in list(self._open):
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def told(self, command: str) -> list[str]:
        return [one for one in self.commands if one.upper().startswith(command)]

    # --- connections -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,), name="imap-server-connection")
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        self._open.add(peer)
        try:
            if self.tls == "tls":
                assert self._context is not None
                secured = self._context.wrap_socket(peer, server_side=True)
                self._open.discard(peer)
                peer = secured
                self._open.add(peer)
            peer = _Conversation(self, peer, self.tls == "tls").run()
        except (HungUp, OSError, ValueError):
            pass
        finally:
            self._open.discard(peer)
            peer.close()


class _Conversation:
    def __init__(self, server: ImapServer, peer: socket.socket, secure: bool) -> None:
        self.server, self.peer, self.secure = server, peer, secure
        self.file: Any = peer.makefile("rb")
        self.folder = Folder()
        self.tag = ""

    def run(self) -> socket.socket:
        self._unasked("GREETING")
        self._say(self.server.greeting)
        while line := self._line():
            tag, _, rest = line.partition(" ")
            self.tag = tag
            command, _, arguments = rest.partition(" ")
            if command.upper() == "UID":
                command, _, arguments = arguments.partition(" ")
            self._obey(command.upper(), arguments, rest)
        return self.peer

    def _unasked(self, command: str) -> None:
        for octets in self.server.unasked.get(command, tuple)():
            if self.server._over.is_set():
                raise HungUp
            self.peer.sendall(octets)

    def _line(self) -> str:
        raw: bytes = self.file.readline()
        if not self.secure:
            self.server.clear += raw
        return raw.decode().rstrip("\r\n")

    def _say(self, line: str | bytes) -> None:
        self.peer.sendall((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def _done(self, words: str = "OK done") -> None:
        self._say(f"{self.tag} {words}")

    def _obey(self, command: str, arguments: str, whole: str) -> None:
        server = self.server
        if command not in ("LOGIN", "AUTHENTICATE"):
            server.commands.append(whole)
        with server.lock:
            server.before(command)
        if (instead := server.answer.get(command)) is not None:
            if not instead:
                raise HungUp
            return self._done(instead)
        self._unasked(command)
        act = getattr(self, f"_{command.lower()}", None)
        if act is None:
            return self._done("BAD what?")
        with server.lock:
            act(arguments)
        if command == "IDLE":
            self._idling()

    # --- getting in --------------------------------------------------------------------------------------------------

    def _capability(self, _: str) -> None:
        self._say(f"* CAPABILITY IMAP4rev1 {self.server.capabilities}")
        self._done()

    def _starttls(self, _: str) -> None:
        context = self.server._context
        if context is None:
            return self._done("NO not today")
        self.peer.sendall(f"{self.tag} OK begin\r\n".encode() + self.server.injected)
        secured = context.wrap_socket(self.peer, server_side=True)
        self.server._open.discard(self.peer)
        self.peer, self.secure = secured, True
        self.server._open.add(secured)
        self.file = self.peer.makefile("rb")

    def _login(self, arguments: str) -> None:
        self.server.logins.append(arguments)
        good = arguments.endswith((f'"{self.server.password}"', f" {self.server.password}"))
        self._done("OK in" if good else f"NO {self.server.refusal(arguments)}")

    def _authenticate(self, arguments: str) -> None:
        self._say("+ ")
        line = self._line()
        said = base64.b64decode(line).decode()
        self.server.logins.append(said)
        self._done("OK in" if said.split("\0")[-1] == self.server.password else f"NO {self.server.refusal(line)}")

    def _logout(self, _: str) -> None:
        self._say("* BYE")
        self._done()
        raise HungUp

    # --- looking -----------------------------------------------------------------------------------------------------

    def _select(self, arguments: str) -> None:
        found = self.server.folders.get(arguments.strip('"'))
        if found is None:
            return self._done("NO no such folder")
        self.folder = found
        self._say(f"* {len(found.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say("* FLAGS (\\Seen \\Deleted)")
        self._say(f"* OK [UIDVALIDITY {found.uidvalidity}] valid")
        self._say(f"* OK [UIDNEXT {found.uidnext if self.server.uidnext is None else self.server.uidnext}] next")
        self._done("OK [READ-WRITE] open")

    def _examine(self, arguments: str) -> None:
        self._select(arguments)

    def _noop(self, _: str) -> None:
        self._done()

    def _list(self, _: str) -> None:
        for name in self.server.folders:
            self._say(f'* LIST () "/" "{name}"')
        self._done()

    def _status(self, arguments: str) -> None:
        name = arguments.partition(" ")[0].strip('"')
        mails = self.server.folders[name].mails
        unseen, validity = sum("Seen" not in str(m.flags) for m in mails), self.server.folders[name].uidvalidity
        self._say(f'* STATUS "{name}" (MESSAGES {len(mails)} UNSEEN {unseen} UIDVALIDITY {validity})')
        self._done()

    def _in(self, uids: str) -> list[Mail]:
        """The mails of a sequence set; `*` is the last one, whichever side it stands on (RFC 3501 6.4.8)."""
        last = max((mail.uid for mail in self.folder.mails), default=0)
        spans = [[last if end == "*" else int(end) for end in part.split(":")] for part in uids.split(",")]
        singles = {ends[0] for ends in spans if len(ends) == 1}
        wide = [(min(ends), max(ends)) for ends in spans if len(ends) > 1]
        return [mail for mail in self.folder.mails if mail.uid in singles or any(low <= mail.uid <= high for low, high in wide)]

    def _search(self, arguments: str) -> None:
        mails = list(self.folder.mails)
        words = arguments.split()
        while words:
            match words.pop(0):
                case "UID":
                    mails = [mail for mail in mails if mail in self._in(words[0])]
                    del words[0]
                case "SINCE":
                    day = datetime.strptime(words.pop(0), "%d-%b-%Y").date()
                    mails = [mail for mail in mails if mail.at.date() >= day]
                case "UNSEEN":
                    mails = [mail for mail in mails if "\\Seen" not in mail.flags]
        for line in self.server.lines_of_search([mail.uid for mail in mails]):
            self._say(f"* SEARCH {line}")
        self._done()

    def _fetch(self, arguments: str) -> None:
        uids, _, items = arguments.partition(" ")
        mails = self._in(uids)
        if "BODY" in items and any(mail.uid in self.server.refuse for mail in mails) and "HEADER" not in items:
            return self._done("NO [SERVERBUG] cannot read it")
        for mail in mails:
            number = self.folder.mails.index(mail) + 1
            if "BODY" not in items:
                at = mail.at.strftime("%d-%b-%Y %H:%M:%S +0000")
                size = self.server.sizes.get(mail.uid, len(mail.raw))
                self._say(f'* {number} FETCH (UID {mail.uid} RFC822.SIZE {size} INTERNALDATE "{at}")')
                continue
            raw = mail.raw if "HEADER" not in items else mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            self._body(number, mail, raw, "BODY[HEADER]" if "HEADER" in items else "BODY[]")
        self._done()

    def _body(self, number: int, mail: Mail, raw: bytes, name: str) -> None:
        if mail.uid in self.server.silent:
            return self._say(f"* {number} FETCH (UID {mail.uid} {name} NIL)")
        size = self.server.announce.get(mail.uid, len(raw)) if name == "BODY[]" else len(raw)
        self.peer.sendall(f"* {number} FETCH (UID {mail.uid} {name} {{{size}}}\r\n".encode())
        if (cut := self.server.cut(mail)) is not None and name == "BODY[]":
            self.peer.sendall(raw[:cut])
            raise HungUp
        self.peer.sendall(raw + b")\r\n")

    # --- changing ----------------------------------------------------------------------------------------------------

    def _store(self, arguments: str) -> None:
        uids, _, rest = arguments.partition(" ")
        flags = set(re.findall(r"\\\w+", rest))
        for mail in self._in(uids):
            mail.flags |= flags
        self._done()

    def _move(self, arguments: str) -> None:
        self._copy(arguments, then=self._take_away)

    def _copy(self, arguments: str, then: Callable[[Sequence[Mail]], None] = lambda _: None) -> None:
        uids, _, target = arguments.partition(" ")
        folder = self.server.folders.get(target.strip('"'))
        if folder is None:
            return self._done("NO [TRYCREATE] no such folder")
        mails = self._in(uids)
        for mail in mails:
            folder.add(mail.raw, mail.at, *mail.flags)
        then(mails)
        self._done()

    def _expunge(self, arguments: str) -> None:
        self._take_away([mail for mail in self._in(arguments) if "\\Deleted" in mail.flags])
        self._done()

    def _take_away(self, mails: Sequence[Mail]) -> None:
        for mail in mails:
            self.folder.mails.remove(mail)

    # --- waiting -----------------------------------------------------------------------------------------------------

    def _idle(self, _: str) -> None:
        self._say("+ idling")

    def _idling(self) -> None:
        if self._line().upper() != "DONE":
            raise HungUp
        self._done()

    def tell(self, line: str) -> None:
        self._say(line)


def noon(day: int = 1) -> datetime:
    return datetime(2026, 6, day, 12, 0, tzinfo=UTC)
