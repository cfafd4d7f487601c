"""`[verify]` in mailgate.toml: whose word counts on who wrote a mail, and whether the desks can live with that."""

import ipaddress
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from mailgate.model.installation import DoorSettings, VerifySettings, is_loopback
from mailgate.model.mail_hosts import provider_of
from mailgate.model.policy import Policy, ProveBy
from mailgate.settings.forms import value_of
from mailgate.settings.mistakes import Mistake, line_for, lines_of

LONGEST_WAIT = timedelta(seconds=30)
_RESOLVER = re.compile(r"([0-9.]+|[^\[\]]*:[^\[\]]*:[^\[\]]*|\[([0-9A-Fa-f:]+)\])(?::(\d{1,5}))?")


def verify_settings(form: Any) -> VerifySettings:
    """What the form says of it, doors and mailboxes included."""
    said = form.verify
    networks = {text: network for text in said.hops if (network := _network(text)) is not None}
    return value_of(
        VerifySettings,
        said,
        hops=frozenset(text.lower() for text in said.hops if text not in networks),
        hop_networks=tuple(networks.values()),
        stampers=tuple(network for text in said.stamps_from if (network := _network(text)) is not None),
        insider_mailboxes=frozenset(mailbox.name for mailbox in form.mailboxes if mailbox.insider_stamp),
        insider_doors=any(door.insiders for door in form.doors),
        providers=tuple((mailbox.name, whose) for mailbox in form.mailboxes if (whose := _provider(mailbox, form))),
    )


def check_verify(form: Any) -> list[tuple[str, str]]:
    """What cannot work, as (key, sentence)."""
    found = [
        ("resolver", f'"{text}" is no resolver: write 127.0.0.1, 127.0.0.1:5353 or [::1]:53')
        for text in form.resolver
        if not _is_resolver(text)
    ]
    if form.resolver and not form.dns:
        found.append(("resolver", "is asked nothing without `dns = true`"))
    for text in form.stamps_from:
        network = _network(text)
        if network is None:
            found.append(("stamps_from", f'"{text}" is no address or network: write 192.0.2.7 or 192.0.2.0/24'))
        elif network.prefixlen < _WIDEST[network.version] and not network.is_private:  # anybody
            words = f"lets anybody in {text} write a stamp himself and command as an agent: name the addresses of your own mail servers"
            found.append(("stamps_from", words))
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


#: What is wider than this, and public, is not one's own mail servers.
_WIDEST = {4: 20, 6: 44}


def doors_without_stamps(doors: Iterable[DoorSettings], verify: VerifySettings) -> list[str]:
    """Doors at which stamps are expected and none counts, in sentences for `mailgate check`."""
    if not verify.servers and not verify.microsoft:
        return []
    if verify.hop_networks or any(not network.is_loopback for network in verify.stampers):
        return []
    stamps = ", ".join(sorted(verify.servers)) or "Microsoft 365"
    return [
        f"whoever reaches {door.kind} on {door.host or 'every address'} port {door.port} can write the stamp of {stamps} himself, so "
        "none that other machines bring is believed. Let this door listen on 127.0.0.1 behind the server that stamps, or name the "
        "address of that server in [verify] stamps_from, or let `dns = true` look for itself"
        for door in doors
        if not is_loopback(door.host)
    ]


def _provider(mailbox: Any, form: Any) -> str:
    """Whose mailbox it is, by its host or by where it logs in; "" for all but the big ones."""
    login = form.oauth.get(mailbox.oauth) if mailbox.oauth else None
    host = provider_of(mailbox.host) if mailbox.host else ""
    return host or (login.provider if login is not None and not mailbox.host and login.provider in ("google", "microsoft") else "")


def _network(text: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return None


def _is_resolver(text: str) -> bool:
    match = _RESOLVER.fullmatch(text)
    if match is None or (match[3] is not None and not 0 < int(match[3]) < 65536):
        return False
    return _network(match[2] or match[1]) is not None
