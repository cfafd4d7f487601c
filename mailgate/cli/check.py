"""`mailgate check`: every mistake at once, before anything starts."""

from __future__ import annotations

import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mailgate.cli.screen import ConfigOption, console, explained, fail, harmless, settings_of


def check(
    send: Annotated[str, typer.Option("--send", metavar="ADDRESS", help="Hand a test letter for this address to the relay, now.")] = "",
    roundtrip: Annotated[
        bool, typer.Option("--roundtrip", help="Write to a desk of ours, and see what comes back through the running `serve`.")
    ] = False,
    desk: Annotated[str, typer.Option(help="The desk of --roundtrip; default: the first.")] = "",
    wait: Annotated[int, typer.Option(help="How many seconds --roundtrip waits.", min=1)] = 120,
    config: ConfigOption = None,
) -> None:
    """Check configuration, templates, keys, database, doors, mailboxes and relay. Without --send and --roundtrip nothing is sent."""
    with explained():
        settings = settings_of(config)
    if desk and desk not in settings.policy.desks:
        fail(f"no desk {harmless(desk)}: there are {', '.join(settings.policy.desks)}", 2)
    found = _sent(settings, send) if send else _went_round(settings, desk, wait) if roundtrip else _checks(settings)
    good = True
    for name, words, fine in found:
        mark = "[green]ok[/green]  " if fine else "[red]no[/red]  "
        console.print(f"{mark}{name:<14}{harmless(words)}")
        good &= fine
    if not good:
        raise typer.Exit(1)


def _sent(settings: Any, address: str):  # type: ignore[no-untyped-def]
    """A letter past the outbox, and the relay's own words about it."""
    from mailgate.app import wall_clock
    from mailgate.app.probe import send_test
    from mailgate.compose.strict import Unsealable
    from mailgate.model.delivery import Delivered, Refused

    try:
        delivery = send_test(settings, address, wall_clock())
    except (Unsealable, ValueError) as error:
        yield "letter", f"cannot be written: {error}", False
        return
    taken = isinstance(delivery, Delivered)
    verb = "took it" if taken else "refused it" if isinstance(delivery, Refused) else "did not take it now"
    yield "relay", f"{verb}: {delivery.reply}", taken


def _went_round(settings: Any, desk_id: str, seconds: int):  # type: ignore[no-untyped-def]
    """Two letters to ourselves, and what came back of them."""
    from mailgate.app import wall_clock
    from mailgate.app.probe import Watch, compared, missing, send_roundtrip
    from mailgate.model.delivery import Delivered
    from mailgate.record.store import open_store

    if settings.relay.kind == "maildir":
        yield "relay", f"letters land in {settings.relay.path}: nothing can come back", False
        return
    if settings.letters_held:
        yield "relay", 'letters = "hold": nothing leaves, and whoever answers this address today would get the letter', False
        return
    desk = settings.policy.desks[desk_id] if desk_id else next(iter(settings.policy.desks.values()))
    with explained(), open_store(settings.database, wall_clock(), check=False) as store:
        watch = Watch(store, settings)
        waiting = send_roundtrip(settings, desk, wall_clock())
        on_the_way = [out for out in waiting if isinstance(out.delivery, Delivered)]
        console.print(f"{len(on_the_way)} letters to {harmless(desk.address)} are on their way; waiting for up to {seconds} s")
        back = []
        until = time.monotonic() + seconds
        with console.status("waiting") as line:
            while on_the_way and (left := until - time.monotonic()) > 0:
                line.update(f"{len(on_the_way)} on their way, {left:.0f} s left")
                for out, one in watch.look(on_the_way):
                    on_the_way.remove(out)
                    back.append((out, one))
                time.sleep(min(0.2, max(left, 0)))
        for out, one in back:
            if out.subaddress:
                yield "subaddress", f"mail to {out.letter.address} came back through {one.row.door}", True
            else:
                yield "roundtrip", f"mail to {out.letter.address} came back through {one.row.door}", True
                yield from compared(out, one, settings, desk)
            if (ticket := watch.opened(one)) is not None:
                yield "intake", f"ticket {ticket} was opened: the relay left nothing of what tells our letter", False
        returned = {out.letter.id for out, _ in back}
        for out in waiting:
            if out.letter.id not in returned:
                yield missing(out, desk, seconds)


