"""The configuration: loaded and checked once, every mistake listed, handed on as frozen data. Wrong configuration never starts."""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from mailgate.model.installation import (
    DatabaseSettings,
    DoorSettings,
    ReaderSettings,
    RelaySettings,
    RoundSettings,
    VerifySettings,
    is_loopback,
)
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring
from mailgate.settings import accounts, places
from mailgate.settings.forms import (
    INSTALLATION_KEYS,
    POLICY_KEYS,
    DatabaseForm,
    DoorForm,
    Form,
    InstallationForm,
    KeysForm,
    PolicyForm,
    RelayForm,
)
from mailgate.settings.mending import Place, mended
from mailgate.settings.mistakes import Mistake, Mistaken, from_pydantic, line_for, lines_of
from mailgate.settings.policy_file import build
from mailgate.settings.trust import check_proofs, check_verify, verify_settings

__all__ = ["Mistake", "Mistaken", "Settings", "brought_templates", "load", "load_policy", "places", "sample_policy"]

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the program is built from. `repr` shows no secret: the key ring and the relay's password hide themselves."""

    folder: Path
    hostname: str
    database: DatabaseSettings
    doors: tuple[DoorSettings, ...]
    relay: RelaySettings
    relay_password: Path | str | None  #: file, or name of an environment variable
    mailboxes: tuple[accounts.Mailbox, ...]
    oauth: tuple[accounts.OAuth, ...]
    ring: Keyring
    operator: str
    disk_warning: int
    letters_held: bool
    verify: VerifySettings
    reader: ReaderSettings
    rounds: RoundSettings
    policy: Policy
    policy_text: str
    templates: dict[str, str]  #: "ticket_opened/requester.txt" -> text
    catalogues: dict[str, bytes]  #: language -> .po


def load(folder: Path) -> Settings:
    """Reads mailgate.toml and policy.toml. Raises Mistaken with all mistakes of both files."""
    mistakes: list[Mistake] = []
    templates, catalogues = brought_templates(folder)
    text, form, stand_ins = _read(folder / "mailgate.toml", InstallationForm, INSTALLATION_KEYS, mistakes)
    policy, policy_text = _policy(folder, templates, catalogues, mistakes)
    ring = _keyring(folder, form.keys, mistakes) if form and all(place[0] != "keys" for place in stand_ins) else None
    if form and policy:
        _check_installation(folder, text, form, policy, stand_ins, mistakes)
        if not any(place[:1] in (("verify",), ("doors",), ("mailboxes",)) for place in stand_ins):
            check_proofs(policy, policy_text, verify_settings(form), mistakes)
    if mistakes or form is None or policy is None or ring is None:
        raise Mistaken(mistakes)
    return Settings(
        folder=folder,
        hostname=form.hostname,
        database=_database(folder, form.database),
        doors=tuple(_door(folder, form.hostname, door) for door in form.doors),
        relay=_relay(folder, form.hostname, form.relay),
        relay_password=(folder / form.relay.password_file) if form.relay.password_file else form.relay.password_env,
        mailboxes=tuple(accounts.mailbox(folder, one, form.oauth) for one in form.mailboxes),
        oauth=tuple(accounts.oauth(folder, name, one) for name, one in form.oauth.items()),
        ring=ring,
        operator=form.operator.mail,
        disk_warning=form.operator.disk_warning,
        letters_held=form.letters == "hold",
        verify=verify_settings(form),
        reader=ReaderSettings(form.reader.workers, form.reader.cpu, form.reader.memory, form.reader.wall, form.reader.batch),
        rounds=RoundSettings(form.rounds.read, form.rounds.clocks, form.rounds.send, form.rounds.watch),
        policy=policy,
        policy_text=policy_text,
        templates=templates,
        catalogues=catalogues,
    )


def sample_policy() -> Policy:
    """The policy that is brought along, for looking at mails where nothing is configured."""
    mistakes: list[Mistake] = []
    policy, _ = _policy(places.brought_along("config"), *brought_templates(None), mistakes)
    if policy is None or mistakes:
        raise Mistaken(mistakes)
    return policy


def load_policy(folder: Path, verify: VerifySettings) -> tuple[Policy, str]:
    """policy.toml alone, for a reload while running with this `verify`. Raises Mistaken; then the old policy stays."""
    mistakes: list[Mistake] = []
    templates, catalogues = brought_templates(folder)
    policy, text = _policy(folder, templates, catalogues, mistakes)
    if policy is not None:
        check_proofs(policy, text, verify, mistakes)
    if mistakes or policy is None:
        raise Mistaken(mistakes)
    return policy, text


