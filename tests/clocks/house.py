"""A gateway without doors whose policy is a file that somebody edits: the clock is turned by hand, and nothing waits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailgate.cli.init import write_configuration
from mailgate.model.installation import VerifySettings
from mailgate.model.policy import Metric
from mailgate.model.ticket import Cycle, Ticket
from mailgate.record.store import Store
from mailgate.settings import load_policy
from tests.databases import look
from tests.zoo.house import ANN, BOB, MAX, OPERATOR, SUPPORT, Letter, ZooHouse

__all__ = ["ANN", "MAX", "OPERATOR", "SUPPORT", "EditedHouse"]


def is_about(letter: Letter, number: int) -> bool:
    return str(letter.message["Message-ID"]).startswith(f"<{number}.")


class EditedHouse(ZooHouse):
    """`edit` writes policy.toml anew and `reload` adopts it, as SIGHUP does."""

    def __init__(self, folder: Path, store: Store, *edits: tuple[str, str]) -> None:
        self.folder = folder / "config"
        write_configuration(self.folder)
        self.edit(*edits)
        policy, self.text = load_policy(self.folder, VerifySettings())
        super().__init__(store, policy)

    def edit(self, *pairs: tuple[str, str]) -> None:
        path = self.folder / "policy.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")

    def reload(self, *pairs: tuple[str, str]) -> None:
        self.edit(*pairs)
        self.policy, self.text = load_policy(self.folder, VerifySettings())
        self.gateway.adopt(self.policy, self.text)

    # --- what happens ---------------------------------------------------------------------------------------------------

    def open(self, words: str = "The printer smokes", author: str = MAX) -> int:
        """A new ticket; its number."""
        before = {ticket.number for ticket in self.store.tickets.listed((), 1000)}
        self.mail(author, SUPPORT, words, f"{words}.")
        self.run()
        (number,) = {ticket.number for ticket in self.store.tickets.listed((), 1000)} - before
        return number

    def notice(self, number: int, to: str = ANN) -> Letter:
        """The newest letter to somebody about a ticket."""
        return next(one for one in reversed(self.sent) if one.to == to and is_about(one, number))

    def say(self, number: int, text: str, author: str = "") -> None:
        """The answer to the newest letter about a ticket: of its author, else of Ann, and of Bob where she has none."""
        who = author or next(agent for agent in (ANN, BOB) if any(one.to == agent and is_about(one, number) for one in self.sent))
        self.answer(who, self.notice(number, who), text)
        self.run()

    def look(self, statement: str) -> Sequence[Any]:
        """The rows of an SQL statement, or what it changed."""
        return look(self.store, statement)

    # --- what is so -----------------------------------------------------------------------------------------------------

    def ticket(self, number: int) -> Ticket:
        return self.store.tickets.files([number])[number].ticket

    def cycle(self, number: int, metric: Metric) -> Cycle:
        found = self.ticket(number).cycle(metric)
        assert found is not None
        return found

    def events(self, number: int) -> list[str]:
        return [row.name for row in self.store.tickets.history(number)]
