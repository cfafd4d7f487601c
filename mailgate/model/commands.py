"""The command table: each word that an agent may put above the text of a mail, and all that is known of it.

Parser, checks, help letter, receipt and `docs/agents.md` read it; what a command does is its act in `decide/commands`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from mailgate.model.person import Capability
from mailgate.model.reason import Because


class Order(IntEnum):
    """When a command is carried out. The state comes behind the words of the mail, for a public message may itself move it."""

    READERS = 0  #: whom the words are for
    OWNER = 1
    WATCHERS = 2
    FIELDS = 3
    RELATIONS = 4
    WORDS = 5  #: no command: here the mail's own words take their place
    SORTING = 6  #: whoever answers owns it, unless it goes to others by the same mail
    STATE = 7
    ANSWER = 8


class Arguments(StrEnum):
    """What may follow the word."""

    NONE = "none"
    ONE = "one"
    MAYBE_ONE = "maybe one"
    TEXT = "text"  #: the rest of the line, as one argument
    MAYBE_TEXT = "maybe text"  #: the same, or nothing
    AWAY = "away"  #: from when to when, and perhaps who stands in
    CODE = "code"  #: one word, or none
    PRIORITY = "priority"
    KIND = "kind"
    DEGREE = "degree"  #: 1, 2 or 3
    WAIT = "wait"  #: until a date, for a span, or nothing
    HOLD = "hold"  #: a reason, and perhaps until when
    DUE = "due"  #: a date, or none
    OUTAGE = "outage"  #: a service, since when it failed, and perhaps until when
    TICKET = "ticket"  #: the number of another ticket, `1044` or `IT-1044`: it is loaded before anything is decided


@dataclass(frozen=True, slots=True)
class Verb:
    word: str
    form: str  #: how it is written
    help: str  #: what it does; a message of the catalogues
    order: Order
    arguments: Arguments = Arguments.NONE
    aliases: tuple[str, ...] = ()
    hint: str = ""  #: how it is written, for whoever wrote it wrong, where that is more than `form`
    exclusive: str = ""  #: of the commands with the same word here a mail may say one
    many: bool = False  #: may stand several times in one mail with different arguments
    receipt: str = ""  #: what a receipt calls that which it changed; a message of the catalogues
    capability: Capability = Capability.COMMAND
    asks: bool = False  #: it changes nothing and wants an answer, which needs no ticket either
    personal: bool = False  #: it is about its author, and needs no ticket either


_ALL = (
    Verb("note", "#note", "only the team sees your text", Order.READERS, aliases=("internal", "private"), exclusive="readers"),
    Verb("reply", "#reply", "your text goes to the requester", Order.READERS, aliases=("public",), exclusive="readers"),
    Verb("take", "#take", "it's yours", Order.OWNER, aliases=("mine",), exclusive="owner", receipt="owner"),
    Verb("assign", "#assign me | none | name", "gives it to somebody, or back to the group", Order.OWNER, Arguments.ONE,
         ("assignee", "owner"), '#assign me|none|name|mail|"Full Name"', exclusive="owner", receipt="owner"),
    Verb("decline", "#decline [why]", "passes on an offer; your text is a note", Order.OWNER, Arguments.MAYBE_TEXT,
         exclusive="owner", receipt="passed on"),
    Verb("queue", "#queue NAME", "gives it to another group", Order.SORTING, Arguments.ONE, ("group",), exclusive="queue", receipt="group"),
    Verb("watch", "#watch", "you're told about everything on it", Order.WATCHERS, exclusive="watching", receipt="watching"),
    Verb("unwatch", "#unwatch", "you're no longer told", Order.WATCHERS, exclusive="watching", receipt="no longer watching"),
    Verb("admit", "#admit", "lets an unverified message and its sender in", Order.RELATIONS, receipt="let in"),
    Verb("wait", "#wait [until 2026-07-01 | for 3d]", "waits for the requester, who gets your text", Order.STATE,
         Arguments.WAIT, ("pending",), "#wait [until 2026-07-01|until mon|for 3d]", exclusive="state", receipt="state"),
    Verb("hold", "#hold vendor | change | problem | scheduled | user [until mon]", "on hold: waits for somebody else", Order.STATE,
         Arguments.HOLD, hint="#hold vendor|change|problem|scheduled|user [until 2026-07-01|mon]", exclusive="state", receipt="state"),
    Verb("resolve", "#resolve [code]", "solved; your text is the solution", Order.STATE,
         Arguments.CODE, ("solved", "done", "fixed"), exclusive="state", receipt="state"),
    Verb("close", "#close [code]", "closed; your text is the last word", Order.STATE,
         Arguments.CODE, exclusive="state", receipt="state"),
    Verb("reopen", "#reopen", "opens it again", Order.STATE, aliases=("open",), exclusive="state", receipt="state"),
    Verb("priority", "#priority P1 ... P5", "how urgent it is", Order.FIELDS, Arguments.PRIORITY,
         hint="#priority P1..P5|low|normal|high|urgent|critical", receipt="priority"),
    Verb("impact", "#impact 1 | 2 | 3", "how many it affects: 1 many, 2 a team, 3 one person", Order.FIELDS, Arguments.DEGREE,
         hint="#impact 1|2|3", receipt="impact"),
    Verb("urgency", "#urgency 1 | 2 | 3", "how long it can wait: 1 not at all, 3 a while", Order.FIELDS, Arguments.DEGREE,
         hint="#urgency 1|2|3", receipt="urgency"),
    Verb("category", "#category NAME | none", "what it's about", Order.SORTING, Arguments.ONE, receipt="category"),
    Verb("kind", "#kind incident | request | problem", "what it is", Order.FIELDS, Arguments.KIND, receipt="kind"),
    Verb("due", "#due 2026-07-01 | none", "the day you've promised the solution for", Order.FIELDS, Arguments.DUE,
         hint="#due 2026-07-01|2026-07-01 14:00|tomorrow|mon|3d|none", receipt="promised date"),
    Verb("title", "#title WORDS", "what it's called, for the requester, too", Order.FIELDS, Arguments.TEXT, receipt="title"),
    Verb("outage", "#outage SERVICE from 9:00 [to 11:30]", "a service was down, and reports say so", Order.FIELDS, Arguments.OUTAGE,
         hint="#outage SERVICE from 9:00|2026-07-01 9:00|2h [to 11:30|2026-07-01 11:30|now]", many=True, receipt="outage"),
    Verb("away", "#away 2026-07-01..2026-07-14 [delegate bob]", "you're away; others get what can't wait",
         Order.FIELDS, Arguments.AWAY, hint="#away [2026-07-01 | 2026-07-01..2026-07-14 | until fri] [delegate NAME]", exclusive="absence",
         receipt="away", personal=True),
    Verb("back", "#back", "you're back", Order.FIELDS, exclusive="absence", receipt="back", personal=True),
    Verb("help", "#help [command]", "this list, or one line of it", Order.ANSWER, Arguments.MAYBE_ONE,
         many=True, capability=Capability.STATUS, asks=True),
)  # fmt: skip

#: Each command by its word, in the order in which people are told of them.
VERBS: Mapping[str, Verb] = {verb.word: verb for verb in _ALL}
#: The same by every word that means it.
WORDS: Mapping[str, Verb] = {word: verb for verb in _ALL for word in (verb.word, *verb.aliases)}
#: Words that are promised and do nothing yet: whoever says one is told so, whatever stands behind it.
PLANNED = frozenset(
    "quiet spam tag time lang cause merge duplicate link unlink split cc "
    "requester ask kb macro broadcast undo show history list stats digest receipt".split()
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command line of an agent's mail, its verb already the canonical one."""

    verb: str
    args: tuple[str, ...]
    line: int  #: counted from 1 in the new text; 0: said by the address (support+<letter>.take.<mac>@)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a mail with commands was refused. `code` is one of the E_ words"""

    code: str
    line: int | None
    word: str  #: what stood there
    hint: Because  #: what was probably meant, what is wrong with it, or ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a reader says of the commands in a text. The text below them is cut off by whoever believes it."""

    commands: tuple[Command, ...] = ()
    errors: tuple[Fault, ...] = ()
    top: int = 0  #: lines of the text above its body: commands and blanks
    whole: str = ""  #: what the author gets back where the text is not all of it


