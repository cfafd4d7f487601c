"""Who answers under another subject: it is kept with what they wrote, agents read it, and the ticket's title stays."""

import re

from mailgate.decide.residue import folded
from mailgate.decide.situation import Situation
from mailgate.model.masking import masked
from mailgate.model.subjects import without_answers
from mailgate.model.token import SUBJECT_TOKEN

LONGEST_SUBJECT = 250
#: What servers on the way put before a subject: `[EXTERN]`, `***SPAM***`.
_PUT_BEFORE = re.compile(r"\s{0,3}(?:\[[^\[\]\d]{1,24}\]|\*{2,5}[^*]{1,24}\*{2,5})\s{0,3}")


def is_renamed(s: Situation) -> bool:
    """Whether the mail has a subject of its own, as far as can be told without the letter that it answers."""
    if s.file is None or s.by_agent or s.mail.says_forward or s.address_words:
        return False
    subject, title = _bare(s.mail.subject), _bare(s.file.ticket.title)
    return bool(subject) and folded(subject) not in (folded(title), folded(masked(title)))


def subject_of(s: Situation) -> str | None:
    """The subject that its author gave the mail; None where it is that of the ticket, or of the letter that is answered."""
    if s.file is None or not is_renamed(s):
        return None
    subject = _bare(s.mail.subject)[:LONGEST_SUBJECT]
    if folded(subject) != folded(_bare(s.letter_subject)):
        return subject
    # Our letter went on under a subject of theirs, or it has one of ours.
    theirs = (e.subject for e in s.file.entries if e.subject and s.author is not None and e.author == s.author.id)
    return next((each for each in theirs if folded(each) == folded(subject)), None)


def _bare(subject: str) -> str:
    """Its words alone: no tag, no `Re:`, nothing that a server put before it."""
    words = without_answers(" ".join(SUBJECT_TOKEN.sub(" ", subject).split()))
    if (match := _PUT_BEFORE.match(words)) is not None and match.end() < len(words):
        words = without_answers(words[match.end() :])
    return words.strip()
