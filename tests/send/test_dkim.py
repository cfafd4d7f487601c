"""What we sign is verified by another program, and a key that cannot be used lets nothing leave unsigned."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization

from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.compose.strict import FOLDED
from mailgate.model.canonical import relaxed_body
from mailgate.model.installation import DkimSettings
from mailgate.model.letters import LETTERS
from mailgate.send.dkim import BadKey, Signer, Unsigned, read_key, record_of, relaxed_digest, txt
from mailgate.understand.identity.dkim import signatures
from tests.compose.desk import a_letter, an_agents, templates
from tests.fakes.signer import ed25519_key, record, rsa_key

PEM, PKCS8, PKCS1 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
BARE = serialization.NoEncryption()


def a_key(folder: Path, selector: str, made: Any = None, *, form: Any = PKCS8, domain: str = "example.org") -> DkimSettings:
    path = folder / f"{selector}.pem"
    path.write_bytes((made or rsa_key()).private_bytes(PEM, form, BARE))
    path.chmod(0o600)
    return DkimSettings(domain=domain, selector=selector, key_file=str(path))


@pytest.fixture
def both(tmp_path: Path) -> tuple[DkimSettings, DkimSettings]:
    return a_key(tmp_path, "r1"), a_key(tmp_path, "e1", ed25519_key())


ZONE = {"r1._domainkey.example.org.": record(rsa_key()), "e1._domainkey.example.org.": record(ed25519_key())}


def verified(mail: bytes, index: int = 0) -> bool:
    """What dkimpy says of the signature that stands at this place."""
    try:
        return bool(dkim.DKIM(mail).verify(idx=index, dnsfunc=lambda name, **_: ZONE.get(name.decode(), "").encode()))
    except dkim.DKIMException:
        return False


def signed(signer: Signer, letter: Any, parts: tuple[bytes, ...] = ()) -> bytes:
    return assemble(letter, parts, signer.sign)


@pytest.mark.parametrize("language", templates().languages)
def test_each_kind_of_letter_in_each_language_is_signed_twice_and_verified_by_another_program(
    both: tuple[DkimSettings, DkimSettings], language: str
) -> None:
    """(fault 149)"""
    signer = Signer(both)
    for event, audience in LETTERS:
        letter = a_letter(event, audience, language)
        mail = signed(signer, letter, (samples.PICTURE,) * len(letter.parts))
        assert verified(mail, 0) and verified(mail, 1), (event, audience)
        head = mail.partition(b"\r\n\r\n")[0]
        assert head.count(b"DKIM-Signature:") == 2 and max(map(len, head.split(b"\r\nDate:")[0].split(b"\r\n"))) <= FOLDED
        assert not (verified(mail.replace(b"\r\n\r\n", b"\r\n\r\nX", 1), 0) or verified(mail.replace(b"\r\n\r\n", b"\r\n\r\nX", 1), 1))


AWKWARD = [".", "..\n.x", "From me", "trailing  ", "\ttab\t", "x" * 3000, "grüße " * 300, "a\n\n\n\nb", "日本語" * 500, "=3D=", "-- "]


@pytest.mark.parametrize("words", AWKWARD, ids=range(len(AWKWARD)))
def test_whatever_stands_in_a_letter_one_octet_less_is_noticed(both: tuple[DkimSettings, DkimSettings], words: str) -> None:
    letter = a_letter("agent_replied", "requester", "de", entry=an_agents(text=f"Hallo\n{words}\nEnde", html=None))
    mail = signed(Signer(both), letter)
    assert verified(mail, 0) and verified(mail, 1)
    body = mail.index(b"\r\n\r\n") + 4
    for at in range(body, len(mail), 97):
        if mail[at : at + 1].isalnum():
            assert not verified(mail[:at] + b"~" + mail[at + 1 :])
            break


#: A field that somebody changes, adds once more, or puts above ours.
@pytest.mark.parametrize(
    "name", ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "References", "MIME-Version", "Content-Type", "Auto-Submitted"]
)
def test_a_second_field_of_a_kind_breaks_both_signatures(both: tuple[DkimSettings, DkimSettings], name: str) -> None:
    mail = signed(Signer(both), a_letter("ticket_opened", "requester"))
    value = "text/html" if name == "Content-Type" else "somebody else <eve@example.net>"
    for broken in (
        mail.replace(f"\r\n{name}:".encode(), f"\r\n{name}: {value}\r\n{name}:".encode(), 1),
        f"{name}: {value}\r\n".encode() + mail,
    ):
        assert not verified(broken, 0) and not verified(broken, 1)


@pytest.mark.parametrize("name", ["Cc", "In-Reply-To"])
def test_a_field_that_is_not_there_cannot_be_added(both: tuple[DkimSettings, DkimSettings], name: str) -> None:
    mail = signed(Signer(both), a_letter("operator_alarmed", "operator"))
    assert verified(mail) and f"\r\n{name}:".encode() not in mail
    assert not verified(f"{name}: <eve@example.net>\r\n".encode() + mail)


@pytest.mark.parametrize("name", ["List-Id", "Received", "X-Spam-Status", "Return-Path", "Content-Transfer-Encoding"])
def test_what_servers_add_on_the_way_breaks_nothing(both: tuple[DkimSettings, DkimSettings], name: str) -> None:
    mail = signed(Signer(both), a_letter("ticket_opened", "requester"))
    assert verified(f"{name}: added <by.a.server>\r\n".encode() + mail) and verified(f"{name}: added <by.a.server>\r\n".encode() + mail, 1)


def test_fields_of_lists_are_signed_where_they_are(both: tuple[DkimSettings, DkimSettings]) -> None:
    lists = b"\r\nList-Unsubscribe: <mailto:a@example.org>\r\nList-Help: one\r\nFeedback-ID: x:y\r\nList-Help: two"
    header = a_letter("ticket_opened", "requester").header + lists
    pieces = [header, b"\r\n\r\n", b"x\r\n"]
    mail = b"".join([Signer(both).sign(pieces, samples.NOW), *pieces])
    [first, _] = signatures(mail).signatures
    assert {"list-unsubscribe", "feedback-id", "from", "subject", "message-id", "to", "reply-to", "date"} <= set(first.covers)
    assert verified(mail) and not verified(mail.replace(b"a@example.org", b"b@example.org"))


def test_the_same_letter_has_the_same_octets_whoever_signs_it_again(both: tuple[DkimSettings, DkimSettings]) -> None:
    letter = a_letter("agent_replied", "requester")
    assert signed(Signer(both), letter) == signed(Signer(both), letter)
    assert f"t={int(letter.made_at.timestamp())};".encode() in signed(Signer(both), letter)


def test_the_domain_of_the_from_signs_or_the_nearest_above_it_and_nobody_for_another(tmp_path: Path) -> None:
    """(fault 148)"""
    letter = a_letter("agent_replied", "requester")
    near, far = a_key(tmp_path, "near", domain="desk.example.org"), a_key(tmp_path, "far")
    other = a_key(tmp_path, "other", domain="example.net")
    below = letter.header.replace(b"support@example.org>\r\nTo", b"support@desk.example.org>\r\nTo")
    sign = Signer((far, other, near)).sign
    assert b"d=desk.example.org;" in sign([below, b"\r\n\r\n", b"x\r\n"], samples.NOW)
    assert b"d=example.org;" in Signer((far, other)).sign([below, b"\r\n\r\n", b"x\r\n"], samples.NOW)
    assert b"d=example.org;" in sign([letter.header, b"\r\n\r\n", b"x\r\n"], samples.NOW)
    assert Signer((other, near)).sign([letter.header, b"\r\n\r\n", b"x\r\n"], samples.NOW) == b""
    notours = letter.header.replace(b"support@example.org>\r\nTo", b"support@badexample.org>\r\nTo")
    assert Signer((far,)).sign([notours, b"\r\n\r\n", b"x\r\n"], samples.NOW) == b""


def test_of_two_keys_of_a_kind_the_first_signs(tmp_path: Path) -> None:
    new, old = a_key(tmp_path, "new"), a_key(tmp_path, "old")
    mail = signed(Signer((new, old)), a_letter("agent_replied", "requester"))
    assert mail.count(b"DKIM-Signature:") == 1 and b"s=new;" in mail


def test_a_relay_that_renames_letters_breaks_no_signature(both: tuple[DkimSettings, DkimSettings]) -> None:
    letter = a_letter("agent_replied", "requester")
    mail = signed(Signer(both, renamed=True), letter)
    assert verified(mail.replace(letter.message_id.encode(), b"<other@relay.example>"))
    assert not verified(signed(Signer(both), letter).replace(letter.message_id.encode(), b"<other@relay.example>"))


@pytest.mark.parametrize("form", [PKCS8, PKCS1])
def test_keys_are_read_in_the_forms_that_programs_write(tmp_path: Path, form: Any) -> None:
    mail = signed(Signer([a_key(tmp_path, "r1", form=form)]), a_letter("agent_replied", "requester"))
    assert verified(mail)
    raw = base64.b64encode(ed25519_key().private_bytes_raw())
    assert record_of(read_key(raw)) == record(ed25519_key())


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "short": (lambda: rsa_key(1024).private_bytes(PEM, PKCS8, BARE), "1024 bits"),
    "locked": (lambda: rsa_key().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"canary")), "locked with a password"),
    "public": (lambda: rsa_key().public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo), "no private key"),
    "empty": (lambda: b"", "no private key"),
    "garbage": (lambda: b"canary horse\n", "no private key"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_cannot_sign_is_told_in_words(kind: str) -> None:
    make, words = BAD[kind]
    with pytest.raises(BadKey, match=words) as told:
        read_key(make())
    assert "canary" not in str(told.value)


def test_a_key_that_goes_away_lets_nothing_leave_unsigned_and_one_that_comes_back_signs(tmp_path: Path) -> None:
    one, letter = a_key(tmp_path, "r1"), a_letter("agent_replied", "requester")
    signer = Signer([one])
    before = signed(signer, letter)
    path = Path(one.key_file)
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(Unsigned, match=r"r1\._domainkey\.example\.org cannot be read"):
        signed(signer, letter)
    path.write_bytes(b"half a key")
    with pytest.raises(Unsigned, match="no private key"):
        signed(signer, letter)
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    assert signed(signer, letter) == before


def test_the_hash_of_a_body_in_pieces_is_that_of_the_whole() -> None:
    """Against the one that verifies: all short bodies of awkward signs, cut in any place, and long ones across the windows."""
    for size in range(6):
        for signs in itertools.product((b" ", b"\t", b"\r\n", b"x"), repeat=size):
            whole = b"".join(signs)
            expected = hashlib.sha256(relaxed_body(whole.replace(b"\r\n", b"\n"))).digest()
            for cut in range(size + 1):
                assert relaxed_digest([b"\r\n\r\n", b"".join(signs[:cut]), b"".join(signs[cut:])]) == expected, (signs, cut)
    chance = random.Random(7)
    for _ in range(20):
        whole = b"".join(chance.choice((b"word ", b"\t", b"\r\n", b" \r\n", b"\r\n\r\n\r\n", b"x" * 90)) for _ in range(9000))
        expected = hashlib.sha256(relaxed_body(whole.replace(b"\r\n", b"\n"))).digest()
        cuts = sorted(chance.randrange(len(whole)) for _ in range(3))
        pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        if not any(piece.endswith(b"\r") for piece in pieces):
            assert relaxed_digest([b"\r\n\r\n", *pieces]) == expected


def test_a_record_is_cut_into_strings_that_dns_can_hold() -> None:
    shown = txt(record_of(rsa_key()))
    assert all(len(piece) <= 255 for piece in shown.strip('"').split('" "')) and shown.replace('" "', "").strip('"') == record(rsa_key())


def test_large_files_are_held_once(both: tuple[DkimSettings, DkimSettings]) -> None:
    """Signing adds no copy of a letter: what it holds at a time is a window."""
    import tracemalloc

    encoded = base64.encodebytes(bytes(8 * 1024 * 1024)).replace(b"\n", b"\r\n")
    pieces = [a_letter("agent_replied", "requester").header, b"\r\n\r\n", b"x\r\n", encoded]
    signer = Signer(both)
    signer.sign(pieces[:3], samples.NOW)
    tracemalloc.start()
    try:
        assert signer.sign(pieces, samples.NOW)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1024 * 1024


def test_a_letter_that_waited_is_signed_with_the_instant_it_was_written_at(both: tuple[DkimSettings, DkimSettings]) -> None:
    letter = a_letter("agent_replied", "requester")
    later = replace(letter, not_before=letter.made_at + timedelta(days=2))
    assert signed(Signer(both), later) == signed(Signer(both), letter)
