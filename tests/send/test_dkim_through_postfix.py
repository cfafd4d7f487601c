"""Signatures hold on the way: each kind of letter in each language, handed to a real Postfix and verified by another program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.model.delivery import Delivered
from mailgate.model.installation import RelaySettings
from mailgate.model.letter import Letter
from mailgate.model.letters import LETTERS
from mailgate.send.dkim import Signer
from mailgate.send.relay import SmtpRelay
from tests.compose.desk import a_letter, an_agents, templates
from tests.fakes.signer import ed25519_key
from tests.send.test_dkim import AWKWARD, a_key, verified
from tests.servers.postfix import MAILBOXES, running_postfix

FILES = (b"", b"\r\n.\r\n..\r\nFrom x\r\n", bytes(range(256)) * 300)


def letters() -> Iterator[Letter]:
    for language in templates().languages:
        for event, audience in LETTERS:
            yield a_letter(event, audience, language)
    for words in AWKWARD:
        yield a_letter("agent_replied", "requester", "de", entry=an_agents(text=f"Hallo\n{words}\nEnde", html=None))
        yield a_letter("requester_wrote", "agent", "de", title=f"Grüße {words.strip() or 'x'}"[:200])
    for address in (f"müller@{MAILBOXES}", f"用户@{MAILBOXES}"):
        yield a_letter("agent_replied", "requester", "en", person=replace(samples.MAX, address=address, name="Jürgen 日本 Müller"))


def test_each_signature_holds_after_postfix_and_none_when_one_octet_was_changed(tmp_path: Path) -> None:
    """(fault 149)"""
    keys = a_key(tmp_path, "r1"), a_key(tmp_path, "e1", ed25519_key())
    signer, numbers = Signer(keys), itertools.count()
    with running_postfix() as postfix:
        relay = SmtpRelay(RelaySettings(host="127.0.0.1", port=postfix.port, tls="none", helo="desk.test"), lambda: None)
        for letter in letters():
            to = letter.address if letter.utf8 else f"max@{MAILBOXES}"
            data = assemble(letter, [samples.PICTURE] * len(letter.parts), signer.sign)
            assert isinstance(relay.deliver("support@desk.test", to, data, letter.utf8), Delivered)
            next(numbers)
        relay.close()
        sent = next(numbers)
        postfix.wait_for_letters(sent, seconds=300)
        for raw in postfix.raw_letters():
            mail = raw.replace(b"\n", b"\r\n")
            assert mail.startswith(b"Return-Path:") and b"\r\nReceived:" in mail
            assert verified(mail, 0) and verified(mail, 1), mail[:3000].decode(errors="replace")
            body = mail.index(b"\r\n\r\n") + 4
            at = next(place for place in range(body + 40, len(mail)) if mail[place : place + 1].isalnum())
            changed = mail[:at] + b"~" + mail[at + 1 :]
            assert not verified(changed, 0) and not verified(changed, 1)


@pytest.mark.parametrize("octets", FILES, ids=["empty", "dots", "binary"])
def test_the_signature_of_a_letter_with_files_holds_after_postfix(tmp_path: Path, octets: bytes) -> None:
    import hashlib

    from mailgate.compose.assemble import seal

    letter = a_letter("ticket_opened", "agent", "de")
    parts = tuple(replace(part, size=len(octets), sha256=hashlib.sha256(octets).hexdigest()) for part in letter.parts)
    digest, size = seal(letter.header, letter.body, parts, letter.boundary)
    letter = replace(letter, parts=parts, digest=digest, size=size)
    assert parts
    with running_postfix() as postfix:
        relay = SmtpRelay(RelaySettings(host="127.0.0.1", port=postfix.port, tls="none", helo="desk.test"), lambda: None)
        data = assemble(letter, [octets] * len(parts), Signer((a_key(tmp_path, "r1"), a_key(tmp_path, "e1", ed25519_key()))).sign)
        assert isinstance(relay.deliver("", f"ann@{MAILBOXES}", data, False), Delivered)
        relay.close()
        postfix.wait_for_letters(1)
        [raw] = postfix.raw_letters()
        mail = raw.replace(b"\n", b"\r\n")
        assert verified(mail, 0) and verified(mail, 1)
