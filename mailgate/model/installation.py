"""The installation: what mailgate.toml says about this machine, loaded and checked once and then handed on as frozen data."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """One listener. Sizes are octets; every limit is there so that one peer cannot take the door from all others."""

    kind: Literal["smtp", "lmtp"] = "smtp"
    host: str = "127.0.0.1"  #: address or name to listen on, IPv4 or IPv6; "" listens everywhere
    port: int = 2525  #: 0: any free one, for tests
    hostname: str = "localhost"  #: what we call ourselves in the greeting

    max_size: int = 50 * MIB  #: of one mail; announced with SIZE (RFC 1870)
    max_line: int = 1 * MIB  #: of one line with its line end. RFC 5321 says 1000, real mail has longer ones
    max_recipients: int = 100  #: of one mail; RFC 5321 4.5.3.1.8 asks for at least 100
    max_received: int = 100  #: a mail with so many Received: headers goes in circles (RFC 5321 6.3)

    max_connections: int = 200
    max_connections_per_address: int = 20  #: an IPv6 host counts as its /64
    max_connections_from_loopback: int | None = None  #: of one: a local mail server opens many. None: three quarters of the door
    max_bytes_in_flight: int = 256 * MIB  #: of mails not yet committed, over all sessions of this door
    max_bytes_per_address: int | None = None  #: of those, of one address. None: a quarter, and one mail at least
    max_bytes_from_loopback: int | None = None  #: None: three quarters, and one mail at least

    max_commands: int = 1000  #: of one session
    max_bad_commands: int = 20  #: of one session: unknown, malformed or out of order
    command_timeout: timedelta = timedelta(minutes=5)  #: RFC 5321 4.5.3.2.7
    mail_time_limit: timedelta = timedelta(minutes=20)  #: from DATA to the last dot
    session_time_limit: timedelta = timedelta(minutes=30)
    stress_timeout: timedelta = timedelta(seconds=10)  #: so far behind may fall who is slow, while the door is nearly full

    insiders: bool = False  #: only logged-in colleagues reach this door, and under their own From:. Loopback only
    tls_certificate: str | None = None  #: path of a PEM chain; STARTTLS is offered when it is set
    tls_key: str | None = None  #: path of its key, when that is a file of its own
    require_tls: bool = False  #: no mail before STARTTLS

    @property
    def connections_from_loopback(self) -> int:
        """Of one loopback address."""
        if self.max_connections_from_loopback is not None:
            return self.max_connections_from_loopback
        return max(self.max_connections_per_address, -(-self.max_connections * 3 // 4))

    @property
    def bytes_per_address(self) -> int:
        return self._octets(self.max_bytes_per_address, self.max_bytes_in_flight // 4)

    @property
    def bytes_from_loopback(self) -> int:
        """Of one loopback address."""
        return self._octets(self.max_bytes_from_loopback, self.max_bytes_in_flight * 3 // 4)

    def _octets(self, said: int | None, share: int) -> int:
        """A share that is smaller than the largest mail would keep that mail out for ever."""
        return max(share if said is None else said, min(self.max_size + KIB, self.max_bytes_in_flight))


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the record is kept."""

    url: str
    """Path of an SQLite file, or sqlite:///PATH; on a disk of this machine, in a folder that only mailgate can write to.
    Or postgresql://USER@HOST/DATABASE, without a password."""
    accept_lost_log: bool = False  #: start although the -wal file is gone: what it held is lost. For one start
    password_file: str | None = None  #: PostgreSQL: read for each new connection
    password_env: str | None = None  #: PostgreSQL: name of an environment variable
    pool_size: int = 10  #: PostgreSQL: connections of one program

    @property
    def is_server(self) -> bool:
        """Whether a database server keeps it, and not a file of ours."""
        return self.url.startswith(("postgresql:", "postgresql+psycopg:", "postgres:"))


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where letters go. The password is not among it: it is asked for at each login and kept nowhere."""

    kind: Literal["smtp", "maildir"] = "smtp"
    host: str = "127.0.0.1"  #: the name that stands in the relay's certificate
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"  #: "tls" speaks TLS from the first octet (RFC 8314); no letter goes when it fails
    ca_file: str | None = None  #: PEM; believed instead of the certificates of the system
    user: str | None = None  #: log in with this name; None: the relay knows us by our address
    oauth: str | None = None  #: log in with a token of this [oauth.NAME] in place of a password
    helo: str = "localhost"  #: what we call ourselves (EHLO)
    timeout: timedelta = timedelta(seconds=60)  #: for the connection and for each command and its whole reply; RFC 5321 4.5.3.2
    final_timeout: timedelta = timedelta(minutes=10)  #: for the reply to the last dot: who hangs up early sends twice. RFC 5321 4.5.3.2.6
    connections: int = 2  #: at the same time, one courier thread each
    letters_per_connection: int = 100
    keep_idle: timedelta = timedelta(seconds=30)  #: an idle connection is used again for so long; relays hang up after a minute or five
    path: str | None = None  #: of the maildir
    reverse_path: Literal["null", "desk", "verp", "auto"] = "auto"  #: auto: "desk" for a relay with login, else "null"
    message_id_pattern: str | None = None  #: finds in the reply to a letter the Message-ID that the relay gave it, as group 1

    @property
    def reverse_path_form(self) -> Literal["null", "desk", "verp"]:
        """The form in use, with `auto` resolved: relays with a login refuse reverse-paths that are not the user's."""
        if self.reverse_path == "auto":
            return "desk" if self.user else "null"
        return self.reverse_path

    def mistakes(self) -> tuple[tuple[str, str], ...]:
        """What cannot work or would not be safe, as (key, sentence)."""
        found = []
        if self.kind == "maildir" and not self.path:
            found.append(("path", "a maildir relay needs the path of its maildir"))
        if self.kind == "smtp" and not self.host:
            found.append(("host", "is missing"))
        if not 0 < self.port < 65536:
            found.append(("port", "a number from 1 to 65535"))
        if self.tls == "none" and self.user and not is_loopback(self.host):
            found.append(("tls", 'a password is not sent in clear to another machine: use "starttls" or "tls"'))
        if self.connections < 1:
            found.append(("connections", "at least 1"))
        if self.letters_per_connection < 1:
            found.append(("letters_per_connection", "at least 1"))
        for key, duration in (("timeout", self.timeout), ("final_timeout", self.final_timeout)):
            if duration <= timedelta(0):
                found.append((key, "more than 0"))
        if self.message_id_pattern is not None:
            try:
                groups = re.compile(self.message_id_pattern).groups
            except re.error as error:
                where = f" from character {error.pos + 1} on" if error.pos is not None else ""
                found.append(("message_id_pattern", f"is no regular expression: it cannot be understood{where}"))
            else:
                if groups < 1:
                    found.append(("message_id_pattern", "needs a group around the Message-ID"))
        return tuple(found)


