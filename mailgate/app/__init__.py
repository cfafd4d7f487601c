"""The composition root: builds the running program from its settings, starts it and stops it. Knows every room, decides nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mailgate.app.reader import GuardedReader
from mailgate.compose.templates import Templates
from mailgate.compose.templates import load as load_templates
from mailgate.gateway import Gateway, House, to_keep
from mailgate.gateway.authenticating import Authentication
from mailgate.model.installation import DoorSettings, RelaySettings, VerifySettings
from mailgate.model.mail import Arrival
from mailgate.receive.smtp import MailDoor
from mailgate.record.acceptor import Acceptor
from mailgate.record.store import Store, open_store
from mailgate.schedule import Round, Timetable
from mailgate.send.courier import Courier
from mailgate.send.maildir import MaildirRelay
from mailgate.send.relay import Relay, SmtpRelay
from mailgate.settings import Mistaken, Settings, load_policy

if TYPE_CHECKING:
    from mailgate.receive.verify import Resolver

log = logging.getLogger(__name__)

#: SIGTERM to exit (`docs/operating.md`); systemd and container engines kill after their own time.
DRAIN_SECONDS = 10.0
#: Objects between two looks for garbage that holds itself (Python's own default is 700).
GARBAGE = 20_000
PARTS = ("receive", "read", "clocks", "send")

Clock = Callable[[], datetime]


class DiskFailed(Exception):
    """The program ended because it could not keep its promise any longer."""


def wall_clock() -> datetime:
    """The one clock: aware UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def build_templates(settings: Settings) -> Templates:
    return load_templates(settings.templates, settings.catalogues)


def build_relay(settings: RelaySettings, password: Callable[[], str | None]) -> Relay:
    if settings.kind == "maildir":
        return MaildirRelay(Path(settings.path or "outgoing"))
    return SmtpRelay(settings, password)


def relay_password(where: Path | str | None) -> str | None:
    """Read at each login, so that a changed password needs no restart."""
    if isinstance(where, Path):
        return where.read_text(encoding="utf-8").rstrip("\r\n")
    return os.environ.get(where) if where else None


def build_resolver(settings: VerifySettings, alarm: Callable[[str, str, str], None] = lambda *_: None) -> Resolver | None:
    """For our own check; None where it is switched off."""
    if not settings.dns:
        return None
    from mailgate.receive.verify import Resolver  # its library is loaded only where it is used

    return Resolver(settings, alarm)


def build_gateway(
    settings: Settings,
    store: Store,
    acceptor: Acceptor,
    reader: GuardedReader | None,
    courier: Courier | None,
    now: Clock,
    resolver: Resolver | None = None,
) -> Gateway:
    """The gateway with its policy adopted."""
    house = House(settings.ring, build_templates(settings), settings.relay.reverse_path_form, settings.operator, settings.letters_held)
    authentication = Authentication(settings.verify, resolver) if settings.verify.sources else None
    pattern = settings.relay.message_id_pattern
    gateway = Gateway(store, acceptor, reader, courier, house, settings.policy, now, settings.reader.batch, pattern, authentication)
    gateway.adopt(settings.policy, settings.policy_text)
    return gateway


def build_intake(settings: Settings, acceptor: Acceptor) -> Callable[[Arrival, str | None], None]:
    """Only the storing, for a mail on standard input: what it is for is seen by the `serve` that runs beside it."""

    def keep(arrival: Arrival, desk: str | None) -> None:
        acceptor.submit(to_keep(arrival, settings.policy, desk)).result()

    return keep


