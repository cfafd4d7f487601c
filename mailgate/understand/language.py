"""Which language a text is in: what its header says, else the small words that no text does without. In doubt, none."""

from __future__ import annotations

import re

#: Words of at least two letters that are frequent in one language; one that several share counts for each.
_STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        (
            "the and is are was were have has had not you your this that with for from but can could would will please my "
            "our we it of to in on at be do does when what which there thanks hello"
        ).split()
    ),
    "de": frozenset(
        (
            "der die das und ist sind war nicht ich sie wir ihr mit für von aber kann können bitte mein meine unser es zu "
            "im am auf bei den dem ein eine einen wenn wie hallo danke auch noch seit nach"
        ).split()
    ),
    "fr": frozenset(
        (
            "le la les et est sont pas je vous nous avec pour de des du mais peut une un mon ma notre ce cette il elle que "
            "qui dans sur au aux bonjour merci ne été depuis"
        ).split()
    ),
    "es": frozenset(
        (
            "el la los las es son no yo usted nosotros con para de del pero puede una un mi nuestro este esta que en por al "
            "hola gracias desde cuando muy favor se lo"
        ).split()
    ),
    "it": frozenset(
        (
            "il lo la gli le e è sono non io voi noi con per di del della ma può una un mio nostro questo questa che in da "
            "al buongiorno grazie dal quando si ho"
        ).split()
    ),
    "pt": frozenset(
        (
            "os as é são não eu você nós com para de do da mas pode uma um meu nosso este esta que em por ao olá obrigado "
            "obrigada desde quando se no na"
        ).split()
    ),
    "nl": frozenset(
        (
            "de het een en is zijn was niet ik je jij wij we met voor van maar kan kunnen mijn onze dit dat op bij te als "
            "wat hallo bedankt ook nog sinds naar"
        ).split()
    ),
    "pl": frozenset(
        (
            "nie jest są to ja my pan pani z na do od ale może proszę mój nasz ten ta że się w po dla dzień dobry dziękuję "
            "od kiedy jak"
        ).split()
    ),
    "sv": frozenset(
        (
            "och är var inte jag du vi ni med för från men kan min vår det den att som på till av en ett hej tack när har"
        ).split()
    ),
}  # fmt: skip
_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, stop in _STOP_WORDS.items() if word in stop) for word in frozenset().union(*_STOP_WORDS.values())
}
_WORD = re.compile(r"[^\W\d_]{1,40}")
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?\s*(?:,|;|$)")
_SAMPLE = 2_000
_FEWEST = 5


def language_of(text: str, content_language: str | None) -> str | None:
    """The language as a two or three letter code."""
    if content_language:
        stated = _TAG.match(content_language)
        if stated is not None:
            return stated[1].lower()
    words = _WORD.findall(text[:_SAMPLE].lower())
    if len(words) < _FEWEST:
        return None
    scores = dict.fromkeys(_STOP_WORDS, 0)
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            scores[language] += 1
    (language, best), (_, second) = sorted(scores.items(), key=lambda score: -score[1])[:2]
    return language if best >= 2 and best * 10 >= len(words) and best * 2 >= second * 3 else None
