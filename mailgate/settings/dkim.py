"""`[[dkim]]` in mailgate.toml: keys that exist, that are ours alone, and that can sign."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailgate.send.dkim import BadKey, read_key
from mailgate.settings.keys import others_can
from mailgate.settings.safety import READ, Say
from mailgate.settings.words import why_not


def check_dkim(folder: Path, forms: Sequence[Any], say: Say) -> None:
    seen: set[tuple[str, str]] = set()
    for index, form in enumerate(forms):
        at = ("dkim", str(index))
        name = (form.selector.lower(), form.domain.lower())
        if name in seen:
            say((*at, "selector"), f'"{form.selector}" of {form.domain} stands here twice: each key has a selector of its own')
        seen.add(name)
        path = folder / form.key_file
        try:
            if others_can(path, READ):
                say((*at, "key_file"), f"others can read {path}, and so sign in our name: chmod 600 {path}")
            read_key(path.read_bytes())
        except OSError as error:
            say((*at, "key_file"), f"{path} {why_not(error)}; `mailgate dkim key {form.domain} {form.selector} {path}` makes a new one")
        except BadKey as bad:
            say((*at, "key_file"), f"{path} {bad}")
