"""What a Message-ID is worth: mails without one, with an empty or a doubled one, or with another mail's, and threads in any order."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.journeys.world import MAX, SUPPORT, World

BODIES = ("The lamp is dark.", "The door is stuck.")


def a_mail(ids: str, subject: str, body: str) -> bytes:
    return f"From: {MAX}\r\nTo: {SUPPORT}\r\n{ids}Subject: {subject}\r\n\r\n{body}\r\n".encode()


def test_mails_without_a_message_id_of_their_own_are_told_apart_by_what_they_say(world: World) -> None:
    """None, an empty one, two of them: in the same second, from the same author, under the same subject. Nothing is lost, and the same
    mail again is still the same (fault 14)."""
    for ids in ("", "Message-ID:\r\n", "Message-ID: <>\r\n", "Message-ID: <1@example.com>\r\nMessage-ID: <2@example.com>\r\n"):
        before = len(world.tickets())
        for body in (*BODIES, BODIES[0]):
            world.deliver(a_mail(ids, "office", body), MAX, [SUPPORT])
        world.settle()
        files = world.store.tickets.files([ticket.number for ticket in world.tickets()[before:]])
        said = [entry.text.strip() for file in files.values() for entry in file.entries]
        assert sorted(said) == sorted(BODIES), (ids, said)


def test_two_mails_under_one_message_id_are_both_read(world: World) -> None:
    """Some senders give every mail the same one. Who goes by it alone loses the second in silence (FreeScout#5591, fault 12)."""
    for body in BODIES:
        world.deliver(a_mail("Message-ID: <notice@shop.example>\r\n", body, body), MAX, [SUPPORT])
    world.settle()
    files = world.store.tickets.files([ticket.number for ticket in world.tickets()])
    entries = [entry for file in files.values() for entry in file.entries]
    assert sorted(entry.text.strip() for entry in entries) == sorted(BODIES)
    assert sum("same_message_id" in entry.flags for entry in entries) == 1, "the second says what is odd about it"


@pytest.mark.either_database
def test_four_mails_of_one_thread_are_one_ticket_in_every_order(world: World) -> None:
    """Each answers the one before and names all of them. Who wrote a mail that was overtaken finds his ticket as well (fault 40)."""
    for turn, order in enumerate(permutations(range(4))):
        ids = [f"<{turn}.{n}@example.com>" for n in range(4)]
        for n in order:
            cited = f"In-Reply-To: {ids[n - 1]}\r\nReferences: {' '.join(ids[:n])}\r\n" if n else ""
            world.deliver(a_mail(f"Message-ID: {ids[n]}\r\n{cited}", f"{'Re: ' * bool(n)}lamp", f"mail {n} of {turn}"), MAX, [SUPPORT])
        world.settle()
        assert len(world.tickets()) == turn + 1, order
        numbers = [ticket.number for ticket in world.tickets()]
        assert all(len(file.entries) == 4 for file in world.store.tickets.files(numbers).values()), order
