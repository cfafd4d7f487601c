"""Two nodes on one PostgreSQL that is killed again and again, one node paused past its leases: every mail and every letter once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.stage import DemoMailboxes
from mailgate.cli.demo import configuration
from mailgate.record.store import Store, open_store
from tests import databases
from tests.nodes.a_node import LEASE
from tests.servers import postgresql
from tests.servers.postfix import free_port
from tests.storm.storm import SUPPORT, Client

LIMITS = ("per_address_hour = 3", "per_address_day = 10", "unknown_per_minute = 20", "known_per_minute = 600", "notices_per_hour = 30 ")
#: Nodes look often, so that both have a share of everything.
ROUNDS = '[rounds]\nread = "1s"\nclocks = "1s"\nsend = "1s"\n'


@dataclass(frozen=True, slots=True)
class Result:
    sent: int
    acked: int  #: answered 250, by the clients' ledgers
    lost: int  #: answered 250 and in no entry
    twice: int  #: in more than one entry
    letters: int
    letters_lost: int  #: sent, says the record, and in nobody's mailbox
    letters_twice: int  #: in a mailbox twice, and the record does not know that this may have been
    flagged: int  #: in a mailbox twice, and the record knows that it may have been
    numbers_twice: int  #: ticket numbers in more than one acknowledgement's subject
    restarts: int
    pauses: int
    shares: tuple[int, int]  #: mails that each node took in

    @property
    def failed(self) -> int:
        return self.lost + self.twice + self.letters_lost + self.letters_twice + self.numbers_twice


class Node:
    """One `serve` as a process of its own."""

    def __init__(self, folder: Path, config: Path, words: tuple[str, ...]) -> None:
        self.folder, self.config, self.port = folder, config, 0
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, port: int) -> None:
        self.port = port
        with (self.folder / f"{self.config.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.nodes.a_node", "--config", str(self.config), *self.words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip

    def wait_until_it_listens(self) -> None:
        until = time.monotonic() + 180
        while True:
            assert self.process is not None and self.process.poll() is None, self.log
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                    return
            except (OSError, smtplib.SMTPException):
                assert time.monotonic() < until, self.log
                time.sleep(0.05)

    @property
    def log(self) -> str:
        return (self.folder / f"{self.config.name}.log").read_text(errors="replace")[-4000:]

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.ask_to_end()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def end_all(nodes: list[Node]) -> None:
    for node in nodes:
        node.ask_to_end()
    for node in nodes:
        node.end()


#: How often a server did not hear our 250 and sends the same mail once more.
AGAIN = 0.1


class Sender(Client):
    """Tries now this node, now that one, as a mail server with two MX does."""

    def __init__(self, ports: list[int], names: list[str], seed: int, over: threading.Event) -> None:
        super().__init__(ports[0], names, seed, over)
        self.ports = ports
        self.taken_by: Counter[int] = Counter()

    def run(self) -> None:
        for name in self.names:
            raw = self.mail(name)
            while not self.over.is_set():
                port = self.random.choice(self.ports)
                try:
                    with smtplib.SMTP("127.0.0.1", port, timeout=8) as smtp:
                        smtp.sendmail(f"{name}@example.com", [SUPPORT], raw)
                except (OSError, smtplib.SMTPException):
                    time.sleep(self.random.uniform(0.01, 0.1))
                    continue
                if name not in self.ledger:
                    self.ledger.append(name)
                    self.taken_by[port] += 1
                if self.random.random() > AGAIN:
                    break


def two(folder: Path, relay: int, ports: list[int], words: tuple[str, ...], more: Callable[[Path], None] = lambda _: None) -> list[Node]:
    """Two nodes that share everything but their door, not started yet. `more` edits the configuration."""
    nodes: list[Node] = []
    for number, port in enumerate(ports):
        config = folder / f"node{number}"
        if number == 0:
            configuration(config, relay, port)
            databases.configure(config)
            policy = (config / "policy.toml").read_text()
            for limit in LIMITS:
                policy = policy.replace(limit, f'{limit.partition("=")[0]}= "none"')
            (config / "policy.toml").write_text(policy)
            text = (config / "mailgate.toml").read_text()
            text = text.replace("[rounds]\n", ROUNDS).replace("[reader]\n", "[reader]\nbatch = 10\n")
            (config / "mailgate.toml").write_text(text)
            more(config)
        else:
            shutil.copytree(nodes[0].config, config)
            text = (config / "mailgate.toml").read_text()
            (config / "mailgate.toml").write_text(text.replace(f"port = {ports[0]}", f"port = {port}"))
        nodes.append(Node(folder, config, words))
    if "key" in words:
        with open_store(settings.load(nodes[0].config).database, wall_clock()) as store:
            databases.look(store, "alter table inbox drop constraint uq_inbox_desk_digest")
    return nodes


def run(
    folder: Path,
    mails: int = 200,
    clients: int = 6,
    restarts: int = 2,
    pauses: int = 1,
    seed: int = 1,
    words: tuple[str, ...] = (),
    lease: timedelta = LEASE,
) -> Result:
    cluster = postgresql.own_cluster()
    chance = random.Random(seed)
    boxes = DemoMailboxes()
    relay, ports = boxes.start(), [free_port(), free_port()]
    nodes = two(folder, relay, ports, ("--lease", str(lease.total_seconds()), *words))
    over = threading.Event()
    names = [f"m{index}" for index in range(mails)]
    senders = [Sender(ports, names[number::clients], seed * 1000 + number, over) for number in range(clients)]
    try:
        for node, port in zip(nodes, ports, strict=True):
            node.start(port)
        for node in nodes:
            node.wait_until_it_listens()
        for sender in senders:
            sender.start()

        def until_taken(share: float) -> None:
            until = time.monotonic() + 240
            while sum(len(s.ledger) for s in senders) < mails * share and any(s.is_alive() for s in senders):
                assert time.monotonic() < until, nodes[0].log + nodes[1].log
                time.sleep(0.01)

        steps = ["restart"] * restarts + ["pause"] * pauses
        chance.shuffle(steps)
        for turn, step in enumerate(steps):
            until_taken((turn + 1) / (len(steps) + 2))
            time.sleep(chance.uniform(0.0, 0.05))
            if step == "restart":
                cluster.restart()
            else:
                sleeper = chance.choice(nodes)
                sleeper.signal(signal.SIGSTOP)
                time.sleep(lease.total_seconds() + 2)
                sleeper.signal(signal.SIGCONT)
        for sender in senders:
            sender.join(300)
        with open_store(settings.load(nodes[0].config).database, wall_clock(), check=False) as store:
            wait_until_quiet(store, nodes)
            end_all(nodes)
            taken = sum((s.taken_by for s in senders), Counter[int]())
            shares = (taken[ports[0]], taken[ports[1]])
            return count(store, boxes, mails, [n for s in senders for n in s.ledger], restarts, pauses, shares)
    finally:
        over.set()
        end_all(nodes)
        boxes.stop()


def wait_until_quiet(store: Store, nodes: list[Node], timeout: float = 1500.0) -> None:
    until = time.monotonic() + timeout
    while True:
        health = store.standing.health(wall_clock())
        moving = sum(health.inbox.get(state, 0) for state in ("waiting", "claimed"))
        moving += sum(health.outbox.get(state, 0) for state in ("queued", "sending", "deferred"))
        if not moving:
            return
        assert time.monotonic() < until, f"never quiet: {health}\n{nodes[0].log}\n{nodes[1].log}"
        time.sleep(0.2)


def count(store: Store, boxes: DemoMailboxes, sent: int, acked: list[str], restarts: int, pauses: int, shares: tuple[int, int]) -> Result:
    entries = Counter(
        text.split("\n")[0].removeprefix("storm-").strip()
        for (text,) in databases.look(store, "select text from entries where text like 'storm-%'")
    )
    rows = databases.look(store, "select message_id, attempts, doubted, event, state from letters")
    arrived = Counter(letter.header("Message-ID") for letter in boxes.letters)
    # An attempt that nobody heard the end of is counted when its lease has run out: the record knows that there may be a copy.
    may_be_twice = {message_id for message_id, attempts, doubted, _, _ in rows if attempts > 1 or doubted}
    repeated = {message_id for message_id, times in arrived.items() if times > 1}
    subjects = Counter(
        letter.header("Subject").rpartition("[")[2].rpartition("-")[0]
        for letter in {one.header("Message-ID"): one for one in boxes.letters}.values()
        if letter.recipient.endswith("@example.com")
    )
    return Result(
        sent=sent,
        acked=len(acked),
        lost=sum(1 for name in acked if entries[name] == 0),
        twice=sum(1 for times in entries.values() if times > 1),
        letters=len(rows),
        letters_lost=sum(1 for message_id, *_, state in rows if state == "sent" and not arrived[message_id]),
        letters_twice=len(repeated - may_be_twice),
        flagged=len(repeated & may_be_twice),
        numbers_twice=sum(1 for times in subjects.values() if times > 1),
        restarts=restarts,
        pauses=pauses,
        shares=shares,
    )
