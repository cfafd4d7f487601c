"""Who wrote a mail: stamps of other servers (RFC 8601), DKIM, SPF and DMARC, and what follows from them together."""

from mailgate.understand.identity.authres import server_of
from mailgate.understand.identity.dkim import SignedMail, signatures, tags
from mailgate.understand.identity.dmarc import Unknown, organisation_of, policy_of, steps
from mailgate.understand.identity.lookups import Missing, a_domain, ask, expect, is_below
from mailgate.understand.identity.spf import SpfResult, check_host, client
from mailgate.understand.identity.verdict import OUR_CHECK, by_word, judge, needs_check, needs_signatures, with_signatures

__all__ = [
    "OUR_CHECK",
    "Missing",
    "SignedMail",
    "SpfResult",
    "Unknown",
    "a_domain",
    "ask",
    "by_word",
    "check_host",
    "client",
    "expect",
    "is_below",
    "judge",
    "needs_check",
    "needs_signatures",
    "organisation_of",
    "policy_of",
    "server_of",
    "signatures",
    "steps",
    "tags",
    "with_signatures",
]
