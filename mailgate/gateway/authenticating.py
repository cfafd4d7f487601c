"""Who wrote the mails of a batch? Somebody's word first, and where nobody says anything our own check. No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mailgate.model.evidence import Verdict
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door, Mail
from mailgate.model.policy import Policy
from mailgate.understand.identity import SignedMail, by_word, needs_check, needs_signatures, with_signatures

if TYPE_CHECKING:
    from mailgate.receive.verify import Resolver

#: Reads the signatures of raw mails where hostile bytes may be read; one answer for each, in order.
Signatures = Callable[[Sequence[bytes]], list[SignedMail]]


class Authentication:
    """Whose word counts in this installation, and the resolver for our own check; without one, only what is said counts."""

    def __init__(self, trust: VerifySettings, resolver: Resolver | None = None) -> None:
        self.trust, self.resolver = trust, resolver

    @property
    def has_source(self) -> bool:
        return self.trust.has_source

    def of(self, mails: Sequence[tuple[Mail, Arrival]], policy: Policy, signatures: Signatures) -> list[Verdict]:
        """One verdict for each mail, in order."""
        trust, domains = self.trust, policy.domains
        said = [by_word(mail, arrival, trust, domains) for mail, arrival in mails]
        by_stamp = [i for i, (mail, arrival) in enumerate(mails) if needs_signatures(mail, arrival, trust, said[i])]
        if by_stamp:
            found = signatures([mails[index][1].raw for index in by_stamp])
            for index, one in zip(by_stamp, found, strict=True):
                said[index] = with_signatures(*mails[index], trust, said[index], one)
        if self.resolver is None:
            return said
        open_ = [i for i, (mail, arrival) in enumerate(mails) if _may_be_asked_about(arrival) and needs_check(mail, said[i], trust)]
        if not open_:
            return said
        from mailgate.receive.verify import UnjudgedMail, verdicts  # loads a DNS library, and most installations have no use for it

        signed = [index for index in open_ if mails[index][0].header("dkim-signature") is not None]
        found_in = dict(zip(signed, signatures([mails[index][1].raw for index in signed]) if signed else (), strict=True))
        cases = [UnjudgedMail(mails[index][0], found_in.get(index, SignedMail()), mails[index][1]) for index in open_]
        for index, verdict in zip(open_, verdicts(cases, trust, self.resolver), strict=True):
            # What was seen before still says more than that DNS had nothing to add.
            if verdict.by is not None and (verdict.passed or verdict.failed or said[index].by is None):
                said[index] = verdict
        return said


def _may_be_asked_about(arrival: Arrival) -> bool:
    """Of a stored mailbox that is taken over nothing follows, and its keys are long gone; and no mail in a sent folder has travelled."""
    return not arrival.door.is_quiet and arrival.door is not Door.IMAP_SENT
