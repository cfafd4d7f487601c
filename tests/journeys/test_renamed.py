"""Some relays give letters a Message-ID of their own; answers that cite it find their ticket all the same."""

from __future__ import annotations

from pathlib import Path

from mailgate.model.evidence import EvidenceKind
from tests.journeys.world import ANN, MAX, SUPPORT, World, edit


def with_pattern(folder: Path) -> None:
    edit(folder, "mailgate.toml", ("# message_id_pattern = '250 .*<(.+)>'", "message_id_pattern = '250 .*<(.+)>' #"))


def test_an_answer_to_the_relays_own_message_id_finds_its_ticket(tmp_path: Path) -> None:
    with World(tmp_path, changes=with_pattern) as world:
        world.boxes.reply = lambda count: f"250 2.0.0 OK <relay-{count}@relay.example>"
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.letter(MAX)
        world.letter(ANN, "VPN drops")
        world.settle()
        ids = [row.letter.id for row in world.store.letters_of(1) if row.letter.audience == "requester"]
        renamed = next(
            f"<relay-{n}@relay.example>"
            for n in range(1, 9)
            if world.store.aliases([f"<relay-{n}@relay.example>"]).get(f"<relay-{n}@relay.example>") in ids
        )
        world.send(MAX, SUPPORT, "no token here", "More words.", In_Reply_To=renamed)
        assert len(world.tickets()) == 1
        evidence = world.store.inbox_rows(None, 1)[0].evidence
        assert any(e.kind is EvidenceKind.OWN_ID and e.ticket == 1 for e in evidence)
