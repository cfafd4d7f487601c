"""The commands at the top of an agent's mail. In doubt the mail is held: a mistyped `#note` must never reach the requester.

    mail    = *blank 0*( command / blank ) body
    command = 0*3SP "#" VERB [ ":" / 1*WSP ARGS ] EOL
    body    = the first non-blank line that is no 0*3SP "#" letter, and everything below it

Input is the new text only. `#123`, `# Heading`, `#!/bin/sh` and four leading blanks are body; `##` at its start is a plain `#`.
What stands below the top and looks like a command is a fault of its own (`astray`).
What a date means is decided later (`decide/when`); here it only has to look like one."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from mailgate.model.commands import PLANNED, VERBS, WORDS, Arguments, Command, Fault, Heard, Parsed, excludes, outage_times, said
from mailgate.model.mail import Mail
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import HoldReason, TicketKind
from mailgate.understand.answers.astray import INVISIBLE, astray, set_apart
from mailgate.understand.answers.secrecy import means_inside

_COMPARED = 40  #: letters by which a line of one form is found in the other
MOST = 20  #: commands in one mail
LONGEST = 1000  #: characters of a line that may be a command; normalising longer ones is not linear in time

_SIGNS = ("#", "\uff03", "\ufe5f")  # as typed, full width, small form
#: Arguments that are so few that a line of word and arguments is no sentence; of other commands only the word alone counts.
_TERSE = frozenset({Arguments.WAIT, Arguments.HOLD, Arguments.PRIORITY, Arguments.KIND, Arguments.DEGREE, Arguments.TICKET, Arguments.AWAY})
#: What no sentence has behind a word that is planned: `#tag +lan`, `#merge into 31`, `#time 25m`.
_FIGURES = re.compile(r"[+-]\S+|[^@\s]+@\S+|(?:[A-Za-z]+-)?\d[\dhm]*|into|force|parent|related|blocks|on|off", re.IGNORECASE)
#: `#status X` as another product's users write it.
_STATUS = {
    "solved": "resolve", "resolved": "resolve", "done": "resolve", "fixed": "resolve",
    "closed": "close", "open": "reopen", "pending": "wait",
}  # fmt: skip
_PUBLIC = {"false": "note", "no": "note", "true": "reply", "yes": "reply"}
_COMMAND = re.compile(r" {0,3}#([^\W\d_][^\s:]*):?(.*)", re.DOTALL)
_BEHIND_LETTERS = re.compile(r"[\W\d_].*", re.DOTALL)
_SPACED = re.compile(r" {0,3}#\s+([^\W\d_][\w-]*)")
_ESCAPE = re.compile(rf"[ \u00a0]{{0,3}}[{''.join(_SIGNS)}](?=[{''.join(_SIGNS)}])")
_QUOTES = '"“”„'
_TOKEN = re.compile(rf"\s*(?:[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}](?!\S)|([^\s{_QUOTES}]\S*))")
_CODE = re.compile(r"[\w-]{1,40}")
_NUMBER = re.compile(r"(?:[A-Za-z][A-Za-z0-9]{0,9}-)?[1-9]\d{0,11}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
_HOUR = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_SPAN = re.compile(r"[1-9]\d{0,3}[dh]", re.ASCII | re.IGNORECASE)
_AGO = re.compile(r"[1-9]\d{0,3}[dhm]", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"tomorrow|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?", re.IGNORECASE)


def heard_in(text: str) -> Heard:
    """Commands and faults of a new text. Linear in it. Done by a worker, before anything is loaded: a command may name what has to be."""
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
        found = _command(match[1], match[2], at + 1, visible)
        if isinstance(found, Fault):
            errors.append(found)
        elif not any(found.verb == other.verb and found.args == other.args for other in commands):  # said twice is said once
            commands.append(found)
    else:
        at = len(lines)

    errors += [*_faults_below(lines, at, _visibility(commands)), *_conflicts(commands)]
    return Heard(tuple(commands), tuple(errors), at)


def heard_from(mail: Mail) -> Heard:
    """Commands of a mail: those of its text count, and what only its other form says, HTML or text, holds it."""
    heard = heard_in(mail.new_text)
    if _visibility(heard.commands) == "note":
        return heard
    if mail.quoted and (apart := set_apart(mail.text.splitlines())):
        late = tuple(Fault("E_LATE", None, _shown(line), "#note") for line in apart[:MOST])
        heard = replace(heard, errors=(*heard.errors, *late), whole="\n".join((*apart, mail.new_text)))
    if not mail.beside:
        return heard
    beside = heard_in(mail.beside)
    known = {(c.verb, c.args) for c in heard.commands}
    found = [Fault("E_LATE", None, said(c), f"#{c.verb}") for c in beside.commands if (c.verb, c.args) not in known]
    found += [
        replace(fault, line=None)
        for fault in beside.errors
        if fault.code in ("E_LATE", "E_SPACE", "E_UNAVAILABLE") or (fault.code == "E_UNKNOWN" and fault.hint == "#note")
    ]
    told = {_letters(fault.word) for fault in heard.errors}
    # The other form may have been cut in another place: what this one quotes is not new.
    quoted = {_letters(line)[:_COMPARED] for line in f"{mail.quoted}\n{mail.signature}".splitlines()}
    new = [fault for fault in found if _letters(fault.word) not in told and _letters(fault.word)[:_COMPARED] not in quoted]
    return replace(heard, errors=(*heard.errors, *new), whole=mail.beside) if new else heard


def believed(heard: Heard) -> Heard:
    """A worker's word, without the commands that nobody can have typed so."""
    commands = tuple(c for c in heard.commands if c.verb in VERBS and not RULES[VERBS[c.verb].arguments](c.args))
    return replace(heard, commands=commands, top=max(0, heard.top))


