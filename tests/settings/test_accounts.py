"""Mailboxes and OAuth2 in mailgate.toml: what stands there, what it means, and every mistake with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.program import relay_login, token_sources
from mailgate.cli.init import write_configuration
from mailgate.model.mailbox import After, FolderRole, Start
from mailgate.settings import Mistaken
from tests.journeys.world import edit

BOX = """
[[mailboxes]]
name = "support"
desk = "it"
host = "imap.example.org"
user = "support@example.org"
password_file = "box"
"""
OFFICE = """
[[mailboxes]]
name = "office"
desk = "it"
user = "support@example.org"
oauth = "office"
[oauth.office]
provider = "{provider}"
tenant = "example.onmicrosoft.com"
client_id = "us"
client_secret_file = "box"
grant = "{grant}"
refresh_token_file = "box"
expires_at = "2027-05-01"
"""


def load(folder: Path, text: str, *pairs: tuple[str, str]) -> settings.Settings:
    write_configuration(folder / "config", {})
    (folder / "config" / "box").write_text("secret\n")
    (folder / "config" / "box").chmod(0o600)
    edit(folder / "config", "mailgate.toml", ("\n[relay]\n", f"{text}\n[relay]\n"), *pairs)
    return settings.load(folder / "config")


def mistakes(folder: Path, text: str, *pairs: tuple[str, str]) -> list[str]:
    with pytest.raises(Mistaken) as mistaken:
        load(folder, text, *pairs)
    return [f"{mistake.key}: {mistake.words}" for mistake in mistaken.value.mistakes]


def test_a_mailbox_needs_few_words(tmp_path: Path):
    [box] = load(tmp_path, BOX).mailboxes
    assert (box.port, box.tls, box.after, box.start, box.watched) == (993, "tls", After.FLAG, Start.NOW, (("INBOX", FolderRole.INBOX),))
    assert box.password_file == str(tmp_path / "config" / "box")


def test_what_may_be_said_of_a_mailbox_is_understood(tmp_path: Path):
    more = 'tls = "starttls"\nafter = "move:Done/2026"\nstart = 2026-11-01\nsent = "Sent"\njunk = "Junk"\nfolders = ["INBOX", "Old"]\n'
    box = load(tmp_path, BOX + more).mailboxes[0]
    assert (box.port, box.after, box.move_to, box.start) == (143, After.MOVE, "Done/2026", datetime(2026, 11, 1, tzinfo=UTC))
    roles = [FolderRole.INBOX, FolderRole.INBOX, FolderRole.SENT, FolderRole.JUNK]
    assert box.watched == tuple(zip(("INBOX", "Old", "Sent", "Junk"), roles, strict=True))


def test_only_a_mailbox_that_says_so_lets_exchange_say_who_is_an_insider(tmp_path: Path):
    by_domain = ('agents_prove_by = "token"', 'agents_prove_by = "domain"')
    for folder in ("without", "with"):
        (tmp_path / folder).mkdir()
    assert load(tmp_path / "without", BOX).verify.sources == ()
    loaded = load(tmp_path / "with", BOX + "insider_stamp = true\n")
    assert loaded.verify.insider_mailboxes == frozenset({"support"})
    edit(tmp_path / "with" / "config", "policy.toml", by_domain)
    assert settings.load(tmp_path / "with" / "config").verify.sources  # their agents can prove themselves by it


@pytest.mark.parametrize(
    ("provider", "grant", "host", "url", "scope"),
    [
        (
            "microsoft", "client_credentials", "outlook.office365.com",
            "https://login.microsoftonline.com/example.onmicrosoft.com/oauth2/v2.0/token", "https://outlook.office365.com/.default",
        ),
        (
            "microsoft", "refresh_token", "outlook.office365.com",
            "https://login.microsoftonline.com/example.onmicrosoft.com/oauth2/v2.0/token",
            "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        ),
        ("google", "refresh_token", "imap.gmail.com", "https://oauth2.googleapis.com/token", ""),
    ],
)  # fmt: skip
def test_microsoft_and_google_are_known_by_name(tmp_path: Path, provider: str, grant: str, host: str, url: str, scope: str):
    loaded = load(tmp_path, OFFICE.format(provider=provider, grant=grant))
    [box], [office] = loaded.mailboxes, loaded.oauth
    assert box.host == host
    assert (office.token_url, office.imap_scope) == (url, scope)
    assert office.expires_at == datetime(2027, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('desk = "it"', 'mailboxes.0.desk: there is no desk "nowhere" in policy.toml'),
        ('password_file = "box"', "mailboxes.0.user: needs one of `password_file`, `password_env` and `oauth`"),
        ('host = "imap.example.org"', "mailboxes.0.host: is missing"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, more: str, said: str):
    assert mistakes(tmp_path, BOX.replace(more, 'desk = "nowhere"' if "desk" in more else "")) == [said]


def test_all_mistakes_are_said_at_once(tmp_path: Path):
    wrong = BOX + 'tls = "none"\npoll = "1s"\noauth = "office"\nca_file = "no.pem"\n' + BOX + 'after = "burn"\nstart = "soon"\n'
    found = mistakes(tmp_path, wrong)
    keys = [one.partition(":")[0].rpartition(".")[2] for one in found if "mailboxes.0" in one]
    assert keys == ["tls", "poll", "oauth", "user", "ca_file"]
    assert any("mailboxes.1.after" in one for one in found) and any("mailboxes.1.start" in one for one in found)


def test_tokens_that_cannot_be_had_are_said(tmp_path: Path):
    text = OFFICE.format(provider="google", grant="client_credentials")
    assert mistakes(tmp_path, text) == ['oauth.office.grant: Google gives tokens for mailboxes to "refresh_token" only']
    text = OFFICE.format(provider="microsoft", grant="refresh_token").replace("tenant =", "# tenant =")
    assert mistakes(tmp_path / "2", text) == ["oauth.office.tenant: is missing: the id of the directory, or its domain"]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path):
    load(tmp_path, BOX)
    (tmp_path / "config" / "box").chmod(0o644)
    with pytest.raises(Mistaken, match="chmod 600"):
        settings.load(tmp_path / "config")


def test_a_relay_may_log_in_with_a_token(tmp_path: Path):
    text = OFFICE.format(provider="microsoft", grant="client_credentials")
    relay = ('kind = "maildir"                  #', 'kind = "smtp"\nhost = "smtp.office365.com"\nuser = "us"\noauth = "office" #')
    loaded = load(tmp_path, text, relay)
    assert loaded.relay.oauth == "office"
    password, renewed = relay_login(loaded, token_sources(loaded, wall_clock))
    assert renewed is not None and "token" in repr(password), "what the courier and `check --send` log in with"
    assert mistakes(tmp_path / "2", "", relay) == ["relay.oauth: there is no [oauth.office]"]
