"""A relay that wants a token: what `check --send` and a running gateway log in with, and what is said when they may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mailgate.cli import app
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.token_server import TokenServer
from tests.journeys.test_mailbox import OAUTH
from tests.journeys.world import MAX, OPERATOR, SUPPORT, World, edit

pytestmark = pytest.mark.either_database

DESK = "desk@example.org"
SECRETS = {"refresh": "refresh-canary", "secret": "client-canary"}
MECHANISMS = ("PLAIN XOAUTH2 OAUTHBEARER", "OAUTHBEARER")


@contextmanager
def a_house(folder: Path, mechanisms: str = "XOAUTH2") -> Iterator[tuple[World, SmtpSink, TokenServer]]:
    """A relay that takes letters from whoever has a token that the token server gave and did not take back. Nothing runs yet."""
    with TokenServer(DESK) as tokens:
        sink = SmtpSink(mechanisms=mechanisms, login=(DESK, "no password"), needs_login=True, tokens=tokens.good)

        def changes(config: Path) -> None:
            edit(
                config, "mailgate.toml",
                ('[relay]\nkind = "smtp"', f'{OAUTH.format(url=tokens.token_url)}smtp_scope = "smtp"\n\n[relay]\nkind = "smtp"'),
                ('tls = "none" #', f'tls = "none"\nuser = "{DESK}"\noauth = "office" #'),
            )  # fmt: skip
            for name, secret in SECRETS.items():
                (config / name).write_text(f"{secret}\n")
                (config / name).chmod(0o600)

        with sink:
            world = World(folder, changes=changes, relay_port=sink.port)
            try:
                yield world, sink, tokens
            finally:
                world._running._loop.close()


def check(world: World, *words: str) -> Result:
    done = CliRunner().invoke(app, ["check", *words, "--config", str(world.folder / "config")], env={"COLUMNS": "300"})
    assert not any(secret in done.output for secret in (*SECRETS.values(), "of-the-tests")), done.output
    return done


@pytest.mark.parametrize("mechanisms", MECHANISMS)
def test_a_test_letter_leaves_with_a_token_for_sending(tmp_path: Path, mechanisms: str) -> None:
    with a_house(tmp_path, mechanisms) as (world, sink, tokens):
        done = check(world, "--send", "max@example.com")
        assert done.exit_code == 0, done.output
        [taken] = sink.taken
        assert (taken.recipient, taken.user) == ("max@example.com", DESK) and b"check --send" in taken.data
        assert [(one["scope"], one["refresh_token"]) for one in tokens.asked] == [("smtp", SECRETS["refresh"])]


def test_a_token_that_is_refused_is_replaced_once_and_a_second_one_is_the_end(tmp_path: Path) -> None:
    stale = (200, {"access_token": "stale-of-the-tests", "token_type": "Bearer", "expires_in": 3600})
    with a_house(tmp_path) as (world, sink, tokens):
        tokens.script = [stale]
        assert check(world, "--send", "max@example.com").exit_code == 0
        assert len(tokens.asked) == 2 and len(sink.taken) == 1
        tokens.script = [stale, stale]
        done = check(world, "--send", "max@example.com")
        assert done.exit_code == 1 and "535 5.7.8 this token is not good" in done.output
        assert len(tokens.asked) == 4 and len(sink.taken) == 1


def test_where_no_token_can_be_had_nothing_is_said_to_the_relay(tmp_path: Path) -> None:
    with a_house(tmp_path) as (world, sink, tokens):
        tokens.script = [(400, {"error": "invalid_grant", "error_description": "refresh-canary has ended"})]
        done = check(world, "--send", "max@example.com")
        assert done.exit_code == 1 and "invalid_grant" in done.output
        assert not any(one.startswith(("AUTH", "MAIL")) for one in sink.commands) and sink.taken == []


def test_a_gateway_hands_its_letters_over_with_a_token_that_it_keeps_while_it_is_good(tmp_path: Path) -> None:
    with a_house(tmp_path) as (world, sink, tokens):
        world._running.__enter__()
        try:
            world.send(MAX, SUPPORT, "VPN drops", "Since this morning.")
            world.settle()
            world.send("eve@example.net", SUPPORT, "Printer burns", "Please help.")
            world.settle()
            assert {MAX, "eve@example.net"} <= {taken.recipient for taken in sink.taken}
            assert len(tokens.asked) == 1
            tokens.take_back()
            sink.hang_up()
            world.send("joe@example.net", SUPPORT, "No network", "Please help.")
            world.settle()
            assert len(tokens.asked) == 2, "the one that was taken back is replaced"
            assert all(row.letter.address != OPERATOR for row in world.store.outbox.rows()), "and nobody needs to hear of it"
        finally:
            world._running.__exit__(None, None, None)
