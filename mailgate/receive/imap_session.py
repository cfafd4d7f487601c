"""One IMAP connection to a mailbox: TLS without a way around it, the login, and the few commands that fetching mail needs."""

import base64
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from mailgate.decide.polling import FolderState
from mailgate.model.mailbox import MailboxSettings
from mailgate.model.oauth import TokenRefused, TokenUnavailable
from mailgate.model.scrub import Scrubber
from mailgate.receive.imap_trouble import ConnectionLost, LoginRefused, Refusal, TokenTrouble, Trouble, Unsafe
from mailgate.receive.imap_wire import HIGHEST_UID, LONGEST_ANSWER, LONGEST_FETCH, LONGEST_SEARCH, LONGEST_WELCOME, Client, Uids

LONGEST_HEADER = 1024 * 1024  #: kept of a mail that is not read
_INSTANTLY = 0.05  #: seconds. An IDLE that ends sooner, and says nothing, is a connection that has ended
_GOODBYE = 2.0
NEWEST = 50  #: mails at a folder's end that are looked at
LONGEST_SENTENCE = 4096  #: characters of what a server says that are looked at
_TOO_MUCH = 2**63  #: more than a column holds


@dataclass(frozen=True, slots=True)
class Described:
    """A mail as the server describes it, before it is fetched."""

    uid: int
    size: int
    stamped_at: datetime | None  #: INTERNALDATE


@dataclass(frozen=True, slots=True)
class Credentials:
    """Both are called at each login, and what they give is kept nowhere. `renewed` is there where a token is given."""

    secret: Callable[[], str | None]
    renewed: Callable[[str], str] | None = None


