"""Two nodes on one PostgreSQL and one mailbox of a real Dovecot: whoever reads it is killed or paused where that hurts most.

That is between the commit of a batch and the cursor behind it: the batch is fetched again by the other node. UIDs begin with 1, so the
cursor says how many mails are behind it.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.stage import DemoMailboxes
from mailgate.record.store import Store, open_store
from tests import databases
from tests.nodes.two_nodes import Node, Result, count, end_all, two, wait_until_quiet
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.servers.postfix import free_port
from tests.storm.storm import Client

USER = "desk@example.org"
MAILBOX = f"""
[[mailboxes]]
name = "support"
desk = "it"
host = "127.0.0.1"
port = {{port}}
tls = "none"
user = "{USER}"
password_file = "password"
poll = "5s"

[relay]
"""


@dataclass(frozen=True, slots=True)
class Polled:
    result: Result
    unflagged: int  #: mails that the mailbox still shows as unread
    readers: int  #: processes that held the folder, one after the other
    kills: int
    pauses: int

    @property
    def failed(self) -> int:
        return self.result.failed + self.unflagged


class Box:
    """The mailbox from both sides: what Dovecot holds, and what the record says about it."""

    def __init__(self, dovecot: Dovecot, store: Store, nodes: list[Node]) -> None:
        self.dovecot, self.store, self.nodes = dovecot, store, nodes
        self.readers: list[int] = []  #: process ids, in order
        self.filled = 0

    def fill(self, mails: list[bytes]) -> None:
        with self.dovecot.client(USER) as client:
            for raw in mails:
                client.append("INBOX", raw)
        self.filled += len(mails)

    def look(self) -> tuple[int | None, int, int]:
        """Process id of who holds the folder, mails behind the cursor, mails in the inbox."""
        [(holder, last, rows)] = databases.look(
            self.store,
            "select (select holder from mailbox_folders), (select coalesce(last_uid, 0) from mailbox_folders), "
            "(select count(*) from inbox)",
        )
        reader = int(holder.split(".")[1]) if holder else None
        if reader is not None and self.readers[-1:] != [reader]:
            self.readers.append(reader)
        return reader, last, rows

    def until(self, what: Callable[[], Any], seconds: float = 120) -> Any:
        """What `what` says, once it is true."""
        end = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < end, f"{self.look()}\n{self.nodes[0].log}\n{self.nodes[1].log}"
            time.sleep(0.01)
        return found

    def reader_between_commit_and_cursor(self) -> Node:
        """Waits for the moment. The record and the cursor differ then, whichever is ahead."""

        def now() -> Node | None:
            reader, last, rows = self.look()
            if last == rows:
                return None
            return next((node for node in self.nodes if node.process is not None and node.process.pid == reader), None)

        found: Node = self.until(now)
        return found

    def other_reads(self, node: Node) -> None:
        """Waits until somebody else has the folder."""
        assert node.process is not None
        gone = node.process.pid
        self.until(lambda: self.look()[0] not in (gone, None))


def run(
    folder: Path, mails: int = 100, kills: int = 1, pauses: int = 1, seed: int = 1, window: float = 0.3, words: tuple[str, ...] = ()
) -> Polled:
    boxes = DemoMailboxes()
    relay, ports = boxes.start(), [free_port(), free_port()]
    names = [f"m{index}" for index in range(mails)]
    writer = Client(0, names, seed, threading.Event())
    raws = [writer.mail(name) for name in names]
    with running_dovecot() as dovecot:

        def mailbox(config: Path) -> None:
            text = (config / "mailgate.toml").read_text()
            (config / "mailgate.toml").write_text(text.replace("\n[relay]\n", MAILBOX.format(port=dovecot.port)))
            (config / "password").write_text(f"{PASSWORD}\n")
            (config / "password").chmod(0o600)

        nodes = two(folder, relay, ports, ("--window", str(window), *words), mailbox)
        try:
            for node, port in zip(nodes, ports, strict=True):
                node.start(port)
            for node in nodes:
                node.wait_until_it_listens()
            with closing(open_store(settings.load(nodes[0].config).database, wall_clock(), check=False)) as store:
                box = Box(dovecot, store, nodes)
                box.until(lambda: any(one.ok_at for one in store.mailboxes.health()))
                _play(box, raws, ["kill"] * kills + ["pause"] * pauses, random.Random(seed))
                wait_until_quiet(store, nodes)
                box.until(lambda: box.look()[1] >= mails)
                end_all(nodes)
                unflagged = sum(rb"\Seen" not in flags for flags in dovecot.flags(USER).values())
                result = count(store, boxes, mails, names, 0, pauses, (0, 0))
                return Polled(result, unflagged, len(set(box.readers)), kills, pauses)
        finally:
            end_all(nodes)
            boxes.stop()


def _play(box: Box, raws: list[bytes], steps: list[str], chance: random.Random) -> None:
    chance.shuffle(steps)
    share = len(raws) // (len(steps) + 1)
    for number, step in enumerate(steps):
        box.fill(raws[number * share : (number + 1) * share])
        node = box.reader_between_commit_and_cursor()
        if step == "kill":
            node.signal(signal.SIGKILL)
            assert node.process is not None
            node.process.wait()
            box.other_reads(node)
            node.start(node.port)
            node.wait_until_it_listens()
        else:
            node.signal(signal.SIGSTOP)
            box.other_reads(node)
            held = box.look()[1]
            box.until(lambda held=held: box.look()[1] > held or box.look()[1] >= box.filled)
            node.signal(signal.SIGCONT)
    box.fill(raws[len(steps) * share :])
    box.until(lambda: box.look()[1] >= len(raws), 900)
