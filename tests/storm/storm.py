"""The kill storm: clients send mail while the gateway is killed again and again; a ledger of what was answered 250 is the judge."""

from __future__ import annotations

import os
import random
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.cli.init import write_configuration
from mailgate.record.store import open_store
from tests import databases

SUPPORT = "support@example.org"
#: As users start it.
SERVE = (sys.executable, "-m", "mailgate", "serve")
#: The same program with its commit moved behind the 250: the harness must notice.
SERVE_TOO_EARLY = (sys.executable, "-m", "tests.storm.too_early")


@dataclass(frozen=True, slots=True)
class Result:
    sent: int
    acked: int  #: answered 250, by the clients' ledgers
    lost: int  #: answered 250 and not in any entry
    twice: int  #: in more than one entry
    acknowledged_twice: int  #: tickets with more than one acknowledgement, and letters that left more than once
    kills: int

    @property
    def failed(self) -> int:
        return self.lost + self.twice + self.acknowledged_twice


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Gateway:
    """The program as a process of its own, started and killed."""

    def __init__(self, folder: Path, serve: tuple[str, ...]) -> None:
        self.folder, self.serve, self.port = folder, serve, free_port()
        write_configuration(
            folder / "config",
            {
                'kind = "lmtp" ': 'kind = "smtp" ',
                "port = 2424": f"port = {self.port}",
                "per_address_hour = 3": 'per_address_hour = "none"',
                "per_address_day = 10": 'per_address_day = "none"',
                "# workers = 2 ": "workers = 1 ",  # each start after a kill costs their start
                "unknown_per_minute = 20": 'unknown_per_minute = "none"',
                "known_per_minute = 600": 'known_per_minute = "none"',
            },
        )
        databases.configure(folder / "config")
        self.settings = settings.load(folder / "config")
        databases.ensure(self.settings.database, wall_clock())
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "serve.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*self.serve, "--config", str(self.folder / "config")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )

    def wait_until_it_listens(self, timeout: float = 180.0) -> None:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                    if peer.recv(4).startswith(b"220"):
                        return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"the gateway does not listen: {(self.folder / 'serve.log').read_text()[-2000:]}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(100)


class Client(threading.Thread):
    """Sends its mails one after the other, each until it is answered 250, as a mail server does; writes down what was answered."""

    def __init__(self, port: int, names: list[str], seed: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.names, self.random, self.over = port, names, random.Random(seed), over
        self.ledger: list[str] = []

    def run(self) -> None:
        for name in self.names:
            raw = self.mail(name)
            while not self.over.is_set():
                try:
                    with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as smtp:
                        smtp.sendmail(f"{name}@example.com", [SUPPORT], raw)
                    self.ledger.append(name)
                    break
                except (OSError, smtplib.SMTPException):
                    time.sleep(self.random.uniform(0.05, 0.25))  # while it starts, all of them knock

    def mail(self, name: str) -> bytes:
        filler = "".join(self.random.choices("abcdefghij \n", k=self.random.choice((200, 3000, 20000))))
        return (
            f"From: {name}@example.com\r\nTo: {SUPPORT}\r\nSubject: storm {name}\r\nMessage-ID: <{name}@example.com>\r\n"
            f"Date: Mon, 1 Jun 2026 08:00:00 +0000\r\n\r\nstorm-{name}\r\n{filler.replace(chr(10), chr(13) + chr(10))}\r\n"
        ).encode()


def storm(folder: Path, mails: int = 300, clients: int = 8, kills: int = 10, seed: int = 1, serve: tuple[str, ...] = SERVE) -> Result:
    """Runs the storm and counts. The gateway is killed between mails, in them and in the rounds: whenever it happens."""
    chance = random.Random(seed)
    gateway = Gateway(folder, serve)
    gateway.start()
    gateway.wait_until_it_listens()
    over = threading.Event()
    names = [f"m{index}" for index in range(mails)]
    senders = [Client(gateway.port, names[number::clients], seed * 1000 + number, over) for number in range(clients)]
    for sender in senders:
        sender.start()
    killed = 0
    try:
        while killed < kills:
            # By progress, not by time alone: each life of the gateway takes some mails in before it ends.
            mark = sum(len(s.ledger) for s in senders) + max(1, mails // (kills + 3))
            until = time.monotonic() + 100
            while sum(len(s.ledger) for s in senders) < mark and time.monotonic() < until and any(s.is_alive() for s in senders):
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.05))
            gateway.kill()
            killed += 1
            gateway.start()
            gateway.wait_until_it_listens()
        for sender in senders:
            sender.join(120)
    finally:
        over.set()
    acked = [name for sender in senders for name in sender.ledger]
    wait_until_quiet(gateway)
    gateway.end()
    return count(gateway, mails, acked, killed)


def wait_until_quiet(gateway: Gateway, timeout: float = 120.0) -> None:
    """Every mail is read and every letter has been tried."""
    store = open_store(gateway.settings.database, wall_clock(), check=False)
    try:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            health = store.standing.health(wall_clock())
            if not health.inbox.get("waiting") and not health.inbox.get("claimed") and not health.outbox.get("queued"):
                return
            time.sleep(0.1)
        raise TimeoutError(f"never quiet: {health}")
    finally:
        store.close()


def count(gateway: Gateway, sent: int, acked: list[str], kills: int) -> Result:
    store = open_store(gateway.settings.database, wall_clock())
    try:
        entries: Counter[str] = Counter()
        acknowledgements: Counter[int] = Counter()
        tickets = store.tickets.listed((), 100000)
        for ticket in tickets:
            for entry in store.tickets.files([ticket.number])[ticket.number].entries:
                if entry.text.startswith("storm-"):
                    entries[entry.text.split("\n")[0].removeprefix("storm-").strip()] += 1
            acknowledgements[ticket.number] += sum(
                1
                for row in store.outbox.of_ticket(ticket.number)
                if row.letter.event == "ticket_opened" and row.letter.audience == "requester"
            )
    finally:
        store.close()
    left = Counter(
        path.read_bytes().split(b"Message-ID: ")[1].split(b"\r\n")[0] for path in (gateway.folder / "config" / "outgoing" / "new").glob("*")
    )
    lost = sum(1 for name in acked if entries[name] == 0)
    twice = sum(1 for times in entries.values() if times > 1)
    again = sum(1 for times in acknowledgements.values() if times != 1) + sum(1 for times in left.values() if times > 1)
    return Result(sent, len(acked), lost, twice, again, kills)
