"""Agents' answers into which something slipped that proves somebody else, written as mail programs write: none of them may leave."""

from __future__ import annotations

import html
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage

from mailgate.decide.intake import on_mail
from mailgate.decide.residue import readings
from mailgate.gateway.loading.gathering import files_to_check, signed_in, with_files, with_readers
from mailgate.model import token
from mailgate.model.token import Keyring, letter_of, signed_forms
from mailgate.understand import open_texts
from mailgate.understand.parse import parse
from tests.decide.build import ANN, BOB, MAX, RING, a_file, a_letter, a_notice, a_situation, outside

OF_BOB, OF_ANN, OF_MAX = a_notice(BOB), a_notice(ANN), a_letter(MAX)
READERS = {letter.id: letter for letter in (OF_BOB, OF_ANN, OF_MAX)}
STRANGE = Keyring((b"the key of another house, 32 octets",))
WORDS = "please restart the client and tell me what you see then it should be quick thank you for your patience".split()


@dataclass(frozen=True)
class Answer:
    how: str
    raw: bytes


def forms(ring: Keyring, letter: str) -> list[str]:
    return [
        f"support+{token.reply_detail(ring, letter)}@example.org",
        *(f"support+{token.action_detail(ring, letter, word)}@example.org" for word in sorted(token.ACTIONS)),
        *(f"support+{token.rating_detail(ring, letter, score)}@example.org" for score in range(1, 6)),
        f"support+{token.bounce_detail(ring, letter)}@example.org",
        token.message_id(ring, 1042, letter, "example.org"),
        token.message_id(ring, None, letter, "example.org"),
        token.anchor_id(ring, 1042, letter, "example.org"),
    ]


def sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(4, 12))).capitalize() + "."


def broken(form: str, dice: random.Random) -> str:
    at = dice.randint(6, len(form) - 6)
    return form[:at] + dice.choice(["\n", "\n   ", "=\n", "\u00ad", "\u200b", " \n"]) + form[at:]


def percent(form: str) -> str:
    return "".join(sign if sign.isalnum() else f"%{ord(sign):02X}" for sign in form)


def page(form: str, dice: random.Random) -> tuple[str, str]:
    """A way to hide it in HTML, and its name."""
    at = dice.randint(4, len(form) - 4)
    shown = html.escape(form)
    ways = {
        "link": f'<a href="mailto:{percent(form.strip("<>"))}?subject=Re">write to me</a>',
        "title": f'<span title="{shown}">me</span>',
        "comment": f"<!-- {form} -->",
        "tag within": f"{html.escape(form[:at])}<b>{html.escape(form[at:])}</b>",
        "entities": "".join(f"&#x{ord(sign):x};" for sign in form),
        "wbr": "<wbr>".join(html.escape(sign) for sign in form),
        "alt": f'<img src="cid:x" alt="{shown}">',
    }
    how = dice.choice(sorted(ways))
    return how, ways[how]


def answers(seed: int, ring: Keyring = RING, letters: tuple[str, ...] = (OF_BOB.id, OF_ANN.id, "7Z7Z7Z7Z")) -> Iterator[Answer]:
    dice = random.Random(seed)
    while True:
        form = dice.choice(forms(ring, dice.choice(letters)))
        place = dice.choice(["text", "broken text", "html", "file", "file of UTF-16", "name", "text file"])
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Re: VPN drops"
        said, how = sentence(dice), place
        if place == "text":
            mail.set_content(f"{said}\n{form} {sentence(dice)}")
        elif place == "broken text":
            mail.set_content(f"{said}\n{broken(form, dice)} {sentence(dice)}")
        elif place == "html":
            how, hidden = page(form, dice)
            # A plain form that says the same beside it, or the HTML alone: either way the HTML travels.
            shown = f"{said}\n{'write to me' if how == 'link' else 'me' if how == 'title' else ''}"
            if how in ("link", "title", "alt", "comment") and dice.random() < 0.5:
                mail.set_content(shown)
                mail.add_alternative(f"<p>{said}</p><p>{hidden}</p>", subtype="html")
            else:
                mail.set_content(f"<p>{said}</p><p>{hidden}</p>", subtype="html")
        else:
            mail.set_content(said)
            around = dice.randbytes(dice.randint(0, 3000)).replace(b"\0", b"\1") if place == "file" else b"Dear all, "
            data = around + form.encode("utf-16-le" if place == "file of UTF-16" else "utf-8")
            name = f"{form.strip('<>').partition('@')[0]}.bin" if place == "name" else "log.txt" if place == "text file" else "log.bin"
            kind = ("text", "plain") if place == "text file" else ("application", "octet-stream")
            mail.add_attachment(b"nothing" if place == "name" else data, *kind, filename=name)
        yield Answer(how, mail.as_bytes())


def outcome(one: Answer) -> str:
    """As the gateway decides it: "back", "left" with what proves somebody, or "clean", where the reading had taken it out before."""
    mail = replace(parse(one.raw), in_reply_to=(OF_ANN.message_id,))
    s = a_situation(mail, file=a_file(), letters=READERS.values())
    if files := files_to_check(s):
        s = with_files(s, files, open_texts((one.raw, files)))
    letters = outside(on_mail(with_readers(s, signed_in(s, RING), READERS)))
    if not letters:
        return "back"
    entry = letters[0].entry
    assert entry is not None
    texts = [entry.text, *(readings(entry.html) if entry.html else ()), *(each.name for each in entry.attachments)]
    found = [form for text in texts for form in signed_forms(text)]
    found += [form for _, forms in open_texts((one.raw, entry.attachments)) for form in forms]
    return "left" if any(letter_of(RING, form) for form in found) else "clean"


def run(given: Iterator[Answer], n: int) -> dict[str, list[str]]:
    """How those were written that left, that came back, and that left without it."""
    found: dict[str, list[str]] = {"left": [], "back": [], "clean": []}
    for _, one in zip(range(n), given, strict=False):
        found[outcome(one)].append(one.how)
    return found
