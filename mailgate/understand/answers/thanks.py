"""Whether a text thanks, greets and signs, and says nothing else. Any doubt is a no: a message read in vain is cheaper than one unread."""

import re

from mailgate.understand.answers.plain import is_japanese, plain
from mailgate.understand.answers.thanks_words import ADDRESSING, DOUBT, GRATITUDE, HARMLESS, JAPANESE_GRATITUDE, JAPANESE_HARMLESS

MOST_WORDS = 12  #: of a thank-you
_MOST_LETTERS = 80  #: of a Japanese one
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ARABIC = re.compile("[\u0600-\u06ff]")
#: A name in a Japanese text has its title behind it.
_JAPANESE_NAME = re.compile(r"(?:[\u4e00-\u9fff々]{1,4}|[ァ-ヶー]{1,12}|[a-z]{1,20})(?:様|さん|さま|殿)")
_JAPANESE_PIECES = JAPANESE_GRATITUDE | JAPANESE_HARMLESS
_LONGEST_PIECE = max(map(len, _JAPANESE_PIECES))


def says_only(text: str, gratitude: bool) -> bool:
    """`gratitude`: it has to thank. Whoever calls it bounds the text."""
    if any(sign in text for sign in "?？؟¿@/%&#"):
        return False
    if is_japanese(text):
        return _says_only_in_japanese(text, gratitude)
    rows = (plain(line) if _ARABIC.search(line) else line for line in text.splitlines())
    words = [[word.replace("’", "'") for word in WORD.findall(line)] for line in rows if line.strip()]
    flat = [word for line in words for word in line]
    if len(flat) > MOST_WORDS or (gratitude and not any(word.lower() in GRATITUDE for word in flat)):
        return False
    return all(_harmless(line, alone=index > 0 and index == len(words) - 1 and len(line) <= 2) for index, line in enumerate(words))


def _harmless(line: list[str], alone: bool) -> bool:
    """Whether a line holds nothing but harmless words and names. `alone`: a short last line, where a name stands by itself."""
    names = 0
    before = ""
    for word in line:
        low = word.lower()
        if low not in HARMLESS and low not in GRATITUDE and low not in ADDRESSING:
            # Only a capital makes a name, and only two of them: "Thanks Ann Smith", not "Danke Drucker kaputt".
            names += 1
            is_name = low not in DOUBT and word.isalpha() and word[0].isupper()
            if not is_name or names > 2 or not (alone or before in ADDRESSING or names == 2):
                return False
        before = low
    return True


def _says_only_in_japanese(text: str, gratitude: bool) -> bool:
    """Nothing stands between Japanese words, so the text is laid out in known pieces, the longest first, and has to come out even."""
    letters = plain(text)
    if len(letters) > _MOST_LETTERS:
        return False
    at, thanked = 0, False
    while at < len(letters):
        size = next((n for n in range(_LONGEST_PIECE, 0, -1) if letters[at : at + n] in _JAPANESE_PIECES and at + n <= len(letters)), 0)
        if size:
            thanked |= letters[at : at + size] in JAPANESE_GRATITUDE
        elif name := _JAPANESE_NAME.match(letters, at):
            size = len(name[0])
        else:
            return False
        at += size
    return thanked or not gratitude
