"""What a DKIM signature proves of a mail that nobody was seen sending: who wrote what it covers, and not that they sent it now, or here.

Whoever has such a mail can send it again, with other headers beside the signed ones and to other recipients. So the signature has to
cover what the mail is believed to say: which ticket it is about, and the name by which it is known again; it works once; and one that
was made more than a day ago has to be asked about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from mailgate.decide.once import signature_key
from mailgate.decide.situation import Situation
from mailgate.model.evidence import DkimSignature, Evidence, EvidenceKind
from mailgate.model.reason import Reason

#: So long a signature speaks for itself. Mail is rarely under way for longer; what was said a day ago may no longer be meant.
FRESH = timedelta(days=1)

#: The header in which evidence stands. The envelope, and what servers add, nobody signs.
_HEADERS = frozenset({"to", "cc", "in-reply-to", "references", "subject", "message-id"})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the domain's signature does not prove what this mail wants."""

    because: Reason
    ask: str = ""  #: what its author can be asked for, where nothing else is wrong with it: old_signature, sent_elsewhere


def doubt(s: Situation) -> Doubt | None:
    """None where the author's domain is not the question, or where one of its signatures is enough."""
    if not s.verdict.passed or not s.verdict.signatures:
        return None
    doubts = [_doubt_of(signature, s) for signature in s.verdict.signatures]
    if any(each is None for each in doubts):
        return None
    found = [each for each in doubts if each is not None]
    return next((each for each in found if each.ask), found[0])


def _doubt_of(signature: DkimSignature, s: Situation) -> Doubt | None:
    if any(signature_key(mark) in s.once for mark in signature.marks):
        return Doubt(Reason("seal.used"))
    if "message-id" not in signature.headers or not s.mail.message_id:
        return Doubt(Reason("seal.no_id"))
    if lacking := _unsigned(signature, s):
        return Doubt(Reason.of("seal.no_ticket", lacking))
    if signature.made_at is None:
        return Doubt(Reason("seal.undated"), "old_signature")
    if s.arrived_at - signature.made_at > FRESH:
        return Doubt(Reason("seal.old"), "old_signature")
    if not any(
        name in signature.headers and any(s.policy.is_own(a.address) for a in listed)
        for name, listed in (("to", s.mail.to), ("cc", s.mail.cc))
    ):
        # A mail to a colleague or a vendor that names a ticket is no order to us, whoever hands it on.
        return Doubt(Reason("seal.elsewhere"), "sent_elsewhere")
    return None


def _unsigned(signature: DkimSignature, s: Situation) -> str:
    """Where the evidence stands that is believed without being signed, "" where all of it is."""
    valid = [e for e in s.thread.evidence if e.valid]
    mine = [e for e in valid if e.ticket is not None and e.ticket == s.thread.ticket]
    strongest = next(iter(mine), None)
    if strongest is not None and not _is_signed((e for e in mine if e.kind is strongest.kind), signature):
        return strongest.where
    if s.letter is not None:
        # Which letter is answered decides what the answer is: public or internal.
        of_letter = [e for e in valid if e.letter == s.letter.id and e.kind in (EvidenceKind.REPLY_ADDRESS, EvidenceKind.OWN_ID)]
        if not _is_signed(of_letter, signature):
            return of_letter[0].where if of_letter else "-"
        # An address may say a command of its own.
        return next((e.where for e in of_letter if e.purpose in ("action", "rate") and not _is_signed((e,), signature)), "")
    return ""


def _is_signed(evidence: Iterable[Evidence], signature: DkimSignature) -> bool:
    """Whether any of it stands in a header that is signed."""
    return any(place in _HEADERS and place in signature.headers for e in evidence for place in e.everywhere)
