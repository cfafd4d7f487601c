"""Who wrote this mail? `From:` is a claim; a configured server's stamp, an insider's door, or our own check can bear it out.

Nothing that stands in a mail counts because it stands there: only the topmost stamp of a server that is named in the
configuration, and what DNS says. No verdict is not a failure."""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from mailgate.model.dns import Answers, Question, Wanted
from mailgate.model.evidence import DkimSignature, Verdict, VerdictKind
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door, Mail
from mailgate.model.reason import Because, Reason
from mailgate.understand.identity import dkim, dmarc, spf
from mailgate.understand.identity.authres import Stamp
from mailgate.understand.identity.lookups import Missing, a_domain, is_below
from mailgate.understand.identity.received import Address, hop_of
from mailgate.understand.identity.stamps import INSIDE, is_within, topmost

OUR_CHECK = "our own check"
AUTH_AS = "x-ms-exchange-organization-authas"  #: Exchange takes it out of whatever comes from outside

NO_VERDICT = Verdict()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one method found out about one domain."""

    method: str  #: dkim or spf
    result: str
    domain: str
    words: str
    signature: dkim.Signature | None = None


# --- the word of a server ------------------------------------------------------------------------------------------------


def by_word(mail: Mail, arrival: Arrival, trust: VerifySettings, domains: Collection[str]) -> Verdict:
    """What somebody whom we trust says of the author. `domains`: those of our desks and agents; an insider writes under one of them."""
    domain = domain_of(mail)
    if not domain:
        return NO_VERDICT  # nobody, or several people: such a From: identifies no one
    inside = _insider(mail, arrival, trust) if domain in domains else None
    if inside is not None:
        return Verdict(VerdictKind.PASS, domain, *inside)
    stamp = topmost(mail, arrival, trust) if trust.servers or trust.microsoft else None
    return of_stamp(stamp, mail) if stamp is not None else NO_VERDICT


def needs_signatures(mail: Mail, arrival: Arrival, trust: VerifySettings, verdict: Verdict) -> bool:
    """Whether a server's pass may rest on DKIM alone, so that what is signed has to be looked at."""
    if not verdict.passed or mail.header("dkim-signature") is None or not (trust.servers or trust.microsoft):
        return False
    stamp = topmost(mail, arrival, trust)
    return stamp is not None and verdict.by == _name_of(stamp) and not _saw_the_sender(stamp, mail)


def with_signatures(mail: Mail, arrival: Arrival, trust: VerifySettings, verdict: Verdict, signed: dkim.SignedMail) -> Verdict:
    """The pass of a stamp with what the signatures cover on which it rests. A stamp does not always say which one was good: then each
    of the domain's has to cover it, for anybody may add one that is not."""
    stamp = topmost(mail, arrival, trust)
    domain = domain_of(mail)
    many = len(mail.header_all("dkim-signature")) > len(signed.signatures)
    mine = [one for one in signed.signatures if one.domain and _akin(one.domain, domain)]
    if not mine and not many:
        return verdict  # nothing that the domain signed: it was the host that was known
    good = [r.named("header.b") for r in (stamp.results if stamp else ()) if r.method == "dkim" and r.result == "pass"]
    if good and all(good) and not many:
        mine = [one for one in mine if any(_begins(one.value, start or "") for start in good)] or mine
    covers = frozenset.intersection(*(frozenset(one.covers) for one in mine)) if mine and not many else frozenset[str]()
    return replace(verdict, signatures=(signature_of(mine, mail, covers),))


def signature_of(signatures: Sequence[dkim.Signature], mail: Mail, covers: Collection[str]) -> DkimSignature:
    made = [at for one in signatures if (at := one.signed_at or (mail.date if "date" in covers else None)) is not None]
    known = min(made) if made and len(made) == len(signatures) else None
    return DkimSignature(tuple(sorted(covers)), known, tuple(one.mark for one in signatures))


def _begins(value: bytes, start: str) -> bool:
    """RFC 6008: header.b= is the beginning of the signature, at least eight characters of it."""
    text = "".join(start.split()).rstrip("=")
    return len(text) >= 8 and base64.b64encode(value).decode().startswith(text)


def _akin(one: str, other: str) -> bool:
    """Whether two domains may belong to one organisation. Too often rather than never: then more is asked of a signature."""
    return one.split(".")[-2:] == other.split(".")[-2:]


def _related(one: str, other: str) -> bool:
    return bool(one) and (is_below(one, other) or is_below(other, one))


def _saw_the_sender(stamp: Stamp, mail: Mail) -> bool:
    """Whether the stamp says more than that the domain once signed it: who logged in, or a host that may send for the domain."""
    domain, author = domain_of(mail), mail.authors[0].key
    for result in stamp.results:
        if result.result != "pass":
            continue
        if result.method == "auth" and (result.named("smtp.auth") or "").lower() == author:
            return True
        if result.method == "spf" and _related(_domain_in(result.named("smtp.mailfrom") or ""), domain):
            return True
    return False


