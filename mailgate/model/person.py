"""People: whoever writes or reads, with all addresses that are theirs."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox. Agents are people too: `agent` is their name in policy.toml."""

    id: int
    name: str
    address: str  #: where letters go; lower case domain
    aliases: tuple[str, ...] = ()  #: further addresses, as keys (lower case)
    language: str | None = None
    timezone: str | None = None
    agent: str | None = None
    proven: bool = False  #: once wrote a mail with a token of ours: whoever reads this address has written from it

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.address.lower(), *self.aliases))
