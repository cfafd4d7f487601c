"""Mailboxes that are fetched over IMAP: each folder has a thread, a connection and a back-off of its own.

A folder is looked through, then waited for (IDLE where the server has it, and looked at again after the poll interval all the same).
What goes wrong in one folder is no trouble of another."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from mailgate.decide import polling
from mailgate.model.mailbox import Attempt, FolderRole, LeaseLost, MailboxSettings
from mailgate.model.scrub import Scrubber
from mailgate.receive import Clock
from mailgate.receive.imap_folder import Cursors, FolderReader, Intake, Stopping
from mailgate.receive.imap_session import Credentials, ImapSession
from mailgate.receive.imap_trouble import ConnectionLost, LoginRefused, Refusal, TokenTrouble, Trouble, Unsafe

log = logging.getLogger(__name__)

#: Told at once; what else is wrong may be over in a moment, and is told once it has lasted (`decide.polling.is_unreachable`).
_TOLD_AT_ONCE = (Unsafe, LoginRefused, TokenTrouble)
#: An IDLE that was cut sooner than this makes the next pause longer.
_A_WHILE = 60.0
#: An IDLE that was ended by news sooner than this, so many times in a row, makes the next look wait (seconds, doubled each time).
_AT_ONCE, _OFTEN, _CALM = 1.0, 5, 0.25
#: How long a sent folder waits for the first look at the mails that it holds answers to.
_INBOX_FIRST = 60.0


class Alarms(Protocol):
    """The operator's ear."""

    def alarm(self, kind: str, what: str, way_out: str, key: str = "") -> None: ...
    def alarm_over(self, kind: str, key: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class SharedByMailboxes:
    """What all mailboxes share. `app` hands it over."""

    intake: Intake
    cursors: Cursors
    alarms: Alarms
    credentials: Callable[[MailboxSettings], Credentials]
    now: Clock
    holder: str  #: names this process to other nodes
    spread: Callable[[], float] = field(default=random.random)  # chance, not a secret


class FolderWatch:
    """One folder: connect, look, wait, and from the beginning. `look` is one round of it."""

    def __init__(self, settings: MailboxSettings, folder: str, role: FolderRole, shared: SharedByMailboxes) -> None:
        self.settings, self.role, self._shared = settings, role, shared
        self._over = threading.Event()
        self._holder = f"{shared.holder}/{settings.name}/{folder}"
        self._reader = FolderReader(settings, folder, role, shared.intake, shared.cursors, shared.now, self._holder, self._over.is_set)
        self._session: ImapSession | None = None
        self._waiting = True  #: nothing is in work: a stop need not ask
        self._short_idles = 0
        self._busy = 0  #: IDLEs in a row that ended at once because something was said
        self._known = Scrubber()
        self._troubles: set[str] = set()  #: kinds of alarms that were raised and are not over
        self._looked_once = threading.Event()
        self.waits_for: Sequence[FolderWatch] = ()  #: whose first look comes before ours
        self._thread = threading.Thread(target=self._run, name=f"imap-{settings.name}-{folder}", daemon=True)

    @property
    def key(self) -> str:
        return str(self._reader.key)

    def look(self) -> timedelta | None:
        """Takes in what is new. How long to wait before the next look; None: as long as the folder is quiet (`wait`). Never raises."""
        shared, now = self._shared, self._shared.now()
        try:
            if not self._reader.hold():
                self._drop()
                return self.settings.poll
            if self._session is None and (later := self._connect(now)) is not None:
                return later
            assert self._session is not None
            self._reader.look(self._session)
            shared.cursors.went_well(self._reader.key, shared.now())
            self._all_is_well()
            return None
        except Stopping:
            return timedelta(0)
        except LeaseLost:
            self._drop()
            return self.settings.poll
        except Trouble as trouble:
            self._drop()
            return self._failed(str(trouble), trouble)
        except Refusal as refusal:  # its traceback would show the server's own words
            self._drop()
            return self._failed(str(refusal), None)
        except Exception as error:
            self._drop()
            log.exception("%s could not be looked through", self.key)
            return self._failed(f"internal error: {type(error).__name__}", None)
        finally:
            self._looked_once.set()

    def _connect(self, now: datetime) -> timedelta | None:
        """Opens a session, or says how long that has to wait: servers lock out clients that come too often."""
        shared, settings = self._shared, self.settings
        credentials = shared.credentials(settings)
        logins = 2 if credentials.renewed else 1
        turn = shared.cursors.connecting(settings.name, now, partial(polling.next_connect, logins=logins))
        if isinstance(turn, datetime):
            log.info("%s: the next connection may be tried at %s", self.key, turn)
            return max(turn - now, timedelta(seconds=1))
        session = self._session = ImapSession(settings, self._known)
        outcome = Attempt.NOT_REACHED
        try:
            if self._over.is_set():
                raise Stopping
            session.open(credentials)
            outcome = Attempt.LOGGED_IN
        finally:
            if outcome is not Attempt.LOGGED_IN and session.said_secret:
                outcome = Attempt.REFUSED
            shared.cursors.connected(turn, outcome)
            # A second token that was refused as well, or one before the good one, is a login that failed all the same.
            for _ in range(session.refusals - (outcome is Attempt.REFUSED)):
                more = shared.cursors.connecting(settings.name, now, lambda _, at: at)
                if isinstance(more, int):
                    shared.cursors.connected(more, Attempt.REFUSED)
        log.info("%s: connected to %s", self.key, settings.host)
        return None

    def _failed(self, words: str, trouble: Trouble | None) -> timedelta:
        if self._over.is_set():
            return timedelta(0)
        log.warning("%s: %s", self.key, words)
        failures = 1
        with suppress(Exception):  # whatever is wrong with the database is told by others, louder
            failures = self._shared.cursors.went_wrong(self._reader.key, words, self._shared.now())
        if isinstance(trouble, _TOLD_AT_ONCE):
            self._alarm(trouble.kind, words)
        return polling.pause_after(failures, self._shared.spread())

    def _alarm(self, kind: str, words: str) -> None:
        self._troubles.add(kind)
        try:
            self._shared.alarms.alarm(kind, f"{self.settings.name}: {words}", "mailgate check; mailgate status", self.settings.name)
        except Exception:
            log.exception("%s: the operator could not be told", self.key)

    def _all_is_well(self) -> None:
        if self._reader.stuck:
            self._alarm("mailbox_stuck", f"mail that was taken in cannot be flagged or moved: {self._reader.stuck}")
        over = self._troubles if not self._reader.stuck else self._troubles - {"mailbox_stuck"}
        for kind in tuple(over):
            # Should it come again, that is news.
            self._shared.alarms.alarm_over(kind, self.settings.name)
            self._troubles.discard(kind)

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def wait(self, pause: timedelta | None) -> None:
        """Until the folder says that something happened, the time is up, or `stop` is called."""
        session = self._session
        self._waiting = True
        try:
            if pause is not None or session is None or not session.can_idle:
                self._over.wait((self.settings.poll if pause is None else pause).total_seconds())
                return
            if self._over.is_set():
                return
            began = time.monotonic()
            try:
                session.idle(self.settings.poll.total_seconds())
                self._short_idles = 0
                self._busy = self._busy + 1 if time.monotonic() - began < _AT_ONCE else 0
                if self._busy > _OFTEN:
                    # A server that chatters without end must not make us look without end; mail comes as soon as before, in larger steps.
                    self._over.wait(min(_CALM * 2 ** min(self._busy - _OFTEN, 10), self.settings.poll.total_seconds()))
            except Exception as error:
                self._drop()
                if self._over.is_set():
                    return
                log.info("%s: %s", self.key, error if isinstance(error, ConnectionLost) else type(error).__name__)
                # Mail may have come meanwhile: at once the first time, then with growing pauses.
                self._short_idles = self._short_idles + 1 if time.monotonic() - began < _A_WHILE else 0
                if self._short_idles > 1:
                    self._over.wait(polling.pause_after(self._short_idles - 1, self._shared.spread()).total_seconds())
        finally:
            self._waiting = False

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        deadline = time.monotonic() + _INBOX_FIRST
        for other in self.waits_for:
            while not self._over.is_set() and not other._looked_once.wait(0.2) and time.monotonic() < deadline:
                continue
        while not self._over.is_set():
            self._waiting = False
            self.wait(self.look())
        session, self._session = self._session, None
        if session is not None:
            session.bye()
        with suppress(Exception):  # its lease then ends by itself
            self._shared.cursors.release(self._reader.key, self._holder)

    def ask_to_stop(self) -> None:
        """Nothing is begun any more; a mail that is being taken in may be finished."""
        self._over.set()
        if self._waiting:
            self._abort()

    def stop(self, until: float) -> bool:
        """Ends the thread; whether it ended by then (monotonic). What it has in hand is cut off shortly before."""
        while self._thread.is_alive():
            left = until - time.monotonic()
            if left <= 0:
                return False
            if left < 1.5:
                self._abort()
            self._thread.join(min(0.2, left))
        return True

    def _abort(self) -> None:
        if (session := self._session) is not None:
            session.abort()


class MailboxDoor:
    """All folders of all mailboxes."""

    def __init__(self, mailboxes: Sequence[MailboxSettings], shared: SharedByMailboxes) -> None:
        self.watches: list[FolderWatch] = []
        for mailbox in mailboxes:
            mine = [FolderWatch(mailbox, folder, role, shared) for folder, role in mailbox.watched]
            for watch in mine:
                if watch.role is FolderRole.SENT:
                    # An answer finds its ticket only when the question was taken in before it.
                    watch.waits_for = [one for one in mine if one.role is FolderRole.INBOX]
            self.watches += mine

    def start(self) -> None:
        for watch in self.watches:
            watch.start()

    def stop(self, grace: float) -> bool:
        """Within `grace` seconds; whether every thread has ended."""
        until = time.monotonic() + grace
        for watch in self.watches:
            watch.ask_to_stop()
        ended = [watch.stop(until) for watch in self.watches]
        return all(ended)
