"""The reader of the gateway: worker processes that read hostile mail under a budget, and write the letters that answer it.

Both are pure and cost most of a mail's time, so they are done where they cannot keep the doors waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from mailgate import understand
from mailgate.compose import words
from mailgate.compose.templates import Templates
from mailgate.compose.templates import load as load_templates
from mailgate.gateway.reading import NoReader, Unwritten
from mailgate.gateway.writing import Desk, Sheet, Written, write_sheet
from mailgate.guard import Guard, GuardError, Overrun, Raised
from mailgate.model.account import Accounted
from mailgate.model.installation import ReaderSettings
from mailgate.model.mail import Reading, Unread
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring
from mailgate.understand import FilesAsked, Item, Opened, Texts, account_item, open_files, open_texts, read_item
from mailgate.understand.dkim import Sealed, signatures

T = TypeVar("T")
R = TypeVar("R")

#: Of the workers (`nice`): where the processors are short, mail that comes in goes before mail that waits to be read.
NICENESS = 3

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
#: In a worker: the letters' templates, each compiled once.
_templates: list[Templates] = []


def prepare(sources: Mapping[str, str], catalogues: Mapping[str, bytes]) -> None:
    """What a worker does once, before its memory is limited."""
    understand.prepare()
    _templates[:] = [load_templates(sources, catalogues, checked=True)]
    for language in _templates[0].languages:
        # The names of days and months are read from files, some MiB a language: no mail's memory.
        words.when(_ANY_DAY, "UTC", language)


@dataclass(frozen=True, slots=True)
class _Scribe:
    """The writing desk without its templates, which do not travel."""

    policy: Policy
    ring: Keyring
    reverse_path: str
    operator: str

    def write(self, sheet: Sheet) -> Written:
        return write_sheet(sheet, Desk(self.policy, self.ring, _templates[0], self.reverse_path, self.operator, False))


def scribe_of(desk: Desk) -> _Scribe:
    return _Scribe(desk.policy, desk.ring, desk.reverse_path, desk.operator)


def write_with(scribe: _Scribe, sheet: Sheet) -> Written:
    return scribe.write(sheet)


class GuardedReader:
    """Started before the first mail, stopped after the last round."""

    def __init__(self, settings: ReaderSettings, sources: Mapping[str, str], catalogues: Mapping[str, bytes]) -> None:
        setup = partial(prepare, dict(sources), dict(catalogues))
        self.guard = Guard(
            setup, settings.workers, settings.cpu.total_seconds(), settings.memory, settings.wall.total_seconds(), niceness=NICENESS
        )

    def start(self) -> None:
        self.guard.start()

    def stop(self) -> None:
        self.guard.stop()

    def _run(self, function: Callable[[T], R], items: Sequence[T]) -> list[R | Overrun | Raised]:
        try:
            return self.guard.run(function, items)
        except GuardError as error:
            raise NoReader(str(error)) from error

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]:
        answers = self._run(read_item, items)
        return [answer if isinstance(answer, Reading) else Unread(_why(answer)) for answer in answers]

    def signatures(self, raws: Sequence[bytes]) -> list[Sealed]:
        answers = self._run(signatures, raws)
        return [answer if isinstance(answer, Sealed) else Sealed() for answer in answers]

    def files(self, asked: Sequence[FilesAsked]) -> list[Opened | Unread]:
        answers = self._run(open_files, asked)
        return [answer if isinstance(answer, tuple) else Unread(_why(answer)) for answer in answers]

    def texts(self, asked: Sequence[FilesAsked]) -> list[Texts | Unread]:
        answers = self._run(open_texts, asked)
        return [answer if isinstance(answer, tuple) else Unread(_why(answer)) for answer in answers]

    def write(self, sheets: Sequence[Sheet], desk: Desk) -> list[Written]:
        scribe = scribe_of(desk)
        busy = [sheet for sheet in sheets if sheet.wanted]
        answers = self._run(partial(write_with, scribe), busy)
        written = iter(answers)
        letters: list[Written] = []
        for sheet in sheets:
            answer = next(written) if sheet.wanted else ()
            if isinstance(answer, Overrun | Raised):
                raise Unwritten(_why(answer))
            letters.append(answer)
        return letters


class ReaderOnly(GuardedReader):
    """Writes no letters, so its worker imports little and is there in a tenth of the time."""

    def __init__(self, settings: ReaderSettings) -> None:
        self.settings = settings
        setup = understand.prepare
        self.guard = Guard(
            setup, settings.workers, settings.cpu.total_seconds(), settings.memory, settings.wall.total_seconds(), niceness=NICENESS
        )

    def accounts(self, items: Sequence[Item]) -> list[Accounted | Unread]:
        """The same readings, each with the account of how it went, under the same budget."""
        answers = self._run(account_item, items)
        return [answer if isinstance(answer, Accounted) else Unread(_why(answer)) for answer in answers]

    def write(self, sheets: Sequence[Sheet], desk: Desk) -> list[Written]:
        raise Unwritten("this reader writes no letters")


class FileOpener:
    """Opens the files of letters where nobody reads: its worker is started when the first of them has to be opened."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._reader = ReaderOnly(replace(settings, workers=1))
        self._lock = threading.Lock()
        self._started = self._stopped = False

    def files(self, asked: Sequence[FilesAsked]) -> list[Opened | Unread]:
        with self._lock:
            if not self._started and not self._stopped:
                try:
                    self._reader.start()
                except GuardError as error:
                    self._reader = ReaderOnly(self._reader.settings)  # a guard starts only once
                    raise NoReader(str(error)) from error
                self._started = True
        return self._reader.files(asked)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
        self._reader.stop()


def _why(answer: object) -> str:
    # What was raised may quote the mail, so only its type and place are told.
    if isinstance(answer, Overrun):
        return answer.reason
    return f"the reader failed: {answer.type} at {answer.place}" if isinstance(answer, Raised) else "the reader failed"
