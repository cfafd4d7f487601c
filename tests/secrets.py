"""What a server may make of a secret that it repeats: all forms in which a canary is looked for, and in which it is said."""

from __future__ import annotations

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

#: Letters, digits, signs and a blank: each form changes something of it.
CANARY = "Kanari/7-Vogel &Fink+Zeisig=3"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _pieces(text: str, size: int, between: str) -> str:
    return between.join(text[at : at + size] for at in range(0, len(text), size))


#: name -> what a server makes of a text, be it the secret or the line in which it was said
ECHOES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "base64": _b64,
    "base64-lower": lambda text: _b64(text).lower(),
    "base64-without-padding": lambda text: _b64(text).rstrip("="),
    "base64-url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64-of-a-sentence": lambda text: _b64(f"You said: {text}, and that is wrong."),
    "base64-shifted-by-one": lambda text: _b64(f"x{text}"),
    "base64-shifted-by-two": lambda text: _b64(f"xy{text}y"),
    "base64-twice": lambda text: _b64(_b64(text)),
    "base64-three-times": lambda text: _b64(_b64(_b64(text))),
    "base64-folded": lambda text: _pieces(_b64(text), 16, " "),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "url": lambda text: quote(text, safe=""),
    "url-of-all": lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
    "url-plus": quote_plus,
    "quoted-printable": lambda text: quopri.encodestring(text.encode(), quotetabs=True).decode().replace("=\n", ""),
    "quoted-printable-of-all": lambda text: "".join(f"={octet:02X}" for octet in text.encode()),
    "hex": lambda text: text.encode().hex(),
    "hex-with-colons": lambda text: text.encode().hex(":"),
    "hex-upper": lambda text: text.encode().hex().upper(),
    "html": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "html-named": html.escape,
    "json": json.dumps,
    "unicode-escapes": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "x-escapes": lambda text: "".join(f"\\x{octet:02x}" for octet in text.encode()),
    "spaced": lambda text: " ".join(text),
    "dotted": lambda text: ".".join(text),
    "in-halves": lambda text: f"{text[: len(text) // 2]} and then {text[len(text) // 2 :]}",
    "in-pieces-of-five": lambda text: _pieces(text, 5, "', '"),
    "in-pieces-of-eight": lambda text: _pieces(text, 8, " ... "),
    "the-first-half": lambda text: text[: max(6, len(text) // 2)],
    "the-last-half": lambda text: text[-max(6, len(text) // 2) :],
    "in-brackets": lambda text: f"<<{text}>>",
    "in-a-url": lambda text: f"https://mail.example.org/help?line={quote(text, safe='')}&code=535",
}


def traces(text: str, secret: str = CANARY) -> list[str]:
    """What of the secret stands in a text: a run of six of its letters, plain or in base64 at any shift, in any case."""
    folded = "".join(sign for sign in text.casefold() if sign.isalnum())
    forms = [secret, secret.encode().hex()]
    for shift in range(3):
        forms.append(_b64("\0" * shift + secret)[4:-4])
    found = []
    for form in forms:
        letters = "".join(sign for sign in form.casefold() if sign.isalnum())
        found += [letters[at : at + 6] for at in range(len(letters) - 5) if letters[at : at + 6] in folded]
    return found
