"""Which ticket does a mail belong to? All the evidence it carries, in the order in which it is believed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.mail import Mail
from mailgate.model.policy import Desk, Policy
from mailgate.model.reason import Reason
from mailgate.model.token import (
    Keyring,
    find_check_id,
    find_subject_tokens,
    is_thread_id,
    read_detail,
    read_own_id,
    split_address,
    well_formed_detail,
)
from mailgate.model.understood import Thread

#: What one mail may make us look at; a mail with more was not written to be answered.
MOST_ADDRESSES = 300
MOST_IDS = 120
MOST_SUBJECT = 1000

_BRACKETED = re.compile(r"\[[^\[\]]{1,60}\]")
_BLANKS = re.compile(r"\s+")


class NamesTicket(Protocol):
    """What the record knows of a letter of ours."""

    @property
    def ticket(self) -> int | None: ...


def find_evidence(
    mail: Mail, arrival_recipients: tuple[str, ...], ring: Keyring, policy: Policy, desk: Desk, *, is_report: bool = False
) -> tuple[Evidence, ...]:
    """Everything in a mail that names a ticket or a letter of ours, the strongest first. Tickets behind letters are not known yet.
    Signed forms whose signature is bad come with `valid=False`, so that they can be counted and shown. `desk` took the mail in:
    when two reply addresses disagree, its own is believed first. `is_report`: a machine writes about a letter of ours, so what it
    returns of that letter counts."""
    is_report = is_report or bool(mail.reports or mail.report_type)
    return (
        *_reply_addresses(mail, arrival_recipients, ring, policy, desk),
        *_envelopes(mail, ring),
        *_own_ids(mail, ring, is_report),
        *_subject_tokens(mail.subject, ring, policy),
        *(_at(Evidence(EvidenceKind.KNOWN_ID, at, id_), _places(mail, id_)) for at, id_ in _cited(mail) if read_own_id(ring, id_) is None),
        # A relay may have given our letter this name: then it stands among its aliases.
        *(
            Evidence(EvidenceKind.KNOWN_ID, "reported", value)
            for value in (mail.reported_ids[:20] if is_report else ())
            if read_own_id(ring, value) is None and not is_thread_id(value)
        ),
        *_old_numbers(mail.subject, policy),
    )


def cited_ids(mail: Mail) -> tuple[str, ...]:
    """The Message-IDs under which a mail's ticket may be known, its own first. They are looked up, and recorded with the ticket."""
    return tuple(dict.fromkeys(cited for _, cited in _cited(mail)))


def _reply_addresses(mail: Mail, recipients: tuple[str, ...], ring: Keyring, policy: Policy, desk: Desk) -> tuple[Evidence, ...]:
    places = (
        *(("envelope", address) for address in recipients),
        *(("to", each.address) for each in mail.to),
        *(("cc", each.address) for each in mail.cc),
        *(("delivered-to", address) for address in mail.delivered_to),
    )[:MOST_ADDRESSES]
    ours = {key for each in policy.desks.values() for key in each.keys}
    found: dict[tuple[str | None, str, str], tuple[bool, Evidence, list[str]]] = {}
    for where, address in places:
        base, detail, domain = split_address(address.strip())
        plain = f"{base}@{domain}".lower()
        if plain not in ours or not well_formed_detail(detail):
            continue
        token = read_detail(ring, detail)
        shown = f"{base}+{detail[:8].lower()}.…@{domain}"
        if token is None:
            evidence = Evidence(EvidenceKind.REPLY_ADDRESS, where, shown, valid=False)
        else:
            evidence = Evidence(EvidenceKind.REPLY_ADDRESS, where, shown, letter=token.letter, purpose=token.purpose, word=token.word)
        key = (evidence.letter, evidence.purpose, evidence.word)
        found.setdefault(key, (plain not in desk.keys, evidence, []))[2].append(where)
    return tuple(_at(evidence, stands) for _, evidence, stands in sorted(found.values(), key=lambda each: each[0]))


