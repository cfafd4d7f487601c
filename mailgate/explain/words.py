"""What rules, kinds and reasons are called when a colleague tells of them: plain words for the names in tables, trace and history."""

from __future__ import annotations

from collections.abc import Mapping

from mailgate.compose.words import CODES
from mailgate.explain.layout import listed
from mailgate.model.account import Asked
from mailgate.model.mail import Kind

#: What a mail is, as a sentence; and as a noun.
KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.WRITTEN: ("Somebody wrote it, as far as a machine can tell.", "a mail that somebody wrote"),
    Kind.AUTO_REPLY: ("It is an automatic reply: no person has answered.", "an automatic reply"),
    Kind.BOUNCE: ("It says that a mail could not be delivered.", "a bounce"),
    Kind.DELIVERY_NOTICE: ("It tells how it goes with a mail: late, handed on, delivered or read.", "a notice about a delivery"),
    Kind.COMPLAINT: ("It is a complaint: somebody calls a mail spam, or wants no more of them.", "a complaint"),
    Kind.LIST: ("It came over a mailing list.", "a mail from a mailing list"),
    Kind.LOOP: ("It is a letter of our own that has come back.", "a letter of our own that has come back"),
    Kind.UNREADABLE: ("It cannot be read as a mail.", "nothing that could be read"),
}
#: Each rule that says what a mail is: what it looks for, and what a yes means. By its name in `understand/kinds/classify`.
RULES: Mapping[str, tuple[str, str]] = {
    "unreadable": ("a mail that cannot be read", "no field of a header was found in it"),
    "our own letter": ("a letter of our own", "its Message-ID is one that we have signed"),
    "complaint": ("a complaint", "it has the form of a complaint"),
    "complaint of a provider": ("a provider's own form of complaint", "it has the form in which a provider passes on complaints"),
    "unsubscription": ("an unsubscription by button", 'a mail program writes so when somebody presses "unsubscribe"'),
    "delivery report": ("a delivery report", "it is a delivery report"),
    "read receipt": ("a read receipt", "it is a read receipt"),
    "warning": ("a server's warning", "a mail server warns that something is late"),
    "x-failed-recipients": ("a header X-Failed-Recipients", "its header X-Failed-Recipients names whom a mail did not reach"),
    "report without its form": ("a server's report in free words", "a mail server reports in its own words"),
    "auto-submitted": ("a header Auto-Submitted", "its header Auto-Submitted says that a machine has answered"),
    "auto-reply header": ("another header of automatic replies", "one of the headers that only automatic replies have stands in it"),
    "inbox rule": ("the reply of an inbox rule", "a rule of somebody's mailbox has sent it"),
    "vacation notice": ("a vacation notice", "it is a vacation notice"),
    "absence": (
        "an absence that a machine tells of",
        "its subject is that of an absence notice, and a header says that a machine wrote it",
    ),
    "list header": ("a list header", "it has a header of mailing lists"),
    "written": ("written by somebody", "nothing says otherwise"),
}
#: The same for each rule that keeps a machine silent.
SILENCE: Mapping[str, tuple[str, str]] = {
    "null reverse-path": ("an empty return path", "its return path is empty, so no answer is wanted"),
    "auto-submitted": ("a header Auto-Submitted", "its header Auto-Submitted says that a machine has sent it"),
    "x-auto-response-suppress": ("a header that asks for silence", "its header asks machines to keep silent"),
    "precedence": ("a low precedence", "its header says that it is bulk mail"),
    "machine header": ("other headers of machines", "it has a header that machines and lists write"),
    "author": ("no author or several", "it has not exactly one author"),
    "nobody reads there": ("an address that nobody reads", "nobody reads what is written to that address"),
    "report": ("a report of figures", "it is a report of figures that a machine writes for machines"),
    "subject of an absence": ("the subject of an absence", "its subject is that of an absence notice"),
}
_PLAIN: Mapping[str, str] = {
    "prove themselves by token and domain": "prove themselves by answering one of our letters and by an authentic domain",
    "prove themselves by token": "prove themselves by answering one of our letters",
    "prove themselves by domain, and": "prove themselves by an authentic domain, and",
    "prove themselves by both": "prove themselves by answering one of our letters and by an authentic domain",
    "prove themselves by domain": "prove themselves by an authentic domain",
    "this letter's token": "this letter's secret address",
    "needs a confirmation": "it needs a confirmation",
    ", its MAC is good": "",
    "kept, nothing follows": "it is kept, and nothing follows",
    "no author: From: is missing, empty or names several people": "From is missing, empty or names several people",
}


