"""Finds what a mail quotes. A table of rules in order, each of which looks at one line and at most a few beside it: linear in time."""

import re
from collections.abc import Callable
from typing import NamedTuple

from mailgate.understand.text.attributions import attributed, goes_on, may_end_attribution
from mailgate.understand.text.lines import FROM_HERE, NOWHERE, Label, Page, Reasons
from mailgate.understand.text.separators import announces, begins_headers, is_foreign_marker, is_marker_below, separates, summed_up

_ONLY_LINK = re.compile(r"[\s<(\[]{0,4}(?:https?://|www\.|mailto:)[^\s<>]{1,2000}[\s>)\].]{0,6}")


class QuoteRule(NamedTuple):
    """What tells that a line is quoted, or that a quote begins with it."""

    name: str  #: for `explain`, which says it in words (`FOLDS` in explain/words.py)
    begins: str  #: only lines that begin with one of these signs are asked about; "": every line
    holds: Callable[[Page, int, str], bool]  #: of a line that holds something: the page, its index, the line without blanks around it
    #: Quotes what is to be quoted then, and says at which line to go on: the same when it is nothing.
    quoted: Callable[[Page, int, str], int]


def _marked(page: Page, index: int, line: str) -> bool:
    """Not where this `> wrote:` is the end of `<ann@example.org` some lines before: Gmail breaks attributions there."""
    if index == 0 or line[-1] not in ":：" or len(line) > 80:
        return True
    opened = 0
    for at in range(index - 1, max(index - 4, -1), -1):
        before = page.lines[at].strip()
        if not before or before[0] == ">" or page.labels[at] is not Label.NEW:
            return True
        opened += before.count("<") - before.count(">")
        if opened > 0:
            return False
    return True


def _it(page: Page, index: int, rule: str) -> int:
    return page.quote(rule, index, index + 1)


def _it_and_all_below(page: Page, index: int, rule: str) -> int:
    return page.quote(rule, index, len(page.lines))


#: With one of these begins every marker line.
_SIGNS = "-_*|=#~+<\u2010\u2011\u2012\u2013\u2014\u2015"
#: Asked in this order of each line that holds something and is not quoted yet; the first that finds something to quote decides.
RULES = (
    QuoteRule("marked", ">", _marked, _it),
    QuoteRule("named_by_html", FROM_HERE, lambda page, index, line: True, _it_and_all_below),
    QuoteRule("separator", "-_*=", separates, _it_and_all_below),
    QuoteRule("our_marker", _SIGNS, is_marker_below, _it_and_all_below),
    QuoteRule("foreign_marker", _SIGNS, is_foreign_marker, _it_and_all_below),
    QuoteRule("header_block", "", begins_headers, _it_and_all_below),
    QuoteRule("announced", "", announces, _it_and_all_below),
    QuoteRule("summed_up", "", summed_up, _it_and_all_below),
    QuoteRule("goes_on", "", goes_on, _it_and_all_below),
    QuoteRule("attribution", "", may_end_attribution, attributed),
)
_FOR_ALL = tuple(rule for rule in RULES if not rule.begins)
_BY_SIGN = {sign: tuple(rule for rule in RULES if sign in rule.begins or not rule.begins) for row in RULES for sign in row.begins}


def quotes(lines: list[str], searched: int, apart: frozenset[int] = NOWHERE, why: Reasons | None = None) -> list[Label]:
    """A label for each line, of which the first `searched` are looked at. `apart` and `why`: see `Page`."""
    page = Page(lines, searched, apart, why)
    labels = page.labels
    index = 0
    while index < searched:
        line = lines[index].strip()
        if not line or labels[index] is Label.QUOTE:
            index += 1
            continue
        for rule in _BY_SIGN.get(line[0], _FOR_ALL):
            if rule.holds(page, index, line) and (end := rule.quoted(page, index, rule.name)) > index:
                index = end
                break
        else:
            page.written = True
            index += 1
    if searched and searched < len(lines) and labels[searched - 1] is Label.QUOTE:
        page.quote("not_searched", searched, len(lines))  # it goes with the last line that was looked at
    return _with_blanks(lines, labels)


def _with_blanks(lines: list[str], labels: list[Label]) -> list[Label]:
    """Empty lines between quoted lines are quoted too."""
    blank_from: int | None = None
    after_quote = False
    for index, line in enumerate(lines):
        if labels[index] is Label.QUOTE:
            if after_quote and blank_from is not None:
                labels[blank_from:index] = [Label.QUOTE] * (index - blank_from)
            after_quote, blank_from = True, None
        elif line.strip():
            after_quote, blank_from = False, None
        elif blank_from is None:
            blank_from = index
    return labels


def wrapped_quotes(lines: list[str], labels: list[Label], searched: int, why: Reasons | None = None) -> None:
    """What a program broke off a quoted line and left without its `>`: its last words, or a link."""
    for index in range(1, searched - 1):
        if labels[index] is Label.NEW and labels[index - 1] is Label.QUOTE and labels[index + 1] is Label.QUOTE:
            before, line, after = lines[index - 1].strip(), lines[index].strip(), lines[index + 1].strip()
            if before[:1] != ">" or after[:1] != ">" or not line:
                continue
            tail = len(before) >= 60 and len(line) <= 30 and before[-1] not in ".!?:" and len(after) > 1
            if tail or _ONLY_LINK.fullmatch(line):
                labels[index] = Label.QUOTE
                if why is not None:
                    why[index] = "broken_off"
