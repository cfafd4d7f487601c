"""Answers between the lines: the entry keeps, above each, the lines that it answers. Only lines that the requester has read already."""

import re
from collections.abc import Callable, Sequence

from mailgate.decide.residue import stands_in
from mailgate.model.mail import InlineAnswer

MOST = 12  #: lines kept above one answer
_MARKS = re.compile(r"[\s>|»›]{0,40}")


def with_what_they_answer(text: str, answers: Sequence[InlineAnswer], public: Sequence[str]) -> str:
    """`text` with `> ` lines above each piece of it that answers some. `text` is the new text, or what is left of it below its commands.
    `public` is what the requester knows anyway: a quoted line that stands there in no entry is left out, for it may be an internal one."""
    lines = text.splitlines()
    sizes = [_filled(answer.text.splitlines()) for answer in answers]
    position = _filled(lines) - sum(sizes)  # below zero: the lines of the first pieces that were commands
    if not answers or position > 0:
        return text
    known = stands_in(public)
    questions: dict[int, list[str]] = {}
    for answer, size in zip(answers, sizes, strict=True):
        if position + size > 0:
            questions[max(position, 0)] = _last_paragraph(answer.above, known)
        position += size
    out: list[str] = []
    count = 0
    for line in lines:
        if line.strip():
            if kept := questions.get(count):
                out += ["", *kept] if out and out[-1].strip() else kept
            count += 1
        out.append(line)
    return "\n".join(out)


def _filled(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if line.strip())


def _last_paragraph(above: Sequence[str], known: Callable[[str], bool]) -> list[str]:
    """What an answer answers stands right above it, up to an empty line or one that is not known."""
    kept: list[str] = []
    for line in reversed(above):
        words = _MARKS.sub("", line, count=1).rstrip()
        if not words and not kept:
            continue
        if not words or len(kept) == MOST or not known(words):
            break
        kept.append(f"> {words}")
    return kept[::-1]
