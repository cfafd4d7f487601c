"""`mailgate check`: every mistake at once, before anything starts."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from mailgate.cli.screen import ConfigOption, console, explained, harmless, settings_of


def check(config: ConfigOption = None) -> None:
    """Check configuration, templates, keys, database, doors and relay. Sends nothing and changes nothing."""
    with explained():
        settings = settings_of(config)
    good = True
    for name, words, fine in _checks(settings):
        mark = "[green]ok[/green]  " if fine else "[red]no[/red]  "
        console.print(f"{mark}{name:<14}{harmless(words)}")
        good &= fine
    if not good:
        raise typer.Exit(1)


def _checks(settings: Any):  # type: ignore[no-untyped-def]
    from mailgate.app import build_templates, wall_clock

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
    yield _relay(settings)


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
    from mailgate.record.store import Untrusted, open_store

    try:
        store = open_store(settings.database, now)
    except Untrusted as untrusted:
        yield "database", f"{untrusted.reason}. {untrusted.way_out}", False
        return
    health = store.counts(now)
    store.close()
    held = ", restored: its outbox is held" if health.restored else ""
    yield "database", f"{settings.database.url}: {sum(health.tickets.values())} tickets not closed{held}", True


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


def _relay(settings: Any) -> tuple[str, str, bool]:
    from functools import partial

    from mailgate.app import relay_password
    from mailgate.send.relay import SmtpRelay

    relay = settings.relay
    if relay.kind == "maildir":
        return "relay", f"letters land in {relay.path}; nothing is sent", Path(relay.path).parent.is_dir()
    said = SmtpRelay(relay, partial(relay_password, settings.relay_password)).probe()
    place = f"{relay.host} port {relay.port}, {relay.tls}"
    return "relay", f"{place}: {said or 'answers and takes our login' if relay.user else said or 'answers'}", said is None