def is_loopback(host: str) -> bool:
    """Whether what is said to this host stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """Whose word counts on who wrote a mail. Nothing counts that does not stand here."""

    servers: frozenset[str] = frozenset()  #: authserv-ids (RFC 8601), lower case: the topmost Authentication-Results of one of them counts
    microsoft: bool = False  #: the stamps of Microsoft 365, which name no server
    insider_mailboxes: frozenset[str] = frozenset()  #: mailboxes in which Exchange says who is an insider (AuthAs: Internal)
    insider_doors: bool = False  #: there is a door that only colleagues reach
    dns: bool = False  #: our own check of DKIM, SPF and DMARC, for mails without a verdict
    resolver: tuple[str, ...] = ()  #: "127.0.0.1:5353"; empty: those of the system
    hops: frozenset[str] = frozenset()  #: names of our own servers in `Received: ... by`, lower case: they say which host they had it from
    hop_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()  #: their addresses, where those are not private ones
    #: Hosts whose stamps count when they hand us mail: programs of this machine, where nothing else is said.
    stampers: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
        ipaddress.IPv4Network("127.0.0.0/8"),
        ipaddress.IPv6Network("::1/128"),
    )
    providers: tuple[tuple[str, str], ...] = ()  #: mailbox -> whose it is, google or microsoft: their servers write its Received:
    time_limit: timedelta = timedelta(seconds=5)  #: how long a mail waits for all of its questions
    at_once: int = 16  #: questions under way at the same time

    @property
    def has_source(self) -> bool:
        """Whether anybody could say that the mail of a stranger is authentic."""
        return bool(self.servers) or self.microsoft or self.dns

    @property
    def sources(self) -> tuple[str, ...]:
        """In words, who could say that an agent wrote a mail; none: no domain can be proven."""
        found = [f"the stamp of {server}" for server in sorted(self.servers)]
        if self.microsoft:
            found.append("the stamp of Microsoft 365")
        if self.dns:
            found.append("our own check of DKIM, SPF and DMARC")
        found += [f"AuthAs: Internal in the mailbox {name}" for name in sorted(self.insider_mailboxes)]
        if self.insider_doors:
            found.append("a door for insiders")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """The worker processes that read mail, those that write letters, and what one mail may cost them."""

    workers: int = 2  #: that read
    writers: int = 1  #: that write; the keys are handed to these alone
    cpu: timedelta = timedelta(seconds=2)
    memory: int = 256 * MIB  #: growth of a worker above its start
    wall: timedelta = timedelta(seconds=10)
    batch: int = 100  #: mails of one round
    octets: int = 8 * MIB  #: of the mails that are in work at a time, together; a larger mail is read alone


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the log of `serve` is written."""

    format: Literal["text", "json"] = "text"  #: "json": one object a line


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """How often each round looks, whether or not it was woken."""

    read: timedelta = timedelta(seconds=5)
    clocks: timedelta = timedelta(seconds=30)
    send: timedelta = timedelta(seconds=5)
    watch: timedelta = timedelta(minutes=1)  #: how full the disk is
