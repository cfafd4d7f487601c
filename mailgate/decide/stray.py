"""An agent's mail that came to a ticket's address and answers nothing: a mail program completed the address, or a mail is passed on.

Whoever presses "forward", or begins a new mail to an address that the program proposes, does not know whom their words would reach. So
such a mail never speaks to the ticket's requester: what is passed on opens its own ticket, everything else comes back."""

import re
from dataclasses import replace

from mailgate.decide import forwarding, orders
from mailgate.decide.entries import proof_flags
from mailgate.decide.residue import folded
from mailgate.decide.situation import Situation
from mailgate.model.commands import Fault
from mailgate.model.decision import Decision
from mailgate.model.evidence import EvidenceKind
from mailgate.model.ticket import Entry

#: What an answer carries by itself: it names the letter, or the mail, that is answered.
_CITED = frozenset({"in-reply-to", "references"})
_CITING = frozenset({EvidenceKind.OWN_ID, EvidenceKind.KNOWN_ID})
_IN_SUBJECT = frozenset({EvidenceKind.SUBJECT_TOKEN, EvidenceKind.OLD_NUMBER})
#: A title of fewer letters says something only where it is the whole subject: "VPN" stands in many.
_TELLING = 10
_NUMBER = re.compile(r"(?<![\w-])([A-Za-z][A-Za-z0-9]{0,9})-([1-9][0-9]{0,11})(?![\w-])")
#: "Re:", "AW:", "Antw[2]:" before a subject, in any language.
_PREFIXES = re.compile(r"(?:\s*\[?[^\W\d_]{1,14}(?:\[\d{1,3}\])?\s{0,2}[:：])+\s*")


def of_an_agent(s: Situation) -> Decision | None:
    """What follows from a proven agent's mail that answers nothing; None: it answers what it belongs to."""
    why = _why(s)
    if not why:
        return None
    opened = _its_own_ticket(s) if why == "E_STRAY" else None
    # What is passed on stands below the new words: all of it comes back, so that nothing is lost.
    return opened or orders.refuse(s, (Fault(why, None, "", ""),), text=s.mail.text if s.mail.forwarded else s.mail.new_text)


def _why(s: Situation) -> str:
    """The code of the fault, "" where the mail is an answer."""
    if not names_its_ticket(s) and not _only_presses(s):
        return "E_STRAY"
    says_where = s.understood.commands.visibility in ("note", "reply") or "note" in s.address_words
    return "E_FORWARD" if _passes_on(s) and not says_where else ""


def _only_presses(s: Situation) -> bool:
    """Whether the mail is what a link of a letter opens in a program that shows text alone: an address with a command, and no subject.
    Then no word of it leaves: there is none, or it is a note."""
    if not s.address_words or s.mail.subject.strip():
        return False
    return "note" in s.address_words or not (s.mail.new_text.strip() or s.mail.attachments)


def names_its_ticket(s: Situation) -> bool:
    """Whether anything but an address says that the mail belongs to its ticket: programs complete addresses, and nothing else."""
    ticket = s.thread.ticket
    for each in s.thread.evidence:
        if each.valid and each.ticket == ticket and (each.kind in _IN_SUBJECT or (each.kind in _CITING and each.where in _CITED)):
            return True
    return s.file is not None and (_says_title(s.mail.subject, s.file.ticket.title) or _says_number(s))


def _says_title(subject: str, title: str) -> bool:
    """Whether a subject is the title, or holds one that is long enough to mean something. Telephones answer with nothing else."""
    said, wanted = folded(_bare(subject)), folded(_bare(title))
    if not wanted:
        return not said
    return said == wanted or (len(wanted) >= _TELLING and wanted in said)


def _bare(subject: str) -> str:
    match = _PREFIXES.match(subject)
    return subject[match.end() :] if match is not None and subject[match.end() :].strip() else subject


def _says_number(s: Situation) -> bool:
    """`IT-1042`, as people say it on the telephone."""
    if s.file is None:
        return False
    ticket = s.file.ticket
    named = (s.home.prefix.upper(), str(ticket.number))
    return any((match[1].upper(), match[2]) == named for match in _NUMBER.finditer(s.mail.subject[:1000]))


def _passes_on(s: Situation) -> bool:
    """Whether somebody else's mail is passed on, or the subject begins as only a forward's does, and the ticket's title does not."""
    original = s.mail.forwarded
    if original is not None and s.mail.says_forward and not s.policy.is_own(original.author.key):
        return True
    title = s.file.ticket.title if s.file else ""
    return s.mail.says_forward and folded(title)[:2] != folded(s.mail.subject)[:2]


def _its_own_ticket(s: Situation) -> Decision | None:
    """The ticket of who wrote first, where that is somebody else than takes part here: of them nobody knows what they mean."""
    original = s.mail.forwarded
    if original is None or _takes_part(s, original.author.key):
        return None
    opened = forwarding.opened_apart(replace(s, file=None, letter=None, below=(), thread=replace(s.thread, ticket=None, letter=None)))
    if opened is None:
        return None
    changes = tuple(replace(each, entries=tuple(_as_proven_here(s, entry) for entry in each.entries)) for each in opened.changes)
    letters = tuple(replace(each, entry=_as_proven_here(s, each.entry)) if each.entry else each for each in opened.letters)
    return replace(opened, changes=changes, letters=letters)


def _as_proven_here(s: Situation, entry: Entry) -> Entry:
    """The forwarder's own words with what the answered letter proves of them, although it is about another ticket."""
    if s.author is None or entry.author != s.author.id:
        return entry
    return replace(entry, flags=(*(flag for flag in entry.flags if not flag.startswith("proof:")), *proof_flags(s)))


def _takes_part(s: Situation, key: str) -> bool:
    return s.file is not None and any(key in person.keys for person in s.file.people if person.id in s.file.ticket.outsiders())
