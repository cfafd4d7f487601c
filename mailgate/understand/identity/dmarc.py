"""DMARC (RFC 9989): what the owner of a From: domain wants, found by walking up the tree of names instead of by a list of suffixes."""

from dataclasses import dataclass
from typing import Literal

from mailgate.model.dns import Answers, DnsReply
from mailgate.understand.identity.dkim import tags
from mailgate.understand.identity.lookups import ask, expect

MOST_LABELS = 8  #: of a name whose every level is asked, RFC 9989 4.10

Mode = Literal["relaxed", "strict"]


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """The record that counts for a domain."""

    organisation: str  #: the domain of the organisation; the domain itself where nobody publishes anything
    found: bool = False
    dkim: Mode = "relaxed"
    spf: Mode = "relaxed"


class Unknown(Exception):
    """DNS did not answer: nobody can say what the policy is."""


def steps(domain: str) -> tuple[str, ...]:
    """The names at which a record may stand, the domain itself first."""
    labels = domain.split(".")
    rest = labels[-(MOST_LABELS - 1) :] if len(labels) > MOST_LABELS else labels[1:]
    return (domain, *(".".join(rest[index:]) for index in range(len(rest))))


def policy_of(domain: str, answers: Answers) -> DmarcPolicy:
    """What counts for mail from this domain. Raises Missing, or Unknown."""
    records = _records(domain, answers)
    organisation = _organisation(domain, records)
    record = records.get(domain) or records.get(organisation)
    if record is None:
        return DmarcPolicy(organisation)
    return DmarcPolicy(organisation, True, _mode(record.get("adkim")), _mode(record.get("aspf")))


def organisation_of(domain: str, answers: Answers) -> str:
    """The same for a domain that signed or sent. Raises Missing, or Unknown."""
    return _organisation(domain, _records(domain, answers))


def _records(domain: str, answers: Answers) -> dict[str, dict[str, str]]:
    expect(answers, tuple((f"_dmarc.{name}", "TXT") for name in steps(domain)))
    return {name: record for name in steps(domain) if (record := _record(name, answers)) is not None}


def _organisation(domain: str, records: dict[str, dict[str, str]]) -> str:
    """RFC 9989 4.10.2: the first that says it is no suffix, the one below a suffix, or the highest that publishes anything."""
    names = steps(domain)
    for index, name in enumerate(names):
        says = records.get(name, {}).get("psd", "u").lower()
        if says == "n":
            return name
        if says == "y" and index:
            return names[index - 1]
    return next((name for name in reversed(names) if name in records), domain)


def _record(name: str, answers: Answers) -> dict[str, str] | None:
    answer = ask(answers, f"_dmarc.{name}", "TXT")
    if answer.heard is DnsReply.FAILED:
        raise Unknown
    found = [record for text in answer.records if text[:8].replace(" ", "").startswith("v=DMARC1") and (record := tags(text)) is not None]
    return found[0] if len(found) == 1 else None  # several are none


def _mode(said: str | None) -> Mode:
    return "strict" if (said or "r").lower() == "s" else "relaxed"
