"""The page for agents shows every command as the table has it. `MAILGATE_RENEW_GOLDEN=1` writes it anew."""

from __future__ import annotations

import os

from mailgate.model.commands import VERBS
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "agents.md"
BEGIN, END = "MAILGATE_RENEW_GOLDEN=1 renews it. -->\n", "<!-- The table ends here. -->"


def table() -> str:
    rows = ["| command | does | also called |", "| --- | --- | --- |"]
    for verb in VERBS.values():
        form = verb.form.replace("|", "\\|")
        rows.append(f"| `{form}` | {verb.help} | {', '.join(f'`#{alias}`' for alias in verb.aliases)} |")
    return "\n".join(("", *rows, "", ""))


def test_the_page_for_agents_shows_every_command_as_it_is() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    shown, found, after = rest.partition(END)
    assert found, "the page has lost its marks"
    if os.environ.get("MAILGATE_RENEW_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}")
    else:
        assert shown == table()
