"""A relay that fails by chance, in sixteen ways, and remembers every letter that it took and every one that it refused."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

CONNECT, DOT = "connect", "."


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at a command. `say` "": nothing is said; `wait`: nothing is said until the other side gives up."""

    at: str
    say: str
    close: bool = False
    wait: bool = False

    @property
    def refuses(self) -> bool:
        return self.say.startswith("5")

    @property
    def keeps(self) -> bool:
        """Whether the relay has the letter although it did not say so."""
        return self.at == DOT and not re.match("[45]", self.say)


FAULTS = (
    Fault("MAIL", "450 4.3.0 later"),
    Fault("MAIL", "451-4.3.0 not now,\r\n451 4.3.0 and not for long"),
    Fault("MAIL", "553 5.1.8 not from you"),
    Fault("MAIL", "421 4.3.2 going down", close=True),
    Fault("RCPT", "451 4.2.1 greylisted"),
    Fault("RCPT", "550 5.1.1 no such user"),
    Fault("RCPT", "421 4.3.2 going down", close=True),
    Fault("RCPT", "", close=True),
    Fault("RCPT", "", wait=True),
    Fault("DATA", "452 4.3.1 no room"),
    Fault(DOT, "451 4.3.0 not now"),
    Fault(DOT, "554 5.6.0 not this"),
    Fault(DOT, "421 4.3.2 going down, and the letter with it", close=True),
    Fault(DOT, "", close=True),  # it has the letter, and dies before it says so
    Fault(DOT, "", wait=True),
    Fault(DOT, "\x00HTTP/1.1 200 OK"),
)
#: Faults of a whole connection, which say nothing about a letter.
AT_THE_DOOR = (Fault(CONNECT, "554 5.3.2 not today", close=True), Fault("EHLO", "502 5.5.1 no such command"), Fault("EHLO", "", close=True))


@dataclass
class Copy:
    """A letter that the relay has."""

    letter: str  #: its id, by the bounce address
    data: bytes
    said: bool  #: whether it said 250
    followed: bool = False  #: whether another command came on the same connection afterwards


@dataclass
class Ledger:
    copies: dict[str, list[Copy]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def taken(self) -> int:
        return sum(map(len, self.copies.values()))


class RelaySink:
    """In a thread and loop of its own. `share` of the letters meet a fault."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.chance, self.ledger = share, random.Random(seed), Ledger()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay-sink", daemon=True)

    def start(self) -> int:
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in mine:
                task.cancel()
            await asyncio.gather(*mine, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(self, reader, writer).hold()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side was killed, or had enough
        finally:
            writer.close()


class _Conversation:
    def __init__(self, sink: RelaySink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.fault: Fault | None = None
        self.letter = ""
        self.last: Copy | None = None

    async def hold(self) -> None:
        door = self.sink.chance.choice(AT_THE_DOOR) if self.sink.chance.random() < self.sink.share / 4 else None
        self.fault = door
        if not await self._answer(CONNECT, "220 sink ESMTP"):
            return
        while True:
            line = (await self.reader.readuntil(b"\r\n"))[:-2].decode()
            verb = line.partition(" ")[0].upper()
            if self.last is not None:
                self.last.followed = True
            match verb:
                case "EHLO":
                    good = await self._answer(verb, "250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000")
                case "HELO":
                    good = await self._answer(verb, "250 sink")
                case "MAIL":
                    found = re.search(r"\+([0-9a-z]{8})\.b\.", line)
                    self.letter = found[1].upper() if found else ""
                    chance = self.sink.chance
                    self.fault = chance.choice(FAULTS) if chance.random() < self.sink.share else None
                    good = await self._answer(verb, "250 2.1.0 fine")
                case "DATA":
                    good = await self._answer(verb, "354 go on")
                    if good and self.done is None:
                        good = await self._take()
                case "QUIT":
                    await self._say("221 bye")
                    return
                case _:
                    good = await self._answer(verb, "250 2.0.0 fine")
            if not good:
                return

    #: Set when the fault of this letter has happened at DATA: no letter follows then.
    done: Fault | None = None

    async def _answer(self, at: str, good: str) -> bool:
        """False: the conversation is over."""
        fault = self.fault if self.fault is not None and self.fault.at == at else None
        if fault is None:
            self.done = None
            await self._say(good)
            return True
        self.sink.ledger.faults[f"{fault.at} {fault.say[:3] or ('wait' if fault.wait else 'close')}"] += 1
        if fault.refuses and at not in (CONNECT, "EHLO"):
            self.sink.ledger.refused[self.letter] += 1
        self.done = fault
        if fault.wait:
            await self.reader.read()  # until they hang up
            return False
        if fault.say:
            await self._say(fault.say)
        return not fault.close

    async def _take(self) -> bool:
        whole = b"\r\n" + await self.reader.readuntil(b"\r\n.\r\n")
        data = re.sub(rb"(?m)^\.", b"", whole[2:-3])
        if self.fault is None or self.fault.at != DOT or self.fault.keeps:
            self.last = Copy(self.letter, data, said=self.fault is None or self.fault.at != DOT)
            self.sink.ledger.copies.setdefault(self.letter, []).append(self.last)
        else:
            self.last = None
        return await self._answer(DOT, "250 2.0.0 queued")

    async def _say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()
