"""What Exchange says of a colleague, out of a real mailbox: it bears out who wrote a mail, and nobody who wrote the header himself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.model.ticket import Status, Visibility
from tests.journeys.test_mailbox import MAILBOX, a_desk, mail, until
from tests.journeys.world import ANN, MAX, SUPPORT, World
from tests.servers.dovecot import Dovecot, running_dovecot

pytestmark = pytest.mark.either_database

BY_DOMAIN = (('agents_prove_by = "token"', 'agents_prove_by = "domain"'),)
STAMP = "X-MS-Exchange-Organization-AuthAs"
INTERNAL = {STAMP: "Internal"}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


def a_ticket(world: World) -> str:
    """Opened by Max through the door; its subject token."""
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    return world.letter(ANN, "It drops").header("Subject")


def read(world: World, dovecot: Dovecot, user: str, raw: bytes) -> None:
    """Lies in the mailbox, and was read by us."""
    before = len(world.store.inbox.rows())
    dovecot.append(user, raw)
    until(lambda: len(world.store.inbox.rows()) > before, world)
    world.settle()


def in_a_part() -> bytes:
    """The header of a part is the sender's own."""
    head, _, body = mail("part", ANN, text="#reply\n#resolve\nForged.").partition(b"\r\n\r\n")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-")))
    stamped = f"--b\r\n{STAMP}: Internal\r\n\r\n".encode()
    return head + b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + stamped + body + b"\r\n--b--\r\n"


def test_what_exchange_says_of_a_colleague_proves_her_and_a_forged_stamp_proves_nobody(tmp_path: Path, dovecot: Dovecot) -> None:
    user = "inside@example.org"
    with a_desk(tmp_path, dovecot, user, "insider_stamp = true", policy=BY_DOMAIN) as world:
        subject = a_ticket(world)
        forged = {
            "what Exchange makes of a mail from outside": mail("Re: a", ANN, text="#reply\n#resolve\nForged.", **{STAMP: "Anonymous"}),
            "another header": mail("Re: c", ANN, text="#reply\n#resolve\nForged.", **{f"X-{STAMP}": "Internal"}),
            "in a part": in_a_part(),
        }
        two = mail("Re: b", ANN, text="#reply\n#resolve\nForged.", **INTERNAL)
        forged["beside the one of Exchange"] = f"{STAMP}: Anonymous\r\n".encode() + two
        for why, raw in forged.items():
            lines = [f"Subject: {subject}".encode() if line.startswith(b"Subject:") else line for line in raw.split(b"\r\n")]
            read(world, dovecot, user, b"\r\n".join(lines))
            file = world.ticket()
            assert file.ticket.status is Status.NEW and file.entries[-1].visibility is Visibility.UNVERIFIED, why
            world.letter(ANN, "E_PERM")
        world.send(ANN, SUPPORT, subject, "#reply\n#resolve\nForged.", **{STAMP: "Internal"})  # by the door, where Exchange said nothing
        assert world.ticket().ticket.status is Status.NEW
        read(world, dovecot, user, mail(subject, MAX, text="close", **INTERNAL))
        assert world.ticket().ticket.status is Status.NEW, "it counts for the domains of desks and agents"
        read(world, dovecot, user, mail(f"Re: {subject}", ANN, text="#reply\n#resolve\nThe cable was loose.", **INTERNAL))
        assert world.ticket().ticket.status is Status.RESOLVED
        solution = world.letter(MAX, "The cable was loose")
        assert "Forged" not in solution.text


def test_the_same_stamp_in_a_mailbox_that_nobody_vouched_for_proves_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    user = "plain@example.org"
    beside = MAILBOX.format(port=dovecot.port, user="other@example.org", login='password_file = "password"', poll="1m", more="")
    beside = beside.replace('"support"', '"vouched"') + "insider_stamp = true\n"
    with a_desk(tmp_path, dovecot, user, oauth=beside, policy=BY_DOMAIN) as world:
        subject = a_ticket(world)
        read(world, dovecot, user, mail(subject, ANN, text="#reply\n#resolve\nForged.", **INTERNAL))
        file = world.ticket()
        assert file.ticket.status is Status.NEW and file.entries[-1].visibility is Visibility.UNVERIFIED
        world.letter(ANN, "E_PERM")
        read(world, dovecot, "other@example.org", mail(f"Re: {subject}", ANN, text="#reply\n#resolve\nThe cable was loose.", **INTERNAL))
        assert world.ticket().ticket.status is Status.RESOLVED, "in the other one it does"
