"""How much of a door is taken, and by whom: connections, and octets of mails that are not committed yet."""

import ipaddress
import math
import resource
from collections import Counter

from mailgate.model.installation import DoorSettings

#: File descriptors left to the database, the relay and the log. Who runs out of them can neither store nor say why.
SPARE_DESCRIPTORS = 64
#: What part of a door may be taken before it is tight: then who is slow has less time, and nobody gets more than a fair share.
TIGHT = 0.75
#: Octets a second. Who sends no faster falls behind, and goes first when others wait for the place.
SLOWEST = 4096


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


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Pace:
    """How far somebody lags behind the slowest pace that is let pass. Who was fast once saves up nothing: a mail that came quickly and
    then stands still is as slow as another."""

    __slots__ = ("_mark",)

    def __init__(self, now: float) -> None:
        self._mark = now

    def heard(self, octets: int, now: float) -> None:
        self._mark = min(now, self._mark + octets / SLOWEST)

    def begin_anew(self, now: float) -> None:
        """Nothing is owed: a mail is done, or it was us who took so long."""
        self._mark = now

    def forgive(self, seconds: float, now: float) -> None:
        """So long nobody could be heard."""
        self._mark = min(now, self._mark + seconds)

    def behind(self, now: float) -> float:
        """Seconds."""
        return now - self._mark


class Occupancy:
    """Counts what all sessions of one door take, together and for each address."""

    def __init__(self, settings: DoorSettings) -> None:
        self._settings = settings
        self.most_connections = affordable_connections(settings.max_connections)
        self._per_address: Counter[str] = Counter()
        self._octets: Counter[str] = Counter()
        self.connections = 0
        self.bytes_in_flight = 0

    @property
    def is_full(self) -> bool:
        return self.connections >= self.most_connections

    def enter(self, peer: str) -> bool:
        """Whether one more connection from here is welcome; if so it is counted until `leave`."""
        if self.is_full or not self.has_share(peer):
            return False
        self.connections += 1
        self._per_address[neighbourhood(peer)] += 1
        return True

    def has_share(self, peer: str) -> bool:
        """Whether this address may have one more connection, as far as the others leave room."""
        name = neighbourhood(peer)
        taken = self._per_address[name]
        most = self._settings.connections_from_loopback if _is_loopback(name) else self._settings.max_connections_per_address
        if taken >= most:
            return False
        # What is left of a door that is nearly full is for those who have little of it.
        return not taken or self.connections_over < 0 or taken < self.most_connections // (len(self._per_address) + 1)

    def leave(self, peer: str) -> None:
        """A connection that was welcome is gone."""
        name = neighbourhood(peer)
        self.connections -= 1
        self._per_address[name] -= 1
        if not self._per_address[name]:
            del self._per_address[name]

    @property
    def connections_over(self) -> int:
        """How many connections should go so that the door is not tight; below 0: it is not."""
        return self.connections - math.ceil(self.most_connections * TIGHT)

    def crowding(self, peer: str) -> int:
        """How many connections more than a fair share this address has; 0 for who has no more."""
        return max(0, self._per_address[neighbourhood(peer)] - max(1, self.most_connections // max(1, len(self._per_address))))

    def hold(self, peer: str, octets: int) -> None:
        """So many octets more are in memory for this peer; below 0: fewer."""
        name = neighbourhood(peer)
        self.bytes_in_flight += octets
        self._octets[name] += octets
        if not self._octets[name]:
            del self._octets[name]

    def has_room(self, peer: str, octets: int) -> bool:
        """Whether a mail of this size would still fit beside all that is in flight, and in what one address may have of it."""
        name = neighbourhood(peer)
        most = self._settings.bytes_from_loopback if _is_loopback(name) else self._settings.bytes_per_address
        return self.bytes_in_flight + octets <= self._settings.max_bytes_in_flight and self._octets[name] + octets <= most

    @property
    def octets_over(self) -> int:
        """How many octets should go so that the room is not tight; below 0: it is not."""
        return self.bytes_in_flight - int(self._settings.max_bytes_in_flight * TIGHT)
