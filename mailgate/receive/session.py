"""One conversation with a mail server or client, over SMTP or LMTP. It answers 250 to a mail only when that is safely stored.

aiosmtpd answers an exception with a permanent 500 and its text, gives LMTP one reply for all recipients, refuses lines over 1001
octets and takes bare CR and LF. So every command is answered here."""

import asyncio
import logging
import re

from aiosmtpd.smtp import TLSSetupException

from mailgate.model.mail import Arrival, Door
from mailgate.receive import replies
from mailgate.receive.connection import Connection, DoorState, Gone
from mailgate.receive.envelope import Malformed, Sender, read_recipient, read_sender
from mailgate.receive.transfer import Transfer, hops

log = logging.getLogger(__name__)

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
LONGEST_NAME = 255  #: characters of what a client calls itself that are kept
_BEFORE_STARTTLS = frozenset({"EHLO", "HELO", "LHLO", "NOOP", "RSET", "STARTTLS", "QUIT"})
_COMMON = ("MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "STARTTLS")
_VERBS = {"smtp": frozenset((*_COMMON, "HELO", "EHLO")), "lmtp": frozenset((*_COMMON, "LHLO"))}
_OTHER_PROTOCOLS = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS"})  # a browser that was sent here by a bad page


class ClientSession(Connection):
    """What one client says and hears. Created by the door's factory for each, in the program's own loop."""

    def __init__(self, door: DoorState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(door, loop)
        self._lmtp = door.settings.kind == "lmtp"
        self._commands = 0
        self._bad_commands = 0
        self._greeted = False
        self._helo = ""
        self._sender: Sender | None = None
        self._recipients: list[str] = []

    async def handle_exception(self, error: Exception) -> str:
        """What the client hears when we fail: nothing but that it shall keep the mail (never 5xx, never the reason)."""
        log.error("a command of %s failed", self.peer, exc_info=error)
        return replies.TRY_LATER

    def _begin_anew(self) -> None:
        self._greeted = False
        self._forget_mail()

    async def _obey(self, line: bytes | None) -> None:
        self._allow(self._limits.command_timeout.total_seconds())
        self._commands += 1
        if self._commands > self._limits.max_commands:
            self.dismiss(replies.TOO_MANY_COMMANDS)
            raise Gone
        if line is None:
            await self._complain("500 5.5.2 That line is too long")
            return
        if not line.endswith(b"\r\n") or _CONTROL.search(line, 0, len(line) - 2):
            await self._complain("500 5.5.2 A command is one line of text that ends with CR LF")
            return
        try:
            verb, _, argument = line[:-2].decode("utf-8").partition(" ")
        except UnicodeDecodeError:
            await self._complain("500 5.5.2 That is neither ASCII nor UTF-8")
            return
        verb = verb.upper()
        if verb in _OTHER_PROTOCOLS:
            self.dismiss("421 4.7.0 This is a mail server")
            raise Gone
        if verb not in _VERBS[self._limits.kind]:
            await self._complain("500 5.5.1 That command is not known here")
            return
        if self._limits.require_tls and not self._secured and verb not in _BEFORE_STARTTLS:
            await self._complain("530 5.7.0 Must issue a STARTTLS command first")
            return
        try:
            await self._smtp_methods[verb](argument.strip())
        except (Gone, ConnectionError, TLSSetupException):
            raise
        except Exception as error:  # whatever it is, the client keeps its mail
            await self.push(await self.handle_exception(error))

    async def _complain(self, reply: str) -> None:
        """Refuse what no proper client says, but not for ever."""
        self._bad_commands += 1
        if self._bad_commands > self._limits.max_bad_commands:
            self.dismiss("421 4.7.0 Too many errors, try again later")
            raise Gone
        await self.push(reply)

    def _forget_mail(self) -> None:
        self._sender = None
        self._recipients = []

    async def _is_named(self, hostname: str) -> bool:
        """Whether a greeting says who greets; then a new mail may begin."""
        if not hostname:
            await self._complain("501 5.5.4 Who are you?")
            return False
        self._forget_mail()
        self._greeted, self._helo = True, hostname[:LONGEST_NAME]
        return True

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """Good day, in the manner of before 1995."""
        if await self._is_named(hostname):
            await self.push(f"250 {self.hostname}")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        """Good day; what we can do."""
        if not await self._is_named(hostname):
            return
        offers = [self.hostname, f"SIZE {self._limits.max_size}", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"]
        if self._door.tls is not None and not self._secured:
            offers.append("STARTTLS")
        await self.push("\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"]))

    smtp_LHLO = smtp_EHLO  # noqa: N815  # over LMTP (RFC 2033)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """From here on in secret (RFC 3207)."""
        if arg:
            await self._complain("501 5.5.4 STARTTLS takes no argument")
        elif self._door.tls is None:
            await self._complain("502 5.5.1 TLS is not available")
        elif self._secured:
            await self._complain("503 5.5.1 TLS is already on")
        else:
            self._incoming.clear()  # whoever sent more in clear is not who will shake hands
            self._wire().resume_reading()
            self._shaking_hands = True
            try:
                await super().smtp_STARTTLS("")
            finally:
                self._shaking_hands = False
            if not self._secured:  # the client left during the handshake; asyncio takes that for a success
                raise TLSSetupException

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        """A mail from this reverse-path; the null one (bounces) is as welcome as any."""
        if not self._greeted:
            await self._complain(f"503 5.5.1 Say {'LHLO' if self._lmtp else 'EHLO'} first")
            return
        if self._sender is not None:
            await self._complain("503 5.5.1 There is a mail already")
            return
        try:
            sender = read_sender(arg)
        except Malformed as malformed:
            await self._complain(str(malformed))
            return
        if sender.size > self._limits.max_size:
            await self.push(replies.TOO_LARGE)
        elif not self._door.occupancy.has_room(self.peer, sender.size):
            self._door.look_round()
            await self.push(replies.NO_ROOM)
        else:
            self._sender = sender
            await self.push("250 2.1.0 Ok")

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        """One recipient. Who is not here is refused now: a bounce later would go to whom a spammer named."""
        if self._sender is None:
            await self._complain("503 5.5.1 MAIL comes first")
            return
        try:
            recipient = read_recipient(arg, smtputf8=self._sender.smtputf8)
        except Malformed as malformed:
            await self._complain(str(malformed))
            return
        if self._door.gateway.desk_of(recipient) is None:
            await self.push(replies.NO_SUCH_MAILBOX)
        elif len(self._recipients) >= self._limits.max_recipients:
            await self.push("452 4.5.3 Too many recipients for one mail")
        else:
            self._recipients.append(recipient)
            await self.push("250 2.1.5 Ok")

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """The mail itself; then one reply, or over LMTP one for each recipient (RFC 2033 4.2)."""
        if self._sender is None or not self._recipients:
            await self._complain("503 5.5.1 There is no recipient yet")
            return
        if arg:
            await self._complain("501 5.5.4 DATA takes no argument")
            return
        sender, recipients = self._sender, self._recipients
        transfer = await self._take_in()
        try:
            reply = await self._settle(transfer, sender, recipients)
        except Exception as error:  # here and not in _obey, because LMTP wants as many replies as ever
            reply = await self.handle_exception(error)
        self._forget_mail()
        await self.push("\r\n".join([reply] * len(recipients)) if self._lmtp else reply)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        """Forget this mail."""
        self._forget_mail()
        await self.push("250 2.0.0 Ok")

    async def smtp_NOOP(self, arg: str) -> None:  # noqa: N802
        """Still there?"""
        await self.push("250 2.0.0 Ok")

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        """Goodbye."""
        self._incoming.clear()  # so that the reply leaves now
        await self.push("221 2.0.0 Goodbye")
        raise Gone

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802
        """Is somebody here? Who is on this list (EXPN)? The same answer for everybody, and nothing is looked up for it."""
        await self.push(replies.NOT_SAID)

    smtp_EXPN = smtp_VRFY  # noqa: N815

    async def smtp_HELP(self, arg: str) -> None:  # noqa: N802
        """What is this?"""
        await self.push("214 2.0.0 This is a mail server, see RFC 5321")

    async def _settle(self, transfer: Transfer, sender: Sender, recipients: list[str]) -> str:
        """Store a complete mail, and say how that went."""
        octets = transfer.held
        door = self._door
        try:
            if transfer.fault is not None:
                log.info("refused a mail from %s: %s", self.peer, transfer.fault.name)
                return replies.FAULTY[transfer.fault]
            raw = transfer.mail()
            if hops(raw) >= self._limits.max_received:
                log.info("refused a mail from %s: too many hops", self.peer)
                return "554 5.4.6 This mail has been through too many servers, it goes in circles"
            now = door.now()
            arrival = Arrival(
                raw=raw,
                reverse_path=sender.reverse_path,
                recipients=tuple(dict.fromkeys(recipients)),
                door=Door(self._limits.kind),
                peer=self.peer,
                received_at=now,
                arrived_at=now,
                helo=self._helo,
                insider=self._limits.insiders,
            )
            commit = self.loop.create_task(door.commit(arrival))
            door.commits.add(commit)
            commit.add_done_callback(door.commits.discard)
        finally:
            self._transfer = None
            door.occupancy.hold(self.peer, -octets)
        self._committing = True
        try:
            # Shielded: a client that hangs up now ends this conversation, but not the commit.
            return await asyncio.shield(commit)
        finally:
            self._committing = False
            self.pace.begin_anew(self.loop.time())
            self._allow(self._limits.command_timeout.total_seconds())
