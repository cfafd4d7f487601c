"""A name server on loopback that says what a test told it, and remembers every question. Real UDP, real packets."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """`zone`: (name, type) -> records as a zone file has them. `broken` names get SERVFAIL, `silent` ones no answer at all."""

    def __init__(self, zone: dict[tuple[str, str], list[str]]) -> None:
        self.zone, self.broken, self.silent = zone, set[str](), set[str]()
        self.dead = False
        self.ttl = 300
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="name-server", daemon=True)

    @property
    def place(self) -> str:
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        host_port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", host_port)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            [question] = query.question
            name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append((name, kind))
            if self.dead or name in self.silent:
                continue
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            records = self.zone.get((name, kind))
            if name in self.broken:
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif records:
                reply.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *records))
            elif not any(there == name for there, _ in self.zone) and name:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(reply.to_wire(), peer)


def text(words: str) -> list[str]:
    """A TXT record in the pieces of 255 octets that DNS allows."""
    return [" ".join(f'"{words[start : start + 250]}"' for start in range(0, len(words), 250))]
