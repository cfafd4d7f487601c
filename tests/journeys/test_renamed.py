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
        ids = [row.letter.id for row in world.store.outbox.of_ticket(1) if row.letter.audience == "requester"]
        renamed = next(
            f"<relay-{n}@relay.example>"
            for n in range(1, 9)
            if world.store.outbox.aliases([f"<relay-{n}@relay.example>"]).get(f"<relay-{n}@relay.example>") in ids
        )
        world.send(MAX, SUPPORT, "no token here", "More words.", In_Reply_To=renamed)
        assert len(world.tickets()) == 1
        evidence = world.store.inbox.rows(None, 1)[0].evidence
        assert any(e.kind is EvidenceKind.OWN_ID and e.ticket == 1 for e in evidence)


def test_a_bounce_that_knows_the_letter_only_by_the_relays_name_finds_it(tmp_path: Path) -> None:
    with World(tmp_path, changes=with_pattern) as world:
        world.mailboxes.reply = lambda count: f"250 2.0.0 OK <relay-{count}@relay.example>"
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.letter(MAX)
        world.letter(ANN, "VPN drops")
        world.settle()
        acknowledgement = next(row.letter for row in world.store.outbox.of_ticket(1) if row.letter.audience == "requester")
        names = [f"<relay-{n}@relay.example>" for n in range(1, 9)]
        renamed = next(name for name, letter in world.store.outbox.aliases(names).items() if letter == acknowledgement.id)
        lines = (
            "From: MAILER-DAEMON@mx.example.net", f"To: {SUPPORT}", "Subject: Undelivered", "Message-ID: <b@mx.example.net>",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "", "It failed.", "--b",
            "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx", "", f"Final-Recipient: rfc822; {MAX}", "Action: failed",
            "Status: 5.1.1", "", "--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: {renamed}", "", "--b--", "",
        )  # fmt: skip
        world.deliver("\r\n".join(lines).encode(), "", [SUPPORT])
        world.settle()
        assert world.store.outbox.row(acknowledgement.id).fate == "bounced"
