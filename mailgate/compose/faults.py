"""What was wrong with an agent's mail, as they read it: where, what, how to mend it, and the code last."""

from collections.abc import Mapping

from mailgate.compose.plain import Script
from mailgate.compose.words import AGENTS_SENTENCES, AGENTS_STATUSES, Say
from mailgate.model.commands import Fault
from mailgate.model.reason import Reason, Wording
from mailgate.model.sentences import REFUSALS

_LINE, _QUOTED = "Line %(n)s", "“%(words)s”"
_MEANT = "Did you mean %(hint)s?"
_REASON = "The reason: %(reason)s."
_NOT_YOURS = "If you didn't write it, you can ignore this email."
_NOTE_FIRST = "Put #note on the first line. If it's part of your text, write ## instead of #."
_FIRST = "Put %(hint)s on the first line. If it's part of your text, put #reply there."
_REPLY_ABOVE = "If your words are for the requester, put #reply above them."
_OWN_LINE = "Write %(hint)s on a line of its own, and your text below it."
_WRITE, _OTHER, _WHICH, _POSSIBLE = "Write %(hint)s.", "The other one is %(hint)s.", "It could be: %(hint)s.", "Possible here: %(hint)s."
_STATE, _REOPEN = "Not possible while the ticket is %(state)s.", "#reopen opens it again."

MESSAGES = frozenset(
    (
        _LINE,
        _QUOTED,
        _MEANT,
        _NOTE_FIRST,
        _FIRST,
        _REPLY_ABOVE,
        _OWN_LINE,
        _WRITE,
        _OTHER,
        _WHICH,
        _POSSIBLE,
        _STATE,
        _REOPEN,
        _REASON,
        _NOT_YOURS,
    )
)

#: By code: what is said of a hint that is a command, and of one that is other words. "": nothing.
_MENDED: Mapping[str, tuple[str, str]] = {
    "E_UNKNOWN": (_MEANT, ""),
    "E_LATE": (_FIRST, ""),
    "E_SPACE": (_WRITE, ""),
    "E_ARGS": (_OWN_LINE, ""),
    "E_VALUE": (_WRITE, _POSSIBLE),
    "E_AMBIGUOUS": ("", _WHICH),
    "E_CONFLICT": (_OTHER, ""),
    "E_CLOSURE": (_WRITE, ""),
}
#: More than the sentence of its code has said already.
_SAID = frozenset({"residue.line"})


def said(fault: Fault, say: Say, script: Script) -> str:
    """`Line 1, #resolv: This isn't a command. Did you mean #resolve? (E_UNKNOWN)`."""
    where = [say(_LINE) % {"n": fault.line}] if fault.line else []
    if fault.word:
        where.append(fault.word if fault.word.startswith("#") else say(_QUOTED) % {"words": fault.word})
    begin = f"{script.comma.join(where)}{script.of}" if where else ""
    return begin + " ".join((*_sentences(fault, say), *_because(fault, say), *_unless(fault, say), f"({fault.code})"))


def _sentences(fault: Fault, say: Say) -> tuple[str, ...]:
    hint = fault.hint
    if fault.code == "E_STATE" and isinstance(hint, str) and hint in AGENTS_STATUSES:
        again = (say(_REOPEN),) if hint in ("resolved", "closed", "rejected") and fault.word != "#reopen" else ()
        return (say(_STATE) % {"state": say(AGENTS_STATUSES[hint])}, *again)
    what = say(REFUSALS.get(fault.code, fault.code))
    if isinstance(hint, Reason) or not hint:
        return (what,)
    if (fault.code, hint) == ("E_LATE", "#note"):
        return (what, say(_NOTE_FIRST))
    if (fault.code, hint) == ("E_CLOSURE", "#reply"):
        return (what, say(_REPLY_ABOVE))
    of_command, of_words = _MENDED.get(fault.code, ("", ""))
    more = of_command if _is_command(hint) else of_words
    return (what, say(more) % {"hint": hint}) if more else (what,)


def _is_command(text: str) -> bool:
    return text.startswith("#")


def _because(fault: Fault, say: Say) -> tuple[str, ...]:
    """A reason that the sentence has not named; words of another kind too, where no sentence takes them up."""
    hint = fault.hint
    if isinstance(hint, Reason):
        return () if hint.code in _SAID else (say(_REASON) % {"reason": Wording(AGENTS_SENTENCES, say).say(hint)},)
    taken_up = fault.code == "E_STATE" and hint in AGENTS_STATUSES
    return (say(_REASON) % {"reason": hint},) if hint and not taken_up and not any(_MENDED.get(fault.code, ())) else ()


def _unless(fault: Fault, say: Say) -> tuple[str, ...]:
    """To the person on file, who need not have written it."""
    return (say(_NOT_YOURS),) if fault.code == "E_PERM" else ()
