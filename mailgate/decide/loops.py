"""Does a machine answer us that does not say so? Told by what comes back and how fast, never by a header.

Two programs that answer each other never stop by themselves. People do: they read, they type, they say something new. What is looked at
is a *turn*: a mail that comes soon after a letter of ours to its author. In doubt it is a person's."""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgate.model.flood import Turn
from mailgate.model.marker import FORMER, MARKERS
from mailgate.model.reason import Reason

#: A mail that comes later after our letter is nobody's turn: no machine waits that long, and people do.
SOON = timedelta(minutes=10)
#: Turns older than this say nothing any more.
MEMORY = timedelta(days=7)
#: So few words may be said twice by anybody: "Thank you.", "It still drops."
FEW_WORDS = 4
#: What share of two texts' word pairs must be the same for one to be the other again, with another name or number in it.
ALIKE = 0.7
#: Nobody reads a letter and answers it within so many seconds, nor types so many characters a second.
NO_TIME, TYPED = 3, 25
#: So many turns of one author on one ticket within an hour that nobody can have typed, or turns of any kind within an hour and a day.
MOST_INSTANT, MOST_HOUR, MOST_DAY = 12, 40, 80
#: So often words may be said before the next time is a machine's; and where nobody knows when their author had our last letter.
REPEATS, UNTIMED = 2, 3
#: So often, and no person says it: until then agents still hear of each such mail at once, for somebody may be waiting for an answer.
CERTAIN = 5

#: Whoever answers this many seconds after our letter can have read it.
READ = 45

_KEPT = 48  #: hashes of a sketch
_WORD = re.compile(r"[^\W_]+")
#: What differs from one automatic answer to the next: tokens in brackets, addresses, links, digits.
_CHANGING = re.compile(r"\[[^\]\n]{0,60}\]|\S{0,200}@\S{1,200}|https?://\S{1,500}|\d+")


def sketch(text: str) -> str:
    """What is left of a text for comparing: the smallest hashes of its pairs of words, in hex. "" where it has no words."""
    plain = _CHANGING.sub(" 0 ", unicodedata.normalize("NFKC", text[:20_000]).casefold())
    words = _WORD.findall(plain)
    if not words:
        return ""
    # How many words there are is said in front: of few nobody can say that they are a machine's. Then the text to the letter.
    pairs = {zlib.crc32(f"{one} {two}".encode()) for one, two in zip(words, [*words[1:], ""], strict=True)}
    whole = zlib.crc32(" ".join(text[:20_000].split()).encode(errors="replace"))
    return f"{min(len(words), 0xFFFF):04x}{whole:08x}" + "".join(f"{pair:08x}" for pair in sorted(pairs)[:_KEPT])


def alike(one: str, other: str) -> bool:
    """Whether two sketches are of the same words, but for names and numbers in them."""
    if one == other:
        return True
    mine, theirs = _pairs(one), _pairs(other)
    if not mine or not theirs:
        return False
    smallest = set(sorted(mine | theirs)[:_KEPT])
    return len(mine & theirs & smallest) >= ALIKE * len(smallest)


def _pairs(one: str) -> set[str]:
    return {one[start : start + 8] for start in range(12, len(one), 8)}


def the_same(one: str, other: str) -> bool:
    """Whether two sketches are of one text, to the letter."""
    return one[:12] == other[:12]


def _words(one: str) -> int:
    return int(one[:4], 16) if one else 0


@dataclass(frozen=True, slots=True)
class MachineSign:
    """Why a turn is taken for a machine's. `certain`: nobody says one thing so often, or so fast; else a person may still have done it."""

    because: Reason
    certain: bool


def machine(turn: Turn, earlier: Sequence[Turn], *, inside: bool) -> MachineSign | None:
    """None: it is taken for a person's. `earlier`: turns of the same author, newest first, without commands.
    `inside`: an agent's words, which are only ever held for what is said again on the same ticket or at a pace that nobody has."""
    mine = [one for one in earlier if turn.at - one.at <= MEMORY]
    here = [one for one in mine if one.ticket is not None and abs(one.ticket) == turn.ticket]
    # Whoever reports one thing after the other words them alike: new tickets are only a machine's where nothing differs.
    said = [one for one in here if alike(one.sketch, turn.sketch)] if turn.ticket is not None else []
    if not inside:
        said = max(said, [one for one in mine if the_same(one.sketch, turn.sketch)], key=len)
    else:
        # What left, and what came back to them, are two things: they may well send again what was refused.
        said = max(([one for one in said if (one.ticket or 0) > 0], [one for one in said if (one.ticket or 0) < 0]), key=len)
        if turn.lag_s >= READ:
            # Who took the time to read may well say the same with another number in it: the next code, the next appointment.
            said = [one for one in said if the_same(one.sketch, turn.sketch)]
    most = UNTIMED if not inside and turn.lag_s >= SOON.seconds else REPEATS
    if turn.sketch and _words(turn.sketch) < FEW_WORDS:
        most = 2 * REPEATS  # what has no words at all comes from programs that pass our letters back; what has few is anybody's
    if len(said) >= most:
        return MachineSign(Reason.of("loop.same_words", len(said) + 1, turn.lag_s), certain=len(said) >= CERTAIN)
    hour = [one for one in here if turn.at - one.at <= timedelta(hours=1)]
    instant = sum(map(_is_instant, (turn, *hour)))
    if _is_instant(turn) and instant > MOST_INSTANT:
        return MachineSign(Reason.of("loop.instant", instant), certain=True)
    for most, span, code in ((MOST_HOUR, timedelta(hours=1), "loop.hour"), (MOST_DAY, timedelta(days=1), "loop.day")):
        count = 1 + sum(turn.at - one.at <= span for one in here)
        if count > most:
            return MachineSign(Reason.of(code, count, SOON.seconds // 60), certain=True)
    return None


def _is_instant(turn: Turn) -> bool:
    return turn.lag_s <= NO_TIME or (turn.length >= 80 and turn.length > TYPED * turn.lag_s)


def own_words_back(text: str, new_text: str) -> bool:
    """Whether a mail is a letter of ours and nothing else: something passes on what we write to somebody, to us."""
    return len(_WORD.findall(new_text)) < FEW_WORDS and any(mark in text for mark in (*MARKERS.values(), *FORMER))
