"""What `mailgate check` looks at, stage by stage: what is sound in a configuration is tried, whatever is wrong elsewhere in it."""

import errno
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from mailgate.app import build_resolver
from mailgate.app.own_words import OwnWords
from mailgate.app.plain import plainly
from mailgate.app.program import CLOCK_OFF, mailbox_login, relay_login, tls_context, token_sources
from mailgate.app.published import domains, published
from mailgate.compose.colours import WHITE, shades
from mailgate.compose.samples import render_all
from mailgate.compose.templates import BadTemplates
from mailgate.compose.templates import load as load_templates
from mailgate.guard import Confined, Guard, GuardError
from mailgate.guard.worker import nothing
from mailgate.model.brand import Brand
from mailgate.model.dns import DnsReply
from mailgate.model.installation import DoorSettings, VerifySettings, WebSettings, is_loopback
from mailgate.model.mail import NoSpace
from mailgate.model.policy import Desk, Policy
from mailgate.receive.imap_session import reachable
from mailgate.record.rows import Broken, Busy
from mailgate.record.store import Untrusted, is_served, open_store
from mailgate.send.relay import SmtpRelay
from mailgate.settings import Examined, sample_policy
from mailgate.settings.pictures import hardly_seen_on
from mailgate.settings.trust import doors_without_stamps
from mailgate.settings.words import why_not

Found = tuple[str, str, bool]  #: what was looked at, what was seen, and whether it is well

#: How long a server that is only tried may think about one answer, and how long all of a trial may take.
PATIENCE = timedelta(seconds=10)
LONGEST = 25.0
CERTIFICATE_ENDS = timedelta(days=14)


def checks(found: Examined, now: datetime) -> Iterator[Found]:
    """One line after the other, as it is known; what is far away is asked at the same time."""
    if found.settings is not None:
        policy = found.settings.policy
        yield "configuration", f"{found.folder}: {len(policy.desks)} desks, {len(policy.agents)} agents, policy {policy.digest}", True
    yield from _letters(found)
    yield from _brands(found.policy)
    serving = False
    if found.database is not None:
        serving = is_served(found.database)
        yield from _database(found, now)
    for desk in found.policy.desks.values() if found.policy and found.verify else ():
        yield "agents", f"{desk.address}: {_proof(desk, found.verify)}", True  # type: ignore[arg-type]
    yield from _stamps(found)
    yield from _workers()
    for door in found.doors:
        yield from _door(door, serving, now)
    if found.web is not None and found.web.links:
        yield from _web(found.web, serving)
    yield from _far_away(found, now)
    yield from _published(found)


def _letters(found: Examined) -> Iterator[Found]:
    """With a faulty policy the letters are tried with the sample of one: their own mistakes are told all the same."""
    try:
        templates = load_templates(found.templates, found.catalogues)
        own = OwnWords(found.folder)
        problems = render_all(templates, found.policy or sample_policy(), own.sentences)
        yield from own.findings(templates)
    except BadTemplates as bad:
        problems = bad.problems
    for problem in problems:
        yield "letters", problem, False
    if not problems:
        yield "letters", f"every letter can be written in {', '.join(sorted({'en', *found.catalogues}))}", True


def _brands(policy: Policy | None) -> Iterator[Found]:
    """What was made of the colours and pictures that somebody chose."""
    for desk in policy.desks.values() if policy is not None else ():
        if desk.brand == Brand():
            continue
        made = shades(desk.brand.accent)
        ink = "white" if made.fill_ink == WHITE else "dark"
        words = f"button {made.fill} with {ink} words, links {made.link}; in the dark {made.dark_fill} and {made.dark_link}"
        yield "brand", f"{desk.id}: {desk.brand.accent} becomes {words}", True
        if desk.brand.picture is not None:
            for ground in hardly_seen_on(desk.brand.picture.png):
                yield "brand", f"{desk.id}: most of {desk.brand.logo} can hardly be seen on a {ground} ground: give it an edge", False


def _workers() -> Iterator[Found]:
    """By what means of the kernel those who read hostile mail are confined. One is started and looked at."""
    guard = Guard(nothing, start_seconds=LONGEST)
    try:
        guard.start()
        confined = guard.confined or Confined()
    except (GuardError, OSError) as error:
        yield "workers", f"none can be started: {error}", False
        return
    finally:
        guard.stop()
    names = [name for name in ("no_new_privs", "seccomp", "landlock") if name not in confined.missing]
    words = f"who reads mail is confined by {', '.join(names)}" if names else "who reads mail is limited in time and memory only"
    if confined.missing:
        words += f"; this system lacks {', '.join(confined.missing)}"
        if "seccomp" in confined.missing:
            words += ": a worker that is taken over has the network"
        if "landlock" in confined.missing:
            words += ": a worker that is taken over reads what this user may read"
    yield "workers", words, True