@dataclass(frozen=True, slots=True)
class Parsed:
    """The commands at the top of a mail, and the text below them."""

    commands: tuple[Command, ...]
    body: str
    visibility: str  #: note | reply | default
    errors: tuple[Fault, ...]
    whole: str = ""  #: what the author gets back where the new text is not all of it


def said(command: Command | None) -> str:
    """A command as its author could have typed it."""
    return " ".join((f"#{command.verb}", *command.args)) if command else ""


def excludes(word: str, other: str) -> bool:
    """Whether a mail that says one command may not say the other as well, or the same once more in another way."""
    if word == other:
        return not VERBS[word].many
    return bool(VERBS[word].exclusive) and VERBS[word].exclusive == VERBS[other].exclusive


def outage_times(args: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands behind the service in `#outage mail from 9:00 to 11:30`: the words of its beginning, and of its end or none."""
    words = tuple(word for word in args if word.lower() != "from")
    cut = next((at for at, word in enumerate(words) if word.lower() in ("to", "until")), len(words))
    return words[:cut], words[cut + 1 :]


def tickets_named(commands: Iterable[Command]) -> frozenset[int]:
    """The numbers of the other tickets that commands are about: known before anything is loaded, so that they can be."""
    named = (c.args[0] for c in commands if c.args and WORDS[c.verb].arguments is Arguments.TICKET)
    return frozenset(int(word.rpartition("-")[2]) for word in named)
