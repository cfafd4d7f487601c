"""Each command with its act.

`#note` and `#reply` have no act: they say whom the words are for, which is known before any of them (`Order.READERS`)."""

from collections.abc import Callable, Mapping, Sequence

from mailgate.decide.commands import admitting, fields, outages, owner, personal, sorting, state
from mailgate.decide.commands.course import Act
from mailgate.decide.situation import Situation
from mailgate.model.commands import VERBS, Command
from mailgate.model.letter import LetterKind
from mailgate.model.letters import AgentHelp


def _help(s: Situation, asked: Sequence[Command]) -> LetterKind:
    """All commands, or the one that was asked for first."""
    word = next((command.args[0] for command in asked if command.args), "")
    return AgentHelp(verb=word, verbs=tuple(VERBS))


#: By word, what a command does: the function of that name.
ACTS: Mapping[str, Act] = {
    word: act
    for module in (owner, fields, personal, admitting, sorting, state, outages)
    for word, act in vars(module).items()
    if word in VERBS
}
#: By word, the letter that answers all commands of a mail which ask for it.
ANSWERS: Mapping[str, Callable[[Situation, Sequence[Command]], LetterKind]] = {"help": _help}
