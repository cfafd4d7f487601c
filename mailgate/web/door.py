"""The listener of the web door: uvicorn reads HTTP, in the running loop, within limits that keep one peer from taking the door from all."""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from h11 import LocalProtocolError
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mailgate.model.installation import WebSettings, is_loopback
from mailgate.web import AnswersVisitors
from mailgate.web.site import Site

BACKLOG = 128  # connections that the system may keep waiting for us
THREADS = 4  #: that find answers: as many questions to the record at a time
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

#: What peers do wrong is no news, and a line about it would be theirs to write.
_silent = logging.getLogger("mailgate.web.peers")
_silent.setLevel(logging.CRITICAL + 1)
_silent.propagate = False


class Visitors:
    """Who is here."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._here: Counter[str] = Counter()
        self.nobody = asyncio.Event()  #: is here
        self.nobody.set()

    def enter(self, peer: str) -> str | None:
        """The key to leave with; None: there is no room."""
        key, of_one = self._share(peer)
        if self._here.total() >= self._settings.max_connections or self._here[key] >= of_one:
            return None
        self._here[key] += 1
        self.nobody.clear()
        return key

    def leave(self, key: str) -> None:
        self._here[key] -= 1
        if not self._here[key]:
            del self._here[key]
        if not self._here:
            self.nobody.set()

    def _share(self, peer: str) -> tuple[str, int]:
        if is_loopback(peer):
            return peer, self._settings.max_connections  # the proxy, with everybody behind it
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return peer, self._settings.max_connections_per_address
        key = str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else peer
        return key, self._settings.max_connections_per_address


class Visit(H11Protocol):
    """One connection: one request and its answer, each in its time."""

    def __init__(self, settings: WebSettings, visitors: Visitors, config: Config, state: ServerState) -> None:
        super().__init__(config, state, {}, asyncio.get_running_loop())
        self.logger, self.access_log = _silent, False
        self._settings, self._visitors = settings, visitors
        self._key: str | None = None
        self._clocks: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("peername") or ("",)
        self._key = self._visitors.enter(str(peer[0]))
        if self._key is None:
            self.transport = transport
            transport.write(_BUSY)
            transport.close()
            return
        super().connection_made(transport)
        self._within("visit", self._settings.connection_time_limit.total_seconds())
        self._within("request", self._settings.request_timeout.total_seconds())

    def connection_lost(self, exc: Exception | None) -> None:
        for clock in self._clocks.values():
            clock.cancel()
        if self._key is not None:
            self._visitors.leave(self._key)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except LocalProtocolError:  # more came behind what was answered already
            self.transport.abort()
        if self.cycle is not None and not self.cycle.more_body:
            self._in_time("request")

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as a request. The library would answer with a page of its own."""
        if self.cycle is None:
            self.transport.write(_BAD)
            self.transport.close()
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._within("reading", self._settings.reading_timeout.total_seconds())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._in_time("reading")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._in_time("request")
        self._within("reading", self._settings.reading_timeout.total_seconds())  # the rest of it is with the system

    def _within(self, what: str, seconds: float) -> None:
        self._in_time(what)
        self._clocks[what] = self.loop.call_later(seconds, self.transport.abort)

    def _in_time(self, what: str) -> None:
        if clock := self._clocks.pop(what, None):
            clock.cancel()


class WebDoor:
    """The listener in the running loop."""

    def __init__(self, settings: WebSettings, visits: AnswersVisitors) -> None:
        self._settings, self._visits = settings, visits
        self.host, self.port = settings.place
        self._server: asyncio.Server | None = None
        self._state = ServerState()
        self._visitors = Visitors(settings)

    async def start(self) -> None:
        """Raises OSError where its place is taken."""
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        site = Site(self._visits, self._settings, self._pool)
        config = Config(
            site, http=Visit, ws="none", lifespan="off", loop="none", interface="asgi3", log_config=None, access_log=False,
            proxy_headers=False, server_header=False, date_header=False, h11_max_incomplete_event_size=self._settings.max_head,
        )  # fmt: skip
        config.load()
        visit: Callable[[], Any] = partial(Visit, self._settings, self._visitors, config, self._state)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(visit, self.host or None, self.port, backlog=BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, seconds: float) -> None:
        """Nobody is let in any more; who is being answered has so many seconds."""
        if self._server is None:
            return
        self._server.close()
        for one in list(self._state.connections):
            if isinstance(one, Visit) and one.cycle is None:
                one.transport.abort()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._visitors.nobody.wait(), seconds)
        for one in list(self._state.connections):
            one.transport.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)
