"""Commands that change nothing and want an answer: help."""

from collections.abc import Sequence

from mailgate.decide.situation import Situation
from mailgate.model.commands import VERBS, Command
from mailgate.model.letter import LetterKind
from mailgate.model.letters import AgentHelp


def help_(s: Situation, asked: Sequence[Command]) -> LetterKind:
    """All commands, or the one that was asked for first."""
    word = next((command.args[0] for command in asked if command.args), "")
    return AgentHelp(verb=word, verbs=tuple(VERBS))
