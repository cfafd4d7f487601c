"""A client's connection: commands and mails come in, replies go out, and nobody may stay for ever.

aiosmtpd gives the connection its flow control and STARTTLS. What it leaves open is ours: it cancels a commit when the client hangs up,
and knows no limits on connections, memory or time."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from typing import ClassVar, cast

from aiosmtpd.smtp import SMTP, TLSSetupException

from mailgate.model.installation import DoorSettings
from mailgate.model.mail import Arrival, NoSpace
from mailgate.receive import AcceptsMail, Clock, replies
from mailgate.receive.bouts import Bout
from mailgate.receive.limits import Occupancy, Pace
from mailgate.receive.transfer import NotTaken, Transfer

log = logging.getLogger(__name__)

MAX_COMMAND = 2048  # octets; RFC 5321 4.5.3.1.4 asks for 512 and more with extensions
READ_AHEAD = 64 * 1024  # octets of commands that may wait for us; then the client waits
LOOK_ROUND = 1.0  # seconds between two looks for who is slow, while the door is tight
LINGER = 2.0  # seconds for a dismissed client to read its last reply: closing at once would reset the connection and lose it


class Gone(Exception):
    """The client hung up, or was dismissed."""


@dataclass(slots=True, eq=False)
class DoorState:
    """What the sessions of one door share."""

    settings: DoorSettings
    gateway: AcceptsMail
    now: Clock
    tls: ssl.SSLContext | None
    occupancy: Occupancy
    sessions: set[Connection] = field(default_factory=set)
    commits: set[asyncio.Task[str]] = field(default_factory=set)  #: held here, because a client that hangs up must not end them
    closing: bool = False
    no_room: Bout = field(default_factory=lambda: Bout("there is no room to store mail", "mail can be stored again"))
    trouble: Bout = field(default_factory=lambda: Bout("mail cannot be taken", "mail is taken again"))
    waiters: list[asyncio.Future[None]] = field(default_factory=list)  #: of who waits before a full door, one for each address it has
    _look: asyncio.TimerHandle | None = None

    async def commit(self, arrival: Arrival) -> str:
        """Hand a mail to the gateway; the reply that its client shall get. Never fails: in doubt the client keeps the mail."""
        clock = asyncio.get_running_loop().time
        self.occupancy.hold(arrival.peer, len(arrival.raw))
        try:
            await self.gateway.accept(arrival)
            self.no_room.quiet(clock())
            self.trouble.quiet(clock())
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.warning("a commit was given up inside the gateway")  # not we were cancelled: the client still waits for a reply
            return replies.TRY_LATER
        except NoSpace:
            self.no_room.again(clock(), "the doors say 452")
            return replies.NO_ROOM
        except Exception as error:
            # The traceback once, and not for each of the thousand mails that come meanwhile.
            news = self.trouble.again(clock(), f"the doors say 451: {type(error).__name__}")
            level = logging.ERROR if news else logging.INFO
            log.log(level, "could not take a mail from %s", arrival.peer, exc_info=error if news else None)
            return replies.TRY_LATER
        finally:
            self.occupancy.hold(arrival.peer, -len(arrival.raw))
        return replies.STORED

    def left(self, session: Connection) -> None:
        """A client is gone: its place is free."""
        self.sessions.discard(session)
        self.occupancy.leave(session.peer)
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
                break

    # --- the slowest goes first -------------------------------------------------------------------------------------

    def look_round(self) -> None:
        """While the door is tight: dismisses who lags too far behind, and looks again soon."""
        if self._look is None and self._is_tight and not self.closing:
            loop = asyncio.get_running_loop()
            self._look = loop.call_at(loop.time() + LOOK_ROUND, self._relieve, loop, loop.time() + LOOK_ROUND)

    @property
    def _is_tight(self) -> bool:
        return self.occupancy.connections_over >= 0 or self.occupancy.octets_over >= 0

    def _relieve(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._look = None
        now = loop.time()
        if now - due > LOOK_ROUND:  # this machine stood still: nobody is to blame for what we did not hear
            for session in self.sessions:
                session.pace.forgive(now - due, now)
        allowed = self.settings.stress_timeout.total_seconds()
        late = [session for session in self.sessions if session.waits_for_client and session.pace.behind(now) > allowed]
        late.sort(key=lambda session: (self.occupancy.crowding(session.peer), session.pace.behind(now)), reverse=True)
        leaving = sum(session.is_leaving for session in self.sessions)
        places, octets = self.occupancy.connections_over - leaving, self.occupancy.octets_over
        for session in late:
            if places >= 0 or (octets >= 0 and session.holds):
                octets -= session.holds
                places -= 1
                log.info("%s is too slow for a door that is nearly full", session.peer)
                session.dismiss(replies.TOO_SLOW)
        self.look_round()

    def close(self) -> None:
        """Nobody new comes in."""
        self.closing = True
        if self._look is not None:
            self._look.cancel()


class Connection(SMTP):
    """One client of a door. Created by the door's factory for each, in the program's own loop; `Session` says what commands mean."""

    _smtp_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._smtp_names = tuple(name for name in dir(cls) if name.startswith("smtp_"))

    def __dir__(self) -> tuple[str, ...]:
        # For each connection aiosmtpd looks at every name of ours to find its commands. That cost a fifth of a mail.
        return self._smtp_names

    def __init__(self, door: DoorState, loop: asyncio.AbstractEventLoop) -> None:
        settings = door.settings
        super().__init__(
            None,
            data_size_limit=settings.max_size,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident="",
            tls_context=door.tls,
            loop=loop,
        )
        self._door, self._limits = door, settings
        self.peer = ""
        self.pace = Pace(loop.time())
        self._entered = False  # counted among the connections
        self.gone: asyncio.Future[None] = loop.create_future()

        self._incoming = bytearray()  # commands that wait
        self._overlong = False  # inside a command line that is longer than we read
        self._outgoing = bytearray()  # replies that wait for the end of a pipelined group (RFC 2920)
        self._transfer: Transfer | None = None  # between DATA and the last dot
        self._waiter: asyncio.Future[None] | None = None
        self._half_closed = False
        self.is_leaving = False
        self._committing = False
        self._shaking_hands = False
        self._secured = False

        self._deadline = self._session_ends = self._mail_ends = float("inf")

    # --- the connection -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came, or (the second time) its TLS handshake is done."""
        if self._entered:
            # RFC 3207 4.2: what was said before is forgotten, and above all what came in clear behind STARTTLS.
            self._secured = True
            self._incoming.clear()
            self._begin_anew()
            super().connection_made(transport)
            return
        peername = transport.get_extra_info("peername")
        self.peer = str(peername[0]) if peername else "unknown"
        door = self._door
        if door.closing or not door.occupancy.enter(self.peer):
            cast(asyncio.Transport, transport).write(_line(replies.SHUTTING_DOWN if door.closing else replies.TOO_MANY_CONNECTIONS))
            transport.close()
            door.look_round()
            return
        self._entered = True
        door.sessions.add(self)
        self._session_ends = self.loop.time() + self._limits.session_time_limit.total_seconds()
        self.pace.begin_anew(self.loop.time())
        super().connection_made(transport)
        door.look_round()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, whoever ended it. A commit under way goes on."""
        if not self._entered or self.gone.done():
            return
        self.gone.set_result(None)
        self._door.left(self)
        self._end_transfer()
        self.is_leaving = True
        super().connection_lost(error)

    def eof_received(self) -> bool:
        """The client will say no more; what it has said is still answered."""
        self._half_closed = True
        if self.is_leaving:
            self._close()
        self._wake()
        return not self._secured and not self.is_leaving  # TLS cannot be half closed

    def data_received(self, data: bytes) -> None:
        """Octets from the client: a piece of a mail, or commands."""
        if self.is_leaving:
            return
        self.pace.heard(len(data), self.loop.time())
        if self._transfer is not None and not self._transfer.complete:
            self._continue_transfer(self._transfer, data)
        else:
            self._queue(data)

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client's turn, and not ours."""
        return not self.is_leaving and not self._committing

    @property
    def holds(self) -> int:
        """Octets of a mail that is not whole yet."""
        return self._transfer.held if self._transfer is not None else 0

    def _queue(self, commands: bytes) -> None:
        self._incoming += commands
        if len(self._incoming) > READ_AHEAD:
            self._wire().pause_reading()
        self._wake()

    def _wire(self) -> asyncio.Transport:
        assert self.transport is not None
        return cast(asyncio.Transport, self.transport)

    def _close(self) -> None:
        if self.transport is not None:
            self._wire().close()

    def abort(self) -> None:
        """End the connection now; what was not sent is lost."""
        transport = self._original_transport or self.transport
        if transport is not None:
            cast(asyncio.Transport, transport).abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        """Sleep until something came in. Raises `Gone` when nothing more will."""
        if self.is_leaving or self._half_closed:
            raise Gone
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self.is_leaving:
            raise Gone

    # --- leaving --------------------------------------------------------------------------------------------------

    def dismiss(self, reply: str) -> None:
        """Say a last word and part: what still comes is dropped, and soon the connection ends, whether the client reads it or not."""
        if self.is_leaving:
            return
        self.is_leaving = True
        self._end_transfer()
        self._rearm(self.loop.time() + LINGER)
        if self.transport is None or self._shaking_hands:
            self.abort()
            return
        transport = self._wire()
        last_words = bytes(self._outgoing) + _line(reply)
        self._outgoing.clear()
        self._incoming.clear()
        try:
            transport.write(last_words)
            transport.resume_reading()  # unread octets would turn the close into a reset
            if transport.can_write_eof() and not self._half_closed:
                transport.write_eof()
            else:
                transport.close()
        except (OSError, RuntimeError):  # the client hung up at this very moment, and the loop has not heard of it yet
            self.abort()
        self._wake()

    def leave_soon(self) -> None:
        """The door closes: dismiss the client, unless a mail of its is under way; then right after that."""
        if self._transfer is None and not self._committing:
            self.dismiss(replies.SHUTTING_DOWN)

    def leave_now(self) -> None:
        """The door cannot wait any longer: dismiss the client, unless its mail is being committed."""
        if not self._committing:
            self.dismiss(replies.SHUTTING_DOWN)

    # --- time -----------------------------------------------------------------------------------------------------

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Called by aiosmtpd when a connection begins."""
        self._allow(duration or self._limits.command_timeout.total_seconds())

    def _allow(self, seconds: float) -> None:
        """The client has so much time from now, but never more than a session may last."""
        self._rearm(min(self.loop.time() + seconds, self._session_ends))

    def _rearm(self, deadline: float) -> None:
        # A timer that rings too early is only put on, so that a command costs no new timer.
        self._deadline = deadline
        if self.gone.done():
            return
        if self._timeout_handle is not None:
            if self._timeout_handle.when() <= deadline:
                return
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timeout_handle = None
        now = self.loop.time()
        if self._committing:  # the client waits for us, not we for it
            self._rearm(now + self._limits.command_timeout.total_seconds())
        elif now < self._deadline:
            self._rearm(self._deadline)
        elif self.is_leaving:
            self._rearm(now + LINGER)
            self.abort()
        else:
            log.info("%s took too long", self.peer)
            self.dismiss(replies.TOO_SLOW)

    # --- what comes and goes -----------------------------------------------------------------------------------------

    async def push(self, status: str | bytes) -> None:
        """Reply. Replies to commands that came together leave together."""
        self._outgoing += _line(status) if isinstance(status, str) else status + b"\r\n"
        if b"\n" not in self._incoming or len(self._outgoing) > READ_AHEAD:
            await self._flush()

    async def _flush(self) -> None:
        if self._outgoing and not self.is_leaving:
            self._writer.write(bytes(self._outgoing))
            self._outgoing.clear()
            await self._writer.drain()

    async def _handle_client(self) -> None:
        try:
            await self.push(f"220 {self.hostname} {'LMTP' if self._limits.kind == 'lmtp' else 'ESMTP'} ready")
            while True:
                if self._door.closing:
                    self.dismiss(replies.SHUTTING_DOWN)
                    raise Gone
                await self._obey(await self._next_line())
        except (Gone, ConnectionError):
            if not self.is_leaving:
                self._close()
        except asyncio.CancelledError:
            self._close()
            raise
        except TLSSetupException as error:
            log.info("no TLS with %s: %s", self.peer, error.__cause__)
            self.abort()
            self.connection_lost(error)  # the TLS layer tells nobody about a handshake that failed
        except Exception:
            log.exception("the conversation with %s broke off", self.peer)
            self.dismiss(replies.BROKEN)

    async def _next_line(self) -> bytes | None:
        """The next command with its line end; None for one that was too long to read."""
        while True:
            end = self._incoming.find(b"\n")
            if end >= 0:
                line = bytes(self._incoming[: end + 1])
                del self._incoming[: end + 1]
                if not self.is_leaving and len(self._incoming) <= READ_AHEAD:
                    self._wire().resume_reading()
                overlong, self._overlong = self._overlong or len(line) > MAX_COMMAND, False
                return None if overlong else line
            if len(self._incoming) > MAX_COMMAND:
                self._overlong = True
                self._incoming.clear()
                self._wire().resume_reading()
            await self._flush()
            await self._wait()

    async def _take_in(self) -> Transfer:
        """Ask for the mail and wait for its last dot. Raises `Gone`."""
        transfer = self._transfer = Transfer(self._limits.max_size, self._limits.max_line)
        self._mail_ends = self.loop.time() + self._limits.mail_time_limit.total_seconds()
        self._outgoing += b"354 Send the mail, and end it with a dot alone on a line\r\n"
        early = bytes(self._incoming)
        self._incoming.clear()
        self._wire().resume_reading()
        if early:
            self._continue_transfer(transfer, early)
        await self._flush()
        while not transfer.complete:
            await self._wait()
        return transfer

    def _continue_transfer(self, transfer: Transfer, data: bytes) -> None:
        before = transfer.held
        occupancy = self._door.occupancy
        try:
            rest = transfer.feed(data)
        except MemoryError:
            # Where in a mail this came is not known any more, so that the client cannot be followed to its last dot.
            occupancy.hold(self.peer, transfer.held - before)
            self.dismiss(replies.BROKEN)
            return
        occupancy.hold(self.peer, transfer.held - before)
        if not occupancy.has_room(self.peer, 0):
            occupancy.hold(self.peer, -transfer.held)
            transfer.drop(NotTaken.NO_ROOM)
        if occupancy.octets_over >= 0:
            self._door.look_round()
        if rest is None:
            self._allow(min(self._limits.command_timeout.total_seconds(), self._mail_ends - self.loop.time()))
        else:
            self._queue(rest)

    def _end_transfer(self) -> None:
        """A mail that is refused, or will never be complete, gives back its room."""
        if self._transfer is not None:
            self._door.occupancy.hold(self.peer, -self._transfer.held)
            self._transfer = None

    async def _obey(self, line: bytes | None) -> None:
        """Carry out one command line; None: it was too long to read. Raises `Gone` when it was the last."""
        raise NotImplementedError

    def _begin_anew(self) -> None:
        """TLS is on: forget all that was said before."""
        raise NotImplementedError


def _line(reply: str) -> bytes:
    return reply.encode() + b"\r\n"
