"""Which lines of a mail are new, which are quoted, which are signature. Every line gets one label, so nothing is lost; linear in time."""

from dataclasses import dataclass
from itertools import groupby

from mailgate.model.account import Fold
from mailgate.model.mail import InlineAnswer
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.text.attributions import with_attributions_apart
from mailgate.understand.text.lines import FROM_HERE, NOWHERE, Label, Reasons
from mailgate.understand.text.quotes import quotes, wrapped_quotes
from mailgate.understand.text.signature import signatures

__all__ = ["FROM_HERE", "Cut", "Label", "assemble", "cut", "label"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text taken apart."""

    new: str
    quoted: str
    signature: str
    inline: bool  #: new lines stand between quoted ones
    answers: tuple[InlineAnswer, ...] = ()  #: when they do: each piece of the new text with the lines above it
    folds: tuple[Fold, ...] = ()  #: what was folded and by which rule; only where somebody asks for reasons
    because: str = ""  #: said of the whole, likewise
    lines: int = 0  #: how many were cut, likewise


NOTHING_LEFT = "All of it looks quoted or like a signature, and no new word would be left: so I take it as it stands."
_WHOLE = -1  #: where a reason about the whole text stands


def cut(text: str, limits: ReadingLimits = LIMITS, why: Reasons | None = None, wordless: bool = False) -> Cut:
    """New text, quotes and signature of a plain text. With `why`, the cut says which rule folded what. `wordless`: see `label`."""
    lines = text.split("\n")
    if "\n>" in text or "\n >" in text:
        lines = with_attributions_apart(lines, _searched(lines, limits))
    return assemble(lines, label(lines, limits, why=why, wordless=wordless), why)


def assemble(lines: list[str], labels: list[Label], why: Reasons | None = None) -> Cut:
    """The three texts that the labels say. With `why` their reasons as well."""
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
    answers = tuple(InlineAnswer(tuple(above), "\n".join(below).strip("\n").rstrip()) for above, below in pieces if below) if inline else ()
    if why is not None:
        folds, shown = _folds(lines, labels, why)
        return Cut(new, quoted, signature, inline, answers, folds, why.get(_WHOLE, ""), shown)
    return Cut(new, quoted, signature, inline, answers)


def _folds(lines: list[str], labels: list[Label], why: Reasons) -> tuple[tuple[Fold, ...], int]:
    """What was folded, in order, and how many lines there are. A reason holds until another begins or the label changes."""
    rows: list[tuple[Label, str, int, str]] = []  # label, reason, number of the line, what stands in it
    last, reason = Label.NEW, ""
    for index, (line, mark) in enumerate(zip(lines, labels, strict=True)):
        reason, last = why.get(index, reason if mark is last else ""), mark
        if line != FROM_HERE:
            rows.append((mark, reason, len(rows) + 1, line.strip()[:200]))
    folds: list[Fold] = []
    for (mark, reason), run in groupby(rows, key=lambda row: row[:2]):
        filled = [(number, words) for _, _, number, words in run if words]
        if mark is not Label.NEW and filled:
            # A line of dashes alone tells nobody what is below it.
            first = next((at for at, (_, words) in enumerate(filled, 1) if any(map(str.isalnum, words))), len(filled))
            shown = " ".join(words for _, words in filled[:first])[:200]
            folds.append(Fold("quote" if mark is Label.QUOTE else "signature", reason, filled[0][0], filled[-1][0], shown))
    return tuple(folds), len(rows)


def label(
    lines: list[str],
    limits: ReadingLimits = LIMITS,
    apart: frozenset[int] = NOWHERE,
    signed: frozenset[int] = NOWHERE,
    why: Reasons | None = None,
    wordless: bool = False,
) -> list[Label]:
    """A label for each line. When nothing would be left, every line is new.
    `wordless`: the mail has files, so a signature may well be all that stands there: it is no answer then, and stays folded.
    HTML knows more than a text: `apart` are lines that it sets apart, `signed` those that it calls a signature. `why` is told the rules."""
    searched = _searched(lines, limits)
    labels = quotes(lines, searched, apart, why)
    wrapped_quotes(lines, labels, searched, why)
    for at in signed:
        if labels[at] is Label.NEW:
            labels[at] = Label.SIGNATURE
            if why is not None:
                why[at] = "signed_by_html"
    signatures(lines, labels, searched, why, wordless)
    if not _is_anything_new(lines, labels):
        if wordless and any(mark is Label.SIGNATURE and line.strip() for line, mark in zip(lines, labels, strict=True)):
            return labels
        _start_anew(why, lines)
        labels = [Label.NEW] * len(lines)
        signatures(lines, labels, searched, why)  # a forwarded mail without a word of its own still has its end
        if not _is_anything_new(lines, labels):
            _start_anew(why, lines)
            return [Label.NEW] * len(lines)
    return labels


def _start_anew(why: Reasons | None, lines: list[str]) -> None:
    if why is not None:
        why.clear()
        if any(line.strip() for line in lines):
            why[_WHOLE] = NOTHING_LEFT


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