def _name_of(stamp: Stamp) -> str:
    return stamp.server or "Microsoft 365"


def domain_of(mail: Mail) -> str:
    """The domain of the only author, "" when there is none that DNS could know."""
    author = mail.author
    return a_domain(author.address.rpartition("@")[2]) if author is not None else ""


def _insider(mail: Mail, arrival: Arrival, trust: VerifySettings) -> tuple[str, Because] | None:
    """Who says that a colleague wrote it, and what was seen."""
    if arrival.insider:
        return "a door for insiders", Reason("insiders_door")
    if arrival.door is Door.IMAP and arrival.peer in trust.insider_mailboxes:
        said = [value.strip().lower() for value in mail.header_all(AUTH_AS)]
        if said and set(said) == {"internal"}:
            return "Exchange", Reason.of("auth_as", arrival.peer)
    return None


def of_stamp(stamp: Stamp, mail: Mail) -> Verdict:
    """What a stamp says of the author of this mail; verdicts on other domains say nothing of them."""
    domain, by = domain_of(mail), _name_of(stamp)
    if stamp.fault:
        return Verdict(by=by, because=Reason.of("stamp_unreadable", stamp.fault))
    author = mail.authors[0].key
    policies: list[tuple[str, str]] = []
    findings: list[Finding] = []
    for result in stamp.results:
        if result.method == "auth" and result.result == "pass" and (result.named("smtp.auth") or "").lower() == author:
            return Verdict(VerdictKind.PASS, domain, by, str(result))
        if result.method == "dmarc":
            about = result.named("header.from")
            if about is None and result.result == "pass":
                continue  # of whom?
            if about is None or _domain_in(about) == domain:
                policies.append((result.result, str(result)))
        elif result.method == "dkim":
            findings.append(Finding("dkim", result.result, _domain_in(result.named("header.d", "header.i") or ""), str(result)))
        elif result.method == "spf":
            findings.append(Finding("spf", result.result, _domain_in(result.named("smtp.mailfrom") or ""), str(result)))
    for wanted, kind in (("fail", VerdictKind.FAIL), ("pass", VerdictKind.PASS)):
        words = next((words for said, words in policies if said == wanted), None)
        if words is not None:
            return Verdict(kind, domain, by, words)
    return _conclude(domain, by, findings, lambda other: speaks_for(other, domain))


def _domain_in(text: str) -> str:
    return a_domain(text.rpartition("@")[2])


def speaks_for(other: str, domain: str) -> bool:
    """Whether a domain answers for another where nobody says what their organisation is: itself, and those that it delegates.
    Not the other way round: whoever has a subdomain must not speak for all of it."""
    return bool(other) and is_below(domain, other)


def _conclude(domain: str, by: str, findings: Sequence[Finding], aligned: Callable[[str], bool]) -> Verdict:
    """A pass that is aligned; else a failure; else nothing."""
    for finding in findings:
        if finding.result == "pass" and aligned(finding.domain):
            return Verdict(VerdictKind.PASS, domain, by, finding.words)
    if any(finding.result == "pass" and finding.domain and is_below(finding.domain, domain) for finding in findings):
        return Verdict(by=by, because=Reason("only_a_subdomain"))
    failed = next((finding for finding in findings if finding.result == "fail"), None)
    if failed is not None and not any(finding.result == "temperror" for finding in findings):
        return Verdict(VerdictKind.FAIL, domain, by, failed.words)
    seen = "; ".join(finding.words for finding in findings[:3])
    return Verdict(by=by, because=seen or Reason("says_nothing"))


# --- our own check -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClientHost:
    """The host that gave the mail to the first server of ours."""

    address: str
    helo: str


def needs_check(mail: Mail, verdict: Verdict, trust: VerifySettings) -> bool:
    """Whether our own check could find out more than was said."""
    return trust.dns and verdict.verdict is VerdictKind.NONE and bool(domain_of(mail))


