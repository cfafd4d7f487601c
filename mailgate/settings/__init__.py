"""The configuration: loaded and checked once, every mistake listed, handed on as frozen data. Wrong configuration never starts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mailgate.model.calendar import Calendar
from mailgate.model.installation import (
    DatabaseSettings,
    DkimSettings,
    DoorSettings,
    LogSettings,
    ReaderSettings,
    RelaySettings,
    RoundSettings,
    VerifySettings,
    WebSettings,
    is_loopback,
)
from mailgate.model.mailbox import MailboxSettings
from mailgate.model.oauth import OAuthSettings
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring
from mailgate.settings import accounts, places
from mailgate.settings.brought import brought_templates
from mailgate.settings.forms import value_of
from mailgate.settings.keys import keyring
from mailgate.settings.mending import Place
from mailgate.settings.mistakes import Mistake, Mistaken, line_for, lines_of
from mailgate.settings.policy_file import build
from mailgate.settings.reading import form_of, read
from mailgate.settings.record_place import check_url
from mailgate.settings.safety import Say, check_file, check_secret, check_writers
from mailgate.settings.tables import INSTALLATION_KEYS, POLICY_KEYS, InstallationForm, PolicyForm
from mailgate.settings.trust import check_proofs, check_verify, verify_settings

__all__ = [
    "Examined",
    "Mistake",
    "Mistaken",
    "Settings",
    "brought_templates",
    "digest_of",
    "examine",
    "former_policy",
    "load",
    "load_policy",
    "places",
    "sample_policy",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the program is built from. `repr` shows no secret: the key ring hides itself, passwords are read at each login."""

    folder: Path
    hostname: str
    database: DatabaseSettings
    doors: tuple[DoorSettings, ...]
    relay: RelaySettings
    dkim: tuple[DkimSettings, ...]
    mailboxes: tuple[MailboxSettings, ...]
    oauth: tuple[OAuthSettings, ...]
    ring: Keyring
    operator: str
    disk_warning: int
    letters_held: bool
    verify: VerifySettings
    web: WebSettings
    reader: ReaderSettings
    rounds: RoundSettings
    log: LogSettings
    accept_other_keys: bool  #: start with keys that the database does not know
    policy: Policy
    policy_text: str
    text: str  #: of mailgate.toml
    templates: dict[str, str]  #: "ticket_opened/requester.txt" -> text
    catalogues: dict[str, bytes]  #: language -> .po

    @property
    def digest(self) -> str:
        """Of mailgate.toml."""
        return digest_of(self.text)


@dataclass(frozen=True, slots=True)
class Examined:
    """A configuration as far as it can be understood: all of it, or its mistakes and whatever is sound beside them."""

    folder: Path
    mistakes: tuple[Mistake, ...]
    settings: Settings | None  #: None while there are mistakes
    database: DatabaseSettings | None = None
    ring: Keyring | None = None
    policy: Policy | None = None  #: None while policy.toml has mistakes
    relay: RelaySettings | None = None
    dkim: tuple[DkimSettings, ...] = ()
    doors: tuple[DoorSettings, ...] = ()
    mailboxes: tuple[MailboxSettings, ...] = ()
    oauth: tuple[OAuthSettings, ...] = ()
    verify: VerifySettings | None = None
    web: WebSettings | None = None
    text: str = ""  #: of mailgate.toml
    policy_text: str = ""
    templates: dict[str, str] = field(default_factory=dict)
    catalogues: dict[str, bytes] = field(default_factory=dict)
    disk_warning: int = 0


def load(folder: Path, stand_in: Keyring | None = None) -> Settings:
    """Reads mailgate.toml and policy.toml. Raises Mistaken with all mistakes of both files.
    `stand_in`: taken where the keys cannot be read, by whoever only looks and signs nothing."""
    found = examine(folder, stand_in)
    if found.settings is None:
        raise Mistaken(found.mistakes)
    return found.settings


