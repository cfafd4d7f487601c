"""One SMTP connection to a relay, with a deadline for every reply as a whole and no way around TLS."""

import base64
import hmac
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from mailgate.model.installation import RelaySettings
from mailgate.model.oauth import TokenRefused, TokenUnavailable
from mailgate.model.scrub import Scrubber
from mailgate.send.envelope import words

_LONGEST_REPLY = 65536  #: octets of all lines together; no relay has more to say
_BLOCK = 65536  #: octets of a letter that have to get away within one timeout
_SLOWEST = 8192  #: octets a second: a line slower than this is taken for dead
_GOODBYE_SECONDS = 2.0

Context = Callable[[], ssl.SSLContext]


class RelayDownError(Exception):
    """No letter can be handed over now, whichever it is: unreachable, TLS or login fail. The text is for the operator."""


class LoginRefusedError(RelayDownError):
    """It is our login that the relay refuses."""

    def __init__(self, said: str) -> None:
        super().__init__(f"refused login: {said}")


class RelaySession(smtplib.SMTP):
    """A connection that is ready for letters once `open` has returned. For one thread; only `abort` may be called from another.
    smtplib waits for each octet anew, so that a relay which sends one in ten seconds holds it for hours; `getreply` here waits for the
    whole reply."""

    def __init__(self, settings: RelaySettings, known: Scrubber | None = None) -> None:
        """`known`: the secrets of earlier connections. Whatever the relay says is cleaned of them as it comes in."""
        super().__init__(local_hostname=settings.helo)
        self._known = known if known is not None else Scrubber()
        self._settings = settings
        self._patience = settings.timeout.total_seconds()
        self._rest = bytearray()  #: received, not yet read
        self._aborted = False
        self.letters = 0
        self.used_at = time.monotonic()

    # --- getting ready

    def open(self, context: Context, password: Callable[[], str | None], renewed: Callable[[str], str] | None = None) -> None:
        """Connects, secures the connection as configured, and logs in. Raises RelayDownError; nothing secret was said then.
        `renewed` is there where the password is a token: it gives another one for a token that was refused."""
        settings = self._settings
        if settings.user is not None and renewed is None:
            with suppress(Exception):  # told when it is needed; known before the first word is heard: relays have a memory
                self._known.know(password())
        try:
            self._reach(settings.host, settings.port)
            if settings.tls == "tls":
                self._secure(context())
            self._expect(220, *self.getreply(), "refused the connection")
            self._greet()
            if settings.tls == "starttls":
                if not self.has_extn("starttls"):
                    raise RelayDownError("the relay offers no STARTTLS, and letters do not travel in clear")
                self._expect(220, *self.docmd("STARTTLS"), "refused STARTTLS")
                if self._rest:  # said in clear, to be believed under TLS
                    raise RelayDownError("the relay spoke on after STARTTLS: somebody is in the line")
                self._secure(context())
                self._greet()
            if settings.user is not None and renewed is not None:
                self._log_in_with_token(settings.user, password, renewed)
            elif settings.user is not None:
                self._log_in(settings.user, password)
        except RelayDownError:
            self.close()
            raise
        except ssl.SSLError as error:
            self.close()
            said = getattr(error, "verify_message", "") or error.reason or str(error)
            raise RelayDownError(f"TLS with the relay failed: {words(said)}") from error
        except (OSError, smtplib.SMTPException, ValueError) as error:  # a challenge that is no base64 is a ValueError
            self.close()
            raise RelayDownError(f"the relay cannot be reached: {words(_said(error))}") from error

    def _reach(self, host: str, port: int) -> None:
        deadline = time.monotonic() + self._patience
        failure: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if self._aborted or (failure is not None and time.monotonic() >= deadline):
                break
            self.sock = socket.socket(family, kind, protocol)
            try:
                self.sock.settimeout(max(0.01, deadline - time.monotonic()))
                self.sock.connect(address)
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the last dot must not wait for an acknowledgement
                return
            except OSError as error:
                failure = error
                self.sock.close()
        self.sock = None
        raise failure or OSError(f"{host} has no address")

    def _secure(self, context: ssl.SSLContext) -> None:
        assert self.sock is not None
        self.sock.settimeout(self._patience)  # for the handshake as a whole
        self.sock = context.wrap_socket(self.sock, server_hostname=self._settings.host)
        self.helo_resp = self.ehlo_resp = None  # RFC 3207 4.2: what was said in clear is forgotten
        self.esmtp_features = {}
        self.does_esmtp = False

    def _greet(self) -> None:
        code, said = self.ehlo()
        if code != 250 and self._settings.tls != "starttls" and self._settings.user is None and code >= 500:
            code, said = self.helo()
        self._expect(250, code, said, "refused our greeting")

    def _log_in(self, user: str, password: Callable[[], str | None]) -> None:
        offered = self.esmtp_features.get("auth", "").upper().split()
        form = next((form for form in ("PLAIN", "LOGIN", "CRAM-MD5") if form in offered), None)
        if form is None:
            raise RelayDownError(f"the relay offers no login that we know: {words(' '.join(offered)) or 'none at all'}")
        try:
            secret = password()
        except Exception as error:  # wherever it comes from: no letter is to blame, and the text might hold the secret
            raise RelayDownError(f"the password for the relay cannot be read: {type(error).__name__}") from error
        if secret is None:
            raise RelayDownError("there is no password for the relay")
        self._known.know(secret)
        if form == "PLAIN":
            code, said = self.docmd("AUTH", "PLAIN " + self._secretly(f"\0{user}\0{secret}"))
        elif form == "LOGIN":
            code, said = self.docmd("AUTH", "LOGIN")
            if code == 334:
                code, said = self.docmd(_base64(user))
            if code == 334:
                code, said = self.docmd(self._secretly(secret))
        else:
            code, said = self.docmd("AUTH", "CRAM-MD5")
            if code == 334:
                digest = hmac.new(secret.encode(), base64.b64decode(said), "md5").hexdigest()
                self._known.know(digest)
                code, said = self.docmd(self._secretly(f"{user} {digest}"))
        self._expect_login(code, said)

    def _log_in_with_token(self, user: str, token: Callable[[], str | None], renewed: Callable[[str], str]) -> None:
        """OAuth2 (RFC 7628, and XOAUTH2 from before it). A token may be taken back before its end: one other is worth one try."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        form = next((form for form in ("XOAUTH2", "OAUTHBEARER") if form in offered), None)
        if form is None:
            raise RelayDownError(f"the relay takes no token: it offers {words(' '.join(offered)) or 'no login at all'}")
        try:
            secret = token() or ""
            code, said = self._say_token(form, user, secret)
            if code == 535 and (fresh := renewed(secret)) != secret:
                code, said = self._say_token(form, user, fresh)
        except TokenRefused as error:
            raise LoginRefusedError(words(str(error))) from error
        except TokenUnavailable as error:
            raise RelayDownError(words(str(error))) from error
        self._expect_login(code, said)

    def _secretly(self, text: str) -> str:
        """In base64; neither is to be heard again."""
        said = _base64(text)
        self._known.know(said)
        return said

    def _say_token(self, form: str, user: str, token: str) -> tuple[int, bytes]:
        self._known.know(token)
        if form == "XOAUTH2":
            words_of_it = f"user={user}\1auth=Bearer {token}\1\1"
        else:
            name = user.replace("=", "=3D").replace(",", "=2C")
            words_of_it = f"n,a={name},\1host={self._settings.host}\1port={self._settings.port}\1auth=Bearer {token}\1\1"
        code, said = self.docmd("AUTH", f"{form} {self._secretly(words_of_it)}")
        if code == 334:  # the reason, in base64; the refusal comes after an answer to it (RFC 7628 3.2.3)
            code, said = self.docmd("" if form == "XOAUTH2" else "AQ==")
        return code, said

    @staticmethod
    def _expect(wanted: int, code: int, said: bytes, otherwise: str) -> None:
        if code != wanted:
            raise RelayDownError(f"{otherwise}: {reply(code, said)}")

    @staticmethod
    def _expect_login(code: int, said: bytes) -> None:
        if code != 235:
            raise LoginRefusedError(reply(code, said))

    # --- saying and hearing

    def send(self, s: object) -> None:
        """One command, as smtplib composes it. Raises SMTPServerDisconnected."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else bytes(s)  # type: ignore[call-overload]
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("there is no connection")
        try:
            self.sock.settimeout(self._patience)
            self.sock.sendall(data)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(_said(error)) from error

    def getreply(self) -> tuple[int, bytes]:
        """The code and the text of the next reply, its lines joined by LF; code -1 for what is no reply. Raises SMTPServerDisconnected when
        the connection ends first or the whole is not there in time."""
        return self._hear(self._patience)

    def _hear(self, seconds: float) -> tuple[int, bytes]:
        deadline = time.monotonic() + seconds
        texts: list[bytes] = []
        size = 0
        while True:
            line = self._line(deadline, seconds)
            size += len(line)
            code, mark, text = line[:3], line[3:4], line[4:].strip()
            if not (code.isdigit() and code[:1] in b"2345" and mark in (b" ", b"-", b"")) or size > _LONGEST_REPLY:
                self.close()  # whatever this is, the next line of it must not be taken for the next answer
                return -1, self._cleaned(line[:500])
            texts.append(text)
            if mark != b"-":
                return int(code), self._cleaned(b"\n".join(texts), closely=code[:1] in b"45")

    def _cleaned(self, said: bytes, closely: bool = True) -> bytes:
        """The one place where words of the relay come in. A relay that repeats our login must not get it into the log or the record."""
        text = said.decode("utf-8", "replace")
        cleaned = self._known.clean(text, closely)
        return said if cleaned == text else cleaned.encode()

    def _line(self, deadline: float, seconds: float) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > _LONGEST_REPLY:
                break
            left = deadline - time.monotonic()
            try:
                if self.sock is None:
                    raise smtplib.SMTPServerDisconnected("there is no connection")
                if left <= 0:
                    raise TimeoutError
                self.sock.settimeout(left)
                received = self.sock.recv(4096)
            except TimeoutError as error:
                self.close()
                raise smtplib.SMTPServerDisconnected(f"no answer within {seconds:g} s") from error
            except OSError as error:
                self.close()
                raise smtplib.SMTPServerDisconnected(_said(error)) from error
            if not received:
                self.close()
                raise smtplib.SMTPServerDisconnected("connection closed by the relay")
            self._rest += received
        line = bytes(self._rest[: end + 1 or None])
        del self._rest[: len(line)]
        return line.rstrip(b"\r\n")

    def say_letter(self, data: bytes) -> None:
        """Everything of a letter but the last dot. Raises SMTPServerDisconnected; the relay cannot have taken the letter then."""
        stuffed = memoryview((b"." if data.startswith(b".") else b"") + data.replace(b"\r\n.", b"\r\n.."))
        deadline = time.monotonic() + max(self._settings.final_timeout.total_seconds(), len(stuffed) / _SLOWEST)
        for start in range(0, len(stuffed), _BLOCK):
            if time.monotonic() > deadline:
                self.close()
                raise smtplib.SMTPServerDisconnected("the relay takes the letter too slowly")
            self.send(stuffed[start : start + _BLOCK])

    def say_dot(self) -> tuple[int, bytes]:
        """The last dot, and the reply to the letter. From here on, a lost connection means that the relay may have the letter."""
        self.send(b".\r\n")
        return self._hear(self._settings.final_timeout.total_seconds())

    # --- ending

    @property
    def open_for_more(self) -> bool:
        idle = timedelta(seconds=time.monotonic() - self.used_at)
        return self.sock is not None and self.letters < self._settings.letters_per_connection and idle < self._settings.keep_idle

    def bye(self) -> None:
        """Hangs up, politely if that is quickly done."""
        if self.sock is not None:
            self._patience = min(self._patience, _GOODBYE_SECONDS)
            with suppress(OSError, smtplib.SMTPException):  # we are leaving anyway
                self.docmd("QUIT")
        self.close()

    def abort(self) -> None:
        """Ends whatever the session waits for. May be called from any thread."""
        self._aborted = True
        sock = self.sock
        if sock is not None:
            with suppress(OSError):  # already gone
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # SSLSocket.shutdown would pull the rug from under a reader


def reply(code: int, said: bytes) -> str:
    """A reply as it is kept: `550 5.1.1 No such user`."""
    return words(said) if code < 0 else words(str(code).encode() + b" " + said)


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