def _database(found: Examined, now: datetime) -> Iterator[Found]:
    assert found.database is not None
    try:
        store = open_store(found.database, now)
    except Untrusted as untrusted:
        yield "database", f"{untrusted.reason}. {untrusted.way_out}", False
        return
    except Busy:
        yield "database", "somebody has worked on it for a long time: try again", False
        return
    except NoSpace:
        yield "database", "there is no room left for it: make room on its disk", False
        return
    except Broken:
        yield "database", "the disk under it fails: look at the log of the system, and restore a backup on another disk", False
        return
    with store:
        health, server = store.standing.health(now), store.server_time()
        trouble = store.standing.key_trouble(found.ring.prints) if found.ring else None
        place = store.place
    if server is not None and abs(off := now - server) > CLOCK_OFF:
        yield "clock", f"{abs(off).total_seconds():.0f} s away from the clock of {place}: let both ask the same time servers (NTP)", False
    if trouble is not None:
        yield "keys", f"{trouble.reason}. {trouble.way_out}", False
    held = ", restored: its outbox is held" if health.restored else ""
    yield "database", f"{place}: {sum(health.tickets.values())} tickets not closed{held}", True


def _proof(desk: Desk, verify: VerifySettings) -> str:
    """How the agents of a desk prove themselves, and what would be possible here."""
    sources = ", or ".join(verify.sources)
    domain = f"their domain ({sources})" if sources else ""
    match desk.agents_prove_by.value:
        case "domain":
            return f"they prove themselves by {domain}, in any mail that they write"
        case "both":
            return f"they prove themselves by answering our letters (token), and by {domain}"
    also = f"; {domain} could be asked for as well" if domain else "; no domain can be proven: [verify] names nobody"
    return f"they prove themselves by answering our letters (token){also}"


def _stamps(found: Examined) -> Iterator[Found]:
    """Whoever reaches a door can write a stamp: at an open one those count that named hosts bring, and no others."""
    if found.verify is None or not (found.verify.servers or found.verify.microsoft):
        return
    for words in doors_without_stamps(found.doors, found.verify):
        yield "stamps", words, False


def _door(door: DoorSettings, serving: bool, now: datetime) -> Iterator[Found]:
    place = f"{door.kind} on {door.host or 'every address'} port {door.port}"
    words, fine = _listener(door, serving)
    yield "door", f"{place}: {words}", fine
    if door.tls_certificate is not None:
        yield "door", *_certificate(door, place, now)


def _listener(door: DoorSettings, serving: bool) -> tuple[str, bool]:
    return _bindable(door.host, door.port, lambda: _occupied(door, serving))


