"""The marker line: stands first in every letter of ours, so that what an answer quotes can be told from what is new."""

from collections.abc import Mapping

#: language -> the line as `compose` writes it and `understand.text.body` finds it.
#: A text that was ever sent stays findable: who changes one adds the old one to FORMER.
MARKERS: Mapping[str, str] = {"en": "-- please write above this line --", "de": "-- bitte oberhalb dieser Zeile schreiben --"}

#: Marker lines of earlier releases, still found in answers to old letters.
FORMER: tuple[str, ...] = ()

#: What our rating links put below the place for a comment: language -> the line. `understand.answers.rating` reads nothing from it on.
RATING_HINTS: Mapping[str, str] = {"en": "(optional comment above this line)", "de": "(Kommentar, wenn Sie mögen, oberhalb dieser Zeile)"}


def marker(language: str | None) -> str:
    """The marker line for a reader's language ("de", "de-AT"), English for any other."""
    return MARKERS.get((language or "").lower().partition("-")[0], MARKERS["en"])
