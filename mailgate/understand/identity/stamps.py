"""Which `Authentication-Results:` of a mail can be whose they say: a stamp is only words, and where it stands decides who wrote it.

Servers put their headers on top, so everything above the line in which a server of ours says that it took the mail in from outside was
written by ours; the stamp that belongs to that line may stand right below it (Gmail, Microsoft 365). What lies below the next
`Received:` was in the mail when it came, whatever it claims to be (RFC 8601 5)."""

import ipaddress
from collections.abc import Iterable, Iterator

from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door, Mail
from mailgate.model.mail_hosts import provider_of
from mailgate.understand.identity.authres import Stamp, read_stamp, server_of
from mailgate.understand.identity.received import Address, Hop, Network, address_in, hop_of

MOST_HEADERS = 400  #: that are looked at; what a server of ours wrote stands among the first

#: Hosts in these networks are ours, or nobody's.
_INSIDE = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 ::1/128 fe80::/10 fc00::/7"
INSIDE = tuple(map(ipaddress.ip_network, _INSIDE.split()))


def topmost(mail: Mail, arrival: Arrival, trust: VerifySettings) -> Stamp | None:
    """The only stamp that counts: the first one of a configured server among those that a server of ours can have written."""
    for value, provider in _written_by_ours(mail, arrival, trust):
        server = server_of(value)
        if server not in trust.servers and not (not server and trust.microsoft):
            continue
        whose = provider_of(server) if server else "microsoft"
        if provider is None or not whose or whose == provider:
            return read_stamp(value)
    return None


def comes_from_a_stamper(arrival: Arrival, trust: VerifySettings) -> bool:
    """Whether who handed the mail to us is one whose stamps count: a configured peer, a mailbox, the pipe of this machine."""
    if arrival.door in (Door.SMTP, Door.LMTP):
        address = address_in(arrival.peer)
        # A UNIX socket, or a program of this machine, has no address.
        return address is None or is_within(address, (*trust.stampers, *trust.hop_networks))
    return True


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _written_by_ours(mail: Mail, arrival: Arrival, trust: VerifySettings) -> Iterator[tuple[str, str | None]]:
    """Each stamp that ours can have written, topmost first, and the provider at whose `Received:` it stands.
    None: above all of those, by whoever handed the mail to us. "": at a line of a server of the operator's own."""
    if not comes_from_a_stamper(arrival, trust):
        return
    fetched = arrival.door in (Door.IMAP, Door.IMAP_SENT)
    home = dict(trust.providers).get(arrival.peer, "") if fetched else ""
    above: list[str] = []  # of a mailbox: they count if the line below them is one of ours
    provider: str | None = None
    border = False
    for name, value in mail.headers[:MOST_HEADERS]:
        if name == "authentication-results":
            if provider is None and fetched:
                above.append(value)
            else:
                yield value, provider
        elif name == "received":
            if border:
                return
            hop = hop_of(value)
            whose = _ours(hop, trust, home) if hop is not None else None
            if hop is None or whose is None:
                return
            yield from ((each, whose) for each in above)
            above, provider = [], whose
            border = not _from_ours(hop, trust, whose)


def _ours(hop: Hop, trust: VerifySettings, home: str) -> str | None:
    """Whose server wrote this `Received:`: "" one of the operator's, else a provider; None: nobody's whom we know."""
    provider = provider_of(hop.by)
    if home and (provider == home or (home == "google" and _is_inside_google(hop.by))):
        return home
    known = hop.by in trust.hops or hop.by in trust.servers or (provider == "microsoft" and trust.microsoft)
    return provider if known else None


def _from_ours(hop: Hop, trust: VerifySettings, whose: str) -> bool:
    """Whether the server that wrote the line had the mail from another one of ours: then the next line is ours to read, too."""
    if not hop.said:
        return True  # made, or handed on, within the server
    if whose and provider_of(hop.said) == whose:
        return True  # its own stamps alone count there, and it takes those out that others made up
    address = hop.address
    if address is not None and is_within(address, (*INSIDE, *trust.hop_networks)):
        return True
    return bool(hop.name) and (hop.name in trust.hops or hop.name in trust.servers)  # not what the client called itself


def _is_inside_google(name: str) -> bool:
    """`by 2002:a05:6402::`, the 6to4 form of an address in 10/8: a machine of Google's that the world does not see."""
    address = address_in(name)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.sixtofour
        return inner is not None and inner.is_private
    return address is not None and address.is_private
