"""What a mail is and what would happen to it if it came now: decided in the very way of the reading round. Changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice

from mailgate.compose.writing import LetterWriter
from mailgate.decide import budget
from mailgate.decide.known import Known
from mailgate.decide.traffic import Traffic
from mailgate.gateway.deciding import DecidedMail, Deciding
from mailgate.gateway.loading.gathering import Read
from mailgate.gateway.loading.loader import Loader
from mailgate.model.account import Account
from mailgate.model.flood import AutomaticCounts
from mailgate.model.mail import Arrival, Door, Reading
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.understood import LetterFacts
from mailgate.record.rows import Claim, IdKind

#: Stands for the number of a ticket that a dry run would open.
NO_NUMBER = 0
#: The ids of whoever is new, and of new entries, are below all that a policy without a database has.
_NOBODY = -1_000_000


@dataclass(frozen=True, slots=True)
class Explained:
    """All that explain knows of one mail."""

    reading: Reading
    account: Account | None = None  #: None: it could not be read, or nobody asked
    decided: DecidedMail | None = None  #: None: it could not be read
    unknown: str = ""  #: where nobody could look, in words
    held: bool = False  #: letters are composed here, and none leaves by itself


class DryNumbers:
    """Ids for what is never recorded: nothing is drawn from the record, and no two people are one."""

    def __init__(self) -> None:
        self._next = count(_NOBODY, -1)

    def take(self, kind: IdKind, n: int) -> list[int]:
        return [NO_NUMBER] * n if kind == "ticket" else list(islice(self._next, n))


class NothingOnFile(Loader):
    """Where no database is: nobody is known but the agents of the policy, and nothing was written before."""

    def __init__(self, agents: Mapping[str, Person]) -> None:
        self._people = {key: person for person in agents.values() for key in person.keys}

    def aliases(self, message_ids: Iterable[str]) -> dict[str, str]:
        return {}

    def text_of(self, letter: str) -> str:
        return ""

    def letters(self, ids: Iterable[str]) -> dict[str, LetterFacts]:
        return {}

    def counts(self, addresses: Iterable[str], now: datetime, *, by_minute: bool) -> budget.Counts:
        return AutomaticCounts()

    def traffic(self, reads: Sequence[Read], keys: Iterable[str], now: datetime, before: Traffic | None = None) -> Traffic:
        return Traffic()

    def known(self, policy: Policy, reads: Sequence[Read], now: datetime, before: Known | None = None, as_they_are: bool = False) -> Known:
        return Known(people=dict(self._people))


def dry_run(
    deciding: Deciding, desk: LetterWriter, agents: Mapping[str, Person], raw: bytes, reading: Reading, now: datetime
) -> DecidedMail:
    """The decision on a stored mail as if it came now."""
    arrival = an_arrival(raw, reading, now)
    # The desk of the first recipient that is one of ours, else the first of the policy.
    at = next((d.id for d in map(desk.policy.desk_at, arrival.recipients) if d), next(iter(desk.policy.desks)))
    reads = deciding.gather(desk, [(Claim(0, at, arrival, 0, ""), reading)])
    return deciding.decide(desk, agents, reads, now)[1][0]


def an_arrival(raw: bytes, reading: Reading, now: datetime) -> Arrival:
    """A stored file as if it had come through a door: the envelope is what its headers tell."""
    mail = reading.mail
    recipients = mail.delivered_to or tuple(a.address for a in (*mail.to, *mail.cc))
    path = mail.header("return-path")
    return Arrival(raw, path.strip("<> ") if path is not None else None, recipients, Door.IMPORT, "explain", now, now)