def parsed(heard: Heard, text: str) -> Parsed:
    """Commands and body of a text: the body is cut off here, so that it is what was looked through for what must not leave."""
    rest = text.splitlines()[heard.top :]
    if rest and _ESCAPE.match(rest[0].translate(INVISIBLE)):
        # One sign goes, whatever else stands there stays.
        rest[0] = next(rest[0][at + 1 :] for at, sign in enumerate(rest[0]) if sign in _SIGNS)
    return Parsed(heard.commands, "\n".join(rest).strip(), _visibility(heard.commands), heard.errors, heard.whole)


def _visibility(commands: Iterable[Command]) -> Literal["note", "reply", "default"]:
    verbs = {command.verb for command in commands}
    return "note" if "note" in verbs else "reply" if "reply" in verbs else "default"


def _letters(line: str) -> str:
    return "".join(ch for ch in line.lower() if ch.isalnum())


def _plain(line: str) -> str:
    """A line that may be a command as it was meant: full-width forms and strange blanks made ordinary. A tab is four blanks."""
    return unicodedata.normalize("NFKC", line[:LONGEST]).replace("\t", "    ")


def _faults_below(lines: Sequence[str], at: int, visibility: str) -> list[Fault]:
    """What looks like a command that went astray in the body, which begins at line `at` (counted from 0)."""
    faults: list[Fault] = []
    if at < len(lines) and (spaced := _SPACED.match(_plain(lines[at].translate(INVISIBLE)))):
        word = spaced[1].lower()
        if verb := "resolve" if word == "status" else _meant(word):
            faults.append(Fault("E_SPACE", at + 1, _shown(lines[at].translate(INVISIBLE)), f"#{verb}"))
    return faults + astray(lines[at:], at + 1, visibility, verb_alone)


def _meant(word: str) -> str:
    """The command that a word in small letters means, built or planned; "" for any other word."""
    return WORDS[word].word if word in WORDS else word if word in PLANNED else ""


def verb_alone(word: str, behind: str) -> str:
    """The command that a line of this word and what follows it is, "" where it reads like a sentence or no command is so called."""
    word, args = word.lower(), _tokens(behind.strip(" .,:;!?…"))
    if args and word in ("status", "public"):
        return "" if isinstance(found := _foreign(word, args, 0, ""), Fault) else found.verb
    if not args:
        return _meant(word) if args is not None else ""
    if word not in WORDS:
        return word if word in PLANNED and all(map(_FIGURES.fullmatch, args)) else ""
    verb = WORDS[word]
    fits = not RULES[verb.arguments](args)
    if verb.arguments in _TERSE:
        return verb.word if fits or len(args) <= 3 else ""
    return verb.word if fits and word in ("assign", "assignee", "resolve", "close", "due") else ""


def _shown(line: str) -> str:
    return line.strip()[:80]


def _command(typed: str, following: str, line: int, visible: str) -> Command | Fault:
    """One command line, or what is wrong with it. `following` is the rest of the line after the word and its colon."""
    args = None if len(visible) > LONGEST else _tokens(following)
    word, shown = typed.lower(), _shown(visible)
    if word in ("status", "public") and args:
        return _foreign(word, args, line, shown)
    if word in PLANNED:
        return Fault("E_UNAVAILABLE", line, f"#{word}", "")  # whatever stands behind it
    verb = WORDS.get(word)
    if verb is None:
        return Fault("E_UNKNOWN", line, shown, "#note" if means_inside(_BEHIND_LETTERS.sub("", word)) else nearest(word))
    if verb.arguments in (Arguments.TEXT, Arguments.MAYBE_TEXT) and len(visible) <= LONGEST:
        text = visible.strip()[1 + len(word) :].strip(" \u00a0\t:")
        args = (text,) if text else ()
    wrong = "E_ARGS" if args is None else RULES[verb.arguments](args)
    if wrong or args is None:
        return Fault(wrong, line, shown, verb.hint or verb.form)
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


def _conflicts(commands: Sequence[Command]) -> list[Fault]:
    faults: list[Fault] = []
    for at, command in enumerate(commands):
        if other := next((each for each in commands[:at] if excludes(command.verb, each.verb)), None):
            faults.append(Fault("E_CONFLICT", command.line, f"#{command.verb}", f"#{other.verb}"))
    return faults


