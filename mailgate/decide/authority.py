"""Who may do what, and what proves it. `From:` is a claim; a letter of ours that comes back is a proof.

The rungs are the sets of {token, domain}: 0 is From: alone, 1 is either. A real authentication failure falls below 0."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mailgate.decide.signatures import doubt
from mailgate.decide.situation import Situation
from mailgate.model.evidence import Proof
from mailgate.model.person import Capability, Role
from mailgate.model.policy import ProveBy
from mailgate.model.reason import Because, Reason

AGENT_TOKEN = timedelta(days=30)  #: how long a letter to an agent proves its holder
CONFIRMED = Proof(token=True, domain=True, because=Reason("proof.confirmed"))


class Need(StrEnum):
    """What a role has to bring for a capability."""

    CLAIM = "0"
    EVIDENCE = "0 and ticket evidence"
    PROOF = "1"
    DESK = "the desk's rung"
    NEVER = "-"


_STAFF = dict.fromkeys((Role.AGENT, Role.LEAD, Role.OPERATOR), Need.DESK)

#: Every capability for every role; a new row or column is complete or the tests fail.
TABLE: Mapping[Capability, Mapping[Role, Need]] = {
    Capability.PUBLIC_ENTRY: {
        Role.REQUESTER: Need.EVIDENCE,
        Role.PARTICIPANT: Need.PROOF,
        Role.STRANGER: Need.NEVER,  # even with a valid token: somebody forwarded a letter
        **_STAFF,
    },
    Capability.STATUS: {**dict.fromkeys(Role, Need.CLAIM), Role.STRANGER: Need.NEVER},  # no address on file
    Capability.CLOSE: {Role.REQUESTER: Need.PROOF, Role.PARTICIPANT: Need.NEVER, Role.STRANGER: Need.NEVER, **_STAFF},
    Capability.RATE: {Role.REQUESTER: Need.PROOF, Role.PARTICIPANT: Need.NEVER, Role.STRANGER: Need.NEVER, **_STAFF},
    Capability.COMMAND: {**dict.fromkeys((Role.REQUESTER, Role.PARTICIPANT, Role.STRANGER), Need.NEVER), **_STAFF},
}


@dataclass(frozen=True, slots=True)
class Grant:
    allowed: bool
    because: Because


def may(capability: Capability, role: Role, proof: Proof, prove_by: ProveBy, any_ticket_evidence: bool) -> Grant:
    """Whether this role with this proof has this capability on a desk whose agents prove themselves by `prove_by`."""
    need = TABLE[capability][role]
    if proof.failed:
        # Not even the address on file is answered: the mail is somebody else's in all likelihood.
        return Grant(False, proof.because or Reason("proof.failed_author"))
    lacking = _lacking(need, proof, prove_by, any_ticket_evidence)
    if lacking:
        # What the token proves is beside the point where only the domain is asked for.
        told = proof.because if need is not Need.NEVER and (need is Need.PROOF or prove_by is not ProveBy.DOMAIN) else ""
        return Grant(False, Reason.of("lacks", lacking, told) if told else lacking)
    return Grant(True, proof.because or Reason(f"need.{need.value}"))


def _lacking(need: Need, proof: Proof, prove_by: ProveBy, any_ticket_evidence: bool) -> Reason | None:
    """What is missing for a need, None when nothing is."""
    if need is Need.CLAIM:
        return None
    if need is Need.EVIDENCE:
        return None if any_ticket_evidence else Reason("lacks.evidence")
    if need is Need.PROOF:
        return None if proof.is_one else Reason("lacks.proof")
    if need is Need.NEVER:
        return Reason("lacks.role")
    return None if reaches(proof, prove_by) else Reason(f"asks.{prove_by.value}")


def reaches(proof: Proof, prove_by: ProveBy) -> bool:
    """Whether a proof reaches the rung that a desk asks of its agents."""
    needed = {ProveBy.TOKEN: (proof.token,), ProveBy.DOMAIN: (proof.domain,), ProveBy.BOTH: (proof.token, proof.domain)}
    return not proof.failed and all(needed[prove_by])


#: The kinds of token that a letter hands to its reader alone. Bounce addresses are seen by servers, subjects by everybody.
PROVING = frozenset({"reply", "action", "rate", "message-id", "anchor"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the token of one letter proves in one mail."""

    proof: Proof  #: for commands, ratings and everything an agent does
    entry_proof: Proof  #: for an outsider's words: a spent token still finds its holder
    spent: tuple[str, ...] = ()  #: letters whose token proves nothing from now on
    if_asked: Proof = Proof()  #: what it would prove if its author said that it is theirs
    why_ask: str = ""  #: what the author would be asked for: old_letter, seen_by_others, old_signature, sent_elsewhere