def _envelopes(mail: Mail, ring: Keyring) -> Iterator[Evidence]:
    """What a report calls the envelope of a letter of ours (RFC 3461 4.4): only servers ever saw that, like the bounce address."""
    for value in dict.fromkeys(report.envelope_id.strip() for report in mail.reports[:20] if report.envelope_id):
        token = read_detail(ring, value)
        if token is not None and token.purpose == "bounce":
            yield Evidence(EvidenceKind.OWN_ID, "envelope-id", f"{value[:8].lower()}.…", letter=token.letter, purpose=token.purpose)


def _at(evidence: Evidence, places: Iterable[str]) -> Evidence:
    """With everywhere it stands, where that is more than one place."""
    all_ = tuple(dict.fromkeys(places))
    return replace(evidence, places=all_) if len(all_) > 1 else evidence


def _own_ids(mail: Mail, ring: Keyring, is_report: bool) -> Iterator[Evidence]:
    """In-Reply-To; then References: what was answered stands last, the anchor of the letter that was answered first."""
    cut = mail.references[:20] + mail.references[20:][-80:]
    # The thread of a ticket stands before the anchor. It is for mail programs, and says nothing.
    references = tuple(value for value in cut if not is_thread_id(value))
    last, first, rest = references[-1:], references[:1], references[1:-1][::-1]
    reported = mail.reported_ids if is_report else ()
    seen: set[tuple[str, bool]] = set()
    cited = (("in-reply-to", mail.in_reply_to), ("references", mail.references), ("reported", reported))
    if (checked := find_check_id(ring, mail.subject)) is not None:
        yield Evidence(EvidenceKind.OWN_ID, "subject", f"<{checked.letter.lower()}.c.…>", letter=checked.letter, purpose="check")
    for where, ids in (("in-reply-to", mail.in_reply_to[:20]), ("references", (*last, *first, *rest)), ("reported", reported[:20])):
        for value in ids:
            own = read_own_id(ring, value)
            if own is None or (own.letter, own.anchor) in seen:
                continue
            seen.add((own.letter, own.anchor))
            shown = f"<{own.letter.lower()}.…>" if own.number is None else f"<{own.number}.{own.letter.lower()}.…>"
            purpose = "check" if own.check else "anchor" if own.anchor else "message-id"
            evidence = Evidence(EvidenceKind.OWN_ID, where, shown, ticket=own.number, letter=own.letter, purpose=purpose)
            yield _at(evidence, (where, *(place for place, values in cited if value in values[:100])))


def _subject_tokens(subject: str, ring: Keyring, policy: Policy) -> Iterator[Evidence]:
    """Tokens with a prefix that is not ours and a signature that is not ours are another system's, and text."""
    prefixes = {desk.prefix.upper() for desk in policy.desks.values()}
    # A mail program that folds a long subject may leave a blank inside the token.
    joined = _BRACKETED.sub(lambda match: _BLANKS.sub("", match[0]), subject[:MOST_SUBJECT])
    for token in dict.fromkeys(find_subject_tokens(ring, joined)):
        if token.valid or token.prefix in prefixes:
            yield Evidence(
                EvidenceKind.SUBJECT_TOKEN,
                "subject",
                f"[{token.prefix}-{token.number}-…]",
                ticket=token.number if token.valid else None,
                purpose="subject",
                valid=token.valid,
            )


def _cited(mail: Mail) -> tuple[tuple[str, str], ...]:
    cited = (
        *((("message-id", mail.message_id),) if mail.message_id else ()),
        *(("in-reply-to", value) for value in mail.in_reply_to[:20]),
        # The parent stands last; it says more about where a mail belongs than the beginning of a long story.
        *(("references", value) for value in reversed(mail.references[:20] + mail.references[20:][-80:])),
    )
    first: dict[str, str] = {}
    for where, value in cited:
        if not is_thread_id(value):
            first.setdefault(value, where)
    return tuple((where, value) for value, where in first.items())[:MOST_IDS]