#: Answers the code of what is wrong, "" when nothing is.
_Rule = Callable[[tuple[str, ...]], str]


def _until(args: tuple[str, ...]) -> str:
    preposition, rest = args[0].lower(), args[1:]
    if preposition not in ("until", "for") or not rest:
        return "E_ARGS"
    fits = _looks_like_a_date(rest) if preposition == "until" else len(rest) == 1 and _SPAN.fullmatch(rest[0])
    return "" if fits else "E_VALUE"


def _hold(args: tuple[str, ...]) -> str:
    if not args:
        return "E_ARGS"
    if args[0].lower() not in tuple(HoldReason):
        return "E_VALUE"
    return _until(args[1:]) if args[1:] else ""


def _outage(args: tuple[str, ...]) -> str:
    """A service, `from` an instant that was, and perhaps `to` another."""
    if len(args) < 2:
        return "E_ARGS"
    begin, end = outage_times(args[1:])
    fits = all(map(_looks_past, (begin, end or begin)))
    return "" if begin and fits else "E_VALUE"


def _looks_past(args: Sequence[str]) -> bool:
    """`9:00`, `2026-07-01 9:00`, `2h` ago, `now`."""
    if len(args) == 2:
        return _DAY.fullmatch(args[0]) is not None and _HOUR.fullmatch(args[1]) is not None
    return len(args) == 1 and (args[0].lower() == "now" or any(form.fullmatch(args[0]) for form in (_HOUR, _AGO)))


def _away(args: tuple[str, ...]) -> str:
    """`until D`, `D`, `D..D` or nothing, and `delegate NAME` behind it."""
    if len(args) > 1 and args[-2].lower() == "delegate":
        args = args[:-2]
    if args and args[0].lower() == "until":
        args = args[1:]
        if len(args) != 1:
            return "E_ARGS"
        return "" if _is_a_day(args[0]) else "E_VALUE"
    if len(args) > 1 or (args and args[0].lower() == "delegate"):
        return "E_ARGS"
    first, dots, last = args[0].partition("..") if args else ("", "", "")
    return "" if not args or (_is_a_day(first) and (not dots or _is_a_day(last))) else "E_VALUE"


def _is_a_day(word: str) -> bool:
    return bool(_DAY.fullmatch(word) or _NAMED.fullmatch(word))


RULES: Mapping[Arguments, _Rule] = {
    Arguments.NONE: lambda args: "E_ARGS" if args else "",
    Arguments.ONE: lambda args: "" if len(args) == 1 and args[0] else "E_ARGS",
    Arguments.MAYBE_ONE: lambda args: "" if len(args) <= 1 else "E_ARGS",
    Arguments.TEXT: lambda args: "" if args else "E_ARGS",
    Arguments.MAYBE_TEXT: lambda args: "",
    Arguments.AWAY: _away,
    Arguments.CODE: lambda args: "E_ARGS" if len(args) > 1 else "" if not args or _CODE.fullmatch(args[0]) else "E_VALUE",
    Arguments.PRIORITY: lambda args: "" if " ".join(args).lower() in PRIORITY_NAMES else "E_ARGS" if len(args) != 1 else "E_VALUE",
    Arguments.KIND: lambda args: "E_ARGS" if len(args) != 1 else "" if args[0].lower() in tuple(TicketKind) else "E_VALUE",
    Arguments.DEGREE: lambda args: "E_ARGS" if len(args) != 1 else "" if args[0] in ("1", "2", "3") else "E_VALUE",
    Arguments.WAIT: lambda args: _until(args) if args else "",
    Arguments.HOLD: _hold,
    Arguments.DUE: lambda args: "E_ARGS" if not args else "" if _looks_like_a_date(args) or " ".join(args).lower() == "none" else "E_VALUE",
    Arguments.OUTAGE: _outage,
    Arguments.TICKET: lambda args: "E_ARGS" if len(args) != 1 else "" if _NUMBER.fullmatch(args[0]) else "E_VALUE",
}


def _looks_like_a_date(args: Sequence[str]) -> bool:
    """`2026-07-01`, `2026-07-01 14:00`, `tomorrow`, `mon`, `3d`, `2h`."""
    if len(args) == 2:
        return _DAY.fullmatch(args[0]) is not None and _HOUR.fullmatch(args[1]) is not None
    return len(args) == 1 and any(form.fullmatch(args[0]) for form in (_DAY, _SPAN, _NAMED))


def nearest(word: str) -> str:
    """The command at a distance of at most two slips of the finger, as `#verb`; "" when there is none or the word is too short."""
    best, hint = min(2, len(word) - 1) + 1, ""
    for known in (*WORDS, *sorted(PLANNED)):
        if abs(len(known) - len(word)) < best and (distance := _distance(known, word)) < best:
            best, hint = distance, f"#{_meant(known)}"
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
