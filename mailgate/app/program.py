"""The running program: built from its settings, started and stopped."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import shutil
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mailgate import __version__
from mailgate.app import Clock, build_resolver, build_templates, wall_clock
from mailgate.app.reader import FileOpener, GuardedReader
from mailgate.app.steady import SteadyClock
from mailgate.compose.assemble import Sign
from mailgate.decide import polling
from mailgate.gateway import Gateway, GatewaySetup
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.workers import Files
from mailgate.guard.memory import give_back
from mailgate.model.installation import DoorSettings, RelaySettings
from mailgate.model.mailbox import FolderKey, FolderRole, MailboxSettings
from mailgate.oauth import Secrets, TokenSource
from mailgate.receive.imap import MailboxDoor, SharedByMailboxes
from mailgate.receive.imap_session import Credentials
from mailgate.receive.smtp import MailDoor
from mailgate.record import node
from mailgate.record.acceptor import Acceptor
from mailgate.record.rows import UNAVAILABLE
from mailgate.record.store import Store, open_store
from mailgate.schedule import Round, Timetable
from mailgate.send.courier import Courier
from mailgate.send.dkim import Signer
from mailgate.send.maildir import MaildirRelay
from mailgate.send.relay import Relay, SmtpRelay
from mailgate.settings import Examined, Mistaken, Settings, load_policy
from mailgate.settings.words import mistakes

if TYPE_CHECKING:
    from mailgate.receive.verify import Resolver
    from mailgate.web.door import WebDoor

log = logging.getLogger(__name__)

#: SIGTERM to exit (`docs/operating.md`); systemd and container engines kill after their own time.
DRAIN_SECONDS = 10.0
#: Of these, so many are kept to end hard where something does not end by itself.
LAST_WORDS = 1.0  #: a process that held hundreds of MiB takes a while to be gone
#: Objects between two looks for garbage that holds itself (Python's own default is 700).
GARBAGE = 20_000
#: Between us and the database. The shortest lease that nodes give each other is two minutes longer than it has to be.
CLOCK_OFF = timedelta(minutes=1)
#: How long the clock of the machine has to say the same before a jump of it is believed; at least until the clocks are reviewed again.
CLOCK_HOLD = timedelta(seconds=30)
PARTS = ("receive", "read", "clocks", "send", "web")


class DiskFailed(Exception):
    """The program ended because it could not keep its promise any longer."""


class CannotListen(Exception):
    """The address of a door is taken, or not ours."""


def build_relay(settings: RelaySettings, password: Callable[[], str | None], renewed: Callable[[str], str] | None = None) -> Relay:
    if settings.kind == "maildir":
        return MaildirRelay(Path(settings.path))
    return SmtpRelay(settings, password, renewed)


def build_signer(settings: Settings) -> Sign:
    """What signs our letters, as far as there are keys."""
    return Signer(settings.dkim, renamed=settings.relay.message_id_pattern is not None).sign


def relay_login(
    settings: Settings | Examined, tokens: Mapping[str, TokenSource]
) -> tuple[Callable[[], str | None], Callable[[str], str] | None]:
    """What gives the relay's password, or a token and another token in place of it."""
    source = tokens.get((settings.relay.oauth if settings.relay else None) or "")
    if source is None:
        return partial(password_of, settings.relay), None
    return partial(source.token, "smtp"), partial(source.renewed, "smtp")


def token_sources(settings: Settings | Examined, now: Clock) -> dict[str, TokenSource]:
    return {one.name: TokenSource(one, Secrets.of(one), now) for one in settings.oauth}


def mailbox_login(tokens: Mapping[str, TokenSource], mailbox: MailboxSettings) -> Credentials:
    source = tokens.get(mailbox.oauth or "")
    if source is not None:
        return Credentials(partial(source.token, "imap"), partial(source.renewed, "imap"))
    return Credentials(partial(password_of, mailbox))