def judge(mail: Mail, signed: dkim.SignedMail, arrival: Arrival, trust: VerifySettings, answers: Answers) -> Verdict | Wanted:
    """Our own verdict from the signatures in the mail, its envelope, and these answers of DNS; or which answers are lacking."""
    domain, author = domain_of(mail), mail.author
    if not domain or author is None:
        return NO_VERDICT
    missing: set[Question] = set()
    findings: list[Finding] = []
    if signed.signatures and signed.authors == (author.key,):  # else somebody reads another From: than we do
        for signature in signed.signatures:
            try:
                outcome = dkim.verify(signature, answers, arrival.arrived_at)
                words = f"dkim={outcome.result}: {outcome.because}"
                findings.append(Finding("dkim", outcome.result, outcome.domain, words, signature))
            except Missing as wanted:
                missing |= wanted.questions
    path = arrival.reverse_path
    client = client_of(mail, arrival, trust)
    if client is not None and path is not None:
        asked = path.rpartition("@")[2] if path else client.helo
        try:
            found = spf.check_host(client.address, asked, path, client.helo, answers)
            findings.append(Finding("spf", found.result, a_domain(asked), f"spf={found.result}: {found.because}"))
        except Missing as wanted:
            missing |= wanted.questions
    policy: dmarc.DmarcPolicy | None = None
    try:
        policy = dmarc.policy_of(domain, answers)
    except Missing as wanted:
        missing |= wanted.questions
    except dmarc.Unknown:
        pass
    if missing:
        return Wanted(frozenset(missing))
    try:
        verdict = _by_policy(domain, policy, findings, answers)
        return _with_own_signatures(verdict, mail, domain, policy, findings, answers) if verdict.passed else verdict
    except Missing as wanted:
        return Wanted(wanted.questions)


def _with_own_signatures(
    verdict: Verdict, mail: Mail, domain: str, policy: dmarc.DmarcPolicy | None, findings: Sequence[Finding], answers: Answers
) -> Verdict:
    """A pass with the signatures on which it rests, where no host that may send for the domain was seen sending it. Raises Missing."""

    def counts(finding: Finding) -> bool:
        if finding.result != "pass" or not finding.domain:
            return False
        if policy is None:
            return finding.domain == domain
        try:
            return speaks_for(finding.domain, domain) if not policy.found else _is_aligned(finding, domain, policy, answers)
        except dmarc.Unknown:
            return False

    good = [finding for finding in findings if counts(finding)]
    if any(finding.signature is None for finding in good):
        return verdict
    return replace(verdict, signatures=tuple(signature_of((s,), mail, s.covers) for f in good if (s := f.signature) is not None))


def _by_policy(domain: str, policy: dmarc.DmarcPolicy | None, findings: Sequence[Finding], answers: Answers) -> Verdict:
    """DMARC where the domain publishes it; else whatever is aligned. Raises Missing."""
    if policy is None:
        if exact := next((f for f in findings if f.result == "pass" and f.domain == domain), None):
            return Verdict(VerdictKind.PASS, domain, OUR_CHECK, exact.words)
        return Verdict(by=OUR_CHECK, because=Reason("dns_silent"))
    if not policy.found:
        return _conclude(domain, OUR_CHECK, findings, lambda other: speaks_for(other, domain))
    unsure = any(finding.result == "temperror" for finding in findings)
    for finding in findings:
        if finding.result != "pass" or not finding.domain:
            continue
        try:
            if _is_aligned(finding, domain, policy, answers):
                return Verdict(VerdictKind.PASS, domain, OUR_CHECK, finding.words)
        except dmarc.Unknown:
            unsure = True
    said = "; ".join(finding.words for finding in findings)[:300]
    seen: Because = said or Reason("nothing_to_ask")
    if unsure:
        return Verdict(by=OUR_CHECK, because=Reason.of("dns_silent_in_part", seen))
    if any(finding.method == "spf" or finding.result == "fail" for finding in findings):
        return Verdict(VerdictKind.FAIL, domain, OUR_CHECK, f"dmarc=fail: {said}"[:300])
    return Verdict(by=OUR_CHECK, because=seen)  # without SPF nobody can say that DMARC failed


def _is_aligned(finding: Finding, domain: str, policy: dmarc.DmarcPolicy, answers: Answers) -> bool:
    if finding.domain == domain:
        return True
    mode = policy.dkim if finding.method == "dkim" else policy.spf
    return mode == "relaxed" and dmarc.organisation_of(finding.domain, answers) == policy.organisation


# --- the host that sent it -------------------------------------------------------------------------------------------------


def client_of(mail: Mail, arrival: Arrival, trust: VerifySettings) -> ClientHost | None:
    """The host whose right to send is asked about: the peer of our door, or what our own servers say of where they had it from.
    Only the unbroken row of our own servers' `Received:` at the top is read; below it anybody may have written anything."""
    if arrival.door in (Door.SMTP, Door.LMTP):
        peer = spf.client(arrival.peer)
        if peer is not None and not _is_ours(peer, trust):
            return ClientHost(str(peer), arrival.helo)
    if not trust.hops:
        return None
    for value in mail.header_all("received")[:20]:
        hop = hop_of(value)
        if hop is None or hop.by not in trust.hops:
            return None
        if not hop.said:
            continue  # handed on within the server
        if hop.address is None:
            return None
        if not _is_ours(hop.address, trust):
            return ClientHost(str(hop.address), hop.said)
    return None


def _is_ours(address: Address, trust: VerifySettings) -> bool:
    """Ours, or nobody's: SPF says nothing of such a host."""
    return is_within(address, (*INSIDE, *trust.hop_networks))
