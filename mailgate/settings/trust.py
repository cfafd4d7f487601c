"""`[verify]` in mailgate.toml: whose word counts on who wrote a mail, and whether the desks can live with that."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta

from mailgate.model.installation import VerifySettings
from mailgate.model.policy import Policy, ProveBy
from mailgate.settings.forms import InstallationForm, VerifyForm
from mailgate.settings.mistakes import Mistake, line_for, lines_of

LONGEST_WAIT = timedelta(seconds=30)
_RESOLVER = re.compile(r"([0-9.]+|[^\[\]]*:[^\[\]]*:[^\[\]]*|\[([0-9A-Fa-f:]+)\])(?::(\d{1,5}))?")


def verify_settings(form: InstallationForm) -> VerifySettings:
    """What the form says of it, doors and mailboxes included."""
    said = form.verify
    networks = {text: network for text in said.hops if (network := _network(text)) is not None}
    return VerifySettings(
        servers=frozenset(server.lower() for server in said.servers),
        microsoft=said.microsoft,
        insider_mailboxes=frozenset(mailbox.name for mailbox in form.mailboxes if mailbox.insider_stamp),
        insider_doors=any(door.insiders for door in form.doors),
        dns=said.dns,
        resolver=said.resolver,
        hops=frozenset(text.lower() for text in said.hops if text not in networks),
        hop_networks=tuple(networks.values()),
        time_limit=said.time_limit,
        at_once=said.at_once,
    )


def check_verify(form: VerifyForm) -> list[tuple[str, str]]:
    """What cannot work, as (key, sentence)."""
    found = [
        ("resolver", f'"{text}" is no resolver: write 127.0.0.1, 127.0.0.1:5353 or [::1]:53')
        for text in form.resolver
        if not _is_resolver(text)
    ]
    if form.resolver and not form.dns:
        found.append(("resolver", "is asked nothing without `dns = true`"))
    if not timedelta(0) < form.time_limit <= LONGEST_WAIT:
        found.append(("time_limit", f"more than 0s and not more than {LONGEST_WAIT.seconds}s: mails wait for it"))
    return found


def check_proofs(policy: Policy, text: str, verify: VerifySettings, mistakes: list[Mistake]) -> None:
    """A desk whose agents could never prove themselves would take in mail and carry out nothing. `text`: of policy.toml."""
    if verify.sources:
        return
    lines = lines_of(text)
    for id_, desk in policy.desks.items():
        if desk.agents_prove_by is not ProveBy.TOKEN:
            place = ("desks", id_, "agents_prove_by")
            words = f'"{desk.agents_prove_by.value}" needs somebody whose word counts: [verify] in mailgate.toml names nobody'
            mistakes.append(Mistake("policy.toml", line_for(lines, place), ".".join(place), words))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_resolver(text: str) -> bool:
    match = _RESOLVER.fullmatch(text)
    if match is None or (match[3] is not None and not 0 < int(match[3]) < 65536):
        return False
    return _network(match[2] or match[1]) is not None