def password_of(one: RelaySettings | MailboxSettings | None) -> str | None:
    """Read at each login, so that a changed password needs no restart."""
    if one is not None and one.password_file:
        return Path(one.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    return os.environ.get(one.password_env) if one is not None and one.password_env else None


def build_gateway(
    settings: Settings,
    store: Store,
    acceptor: Acceptor,
    reader: GuardedReader | None,
    courier: Courier | None,
    now: Clock,
    resolver: Resolver | None = None,
    files: Files | None = None,
) -> Gateway:
    """The gateway with its policy adopted."""
    relay = settings.relay
    setup = GatewaySetup(
        settings.ring,
        build_templates(settings),
        relay.reverse_path_form,
        settings.operator,
        settings.letters_held,
        settings.reader.batch,
        settings.reader.octets,
        relay.message_id_pattern,
        Authentication(settings.verify, resolver) if settings.verify.sources else None,
        build_signer(settings),
        settings.web.links,
        {
            FolderKey(box.name, folder): box.desk
            for box in settings.mailboxes
            for folder, role in box.watched
            if role is not FolderRole.JUNK
        },
        now.leaps if isinstance(now, SteadyClock) else (lambda: 0),
    )
    if files is None and reader is not None:
        files = reader.files
    gateway = Gateway(store, acceptor, setup, settings.policy, now, reader, courier, files)
    gateway.adopt(settings.policy, settings.policy_text)
    return gateway


@dataclass
class Program:
    """A running mailgate. `start` and `stop` are for its own event loop."""

    settings: Settings
    now: Clock = wall_clock
    only: frozenset[str] = frozenset(PARTS)
    doors: list[MailDoor] = field(default_factory=list)
    web: WebDoor | None = None
    clock_is_off: bool = False  #: when we last looked
    down: set[str] = field(default_factory=set)  #: mailboxes that could not be read when we last looked

    async def start(self) -> None:
        """Opens the store, then the rounds, and the doors last: nobody is let in before everything stands."""
        settings = self.settings
        self.started_at = self.now()
        self.store = open_store(settings.database, self.now(), for_serve=True)
        undo: list[Callable[[], object]] = [self.store.close]
        try:
            self.store.standing.adopt_keys(settings.ring.prints, settings.accept_other_keys)
            if left := self.store.forget_leases():
                log.info("%d mails were in work when the last run ended; they are read again", left)
            self.acceptor = Acceptor(self.store.inbox)
            undo.append(self.acceptor.close)
            self.reader = GuardedReader(settings.reader, settings.templates, settings.catalogues) if "read" in self.only else None
            if self.reader:
                self.reader.start()
                undo.append(self.reader.stop)
            self.tokens = token_sources(settings, self.now)
            password, renewed = relay_login(settings, self.tokens)
            sends = "send" in self.only
            self.courier = Courier(partial(build_relay, settings.relay, password, renewed), settings.relay.connections) if sends else None
            resolver = build_resolver(settings.verify, lambda *words: self.gateway.alarm(*words)) if self.reader else None
            if resolver:
                undo.append(resolver.close)
            self.resolver = resolver
            shows = "web" in self.only and bool(settings.web.links)
            self.opener = FileOpener(settings.reader) if (sends or shows) and not self.reader else None
            if self.opener:
                undo.append(self.opener.stop)
            files = self.opener.files if self.opener else None
            self.gateway = build_gateway(settings, self.store, self.acceptor, self.reader, self.courier, self.now, resolver, files)
            undo.append(self.gateway.close)
            self.store.when_broken(lambda: self.gateway.on_broken())
            if self.courier:
                undo.append(partial(self.courier.stop, timedelta(seconds=1)))
            receives = list(settings.mailboxes) if "receive" in self.only else []
            self.mailboxes = MailboxDoor(receives, self._shared_by_mailboxes())
            self._rounds()
            self.timetable.start()
            undo.append(partial(self.timetable.stop, 5.0))
            if shows:
                self.web = await self._open_web()
            if "receive" in self.only:
                for one in settings.doors:
                    try:
                        door = MailDoor(one, self.gateway, self.now, tls_context(one), self.gateway.alarm)
                        await door.start()
                    except OSError as error:
                        raise CannotListen(f"{one.kind} on {one.host} port {one.port}: {error.strerror or error}") from error
                    self.doors.append(door)
                self.mailboxes.start()
        except BaseException:
            # A port that is taken, or a policy that the database refuses: what was started ends again.
            await asyncio.gather(*(door.stop(1.0) for door in self._listeners))
            for step in reversed(undo):
                step()
            raise

        self._tell_start()

    @property
    def _listeners(self) -> Sequence[MailDoor | WebDoor]:
        return [*self.doors, *([self.web] if self.web else [])]

    async def _open_web(self) -> WebDoor:
        """Its libraries are loaded only where there is one."""
        from mailgate.gateway.visits import Visits
        from mailgate.web.door import WebDoor

        settings = self.settings.web
        files = self.reader.files if self.reader else self.opener.files if self.opener else None
        door = WebDoor(settings, Visits(self.gateway, files, settings.page_link_days))
        try:
            await door.start()
        except OSError as error:
            raise CannotListen(f"web on {settings.listen}: {error.strerror or error}") from error
        return door

    def _tell_start(self) -> None:
        """What this run goes by and what listens where: in the log, and for `status` beside it."""
        settings = self.settings
        log.info(
            "started: mailgate %s, configuration %s (%s), policy %s, record %s, parts %s",
            __version__,
            settings.folder,
            settings.digest,
            settings.policy.digest,
            self.store.place,
            ",".join(part for part in PARTS if part in self.only),
        )
        for door, one in zip(self.doors, settings.doors, strict=False):
            kinds = ", ".join((["STARTTLS"] if one.tls_certificate else []) + (["insiders only"] if one.insiders else []))
            log.info("listening: %s on %s port %d%s", one.kind, one.host or "every address", door.port, f" ({kinds})" if kinds else "")
        if self.web:
            log.info("listening: web on %s port %d, for links to %s", self.web.host or "every address", self.web.port, settings.web.links)
        for watch in self.mailboxes.watches:
            log.info("fetching: %s", watch.key)
        if self.courier:
            relay = settings.relay
            place = f"letters land in {relay.path}" if relay.kind == "maildir" else f"{relay.host} port {relay.port}, {relay.tls}"
            log.info("sending: %s%s", place, "; letters are held" if settings.letters_held else "")
        self._note_running()

    def _note_running(self) -> None:
        policy, digest = self.gateway.policy.digest, self.settings.digest
        self.store.standing.note_running(
            os.uname().nodename, json.dumps({"since": self.started_at.isoformat(), "policy": policy, "settings": digest})
        )

    def _rounds(self) -> None:
        rounds, gateway = self.settings.rounds, self.gateway
        self.timetable = Timetable()
        if "read" in self.only:
            reader: Round = self.timetable.every(rounds.read, "read", gateway.read_inbox)
            gateway.on_mail = reader.wake
        if "clocks" in self.only:
            clocks = self.timetable.every(rounds.clocks, "clocks", gateway.review_clocks)
            gateway.on_due = clocks.wake
            self.timetable.every(rounds.clocks, "reports", gateway.write_reports)
            gateway.on_policy = self.timetable.every(rounds.clocks, "recount", gateway.recount).wake
        if "send" in self.only:
            sender = self.timetable.every(rounds.send, "send", gateway.send_outbox)
            gateway.on_letters = sender.wake
        watch = self.timetable.every(rounds.watch, "watch", self.watch)
        if isinstance(self.now, SteadyClock):
            self.now.on_jump = watch.wake

    def _shared_by_mailboxes(self) -> SharedByMailboxes:
        login = partial(mailbox_login, self.tokens)
        # Names this run: after a crash the leases of the last one are somebody else's, and the next start knows that it has ended.
        return SharedByMailboxes(self.gateway, self.store.mailboxes, self.gateway, login, self.now, node.new_lease())

    def watch(self) -> None:
        """What the operator must hear of before it hurts."""
        self.store.look_after()
        self._watch_jumps()
        self._watch_mailboxes()
        self._watch_clock()
        if self.settings.database.is_server:  # its disk is watched where it is
            return
        free = shutil.disk_usage(Path(self.settings.database.url).parent).free
        if free < self.settings.disk_warning:
            self.gateway.alarm("disk_low", f"{free // 1024**2} MiB free", "make room, or move the database")

    def _watch_jumps(self) -> None:
        """A clock that jumped is told before it is believed."""
        for jump in self.now.jumps() if isinstance(self.now, SteadyClock) else ():
            if not jump.believed:
                self.gateway.alarm(
                    "clock_jumped", jump.words, "set it right, and let the machine ask time servers (NTP)", os.uname().nodename
                )
                continue
            log.warning("%s and stays there: the rounds go by it now", jump.words)
            if jump.by < timedelta(0):
                # What was to leave at once would wait until it is that late again.
                self.store.outbox.hasten(self.now())
                self.gateway.on_letters()

    def _watch_clock(self) -> None:
        """Whoever is ahead of the others believes that their leases are over, and does their work once more."""
        server = self.store.server_time()
        if server is None:
            return
        # The machine's clock, whatever clock the rounds go by.
        off, host = wall_clock() - server, os.uname().nodename
        if abs(off) > CLOCK_OFF:
            self.clock_is_off = True
            what = f"the clock of {host} and the clock of the database are {abs(off).total_seconds():.0f} s apart"
            self.gateway.alarm("clock_off", what, "let all machines ask the same time servers (NTP)", host)
        elif self.clock_is_off:
            self.clock_is_off = False
            self.gateway.alarm_over("clock_off", host)

    def _watch_mailboxes(self) -> None:
        now = self.now()
        polls = {one.name: one.poll for one in self.settings.mailboxes}
        down: dict[str, str] = {}
        for one in self.store.mailboxes.health():
            poll = polls.get(one.key.mailbox)
            if poll is not None and polling.is_unreachable(one.ok_at, max(one.since, self.started_at), poll, now):
                down.setdefault(one.key.mailbox, f"{one.key} was not read since {one.ok_at or one.since}: {one.error or 'no answer'}")
        for name, what in down.items():
            self.gateway.alarm("mailbox_down", what, "mailgate status; mailgate check", name)
        for name in self.down - down.keys():
            self.gateway.alarm_over("mailbox_down", name)
        self.down = set(down)
        for source in self.tokens.values():
            if polling.ends_soon(source.ends_at, now):
                what = f"what oauth.{source.settings.name} logs in with ends {source.ends_at}"
                self.gateway.alarm("token_ends", what, "make a new one and put it in its place", source.settings.name, timedelta(days=1))

    def reload(self) -> bool:
        """Adopts policy.toml as it is now; a faulty one is refused and the old one stays."""
        try:
            policy, text = load_policy(self.settings.folder, self.settings.verify)
        except Mistaken as mistaken:
            for mistake in mistaken.mistakes:
                log.error("policy refused: %s", mistake)
            self.gateway.alarm("policy_refused", mistakes(len(mistaken.mistakes)), "mailgate check")
            return False
        self.gateway.adopt(policy, text)
        self._note_running()
        log.info("policy %s is in force", policy.digest)
        return True

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Drains: a mail in progress is finished or gets 421, the rounds end what they do. What is left waits in the database."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds

        def left(share: float) -> float:
            return max(0.2, (deadline - loop.time()) * share)

        self.gateway.closing.set()
        fetched = loop.run_in_executor(None, self.mailboxes.stop, left(0.5))
        await asyncio.gather(*(door.stop(left(0.5)) for door in self._listeners))
        if not await fetched:
            log.warning("a mailbox did not end in time; its mail is fetched again at the next start")
        await loop.run_in_executor(None, self.acceptor.close)
        carried = True
        if self.courier:
            carried = await loop.run_in_executor(None, self.courier.stop, timedelta(seconds=left(0.3)), timedelta(seconds=left(0.2)))
        ended = await loop.run_in_executor(None, self.timetable.stop, left(0.4))
        # Now nobody may wait for a worker any more: whatever a worker still does is pure, and the round or courier behind it ends.
        for workers in (self.reader, self.opener):
            if workers:
                await loop.run_in_executor(None, workers.stop)
        if self.courier and not carried:
            carried = await loop.run_in_executor(None, self.courier.stop, timedelta(0), timedelta(seconds=left(0.3)))
        if not (ended or await loop.run_in_executor(None, self.timetable.stop, left(0.5))) or not carried:
            log.warning("a round did not end in time; its work is taken up again at the next start")
        with suppress(*UNAVAILABLE):
            await loop.run_in_executor(None, self.store.standing.note_running, os.uname().nodename, "")
        await loop.run_in_executor(None, self.gateway.close, left(0.5))
        if self.resolver:
            await loop.run_in_executor(None, self.resolver.close)
        log.info("stopped: nobody is let in any more, and what waits is in the record")
        self.store.close()


def end_at_the_latest(seconds: float) -> None:
    """From now on this process has so many seconds, whatever any of its threads does. What is in work is taken up at the next start."""

    def end() -> None:
        time.sleep(seconds)
        log.error("not everything ended within %.0f s of the signal: the rest is taken up at the next start", seconds)
        logging.shutdown()
        os._exit(0)

    threading.Thread(target=end, name="end-at-the-latest", daemon=True).start()
    # Where a thread keeps the interpreter for itself, only the kernel is left.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 0.4)


def tls_context(door: DoorSettings) -> ssl.SSLContext | None:
    if door.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(door.tls_certificate, door.tls_key)
    return context


async def serve(settings: Settings, only: frozenset[str] = frozenset(PARTS), ready: Callable[[Program], None] = lambda _: None) -> None:
    """Runs until SIGTERM or SIGINT. SIGHUP reloads the policy."""
    program = Program(settings, SteadyClock(max(CLOCK_HOLD, settings.rounds.clocks)), only)
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
        if not broken:
            end_at_the_latest(DRAIN_SECONDS - LAST_WORDS)
        await program.stop(DRAIN_SECONDS - 2 * LAST_WORDS)
    if broken:
        # After a failed fsync nobody knows what is on the disk: a new start recovers from the log, this run cannot.
        raise DiskFailed(
            f"the disk under the database failed, or its files were touched ({program.store.fault}); nothing that was answered 250 is "
            "known to be lost. Look at the disk and at the files, put back what was moved, then start again."
        )


def run(settings: Settings, only: frozenset[str] = frozenset(PARTS), ready: Callable[[Program], None] = lambda _: None) -> None:
    """`serve` in a loop of its own, on uvloop where it is installed."""
    # A round at full load must not keep the doors waiting: by default a busy thread holds the interpreter for 5 ms at a time.
    # A mail takes a door several turns; at 2 ms each, it took in half as many a second.
    sys.setswitchinterval(0.0005)
    give_back()
    factory = None
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:
        pass
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings, only, ready))
