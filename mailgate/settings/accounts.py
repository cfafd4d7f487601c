"""Mailboxes, and the tokens for them and for the relay: from what stands in mailgate.toml to what the program works with."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mailgate.model.mailbox import After, MailboxSettings, Start
from mailgate.model.oauth import PROVIDERS, OAuthSettings, Use
from mailgate.model.policy import Policy
from mailgate.settings.forms import value_of
from mailgate.settings.safety import Say, check_file, check_secret
from mailgate.settings.words import meant

_PORTS = {"tls": 993, "starttls": 143, "none": 143}


def mailbox(folder: Path, form: Any, oauth: Mapping[str, Any]) -> MailboxSettings:
    known = PROVIDERS.get(oauth[form.oauth].provider) if form.oauth in oauth else None
    way, _, target = form.after.partition(":")
    return value_of(
        MailboxSettings,
        form,
        folder,
        host=form.host or (known.imap_host if known else ""),
        after=After(way),
        move_to=target or None,
        start=form.start if isinstance(form.start, datetime) else Start(form.start),
        **({} if "port" in form.model_fields_set else {"port": _PORTS[form.tls]}),
    )


def oauth(folder: Path, name: str, form: Any) -> OAuthSettings:
    known = PROVIDERS.get(form.provider)

    def scope(own: str | None, use: Use) -> str:
        return own if own is not None else known.scopes.get((form.grant, use), "") if known else ""

    return value_of(
        OAuthSettings,
        form,
        folder,
        name=name,
        token_url=form.token_url or (known.token_url.replace("{tenant}", form.tenant or "") if known else ""),
        imap_scope=scope(form.imap_scope, "imap"),
        smtp_scope=scope(form.smtp_scope, "smtp"),
    )


def check(folder: Path, form: Any, policy: Policy | None, say: Say) -> None:
    """Every mistake in [[mailboxes]] and [oauth]."""
    for name, client in form.oauth.items():
        _check_oauth(folder, name, client, say)
    seen: set[str] = set()
    for index, one in enumerate(form.mailboxes):
        place = ("mailboxes", str(index))
        if one.name in seen:
            say((*place, "name"), f'"{one.name}" is the name of two mailboxes')
        seen.add(one.name)
        if policy is not None and one.desk not in policy.desks:
            say((*place, "desk"), f'there is no desk "{one.desk}" in policy.toml{meant(one.desk, policy.desks)}')
        built = mailbox(folder, one, form.oauth)
        if not built.host:
            say((*place, "host"), "is missing")
        for key, words in built.mistakes():
            say((*place, key), words)
        if one.oauth is not None and one.oauth not in form.oauth:
            say((*place, "oauth"), f"there is no [oauth.{one.oauth}]")
        if sum(way is not None for way in (one.password_file, one.password_env, one.oauth)) != 1:
            say((*place, "user"), "needs one of `password_file`, `password_env` and `oauth`")
        check_secret(folder, one.password_file, (*place, "password_file"), say)
        check_file(folder, one.ca_file, (*place, "ca_file"), say)


def _check_oauth(folder: Path, name: str, form: Any, say: Say) -> None:
    place = ("oauth", name)
    if form.provider == "microsoft" and not form.tenant and not form.token_url:
        say((*place, "tenant"), "is missing: the id of the directory, or its domain")
    if form.provider == "google" and form.grant == "client_credentials":
        say((*place, "grant"), 'Google gives tokens for mailboxes to "refresh_token" only')
    if form.provider == "other" and not form.token_url:
        say((*place, "token_url"), "is missing")
    elif form.provider != "microsoft" or form.tenant or form.token_url:
        for key, words in oauth(folder, name, form).mistakes():
            say((*place, key), words)
    secret = form.client_secret_file or form.client_secret_env
    if form.grant == "client_credentials" and not secret:
        say((*place, "client_secret_file"), "is missing, or client_secret_env")
    if form.grant == "refresh_token" and not (form.refresh_token_file or form.refresh_token_env):
        say((*place, "refresh_token_file"), "is missing, or refresh_token_env")
    check_secret(folder, form.client_secret_file, (*place, "client_secret_file"), say)
    check_secret(folder, form.refresh_token_file, (*place, "refresh_token_file"), say)
    check_file(folder, form.ca_file, (*place, "ca_file"), say)
