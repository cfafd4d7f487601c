"""The marker line: stands first in every letter of ours, so that what an answer quotes can be told from what is new."""

from collections.abc import Mapping

#: language -> the line as `compose` writes it and `understand.text.body` finds it.
#: A text that was ever sent stays findable: who changes one adds the old one to FORMER.
MARKERS: Mapping[str, str] = {
    "en": "-- Please reply above this line --",
    "de": "-- Bitte oberhalb dieser Zeile antworten --",
    "fr": "-- Merci de répondre au-dessus de cette ligne --",
    "es": "-- Por favor, responda por encima de esta línea --",
    "ar": "-- يُرجى كتابة ردّكم فوق هذا السطر --",
    "ja": "-- この行より上にご返信をお書きください --",
}

#: Marker lines of earlier releases, still found in answers to old letters.
FORMER: tuple[str, ...] = ("-- please write above this line --", "-- bitte oberhalb dieser Zeile schreiben --")

#: What our rating links put below the place for a comment: language -> the line. `understand.answers.rating` reads nothing from it on.
RATING_HINTS: Mapping[str, str] = {
    "en": "(Anything to add? Please write above this line.)",
    "de": "(Möchten Sie etwas dazu sagen? Bitte oberhalb dieser Zeile.)",
    "fr": "(Un commentaire ? Écrivez-le au-dessus de cette ligne.)",
    "es": "(¿Quiere añadir algo? Escríbalo por encima de esta línea.)",
    "ar": "(هل تودّون إضافة شيء؟ اكتبوه فوق هذا السطر.)",
    "ja": "（ご意見はこの行より上にお書きください。）",
}

#: Those of earlier releases.
FORMER_HINTS: tuple[str, ...] = ("(optional comment above this line)", "(Kommentar, wenn Sie mögen, oberhalb dieser Zeile)")


def marker(language: str | None) -> str:
    """The marker line for a reader's language ("de", "de-AT"), English for any other."""
    return MARKERS.get((language or "").lower().partition("-")[0], MARKERS["en"])
