"""Whose mail it is when it is counted: an address without what anybody may add to it."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache


@lru_cache(4096)
def folded(address: str) -> str:
    """`Victim+42@Example.org` is `victim@example.org`: one mailbox, however many names its owner, or a forger, makes up for it.

    Dots stay: that they mean nothing is one provider's custom (Gmail's), and `a.b@` and `ab@` are two people elsewhere.
    """
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
