"""Short answers of a requester: a mark from one to five, a mere thank-you, one word that is a wish. Never guessed from prose."""

import re
from collections.abc import Iterable
from itertools import accumulate, pairwise

from mailgate.model.evidence import Evidence
from mailgate.model.mail import Mail
from mailgate.model.marker import FORMER, FORMER_HINTS, MARKERS, RATING_HINTS
from mailgate.model.rating import LONGEST_COMMENT
from mailgate.model.reason import Reason
from mailgate.model.understood import RatingRead
from mailgate.understand.answers.thanks import WORD, says_only
from mailgate.understand.answers.thanks_words import GRATITUDE, HARMLESS
from mailgate.understand.answers.unsolved import says_unsolved

_LONGEST_THANKS = 400  #: characters

_SKIN = "\U0001f3fb-\U0001f3ff\ufe0f"
_THUMBS = re.compile(rf"(?:(\U0001f44d)|(\U0001f44e))[{_SKIN}]*(?![\U0001f44d\U0001f44e])")
_STARS = re.compile(r"([★⭐🌟]\ufe0f?(?:\s?[★⭐🌟]\ufe0f?){0,4})(?:\s?[☆✩]\ufe0f?){0,4}(?![\s\ufe0f]*[★⭐🌟☆✩])")
_STAR = re.compile(r"[★⭐🌟]")
#: Figures and signs of Arabic and Japanese keyboards, each as the one that it stands for.
_KEYBOARDS = str.maketrans("１２３４５／：！，．、١٢٣٤٥۱۲۳۴۵،؛", "12345/:!,.,1234512345,;")
#: `4`, `4/5`, `4/5 quick help`, `4 - quick help`; not `4 of us still wait`, `5 minutes ago`, `2-3 times`, `1. open the door`.
_MARK = re.compile(r"([1-5])(?:\s?/\s?5(?!\d)|(?=\s*(?:[.。,;:!–—-]+\s*)?\Z)|(?=\s*[,;:!–—-]+(?:\s+[^\W\d]|[\u3040-\u9fff])))")
_SEPARATORS = " \t.,;:!–—-、。！：，،؛"
_LABEL = (
    r"(?:rating|score|grade|mark|stars|note|schulnote|bewertung|wertung|punkte|sterne|évaluation|nota|calificación|puntuación|voto|cijfer|"
    r"التقييم|تقييم|評価|星)\s{0,2}(?::|=|is|ist|-|–|は)?\s{0,2}"
)
_OF_FIVE = r"\s?(?:/|von|out\ of|of|sur|de|su|van|من)\s?5"
_UNIT = r"[\s-]?(?:stars?|sterne?|points?|punkte?|étoiles?|estrellas?|stelle|sterren|نجوم|نجمة|つ星|つ|点)"
_COUNTED = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ein": 1, "einen": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5,
}  # fmt: skip
_ENDS = r"(?=\s{0,3}(?:[.,;:!)–—-]|$))"
#: A mark beside a thank-you: what says of itself that it is one, or a figure alone at the end of a line.
_BESIDE = re.compile(
    rf"""(?<![\w/.,])(?:
      {_LABEL}(?P<labelled>[1-5])(?:{_OF_FIVE}|{_UNIT})?(?![\w/]|[.,]\d){_ENDS}
    | (?P<of_five>[1-5]){_OF_FIVE}(?:{_UNIT})?(?![\w/]|[.,]\d)
    | (?P<counted>[1-5]|{"|".join(_COUNTED)}){_UNIT}\b
    | (?P<alone>(?<![^\s])[1-5])(?=[.。!]{{0,3}}\s{{0,3}}$)
    )""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def read_rating(mail: Mail, evidence: Iterable[Evidence], asked: bool) -> RatingRead | None:
    """The mark that a mail gives, and the words beside it.
    A score in a signed address wins. Else the first line of the new text counts, or a mark that stands beside nothing but thanks,
    and only when the mail answers a letter that `asked` for a rating. Two links with different scores in one mail are what a scanner
    clicks, not what a person says: no rating."""
    scores = {e.word for e in evidence if e.valid and e.purpose == "rate" and e.word in "12345" and e.word}
    text = _above_hints(mail.new_text)
    if len(scores) > 1:
        return None
    read = _first_line(text)
    because = Reason("rated.first_line")
    if read is None and (beside := _beside_thanks(text)) is not None:
        read, because = beside, Reason("rated.beside_thanks")
    if scores:
        score = int(scores.pop())
        # The figure is not a comment when somebody writes it once more.
        comment = read[1] if read is not None and read[0] == score else text
        return _read(score, comment, Reason("rated.token"))
    if not asked or read is None:
        return None
    return _read(*read, because)


def _read(score: int, comment: str, because: Reason) -> RatingRead:
    comment = comment[:LONGEST_COMMENT].strip()
    return RatingRead(score, comment, because, says_unsolved(comment))


def _beside_thanks(text: str) -> tuple[int, str] | None:
    """Score and words of a mail that gives a mark and otherwise only thanks, greets and signs. In doubt it gives none."""
    if len(text) > _LONGEST_THANKS:
        return None
    typed = text.translate(_KEYBOARDS)
    found = [(match.start(), match.end(), score) for match in _BESIDE.finditer(typed) if (score := _score_of(match, typed))]
    stars = (match for match in _STARS.finditer(text) if not _STAR.match(text[: match.start()].rstrip()[-1:]))
    found += [(match.start(), match.end(), len(_STAR.findall(match[1]))) for match in stars]
    found += [(at, at + len(line), 5 if hand[1] else 1) for at, line in _lines_of(text) if (hand := _THUMBS.fullmatch(line.strip()))]
    if len({score for _, _, score in found}) != 1:
        return None
    rest = text
    for start, end, _ in sorted(found, reverse=True):
        rest = f"{rest[:start]} {rest[end:]}"
    if not says_only(rest, gratitude=False):
        return None
    return found[0][2], "\n".join(line for line in (row.strip(_SEPARATORS) for row in rest.splitlines()) if line)


def _score_of(match: re.Match[str], text: str) -> int:
    """What a mark says; 0 for a figure that only ends a line of words: `room 5`, `all 5`."""
    if match["alone"]:
        before = text[: match.start()].rpartition("\n")[2].strip()
        words = WORD.findall(before)
        if before[-1:] == "." and words and len(words[-1]) <= 4 and words[-1].lower() not in GRATITUDE | HARMLESS:
            return 0  # "Tel. 5", "Nr. 5"
        return int(match["alone"]) if not before or before[-1] in "!.,;:–—-" else 0
    said = match["labelled"] or match["of_five"] or match["counted"]
    return int(said) if said.isdigit() else _COUNTED[said.lower()]


def _lines_of(text: str) -> list[tuple[int, str]]:
    lines = text.splitlines(keepends=True)
    return [(at, line.rstrip("\n")) for at, line in zip(accumulate(map(len, lines), initial=0), lines, strict=False)]


def _first_line(text: str) -> tuple[int, str] | None:
    """Score and all other words, when the first line begins with a mark."""
    first, _, rest = text.strip().partition("\n")
    first = first.strip()
    if match := _MARK.match(first.translate(_KEYBOARDS)):
        score = int(match[1])
    elif match := _STARS.match(first):
        score = len(_STAR.findall(match[1]))
    elif match := _THUMBS.match(first):
        score = 5 if match[1] else 1
    else:
        return None
    return score, f"{first[match.end() :].strip(_SEPARATORS)}\n{rest.strip()}".strip()


def _above_hints(text: str) -> str:
    """The text above the first line that our link put there, which a mail program may have broken in two."""
    lines = text.splitlines()
    folded = [_folded(line) if len(line) < 200 else "" for line in lines]
    pairs = enumerate(pairwise((*folded, "")))
    end = next((at for at, (line, following) in pairs if line and (line in _HINTS or line + following in _HINTS)), len(lines))
    return "\n".join(lines[:end]).strip()


def _folded(line: str) -> str:
    return "".join(line.split()).casefold()


_HINTS = frozenset(_folded(line) for line in (*RATING_HINTS.values(), *FORMER_HINTS, *MARKERS.values(), *FORMER))


def is_thanks(text: str, attachments: bool) -> bool:
    """Whether a new text says thank you and nothing else. Any doubt is a no: a message read in vain is cheaper than one unread.
    At most twelve words, one of them of gratitude, every other one harmless or a name; no question, figure, address or attachment."""
    if attachments or len(text) > _LONGEST_THANKS:
        return False
    if says_only(text, gratitude=True):
        return True
    read = _beside_thanks(text)  # a mark that nobody asked for adds nothing to it
    return read is not None and says_only(read[1], gratitude=True)
