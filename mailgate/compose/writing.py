"""From letters that are wanted to letters that are sealed: what a writing worker is handed, and what it hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from mailgate.compose.letters import ComposeContext, Shared, compose
from mailgate.compose.strict import Unsealable
from mailgate.compose.templates import Templates
from mailgate.model.letter import Letter, LetterWanted
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.ticket import TicketFile
from mailgate.model.token import Keyring


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """What letters are written with: policy, keys and templates as they are now."""

    policy: Policy
    ring: Keyring
    templates: Templates
    reverse_path: str
    operator: str
    held: bool
    web: str = ""  #: what links to the web door begin with; "": there is none

    def seal(
        self, wanted: LetterWanted, file: TicketFile | None, agents: Mapping[str, Person], now: datetime, shared: Shared | None = None
    ) -> Letter:
        """`file`: its ticket's. The letter has an id by now."""
        people = {p.id: p for p in (*agents.values(), *(file.people if file else ()), wanted.person)}
        path, operator = self.reverse_path, self.operator
        context = ComposeContext(self.policy, self.ring, self.templates, wanted.id, now, file, people, path, operator, shared, self.web)
        return compose(wanted, context)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The letters of one decision with all that their words need: what a writing worker is handed."""

    wanted: tuple[LetterWanted, ...]
    files: tuple[TicketFile, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A machine's letter for an address that no mail can be written to: left out, and noted on its ticket."""

    wanted: LetterWanted
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a worker says of a letter that it left out: the reason. Which it was is known by its place."""

    reason: str


Sealed = tuple[Letter | LeftOut, ...]  #: what a worker makes of a sheet, in the order of its letters
Written = tuple[Letter | Unwritable, ...]
_SAID = attrgetter("event", "audience", "ticket", "desk", "automatic", "answer_is")  #: of a letter wanted, and of one that is sealed


def write_sheet(sheet: Sheet, writer: LetterWriter) -> Sealed:
    """The sealed letters of a sheet. Raises Unsealable for one that must not be left out: somebody's words, or a notice to an agent."""
    files = {file.ticket.number: file for file in sheet.files}
    shared: Shared = {}
    letters: list[Letter | LeftOut] = []
    for wanted in sheet.wanted:
        try:
            letters.append(writer.seal(wanted, files.get(wanted.ticket or 0), {}, sheet.now, shared))
        except Unsealable as error:
            if not wanted.is_counted:
                raise
            letters.append(LeftOut(str(error)[:200].encode("utf-8", "replace").decode().replace("\0", " ")))
    return tuple(letters)


def written(sheet: Sheet, sealed: Sealed) -> Written | None:
    """The letters of a sheet as its decision knows them; None where they are not those that were asked for."""
    if len(sealed) != len(sheet.wanted):
        return None
    letters: list[Letter | Unwritable] = []
    for wanted, one in zip(sheet.wanted, sealed, strict=True):
        if isinstance(one, LeftOut):
            letters.append(Unwritable(wanted, one.reason))
        elif _is(one, wanted):
            letters.append(one)
        else:
            return None
    return tuple(letters)


def _is(letter: Letter, wanted: LetterWanted) -> bool:
    """Whether a letter is the one that was wanted: for that person and ticket, of that kind, under the id that was drawn for it."""
    return _SAID(letter) == _SAID(wanted) and letter.person == wanted.person.id and (not wanted.id or letter.id == wanted.id)


def a_sheet(wanted: tuple[LetterWanted, ...], files: Callable[[int], TicketFile | None], now: datetime) -> Sheet:
    numbers = dict.fromkeys(one.ticket for one in wanted if one.ticket is not None)
    # Without the texts of notices, which no letter repeats.
    return Sheet(wanted, tuple(replace(file, notices=()) for number in numbers if (file := files(number)) is not None), now)
