"""Everything that may come at once, against a `serve` of its own: slow peers, large mails that wait, a mail of files, one sender's flood.

Looked at from outside: how long an ordinary requester waits for the acknowledgement, how much memory the whole tree of processes takes
(PSS: what is shared counts once), and how long SIGTERM takes while all of it goes on.
"""

from __future__ import annotations

import signal
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.served import Served
from tests.journeys.test_many_files import in_texts, uuencoded
from tests.journeys.world import SUPPORT, edit

MIB = 1024 * 1024
PATIENCE, MEMORY, DRAIN = 30.0, 600.0, 10.0


@dataclass(frozen=True)
class Load:
    """How much of everything."""

    peers: int = 200
    large: int = 24
    size: int = 25 * MIB
    tickets: int = 2_000
    requesters: int = 6
    octets: str = '"8MiB"'  #: of [reader]


SHORT = Load(peers=20, large=8, size=8 * MIB, tickets=60, requesters=2)


@dataclass
class Result:
    load: Load
    waited: list[float] = field(default_factory=list)  #: seconds of each ordinary requester
    most: float = 0.0  #: MiB of the tree
    drained: float = 0.0
    code: int | None = None
    stored: int = 0  #: mails that were answered 250
    kept: int = 0  #: of these, in the record
    aside: int = 0

    @property
    def faults(self) -> list[str]:
        found = [f"an ordinary requester waited {seconds:.0f} s" for seconds in self.waited if seconds > PATIENCE]
        if self.most > MEMORY:
            found.append(f"the tree took {self.most:.0f} MiB")
        if self.drained > DRAIN or self.code != 0:
            found.append(f"SIGTERM took {self.drained:.1f} s, exit code {self.code}")
        if self.kept < self.stored:
            found.append(f"{self.stored - self.kept} mails were answered 250 and are gone")
        return found


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child))


def pss(pid: int) -> float:
    """MiB."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            rows = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)
    return total / 1024


class SlowPeers:
    """Each from an address of its own, within a mail that it says octet by octet, and never ends."""

    def __init__(self, port: int, count: int) -> None:
        self._port, self._count = port, count
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        peers: list[tuple[socket.socket, int]] = []
        while not self._over.wait(1.0):
            for number in range(min(20, self._count - len(peers))):
                with suppress(OSError):
                    peers.append((self._begin(len(peers) + number), len(peers)))
            for sock, place in list(peers):
                try:
                    sock.send(b"x")
                except BlockingIOError:
                    continue
                except OSError:  # the door had enough of it: another comes in its place
                    sock.close()
                    peers.remove((sock, place))
        for sock, _ in peers:
            sock.close()

    def _begin(self, number: int) -> socket.socket:
        with ExitStack() as unless_it_stands:
            sock = unless_it_stands.enter_context(socket.socket())
            sock.bind((f"127.1.{number // 200}.{number % 200 + 1}", 0))
            sock.settimeout(2)
            sock.connect(("127.0.0.1", self._port))
            for words in (b"", b"EHLO slow\r\n", b"MAIL FROM:<slow@example.net>\r\n", b"RCPT TO:<support@example.org>\r\n", b"DATA\r\n"):
                sock.sendall(words)
                sock.recv(4096)
            sock.settimeout(0)
            unless_it_stands.pop_all()
        return sock


def deliver(port: int, raw: bytes, sender: str) -> bool:
    """As a server of this machine does, which comes again when it is told to; whether it was told 250."""
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail(sender, [SUPPORT], raw)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def a_mail(name: str, sender: str, text: str = "It prints nothing.") -> bytes:
    head = f"From: {sender}\r\nTo: {SUPPORT}\r\nSubject: {name}\r\nMessage-ID: <{name}@{sender.partition('@')[2]}>\r\n\r\n"
    return head.encode() + text.encode() + b"\r\n"


def a_large_mail(number: int, size: int) -> bytes:
    head = (
        f"From: large@example.net\r\nTo: {SUPPORT}\r\nSubject: large {number}\r\nMessage-ID: <large{number}@example.net>\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n"
        "--b\r\nContent-Type: application/x; name=film.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    line = f"{number:04d}".encode() * 19 + b"\r\n"
    return head.encode() + line * (size // len(line)) + b"--b--\r\n"


def run(folder: Path, load: Load = Load()) -> Result:
    result = Result(load)

    def changes(config: Path) -> None:
        edit(
            config,
            "mailgate.toml",
            ('# max_bytes_in_flight = "256MiB"', 'max_bytes_in_flight = "64MiB" #'),
            ('# octets = "8MiB"', f"octets = {load.octets} #"),
        )

    with Served(folder, changes) as served:
        over = threading.Event()
        lock = threading.Lock()

        def watch() -> None:
            while not over.wait(0.25):
                result.most = max(result.most, pss(served.process.pid))

        def until_taken(raw: bytes, sender: str) -> None:
            while not over.is_set():
                if deliver(served.port, raw, sender):
                    with lock:
                        result.stored += 1
                    return
                over.wait(0.5)

        def large() -> None:
            until_taken(in_texts(uuencoded), "eve@example.net")
            for number in range(load.large):
                until_taken(a_large_mail(number, load.size), "large@example.net")

        def flood() -> None:
            for number in range(load.tickets):
                if over.is_set():
                    return
                until_taken(a_mail(f"flood{number}", "flood@example.net"), "flood@example.net")

        def acknowledged(name: str) -> Callable[[], bool]:
            return lambda: any(one.recipient == f"{name}@example.com" for one in served.boxes.letters)

        peers = SlowPeers(served.port, load.peers)
        watcher = threading.Thread(target=watch, daemon=True)
        others = [threading.Thread(target=work, daemon=True) for work in (large, flood)]
        for thread in (watcher, *others):
            thread.start()
        try:
            for number in range(load.requesters):
                over.wait(5)
                name = f"ordinary{number}"
                began = time.monotonic()
                until_taken(a_mail(name, f"{name}@example.com"), f"{name}@example.com")
                with suppress(AssertionError):
                    served.until(acknowledged(name), 2 * PATIENCE)
                result.waited.append(time.monotonic() - began)
        finally:
            began = time.monotonic()
            served.signal(signal.SIGTERM)
            with suppress(Exception):
                result.code = served.process.wait(60)
            result.drained = time.monotonic() - began
            over.set()
            peers.stop()
            for thread in (watcher, *others):
                thread.join(90)
        with served.store() as store:
            rows = store.inbox.rows(None, 10 * (load.tickets + load.large + load.requesters + 1))
            result.kept, result.aside = len(rows), sum(row.state == "set_aside" for row in rows)
    return result
