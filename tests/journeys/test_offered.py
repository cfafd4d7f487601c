"""A ticket is offered to one after the other, by mail alone: taken, passed on, left to silence, to the lead, to who stands in."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailgate.app.running import Running
from mailgate.cli import app
from mailgate.model.ticket import Status
from tests.journeys.world import ANN, BOB, MAX, SUPPORT, World, edit


def one_is_asked(config: Path) -> None:
    edit(config, "policy.toml", ('lead = "ann"', 'lead = "ann"\nassign = "least_loaded"'))


def asks(world: World) -> None:
    world.settle()
    world.gateway.review_clocks()
    world.settle()


@pytest.mark.either_database
def test_an_offer_is_passed_on_runs_out_and_ends_with_the_lead_and_who_goes_away_hands_over(tmp_path: Path) -> None:
    with World(tmp_path, changes=one_is_asked) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        asks(world)
        offer = world.letter(ANN, "Can you take this one?")
        assert "It drops." in offer.text and not [one for one in world.letters_for(BOB) if "VPN" in one.text]
        world.answer(ANN, offer, "#note\nlooks like DNS")  # a note takes nothing
        assert world.ticket().ticket.owner is None
        world.answer(ANN, offer, "#decline\nI know nothing about DNS.")
        asks(world)
        second = world.letter(BOB, "Can you take this one?")
        assert "I know nothing about DNS." in second.text
        world.pass_time(hours=5)  # P4: four hours of work, and silence
        assert "Nobody can take this ticket right now." in world.letter(ANN, "Nobody can").text
        assert world.events(1)[-2:] == ["offer_expired", "nobody_took"]
        world.send(MAX, SUPPORT, "Printer", "It is out of paper.")
        asks(world)
        offer = world.letter(ANN, "out of paper")
        world.answer(ANN, offer, "#take")
        world.settle()
        assert world.store.tickets.files([2])[2].ticket.status is Status.OPEN
        assert world.events(2)[-2:] == ["ticket_taken", "offer_accepted"]
        world.answer(ANN, offer, "#away until fri")  # and somebody waits for an answer
        world.settle()
        world.pass_time(minutes=1)
        assert world.letter(BOB, "out of paper").header("Subject").startswith("Yours?")
        assert world.events(2)[-3:] == ["ticket_assigned", "owner_sought", "ticket_offered"]
        rebuilt = CliRunner().invoke(app, ["replay", "--check", "--config", str(world.folder / "config")])
        assert rebuilt.exit_code == 0, rebuilt.output


@pytest.mark.database("postgresql", because="several nodes need a server")
def test_of_two_nodes_that_give_the_same_ticket_at_the_same_instant_one_does(tmp_path: Path) -> None:
    with World(tmp_path, changes=one_is_asked) as world, Running(world.settings, world.clock) as other:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.gateway.read_inbox()
        both = threading.Barrier(2)
        for store in (world.store, other.program.store):
            meets(store, both)
        rounds = [threading.Thread(target=one.review_clocks) for one in (world.gateway, other.program.gateway)]
        for one in rounds:
            one.start()
        for one in rounds:
            one.join(100)
        assert world.events(1).count("ticket_offered") == 1
        assert len([one for one in world.letters_for(ANN) if "Can you take" in one.text]) == 1


def meets(store: Any, both: threading.Barrier) -> None:
    """What is known of the agents is used only when the other node knows it as well."""
    known, met = store.assignments.availabilities, threading.Event()

    def and_wait(*given: Any) -> Any:
        found = known(*given)
        if not met.is_set():
            met.set()
            both.wait(100)
        return found

    store.assignments.availabilities = and_wait
