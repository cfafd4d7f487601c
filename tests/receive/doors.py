"""A door that listens on loopback, a gateway that remembers, and a client that sends exactly the octets it is told to."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from mailgate.model.installation import DoorSettings
from mailgate.model.mail import Arrival
from mailgate.receive.smtp import MailDoor

NOON = datetime(2031, 5, 6, 12, 0, 0, tzinfo=UTC)
PATIENCE = 60.0  # seconds until a test that waits for the door gives up

T = TypeVar("T")


class Gateway:
    """Remembers what it accepted. May be told to fail, or to take its time."""

    def __init__(self, *mailboxes: str) -> None:
        self.mailboxes = set(mailboxes or ("support@desk.example", "sales@desk.example"))
        self.arrivals: list[Arrival] = []
        self.asked: list[str] = []
        self.trouble: BaseException | None = None
        self.slow = False  #: `accept` waits until `finish`
        self.begun = threading.Event()
        self.done = threading.Event()
        self._finish: asyncio.Event | None = None

    def desk_of(self, recipient: str) -> str | None:
        self.asked.append(recipient)
        if recipient == "explode@desk.example":
            raise RuntimeError("secret-db-password")
        return "it" if recipient in self.mailboxes else None

    async def accept(self, arrival: Arrival) -> None:
        self._finish = asyncio.Event()
        self.begun.set()
        if self.slow:
            await self._finish.wait()
        if self.trouble is not None:
            raise self.trouble
        self.arrivals.append(arrival)
        self.done.set()

    def finish(self) -> None:
        assert self._finish is not None
        self._finish.set()


class OpenDoor:
    """A door and the loop it lives in."""

    def __init__(self, door: MailDoor, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        self.door = door
        self.gateway = gateway
        self.loop = loop
        self.unhandled: list[dict[str, Any]] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def call(self, function: Callable[[], T]) -> T:
        async def inside() -> T:
            return function()

        return self.run(inside())

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until this holds."""

        async def turn() -> None:
            while not condition():
                await asyncio.sleep(0)

        self.run(asyncio.wait_for(turn(), PATIENCE))

    def nobody_speaks(self) -> bool:
        """Whether the door has seen that each client closed its side, or is gone."""
        return all(session._half_closed for session in self.door._door.sessions)

    def client(self, host: str = "127.0.0.1") -> Client:
        return Client(socket.create_connection((host, self.door.port), PATIENCE))


@contextmanager
def open_door(gateway: Gateway | None = None, tls: ssl.SSLContext | None = None, **settings: Any) -> Iterator[OpenDoor]:
    """A door on a free port. At its end: nothing went wrong unseen, nobody is left inside, every octet is given back."""
    gateway = gateway or Gateway()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    chosen = DoorSettings(**{"port": 0, "hostname": "gate.example", **settings})
    here = OpenDoor(MailDoor(chosen, gateway, lambda: NOON, tls), gateway, loop)
    loop.set_exception_handler(lambda _, context: here.unhandled.append(context))
    try:
        here.run(here.door.start())
        yield here
    finally:
        here.run(here.door.stop(0.4))
        left = (here.door.connections, here.door.bytes_in_flight)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    assert here.unhandled == []
    assert left == (0, 0)


class Client:
    """Speaks to a door octet by octet."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self._read = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, octets: bytes) -> None:
        self.sock.sendall(octets)

    def line(self) -> str:
        while b"\r\n" not in self._read:
            piece = self.sock.recv(65536)
            if not piece:
                raise EOFError(self._read)
            self._read += piece
        line, _, self._read = self._read.partition(b"\r\n")
        return line.decode()

    def reply(self) -> str:
        """One whole reply; several lines joined by line feeds."""
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def ask(self, command: str | bytes) -> str:
        self.send((command.encode() if isinstance(command, str) else command) + b"\r\n")
        return self.reply()

    def drip(self, octets: bytes) -> str:
        """Send these again and again, until the door has had enough; what it says then."""
        while not self._read and not select.select([self.sock], [], [], 0.01)[0]:
            self.send(octets)
        return self.reply()

    def reset(self) -> None:
        """Hang up the hard way: the door gets a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def is_closed(self) -> bool:
        """Whether the door says nothing more and hangs up."""
        if self._read:
            return False
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True

    def until_data(self, *recipients: str, hello: str = "EHLO", sender: str = "alice@customer.example") -> Client:
        """Everything up to the 354, each reply as expected."""
        assert self.reply().startswith("220 ")
        assert self.ask(f"{hello} client.example").startswith("250")
        self.envelope(*recipients, sender=sender)
        return self

    def envelope(self, *recipients: str, sender: str = "alice@customer.example") -> None:
        assert self.ask(f"MAIL FROM:<{sender}>").startswith("250 2.1.0")
        for recipient in recipients or ("support@desk.example",):
            assert self.ask(f"RCPT TO:<{recipient}>").startswith("250 2.1.5")
        assert self.ask("DATA").startswith("354 ")

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")


MAIL = b"From: alice@customer.example\r\nSubject: The printer is on fire\r\n\r\nIt burns.\r\n"
