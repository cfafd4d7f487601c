"""Explains stored mails without a running gateway: reads them under the same budget, and decides as if they came now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mailgate.app import build_resolver, build_templates, wall_clock
from mailgate.app.reader import ReaderOnly
from mailgate.compose.templates import load as load_templates
from mailgate.compose.writing import LetterWriter
from mailgate.explain.dry_run import DryNumbers, Explained, NothingOnFile, dry_run
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.deciding import Deciding
from mailgate.gateway.loading.loader import Loader
from mailgate.model.account import Account, Accounted
from mailgate.model.installation import ReaderSettings, VerifySettings
from mailgate.model.mail import Kind, Mail, Reading, Unread
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring
from mailgate.settings import Settings, brought_templates, load, places, sample_policy
from mailgate.understand import recognised, recognised_account

if TYPE_CHECKING:
    from mailgate.record.store import Store


#: Of mails that are read at a time.
OCTETS = 8 * 1024 * 1024
NO_CONFIGURATION = (
    "I have no configuration here, so I go by the sample policy, and know no tickets, no letters, and nobody but the agents in it."
)
NO_KEYS = (
    "I have no keys here that can be read, so I cannot tell which tokens and Message-IDs are ours, and take them for somebody else's: "
    "mailgate check says what is wrong with them."
)
NO_DATABASE = "I looked in no database, so I know no tickets, no letters, and nobody but the agents in the policy."


class Explainer:
    """With a configuration: its policy, keys and database. Without one: the sample policy, and a key of no meaning."""

    def __init__(self, config: Path | None, dns: bool = False, clock: Callable[[], datetime] = wall_clock) -> None:
        """`dns`: our own check of DKIM and DMARC asks DNS, now and for these mails; else only stamps in them count."""
        self.clock = clock
        try:
            folder: Path | None = places.configuration(config)
        except FileNotFoundError:
            if config is not None:
                raise
            folder = None
        nobodys = Keyring((b"explain needs no secret".ljust(32),))
        settings: Settings | None = load(folder, nobodys) if folder else None
        keyless = settings is not None and settings.ring is nobodys
        self.store: Store | None = None
        if settings is not None:
            templates, policy, ring, operator = build_templates(settings), settings.policy, settings.ring, settings.operator
            if "://" in settings.database.url or Path(settings.database.url).exists():
                from mailgate.record.store import open_store  # its library is the slowest to load, and is of no use without a database

                self.store = open_store(settings.database, clock())
        else:
            templates, policy = load_templates(*brought_templates(None), checked=True), sample_policy()
            ring, operator = nobodys, ""
        self.held = settings is not None and settings.letters_held
        unknown = "" if self.store else NO_CONFIGURATION if settings is None else NO_DATABASE
        self.unknown = " ".join(filter(None, (NO_KEYS if keyless else "", unknown)))
        self.reader = ReaderOnly(replace(settings.reader if settings else ReaderSettings(), workers=1))
        self.desk = LetterWriter(policy, ring, templates, "null", operator, True)
        self.agents: Mapping[str, Person] = _known_agents(self.store, policy) if self.store else _agents(policy)
        verify = settings.verify if settings else VerifySettings()
        verify = replace(verify, dns=verify.dns or dns)
        self.resolver = build_resolver(verify) if dns else None
        self.deciding = Deciding(
            Loader(self.store) if self.store else NothingOnFile(self.agents),
            DryNumbers(),
            self.reader,
            Authentication(verify, self.resolver) if verify.sources else None,
            renames=settings is not None and settings.relay.message_id_pattern is not None,
            letter_id=lambda: "",
        )

    def __enter__(self) -> Self:
        self.reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.reader.stop()
        if self.resolver:
            self.resolver.close()
        if self.store:
            self.store.close()

    def tell(self, mails: Sequence[Path | bytes], accounts: bool = True) -> Iterator[Explained]:
        """One answer for each mail, in order. A mail that cannot be read is told as such. `accounts`: how it was read as well."""
        waiting: list[bytes | OSError] = []
        held = 0
        for mail in mails:
            try:
                waiting.append(mail if isinstance(mail, bytes) else mail.read_bytes())
            except OSError as error:
                waiting.append(error)
            held += len(waiting[-1]) if isinstance(waiting[-1], bytes) else 0
            if held > OCTETS:
                yield from self._told(waiting, accounts)
                waiting, held = [], 0
        yield from self._told(waiting, accounts)

    def _told(self, raws: Sequence[bytes | OSError], accounts: bool) -> Iterator[Explained]:
        read = self.reader.accounts if accounts else self.reader.read
        answers = iter(read([(raw, None, True) for raw in raws if isinstance(raw, bytes)]))
        for raw in raws:
            if isinstance(raw, OSError):
                yield Explained(_unreadable(f"cannot be opened: {raw.strerror}"))
                continue
            answer = next(answers)
            if isinstance(answer, Unread):
                yield Explained(_unreadable(answer.reason))
            elif isinstance(answer, Accounted):
                told = recognised_account(answer, self.desk.ring)
                yield self._decided(raw, told.reading, told.account)
            else:
                yield self._decided(raw, recognised(answer, self.desk.ring), None)

    def _decided(self, raw: bytes, reading: Reading, account: Account | None) -> Explained:
        decided = dry_run(self.deciding, self.desk, self.agents, raw, reading, self.clock())
        return Explained(reading, account, decided, self.unknown, self.held)


def _known_agents(store: Store, policy: Policy) -> dict[str, Person]:
    """The agents as the database knows them; explaining changes nothing, so nobody is added to it."""
    found = store.people.at([agent.address for agent in policy.agents.values()])
    return {**_agents(policy), **{p.agent: p for p in found.values() if p.agent}}


def _agents(policy: Policy) -> dict[str, Person]:
    """The agents of a policy that was never loaded into a database."""
    return {
        id_: Person(id=-number, name=agent.name, address=agent.address, aliases=agent.aliases, agent=id_)
        for number, (id_, agent) in enumerate(policy.agents.items(), 1)
    }


def _unreadable(reason: str) -> Reading:
    nothing: tuple[Any, ...] = ()
    mail = Mail(
        message_id=None,
        date=None,
        subject="",
        authors=nothing,
        sender=nothing,
        reply_to=nothing,
        to=nothing,
        cc=nothing,
        delivered_to=nothing,
        in_reply_to=nothing,
        references=nothing,
        headers=nothing,
        content_type="",
        report_type="",
        text="",
        html=None,
        new_text="",
        quoted="",
        signature="",
        inline_answers=False,
        new_html=None,
        attachments=nothing,
        language=None,
        defects=(reason,),
    )
    return Reading(mail, Kind.UNREADABLE, reason, False, "what cannot be read is not answered")
