"""Commands as a worker hears them and the parent believes them, in one step."""

from __future__ import annotations

from mailgate.model.commands import Parsed
from mailgate.model.mail import Mail
from mailgate.understand.answers.commands import heard_from, heard_in, parsed


def parse_commands(text: str) -> Parsed:
    return parsed(heard_in(text), text)


def commands_of(mail: Mail) -> Parsed:
    return parsed(heard_from(mail), mail.new_text)