def examine(folder: Path, stand_in: Keyring | None = None) -> Examined:
    """Reads mailgate.toml and policy.toml, and goes on behind each mistake: what is sound can be tried all the same."""
    mistakes: list[Mistake] = []
    check_writers(folder, mistakes)
    templates, catalogues = brought_templates(folder, mistakes)
    text, form, stand_ins = read(folder / "mailgate.toml", InstallationForm, INSTALLATION_KEYS, mistakes)
    before = len(mistakes)
    policy, policy_text = _policy(folder, templates, catalogues, mistakes)
    found = Examined(
        folder,
        tuple(mistakes),
        None,
        policy=policy if len(mistakes) == before else None,
        text=text,
        policy_text=policy_text,
        templates=templates,
        catalogues=catalogues,
    )
    if form is None:
        return found
    ring = None
    if all(place[0] != "keys" for place in stand_ins):
        of_keys: list[Mistake] = []
        ring = keyring(folder, form.keys, line_for(lines_of(text), ("keys",)), of_keys) or stand_in
        mistakes += of_keys if stand_in is None else ()
    mine = len(mistakes)
    _check_installation(folder, text, form, policy, stand_ins, mistakes)
    wrong = {place[0] for place in stand_ins} | {one.key.split(".")[0] for one in mistakes[mine:]}
    verify = verify_settings(form)
    if policy and not any(place[:1] in (("verify",), ("doors",), ("mailboxes",)) for place in stand_ins):
        check_proofs(policy, policy_text, verify, mistakes)
    found = replace(found, mistakes=tuple(mistakes), ring=ring, **_sound(folder, form, verify, wrong))
    if mistakes or policy is None or ring is None or stand_ins:
        return found
    return replace(found, settings=_settings(found, form))


def _sound(folder: Path, form: Any, verify: VerifySettings, wrong: set[str]) -> dict[str, Any]:
    """What can be used of an installation although some of its tables are wrong."""
    return {
        "database": _database(folder, form.database) if "database" not in wrong else None,
        "relay": _relay(folder, form.hostname, form.relay) if not wrong & {"relay", "oauth"} else None,
        "dkim": tuple(value_of(DkimSettings, one, folder) for one in form.dkim) if "dkim" not in wrong else (),
        "doors": tuple(_door(folder, form.hostname, door) for door in form.doors) if "doors" not in wrong else (),
        "mailboxes": tuple(accounts.mailbox(folder, one, form.oauth) for one in form.mailboxes)
        if not wrong & {"mailboxes", "oauth"}
        else (),
        "oauth": tuple(accounts.oauth(folder, name, one) for name, one in form.oauth.items()) if "oauth" not in wrong else (),
        "verify": verify if "verify" not in wrong else None,
        "web": value_of(WebSettings, form.web) if "web" not in wrong else None,
        "disk_warning": form.operator.disk_warning,
    }


def _settings(found: Examined, form: Any) -> Settings:
    shared = {one.name: getattr(found, one.name) for one in fields(Settings) if hasattr(found, one.name)}
    return Settings(
        **shared,
        hostname=form.hostname,
        operator=form.operator.mail,
        letters_held=form.letters == "hold",
        reader=value_of(ReaderSettings, form.reader),
        rounds=value_of(RoundSettings, form.rounds),
        log=value_of(LogSettings, form.log),
        accept_other_keys=form.keys.accept_other,
    )


