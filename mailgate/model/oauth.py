"""OAuth2 as a mailbox and a relay need it: how tokens are fetched, with the addresses and scopes of Microsoft 365 and Google."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from mailgate.model.installation import is_loopback
from mailgate.model.setting import Day, File, setting

Use = Literal["imap", "smtp"]
Grant = Literal["client_credentials", "refresh_token"]


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of a host by its name. `{tenant}` is filled in."""

    token_url: str
    scopes: dict[tuple[Grant, Use], str]  #: the scopes of IMAP and SMTP differ
    imap_host: str


_APP = "https://outlook.office365.com/.default"
PROVIDERS = {
    "microsoft": Provider(
        token_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",  # noqa: S106
        scopes={
            ("client_credentials", "imap"): _APP,
            ("client_credentials", "smtp"): _APP,
            ("refresh_token", "imap"): "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
            ("refresh_token", "smtp"): "https://outlook.office.com/SMTP.Send offline_access",
        },
        imap_host="outlook.office365.com",
    ),
    "google": Provider(
        # One scope for both; a refresh token keeps the scope that it was made with, so that none is named.
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106
        scopes={("refresh_token", "imap"): "", ("refresh_token", "smtp"): ""},
        imap_host="imap.gmail.com",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """One client at one token server. Secrets are not among it: they are read whenever a token is fetched."""

    name: str
    provider: Literal["microsoft", "google", "other"] = setting(
        "other", '"microsoft", "google", or "other" with a token_url', example='"microsoft"', required=True
    )
    tenant: str | None = setting(None, "Microsoft: the id of the directory, or its domain", example='"example.onmicrosoft.com"')
    token_url: str = setting("", "in place of the provider's", example='"https://login.example.org/token"')
    grant: Grant = setting("refresh_token", '"client_credentials", or "refresh_token"')
    client_id: str = setting(meaning="the id of your application", example='"00000000-0000-0000-0000-000000000000"')
    client_secret_file: File | None = setting(None, "or client_secret_env", example='"office-secret"')
    client_secret_env: str | None = setting(None, "the environment variable with it", example='"OFFICE_SECRET"')
    refresh_token_file: File | None = setting(
        None, "or refresh_token_env; a file is renewed when the server gives a new one", example='"office-refresh-token"'
    )
    refresh_token_env: str | None = setting(None, "the environment variable with it", example='"OFFICE_REFRESH_TOKEN"')
    imap_scope: str | None = setting(None, "else the provider's", example='"..."')
    smtp_scope: str | None = setting(None, "else the provider's", example='"..."')
    ca_file: File | None = setting(None, "PEM; else the system's authorities", example='"ca.pem"')
    expires_at: Day | None = setting(None, "when the secret ends: told a week before", example='"2027-05-01"')

    def scope(self, use: Use) -> str:
        """ "" where none is named."""
        return (self.imap_scope if use == "imap" else self.smtp_scope) or ""

    def mistakes(self) -> tuple[tuple[str, str], ...]:
        """What cannot work or would not be safe, as (key, sentence)."""
        found = []
        address = urlsplit(self.token_url)
        if not address.hostname:
            found.append(("token_url", "is no address"))
        elif address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.hostname)):
            found.append(("token_url", "secrets are only sent by https"))
        if address.username or address.password:
            found.append(("token_url", "holds a name or a password"))
        if not self.client_id:
            found.append(("client_id", "is missing"))
        return tuple(found)


class TokenUnavailable(Exception):
    """The token server cannot be reached, or not be understood: try again later. The text holds no secret."""


class TokenRefused(TokenUnavailable):
    """The token server refuses us: a person has to mend it. The text holds no secret."""
