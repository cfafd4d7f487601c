"""Each command with its act.

`#note` and `#reply` have no act: they say whom the words are for, which is known before any of them (`Order.READERS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mailgate.decide.commands import admitting, asking, fields, owner, state
from mailgate.decide.commands.course import Act
from mailgate.decide.situation import Situation
from mailgate.model.commands import Command

#: By word, what a command does.
ACTS: Mapping[str, Act] = {
    "take": owner.take,
    "assign": owner.assign,
    "watch": owner.watch,
    "unwatch": owner.unwatch,
    "priority": fields.priority,
    "kind": fields.kind,
    "admit": admitting.admit,
    "wait": state.wait,
    "hold": state.hold,
    "resolve": state.resolve,
    "close": state.close,
    "reopen": state.reopen,
}
#: By word, the letter that answers all commands of a mail which ask for it, and its facts.
ANSWERS: Mapping[str, Callable[[Situation, Sequence[Command]], tuple[str, Mapping[str, object]]]] = {
    "help": asking.help_,
}