def _bindable(host: str, port: int, occupied: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
    """Free, ours already, or not to be had: told before `serve` finds out."""
    try:
        places = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return "host is neither an address nor a name of this machine: write 127.0.0.1, or the address to listen on", False
    for family, kind, protocol, _, address in places:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return occupied()
                if error.errno == errno.EACCES:
                    way_out = "AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a port from 1024 on"
                    return f"this user may not listen on a port below 1024: {way_out}", False
                if error.errno == errno.EADDRNOTAVAIL:
                    return "host is no address of this machine: write 127.0.0.1, or one that `ip address` shows", False
                if error.errno != errno.EAFNOSUPPORT:
                    return f"cannot be listened on (the system says {errno.errorcode.get(error.errno or 0, 'no')})", False
    return "free, or not running yet", True


def _occupied(door: DoorSettings, serving: bool) -> tuple[str, bool]:
    greeting = ""
    try:
        with socket.create_connection((door.host or "127.0.0.1", door.port), timeout=2) as peer:
            peer.settimeout(2)
            greeting = peer.recv(200).decode("ascii", "replace").strip()[:60]
    except OSError:
        pass
    if serving or greeting.startswith(f"220 {door.hostname} {'LMTP' if door.kind == 'lmtp' else 'ESMTP'}"):
        return f"somebody listens there ({greeting or 'no greeting'})", True
    told = f"it says {greeting!r}" if greeting else "it says nothing"
    return f"another program has this port ({told}): stop that one, or choose another port", False


def _web(web: WebSettings, serving: bool) -> Iterator[Found]:
    """Whether it can be listened there, and what the world gets to see."""
    host, port = web.place

    def occupied() -> tuple[str, bool]:
        if serving:
            return "somebody listens there", True
        return "another program has this port: stop that one, or choose another port in listen", False

    words, fine = _bindable(host, port, occupied)
    yield "web", f"web on {host or 'every address'} port {port}: {words}", fine
    shown = f"{web.links}/r/... (ratings) and {web.links}/t/... (a request, to whoever has its link, for {web.page_link_days} days)"
    yield "web", f"public, without a login: {shown}; nothing else answers", True
    if not is_loopback(host):
        yield (
            "web",
            f"{host or 'every address'} is reached without TLS: let a proxy on this machine speak TLS, and listen on 127.0.0.1",
            True,
        )


def _certificate(door: DoorSettings, place: str, now: datetime) -> tuple[str, bool]:
    try:
        tls_context(door)
    except ssl.SSLError as error:
        return f"{place}: {door.tls_certificate} cannot be used: {plainly(str(error.reason or error))}", False
    except OSError as error:
        return f"{place}: {door.tls_certificate} {why_not(error)}", False
    from cryptography import x509

    first = x509.load_pem_x509_certificates(Path(str(door.tls_certificate)).read_bytes())[0]
    left = first.not_valid_after_utc - now
    until = f"{first.not_valid_after_utc:%Y-%m-%d}"
    if left < timedelta(0):
        return f"{place}: its certificate has ended on {until}: renew it, and restart", False
    return f"{place}: STARTTLS with a certificate until {until}" + (": renew it soon" if left < CERTIFICATE_ENDS else ""), True


def _far_away(found: Examined, now: datetime) -> Iterator[Found]:
    tokens = token_sources(found, lambda: now)
    asked: list[tuple[str, str, Callable[[], tuple[str, bool]]]] = []
    if found.verify is not None and found.verify.dns and found.policy is not None:
        verify, policy = found.verify, found.policy
        asked.append(("dns", "", lambda: _resolver(verify, policy)))
    for box in found.mailboxes:
        place = f"{box.name} at {box.host} port {box.port}, {box.tls}: "
        hasty = replace(box, timeout=min(box.timeout, PATIENCE))
        asked.append(
            ("mailbox", place, lambda hasty=hasty, box=box: reachable(hasty, mailbox_login(tokens, box)))  # type: ignore[misc]
        )
    relay = found.relay
    if relay is not None and relay.kind == "maildir":
        asked.append(("relay", f"letters land in {relay.path}; nothing is sent", lambda: _maildir(Path(str(relay.path)))))
    elif relay is not None:
        hasty_relay = replace(relay, timeout=min(relay.timeout, PATIENCE))

        def reach() -> tuple[str, bool]:
            said = SmtpRelay(hasty_relay, *relay_login(found, tokens)).probe()
            return said or ("answers and takes our login" if relay.user else "answers"), said is None

        asked.append(("relay", f"{relay.host} port {relay.port}, {relay.tls}: ", reach))
    for (name, place, _), (words, fine) in zip(asked, at_once([one[2] for one in asked], LONGEST), strict=True):
        yield name, place + (words if fine else plainly(words)), fine


def at_once(work: Sequence[Callable[[], tuple[str, bool]]], seconds: float) -> Iterator[tuple[str, bool]]:
    """What each says, in order, all asked at the same time; whoever is not done after so long is told, and left behind."""
    deadline = time.monotonic() + seconds
    answers: list[queue.SimpleQueue[tuple[str, bool]]] = [queue.SimpleQueue() for _ in work]

    def ask(one: Callable[[], tuple[str, bool]], answer: queue.SimpleQueue[tuple[str, bool]]) -> None:
        try:
            answer.put(one())
        except OSError as error:
            answer.put((plainly(str(error.strerror or type(error).__name__)), False))
        except Exception as error:
            answer.put((f"could not be tried: {type(error).__name__}", False))

    for one, answer in zip(work, answers, strict=True):
        # Nobody waits for a thread that hangs in the system's own look-up of a name: it ends with the program.
        threading.Thread(target=ask, args=(one, answer), daemon=True).start()
    for answer in answers:
        try:
            yield answer.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            yield f"no answer within {seconds:.0f} s: it is down, hangs, or a firewall is in between", False


def _published(found: Examined) -> Iterator[Found]:
    """What the world knows of the desks' domains, where letters leave for it at all."""
    if found.relay is None or found.relay.kind == "maildir" or not domains(found):
        return
    from dns.resolver import NoResolverConfiguration  # its library is loaded only where it is used

    verify = replace(found.verify or VerifySettings(), dns=True)
    try:
        resolver = build_resolver(verify)
    except NoResolverConfiguration:
        yield "published", "this machine has no resolver: what the world knows of our domains cannot be looked up", True
        return
    assert resolver is not None
    with closing(resolver):
        yield from published(found, resolver, PATIENCE.total_seconds())


def _maildir(path: Path) -> tuple[str, bool]:
    folder = next((one for one in (path, *path.parents) if one.exists()), path)
    if not folder.is_dir() or folder not in (path, path.parent):
        return f": but there is no folder {path.parent}: make it, or correct path", False
    return ("", True) if os.access(folder, os.W_OK | os.X_OK) else (f": but this user may not write into {folder}", False)


def _resolver(verify: VerifySettings, policy: Policy) -> tuple[str, bool]:
    resolver = build_resolver(verify)
    assert resolver is not None
    domain = next(iter(policy.desks.values())).domain
    question = (f"_dmarc.{domain}", "TXT")
    with closing(resolver):
        answer = resolver.fetch([question], verify.time_limit.total_seconds())[question]
    place = ", ".join(verify.resolver) or "the resolver of this machine"
    if answer.heard is DnsReply.FAILED:
        return f"{place} does not answer: mails would be read without a verdict of our own", False
    return f"{place} answers; {domain} {'publishes' if answer.records else 'publishes no'} DMARC", True
