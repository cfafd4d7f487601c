"""What the sending round does when the database goes away while letters are with the courier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailgate.compose.assemble import assemble
from mailgate.compose.samples import RING
from mailgate.gateway.sending import SendingRound
from mailgate.model.decision import Decision
from mailgate.model.delivery import Delivered, Delivery, OutboxState
from mailgate.model.letter import Audience
from mailgate.model.mail import NoSpace
from mailgate.record.rows import UNAVAILABLE, Broken, Busy, ToRecord
from mailgate.record.store import Store
from mailgate.send.courier import Courier
from mailgate.send.dkim import Unsigned
from tests.compose.desk import a_letter
from tests.record import builders
from tests.record.builders import NOON, a_store

MANY = 60
DESK: Any = SimpleNamespace(ring=RING)


class Taking:
    """A relay that takes everything, and remembers how many letters that were."""

    def __init__(self) -> None:
        self.taken = 0

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        self.taken += 1
        return Delivered("250 fine")

    def close(self) -> None: ...

    def abort(self) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as made:
        made.record([ToRecord(None, Decision(), tuple(builders.a_letter(n) for n in range(1, MANY + 1)))], NOON)
        yield made


@pytest.mark.parametrize("fault", [NoSpace("full"), Busy("away"), Broken("disk")], ids=lambda one: type(one).__name__)
def test_when_the_database_goes_away_what_was_not_begun_goes_back_at_once_and_nobody_doubts_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    relay, settled = Taking(), 0
    settle = store.outbox.settle
    courier = Courier(lambda: relay, threads=1)
    monkeypatch.setattr("mailgate.gateway.sending.SendingRound._whole", lambda self, letter: b"Subject: x\r\n\r\nx\r\n")

    def failing(*given: Any) -> bool:
        nonlocal settled
        if settled == 10:
            raise fault
        settled += 1
        return settle(*given)

    monkeypatch.setattr(store.outbox, "settle", failing)
    sending = SendingRound(store, courier, lambda _: [], lambda: NOON, lambda *_: None)
    with pytest.raises(UNAVAILABLE):
        sending.run(DESK, {}, 200)
    assert relay.taken in (11, 12), "one more may have been begun than was written down"
    monkeypatch.setattr(store.outbox, "settle", settle)
    while sending.run(DESK, {}, 200):
        pass
    courier.stop(timedelta(seconds=1))
    rows = store.outbox.rows(OutboxState.SENT, 1000)
    assert len(rows) >= MANY - 2 and not any(row.doubted for row in rows)
    assert len(store.outbox.rows(OutboxState.SENDING, 1000)) == MANY - len(rows), "those wait for their lease: the relay may have them"


class Keeping(Taking):
    """A relay that remembers what it took."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[bytes] = []

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        self.letters.append(data)
        return super().deliver(envelope_from, recipient, data, needs_utf8)


def test_without_its_key_a_letter_waits_uncounted_the_operator_is_told_and_with_the_key_it_leaves(tmp_path: Path) -> None:
    letters = [a_letter("agent_replied", "requester"), a_letter("operator_alarmed", "operator")]
    letters = [replace(letter, id=f"K7QF3M9{n}", person=n, ticket=None, entry=None) for n, letter in enumerate(letters, 1)]
    key, key_missing, alarms = b"DKIM-Signature: ours\r\n", True, list[tuple[str, ...]]()

    def sign(pieces: Sequence[bytes], at: datetime) -> bytes:
        assert pieces[0].startswith(b"Date: ") and at == letters[0].made_at
        if key_missing:
            raise Unsigned("the key of mg1._domainkey.example.org cannot be read: No such file or directory")
        return key

    with a_store(tmp_path) as store:
        store.record([ToRecord(None, Decision(), tuple(letters))], NOON)
        relay = Keeping()
        courier = Courier(lambda: relay, threads=1)
        sending = SendingRound(store, courier, lambda _: [], lambda: NOON, lambda *said: alarms.append(said), sign=sign)
        sending.run(DESK, {}, 200)
        assert [b"Subject" in one and not one.startswith(key) for one in relay.letters] == [True], "the alarm, and nothing else"
        [(kind, what, _)] = alarms
        assert kind == "unsigned" and "mg1._domainkey.example.org" in what
        [waits] = store.outbox.rows(OutboxState.QUEUED, 10)
        assert waits.letter.audience is Audience.REQUESTER and waits.attempts == 0 and not waits.doubted
        key_missing = False
        sending.run(DESK, {}, 200)
        courier.stop(timedelta(seconds=1))
        assert len(relay.letters) == 2 and relay.letters[1] == key + assemble(letters[0], ())
        assert len(alarms) == 1 and not sending.unsigned
