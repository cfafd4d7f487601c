"""Mailboxes that are fetched over IMAP: how each is configured, and how far each of its folders was read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from mailgate.model.installation import is_loopback
from mailgate.model.reason import Reason
from mailgate.model.setting import MIB, As, Duration, File, Name, Port, Room, Span, setting

#: Why a mail lies in the set-aside list that came from a mailbox's junk folder. Stored: another arrival of the same mail takes it out.
JUNK = Reason("junk")


class FolderRole(StrEnum):
    """What mail in a folder means."""

    INBOX = "inbox"  #: people wrote to the desk
    SENT = "sent"  #: colleagues answered from the mailbox itself
    JUNK = "junk"  #: the host took it for junk: set aside, never a ticket by itself


class Start(StrEnum):
    """Which of the mails that were there before us are taken in, at the first connection to a folder. A date is the third way."""

    NOW = "now"
    UNSEEN = "unseen"


class After(StrEnum):
    """What becomes of a mail in its folder once it is committed."""

    FLAG = "flag"  #: \\Seen is set
    MOVE = "move"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """One account on an IMAP server. The password is not among it: it is asked for at each login and kept nowhere."""

    name: Name = setting(meaning="its name in the log and in the record", example='"support"')
    desk: Name = setting(meaning="of policy.toml: what its mail is for", example='"it"')
    host: str = setting(
        "", "the name in the server's certificate; not needed with oauth at Microsoft or Google", example='"imap.example.org"'
    )
    port: Port = setting(993, "143 with starttls")
    tls: Literal["tls", "starttls", "none"] = setting("tls", '"starttls", or "none" on this machine; certificates are checked')
    ca_file: File | None = setting(None, "PEM; else the system's authorities", example='"ca.pem"')
    user: str = setting(meaning="who logs in", example='"support@example.org"')
    password_file: File | None = setting(None, "or password_env, or oauth", example='"support-password"')
    password_env: str | None = setting(None, "or the environment variable with it", example='"SUPPORT_PASSWORD"')
    oauth: str | None = setting(None, "a token of [oauth.office]", example='"office"')
    folders: tuple[str, ...] = setting(("INBOX",), "each has a connection of its own")
    sent: str | None = setting(None, "what colleagues answer from this mailbox becomes public entries", example='"Sent"')
    junk: str | None = setting(None, "set aside, never a ticket by itself", example='"Junk"')
    insider_stamp: bool = setting(False, 'true: Exchange runs it, and what it stamps "AuthAs: Internal" was written by a colleague')
    after: Annotated[After, As.AFTER] = setting(After.FLAG, '\\Seen, once a mail is stored; "move:Done"; "leave"')
    start: Annotated[Start | datetime, As.START] = setting(Start.NOW, 'at the first connection: "unseen", or a date: what is not older')
    poll: Duration = setting(timedelta(minutes=1), "looked at so often, IDLE or not")
    timeout: Span = setting(timedelta(seconds=60), "for the connection, and for each piece of an answer")
    max_size: Room = setting(50 * MIB, "a larger mail is not read, only set aside")

    move_to: str | None = None  #: the folder of "move:FOLDER"

    @property
    def watched(self) -> tuple[tuple[str, FolderRole], ...]:
        """Every folder with its role; each has a connection of its own."""
        more = ((self.sent, FolderRole.SENT), (self.junk, FolderRole.JUNK))
        return (*((folder, FolderRole.INBOX) for folder in self.folders), *((folder, role) for folder, role in more if folder))

    def mistakes(self) -> tuple[tuple[str, str], ...]:
        """What cannot work or would not be safe, as (key, sentence)."""
        found = []
        names = [folder for folder, _ in self.watched]
        if not self.folders:
            found.append(("folders", "at least one"))
        if len({_folder_key(one) for one in names}) != len(names):
            found.append(("folders", "a folder is named twice"))
        if self.move_to is not None and _folder_key(self.move_to) in {_folder_key(one) for one in names}:
            found.append(("after", f'mail is moved to "{self.move_to}", which is read itself'))
        if self.tls == "none" and not is_loopback(self.host):
            found.append(("tls", 'no mailbox is opened in clear on another machine: use "tls" or "starttls"'))
        if self.poll < timedelta(seconds=5):
            found.append(("poll", "at least 5s"))
        if self.poll > timedelta(minutes=9):
            found.append(("poll", "at most 9m: servers hang up on clients that stay silent for longer"))
        if self.timeout <= timedelta(0):
            found.append(("timeout", "more than 0"))
        return tuple(found)


def _folder_key(name: str) -> str:
    """INBOX is one folder however it is written (RFC 3501 5.1); all other names are as they are."""
    return "INBOX" if name.upper() == "INBOX" else name


@dataclass(frozen=True, slots=True)
class FolderKey:
    mailbox: str
    folder: str

    def __str__(self) -> str:
        return f"{self.mailbox}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder was read. UIDs mean something only together with their UIDVALIDITY (RFC 3501 2.3.1.1)."""

    uidvalidity: int
    last_uid: int  #: every mail up to this one was taken in, was not wanted, or stands in the list of those to try again
    rescan_until: int  #: mails up to this UID were there before this UIDVALIDITY was first seen: only those not older than `since` count
    since: datetime  #: see `rescan_until`
    horizon: datetime  #: no mail's arrival is believed to lie before it


class Stage(StrEnum):
    """What is still to be done with one mail."""

    FETCH = "fetch"
    AFTER = "after"  #: it is committed; flagging or moving it did not work


@dataclass(frozen=True, slots=True)
class Pending:
    """A mail at or below the cursor that is not finished."""

    uid: int
    stage: Stage
    attempts: int
    due_at: datetime
    reason: str = ""


class Attempt(StrEnum):
    """How a connection to a mailbox's server went."""

    OPEN = "open"  #: under way, or its end is not known
    NOT_REACHED = "not_reached"  #: ended before credentials were sent
    REFUSED = "refused"  #: credentials were sent and did not lead to a login
    LOGGED_IN = "logged_in"


@dataclass(frozen=True, slots=True)
class Connect:
    at: datetime
    outcome: Attempt


@dataclass(frozen=True, slots=True)
class FolderHealth:
    """How it stands with one folder, as the operator sees it."""

    key: FolderKey
    ok_at: datetime | None  #: the last time that it was looked through to its end
    failing_since: datetime | None
    failures: int  #: in a row
    error: str
    pending: int
    since: datetime  #: when it was first tried
    unread: int = 0  #: of those pending: not taken in so far, and tried at least once
    unread_because: str = ""  #: of one of them


class LeaseLost(Exception):
    """Somebody else reads this folder now: nothing was written."""
