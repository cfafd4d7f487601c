"""People: whoever writes or reads, with all addresses that are theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """What a person is to a ticket (or, for operator, to the installation)."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"  #: an outsider who was let in: Cc, or admitted by an agent
    AGENT = "agent"
    LEAD = "lead"
    OPERATOR = "operator"
    STRANGER = "stranger"

    @property
    def is_agent(self) -> bool:
        return self in (Role.AGENT, Role.LEAD, Role.OPERATOR)


class Capability(StrEnum):
    """What somebody may want to do. Each is a row of the table in `decide/authority`."""

    PUBLIC_ENTRY = "add a public entry"
    STATUS = "status, help"  #: answered only to the address on file
    CLOSE = "close, reopen"
    RATE = "rate"
    COMMAND = "note, reply, take, assign, wait, hold, resolve, fields"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox. Agents are people too: `agent` is their name in policy.toml."""

    id: int
    name: str
    address: str  #: where letters go; lower case domain
    aliases: tuple[str, ...] = ()  #: further addresses, as keys (lower case)
    language: str | None = None  #: an agent's by the policy; else what they last wrote enough of
    timezone: str | None = None
    chosen_language: str | None = None  #: what they asked for, or an operator says: before the language of their mails
    agent: str | None = None
    proven: bool = False  #: once wrote a mail with a token of ours: whoever reads this address has written from it
    proven_at: datetime | None = None  #: when last
    no_surveys: bool = False  #: asked not to be asked for ratings
    vip: bool | None = None  #: as an operator says; None: as their organisation
    organisation: str | None = None  #: as an operator says, by its id in the policy; None: by the domain of their address

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *self.aliases))

    def is_proven(self, now: datetime, lasts: timedelta) -> bool:
        """Whether the proof still holds: addresses are given to other people, and mailboxes are given up."""
        return self.proven and (self.proven_at is None or now - self.proven_at <= lasts)
