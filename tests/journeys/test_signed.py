"""Letters leave signed by the key that mailgate.toml names; without it they wait, and the operator hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.model.delivery import OutboxState
from tests.fakes.signer import ed25519_key, in_pem, rsa_key
from tests.journeys.world import ANN, MAX, OPERATOR, SUPPORT, World
from tests.send.test_dkim import verified

pytestmark = pytest.mark.either_database


def with_keys(folder: Path) -> None:
    for name, key in (("r1", rsa_key()), ("e1", ed25519_key())):
        (folder / f"{name}.pem").write_bytes(in_pem(key))
        (folder / f"{name}.pem").chmod(0o600)
        with (folder / "mailgate.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[dkim]]\ndomain = "example.org"\nselector = "{name}"\nkey_file = "{name}.pem"\n')


def test_letters_leave_signed_wait_without_their_key_and_leave_when_it_is_back(tmp_path: Path) -> None:
    """(fault 149)"""
    with World(tmp_path, changes=with_keys) as world:
        world.send(MAX, SUPPORT, "Printer", "It burns.")
        world.answer(ANN, world.letter(ANN, "Printer"), "Häng ihn ab.")
        for letter in (world.letter(MAX, "Häng"), *world.letters_for(ANN)):
            assert verified(letter.data, 0) and verified(letter.data, 1), letter.header("Subject")
        key = tmp_path / "config" / "r1.pem"
        before = len(world.letters_for(MAX))
        key.rename(key.with_suffix(".gone"))
        world.send(MAX, SUPPORT, "Lamp", "It flickers.")
        alarm = world.letter(OPERATOR, "cannot be signed")
        assert "r1._domainkey.example.org" in alarm.text and "DKIM-Signature" not in alarm.message
        world.settle()
        assert len(world.letters_for(MAX)) == before and world.store.outbox.rows(OutboxState.QUEUED, 10)
        key.with_suffix(".gone").rename(key)
        world.settle()
        late = world.letter(MAX, "Lamp")
        assert verified(late.data, 0) and verified(late.data, 1)
        assert world.store.outbox.rows(OutboxState.QUEUED, 10) == []
        assert len([one for one in world.letters_for(OPERATOR) if "cannot be signed" in one.header("Subject") + one.text]) == 1
