"""Subject tokens that we never signed: somebody guesses. Who is held to account for it, and who is not.

After too many within an hour the subject tokens of an author find nothing; no door is slowed. A `From:` is a claim, so a forger can make
anybody look like one who guesses: whoever brings something better than `From:` is neither counted with them nor held up by them."""

from mailgate.decide.authority import PROVING
from mailgate.decide.situation import Situation
from mailgate.model.evidence import EvidenceKind, Verdict


def guesser(author: str | None, verdict: Verdict) -> str:
    """Under which name bad tokens of this author are counted, "" for nobody's: an address that is authentic, and the same one merely
    claimed, are two."""
    if author is None:
        return ""
    return f"{author} (authentic)" if verdict.passed else author


def bad_token_of(s: Situation) -> str | None:
    """Against whom a bad subject token of this mail counts; None where there is none, or where the mail holds a letter of ours as well:
    somebody who has an answer in hand guesses nothing, their mail program spoilt the subject."""
    evidence = s.thread.evidence
    if not any(e.kind is EvidenceKind.SUBJECT_TOKEN and not e.valid for e in evidence):
        return None
    mine = s.letter is not None and s.author is not None and s.letter.person == s.author.id
    if mine and any(e.valid and s.letter is not None and e.letter == s.letter.id and e.purpose in PROVING for e in evidence):
        return None
    return guesser(s.author_key, s.verdict) or None