def names(asked: tuple[Asked, ...], table: Mapping[str, tuple[str, str]]) -> str:
    """The rules that were asked, each once."""
    return listed(list(dict.fromkeys(table[each.rule][0] if each.rule in table else each.rule for each in asked)), "or")


def yes(asked: Asked, table: Mapping[str, tuple[str, str]]) -> str:
    """What a rule that says yes has found: in words, and the evidence."""
    words = table[asked.rule][1] if asked.rule in table else f"the rule {asked.rule} says so"
    return f"{words} ({plain(asked.evidence)})" if asked.evidence and asked.rule != "unreadable" else words


def plain(because: str) -> str:
    """A reason out of a trace without the words of the trade."""
    for said, meant in _PLAIN.items():
        because = because.replace(said, meant)
    for code, words in CODES.items():
        because = because.replace(code, words)
    return because


def why_silent(reason: str) -> str:
    """Why a letter is not written: the name of a rule, or a sentence as it is."""
    if reason.startswith("a mail of kind "):
        return "mail of this kind never gets an automatic answer"
    return SILENCE[reason][1] if reason in SILENCE else plain(reason)


def set_aside(reason: str, kind: Kind) -> str:
    """Why a mail is set aside, where the reason is known by its kind alone."""
    front, _, rest = reason.partition(" that belongs to no ticket")
    if rest and front == kind.value:
        return f"it is {KINDS[kind][1]} that belongs to no ticket of ours"
    if kind is Kind.UNREADABLE:
        return RULES["unreadable"][1]
    for each, (_, noun) in KINDS.items():
        if reason.startswith(f"{each.value} "):
            return f"it is {noun}{reason.removeprefix(each.value)}"
    return plain(reason)


#: Each rule that folds a line, as a quote (`RULES` in understand/text/quotes) or as a signature.
FOLDS: Mapping[str, str] = {
    "marked": "marked with >",
    "attribution": "says who wrote and when, and what follows is quoted",
    "attribution_of_all": "says who wrote and when; nothing marks the quote, so everything below it counts as quoted",
    "marked_below": "marked as quoted below the line that says who wrote",
    "named_by_html": "here the HTML says that the older mail begins",
    "separator": "a separator, as mail programs write it; everything below it is the older mail",
    "our_marker": "the marker line of our letters; everything below it is our own letter",
    "foreign_marker": "the marker line of another help desk; everything below it is its letter",
    "header_block": "a block of headers (from, date, to, subject); everything below it is the older mail",
    "announced": "announces an older mail, whose headers follow",
    "goes_on": "says who wrote and when, and goes on with the older mail in the same line",
    "not_searched": "too long to be looked at line by line; it goes with the quote above it",
    "broken_off": "the end of a quoted line, which a mail program broke off",
    "summed_up": "says who wrote and when, and goes on with the older mail in the same line",
    "quoted_by_html": "the HTML sets it apart as a quote",
    "banner": "a warning that a company's gateway writes above mail from outside",
    "delimiter": "below the line of two dashes that begins a signature",
    "phone": "what a phone or an app adds",
    "disclaimer": "what companies append: a disclaimer or the like",
    "list_footer": "the footer of a mailing list",
    "closing": "takes leave, and below it stand a name and a few short lines",
    "slash_name": "a name behind a slash at the very end",
    "signed_by_html": "the HTML calls it a signature",
}