def shown_in(s: Situation) -> Shown:
    """What a mail proves of its author: by the token of the letter that it answers, and by the word of the author's domain."""
    letter, verdict, doubted = s.letter, s.verdict, doubt(s)
    if verdict.failed:
        because = Reason.of("proof.failed", verdict.domain) if verdict.domain else Reason("proof.failed_author")
        proof = Proof(failed=True, because=because)
        # Whoever wrote it has seen the token.
        return Shown(proof, proof, () if letter is None or letter.spent_at is not None else (letter.id,))
    nothing, for_entries, spent, why_ask = _token(s)
    domain = verdict.passed and doubted is None
    because = nothing or Reason("proof.answers")
    if domain:
        because = Reason.of("proof.authentic", because, verdict.domain or "", verdict.by or "")
    elif doubted is not None:
        because = Reason.of("proof.doubtful", because, verdict.domain or "", doubted.because)
    proof = Proof(token=nothing is None, domain=domain, because=because)
    entry_proof = Proof(token=nothing is None or for_entries, domain=domain, because=proof.because)
    of_signature = doubted.ask if doubted is not None else ""
    if_asked = Proof(token=nothing is None or bool(why_ask), domain=domain or bool(of_signature), because=Reason("proof.confirmed"))
    return Shown(proof, entry_proof, spent, if_asked, why_ask or of_signature)


def _token(s: Situation) -> tuple[Reason | None, bool, tuple[str, ...], str]:
    """(why it proves nothing for commands or None, whether it proves an outsider's entry all the same, what is spent now, and why its
    author could be asked whether it is theirs)."""
    letter = s.letter
    if letter is None or not any(e.valid and e.letter == letter.id and e.purpose in PROVING for e in s.thread.evidence):
        return Reason("proof.no_letter"), False, (), ""
    spent = () if letter.spent_at is not None else (letter.id,)
    if s.author_key is None:
        return Reason("proof.ambiguous"), False, spent, ""
    if s.author is None or s.author.id != letter.person:
        return Reason("proof.somebody_elses"), False, spent, ""
    if not names_others((address.address for address in (*s.mail.to, *s.mail.cc)), s.author.keys, s.policy.is_own):
        spent = ()
    if letter.ticket != s.thread.ticket:  # what the mail was found to belong to, before merges are followed
        return Reason("proof.another_ticket"), False, spent, ""
    outside = letter.audience.is_outside
    if letter.spent_at is not None:
        return Reason("proof.seen"), outside, (), "seen_by_others"
    if not outside and s.now - letter.made_at > AGENT_TOKEN:
        return Reason.of("proof.old", AGENT_TOKEN.days), False, spent, "old_letter"
    # A mail that lets others see the token is itself still its holder's: they see it only afterwards.
    return None, outside, spent, ""


def names_others(addresses: Iterable[str], holder: Collection[str], is_own: Callable[[str], bool]) -> bool:
    """Whether a mail also goes to somebody who is neither one of our desks nor its author."""
    return any(address and address.lower() not in holder and not is_own(address) for address in addresses)


def proof_in(s: Situation) -> tuple[Proof, tuple[str, ...]]:
    """What the mail of a situation proves of its author, and the letters whose token is spent by it."""
    shown = shown_in(s)
    if s.confirmed and s.role.is_agent and not shown.proof.failed:
        return CONFIRMED, shown.spent
    return shown.proof, shown.spent


def entry_proof_in(s: Situation) -> tuple[Proof, tuple[str, ...]]:
    """The same for an outsider who only writes: a spent token still counts (`Shown.entry_proof`)."""
    shown = shown_in(s)
    return shown.entry_proof, shown.spent


def why_ask(s: Situation) -> str:
    """Why a mail that proves too little proves enough once its author says that it is theirs, "" where it would not."""
    shown = shown_in(s)
    return shown.why_ask if reaches(shown.if_asked, s.prove_by) else ""
