"""The installation: what mailgate.toml says about this machine, loaded and checked once and then handed on as frozen data."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from mailgate.model.setting import KIB, MIB, Address, As, Between, File, Port, Room, Size, Some, Span, setting

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """One listener. Every limit is there so that one peer cannot take the door from all others."""

    kind: Literal["smtp", "lmtp"] = setting("smtp", '"smtp" or "lmtp"', required=True)
    host: str = setting("127.0.0.1", 'address or name to listen on, IPv4 or IPv6; "" listens everywhere')
    port: Annotated[int, Between(0, 65535)] = setting(2525, "0: any free one", required=True)
    hostname: str = setting("localhost", "what we call ourselves in the greeting, else the one above", example='"mail.example.org"')
    max_size: Room = setting(50 * MIB, "of one mail; announced with SIZE (RFC 1870)")
    max_recipients: Some = setting(100, "of one mail; RFC 5321 4.5.3.1.8 asks for at least 100")
    max_connections: Some = setting(200, "of this door")
    max_connections_per_address: Some = setting(20, "IPv6: of a /64")
    max_connections_from_loopback: Some | None = setting(
        None, "of one loopback address: a local mail server; default three quarters of the door", example="150"
    )
    max_bytes_in_flight: Room = setting(256 * MIB, "of mails not yet stored, over all connections")
    max_bytes_per_address: Room | None = setting(None, "default a quarter of that, and always room for one mail", example='"64MiB"')
    max_bytes_from_loopback: Room | None = setting(None, "default three quarters of it, and always room for one mail", example='"192MiB"')
    max_commands: Annotated[int, Between(10)] = setting(1000, "of one session")
    command_timeout: Span = setting(timedelta(minutes=5), "for each command; RFC 5321 4.5.3.2.7")
    session_time_limit: Span = setting(timedelta(minutes=30), "for a whole session")
    stress_timeout: Span = setting(
        timedelta(seconds=10), "while three quarters are taken: who lags so far behind 4 KiB a second goes, the slowest first"
    )
    tls_certificate: File | None = setting(None, "PEM; STARTTLS is offered where there is one", example='"cert.pem"')
    tls_key: File | None = setting(None, "its key, when that is a file of its own", example='"key.pem"')
    require_tls: bool = setting(False, "no mail before STARTTLS")
    insiders: bool = setting(False, "true: only logged-in colleagues reach it, each under their own From:. Loopback only")

    max_line: int = 1 * MIB  #: octets of one line with its line end. RFC 5321 says 1000, real mail has longer ones
    max_received: int = 100  #: a mail with so many Received: headers goes in circles (RFC 5321 6.3)
    max_bad_commands: int = 20  #: of one session: unknown, malformed or out of order
    mail_time_limit: timedelta = timedelta(minutes=20)  #: from DATA to the last dot

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

    url: str = setting(
        "mailgate.db",
        "an SQLite file beside this one, on a disk of this machine, in a folder that only mailgate can write to; or "
        "postgresql://USER@HOST/DATABASE for any number of nodes, without a password",
    )
    accept_lost_log: bool = setting(False, "SQLite: start although the -wal file is gone: what it held is lost. For one start")
    password_file: File | None = setting(None, "PostgreSQL: of that user; read for each new connection", example='"database-password"')
    password_env: str | None = setting(None, "PostgreSQL: or the environment variable with it", example='"MAILGATE_DATABASE_PASSWORD"')
    pool_size: Annotated[int, Between(2, 100)] = setting(10, "PostgreSQL: connections of one program at most")

    @property
    def is_server(self) -> bool:
        """Whether a database server keeps it, and not a file of ours."""
        return self.url.startswith(("postgresql:", "postgresql+psycopg:", "postgres:"))


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Where the keys that sign our letters lie: in a file or in an environment variable."""

    file: str | None = setting(None, "one key a line, hexadecimal; the first signs, all verify", example='"keys"')
    env: str | None = setting(None, "or the environment variable with them", example='"MAILGATE_KEYS"')
    accept_other: bool = setting(
        False,
        "true: start although the database was made with other keys, and those are lost: no answer to an older letter proves anybody "
        "any more. For one start",
    )


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Who hears of trouble, and when."""

    mail: Address = setting(meaning="who hears of set-aside mail, a relay that is down, a disk that is nearly full")
    disk_warning: Size = setting(500 * MIB, "free space below which the operator is told")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where letters go. The password is not among it: it is asked for at each login and kept nowhere."""

    kind: Literal["smtp", "maildir"] = setting("smtp", '"smtp": a mail server; "maildir": letters land in a folder, for the first try')
    path: File = setting("outgoing", "of the maildir")
    host: str = setting("127.0.0.1", "the name that stands in the relay's certificate")
    port: Port = setting(25, "587 where users log in")
    tls: Security = setting(
        "starttls", '"starttls", or "tls" from the first octet (RFC 8314), check the certificate; "none" only where nobody listens'
    )
    ca_file: File | None = setting(None, "PEM; believed instead of the system's authorities", example='"ca.pem"')
    user: str | None = setting(
        None, "login, with a password or oauth; else the relay knows us by our address", example='"support@example.org"'
    )
    password_file: File | None = setting(None, "read at each login", example='"relay-password"')
    password_env: str | None = setting(None, "or the environment variable with it", example='"RELAY_PASSWORD"')
    oauth: str | None = setting(None, "log in as user with a token of [oauth.office] in place of a password", example='"office"')
    timeout: Span = setting(timedelta(seconds=60), "for the connection, and for each command and its whole reply; RFC 5321 4.5.3.2")
    final_timeout: Span = setting(
        timedelta(minutes=10), "for the answer to the last dot: who hangs up too early sends twice. RFC 5321 4.5.3.2.6"
    )
    helo: str = setting("localhost", "what we call ourselves (EHLO), else the hostname above", example='"mail.example.org"')
    message_id_pattern: str | None = setting(
        None, "finds the Message-ID that the relay gave a letter in its answer, as group 1", example="'250 .*<(.+)>'"
    )
    connections: Annotated[int, Between(1, 20)] = setting(2, "kept open at the same time")
    reverse_path: Literal["auto", "null", "desk", "verp"] = setting(
        "auto", '"null", "desk" or "verp"; auto: "desk" with a login, else "null"'
    )

    letters_per_connection: int = 100
    keep_idle: timedelta = timedelta(seconds=30)  #: an idle connection is used again for so long; relays hang up after a minute or five

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
class DkimSettings:
    """A key with which letters are signed (RFC 6376). Of several for a domain the first of each algorithm signs: put the next one below it
    until `mailgate check` sees it in DNS, then above it."""

    domain: Annotated[str, As.DOMAIN] = setting(meaning="that stands behind the @ of desks, or a domain above it", example='"example.org"')
    selector: Annotated[str, As.SELECTOR] = setting(
        meaning="its public half is published as TXT of SELECTOR._domainkey.DOMAIN", example='"mg1"'
    )
    key_file: File = setting(
        meaning="private key in PEM, RSA from 2048 bits or Ed25519, that only mailgate can read; `mailgate dkim key` makes one",
        example='"dkim-mg1.pem"',
    )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The web door: ratings, and the requester's page, behind links in our letters. There is none without `listen` and `base_url`."""

    listen: Annotated[str, As.LISTEN] | None = setting(
        None, "address and port; behind a proxy that speaks TLS to the world", example='"127.0.0.1:8080"'
    )
    base_url: Annotated[str, As.WEB_PLACE] | None = setting(
        None, "every link in a letter begins with it; https, or http on loopback", example='"https://help.example.org"'
    )
    page_link_days: Annotated[int, Between(1, 3650)] = setting(30, "a link to the requester's page works for so long after its letter")
    max_body: Room = setting(64 * KIB, "of a form")
    max_connections: Some = setting(100, "at the same time")
    max_connections_per_address: Some = setting(20, "IPv6: of a /64; a proxy on this machine may have all")
    request_timeout: Span = setting(timedelta(seconds=10), "until a request is there as a whole")
    reading_timeout: Span = setting(timedelta(seconds=30), "who takes less than 48 KiB of a page or file meanwhile goes")

    max_head: int = 16 * KIB  #: octets of a request without its body
    connection_time_limit: timedelta = timedelta(minutes=10)  #: of one request with its answer

    @property
    def links(self) -> str:
        """What the links in letters begin with; "": letters link to no web page."""
        return self.base_url.rstrip("/") if self.base_url and self.listen else ""

    @property
    def place(self) -> tuple[str, int]:
        """Host and port to listen on. Only where there is a `listen`."""
        host, _, port = (self.listen or "").rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def path(self) -> str:
        """Of the base URL: what stands before each of our paths; "" at the root of a host."""
        return urlsplit(self.links).path


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """Whose word counts on who wrote a mail. Nothing counts that does not stand here."""

    servers: frozenset[Annotated[str, As.SERVER]] = setting(
        frozenset(),
        "what stands first in their Authentication-Results: (RFC 8601); the topmost of one of them counts",
        example='["mx.example.org"]',
    )
    microsoft: bool = setting(False, "true: those of Microsoft 365, which name no server")
    stampers: tuple[Annotated[Network, As.NETWORK], ...] = setting(
        (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128")),
        "hosts that may hand us stamped mail over [[doors]]; from all others a stamp counts nothing",
        key="stamps_from",
    )
    dns: bool = setting(False, "true: our own check of DKIM, SPF and DMARC where they say nothing")
    resolver: tuple[str, ...] = setting((), "else those of the machine", example='["127.0.0.1:53"]')
    hops: frozenset[str] = setting(
        frozenset(),
        "servers of ours before the door, by name in Received: and by address; a stamp below a Received: of others is the sender's own",
        example='["mx.example.org", "198.51.100.4"]',
    )
    time_limit: Span = setting(timedelta(seconds=5), "how long a mail waits for DNS")
    at_once: Annotated[int, Between(1, 200)] = setting(16, "questions at the same time")

    hop_networks: tuple[Network, ...] = ()  #: the addresses among the hops, where those are not private ones
    insider_mailboxes: frozenset[str] = frozenset()  #: mailboxes in which Exchange says who is an insider (AuthAs: Internal)
    insider_doors: bool = False  #: there is a door that only colleagues reach
    providers: tuple[tuple[str, str], ...] = ()  #: mailbox -> whose it is, google or microsoft: their servers write its Received:

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

    workers: Annotated[int, Between(1, 64)] = setting(
        2, "processes that read mail; they have no keys, no network, and no files but the program's own"
    )
    writers: Annotated[int, Between(1, 64)] = setting(1, "processes that write letters")
    cpu: Span = setting(timedelta(seconds=2), "processor time that one mail may cost")
    memory: Room = setting(256 * MIB, "growth of a worker above its start")
    wall: Span = setting(timedelta(seconds=10), "time on the wall that one mail may take")
    batch: Annotated[int, Between(1, 1000)] = setting(100, "mails of one round")
    octets: Room = setting(8 * MIB, "of the mails that are in work at a time, together; a larger mail is read alone")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the log of `serve` is written."""

    format: Literal["text", "json"] = setting("text", '"json": one object a line')


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """How often each round looks, whether or not it was woken."""

    read: Span = setting(timedelta(seconds=5), "new mail also wakes the reader at once")
    clocks: Span = setting(timedelta(seconds=30), "promises and timers")
    send: Span = setting(timedelta(seconds=5), "letters; a new one also wakes the courier at once")
    watch: Span = setting(timedelta(minutes=1), "the disk")
