"""What the sending round does when the database goes away while letters are with the courier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.gateway.sending import SendingRound
from mailgate.model.decision import Decision
from mailgate.model.delivery import Delivered, Delivery, OutboxState
from mailgate.model.mail import NoSpace
from mailgate.record.rows import UNAVAILABLE, Broken, Busy, ToRecord
from mailgate.record.store import Store
from mailgate.send.courier import Courier
from tests.record.builders import NOON, a_letter, a_store

MANY = 60


class Taking:
    """A relay that takes everything, and remembers how many letters that were."""

    def __init__(self) -> None:
        self.taken = 0

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool) -> Delivery:
        self.taken += 1
        return Delivered("250 fine")

    def close(self) -> None: ...

    def abort(self) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as made:
        made.record([ToRecord(None, Decision(), tuple(a_letter(n) for n in range(1, MANY + 1)))], NOON)
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
        sending.run(None, {}, 200)  # type: ignore[arg-type]
    assert relay.taken in (11, 12), "one more may have been begun than was written down"
    monkeypatch.setattr(store.outbox, "settle", settle)
    while sending.run(None, {}, 200):  # type: ignore[arg-type]
        pass
    courier.stop(timedelta(seconds=1))
    rows = store.outbox.rows(OutboxState.SENT, 1000)
    assert len(rows) >= MANY - 2 and not any(row.doubted for row in rows)
    assert len(store.outbox.rows(OutboxState.SENDING, 1000)) == MANY - len(rows), "those wait for their lease: the relay may have them"
