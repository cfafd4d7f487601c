"""The SMTP and LMTP listeners: where mail servers hand us their mail."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Iterable
from typing import Any

from mailgate.model.installation import DoorSettings
from mailgate.receive import Clock, Gateway
from mailgate.receive.connection import House
from mailgate.receive.limits import Occupancy
from mailgate.receive.session import Session

log = logging.getLogger(__name__)

BACKLOG = 128  # connections that the system may keep waiting for us
# asyncio takes one number for that queue and for how many it accepts in one go. A large one lets a crowd use up the descriptors before
# the first is turned away, and then as many errors are logged.
AT_ONCE = 8


class MailDoor:
    """One listener in the running loop, for SMTP or LMTP as its settings say."""

    def __init__(self, settings: DoorSettings, gateway: Gateway, now: Clock, tls: ssl.SSLContext | None) -> None:
        """`tls` is a server's context with its certificate, or None: then STARTTLS is not offered."""
        if settings.require_tls and tls is None:
            raise ValueError("a door that requires TLS needs a certificate")
        self._settings = settings
        self._house = House(settings, gateway, now, tls, Occupancy(settings))
        self._server: asyncio.Server | None = None
        self._port = settings.port

    @property
    def port(self) -> int:
        """The port on which the door really listens (of the first address, if its name has several)."""
        return self._port

    @property
    def connections(self) -> int:
        """How many clients are here."""
        return self._house.occupancy.connections

    @property
    def bytes_in_flight(self) -> int:
        """Octets of mails that were begun and are not yet committed or refused."""
        return self._house.occupancy.bytes_in_flight

    async def start(self) -> None:
        """Listen. Raises `OSError` when the address is taken or not ours."""
        loop = asyncio.get_running_loop()
        host = self._settings.host or None
        self._server = await loop.create_server(lambda: Session(self._house, loop), host, self._settings.port, backlog=AT_ONCE)
        for listening in self._server.sockets:
            with socket.socket(fileno=os.dup(listening.fileno())) as same:
                same.listen(BACKLOG)
        self._port = self._server.sockets[0].getsockname()[1]
        log.info("%s listens on %s port %d", self._settings.kind, host or "every address", self._port)

    async def stop(self, grace: float) -> None:
        """Close the door within `grace` seconds.

        Nobody new comes in, and who is between two mails hears 421. A mail that is being sent may still be finished, until little
        of the time is left. A commit that takes longer goes on behind us; its client gets no reply and will send the mail again.
        """
        house = self._house
        house.closing = True
        if self._server is not None:
            self._server.close()
        for session in list(house.sessions):
            session.leave_soon()
        parting = min(1.0, grace / 4)
        await _wait_for((*(session.gone for session in house.sessions), *house.commits), grace - parting)
        for session in list(house.sessions):
            session.leave_now()
        await _wait_for((*(session.gone for session in house.sessions), *house.commits), parting)
        for session in list(house.sessions):
            session.abort()
        await _wait_for([session.gone for session in house.sessions], 0.1)


async def _wait_for(futures: Iterable[asyncio.Future[Any]], seconds: float) -> None:
    """Until all of these are done or the time is up; none of them is cancelled."""
    pending = list(futures)
    if pending:
        await asyncio.wait(pending, timeout=seconds)
