"""What explain says of a mail is what then happens to it: both go the same way, up to the record."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import select

from mailgate.app.explainer import Explainer
from mailgate.explain.dry_run import Explained
from mailgate.model.evidence import EvidenceKind
from mailgate.record import tables
from tests.journeys.test_renamed import with_pattern
from tests.journeys.world import ANN, MAX, SUPPORT, World


def state(world: World) -> object:
    """All that a mail could change, numbers that are given out among it."""
    counters = world.store._db.read(lambda connection: list(connection.execute(select(tables.counters)).all()))
    return world.events(1), world.store.outbox.of_ticket(1), world.store.inbox.rows(), world.store.people.listed(), counters


def explained(world: World, config: Path, mail: EmailMessage) -> Explained:
    before = state(world)
    with Explainer(config, clock=world.clock) as explainer:
        (told,) = explainer.tell([mail.as_bytes(policy=SMTP)], accounts=False)
    assert state(world) == before
    return told


def test_two_people_whom_the_requester_copies_in_are_two_and_both_join(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        acknowledged = world.letter(MAX)
        world.settle()
        mail = world.a_mail(
            MAX,
            acknowledged.reply_address,
            "Re: VPN drops",
            "My colleagues have it, too.",
            Cc="Pia <pia@example.com>, Quinn <quinn@example.com>",
        )
        decided = explained(world, tmp_path / "config", mail).decided
        assert decided is not None
        said = {person.address for person in decided.wanted.people} - {MAX}
        assert said == {"pia@example.com", "quinn@example.com"}
        assert len({member.person for change in decided.wanted.changes for member in change.after.members}) == 2
        world.deliver(mail.as_bytes(policy=SMTP), MAX, [acknowledged.reply_address])
        world.settle()
        file = world.store.tickets.files([1])[1]
        assert {person.address for person in file.people} >= said and len(file.ticket.members) == 2


def test_a_letter_is_known_by_the_name_that_the_relay_gave_it(tmp_path: Path) -> None:
    with World(tmp_path, changes=with_pattern) as world:
        world.mailboxes.reply = lambda count: f"250 2.0.0 OK <relay-{count}@relay.example>"
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.letter(MAX)
        world.letter(ANN, "VPN drops")
        world.settle()
        ids = {row.letter.id for row in world.store.outbox.of_ticket(1) if row.letter.audience == "requester"}
        names = [f"<relay-{n}@relay.example>" for n in range(1, 9)]
        renamed = next(name for name, letter in world.store.outbox.aliases(names).items() if letter in ids)
        decided = explained(
            world, tmp_path / "config", world.a_mail(MAX, SUPPORT, "no token here", "More words.", In_Reply_To=renamed)
        ).decided
        assert decided is not None and decided.wanted.ticket is not None and decided.wanted.ticket.number == 1
        assert any(e.kind is EvidenceKind.OWN_ID and e.letter in ids for e in decided.read.evidence)
