"""A stage for the demo and for journeys: mailboxes on loopback that take letters by real SMTP and remember all of them."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from functools import lru_cache
from time import monotonic

from aiosmtpd.smtp import SMTP, Envelope, Session


@lru_cache(1024)
def _read(data: bytes) -> Message:
    """Who waits for a letter looks into all that are there, again and again."""
    return message_from_bytes(data)


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as it lies in somebody's mailbox."""

    recipient: str
    reverse_path: str
    data: bytes

    @property
    def message(self) -> Message:
        """To be looked at: whoever changes it changes it for all."""
        return _read(self.data)

    def header(self, name: str) -> str:
        value = self.message.get(name)
        return " ".join(str(make_header(decode_header(value))).split()) if value else ""

    @property
    def text(self) -> str:
        """Its first plain text part."""
        for part in self.message.walk():
            if part.get_content_type() == "text/plain" and not part.get_filename():
                payload = part.get_payload(decode=True)
                return payload.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(payload, bytes) else ""
        return ""

    @property
    def reply_address(self) -> str:
        """Where a mail client sends an answer to."""
        found = getaddresses([self.message.get("Reply-To") or self.message.get("From") or ""])
        return found[0][1] if found else ""


class DemoMailboxes:
    """Everybody's mailbox behind one SMTP listener, in a loop of its own. `refuse` names addresses that do not exist."""

    def __init__(self, refuse: frozenset[str] = frozenset()) -> None:
        self.letters: list[Received] = []
        self.refuse = refuse
        self.reply: Callable[[int], str] = lambda count: "250 2.0.0 OK"  #: to the end of DATA, after so many letters
        self._arrived = threading.Condition()
        self._taken: set[int] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailboxes", daemon=True)

    def start(self) -> int:
        """Listens on a free port of loopback and returns it."""
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    async def _listen(self) -> int:
        self._server = await self._loop.create_server(
            lambda: SMTP(self, hostname="mailboxes.example", enable_SMTPUTF8=True, loop=self._loop), "127.0.0.1", 0
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            for task in asyncio.all_tasks(self._loop) - {asyncio.current_task()}:
                task.cancel()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address.lower() in self.refuse:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        data = envelope.original_content or b""
        with self._arrived:
            self.letters.extend(Received(address, (envelope.mail_from or "").strip("<>"), data) for address in envelope.rcpt_tos)
            self._arrived.notify_all()
        return self.reply(len(self.letters))

    def take(self, wanted: Callable[[Received], bool], timeout: float = 100.0) -> Received:
        """The first letter of this kind that was not taken before. Waits for it; raises TimeoutError that names what is there."""
        until = monotonic() + timeout
        with self._arrived:
            while True:
                for index, letter in enumerate(self.letters):
                    if index not in self._taken and wanted(letter):
                        self._taken.add(index)
                        return letter
                if not self._arrived.wait(until - monotonic()) and monotonic() >= until:
                    there = [f"{one.recipient}: {one.header('Subject')}" for i, one in enumerate(self.letters) if i not in self._taken]
                    raise TimeoutError(f"no such letter; not taken yet: {there}")
