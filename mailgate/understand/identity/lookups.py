"""Answers of DNS as a judge reads them: what is not there yet is asked for, and judged again once it has come."""

import re
from collections.abc import Iterable

from mailgate.model.dns import Answers, DnsAnswer, Question

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class Missing(Exception):
    """An answer is not there yet. The judge collects what is missing and asks for all of it at once."""

    def __init__(self, questions: Iterable[Question]) -> None:
        super().__init__()
        self.questions = frozenset(questions)


def ask(answers: Answers, name: str, kind: str) -> DnsAnswer:
    """The answer to one question. Raises Missing."""
    question = (name.lower().rstrip("."), kind)
    if question not in answers:
        raise Missing((question,))
    return answers[question]


def expect(answers: Answers, questions: Iterable[Question]) -> None:
    """Asks for all of these at once, so that they need not come one after the other. Raises Missing."""
    missing = [question for question in questions if question not in answers]
    if missing:
        raise Missing(missing)


def a_domain(text: str) -> str:
    """A domain name in lower case as DNS can hold it, with two labels at least; "" for anything else."""
    name = text.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except (UnicodeError, ValueError):
            return ""
    if len(name) > 253 or "." not in name:
        return ""
    return name if all(_LABEL.fullmatch(label) for label in name.split(".")) else ""


def is_below(name: str, parent: str) -> bool:
    """Whether a name lies in another's domain, itself included."""
    return name == parent or name.endswith(f".{parent}")