@dataclass
class Program:
    """A running mailgate. `start` and `stop` are for its own event loop."""

    settings: Settings
    now: Clock = wall_clock
    only: frozenset[str] = frozenset(PARTS)
    doors: list[MailDoor] = field(default_factory=list)

    async def start(self) -> None:
        """Opens the store, then the rounds, and the doors last: nobody is let in before everything stands."""
        settings = self.settings
        self.store = open_store(settings.database, self.now(), for_serve=True)
        undo: list[Callable[[], object]] = [self.store.close]
        try:
            if left := self.store.forget_leases():
                log.info("%d mails were in work when the last run ended; they are read again", left)
            self.acceptor = Acceptor(self.store)
            undo.append(self.acceptor.close)
            self.reader = GuardedReader(settings.reader, settings.templates, settings.catalogues) if "read" in self.only else None
            if self.reader:
                self.reader.start()
                undo.append(self.reader.stop)
            password = partial(relay_password, settings.relay_password)
            sends = "send" in self.only
            self.courier = Courier(partial(build_relay, settings.relay, password), settings.relay.connections) if sends else None
            resolver = build_resolver(settings.verify, lambda *words: self.gateway.alarm(*words)) if self.reader else None
            if resolver:
                undo.append(resolver.close)
            self.resolver = resolver
            self.gateway = build_gateway(settings, self.store, self.acceptor, self.reader, self.courier, self.now, resolver)
            undo.append(self.gateway.close)
            if self.courier:
                undo.append(partial(self.courier.stop, timedelta(seconds=1)))
            self._rounds()
            self.timetable.start()
            undo.append(partial(self.timetable.stop, 5.0))
            if "receive" in self.only:
                for one in settings.doors:
                    door = MailDoor(one, self.gateway, self.now, tls_context(one))
                    await door.start()
                    self.doors.append(door)
        except BaseException:
            # A port that is taken, or a policy that the database refuses: what was started ends again.
            await asyncio.gather(*(door.stop(1.0) for door in self.doors))
            for step in reversed(undo):
                step()
            raise

    def _rounds(self) -> None:
        rounds, gateway = self.settings.rounds, self.gateway
        self.timetable = Timetable()
        if "read" in self.only:
            reader: Round = self.timetable.every(rounds.read, "read", gateway.read_inbox)
            gateway.on_mail = reader.wake
        if "clocks" in self.only:
            self.timetable.every(rounds.clocks, "clocks", gateway.review_clocks)
        if "send" in self.only:
            sender = self.timetable.every(rounds.send, "send", gateway.send_outbox)
            gateway.on_letters = sender.wake
        self.timetable.every(rounds.watch, "watch", self.watch)

    def watch(self) -> None:
        """What the operator must hear of before it hurts."""
        free = shutil.disk_usage(Path(self.settings.database.url).parent).free
        if free < self.settings.disk_warning:
            self.gateway.alarm("disk_low", f"{free // 1024**2} MiB free", "make room, or move the database")

    def reload(self) -> bool:
        """Adopts policy.toml as it is now; a faulty one is refused and the old one stays."""
        try:
            policy, text = load_policy(self.settings.folder, self.settings.verify)
        except Mistaken as mistaken:
            for mistake in mistaken.mistakes:
                log.error("policy refused: %s", mistake)
            self.gateway.alarm("policy_refused", f"{len(mistaken.mistakes)} mistakes", "mailgate check")
            return False
        self.gateway.adopt(policy, text)
        log.info("policy %s is in force", policy.digest)
        return True

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Drains: a mail in progress is finished or gets 421, the rounds end what they do. What is left waits in the database."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds

        def left(share: float) -> float:
            return max(0.2, (deadline - loop.time()) * share)

        self.gateway.closing.set()
        await asyncio.gather(*(door.stop(left(0.5)) for door in self.doors))
        await loop.run_in_executor(None, self.acceptor.close)
        if self.courier:
            await loop.run_in_executor(None, self.courier.stop, timedelta(seconds=left(0.4)))
        if not await loop.run_in_executor(None, self.timetable.stop, left(0.5)):
            log.warning("a round did not end in time; its work is taken up again at the next start")
        await loop.run_in_executor(None, self.gateway.close)
        if self.reader:
            await loop.run_in_executor(None, self.reader.stop)
        if self.resolver:
            await loop.run_in_executor(None, self.resolver.close)
        self.store.close()


def tls_context(door: DoorSettings) -> ssl.SSLContext | None:
    if door.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(door.tls_certificate, door.tls_key)
    return context


async def serve(settings: Settings, only: frozenset[str] = frozenset(PARTS), ready: Callable[[Program], None] = lambda _: None) -> None:
    """Runs until SIGTERM or SIGINT. SIGHUP reloads the policy."""
    program = Program(settings, only=only)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    await program.start()
    broken = False

    def on_broken() -> None:
        nonlocal broken
        broken = True
        loop.call_soon_threadsafe(over.set)

    program.gateway.on_broken = on_broken
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, program.reload))
    # What stands by now stays: looking through it for garbage again and again cost a tenth of a mail.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    ready(program)
    try:
        await over.wait()
    finally:
        await program.stop()
    if broken:
        # After a failed fsync nobody knows what is on the disk: a new start recovers from the log, this run cannot.
        raise DiskFailed(
            "the disk under the database failed; nothing that was answered 250 is known to be lost. Look at the disk, then start again."
        )


def run(settings: Settings, only: frozenset[str] = frozenset(PARTS), ready: Callable[[Program], None] = lambda _: None) -> None:
    """`serve` in a loop of its own, on uvloop where it is installed."""
    # A round at full load must not keep the doors waiting: by default a busy thread holds the interpreter for 5 ms at a time.
    # A mail takes a door several turns; at 2 ms each, it took in half as many a second.
    sys.setswitchinterval(0.0005)
    factory = None
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:
        pass
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings, only, ready))
