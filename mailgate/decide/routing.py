"""What a new ticket is about, and who answers for it: the address it was written to, a tag in its subject, the policy's rules.

The first that decides wins. What decides nothing leaves the ticket with its desk's group, and without a category."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from mailgate.decide.situation import Situation
from mailgate.model.mail import Attachment, Forwarded, Mark
from mailgate.model.policy import Policy
from mailgate.model.reason import Reason
from mailgate.model.routing import LONGEST_LINE, RoutingRule
from mailgate.model.ticket import Origin

#: Lines of a text, characters of all of it, and tags of a subject that are looked at: a line of a stranger's may take an expression of
#: an operator's twenty thousandths of a second (`settings/routing`).
MOST_LINES, MOST_TEXT, MOST_TAGS = 100, 4_000, 5
_TAG = re.compile(r"\[([^\[\]]{1,60})\]")


@dataclass(frozen=True, slots=True)
class Enquiry:
    """The mail that opens a ticket, as far as rules look at it: of one that is passed on, the one that was written first."""

    subject: str
    text: str
    address: str  #: of who wrote it
    language: str | None
    attachments: tuple[Attachment, ...]
    marks: tuple[Mark, ...]
    headers: Mapping[str, str]


def asked_by(s: Situation) -> Enquiry:
    mail = s.mail
    address = mail.authors[0].address if mail.authors else ""
    headers = dict(reversed(mail.headers))  # of several of one name the first
    return Enquiry(mail.subject, mail.new_text, address, mail.language, mail.attachments, s.reading.marks, headers)


def asked_first(s: Situation, original: Forwarded) -> Enquiry:
    """The headers of the original are not known: those of the mail are its forwarder's."""
    return Enquiry(
        original.subject, original.text, original.author.address, original.language, original.attachments, s.reading.marks_of_original, {}
    )


@dataclass(frozen=True, slots=True)
class Sorted:
    """What was decided, by whom, and what it says of impact and urgency."""

    category: str | None
    group: str
    origin: Origin | None = None  #: None: nothing decided
    because: Reason | None = None
    impact: int | None = None
    urgency: int | None = None


def sort(s: Situation, asked: Enquiry, organisation: str | None) -> Sorted:
    """The first that decides: address, subject, rules."""
    return next(_decisive(s, asked, organisation), Sorted(None, s.desk.group))


def _decisive(s: Situation, asked: Enquiry, organisation: str | None) -> Iterator[Sorted]:
    policy = s.policy
    written_to = (*s.arrival.recipients, *(a.address for a in (*s.mail.to, *s.mail.cc)), *s.mail.delivered_to)
    for address in written_to:
        if (named := policy.named_at(address)) is not None and policy.desk_at(address) == s.desk:
            yield of_name(s, named, Origin.ADDRESS, Reason.of("why.address", named))
    tags = (match[1].strip().lower() for match in islice(_TAG.finditer(asked.subject), MOST_TAGS))
    for tag in tags:
        if (named := next((id_ for id_, one in policy.categories.items() if tag in (id_, one.name.lower())), None)) is not None:
            yield of_name(s, named, Origin.SUBJECT, Reason.of("why.subject", named))
    for rule in policy.routing:
        if _fits(rule, s.desk.id, asked, organisation):
            yield _by_rule(s, rule)


def of_name(s: Situation, named: str, origin: Origin, because: Reason) -> Sorted:
    """Of a category with what the policy says of it, or of a group alone."""
    category = s.policy.categories.get(named)
    if category is None:
        return Sorted(None, named, origin, because)
    return Sorted(named, category.group or s.desk.group, origin, because, category.impact, category.urgency)


def _by_rule(s: Situation, rule: RoutingRule) -> Sorted:
    category = s.policy.categories.get(rule.category or "")
    return Sorted(
        category.id if category else None,
        rule.group or (category.group if category else None) or s.desk.group,
        Origin.RULE,
        Reason.of("why.rule", rule.name),
        rule.impact or (category.impact if category else None),
        rule.urgency or (category.urgency if category else None),
    )


def _fits(rule: RoutingRule, desk: str, asked: Enquiry, organisation: str | None) -> bool:
    """Whether all its conditions hold."""
    return (
        (not rule.desk or desk in rule.desk)
        and (not rule.organisation or organisation in rule.organisation)
        and (not rule.language or asked.language in rule.language)
        and (not rule.sender or _is_below(asked.address, rule.sender))
        and (not rule.attachment or any(one.type.startswith(rule.attachment) for one in asked.attachments))
        and (rule.subject is None or _says(rule.subject, asked.subject))
        and all(name.lower() in asked.headers and _says(pattern, asked.headers[name.lower()]) for name, pattern in rule.header.items())
        and (rule.text is None or any(_says(rule.text, line) for line in asked.text[:MOST_TEXT].splitlines()[:MOST_LINES]))
    )


def _is_below(address: str, domains: frozenset[str]) -> bool:
    domain = address.lower().rpartition("@")[2]
    return any(domain == one or domain.endswith(f".{one}") for one in domains)


def _says(pattern: str, line: str) -> bool:
    """`mailgate check` has seen to it that an expression takes no long time for a line of this length (`settings/routing`)."""
    return re.search(pattern, line[:LONGEST_LINE], re.IGNORECASE) is not None


def with_security(policy: Policy, found: Sorted, marks: tuple[Mark, ...], desk_group: str) -> Sorted:
    """Where nothing has decided, words of security make it a matter of the category of that name, if there is one."""
    category = policy.categories.get(SECURITY)
    if category is None or found.origin is not None:
        return found
    because = Reason("why.security", tuple(mark.words for mark in marks))
    return Sorted(SECURITY, category.group or desk_group, Origin.WORDS, because, category.impact, category.urgency)


#: The category of words that sound like a security incident.
SECURITY = "security"
