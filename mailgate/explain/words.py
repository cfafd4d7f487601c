"""What rules, kinds and reasons are called when a colleague tells of them: plain words for the codes in tables, trace and history."""

from collections.abc import Mapping

from mailgate.explain.layout import listed
from mailgate.model.account import Asked
from mailgate.model.mail import Kind
from mailgate.model.reason import Because, Reason, Wording
from mailgate.model.sentences import ENGLISH, PLAIN, RULES, SILENCE

#: What a mail is, as a sentence.
KINDS: Mapping[Kind, str] = {
    Kind.WRITTEN: "Somebody wrote it, as far as a machine can tell.",
    Kind.AUTO_REPLY: "It is an automatic reply: no person has answered.",
    Kind.BOUNCE: "It says that a mail could not be delivered.",
    Kind.DELIVERY_NOTICE: "It tells how it goes with a mail: late, handed on, delivered or read.",
    Kind.COMPLAINT: "It is a complaint: somebody calls a mail spam, or wants no more of them.",
    Kind.LIST: "It came over a mailing list.",
    Kind.LOOP: "It is a letter of our own that has come back.",
    Kind.UNREADABLE: "It cannot be read as a mail.",
}
_COLLEAGUE = Wording({**ENGLISH, **PLAIN})


def plain(because: Because) -> str:
    """A reason without the words of the trade."""
    return _COLLEAGUE.say(because)


def names(asked: tuple[Asked, ...]) -> str:
    """The rules that were asked, each once."""
    looked_for = {rule: noun for rule, (noun, _) in (*RULES.items(), *SILENCE.items())}
    return listed(list(dict.fromkeys(looked_for.get(each.rule, each.rule) for each in asked)), "or")


def yes(asked: Asked) -> str:
    """What a rule that says yes has found: in words, and the evidence."""
    return plain(Reason.of(f"{'is' if asked.kind is not None else 'silent'}.{asked.rule}", asked.evidence or ""))


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
