"""The SMTP and LMTP listeners: where mail servers hand us their mail."""

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from mailgate.model.installation import DoorSettings
from mailgate.receive import AcceptsMail, Clock
from mailgate.receive.bouts import Bout
from mailgate.receive.connection import LINGER, LOOK_ROUND, DoorState
from mailgate.receive.limits import Occupancy
from mailgate.receive.session import ClientSession

log = logging.getLogger(__name__)

BACKLOG = 128  # connections that the system may keep waiting for us
PAUSE = 1.0  # seconds until a door that is short of something tries again
#: What the system says when it has no file descriptor or no memory for one more connection.
_SHORT = {
    errno.EMFILE: "no file descriptors are left",
    errno.ENFILE: "no file descriptors are left on this machine",
    errno.ENOBUFS: "no memory is left for connections",
    errno.ENOMEM: "no memory is left",
}

#: The operator's ear: kind of the alarm, what is wrong, the way out.
Alarm = Callable[[str, str, str], None]


class MailDoor:
    """One listener in the running loop, for SMTP or LMTP as its settings say."""

    def __init__(
        self, settings: DoorSettings, gateway: AcceptsMail, now: Clock, tls: ssl.SSLContext | None, alarm: Alarm = lambda *_: None
    ) -> None:
        """`tls` is a server's context with its certificate, or None: then STARTTLS is not offered. `alarm` may take its time."""
        if settings.require_tls and tls is None:
            raise ValueError("a door that requires TLS needs a certificate")
        self._settings = settings
        self._door = DoorState(settings, gateway, now, tls, Occupancy(settings))
        self._server: asyncio.Server | None = None
        self.port = settings.port  #: on which the door really listens (of the first address, if its name has several)
        self._alarm = alarm
        self._admitting: list[asyncio.Task[None]] = []
        self._short = Bout(f"the {settings.kind} door pauses", f"the {settings.kind} door takes all connections again")
        self._in_vain = False  #: the last who waited for a place got none, and none has come free since

    @property
    def connections(self) -> int:
        """How many clients are here."""
        return self._door.occupancy.connections

    @property
    def bytes_in_flight(self) -> int:
        """Octets of mails that were begun and are not yet committed or refused."""
        return self._door.occupancy.bytes_in_flight

    async def start(self) -> None:
        """Listen. Raises `OSError` when the address is taken or not ours."""
        loop = asyncio.get_running_loop()
        host = self._settings.host or None
        # Bound here and accepted below: asyncio takes in a crowd before the first is turned away, and has a traceback for each that it
        # finds no descriptor for.
        self._server = await loop.create_server(lambda: ClientSession(self._door, loop), host, self._settings.port, start_serving=False)
        for bound in self._server.sockets:
            listening = socket.socket(fileno=os.dup(bound.fileno()))
            listening.listen(BACKLOG)
            listening.setblocking(False)
            self._admitting.append(loop.create_task(self._admit(listening)))
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("%s listens on %s port %d", self._settings.kind, host or "every address", self.port)

    async def stop(self, grace: float) -> None:
        """Close the door within `grace` seconds.
        Nobody new comes in, and who is between two mails hears 421. A mail that is being sent may still be finished, until little
        of the time is left. A commit that takes longer goes on behind us; its client gets no reply and will send the mail again."""
        door = self._door
        door.close()
        for task in self._admitting:
            task.cancel()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._admitting, return_exceptions=True)
        self._each(session.leave_soon for session in list(door.sessions))
        parting = min(1.0, grace / 4)
        await _wait_for((*(session.gone for session in door.sessions), *door.commits), grace - parting)
        self._each(session.leave_now for session in list(door.sessions))
        await _wait_for((*(session.gone for session in door.sessions), *door.commits), parting)
        self._each(session.abort for session in list(door.sessions))
        await _wait_for([session.gone for session in door.sessions], 0.1)

    def _each(self, steps: Iterable[Callable[[], None]]) -> None:
        """One client that cannot be parted from in good order must not keep the door from closing."""
        for step in steps:
            try:
                step()
            except Exception:
                log.exception("a client could not be dismissed")

    async def _admit(self, listening: socket.socket) -> None:
        """Lets clients in one by one. What is short is waited for; meanwhile they wait in the system's queue."""
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    client, _ = await loop.sock_accept(listening)
                except (OSError, MemoryError) as error:
                    await self._pause(error)
                    continue
                try:
                    await self._wait_for_a_place(client)
                    await loop.connect_accepted_socket(lambda: ClientSession(self._door, loop), client)
                    self._short.quiet(loop.time())
                except (OSError, MemoryError) as error:
                    client.close()
                    await self._pause(error)
                except asyncio.CancelledError:
                    client.close()
                    raise

    async def _pause(self, error: Exception) -> None:
        """After a client could not be let in: for a moment where something is short, not at all where the client only hung up."""
        what = "no memory is left" if isinstance(error, MemoryError) else _SHORT.get(getattr(error, "errno", None) or 0)
        if what is None:
            log.debug("a client was gone before it came in: %s", error)
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        if self._short.again(loop.time(), what):
            way_out = "raise LimitNOFILE of the service, or lower max_connections"
            with suppress(RuntimeError):  # not even a thread is left: the log has it
                loop.run_in_executor(None, self._tell, "door_short", f"{what}: the {self._settings.kind} door pauses", way_out)
        await asyncio.sleep(PAUSE)

    def _tell(self, kind: str, what: str, way_out: str) -> None:
        try:
            self._alarm(kind, what, way_out)
        except Exception:
            log.warning("the operator could not be told that %s", what)

    async def _wait_for_a_place(self, client: socket.socket) -> None:
        """Before a full door a client waits ungreeted for as long as it may take until somebody slow has gone; once, not one by one."""
        door = self._door
        if not door.occupancy.is_full:
            self._in_vain = False
            return
        with suppress(OSError):
            if self._in_vain or not door.occupancy.has_share(str(client.getpeername()[0])):
                return
        door.look_round()
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        door.waiters.append(place)
        patience = self._settings.stress_timeout.total_seconds() + LOOK_ROUND + LINGER
        try:
            await asyncio.wait_for(place, patience)
        except TimeoutError:
            self._in_vain = True
        finally:
            door.waiters.remove(place)


async def _wait_for(futures: Iterable[asyncio.Future[Any]], seconds: float) -> None:
    """Until all of these are done or the time is up; none of them is cancelled."""
    pending = list(futures)
    if pending:
        await asyncio.wait(pending, timeout=seconds)
