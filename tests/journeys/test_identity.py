"""A desk whose agents prove themselves by their domain: whoever the trusted server bears out commands, and nobody with a forged stamp."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailgate.model.ticket import Status, Visibility
from tests.fakes.dns_server import NameServer, text
from tests.fakes.signer import record, rsa_key, signed
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World, edit

#: Who wrote a mail is the same on every record.
pytestmark = pytest.mark.either_database

STAMP = "mx.example.org; dmarc=pass header.from="
OWN_STAMPS = ('# servers = ["mx.example.org"]', 'servers = ["mx.example.org"]')


def by_domain(*verify: tuple[str, str]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        edit(folder, "policy.toml", ('agents_prove_by = "token"', 'agents_prove_by = "domain"'))
        edit(folder, "mailgate.toml", *verify)

    return change


def a_ticket(world: World, **headers: str) -> str:
    """Opened by Max; its subject token."""
    world.send(MAX, SUPPORT, "VPN drops at vpn.example.com", "It drops.", **headers)
    return world.letter(ANN, "It drops").header("Subject")


def test_an_agent_commands_with_the_servers_word_and_not_with_a_forged_one(tmp_path: Path) -> None:
    with World(tmp_path, changes=by_domain(OWN_STAMPS)) as world:
        subject = a_ticket(world)
        for forged in (
            {},
            {"Authentication_Results": "mx.evil.example; dmarc=pass header.from=example.org"},
            {"Authentication_Results": STAMP + "evil.example"},
            {"X_Authentication_Results": STAMP + "example.org"},
            {"ARC_Authentication_Results": "i=1; " + STAMP + "example.org"},
        ):
            world.send(ANN, SUPPORT, subject, "#resolve\nForged.", **forged)
            file = world.ticket()
            assert file.ticket.status is Status.NEW, forged
            assert file.entries[-1].visibility is Visibility.UNVERIFIED, forged
            world.letter(ANN, "E_PERM")
        world.send(ANN, SUPPORT, subject, "#reply\n#resolve\nThe cable was loose.", Authentication_Results=STAMP + "example.org")
        assert world.ticket().ticket.status is Status.RESOLVED
        solution = world.letter(MAX, "The cable was loose")
        assert "Forged" not in "".join(letter.text for letter in world.letters_for(MAX))
        # The requester's answer needs no more than it did.
        world.answer(MAX, solution, "No, it was not.")
        assert world.ticket().ticket.status is Status.OPEN


def test_a_mail_that_is_not_from_its_author_does_nothing_and_no_machine_writes_to_him(tmp_path: Path) -> None:
    failed = "mx.example.org; dmarc=fail header.from="
    with World(tmp_path, changes=by_domain(OWN_STAMPS)) as world:
        subject = a_ticket(world, Authentication_Results=STAMP + "example.com")
        ack = world.letter(MAX, "VPN drops")
        assert "vpn.example.com" in ack.header("Subject")  # his domain is authentic, so he gets his words back
        before = len(world.letters_for(MAX))
        world.send(ANN, SUPPORT, subject, "#resolve\nForged.", Authentication_Results=failed + "example.org")
        assert world.ticket().ticket.status is Status.NEW
        assert "Forged." in world.letter(ANN, "Forged.").text  # she hears that somebody uses her name
        world.answer(MAX, ack, "close", Authentication_Results=failed + "example.com")
        file = world.ticket()
        assert file.ticket.status is Status.NEW and file.entries[-1].visibility is Visibility.UNVERIFIED
        world.send(EVE, SUPPORT, "Buy now", "Buy.", Authentication_Results=failed + "example.net")
        assert len(world.tickets()) == 2
        assert not world.letters_for(EVE) and len(world.letters_for(MAX)) == before
        row = max(world.store.inbox.rows(), key=lambda row: row.id)
        assert ("authenticate", "fail") in [(line.rule, line.then) for line in row.trace]


def test_a_stranger_without_a_verdict_gets_a_subject_of_ours(tmp_path: Path) -> None:
    with World(tmp_path, changes=by_domain(OWN_STAMPS)) as world:
        world.send(MAX, SUPPORT, "Cheap pills", "Buy.")
        [ack] = world.letters_for(MAX)
        assert b"pills" not in ack.data


@pytest.mark.parametrize("kind", ["signed", "forged"])
def test_our_own_check_bears_out_whom_the_domain_signed_for(tmp_path: Path, kind: str) -> None:
    zone = {("s1._domainkey.example.org", "TXT"): text(record(rsa_key())), ("_dmarc.example.org", "TXT"): text("v=DMARC1; p=none")}
    with NameServer(zone) as server:
        own = (("# dns = false ", f'dns = true\nresolver = ["{server.place}"]\n# '),)
        with World(tmp_path, changes=by_domain(*own)) as world:
            subject = a_ticket(world)
            mail = (
                f"From: Ann <{ANN}>\r\nTo: {SUPPORT}\r\nSubject: {subject}\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n"
                "Message-ID: <a1@example.org>\r\n\r\n#take\r\n"
            ).encode()
            good = signed(mail)
            world.deliver(good if kind == "signed" else good.replace(b"#take", b"#close"), ANN, [SUPPORT])
            file = world.ticket()
            if kind == "signed":
                assert file.person(file.ticket.owner).address == ANN
            else:
                assert file.ticket.owner is None and file.ticket.status is Status.NEW
                assert file.entries[-1].visibility is Visibility.UNVERIFIED
        assert ("s1._domainkey.example.org", "TXT") in server.asked


def test_a_door_for_colleagues_bears_them_out(tmp_path: Path) -> None:
    with World(tmp_path, changes=by_domain(("# insiders = false ", "insiders = true\n# "))) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        subject = world.letter(ANN, "It drops").header("Subject")
        world.send(BOB, SUPPORT, subject, "#take")
        file = world.ticket()
        assert file.person(file.ticket.owner).address == BOB