def brought_templates(folder: Path | None) -> tuple[dict[str, str], dict[str, bytes]]:
    """The letters and their catalogues; a `templates` folder beside the configuration replaces single files."""
    texts: dict[str, str] = {}
    catalogues: dict[str, bytes] = {}
    own = [folder / "templates"] if folder is not None and (folder / "templates").is_dir() else []
    for root in (places.brought_along("templates"), *own):
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in (".txt", ".html"):
                texts[name] = path.read_text(encoding="utf-8")
            elif path.suffix == ".po":
                catalogues[path.relative_to(root / "locale").parts[0]] = path.read_bytes()
    return texts, catalogues


def _policy(folder: Path, templates: dict[str, str], catalogues: dict[str, bytes], mistakes: list[Mistake]) -> tuple[Policy | None, str]:
    text, form, stand_ins = _read(folder / "policy.toml", PolicyForm, POLICY_KEYS, mistakes)
    if form is None:
        return None, text
    lines = lines_of(text)

    def say(place: tuple[str, ...], words: str) -> None:
        if stand_ins.isdisjoint(place[:end] for end in range(1, len(place) + 1)):
            mistakes.append(Mistake("policy.toml", line_for(lines, place), ".".join(place), words))

    events = frozenset(name.split("/")[0] for name in templates if "/" in name)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return build(form, digest, frozenset(("en", *catalogues)), events, say), text


