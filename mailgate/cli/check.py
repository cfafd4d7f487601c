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
    yield "agents", "prove themselves by answering our letters (token); the other proofs are not built yet", True
    for door in settings.doors:
        yield _door(door)
    yield _relay(settings)


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
