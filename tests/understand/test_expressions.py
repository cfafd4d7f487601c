"""Every regular expression of the reader, attacked with pumped input: none takes more than its length in time."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time

import pytest

import mailgate.understand

PUMPS = [
    "a", " ", "\t", "\n", "0", ".", "-", "_", "<", ">", "(", ")", '"', '\\"', "\\", "=", "?", "=?", "=?a?q?", "@", "a@", "a.", ":", ";",
    "; a", "a=", ",", "*", "*0*=", "%", "&", "&#", "/",
    "//", "..", "<a", "<a ", "<style>", "<style", "</", "<!--", "data:", "border-left:", "border-width: ", "display", "border-top:solid",
    "> ", ">>", "--", "----", "begin 644 a\n", "1 jan ",
    "1.1.1 ", "10:10 ", "2026-01-01", "5.1.1", "550 ", "\u0300", "\u200b", "é", "\x1b$B", "\r", "From: ", "-" * 10 + "\n", "1 a ", "a 1 ",
]  # fmt: skip
SIZE = 4_000


def expressions() -> list[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    found: list[tuple[str, re.Pattern[str] | re.Pattern[bytes]]] = []
    for module in pkgutil.iter_modules(mailgate.understand.__path__):
        if module.name in ("commands", "rating", "thread", "identity"):
            continue  # they read what was cut and capped here, and have tests of their own
        names = vars(importlib.import_module(f"mailgate.understand.{module.name}"))
        found += [(f"{module.name}.{name}", value) for name, value in sorted(names.items()) if isinstance(value, re.Pattern)]
    return found


#: Only ever asked at one place (`match`, `fullmatch`): searching with them would begin again at each character.
ANCHORED = {
    "addresses._QUOTED",
    "addresses._WORD",
    "headers._TYPE",
    "headers._NAME",
    "headers._SEGMENT",
    "quotes._PREFIX",
    "quotes._RULE",
    "quotes._HEADER_LINE",
    "language._TAG",
    "quotes._NAMED_MARK",
    "quotes._ONLY_LINK",
    "signature._RULE",
    "signature._NAME",
    "signature._SLASH_NAME",
    "signature._POSTSCRIPT",
    "tree._FIELD",
}


def seconds(pattern: re.Pattern[str] | re.Pattern[bytes], text: str, anchored: bool) -> float:
    subject = text if isinstance(pattern.pattern, str) else text.encode()
    best = 9.0
    for _ in range(2):
        start = time.process_time()
        pattern.match(subject) if anchored else pattern.sub(subject[:0], subject)  # type: ignore[arg-type]
        best = min(best, time.process_time() - start)
        if best < 0.02:
            break
    return best


@pytest.mark.parametrize(("name", "pattern"), [pytest.param(name, pattern, id=name) for name, pattern in expressions()])
def test_an_expression_takes_linear_time(name: str, pattern: re.Pattern[str] | re.Pattern[bytes]) -> None:
    anchored = name in ANCHORED
    for pump in PUMPS:
        text = pump * (SIZE // len(pump))
        if seconds(pattern, text, anchored) > 0.02:
            assert seconds(pattern, text * 4, anchored) < 9 * seconds(pattern, text, anchored), repr(pump)


def test_there_are_expressions_to_attack() -> None:
    assert len(expressions()) > 40
