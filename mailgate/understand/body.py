"""Which lines of a mail are new, which are quoted, which are signature. Every line gets one label, so nothing is lost; linear in time."""

from __future__ import annotations

from dataclasses import dataclass

from mailgate.model.mail import Answer
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.quotes import FROM_HERE, NOWHERE, Label, quotes, with_attributions_apart, wrapped_quotes
from mailgate.understand.signature import signatures

__all__ = ["FROM_HERE", "Cut", "Label", "assemble", "cut", "label"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text taken apart."""

    new: str
    quoted: str
    signature: str
    inline: bool  #: new lines stand between quoted ones
    answers: tuple[Answer, ...] = ()  #: when they do: each piece of the new text with the lines above it


def cut(text: str, limits: ReadingLimits = LIMITS) -> Cut:
    """New text, quotes and signature of a plain text."""
    lines = text.split("\n")
    if "\n>" in text or "\n >" in text:
        lines = with_attributions_apart(lines, _searched(lines, limits))
    return assemble(lines, label(lines, limits))


def assemble(lines: list[str], labels: list[Label]) -> Cut:
    """The three texts that the labels say."""
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    last: Label | None = None
    seen_quote = between = inline = False
    pieces: list[tuple[list[str], list[str]]] = [([], [])]  # (quoted lines, new lines below them), in order
    for line, mark in zip(lines, labels, strict=True):
        if line == FROM_HERE:
            continue
        part = parts[mark]
        if mark is not last and part and bool(part[-1].strip()) == bool(line.strip()):
            if line.strip():
                part.append("")  # pieces that did not stand together stay apart, by one empty line
            else:
                part.pop()
        part.append(line)
        last = mark
        if mark is Label.QUOTE:
            inline = inline or between
            seen_quote = True
            if pieces[-1][1]:
                pieces.append(([], []))
            pieces[-1][0].append(line)
        elif mark is Label.NEW and line.strip():
            between = between or seen_quote
            pieces[-1][1].append(line)
        elif mark is Label.NEW and pieces[-1][1]:
            pieces[-1][1].append(line)
    new, quoted, signature = ("\n".join(part).strip("\n").rstrip() for part in parts)
    answers = tuple(Answer(tuple(above), "\n".join(below).strip("\n").rstrip()) for above, below in pieces if below) if inline else ()
    return Cut(new, quoted, signature, inline, answers)


def label(
    lines: list[str], limits: ReadingLimits = LIMITS, apart: frozenset[int] = NOWHERE, signed: frozenset[int] = NOWHERE
) -> list[Label]:
    """A label for each line. When nothing would be left, every line is new.

    HTML knows more than a text: `apart` are lines that it sets apart, `signed` those that it calls a signature.
    """
    searched = _searched(lines, limits)
    labels = quotes(lines, searched, apart)
    wrapped_quotes(lines, labels, searched)
    for at in signed:
        if labels[at] is Label.NEW:
            labels[at] = Label.SIGNATURE
    signatures(lines, labels, searched)
    if not _is_anything_new(lines, labels):
        labels = [Label.NEW] * len(lines)
        signatures(lines, labels, searched)  # a forwarded mail without a word of its own still has its end
        if not _is_anything_new(lines, labels):
            return [Label.NEW] * len(lines)
    return labels


def _is_anything_new(lines: list[str], labels: list[Label]) -> bool:
    return any(mark is Label.NEW and line.strip() and line != FROM_HERE for line, mark in zip(lines, labels, strict=True))


def _searched(lines: list[str], limits: ReadingLimits) -> int:
    size, searched = 0, 0
    for line in lines[: limits.cut_lines]:
        size += len(line) + 1
        if size > limits.cut:
            break
        searched += 1
    return searched
