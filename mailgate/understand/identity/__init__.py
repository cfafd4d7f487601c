"""Who wrote a mail: stamps of other servers (RFC 8601), DKIM, SPF and DMARC, and what follows from them together."""

from mailgate.understand.identity.authres import server_of
from mailgate.understand.identity.dkim import SignedMail, signatures
from mailgate.understand.identity.verdict import OUR_CHECK, by_word, judge, needs_check, needs_signatures, with_signatures

__all__ = ["OUR_CHECK", "SignedMail", "by_word", "judge", "needs_check", "needs_signatures", "server_of", "signatures", "with_signatures"]
