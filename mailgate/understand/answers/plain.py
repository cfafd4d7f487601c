"""A short answer as it is compared with words of ours: without case, accents, signs, and whatever a keyboard writes one way or another."""

import re
import unicodedata

#: Marks that make another sound of a Japanese syllable: か and が are two letters.
_SOUND_MARKS = "\u3099\u309a"
#: Letters of Arabic that people write for one another, the lengthening stroke, and apostrophes.
_SAME = str.maketrans("ةىٱیک", "هيايك", "\u0640'’‘`´")
_SIGNS = re.compile(r"[^\w?؟#\s]+|_+")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def plain(text: str) -> str:
    """The words with single blanks between them; Japanese without any. Whoever calls it bounds the text: to normalise is not linear."""
    if text.isascii():
        return " ".join(_SIGNS.sub(" ", text.lower().translate(_SAME)).split())
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(ch for ch in apart if ch < "\x80" or ch in _SOUND_MARKS or unicodedata.category(ch) not in ("Mn", "Me", "Cf"))
    signs = _SIGNS.sub(" ", unicodedata.normalize("NFKC", kept).translate(_SAME))
    return ("" if is_japanese(signs) else " ").join(signs.replace("؟", "?").split())


def is_japanese(text: str) -> bool:
    return _JAPANESE.search(text) is not None
