"""What a library or the system says about a mistake, in words that an operator can act on. None of theirs is ever shown."""

import difflib
import errno
import re
from collections.abc import Iterable, Mapping
from typing import Any

_OF_THE_SYSTEM = {
    errno.ENOENT: "is not there",
    errno.EACCES: "may not be read by this user: run mailgate as the user that owns it, or give it to that user (chown)",
    errno.EPERM: "may not be read by this user: run mailgate as the user that owns it, or give it to that user (chown)",
    errno.EISDIR: "is a folder, not a file",
    errno.ENOTDIR: "lies below something that is no folder",
    errno.ELOOP: "is a link that leads back to itself",
    errno.ENAMETOOLONG: "has a name that is too long",
    errno.EIO: "cannot be read: the disk under it fails",
    errno.ENOSPC: "cannot be written: there is no room on the disk",
    errno.EDQUOT: "cannot be written: the quota of this user is used up",
    errno.EROFS: "cannot be written: the file system is mounted read-only",
    errno.EMFILE: "cannot be opened: this process has too many files open",
    errno.ENFILE: "cannot be opened: this machine has too many files open",
    errno.ENOMEM: "cannot be read: there is no memory left",
    errno.EEXIST: "is there already",
    errno.ESTALE: "lies on a network file system that is gone",
}


def why_not(error: OSError, otherwise: str = "cannot be read") -> str:
    """What the system's refusal means for a file or folder, to stand behind its name."""
    return _OF_THE_SYSTEM.get(error.errno or 0, f"{otherwise} (the system says {errno.errorcode.get(error.errno or 0, 'no')})")


#: More names than this are looked up in the file.
MOST_NAMES = 12


def meant(word: str, known: Iterable[str]) -> str:
    """`: did you mean "prefix"?` or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f': did you mean "{close[0]}"?' if close else ""


def known_are(word: str, known: Iterable[str]) -> str:
    """What could stand in the place of a name that nothing has: the one that was probably meant, else all of them where they are few."""
    names = list(known)
    if (guess := meant(word, names)) or not 1 <= len(names) <= MOST_NAMES:
        return guess
    return f": there {'is' if len(names) == 1 else 'are'} " + ", ".join(f'"{name}"' for name in names)


def mistakes(number: int) -> str:
    return f"{number} mistake{'' if number == 1 else 's'}"


def expression(pattern: str) -> str:
    """Why this is no regular expression, or nothing."""
    try:
        re.compile(pattern)
    except re.error as error:
        where = f" from character {error.pos + 1} on" if error.pos is not None else ""
        return f"is no regular expression: it cannot be understood{where}"
    return ""


def of_value(kind: str, context: Mapping[str, Any], given: Any, says: str) -> str:
    """A mistake that the form of a file was found to have, by pydantic's name for it. `says`: for what we raised ourselves."""
    at_least, at_most = context.get("ge", context.get("gt")), context.get("le", context.get("lt"))
    match kind:
        case "value_error":
            words = str(context.get("error") or says.removeprefix("Value error, "))
            return words[:1].lower() + words[1:]
        case "missing":
            return "is missing, and has no default"
        case "literal_error":
            choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            shown = f'"{given}" is none of them: ' if isinstance(given, str) and len(given) <= 40 else ""
            guess = meant(given, choices) if isinstance(given, str) else ""
            return f"{shown}{_either(choices)}{guess and '; ' + guess[2:]}"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size" | "float_type" | "float_parsing":
            return "a whole number, without quotes"
        case "bool_type" | "bool_parsing":
            return "true or false, without quotes"
        case "string_type" | "string_unicode":
            return 'a text: put it into quotes, "like this"'
        case "tuple_type" | "list_type" | "set_type" | "frozen_set_type":
            return 'a list: put it into brackets, ["like this"]'
        case "dict_type" | "model_type" | "model_attributes_type" | "dict_attributes_type" | "mapping_type":
            return "a table: [its.name] on a line of its own, and its keys below"
        case "greater_than_equal" | "greater_than":
            return f"{'at least' if 'ge' in context else 'more than'} {at_least}"
        case "less_than_equal" | "less_than":
            return f"{'at most' if 'le' in context else 'less than'} {at_most}"
        case "too_short" | "string_too_short":
            return (
                f"at least {context.get('min_length', 1)} of them" if context.get("min_length", 1) != 1 else "there has to be one at least"
            )
        case "too_long" | "string_too_long":
            return f"at most {context.get('max_length')} of them"
    return "is not what this key takes: its comment in the sample configuration says what it does"


def _either(choices: list[str]) -> str:
    quoted = [f'"{one}"' for one in choices]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}" if quoted else "another word"


#: What the parser's sentences begin with, what is meant, and whether only this one line is wrong: then the lines below are read as well.
_TOML = (
    ("Cannot overwrite", "stands here a second time: keep one of them", True),
    ("Cannot declare", "this table stands here a second time: keep one of them", False),
    ("Cannot redefine", "this table stands here a second time: keep one of them", False),
    ("Cannot mutate", "this table was written in another way further up: keep one of them", False),
    ("Duplicate inline table key", "a key stands here twice: keep one of them", True),
    ("Unterminated string", "a quote is opened and not closed", True),
    ("Illegal character '\\n'", "a quote is opened and not closed", True),
    ("Illegal character", "holds a control character, which no file of ours does: write the line anew", True),
    ("Unescaped '\\' in a string", "holds a \\ that means nothing: put the text into 'single quotes', in which \\ is only a \\", True),
    ("Invalid hex value", "holds a \\ that means nothing: put the text into 'single quotes', in which \\ is only a \\", True),
    ("Escaped character", "holds a \\ that means nothing: put the text into 'single quotes', in which \\ is only a \\", True),
    ("Expected '=' after a key", "a key, then =, then its value", True),
    ("Invalid initial character for a key", "a key is made of letters, digits, - and _", True),
    ("Invalid statement", "is neither key = value nor a [table] nor a # comment", True),
    ("Invalid value", 'no value: a text stands in quotes, "like this"; a number, true and false do not', True),
    ("Invalid date", "no date: write 2026-11-20", True),
    ("Expected newline or end of document", "something stands behind the value: one key on one line, and a text in quotes", True),
    ("Expected ']' at the end of a table", "the name of a table ends with ]", False),
    ("Expected ']]' at the end of an array", "the name of a table of several ends with ]]", False),
    ("Unclosed array", "a list is not closed: a ] is missing, here or above", False),
    ("Unclosed inline table", "a table in braces is not closed: a } is missing, here or above", False),
    ("Expected", "a value is not closed, here or above", False),
)


def of_toml(says: str) -> tuple[str, bool]:
    """What the parser means, and whether it is about this line alone."""
    for begins, words, alone in _TOML:
        if says.startswith(begins):
            return words, alone
    return "cannot be understood from here on", False
