"""Tokens over real HTTP: fetched once, renewed before their end, refused and lost, and never a secret in a word of ours."""

from __future__ import annotations

import json
import os
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mailgate import oauth
from mailgate.model.oauth import OAuthSettings, TokenRefused, TokenUnavailable
from mailgate.oauth import Secrets, TokenSource
from tests.fakes.token_server import TokenServer
from tests.secrets import CANARY, ECHOES, traces

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET, REFRESH = "canary-secret", "canary-refresh"
AUTHORITIES = cache(ssl.create_default_context)


class Clock:
    at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(autouse=True)
def authorities_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the machine's file: longer than all else that happens here, where nothing goes by TLS."""
    monkeypatch.setattr(oauth.ssl, "create_default_context", AUTHORITIES)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as one:
        yield one


def a_source(server: TokenServer, folder: Path, clock: Clock | None = None, **changes: Any) -> TokenSource:
    for name, secret in (("secret", SECRET), ("refresh", REFRESH)):
        (folder / name).write_text(secret + "\n")
        (folder / name).chmod(0o600)
    some: dict[str, Any] = {"name": "office", "grant": "refresh_token", "client_id": "us", "token_url": server.token_url}
    settings = OAuthSettings(**{**some, "imap_scope": "mail", "smtp_scope": "send", **changes})
    return TokenSource(settings, Secrets(folder / "secret", folder / "refresh"), clock or Clock())


def test_a_token_is_asked_for_once_for_each_use_and_kept_until_shortly_before_its_end(server: TokenServer, tmp_path: Path):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    first = source.token("imap")
    assert source.token("imap") == first and source.token("smtp") != first
    assert [form["scope"] for form in server.asked] == ["mail", "send"]
    clock.at += timedelta(minutes=54)
    assert source.token("imap") == first
    clock.at += timedelta(minutes=2)
    assert source.token("imap") != first


def test_each_grant_sends_what_it_needs_and_no_more(server: TokenServer, tmp_path: Path):
    a_source(server, tmp_path).token("imap")
    a_source(server, tmp_path, grant="client_credentials", imap_scope="").token("imap")
    assert server.asked == [
        {"grant_type": "refresh_token", "client_id": "us", "scope": "mail", "client_secret": SECRET, "refresh_token": REFRESH},
        {"grant_type": "client_credentials", "client_id": "us", "client_secret": SECRET},
    ]


def test_many_who_come_at_once_cause_one_request(server: TokenServer, tmp_path: Path):
    source = a_source(server, tmp_path)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(source.token("imap"))) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1 and len(found) == 20 and len(server.asked) == 1


def test_a_refused_token_is_replaced_once_however_many_had_it(server: TokenServer, tmp_path: Path):
    source = a_source(server, tmp_path)
    old = source.token("imap")
    fresh = source.renewed("imap", old)
    assert fresh != old and source.renewed("imap", old) == fresh
    assert len(server.asked) == 2


def test_a_refusal_is_told_without_a_secret_and_not_asked_for_again_at_once(server: TokenServer, tmp_path: Path):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    server.script = [(400, {"error": "invalid_grant", "error_description": f"{REFRESH} has ended, {SECRET}"})]
    for _ in range(3):
        with pytest.raises(TokenRefused) as refusal:
            source.token("imap")
    assert str(refusal.value) == "the token server of oauth.office says 400 invalid_grant"
    assert len(server.asked) == 1
    clock.at += timedelta(minutes=11)
    assert source.token("imap")  # mended


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": "server_error"}),
        (503, b"<html>down</html>"),
        (200, b"no json"),
        (200, {"token_type": "Bearer"}),
        (200, {"access_token": "two\r\nlines"}),
        (200, {"access_token": 7}),
        (200, []),
        (200, json.dumps({"access_token": "x" * 100_000}).encode()),
        (302, "http://127.0.0.1:9/elsewhere"),
    ],
    ids=["500", "503", "no json", "no token", "two lines", "a number", "a list", "too long", "elsewhere"],
)
def test_whatever_else_a_server_says_is_a_passing_trouble(server: TokenServer, tmp_path: Path, answer: tuple[int, Any]):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    server.script = [answer]
    with pytest.raises(TokenUnavailable) as trouble:
        source.token("imap")
    assert not isinstance(trouble.value, TokenRefused)
    assert SECRET not in str(trouble.value) and REFRESH not in str(trouble.value)
    clock.at += timedelta(seconds=31)
    assert source.token("imap")