def _checks(settings: Any):  # type: ignore[no-untyped-def]
    from mailgate.app import build_templates, wall_clock
    from mailgate.app.program import token_sources

    policy = settings.policy
    yield "configuration", f"{settings.folder}: {len(policy.desks)} desks, {len(policy.agents)} agents, policy {policy.digest}", True
    yield from _letters(settings, build_templates(settings))
    yield from _database(settings, wall_clock())
    for desk in policy.desks.values():
        yield "agents", f"{desk.address}: {_proof(desk, settings.verify)}", True
    if settings.verify.dns:
        yield _resolver(settings)
    for door in settings.doors:
        yield _door(door)
    tokens = token_sources(settings, wall_clock)
    for mailbox in settings.mailboxes:
        yield _mailbox(settings, tokens, mailbox.settings)
    yield _relay(settings, tokens)


def _proof(desk: Any, verify: Any) -> str:
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


def _resolver(settings: Any) -> tuple[str, str, bool]:
    from mailgate.app import build_resolver
    from mailgate.model.dns import Heard

    resolver = build_resolver(settings.verify)
    assert resolver is not None
    domain = next(iter(settings.policy.desks.values())).domain
    question = (f"_dmarc.{domain}", "TXT")
    try:
        answer = resolver.fetch([question], settings.verify.time_limit.total_seconds())[question]
    finally:
        resolver.close()
    place = ", ".join(settings.verify.resolver) or "the resolver of this machine"
    if answer.heard is Heard.FAILED:
        return "dns", f"{place} does not answer: mails would be read without a verdict of our own", False
    return "dns", f"{place} answers; {domain} {'publishes' if answer.records else 'publishes no'} DMARC", True


def _letters(settings: Any, templates: Any):  # type: ignore[no-untyped-def]
    from mailgate.compose.samples import render_all

    problems = render_all(templates, settings.policy)
    for problem in problems:
        yield "letters", problem, False
    if not problems:
        yield "letters", f"every letter can be written in {', '.join(sorted({'en', *settings.catalogues}))}", True


def _database(settings: Any, now: datetime):  # type: ignore[no-untyped-def]
    from mailgate.app.program import CLOCK_OFF
    from mailgate.record.store import Untrusted, open_store

    try:
        store = open_store(settings.database, now)
    except Untrusted as untrusted:
        yield "database", f"{untrusted.reason}. {untrusted.way_out}", False
        return
    health, server = store.counts(now), store.server_time()
    place = store.place
    store.close()
    if server is not None and abs(off := now - server) > CLOCK_OFF:
        yield "clock", f"{abs(off).total_seconds():.0f} s away from the clock of {place}: let both ask the same time servers (NTP)", False
    held = ", restored: its outbox is held" if health.restored else ""
    yield "database", f"{place}: {sum(health.tickets.values())} tickets not closed{held}", True


def _door(door: Any) -> tuple[str, str, bool]:
    """Free, or ours already: a port that somebody listens on is told, not judged."""
    place = f"{door.kind} on {door.host or 'every address'} port {door.port}"
    try:
        with socket.create_connection((door.host or "127.0.0.1", door.port), timeout=2) as peer:
            peer.settimeout(2)
            greeting = peer.recv(200).decode("ascii", "replace").strip()
        return "door", f"{place}: somebody listens there ({greeting[:60]})", True
    except OSError:
        return "door", f"{place}: free, or not running yet", True


def _mailbox(settings: Any, tokens: Any, mailbox: Any) -> tuple[str, str, bool]:
    from mailgate.app.program import mailbox_login
    from mailgate.receive.imap_session import reachable

    said, fine = reachable(mailbox, mailbox_login(settings, tokens, mailbox))
    return "mailbox", f"{mailbox.name} at {mailbox.host} port {mailbox.port}, {mailbox.tls}: {said}", fine


def _relay(settings: Any, tokens: Any) -> tuple[str, str, bool]:
    from mailgate.app.program import relay_login
    from mailgate.send.relay import SmtpRelay

    relay = settings.relay
    if relay.kind == "maildir":
        return "relay", f"letters land in {relay.path}; nothing is sent", Path(relay.path).parent.is_dir()
    said = SmtpRelay(relay, *relay_login(settings, tokens)).probe()
    place = f"{relay.host} port {relay.port}, {relay.tls}"
    return "relay", f"{place}: {said or 'answers and takes our login' if relay.user else said or 'answers'}", said is None