def _read(path: Path, kind: type[F], keys: object, mistakes: list[Mistake]) -> tuple[str, F | None, frozenset[Place]]:
    """The text, its form, and where the form had to be mended so that more mistakes can be found; then it is used for nothing else."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        mistakes.append(Mistake(path.name, 0, "(file)", f"cannot be read: {error.strerror}"))
        return "", None, frozenset()
    except UnicodeDecodeError:
        mistakes.append(Mistake(path.name, 0, "(file)", "is not UTF-8"))
        return "", None, frozenset()
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        line = words.partition("at line ")[2].partition(",")[0]
        mistakes.append(Mistake(path.name, int(line) if line.isdigit() else 0, "(file)", words))
        return "", None, frozenset()
    try:
        return text, kind.model_validate(data), frozenset()
    except ValidationError as error:
        errors = error.errors(include_url=False)
        mistakes.extend(from_pydantic(path.name, lines_of(text), errors, keys))  # type: ignore[arg-type]
        return text, *mended(kind, data, errors)


def _database(folder: Path, form: DatabaseForm) -> DatabaseSettings:
    return DatabaseSettings(
        url=form.url if "://" in form.url else str((folder / form.url).resolve()),
        accept_lost_log=form.accept_lost_log,
        password_file=str(folder / form.password_file) if form.password_file else None,
        password_env=form.password_env,
        pool_size=form.pool_size,
    )


def _door(folder: Path, hostname: str, form: DoorForm) -> DoorSettings:
    return DoorSettings(
        kind=form.kind,
        host=form.host,
        port=form.port,
        hostname=form.hostname or hostname,
        max_size=form.max_size,
        max_recipients=form.max_recipients,
        max_connections=form.max_connections,
        max_connections_per_address=form.max_connections_per_address,
        max_connections_from_loopback=form.max_connections_from_loopback,
        max_bytes_in_flight=form.max_bytes_in_flight,
        max_bytes_per_address=form.max_bytes_per_address,
        max_bytes_from_loopback=form.max_bytes_from_loopback,
        max_commands=form.max_commands,
        command_timeout=form.command_timeout,
        session_time_limit=form.session_time_limit,
        stress_timeout=form.stress_timeout,
        tls_certificate=str(folder / form.tls_certificate) if form.tls_certificate else None,
        tls_key=str(folder / form.tls_key) if form.tls_key else None,
        require_tls=form.require_tls,
        insiders=form.insiders,
    )


def _relay(folder: Path, hostname: str, form: RelayForm) -> RelaySettings:
    return RelaySettings(
        kind=form.kind,
        host=form.host,
        port=form.port,
        tls=form.tls,
        ca_file=str(folder / form.ca_file) if form.ca_file else None,
        user=form.user,
        oauth=form.oauth,
        helo=form.helo or hostname,
        timeout=form.timeout,
        final_timeout=form.final_timeout,
        connections=form.connections,
        path=str((folder / form.path).resolve()),
        reverse_path=form.reverse_path,
        message_id_pattern=form.message_id_pattern,
    )


SHORTEST_KEY = 32  #: octets


class _BadKeys(Exception):
    """Why the keys cannot be used. Never holds a part of one."""


def _keyring(folder: Path, form: KeysForm, mistakes: list[Mistake]) -> Keyring | None:
    try:
        return _read_keys(folder, form)
    except _BadKeys as bad:
        mistakes.append(Mistake("mailgate.toml", 0, "keys", str(bad)))
        return None


def _read_keys(folder: Path, form: KeysForm) -> Keyring:
    """One key a line, in hex; the first signs, all verify. A key that others can read is refused."""
    if (form.file is None) == (form.env is None):
        raise _BadKeys('name either `file` or `env`: `file = "keys"`')
    if form.env is not None:
        text = os.environ.get(form.env, "")
        if not text:
            raise _BadKeys(f"the environment variable {form.env} is empty")
    else:
        path = folder / str(form.file)
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise _BadKeys(f"others can read {path}: chmod 600 {path}")
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise _BadKeys(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not ASCII'}") from error
    keys = []
    words = [(number, word) for number, line in enumerate(text.splitlines(), 1) for word in line.split("#")[0].replace(",", " ").split()]
    for number, word in words:
        try:
            key = bytes.fromhex(word)
        except ValueError:
            raise _BadKeys(f"line {number} is not hexadecimal") from None
        if len(key) < SHORTEST_KEY:
            raise _BadKeys(f"the key in line {number} is shorter than {SHORTEST_KEY} octets")
        keys.append(key)
    if not keys:
        raise _BadKeys("no key in it: `mailgate init` writes one")
    return Keyring(tuple(keys))


def _check_installation(
    folder: Path, text: str, form: InstallationForm, policy: Policy, stand_ins: frozenset[Place], mistakes: list[Mistake]
) -> None:
    lines = lines_of(text)

    def say(place: tuple[str, ...], words: str) -> None:
        if stand_ins.isdisjoint(place[:end] for end in range(1, len(place) + 1)):
            mistakes.append(Mistake("mailgate.toml", line_for(lines, place), ".".join(place), words))

    if policy.is_own(form.operator.mail):
        say(("operator", "mail"), "is the address of a desk: an alarm would come back as a ticket")
    if form.relay.user and not (form.relay.password_file or form.relay.password_env or form.relay.oauth):
        say(("relay", "user"), "needs `password_file`, `password_env` or `oauth`")
    if form.relay.oauth is not None and form.relay.oauth not in form.oauth:
        say(("relay", "oauth"), f"there is no [oauth.{form.relay.oauth}]")
    if form.relay.oauth is not None and not form.relay.user:
        say(("relay", "oauth"), "needs a `user`")
    accounts.check(folder, form, policy, say)
    for key, words in _relay(folder, form.hostname, form.relay).mistakes():
        say(("relay", key), words)
    if _holds_password(form.database.url):
        say(("database", "url"), "holds a password: put it into a file that only mailgate can read, and name it in `password_file`")
    for section, name in (("relay", form.relay.password_file), ("database", form.database.password_file)):
        if name:
            path = folder / name
            if not path.is_file():
                say((section, "password_file"), f"{path} is not there")
            elif stat.S_IMODE(path.stat().st_mode) & 0o077:
                say((section, "password_file"), f"others can read {path}: chmod 600 {path}")
    for key, words in check_verify(form.verify):
        say(("verify", key), words)
    for index, door in enumerate(form.doors):
        if door.insiders and not is_loopback(door.host):
            say(("doors", str(index), "insiders"), "such a door listens on loopback only: whoever reaches it is believed to be who he says")
        for name in ("tls_certificate", "tls_key"):
            value = getattr(door, name)
            if value and not (folder / value).is_file():
                say(("doors", str(index), name), f"{folder / value} is not there")
        if door.require_tls and not door.tls_certificate:
            say(("doors", str(index), "require_tls"), "needs a tls_certificate")


def _holds_password(url: str) -> bool:
    """`postgresql://user:password@host/...`, or `?password=` behind it."""
    parts = urlsplit(url)
    return bool(parts.scheme) and (":" in parts.netloc.rpartition("@")[0] or "password" in parse_qs(parts.query, keep_blank_values=True))
