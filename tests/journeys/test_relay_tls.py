"""Five bad certificates at the relay: no login and no letter in clear, all stays queued, and the operator hears of it once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailgate.cli import app
from tests.fakes.certificates import Certificate, Certificates, make_certificates
from tests.fakes.smtp_sink import Act, Say, SmtpSink
from tests.journeys.world import MAX, OPERATOR, SUPPORT, World, edit

#: What a certificate is worth is the same on every record.
pytestmark = pytest.mark.either_database

SECRET = "canary horse battery"

#: What the relay shows, the words by which the operator knows what is wrong, and a word of the way out.
FIVE: dict[str, tuple[str | None, Mapping[str, Sequence[Act]], str, str]] = {
    "expired": ("expired", {}, "certificate has expired", "renewed"),
    "self-signed": ("self_signed", {}, "self-signed certificate", "ca_file"),
    "wrong name": ("wrong_host", {}, "not valid for 'localhost'", "the name that stands in"),
    "missing": (None, {}, "offers no STARTTLS", "in between"),
    "stripped": ("good", {"STARTTLS": [Say("454 4.7.0 TLS not available")] * 50}, "refused STARTTLS: 454", "in between"),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def a_world(folder: Path, sink: SmtpSink, certificates: Certificates) -> Iterator[World]:
    def changes(config: Path) -> None:
        (config / "password").write_text(SECRET + "\n")
        (config / "password").chmod(0o600)
        relay = 'kind = "smtp"\nhost = "127.0.0.1"'
        named = f'kind = "smtp"\nhost = "localhost"\nuser = "desk"\npassword_file = "password"\nca_file = "{certificates.authority}"'
        edit(config, "mailgate.toml", (f"[relay]\n{relay}", f"[relay]\n{named}"), ('tls = "none" #', 'tls = "starttls" #'))

    world = World(folder, changes=changes, relay_port=sink.port)
    world._running.__enter__()  # without waiting for letters that cannot come
    try:
        yield world
    finally:
        world._running.__exit__(None, None, None)


#: `check` says it in words of its own.
IN_OUR_WORDS = {"self-signed": "its certificate is self-signed", "wrong name": "its certificate is for another name"}


@pytest.mark.parametrize("which", FIVE)
def test_a_bad_certificate_costs_no_secret_no_letter_and_one_alarm(tmp_path: Path, certificates: Certificates, which: str) -> None:
    """(fault 34)"""
    name, script, said, way_out = FIVE[which]
    certificate: Certificate | None = getattr(certificates, name) if name else None
    sink = SmtpSink(script, certificate=certificate, login=("desk", SECRET), needs_login=True)
    with sink, a_world(tmp_path, sink, certificates) as world:
        world.send(MAX, SUPPORT, "VPN drops", "The canary sings at midnight.")
        world.settle()
        for _ in range(3):
            world.clock.turn(minutes=6)
            world.settle()
        rows = world.store.outbox.rows()
        assert {row.state.value for row in rows} == {"deferred"} and len(rows) >= 4
        assert all(said in row.last_reply for row in rows), rows[0].last_reply
        assert all(row.attempts == 0 and not row.doubted for row in rows), "it says nothing about the letters"
        alarms = [row for row in rows if row.letter.address == OPERATOR]
        assert len(alarms) == 1, "one alarm an hour, however often it is tried"
        shown = CliRunner().invoke(app, ["outbox", "show", alarms[0].letter.id, "--config", str(tmp_path / "config")])
        assert way_out in shown.output.replace("=\n", "") and "mailgate check" in shown.output
        checked = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "config")], env={"COLUMNS": "300"})
        assert checked.exit_code == 1 and IN_OUR_WORDS.get(which, said) in checked.output and SECRET not in checked.output
        _nothing_in_clear(sink)
        if which == "stripped":
            # Whoever was in the line has gone: everything leaves, under TLS.
            sink.act("STARTTLS")
            world.clock.turn(minutes=10)
            world.settle()
            assert world.store.outbox.rows() == []
            assert len(sink.taken) == len(rows) and all(taken.secure and taken.user == "desk" for taken in sink.taken)


def _nothing_in_clear(sink: SmtpSink) -> None:
    """By the bytes that the relay got, not by what it made of them."""
    received = bytes(sink.received).upper()
    assert sink.taken == []
    for word in (b"AUTH", b"MAIL FROM", b"RCPT", b"DATA", b"SUBJECT", b"CANARY", SECRET.upper().encode()):
        assert word not in received, word
    assert {line.split()[0] for line in sink.commands} <= {"EHLO", "STARTTLS", "QUIT"}


def test_the_same_relay_with_a_good_certificate_takes_every_letter(tmp_path: Path, certificates: Certificates) -> None:
    with SmtpSink(certificate=certificates.good, login=("desk", SECRET), needs_login=True) as sink:
        with a_world(tmp_path, sink, certificates) as world:
            world.send(MAX, SUPPORT, "VPN drops", "It drops.")
            world.settle()
            assert world.store.outbox.rows() == []
        assert sink.taken and all(taken.secure for taken in sink.taken)
    assert _letters_from(sink.taken) == {"support@example.org"}


def _letters_from(taken: list[Any]) -> set[str]:
    return {one.envelope_from for one in taken}