def test_a_server_that_is_not_there_is_a_passing_trouble(server: TokenServer, tmp_path: Path):
    with pytest.raises(TokenUnavailable, match=r"oauth\.office cannot be reached"):
        a_source(server, tmp_path, token_url="http://127.0.0.1:9/token").token("imap")


def test_a_new_refresh_token_outlives_a_power_cut(server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = a_source(server, tmp_path)
    server.more = {"refresh_token": "canary-second"}
    done: list[str] = []

    def synced(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")

    def replaced(old: object, new: object, rename: Callable[..., None] = os.replace) -> None:
        done.append("renamed")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    source.token("imap")
    assert done == ["file", "renamed", "folder"]


def test_a_new_refresh_token_takes_the_place_of_the_old_one_and_stays_private(server: TokenServer, tmp_path: Path):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    server.more = {"refresh_token": "canary-second"}
    source.token("imap")
    assert (tmp_path / "refresh").read_text() == "canary-second\n"
    assert stat.S_IMODE((tmp_path / "refresh").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["refresh", "secret"]
    source.token("smtp")
    assert server.asked[1]["refresh_token"] == "canary-second"


@pytest.mark.parametrize(("life", "good_for"), [("600", 300), (None, 3300), ("soon", 3300), (60, 30), (-5, 0)])
def test_a_life_that_is_odd_is_read_with_care(server: TokenServer, tmp_path: Path, life: object, good_for: int):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    server.life = life
    first = source.token("imap")
    if good_for:
        clock.at += timedelta(seconds=good_for - 1)
        assert source.token("imap") == first
    clock.at += timedelta(seconds=2)
    assert source.token("imap") != first


def test_the_end_of_a_refresh_token_is_known_as_the_server_or_the_configuration_says(server: TokenServer, tmp_path: Path):
    source = a_source(server, tmp_path)
    assert source.ends_at is None
    server.more = {"refresh_token_expires_in": 86400}
    source.token("imap")
    assert source.ends_at == NOON + timedelta(days=1)
    assert a_source(server, tmp_path, expires_at=NOON).ends_at == NOON


def test_no_secret_shows_itself(server: TokenServer, tmp_path: Path):
    source = a_source(server, tmp_path)
    token = source.token("imap")
    assert not any(one in repr(vars(source)) for one in (token, SECRET, REFRESH))


def test_a_secret_that_cannot_be_read_is_told_by_its_name(server: TokenServer, tmp_path: Path):
    source = a_source(server, tmp_path)
    (tmp_path / "refresh").unlink()
    with pytest.raises(TokenUnavailable, match="the refresh token cannot be read: FileNotFoundError"):
        source.token("imap")


def test_secrets_go_by_https_or_stay_on_this_machine():
    def wrong(url: str) -> tuple[str, ...]:
        return tuple(key for key, _ in OAuthSettings(name="x", client_id="us", token_url=url).mistakes())

    assert wrong("https://login.example.org/token") == wrong("http://127.0.0.1:8/token") == ()
    assert wrong("http://login.example.org/token") == wrong("ftp://localhost/") == ("token_url",)


# --- a server that repeats what it was told -------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["error", "error_description", "body"])
@pytest.mark.parametrize("status", [400, 500])
def test_a_token_server_that_repeats_our_secrets_says_them_to_nobody(server, tmp_path, caplog, where, status):
    """Neither client secret nor refresh token, in no form (faults 125, 126)."""
    for echo in ECHOES:
        source = a_source(server, tmp_path)
        (tmp_path / "secret").write_text(CANARY)
        (tmp_path / "refresh").write_text(CANARY[::-1])
        words = f"invalid {ECHOES[echo](CANARY)} {ECHOES[echo](CANARY[::-1])}"
        server.script.append((status, words.encode() if where == "body" else {where: words}))
        with caplog.at_level("DEBUG"), pytest.raises(TokenUnavailable) as told:
            source.token("imap")
        said = f"{told.value} {told.value!r} {caplog.text}"
        assert not traces(said) and not traces(said, CANARY[::-1]), said
        assert f"says {status}" in said


def test_what_is_wrong_is_still_said(server, tmp_path):
    server.script.append((400, {"error": "invalid_grant"}))
    with pytest.raises(TokenRefused, match="says 400 invalid_grant"):
        a_source(server, tmp_path).token("imap")


def test_a_token_that_was_given_before_is_a_secret_too(server, tmp_path, caplog):
    clock = Clock()
    source = a_source(server, tmp_path, clock)
    token = source.token("imap")
    clock.at += timedelta(hours=2)
    server.script.append((400, {"error": token.replace("-", "_")}))
    with pytest.raises(TokenRefused) as told:
        source.token("imap")
    assert not traces(str(told.value), token)