class ImapSession:
    """A connection that is logged in once `open` has returned. For one thread; only `abort` may be called from another."""

    def __init__(self, settings: MailboxSettings, known: Scrubber | None = None) -> None:
        """`known`: the secrets of earlier connections. Nothing that the server says is shown before it is cleaned of them (`_words`)."""
        self._settings = settings
        self._known = known if known is not None else Scrubber()
        self._client: Any = None
        self._socket: socket.socket | None = None
        self._aborted = False
        self.said_secret = False  #: credentials were sent: if there is no login now, it was refused
        self.refusals = 0  #: logins that the server refused

    # --- getting in ----------------------------------------------------------------------------------------------------

    def open(self, credentials: Credentials) -> None:
        """Connects, secures the connection as configured, and logs in. Raises Trouble; the connection is closed then."""
        if credentials.renewed is None:
            with suppress(Exception):  # told when it is needed; known before the first word is heard: servers have a memory
                self._known.know(credentials.secret())
        try:
            self._connect()
            self._log_in(credentials)
        except Trouble:
            self.close()
            raise
        except BaseException as error:
            self.close()
            raise self._trouble(error) from error

    def _connect(self) -> None:
        settings = self._settings
        context = None if settings.tls == "none" else self._context()
        try:
            self._client = Client(settings, context if settings.tls == "tls" else None, self._begun)
            if settings.tls == "starttls":
                assert context is not None
                self._start_tls(context)
        except ssl.SSLError as error:
            said = getattr(error, "verify_message", "") or error.reason or str(error)
            raise Unsafe(f"TLS with {settings.host} failed: {self._words(said)}") from error

    def _begun(self, made: socket.socket) -> None:
        self._socket = made
        if self._aborted:
            raise ConnectionLost("stopped")

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise Unsafe(f"ca_file of mailbox {self._settings.name} cannot be read: {error.strerror or error}") from error

    def _start_tls(self, context: ssl.SSLContext) -> None:
        client = self._client
        self._allow(most=LONGEST_WELCOME)
        if client._imap.state != "NONAUTH":
            # RFC 9051 7.1.4: from here on STARTTLS is not possible, so somebody may be in the line.
            raise Unsafe(f"{self._settings.host} lets everybody in without a login, and offers no TLS then")
        if not client.has_capability("STARTTLS"):
            raise Unsafe(f"{self._settings.host} offers no STARTTLS, and neither password nor mail travels in clear")
        try:
            client.starttls(context)
        except IMAPClientAbortError as error:
            raise self._trouble(error) from error
        except IMAPClientError as error:
            raise Unsafe(f"{self._settings.host} refuses STARTTLS: {self._words(error)}") from error
        self._socket = client._imap.sock
        # What was said in clear must not be believed under TLS.
        client._imap.untagged_responses = {}
        client._cached_capabilities = None

    def _log_in(self, credentials: Credentials) -> None:
        secret = self._secret(credentials.secret, credentials)
        if credentials.renewed is None:
            return self._try_login(secret, self._say_password)
        try:
            self._try_login(secret, self._say_token)
        except LoginRefused:
            # A token may be taken back before its end: one other is worth one try.
            fresh = self._secret(lambda: credentials.renewed(secret) if credentials.renewed else None, credentials)
            if fresh == secret:
                raise
            self._try_login(fresh, self._say_token)

    def _secret(self, ask: Callable[[], str | None], credentials: Credentials) -> str:
        try:
            secret = ask()
        except TokenRefused as error:
            raise TokenTrouble(self._words(error)) from error
        except TokenUnavailable as error:
            raise Trouble(self._words(error)) from error
        except Exception as error:  # wherever it comes from, its text might hold the secret
            raise TokenTrouble(f"the password for mailbox {self._settings.name} cannot be read: {type(error).__name__}") from error
        if not secret:
            raise TokenTrouble(f"there is no password for mailbox {self._settings.name}")
        self._known.know(secret, *(_said_with_token if credentials.renewed else _said_with_password)(self._settings, secret))
        return secret

    def _try_login(self, secret: str, say: Callable[[set[bytes], str], None]) -> None:
        self._allow(most=LONGEST_WELCOME)
        offered = {one.upper() for one in self._client.capabilities()}
        try:
            say(offered, secret)
        except IMAPClientError as error:
            # imapclient calls a cut a refused login, too.
            if isinstance(error.__context__ or error, IMAPClientAbortError):
                raise ConnectionLost(f"the connection ended at the login: {self._words(error)}") from None
            self.refusals += 1
            raise LoginRefused(f"{self._settings.host} refuses the login of {self._settings.user}: {self._words(error)}") from None

    def _say_password(self, offered: set[bytes], secret: str) -> None:
        if b"AUTH=PLAIN" in offered:
            self.said_secret = True
            self._client.plain_login(self._settings.user, secret)
        elif b"LOGINDISABLED" in offered:
            raise Trouble(f"{self._settings.host} takes no password here")
        else:
            self.said_secret = True
            self._client.login(self._settings.user, secret)

    def _say_token(self, offered: set[bytes], token: str) -> None:
        if b"AUTH=XOAUTH2" in offered:
            self.said_secret = True
            self._client.oauth2_login(self._settings.user, token)
        elif b"AUTH=OAUTHBEARER" in offered:
            self.said_secret = True
            self._client.oauthbearer_login(self._settings.user, token)
        else:
            raise Trouble(f"{self._settings.host} takes no token: it offers neither XOAUTH2 nor OAUTHBEARER")

    # --- looking -------------------------------------------------------------------------------------------------------

    def select(self, folder: str, readonly: bool) -> FolderState:
        """Opens a folder. Raises Trouble."""
        try:
            seen = self._run(lambda client: client.select_folder(folder, readonly=readonly))
        except Refusal as error:
            raise Trouble(f"folder {folder} cannot be opened: {error}") from error
        uidvalidity = seen.get(b"UIDVALIDITY")
        # RFC 9051 wants a number above zero; a server that always says 0 numbers its mails all the same, and what comes twice is known.
        if not isinstance(uidvalidity, int) or not 0 <= uidvalidity < _TOO_MUCH:
            raise Trouble(f"the server gives no UIDVALIDITY for {folder}: its mails cannot be told apart")
        uidnext = seen.get(b"UIDNEXT")
        if not isinstance(uidnext, int) or not 1 <= uidnext <= HIGHEST_UID + 1:
            uidnext = self.search(["ALL"]).highest + 1
        return FolderState(uidvalidity, uidnext)

    def highest(self, uidnext: int) -> int:
        """The highest UID that a mail in the folder has; 0 where there is none. Raises ConnectionLost, Refusal."""
        last = self.search(["UID", f"{max(1, uidnext - NEWEST)}:*"])
        # Not all servers know that `*` is the last mail even where that lies below the other end (RFC 9051 9, seq-range).
        return last.highest or self.search(["ALL"]).highest

    def search(self, criteria: Sequence[Any]) -> Uids:
        """UIDs, in order. Raises ConnectionLost, Refusal."""
        return self._run(lambda client: client.search(list(criteria)), most=LONGEST_SEARCH)  # type: ignore[no-any-return]

    def describe(self, uids: Iterable[int]) -> dict[int, Described]:
        """Size and date of these mails; those that are gone are missing. Raises ConnectionLost, Refusal."""
        wanted = list(uids)
        answer = self._run(lambda client: client.fetch(wanted, ["RFC822.SIZE", "INTERNALDATE"]))
        return {uid: _described(uid, answer[uid]) for uid in wanted if uid in answer}

    def fetch(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """The mails, byte for byte, \\Seen left as it is; those that are gone or empty are missing. Raises ConnectionLost, Refusal.
        No more than `octets` are read."""
        return self._bodies(uids, "BODY.PEEK[]", b"BODY[]", octets)

    def fetch_header(self, uid: int) -> bytes:
        """The header of a mail that is not read, or nothing where that cannot be had either. Raises ConnectionLost."""
        try:
            return self._bodies([uid], "BODY.PEEK[HEADER]", b"BODY[HEADER]", LONGEST_HEADER).get(uid, b"")
        except Refusal:
            return b""

    def _bodies(self, uids: Sequence[int], item: str, key: bytes, octets: int) -> dict[int, bytes]:
        answer = self._run(lambda client: client.fetch(list(uids), [item]), octets, most=LONGEST_FETCH)
        bodies = {uid: answer.get(uid, {}).get(key) for uid in uids}
        return {uid: bytes(body) for uid, body in bodies.items() if isinstance(body, bytes | bytearray) and body}

    # --- afterwards ----------------------------------------------------------------------------------------------------

    def flag_seen(self, uids: Sequence[int]) -> None:
        """Raises ConnectionLost, Refusal."""
        self._run(lambda client: client.add_flags(list(uids), [rb"\Seen"], silent=True))

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Raises ConnectionLost, Refusal. Copied and then deleted where the server cannot move; nobody else's are swept away."""
        wanted = list(uids)
        if self._client.has_capability("MOVE"):
            self._run(lambda client: client.move(wanted, folder))
            return
        self._run(lambda client: client.copy(wanted, folder))
        self._run(lambda client: client.delete_messages(wanted, silent=True))
        if self._client.has_capability("UIDPLUS"):
            self._run(lambda client: client.uid_expunge(wanted))

    # --- waiting -------------------------------------------------------------------------------------------------------

    @property
    def can_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    def idle(self, seconds: float) -> None:
        """Waits until something happens in the folder, at most so long (RFC 2177). Raises ConnectionLost when the connection has ended.
        imapclient answers at once and without a word, for ever, when the connection is dead: that is an end."""
        self._run(lambda client: client.idle())
        began = time.monotonic()
        heard = self._run(lambda client: client.idle_check(timeout=seconds), seconds=seconds + self._settings.timeout.total_seconds())
        if not heard and time.monotonic() - began < min(_INSTANTLY, seconds / 2):
            raise ConnectionLost("the connection ended while waiting for mail")
        if any(len(one) > 1 and one[0] == b"BYE" for one in heard if isinstance(one, tuple)):
            raise ConnectionLost("the server says good-bye")
        self._run(lambda client: client.idle_done())

    # --- what is in it, for `mailgate check` ---------------------------------------------------------------------------

    def folders(self) -> list[str]:
        return self._run(lambda client: [str(name) for _, _, name in client.list_folders()])  # type: ignore[no-any-return]

    def count(self, folder: str) -> tuple[int, int, int | None]:
        """Mails, those that nobody has read, and the UIDVALIDITY. Raises ConnectionLost, Refusal."""
        said = self._run(lambda client: client.folder_status(folder, ["MESSAGES", "UNSEEN", "UIDVALIDITY"]))
        return int(said.get(b"MESSAGES", 0)), int(said.get(b"UNSEEN", 0)), said.get(b"UIDVALIDITY")

    # --- ending --------------------------------------------------------------------------------------------------------

    def bye(self) -> None:
        """Hangs up, politely if that is quickly done."""
        if self._client is not None and self._socket is not None and not self._aborted:
            with suppress(Exception):  # we are leaving anyway
                self._client.socket().settimeout(_GOODBYE)
                self._client._imap.allow(LONGEST_ANSWER, _GOODBYE)
                self._client.logout()
        self.close()

    def close(self) -> None:
        client, made = self._client, self._socket
        self._client = self._socket = None
        if client is not None:
            with suppress(Exception):  # a connection that is gone cannot be closed better
                client._imap.shutdown()
        if made is not None:
            with suppress(OSError):
                made.close()

    def abort(self) -> None:
        """Ends whatever the session waits for. May be called from any thread."""
        self._aborted = True
        if (made := self._socket) is not None:
            with suppress(OSError):  # already gone
                socket.socket.shutdown(made, socket.SHUT_RDWR)  # SSLSocket.shutdown would pull the rug from under a reader

    # --- saying and hearing --------------------------------------------------------------------------------------------

    def _allow(self, octets: int = 0, seconds: float | None = None, most: int = LONGEST_ANSWER) -> None:
        """What the next answer may cost: a mail on a slow line takes its time, an answer without one does not."""
        patience = self._settings.timeout.total_seconds() if seconds is None else seconds
        self._client._imap.allow(octets + most, patience + octets / 8192)

    def _run(self, command: Callable[[Any], Any], octets: int = 0, seconds: float | None = None, most: int = LONGEST_ANSWER) -> Any:
        """One command. Raises Refusal for NO and BAD, ConnectionLost when the connection is over."""
        if self._client is None:
            raise ConnectionLost("there is no connection")
        self._allow(octets, seconds, most)
        try:
            return command(self._client)
        except (IMAPClientAbortError, OSError, ConnectionLost) as error:
            raise self._trouble(error) from None
        except IMAPClientError as error:
            raise Refusal(self._words(error)) from None
        except Exception as error:
            # What cannot be parsed may go on in the next line: nothing of this connection is believed any more.
            raise ConnectionLost(f"the server's answer makes no sense: {type(error).__name__}") from None

    def _trouble(self, error: BaseException) -> Trouble:
        if isinstance(error, Trouble):
            return error
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return Unsafe(f"TLS with {self._settings.host} failed: {self._words(error.reason or error)}")
        if isinstance(error, TimeoutError):
            return ConnectionLost(f"no answer from {self._settings.host} within {self._settings.timeout.total_seconds():g} s")
        if isinstance(error, OSError):
            return ConnectionLost(f"{self._settings.host} cannot be reached: {self._words(error.strerror or error)}")
        if isinstance(error, IMAPClientError):
            return ConnectionLost(f"{self._settings.host}: {self._words(error)}")
        return ConnectionLost(f"{self._settings.host}: {type(error).__name__}")

    def _words(self, said: object) -> str:
        """One line that can be shown, without what we said in secret: the one place where words of the server come in."""
        text = " ".join(self._known.clean(str(said)[:LONGEST_SENTENCE]).split())
        return "".join(c if c.isprintable() else "?" for c in text)[:300]


def _described(uid: int, said: dict[bytes, Any]) -> Described:
    size = said.get(b"RFC822.SIZE")  # one that is no number is not known; what may be read has an end all the same
    return Described(uid, size if isinstance(size, int) and size > 0 else 0, _aware(said.get(b"INTERNALDATE")))


def _said_with_password(settings: MailboxSettings, secret: str) -> list[str]:
    """The lines that a login is said in."""
    return [_base64(f"\0{settings.user}\0{secret}")]


def _said_with_token(settings: MailboxSettings, token: str) -> list[str]:
    name = settings.user.replace("=", "=3D").replace(",", "=2C")
    return [
        _base64(f"user={settings.user}\1auth=Bearer {token}\1\1"),
        _base64(f"n,a={name},\1host={settings.host}\1port={settings.port}\1auth=Bearer {token}\1\1"),
    ]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _aware(at: object) -> datetime | None:
    """A server's date, None where there is none to be believed."""
    if not isinstance(at, datetime) or at.tzinfo is None:
        return None
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        return None


def reachable(settings: MailboxSettings, credentials: Credentials) -> tuple[str, bool]:
    """Logs in and looks, for `mailgate check`: what is there in words, and whether all is well. Reads and changes nothing."""
    session = ImapSession(settings)
    try:
        session.open(credentials)
        there = set(session.folders())
        told, missing = [], []
        wanted = [folder for folder, _ in settings.watched] + ([settings.move_to] if settings.move_to else [])
        for folder in wanted:
            if folder not in there and folder.upper() != "INBOX":
                missing.append(folder)
            else:
                mails, unseen, validity = session.count(folder)
                told.append(f"{folder} holds {mails} mails, {unseen} unread")
                if validity == 0:
                    told.append("its UIDVALIDITY is 0, which is none (RFC 9051): that mails were numbered anew is seen late")
        if missing:
            return f"no such folder: {', '.join(missing)}. There are {session._words(', '.join(sorted(there)))}", False
        return "; ".join(told) + ("" if session.can_idle else f"; no IDLE, looked at every {settings.poll.total_seconds():g} s"), True
    except (Trouble, Refusal) as trouble:
        return str(trouble), False
    finally:
        session.bye()
