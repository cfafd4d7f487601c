"""What an address says of whoever is behind it: whose mail it is when it is counted, and whether anybody reads what is sent there."""

import re
from contextlib import suppress
from functools import lru_cache

#: Authors that only ever report on mail.
DAEMONS = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mdaemon"})
#: Local parts behind which nobody reads, without their signs; anything may stand around them.
_NOREPLY = re.compile(
    "noreply|noreplies|donotreply|dontreply|neverreply|nichtantworten|keineantwort|nepasrepondre|noresponder|noresponse|"
    "unattended|mailerdaemon|autoreply|autoresponder"
)
_BOUNCES = re.compile(r"bounces?\d*")
_SIGNS = re.compile(r"[^a-z0-9]")


def is_noreply(address: str) -> bool:
    """Whether an address says of itself that nobody reads it: `no-reply@`, `do_not_reply+42@`, `bounces-123@`."""
    local = _SIGNS.sub("", address.lower().rpartition("@")[0].partition("+")[0])
    return _NOREPLY.search(local) is not None or _BOUNCES.fullmatch(local) is not None


@lru_cache(4096)
def folded(address: str) -> str:
    """`Victim+42@Example.org` is `victim@example.org`: one mailbox, however many names its owner, or a forger, makes up for it.
    Dots stay: that they mean nothing is one provider's custom (Gmail's), and `a.b@` and `ab@` are two people elsewhere."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        return local or domain
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])  # RFC 5321 4.1.2: the same mailbox without its quotes
    base = local.partition("+")[0] or local  # what begins with a + is a name of its own
    domain = domain.rstrip(".")
    if not domain.isascii():
        with suppress(UnicodeError):  # no name of the DNS: counted as it is written
            domain = domain.encode("idna").decode("ascii")
    return f"{base}@{domain}"


def covers(pattern: str, address: str) -> bool:
    """Whether an address is what a pattern names: one folded address, or a domain with everything below it."""
    key = folded(address)
    if "@" in pattern:
        return key == pattern
    domain = key.rpartition("@")[2]
    return domain == pattern or domain.endswith(f".{pattern}")


def patterns(address: str) -> tuple[str, ...]:
    """Every pattern that covers an address: itself, its domain, and the domains above that."""
    key = folded(address)
    labels = key.rpartition("@")[2].split(".")
    return (key, *(".".join(labels[start:]) for start in range(len(labels)))) if "@" in key else (key,)
