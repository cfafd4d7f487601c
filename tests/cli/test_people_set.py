"""An operator says who somebody is: a VIP, of an organisation, called so. Their live tickets follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.house import lived_in

pytestmark = pytest.mark.either_database
ACME = '\n[organisations.acme]\ndomains = ["acme.example"]\nvip = true\n'


def test_a_persons_standing_changes_with_their_live_tickets(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    policy = house.config / "policy.toml"
    policy.write_text(policy.read_text(encoding="utf-8") + ACME, encoding="utf-8")
    said = house.run("people", "set", "Max@example.com", "--vip", "--organisation", "acme", "--name", "Max  Muster Sr")
    assert said.exit_code == 0 and "1 open ticket of theirs changed" in said.output, said.output
    shown = house.run("people", "show", "max@example.com").output
    assert "of        acme" in shown and "vip       yes" in shown and "Max Muster Sr" in shown
    with house.store() as store:
        person = store.people.at(["max@example.com"])["max@example.com"]
        (number,) = store.tickets.live_of(person.id)
        ticket = store.tickets.files([number])[number].ticket
        assert (ticket.vip, ticket.organisation) == (True, "acme")
        assert [row.facts for row in store.tickets.history(number) if row.name == "standing_changed"] == [
            {"vip": True, "organisation": "acme"}
        ]
    tickets = house.run("tickets", "show", str(number)).output
    assert "VIP, acme" in tickets and "impact 3, urgency 2" in tickets
    again = house.run("people", "set", "max@example.com", "--vip")
    assert "open ticket" not in again.output
    assert house.run("people", "set", "max@example.com", "--no-vip", "--organisation", "auto").exit_code == 0
    assert "vip       yes" not in house.run("people", "show", "max@example.com").output


def test_what_cannot_be_set_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    for arguments, words in (
        (("max@example.com",), "say what is to change"),
        (("max@example.com", "--organisation", "acme"), "no organisation acme"),
        (("nobody@example.com", "--vip"), "nobody has the address"),
        (("ann@example.org", "--name", "Anna"), "say it in policy.toml"),
    ):
        refused = house.run("people", "set", *arguments)
        assert refused.exit_code != 0 and words in refused.output, (arguments, refused.output)
