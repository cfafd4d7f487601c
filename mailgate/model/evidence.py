"""Evidence: what in a mail says which ticket it belongs to, and what proves who wrote it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailgate.model.reason import Because


class EvidenceKind(StrEnum):
    """In the order in which they are believed."""

    REPLY_ADDRESS = "reply_address"
    OWN_ID = "own_id"  #: Message-ID or anchor of a letter of ours in In-Reply-To or References
    SUBJECT_TOKEN = "subject_token"
    KNOWN_ID = "known_id"  #: Message-ID of a mail we received, or one that cites it; same participants
    OLD_NUMBER = "old_number"  #: a predecessor's number, by configured pattern


@dataclass(frozen=True, slots=True)
class Evidence:
    kind: EvidenceKind
    where: str  #: "envelope", "to", "cc", "delivered-to", "in-reply-to", "references", "subject"
    value: str  #: shortened for people; never a whole token
    ticket: int | None = None
    letter: str | None = None  #: id of the letter it names
    purpose: str = ""  #: reply, action, rate, bounce, message-id, anchor
    word: str = ""  #: the action or score
    valid: bool = True  #: the MAC is good
    places: tuple[str, ...] = ()  #: everywhere it stands, `where` included; () : only there

    @property
    def everywhere(self) -> tuple[str, ...]:
        return self.places or (self.where,)


class VerdictKind(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DkimSignature:
    """A DKIM signature of the author's domain. It proves who wrote what it covers, and not that they sent it now, or here."""

    headers: tuple[str, ...] = ()  #: names, lower case, of which every copy is signed
    made_at: datetime | None = None  #: its own word (t=), else the signed Date:; None: nobody knows
    marks: tuple[str, ...] = ()  #: by which it is known again


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a configured server, or our own check, says of the From: domain. No verdict is not a failure."""

    verdict: VerdictKind = VerdictKind.NONE
    domain: str | None = None  #: of From:, where there is a verdict
    by: str | None = None  #: the server that stamped it, or who else says so
    because: Because = ""  #: what was seen, for people
    signatures: tuple[DkimSignature, ...] = ()  #: where it passed by DKIM alone: the signatures, each of which is enough

    @property
    def passed(self) -> bool:
        return self.verdict is VerdictKind.PASS

    @property
    def failed(self) -> bool:
        return self.verdict is VerdictKind.FAIL


@dataclass(frozen=True, slots=True)
class Proof:
    """The rungs are the sets of {token, domain}; a failure falls below rung 0."""

    token: bool = False  #: a live token made for this person and ticket
    domain: bool = False
    failed: bool = False
    because: Because = ""

    @property
    def is_one(self) -> bool:
        """Rung 1 or more: either of them."""
        return (self.token or self.domain) and not self.failed
