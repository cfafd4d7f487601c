"""A gateway without doors, workers and a relay: the record is real, a clock is turned by hand, and whatever leaves lies in a list."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from mailgate.compose.writing import LetterWriter, Sheet, Written, write_sheet
from mailgate.gateway import Gateway, GatewaySetup
from mailgate.model.delivery import Delivered, Delivery
from mailgate.model.mail import Arrival, Door
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring
from mailgate.record.acceptor import Acceptor
from mailgate.record.store import Store
from mailgate.send.courier import Outgoing
from mailgate.settings import sample_policy
from mailgate.understand import open_files, open_texts, read_item
from mailgate.understand.identity.dkim import signatures
from tests.compose.desk import templates

MONDAY = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
SUPPORT, ANN, BOB, MAX, OPERATOR = "support@example.org", "ann@example.org", "bob@example.org", "max@example.com", "postmaster@example.org"


@dataclass(frozen=True)
class Letter:
    """What somebody finds in his mailbox."""

    to: str
    message: Any
    at: datetime
    id: str
    data: bytes = b""

    @property
    def text(self) -> str:
        return str(self.message.get_body(("plain",)).get_content())

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def reply_to(self) -> str:
        return parseaddr(str(self.message["Reply-To"]))[1]

    @property
    def automatic(self) -> bool:
        return self.message["Auto-Submitted"] is not None


class _Reader:
    """Reads and writes in this very process: what is read here are the tests' own mails."""

    def read(self, items: Sequence[Any]) -> list[Any]:
        return [read_item(item) for item in items]

    def signatures(self, raws: Sequence[bytes]) -> list[Any]:
        return [signatures(raw) for raw in raws]

    def texts(self, asked: Sequence[Any]) -> list[Any]:
        return [open_texts(one) for one in asked]

    def write(self, sheets: Sequence[Sheet], desk: LetterWriter) -> list[Written]:
        return [write_sheet(sheet, desk) for sheet in sheets]


@dataclass
class _Courier:
    """The relay takes everything at once."""

    house: ZooHouse

    def send(self, items: Sequence[Any], **_: Any) -> Iterator[tuple[Any, Delivery]]:
        for one in items:
            data = one.data if isinstance(one.data, bytes) else one.data()
            message = email.message_from_bytes(data, policy=email.policy.default)
            self.house.sent.append(Letter(one.recipient, message, self.house.at, one.id, data))
            yield one, self.house.relay(one)


@dataclass
class ZooHouse:
    """`run` lets everything happen that can happen now."""

    text = ""  # of its policy
    store: Store
    policy: Policy = field(default_factory=sample_policy)
    at: datetime = MONDAY
    sent: list[Letter] = field(default_factory=list)
    count: int = 0
    relay: Callable[[Outgoing], Delivery] = lambda one: Delivered("250 taken")  #: what it says to a letter

    def __post_init__(self) -> None:
        self.acceptor = Acceptor(self.store.inbox)
        setup = GatewaySetup(Keyring((b"k" * 32,)), templates(), "null", OPERATOR, False)
        courier: Any = _Courier(self)
        reader: Any = _Reader()
        self.gateway = Gateway(
            self.store,
            self.acceptor,
            setup,
            self.policy,
            lambda: self.at,
            reader,
            courier,
            lambda asked: [open_files(one) for one in asked],
        )
        self.gateway.adopt(self.policy, self.text)
        self.gateway.send_outbox()
        self.sent.clear()

    def close(self) -> None:
        self.gateway.close()
        self.acceptor.close()

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)

    def mail(self, author: str, to: str, subject: str, text: str, **headers: str) -> None:
        """One mail to the door. A machine's name stands nowhere in it, and neither does what it answers, unless that is said."""
        self.count += 1
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = author, to, subject
        mail["Message-ID"] = f"<{self.count}.zoo@{parseaddr(author)[1].rpartition('@')[2]}>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self.hand_in(mail.as_bytes(policy=email.policy.SMTP), parseaddr(author)[1], to)

    def hand_in(self, raw: bytes, reverse_path: str, to: str) -> None:
        arrival = Arrival(raw, reverse_path, (to,), Door.SMTP, "192.0.2.1", self.at, self.at)
        asyncio.run(self.gateway.accept(arrival))

    def answer(self, author: str, letter: Letter, text: str, **headers: str) -> None:
        """As a person's mail client does it."""
        headers = {"In_Reply_To": str(letter.message["Message-ID"]), "References": str(letter.message["Message-ID"]), **headers}
        self.mail(author, letter.reply_to, f"Re: {letter.subject}", text, **headers)

    def run(self) -> list[Letter]:
        """The letters that left by it."""
        before = len(self.sent)
        self.gateway.read_inbox()
        self.gateway.review_clocks()
        self.gateway.send_outbox()
        return self.sent[before:]

    def held(self) -> list[Any]:
        from mailgate.model.delivery import OutboxState

        return list(self.store.outbox.rows(OutboxState.HELD, 1000))


def without_breaker(policy: Policy) -> Policy:
    """The same policy with every budget lifted."""
    lifted = dict.fromkeys(
        (
            "per_address_hour", "per_address_day", "proven_per_hour", "proven_per_day", "unknown_per_minute", "known_per_minute",
            "notices_per_hour", "proven_notices_per_hour", "answers_per_hour",
        )
    )  # fmt: skip
    return replace(policy, budgets=replace(policy.budgets, **lifted))
