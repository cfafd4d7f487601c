"""The commands at the top of an agent's mail. In doubt the mail is held: a mistyped `#note` must never reach the requester.

    mail    = *blank 0*( command / blank ) body
    command = 0*3SP "#" VERB [ ":" / 1*WSP ARGS ] EOL
    body    = the first non-blank line that is no 0*3SP "#" letter, and everything below it

Input is the new text only. `#123`, `# Heading`, `#!/bin/sh` and four leading blanks are body; `##` at its start is a plain `#`.
What stands below the top and looks like a command is a fault of its own (`astray`).
What a date means is decided later (`decide/when`); here it only has to look like one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mailgate.model.mail import Mail
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import HoldReason, TicketKind
from mailgate.model.understood import Command, Fault, Parsed
from mailgate.understand.answers.astray import INVISIBLE, astray, set_apart
from mailgate.understand.answers.secrecy import means_inside

_COMPARED = 40  #: letters by which a line of one form is found in the other
MOST = 20  #: commands in one mail
LONGEST = 1000  #: characters of a line that may be a command; normalising longer ones is not linear in time

Group = Literal["visibility", "owner", "state", "fields", "incident", "relations", "people", "content", "queries", "personal"]


@dataclass(frozen=True, slots=True)
class Verb:
    """One command word."""

    word: str
    group: Group
    rule: str  #: key of RULES: what may follow it
    form: str  #: how to write it, for people
    help: str  #: one sentence
    aliases: tuple[str, ...] = ()
    built: bool = False  #: False: the word is known, what it does is not there yet
    many: bool = False  #: may stand several times in one mail with different arguments


VERBS: tuple[Verb, ...] = (
    Verb("note", "visibility", "none", "#note", "Only agents see this mail.", ("internal", "private"), built=True),
    Verb("reply", "visibility", "none", "#reply", "The requester gets this mail.", ("public",), built=True),
    Verb("quiet", "visibility", "none", "#quiet", "Apply the commands and mail nobody."),
    Verb("take", "owner", "none", "#take", "The ticket becomes yours.", ("mine",), built=True),
    Verb("assign", "owner", "one", '#assign me|none|name|mail|"Full Name"', "Give the ticket to somebody, or back to its group.",
         ("assignee", "owner"), built=True),
    Verb("queue", "owner", "one", "#queue NAME", "Move the ticket to another group.", ("group",)),
    Verb("decline", "owner", "any", "#decline [why]", "Hand an offered ticket on."),
    Verb("watch", "owner", "none", "#watch", "Get what the requester writes here.", built=True),
    Verb("unwatch", "owner", "none", "#unwatch", "Stop watching this ticket.", built=True),
    Verb("admit", "owner", "none", "#admit", "Let an unverified message and its author in.", built=True),
    Verb("wait", "state", "wait", "#wait [until DATE|for 3d]", "Wait for the requester; the resolution clock stands still.",
         ("pending",), built=True),
    Verb("hold", "state", "hold", "#hold vendor|change|problem|scheduled|user [until DATE]", "Wait for somebody else.", built=True),
    Verb("resolve", "state", "code", "#resolve [code]", "Send the solution below and resolve the ticket.",
         ("solved", "done", "fixed"), built=True),
    Verb("close", "state", "code", "#close [code]", "Close the ticket for good.", built=True),
    Verb("reopen", "state", "none", "#reopen", "Open a resolved or closed ticket again.", ("open",), built=True),
    Verb("spam", "state", "none", "#spam", "Reject the ticket as spam."),
    Verb("priority", "fields", "priority", "#priority P1..P5|low|normal|high|urgent|critical", "Set the priority.", built=True),
    Verb("impact", "fields", "level", "#impact 1-3", "Set how many are affected."),
    Verb("urgency", "fields", "level", "#urgency 1-3", "Set how much it hurts."),
    Verb("category", "fields", "some", "#category NAME", "Set the category."),
    Verb("tag", "fields", "changes", "#tag +a -b", "Add and remove tags.", many=True),
    Verb("title", "fields", "some", "#title WORDS", "Give the ticket another title."),
    Verb("due", "fields", "when", "#due DATE", "Promise another date."),
    Verb("time", "fields", "effort", "#time 25m", "Book time spent.", many=True),
    Verb("lang", "fields", "language", "#lang de", "Set the language of the letters."),
    Verb("kind", "incident", "kind", "#kind incident|request|problem", "Say what kind of ticket this is.", built=True),
    Verb("cause", "incident", "some", "#cause WORDS", "Record the cause of a problem."),
    Verb("outage", "incident", "some", "#outage SERVICE from [to]", "Record an outage."),
    Verb("merge", "relations", "merge", "#merge into N", "Merge this ticket into another."),
    Verb("duplicate", "relations", "number", "#duplicate N", "Mark this ticket as a duplicate."),
    Verb("link", "relations", "link", "#link parent|related|blocks N", "Link this ticket to another.", many=True),
    Verb("unlink", "relations", "number", "#unlink N", "Take a link away.", many=True),
    Verb("split", "relations", "any", "#split [title]", "Make a ticket of its own of this message."),
    Verb("cc", "people", "changes", "#cc +a@x -b@y", "Add and remove participants.", many=True),
    Verb("requester", "people", "mail", "#requester a@x", "Say who the requester is."),
    Verb("ask", "content", "any", "#ask [items]", "Ask the requester for what is missing."),
    Verb("kb", "content", "one", "#kb ID", "Put in an article."),
    Verb("macro", "content", "one", "#macro NAME", "Put in a prepared text."),
    Verb("broadcast", "content", "none", "#broadcast", "Send this to the requesters of all children."),
    Verb("undo", "content", "none", "#undo", "Take back the letter that has not left yet."),
    Verb("show", "queries", "maybe_number", "#show [N]", "Get a ticket.", many=True),
    Verb("history", "queries", "maybe_number", "#history [N]", "Get the history of a ticket.", many=True),
    Verb("list", "queries", "any", "#list FILTER", "Get a list of tickets.", many=True),
    Verb("stats", "queries", "none", "#stats", "Get the figures."),
    Verb("help", "queries", "maybe_one", "#help [verb]", "Get this list.", built=True, many=True),
    Verb("away", "personal", "some", "#away DATE..DATE [delegate NAME]", "Say when you are away."),
    Verb("back", "personal", "none", "#back", "Say that you are back."),
    Verb("digest", "personal", "some", "#digest daily 08:00|off", "Set your digest."),
    Verb("receipt", "personal", "switch", "#receipt on|off", "Say whether you want receipts."),
)  # fmt: skip

#: Every known word, aliases included. `#public false` and `#status solved` have readers of their own.
WORDS: Mapping[str, Verb] = {word: verb for verb in VERBS for word in (verb.word, *verb.aliases)}

_SIGNS = ("#", "\uff03", "\ufe5f")  # as typed, full width, small form
#: Verbs whose arguments are so few that a line of verb and arguments is no sentence; of the others only the word alone counts.
_TERSE = frozenset(
    {"wait", "hold", "priority", "kind", "level", "number", "language", "effort", "mail", "changes", "merge", "link", "switch"}
)
#: `#status X` as another product's users write it.
_STATUS = {
    "solved": "resolve", "resolved": "resolve", "done": "resolve", "fixed": "resolve",
    "closed": "close", "open": "reopen", "pending": "wait",
}  # fmt: skip
_PUBLIC = {"false": "note", "no": "note", "true": "reply", "yes": "reply"}
#: Of each of these sets a mail may name one.
_EXCLUSIVE = (
    frozenset({"note", "reply"}),
    frozenset({"take", "assign", "decline"}),
    frozenset({"watch", "unwatch"}),
    frozenset({"wait", "hold", "resolve", "close", "reopen", "spam"}),
)

_COMMAND = re.compile(r" {0,3}#([^\W\d_][^\s:]*):?(.*)", re.DOTALL)
_BEHIND_LETTERS = re.compile(r"[\W\d_].*", re.DOTALL)
_SPACED = re.compile(r" {0,3}#\s+([^\W\d_][\w-]*)")
_ESCAPE = re.compile(rf"[ \u00a0]{{0,3}}[{''.join(_SIGNS)}](?=[{''.join(_SIGNS)}])")
_QUOTES = '"“”„'
_TOKEN = re.compile(rf"\s*(?:[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}](?!\S)|([^\s{_QUOTES}]\S*))")
_CODE = re.compile(r"[\w-]{1,40}")
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
_HOUR = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_SPAN = re.compile(r"[1-9]\d{0,3}[dh]", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"tomorrow|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?", re.IGNORECASE)


# --- reading the text ----------------------------------------------------------------------------------------------


def parse_commands(text: str) -> Parsed:
    """Commands, body and faults of a new text. All verbs are known as words, built or not. Linear in the text."""
    lines = text.splitlines()
    commands: list[Command] = []
    errors: list[Fault] = []
    at = count = 0
    for at, line in enumerate(lines):
        visible = line.translate(INVISIBLE).rstrip()
        if not visible:
            continue
        match = _COMMAND.fullmatch(_plain(visible)) if visible.lstrip().startswith(_SIGNS) else None
        if match is None:
            break
        count += 1
        if count > MOST:
            if count == MOST + 1:
                errors.append(Fault("E_TOO_MANY", at + 1, _shown(visible), ""))
            continue
        found = _command(match[1], match[2], at + 1, _shown(visible), len(visible) > LONGEST)
        if isinstance(found, Fault):
            errors.append(found)
        elif not any(found.verb == other.verb and found.args == other.args for other in commands):  # said twice is said once
            commands.append(found)
    else:
        at = len(lines)

    verbs = {command.verb for command in commands}
    visibility: Literal["note", "reply", "default"] = "note" if "note" in verbs else "reply" if "reply" in verbs else "default"
    body, faults = _body(lines, at, visibility)
    errors += [*faults, *_conflicts(commands)]
    return Parsed(tuple(commands), body, visibility, tuple(errors))


def commands_of(mail: Mail) -> Parsed:
    """Commands of a mail: those of its text count, and what only its other form says, HTML or text, holds it."""
    parsed = parse_commands(mail.new_text)
    if parsed.visibility == "note":
        return parsed
    if mail.quoted and (apart := set_apart(mail.text.splitlines())):
        late = tuple(Fault("E_LATE", None, _shown(line), "#note") for line in apart[:MOST])
        parsed = replace(parsed, errors=(*parsed.errors, *late), whole="\n".join((*apart, mail.new_text)))
    if not mail.beside:
        return parsed
    beside = parse_commands(mail.beside)
    known = {(c.verb, c.args) for c in parsed.commands}
    said = [
        Fault("E_LATE", None, " ".join((f"#{c.verb}", *c.args)), f"#{c.verb}") for c in beside.commands if (c.verb, c.args) not in known
    ]
    said += [
        Fault(fault.code, None, fault.word, fault.hint)
        for fault in beside.errors
        if fault.code in ("E_LATE", "E_SPACE", "E_UNKNOWN") and (fault.code != "E_UNKNOWN" or fault.hint == "#note")
    ]
    told = {_letters(fault.word) for fault in parsed.errors}
    # The other form may have been cut in another place: what this one quotes is not new.
    quoted = {_letters(line)[:_COMPARED] for line in f"{mail.quoted}\n{mail.signature}".splitlines()}
    new = [fault for fault in said if _letters(fault.word) not in told and _letters(fault.word)[:_COMPARED] not in quoted]
    return replace(parsed, errors=(*parsed.errors, *new), whole=mail.beside) if new else parsed


def _letters(line: str) -> str:
    return "".join(ch for ch in line.lower() if ch.isalnum())


def unavailable(parsed: Parsed) -> tuple[Fault, ...]:
    """A fault for each command whose word is known and whose doing is not built."""
    return tuple(Fault("E_UNAVAILABLE", c.line, f"#{c.verb}", "") for c in parsed.commands if not WORDS[c.verb].built)


def _plain(line: str) -> str:
    """A line that may be a command as it was meant: full-width forms and strange blanks made ordinary. A tab is four blanks."""
    return unicodedata.normalize("NFKC", line[:LONGEST]).replace("\t", "    ")


def _body(lines: Sequence[str], at: int, visibility: str) -> tuple[str, list[Fault]]:
    """The body from line `at` on (counted from 0), and what in it looks like a command that went astray."""
    rest = list(lines[at:])
    faults: list[Fault] = []
    if rest and (spaced := _SPACED.match(_plain(rest[0].translate(INVISIBLE)))):
        word = spaced[1].lower()
        if word in WORDS or word == "status":
            verb = WORDS[word].word if word in WORDS else "resolve"
            faults.append(Fault("E_SPACE", at + 1, _shown(rest[0].translate(INVISIBLE)), f"#{verb}"))
    faults += astray(rest, at + 1, visibility, verb_alone)
    if rest and _ESCAPE.match(rest[0].translate(INVISIBLE)):
        # One sign goes, whatever else stands there stays.
        rest[0] = next(rest[0][at + 1 :] for at, sign in enumerate(rest[0]) if sign in _SIGNS)
    return "\n".join(rest).strip(), faults


def verb_alone(word: str, behind: str) -> str:
    """The verb that a line of this word and what follows it is, "" where it reads like a sentence or no verb is so called."""
    args = _tokens(behind.strip(" .,:;!?…"))
    verb = WORDS.get(word.lower())
    if args and word.lower() in ("status", "public"):
        return "" if isinstance(found := _foreign(word.lower(), args, 0, ""), Fault) else found.verb
    if verb is None or args is None:
        return ""
    if not args:
        return verb.word
    fits = not RULES[verb.rule](args)
    if verb.rule in _TERSE:
        return verb.word if fits or (verb.built and len(args) <= 3) else ""
    return (
        verb.word if fits and verb.rule in ("one", "code") and word.lower() in ("assign", "assignee", "queue", "resolve", "close") else ""
    )


def _shown(line: str) -> str:
    return line.strip()[:80]


def _command(typed: str, following: str, line: int, shown: str, too_long: bool) -> Command | Fault:
    """One command line, or what is wrong with it. `following` is the rest of the line after the word and its colon."""
    args = None if too_long else _tokens(following)
    word = typed.lower()
    if word in ("status", "public") and args:
        return _foreign(word, args, line, shown)
    verb = WORDS.get(word)
    if verb is None:
        return Fault("E_UNKNOWN", line, shown, "#note" if means_inside(_BEHIND_LETTERS.sub("", word)) else nearest(word))
    wrong = "E_ARGS" if args is None else RULES[verb.rule](args)
    if wrong and not verb.built:
        return Fault("E_UNAVAILABLE", line, f"#{verb.word}", "")  # whatever stands behind it
    if wrong or args is None:
        return Fault(wrong, line, shown, verb.form)
    return Command(verb.word, args, line)


def _tokens(text: str) -> tuple[str, ...] | None:
    """Words, and names in quotes (also in those that phones make of them). None when a quotation mark has no partner."""
    tokens: list[str] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append((match[1] if match[1] is not None else match[2]).strip())
        position = match.end()
    return tuple(tokens)


def _foreign(word: str, args: tuple[str, ...], line: int, shown: str) -> Command | Fault:
    """`#status solved` and `#public false`, as agents type them who come from another product."""
    meanings = _STATUS if word == "status" else _PUBLIC
    if len(args) == 1 and args[0].lower() in meanings:
        return Command(meanings[args[0].lower()], (), line)
    hint = ", ".join(dict.fromkeys(f"#{verb}" for verb in meanings.values()))
    return Fault("E_VALUE" if len(args) == 1 else "E_ARGS", line, shown, hint)


def _conflicts(commands: Iterable[Command]) -> list[Fault]:
    seen: list[Command] = []
    faults: list[Fault] = []
    for command in commands:
        for other in seen:
            same = command.verb == other.verb and not WORDS[command.verb].many
            if same or any(command.verb != other.verb and {command.verb, other.verb} <= pair for pair in _EXCLUSIVE):
                faults.append(Fault("E_CONFLICT", command.line, f"#{command.verb}", f"#{other.verb}"))
                break
        seen.append(command)
    return faults


# --- what may follow a word ------------------------------------------------------------------------------------------

#: Answers the code of what is wrong, "" when nothing is.
_Rule = Callable[[tuple[str, ...]], str]


def _wait(args: tuple[str, ...]) -> str:
    if not args:
        return ""
    return _until(args)


def _until(args: tuple[str, ...]) -> str:
    preposition, rest = args[0].lower(), args[1:]
    if preposition not in ("until", "for") or not rest:
        return "E_ARGS"
    if preposition == "for":
        return "" if len(rest) == 1 and _SPAN.fullmatch(rest[0]) else "E_VALUE"
    return "" if _looks_like_a_date(rest) else "E_VALUE"


def _hold(args: tuple[str, ...]) -> str:
    if not args:
        return "E_ARGS"
    if args[0].lower() not in tuple(HoldReason):
        return "E_VALUE"
    return _until(args[1:]) if args[1:] else ""


def _one_of(words: Iterable[str]) -> _Rule:
    allowed = frozenset(words)
    return lambda args: "E_ARGS" if len(args) != 1 else "" if args[0].lower() in allowed else "E_VALUE"


def _priority(args: tuple[str, ...]) -> str:
    if " ".join(args).lower() in PRIORITY_NAMES:
        return ""
    return "E_ARGS" if len(args) != 1 else "E_VALUE"


def _one_like(pattern: str) -> _Rule:
    form = re.compile(pattern)
    return lambda args: "E_ARGS" if len(args) != 1 else "" if form.fullmatch(args[0]) else "E_VALUE"


def _code(args: tuple[str, ...]) -> str:
    if len(args) > 1:
        return "E_ARGS"
    return "" if not args or _CODE.fullmatch(args[0]) else "E_VALUE"


def _changes(args: tuple[str, ...]) -> str:
    return "" if args and all(len(word) > 1 and word[0] in "+-" for word in args) else "E_ARGS"


def _merge(args: tuple[str, ...]) -> str:
    if len(args) not in (2, 3) or args[0].lower() != "into" or (len(args) == 3 and args[2].lower() != "force"):
        return "E_ARGS"
    return "" if _NUMBER.fullmatch(args[1]) else "E_VALUE"


def _link(args: tuple[str, ...]) -> str:
    if len(args) != 2:
        return "E_ARGS"
    return "" if args[0].lower() in ("parent", "related", "blocks") and _NUMBER.fullmatch(args[1]) else "E_VALUE"


_NUMBER = re.compile(r"(?:[A-Za-z][A-Za-z0-9]{0,9}-)?[1-9]\d{0,11}")

RULES: dict[str, _Rule] = {
    "none": lambda args: "E_ARGS" if args else "",
    "any": lambda args: "",
    "some": lambda args: "" if args else "E_ARGS",
    "one": lambda args: "" if len(args) == 1 and args[0] else "E_ARGS",
    "maybe_one": lambda args: "" if len(args) <= 1 else "E_ARGS",
    "code": _code,
    "wait": _wait,
    "hold": _hold,
    "when": lambda args: "E_ARGS" if not args else "" if _looks_like_a_date(args) else "E_VALUE",
    "priority": _priority,
    "kind": _one_of(TicketKind),
    "switch": _one_of(("on", "off")),
    "level": _one_like(r"[1-3]"),
    "language": _one_like(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?"),
    "effort": _one_like(r"(?:\d{1,3}h)?(?:\d{1,4}m)?(?<=[hm])"),
    "mail": _one_like(r"[^@\s]{1,64}@[^@\s]{1,255}"),
    "number": _one_like(_NUMBER.pattern),
    "maybe_number": lambda args: "" if not args else RULES["number"](args),
    "changes": _changes,
    "merge": _merge,
    "link": _link,
}

# --- dates: only their looks ------------------------------------------------------------------------------------------


def _looks_like_a_date(args: Sequence[str]) -> bool:
    """`2026-07-01`, `2026-07-01 14:00`, `tomorrow`, `mon`, `3d`, `2h`."""
    if len(args) == 2:
        return _DAY.fullmatch(args[0]) is not None and _HOUR.fullmatch(args[1]) is not None
    return len(args) == 1 and any(form.fullmatch(args[0]) for form in (_DAY, _SPAN, _NAMED))


# --- did you mean? -----------------------------------------------------------------------------------------------------


def nearest(word: str) -> str:
    """The command at a distance of at most two slips of the finger, as `#verb`; "" when there is none or the word is too short."""
    best, hint = min(2, len(word) - 1) + 1, ""
    for known, verb in WORDS.items():
        if abs(len(known) - len(word)) < best and (distance := _distance(known, word)) < best:
            best, hint = distance, f"#{verb.word}"
    return hint


def _distance(a: str, b: str) -> int:
    """How many letters were left out, put in, mistaken or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
