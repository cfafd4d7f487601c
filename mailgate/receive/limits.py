"""How much of a door is taken: connections, and octets of mails that are not committed yet."""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter

from mailgate.model.installation import DoorSettings

#: File descriptors left to the database, the relay and the log. Who runs out of them can neither store nor say why.
SPARE_DESCRIPTORS = 64


def affordable_connections(wanted: int) -> int:
    """So many of the wanted connections as the file descriptors of this process (RLIMIT_NOFILE) leave room for; at least one."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, limit - min(SPARE_DESCRIPTORS, limit // 2)))


def neighbourhood(peer: str) -> str:
    """The name under which connections of one host are counted: an IPv4 address, or the /64 of an IPv6 one, which is one customer."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Occupancy:
    """Counts what all sessions of one door take together."""

    def __init__(self, settings: DoorSettings) -> None:
        self._settings = settings
        self._most_connections = affordable_connections(settings.max_connections)
        self._per_address: Counter[str] = Counter()
        self.connections = 0
        self.bytes_in_flight = 0

    def enter(self, peer: str) -> bool:
        """Whether one more connection from here is welcome; if so it is counted until `leave`."""
        name = neighbourhood(peer)
        if self.connections >= self._most_connections:
            return False
        if self._per_address[name] >= self._settings.max_connections_per_address and not self._exempt(name):
            return False
        self.connections += 1
        self._per_address[name] += 1
        return True

    def leave(self, peer: str) -> None:
        """A connection that was welcome is gone."""
        name = neighbourhood(peer)
        self.connections -= 1
        self._per_address[name] -= 1
        if not self._per_address[name]:
            del self._per_address[name]

    def has_room(self, octets: int) -> bool:
        """Whether a mail of this size would still fit beside all that is in flight."""
        return self.bytes_in_flight + octets <= self._settings.max_bytes_in_flight

    def _exempt(self, name: str) -> bool:
        if not self._settings.loopback_exempt:
            return False
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False
