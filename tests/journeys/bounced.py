"""Letters that come back in every format that there is: which of them find their letter, and what becomes of the others."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailgate.app.stage import Received
from mailgate.model.delivery import Fate, OutboxState
from tests.bounces import FORMATS, QUOTES_NOTHING, Returned
from tests.journeys.world import ANN, BOB, OPERATOR, SUPPORT, World, edit

#: People whom nobody knows yet get so many acknowledgements a minute.
A_MINUTE = 15


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one bounce: its format, its letter's row, and the row of the bounce itself."""

    form: str
    letter: Any
    mail: Any

    @property
    def found(self) -> bool:
        return bool(self.letter.reports)


def acknowledged(world: World, count: int) -> list[Received]:
    """So many people wrote, and each has a letter."""
    people = [f"p{number}@people.example" for number in range(count)]
    for number, person in enumerate(people):
        world.send(person, SUPPORT, f"Lamp {number}", "It flickers.")
        if number % A_MINUTE == A_MINUTE - 1:
            world.settle()
            world.clock.turn(minutes=1, seconds=1)
    world.settle()
    letters = {one.recipient: one for one in world.mailboxes.letters}
    return [letters[person] for person in people]


def bounced(folder: Path, reverse_path: str, count: int, seed: int) -> tuple[list[Outcome], list[Received]]:
    """`count` letters come back, one format after the other; what became of each, and every letter that was written since."""
    draw, forms = random.Random(seed), list(FORMATS)

    def changes(config: Path) -> None:
        edit(config, "mailgate.toml", ('# reverse_path = "auto"', f'reverse_path = "{reverse_path}"'))

    with World(folder, changes=changes) as world:
        letters = acknowledged(world, count)
        before = len(world.mailboxes.letters)
        world.clock.turn(minutes=5)
        for number, letter in enumerate(letters):
            to = letter.reverse_path or SUPPORT
            returned = Returned(letter.recipient, to, letter.data, draw)
            world.deliver(FORMATS[forms[number % len(forms)]](returned), "", [to])
        world.settle()
        sent = {row.letter.message_id: row for row in world.store.outbox.rows(OutboxState.SENT, 10**6)}
        states = (world.store.inbox.rows(state, 10**6) for state in ("done", "set_aside"))
        mails = [row for rows in states for row in rows if row.reverse_path == ""]
        mails.sort(key=lambda row: row.id)
        assert len(mails) == count
        outcomes = []
        for number, (letter, mail) in enumerate(zip(letters, mails, strict=True)):
            row = world.store.outbox.row(sent[letter.header("Message-ID")].letter.id)
            outcomes.append(Outcome(forms[number % len(forms)], row, mail))
        return outcomes, world.mailboxes.letters[before:]


def lost(outcomes: list[Outcome], reverse_path: str) -> list[str]:
    """What did not go as it must, by format."""
    wrong = []
    for one in outcomes:
        must = reverse_path == "verp" or one.form not in QUOTES_NOTHING
        if must and not one.found:
            wrong.append(f"{one.form}: did not find its letter ({one.mail.state}, {one.mail.reason})")
        elif must and one.letter.fate is not Fate.BOUNCED:
            wrong.append(f"{one.form}: found its letter, and is only {one.letter.fate}: {one.letter.reports}")
        elif not must and (one.found or one.mail.state != "set_aside" or not one.mail.reason):
            wrong.append(f"{one.form}: names no letter, and is {one.mail.state} ({one.mail.reason})")
    return sorted(wrong)


def answered(letters: list[Received]) -> list[str]:
    """Letters to others than those who work here: a machine was answered."""
    return [f"{one.recipient}: {one.header('Subject')}" for one in letters if one.recipient not in (ANN, BOB, OPERATOR)]
