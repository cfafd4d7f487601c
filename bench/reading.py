"""What reading a mail costs: 4 KB, 200 KB and 5 MB beside the standard library's parser, and cutting a reply beside two reply libraries.

    python -m bench.reading --write

Processor time, so that others on the machine change little; the rounds of all readers are interleaved, and each figure is a median.
"""

from __future__ import annotations

import argparse
import base64
import email
import email.policy
import random
import statistics
import time
from collections.abc import Callable

import mailparser_reply
from email_reply_parser import EmailReplyParser

from bench import measured
from bench.load import WORDS
from mailgate.model.token import Keyring
from mailgate.understand import read
from mailgate.understand.text import cut

RING = Keyring((b"a key only for the bench, 32 octets",))
ROUNDS = 7
SIZES = {"4KB": 4_000, "200KB": 200_000, "5MB": 5_000_000}


def a_mail(size: int) -> bytes:
    """Text and HTML of 2 KB each, and a file that makes up the rest."""
    chance = random.Random(size)
    text = "\r\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(20))
    html = "".join(f"<p>{line}</p>\r\n" for line in text.splitlines())
    file = base64.encodebytes(chance.randbytes(max(0, (size - 4_000) * 3 // 4))).replace(b"\n", b"\r\n")
    head = (
        'From: "M\xfcller, Max" <max@example.com>\r\nTo: support@example.org\r\nSubject: =?utf-8?q?Drucker_f=C3=A4llt_aus?=\r\n'
        "Message-ID: <bench@example.com>\r\nDate: Mon, 1 Jun 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary="a"\r\n\r\n'
        f"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--a--\r\n"
    ).encode("latin-1", "replace")
    part = b"--m\r\nContent-Type: application/pdf; name=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + file + b"\r\n"
    return head + (part if file else b"") + b"--m--\r\n"


def a_reply(lines: int) -> str:
    """A top-posted answer above a quoted mail, as most people write."""
    chance = random.Random(lines)
    quoted = "\n".join("> " + " ".join(chance.choices(WORDS, k=10)) for _ in range(lines))
    own = "\n".join(" ".join(chance.choices(WORDS, k=10)) for _ in range(8))
    return f"{own}\n\nRegards\nMax\n\nOn Mon, 1 Jun 2026 at 10:00, IT Support <support@example.org> wrote:\n\n{quoted}\n"


def by_stdlib(raw: bytes, policy: email.policy.Policy) -> int:
    """Every header and every decoded body, as a gateway needs them."""
    mail = email.message_from_bytes(raw, policy=policy)
    octets = sum(len(str(value)) for _, value in mail.items())
    return octets + sum(len(part.get_payload(decode=True) or b"") for part in mail.walk() if not part.is_multipart())


def medians(work: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Milliseconds of processor time of each, in turn, so that the machine's mood meets all alike."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for call in work.values():
        call()
    for _ in range(rounds):
        for name, call in work.items():
            times, spent = 0, 0.0
            while spent < 0.02:
                began = time.process_time()
                call()
                spent += time.process_time() - began
                times += 1
            took[name].append(spent / times * 1000)
    return {name: statistics.median(values) for name, values in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/measured.md")
    write = parser.parse_args().write
    for label, size in SIZES.items():
        raw = a_mail(size)
        found = medians(
            {
                "mailgate_ms": lambda raw=raw: read(raw, "max@example.com", RING),  # type: ignore[misc]
                "compat32_ms": lambda raw=raw: by_stdlib(raw, email.policy.compat32),  # type: ignore[misc]
                "default_ms": lambda raw=raw: by_stdlib(raw, email.policy.default),  # type: ignore[misc]
            }
        )
        _tell(f"reading-{label}", found, write)
    library = mailparser_reply.EmailReplyParser(languages=["en", "de"])
    for lines in (20, 400):
        text = a_reply(lines)
        found = medians(
            {
                "mailgate_ms": lambda text=text: cut(text),  # type: ignore[misc]
                "mail_parser_reply_ms": lambda text=text: library.parse_reply(text),  # type: ignore[misc]
                "email_reply_parser_ms": lambda text=text: EmailReplyParser.parse_reply(text),  # type: ignore[misc]
            }
        )
        _tell(f"cutting-{lines}-quoted-lines", found, write)


def _tell(what: str, found: dict[str, float], write: bool) -> None:
    figures = {name: f"{value:.3f}" for name, value in found.items()}
    print(f"{what:28}" + "  ".join(f"{name} {value:>9}" for name, value in figures.items()), flush=True)
    if write:
        measured.write(what, n=ROUNDS, failed=0, **figures)


if __name__ == "__main__":
    main()
