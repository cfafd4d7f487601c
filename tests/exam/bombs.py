"""Mails of at most one mebibyte that are made to cost as much as they can, one after the other, each with an ordinary mail behind it."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import dataclass
from pathlib import Path

from mailgate.guard import MIB
from tests.bombs import BOMBS, HEAD, HTML
from tests.exam.hostile import Gate

_B64 = b"Content-Transfer-Encoding: base64\r\n"
_QP = b"Content-Transfer-Encoding: quoted-printable\r\n"
MORE: dict[str, bytes] = {
    "base64 of nothing but padding": HEAD + _B64 + b"\r\n" + b"====\r\n" * 170_000,
    "base64 of a bomb in HTML": HEAD + b"Content-Type: text/html\r\n" + _B64 + b"\r\n" + base64.b64encode(b"<b>" * 250_000),
    "quoted-printable of one sign": HEAD + _QP + b"\r\n" + b"=" * MIB,
    "soft line ends": HEAD + _QP + b"\r\n" + b"=\r\n" * 340_000,
    "nested originals": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 30_000 + b"x",
    "one address of a megabyte": b"From: " + b"a" * (MIB - 200) + b"@example.com\r\n\r\nx",
    "one subject word of a megabyte": HEAD + b"Subject: =?utf-8?b?" + b"w6TD" * 250_000 + b"?=\r\n\r\nx",
    "stateful Japanese": HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B0!\x1b(B" * 100_000,
    "a charset for each part": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"".join(b"--b\r\nContent-Type: text/plain; charset=x%d\r\n\r\n\xff\r\n" % n for n in range(18_000)) + b"--b--\r\n",
    "boundaries inside each other": HEAD + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n--ab\r\n--abc\r\n" * 50_000,
    "a table of a hundred thousand cells": HTML + b"<table><tr>" + b"<td>x" * 150_000,
    "styles": HTML + b'<p style="' + b"a:b;" * 250_000 + b'">x',
    "entities": HTML + b"&nbsp;" * 170_000,
    "links": HTML + b"<a href='http://a.example/'>x</a>" * 30_000,
    "commands": HEAD + b"\r\n" + b"#note\n#take\n" * 80_000,
    "marks of a signature": HEAD + b"\r\n" + b"-- \nMax\n" * 120_000,
    "quotes in quotes": HEAD + b"\r\n" + b"".join(b">" * (n % 900) + b" x\n" for n in range(2_200)),
    "zero-width text": HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "\u200b".encode() * 340_000,
    "combining text": HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\na" + "\u0301".encode() * 500_000,
}  # fmt: skip
#: Without "nothing", which is the same mail as one of empty lines only.
ALL: dict[str, bytes] = {name: raw[:MIB] for name, raw in {**BOMBS, **MORE}.items() if raw}
PLAIN = (
    b"From: Max <p%d@example.com>\r\nTo: support@example.org\r\nSubject: printer\r\nMessage-ID: <plain-%d@example.com>\r\n\r\n"
    b"It prints nothing.\r\n"
)
OVERRUN = ("took more than", "needed more than", "went down", "larger than")


@dataclass
class Cost:
    name: str
    cpu: float  #: seconds of processor time of the workers
    memory: int  #: octets above what the workers need when they are ready
    behind: float  #: seconds until the mail behind it was read
    said: str  #: why it was set aside, if it was

    @property
    def faults(self) -> list[str]:
        found = []
        if self.cpu > 2.0 or any(word in self.said for word in OVERRUN):
            found.append(f"{self.name}: {self.cpu:.2f} s, {self.said}")
        if self.memory > 256 * MIB:
            found.append(f"{self.name}: {self.memory // MIB} MiB")
        if self.behind > 5.0:
            found.append(f"{self.name}: the mail behind it was read after {self.behind:.1f} s")
        return found


def run(folder: Path, bombs: dict[str, bytes], **reader: object) -> list[Cost]:
    """Throws each bomb at a gateway of its own making. `reader`: other limits than the usual ones for one mail."""
    costs = []
    with Gate(folder, **reader) as gate:
        guard = gate.running.program.reader.guard
        for number, (name, raw) in enumerate(bombs.items()):
            before = {pid: (_cpu(pid), _peak(pid, reset=True)) for pid in guard.pids}
            began = time.monotonic()
            bomb, plain = gate.take([raw, PLAIN % (number, number)], ["a@example.com", f"p{number}@example.com"])
            gate.gateway.read_inbox()
            behind = time.monotonic() - began
            after = {pid: (_cpu(pid), _peak(pid)) for pid in guard.pids if pid in before}
            row = gate.store.inbox.row(bomb)
            assert gate.store.inbox.row(plain).state == "done", name
            assert gate.store.inbox.raw(bomb) == raw, name
            cpu = sum(after[pid][0] - before[pid][0] for pid in after)
            memory = max((after[pid][1] - before[pid][1] for pid in after), default=0)
            costs.append(Cost(name, cpu, memory, behind, str(row.reason or "")))
            gate.clock.turn(minutes=10)
    return costs


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int, reset: bool = False) -> int:
    """The most memory that a process had resident since the last reset, in octets."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