def _places(mail: Mail, cited: str) -> Iterator[str]:
    if cited == mail.message_id:
        yield "message-id"
    if cited in mail.in_reply_to[:20]:
        yield "in-reply-to"
    if cited in mail.references[:20] or cited in mail.references[20:][-80:]:
        yield "references"


def _old_numbers(subject: str, policy: Policy) -> Iterator[Evidence]:
    if policy.old_number_pattern is None:
        return
    for match in _compiled(policy.old_number_pattern).finditer(subject[:MOST_SUBJECT]):
        number = match[1] or ""
        if number.isascii() and number.isdigit() and 0 < int(number[:13]) < 10**12:
            yield Evidence(EvidenceKind.OLD_NUMBER, "subject", match[0][:40], ticket=int(number))


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def settle(
    evidence: Iterable[Evidence],
    letters: Mapping[str, NamesTicket],
    known: Mapping[str, int],
    participants: Callable[[int], frozenset[str]],
    author: str | None,
    *,
    exists: Callable[[int], bool] = lambda number: True,
    ignore_subject_tokens: bool = False,
) -> Thread:
    """The ticket that the strongest evidence names, all evidence with its ticket filled in, and what disagreed.
    `letters`: the rows of the letters named; `known`: Message-ID -> ticket of mails we received; `participants`: all addresses (lower
    case) that belong to a ticket; `author`: the key of the one author, None when From: is ambiguous. Unsigned evidence (known
    Message-IDs, old numbers) counts only for a participant of its ticket. `ignore_subject_tokens`: this author sent too many bad ones."""
    notes: list[Reason] = []
    filled = tuple(_filled(each, letters, known) for each in evidence)
    counted: list[Evidence] = []
    for each in filled:
        doubt = _doubt(each, letters, participants, author, exists, ignore_subject_tokens)
        if doubt:
            notes.append(Reason.of("doubtful", each.kind.value, each.value, doubt))
        elif each.ticket is not None:
            counted.append(each)
    ticket = counted[0].ticket if counted else None
    for each in counted[1:]:
        if each.ticket != ticket:
            stronger = Reason(f"sign.{counted[0].kind.value}")
            notes.append(Reason("disagree", (Reason(f"sign.{each.kind.value}"), each.ticket or 0, stronger, ticket or 0)))
    answered = next((e.letter for e in filled if e.valid and e.letter in letters and e.ticket == ticket), None)
    return Thread(ticket, answered, filled, tuple(dict.fromkeys(notes)))


def _filled(evidence: Evidence, letters: Mapping[str, NamesTicket], known: Mapping[str, int]) -> Evidence:
    if evidence.kind is EvidenceKind.KNOWN_ID:
        return replace(evidence, ticket=known.get(evidence.value))
    if evidence.valid and evidence.letter is not None and evidence.letter in letters:
        # The row is what counts: a letter about no ticket, or whose ticket was merged, says so there.
        return replace(evidence, ticket=letters[evidence.letter].ticket)
    return evidence


def _doubt(
    evidence: Evidence,
    letters: Mapping[str, NamesTicket],
    participants: Callable[[int], frozenset[str]],
    author: str | None,
    exists: Callable[[int], bool],
    ignore: bool,
) -> Reason | None:
    """Why this evidence does not count; None when it does, or says nothing."""
    if not evidence.valid:
        return Reason("doubt.not_signed")
    if evidence.kind is EvidenceKind.SUBJECT_TOKEN and ignore:
        return Reason("doubt.ignored")
    if evidence.ticket is None:
        if evidence.kind is not EvidenceKind.REPLY_ADDRESS:
            return None
        return Reason("doubt.about_none" if evidence.letter in letters else "doubt.no_letter")
    if not exists(evidence.ticket):
        return Reason.of("doubt.no_ticket", evidence.ticket)
    if evidence.kind in (EvidenceKind.KNOWN_ID, EvidenceKind.OLD_NUMBER) and (
        author is None or author not in participants(evidence.ticket)
    ):
        return Reason.of("doubt.no_part", evidence.ticket)
    return None
