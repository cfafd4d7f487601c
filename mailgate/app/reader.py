"""The reader of the gateway: worker processes that read hostile mail under a budget, and others that write the letters that answer it.

Both are pure and cost most of a mail's time, so they are done where they cannot keep the doors waiting."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from mailgate import understand
from mailgate.app.scribe import prepare, scribe_of, write_with
from mailgate.compose.writing import LetterWriter, Sheet, Written, written
from mailgate.gateway.workers import NoReader, Unwritten
from mailgate.guard import Guard, GuardError, Overrun, Raised
from mailgate.model.account import Accounted
from mailgate.model.installation import ReaderSettings
from mailgate.model.mail import Reading, Unread
from mailgate.understand import FilesAsked, Item, Opened, Texts, account_item, open_files, open_texts, read_item
from mailgate.understand.identity import SignedMail, signatures

T = TypeVar("T")
R = TypeVar("R")

#: Of the workers (`nice`): where the processors are short, mail that comes in goes before mail that waits to be read.
NICENESS = 3


def pool(settings: ReaderSettings, setup: Callable[[], object], workers: int) -> Guard:
    """Workers of one kind, each confined (`guard/confine`)."""
    return Guard(setup, workers, settings.cpu.total_seconds(), settings.memory, settings.wall.total_seconds(), niceness=NICENESS)


class ReaderOnly:
    """Reads and writes no letters, so its workers import little, and have no keys."""

    def __init__(self, settings: ReaderSettings) -> None:
        self.settings = settings
        self.guard = pool(settings, understand.prepare, settings.workers)

    def start(self) -> None:
        self.guard.start()

    def stop(self) -> None:
        self.guard.stop()

    @staticmethod
    def _run(guard: Guard, function: Callable[[T], R], items: Sequence[T], first: bool = False) -> list[R | Overrun | Raised]:
        try:
            return guard.run(function, items, first=first)
        except GuardError as error:
            raise NoReader(str(error)) from error

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]:
        answers = self._run(self.guard, read_item, items)
        return [answer if isinstance(answer, Reading) else Unread(_why(answer)) for answer in answers]

    def accounts(self, items: Sequence[Item]) -> list[Accounted | Unread]:
        """The same readings, each with the account of how it went, under the same budget."""
        answers = self._run(self.guard, account_item, items)
        return [answer if isinstance(answer, Accounted) else Unread(_why(answer)) for answer in answers]

    def signatures(self, raws: Sequence[bytes]) -> list[SignedMail]:
        answers = self._run(self.guard, signatures, raws)
        return [answer if isinstance(answer, SignedMail) else SignedMail() for answer in answers]

    def files(self, asked: Sequence[FilesAsked]) -> list[Opened | Unread]:
        return [self._of_each(one, answer) for one, answer in zip(asked, self._run(self.guard, open_files, asked, True), strict=True)]

    def texts(self, asked: Sequence[FilesAsked]) -> list[Texts | Unread]:
        return [self._of_each(one, answer) for one, answer in zip(asked, self._run(self.guard, open_texts, asked, True), strict=True)]

    @staticmethod
    def _of_each(asked: FilesAsked, answer: tuple[T, ...] | Overrun | Raised) -> tuple[T, ...] | Unread:
        if not isinstance(answer, tuple):
            return Unread(_why(answer))
        return answer if len(answer) == len(asked[1]) else Unread("the reader failed: it answered for other files")

    def write(self, sheets: Sequence[Sheet], desk: LetterWriter) -> list[Written]:
        raise Unwritten("this reader writes no letters")


class GuardedReader(ReaderOnly):
    """Two pools: who reads what strangers sent never holds a key, and who has the keys never sees a raw mail.
    Started before the first mail, stopped after the last round."""

    def __init__(self, settings: ReaderSettings, sources: Mapping[str, str], catalogues: Mapping[str, bytes]) -> None:
        super().__init__(settings)
        self.writers = pool(settings, partial(prepare, dict(sources), dict(catalogues)), settings.writers)

    def start(self) -> None:
        """Both pools at once: their workers' start is what takes its time."""
        with ThreadPoolExecutor(1) as beside:
            writing = beside.submit(self.writers.start)
            try:
                super().start()
            finally:
                writing.exception()
        try:
            writing.result()
        except GuardError:
            super().stop()
            raise

    def stop(self) -> None:
        super().stop()
        self.writers.stop()

    def write(self, sheets: Sequence[Sheet], desk: LetterWriter) -> list[Written]:
        busy = [sheet for sheet in sheets if sheet.wanted]
        answers = iter(self._run(self.writers, partial(write_with, scribe_of(desk)), busy))
        letters: list[Written] = []
        for sheet in sheets:
            answer = next(answers) if sheet.wanted else ()
            if isinstance(answer, Overrun | Raised):
                raise Unwritten(_why(answer))
            if (found := written(sheet, answer)) is None:
                raise Unwritten("its worker wrote other letters than it was asked for")
            letters.append(found)
        return letters


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