def digest_of(text: str) -> str:
    """What a file of the configuration is called where only its identity matters."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sample_policy() -> Policy:
    """The policy that is brought along, for looking at mails where nothing is configured."""
    mistakes: list[Mistake] = []
    policy, _ = _policy(places.brought_along("config"), *brought_templates(None, mistakes), mistakes)
    if policy is None or mistakes:
        raise Mistaken(mistakes)
    return policy


def load_policy(folder: Path, verify: VerifySettings) -> tuple[Policy, str]:
    """policy.toml alone, for a reload while running with this `verify`. Raises Mistaken; then the old policy stays."""
    mistakes: list[Mistake] = []
    check_writers(folder, mistakes)
    templates, catalogues = brought_templates(folder, mistakes)
    policy, text = _policy(folder, templates, catalogues, mistakes)
    if policy is not None:
        check_proofs(policy, text, verify, mistakes)
    if mistakes or policy is None:
        raise Mistaken(mistakes)
    return policy, text


def former_policy(text: str, digest: str, calendars: Mapping[str, Calendar]) -> Policy | None:
    """A policy that was in force once: its text, on the calendars that it had then. None where this version cannot read it any more."""
    mistakes: list[Mistake] = []
    form, _ = form_of("policy.toml", text, PolicyForm, POLICY_KEYS, mistakes)
    if form is None or mistakes:
        return None
    policy = build(form, digest, frozenset(), frozenset(), Path(), lambda *_: None)
    return replace(policy, digest=digest, calendars={**policy.calendars, **calendars})


def _policy(folder: Path, templates: dict[str, str], catalogues: dict[str, bytes], mistakes: list[Mistake]) -> tuple[Policy | None, str]:
    text, form, stand_ins = read(folder / "policy.toml", PolicyForm, POLICY_KEYS, mistakes)
    if form is None:
        return None, text
    say = _saying("policy.toml", text, stand_ins, mistakes)
    events = frozenset(name.split("/")[0] for name in templates if "/" in name)
    return build(form, digest_of(text), frozenset(("en", *catalogues)), events, folder, say), text


def _saying(file: str, text: str, stand_ins: frozenset[Place], mistakes: list[Mistake]) -> Say:
    """Notes what is wrong with the meaning of a file, but for places that only a stand-in fills."""
    lines = lines_of(text)

    def say(place: tuple[str, ...], words: str) -> None:
        if stand_ins.isdisjoint(place[:end] for end in range(1, len(place) + 1)):
            mistakes.append(Mistake(file, line_for(lines, place), ".".join(place), words))

    return say


def _database(folder: Path, form: Any) -> DatabaseSettings:
    return value_of(DatabaseSettings, form, folder, url=_url(folder, form.url))


def _url(folder: Path, url: str) -> str:
    """A file is looked for beside the configuration, whatever folder a command is started in."""
    file = url[len("sqlite:///") :] if url.startswith("sqlite:///") else url
    return url if "://" in file else str((folder / file).resolve())


def _door(folder: Path, hostname: str, form: Any) -> DoorSettings:
    return value_of(DoorSettings, form, folder, **_named(form, "hostname", hostname))


def _relay(folder: Path, hostname: str, form: Any) -> RelaySettings:
    return value_of(RelaySettings, form, folder, path=str((folder / form.path).resolve()), **_named(form, "helo", hostname))


def _named(form: Any, key: str, hostname: str) -> dict[str, str]:
    """What we call ourselves where nothing is said about it."""
    said = getattr(form, key) if key in form.model_fields_set else ""
    return {key: said or hostname}


def _check_installation(
    folder: Path, text: str, form: Any, policy: Policy | None, stand_ins: frozenset[Place], mistakes: list[Mistake]
) -> None:
    say = _saying("mailgate.toml", text, stand_ins, mistakes)
    if policy is not None and policy.is_own(form.operator.mail):
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
    check_url(folder, form.database.url, say)
    check_file(folder, form.relay.ca_file, ("relay", "ca_file"), say)
    for section, name in (("relay", form.relay.password_file), ("database", form.database.password_file)):
        check_secret(folder, name, (section, "password_file"), say)
    if form.dkim:
        from mailgate.settings.dkim import check_dkim  # its library is loaded only where letters are signed

        check_dkim(folder, form.dkim, say)
    for key, words in check_verify(form.verify):
        say(("verify", key), words)
    if (form.web.listen is None) != (form.web.base_url is None):
        say(("web", "listen" if form.web.listen is None else "base_url"), "is missing: a web door needs both `listen` and `base_url`")
    _check_doors(folder, form, say)


def _check_doors(folder: Path, form: Any, say: Say) -> None:
    taken: dict[tuple[str, int], int] = {}
    for index, door in enumerate(form.doors):
        at = ("doors", str(index))
        if door.insiders and not is_loopback(door.host):
            say((*at, "insiders"), "such a door listens on loopback only: whoever reaches it is believed to be who he says")
        for name in ("tls_certificate", "tls_key"):
            check_file(folder, getattr(door, name), (*at, name), say)
        if door.require_tls and not door.tls_certificate:
            say((*at, "require_tls"), "needs a tls_certificate")
        if door.tls_key and not door.tls_certificate:
            say((*at, "tls_key"), "is of no use without a tls_certificate")
        if door.port and (door.host, door.port) in taken:
            say((*at, "port"), f"doors.{taken[door.host, door.port]} listens on port {door.port} already: choose another one")
        taken.setdefault((door.host, door.port), index)
