"""Commands that change nothing and want an answer: help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailgate.decide.situation import Situation
from mailgate.model.commands import VERBS, Command


def help_(s: Situation, asked: Sequence[Command]) -> tuple[str, Mapping[str, object]]:
    """All commands, or the one that was asked for first."""
    word = next((command.args[0] for command in asked if command.args), "")
    return "help_asked", {"verb": word, "verbs": tuple(VERBS)}
