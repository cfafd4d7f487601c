"""Tokens for logging in to mailboxes and relays (OAuth2): fetched, kept while they are good, and renewed before they end."""

from __future__ import annotations

import json
import logging
import os
import ssl
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any

from mailgate.model.oauth import OAuthSettings, TokenRefused, TokenUnavailable, Use
from mailgate.model.scrub import Scrubber

log = logging.getLogger(__name__)

TIMEOUT = 20.0  #: seconds for each piece of the server's answer
LONGEST_ANSWER = 64 * 1024
RENEW_BEFORE = timedelta(minutes=5)  #: a token is not used in its last minutes
AGAIN_AFTER_REFUSAL = timedelta(minutes=10)  #: a client that is refused does not ask more often
AGAIN_AFTER_FAILURE = timedelta(seconds=30)
USUAL_LIFE = 3600  #: seconds, where the server does not say


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where the secrets lie; they are read whenever a token is fetched. A string names an environment variable."""

    client_secret: Path | str | None = None
    refresh_token: Path | str | None = None

    @classmethod
    def of(cls, one: OAuthSettings) -> Secrets:
        return cls(
            Path(one.client_secret_file) if one.client_secret_file else one.client_secret_env,
            Path(one.refresh_token_file) if one.refresh_token_file else one.refresh_token_env,
        )


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: datetime


class TokenSource:
    """All tokens of one client. Safe from any thread; who comes while a token is fetched waits for it."""

    def __init__(self, settings: OAuthSettings, secrets: Secrets, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self._secrets, self._now = secrets, now
        self._lock = threading.Lock()
        self._tokens: dict[Use, _Token] = {}
        self._failed: dict[Use, tuple[datetime, TokenUnavailable]] = {}
        self._rotated: str | None = None  #: a newer refresh token, while it could not be written
        self._told_end: datetime | None = None
        self._known = Scrubber()

    @property
    def ends_at(self) -> datetime | None:
        """When the refresh token, or the client secret, ends, as far as that is known."""
        known = [at for at in (self.settings.expires_at, self._told_end) if at is not None]
        return min(known) if known else None

    def token(self, use: Use) -> str:
        """A token that is good now. Raises TokenRefused, TokenUnavailable."""
        with self._lock:
            now = self._now()
            kept = self._tokens.get(use)
            if kept is not None and now < kept.until:
                return kept.text
            failed = self._failed.get(use)
            if failed is not None and now < failed[0]:
                raise type(failed[1])(str(failed[1]))
            try:
                token = self._fetch(use, now)
            except TokenUnavailable as error:
                pause = AGAIN_AFTER_REFUSAL if isinstance(error, TokenRefused) else AGAIN_AFTER_FAILURE
                self._failed[use] = (now + pause, error)
                raise
            self._failed.pop(use, None)
            self._tokens[use] = token
            return token.text

    def renewed(self, use: Use, refused: str) -> str:
        """Another token in place of one that a mail server refused. Raises TokenRefused, TokenUnavailable."""
        with self._lock:
            kept = self._tokens.get(use)
            if kept is not None and kept.text == refused:
                del self._tokens[use]
        return self.token(use)

    def _fetch(self, use: Use, now: datetime) -> _Token:
        settings = self.settings
        form = {"grant_type": settings.grant, "client_id": settings.client_id}
        if scope := settings.scope(use):
            form["scope"] = scope
        if self._secrets.client_secret is not None:
            form["client_secret"] = _read(self._secrets.client_secret, "client secret")
        if settings.grant == "refresh_token":
            form["refresh_token"] = self._rotated or _read(self._secrets.refresh_token, "refresh token")
        self._known.know(form.get("client_secret"), form.get("refresh_token"))
        answer = _ask(settings, form, self._known)
        text = answer.get("access_token")
        if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
            raise TokenUnavailable(f"the token server of oauth.{settings.name} gave no token")
        self._known.know(text)
        life = timedelta(seconds=_seconds(answer.get("expires_in"), USUAL_LIFE))
        left = _seconds(answer.get("refresh_token_expires_in"), 0)
        if left:
            self._told_end = now + timedelta(seconds=left)
        newer = answer.get("refresh_token")
        if settings.grant == "refresh_token" and isinstance(newer, str) and newer and newer != form["refresh_token"]:
            self._rotate(newer)
        return _Token(text, now + max(life - RENEW_BEFORE, life / 2))

    def _rotate(self, newer: str) -> None:
        """Some servers give a new refresh token with each answer, and the old one ends: it has to outlive this process."""
        self._known.know(newer)
        self._rotated = newer
        place = self._secrets.refresh_token
        if not isinstance(place, Path):
            log.warning("oauth.%s: the server gave a new refresh token, which only a file can keep", self.settings.name)
            return
        try:
            _replace(place, newer)
        except OSError as error:
            log.error("oauth.%s: the new refresh token cannot be written to %s: %s", self.settings.name, place, error.strerror)
        else:
            self._rotated = None


def _ask(settings: OAuthSettings, form: dict[str, str], known: Scrubber) -> dict[str, Any]:
    """One request to the token server (RFC 6749 3.2), and its answer as it is. No redirect is followed and no proxy asked."""
    where = f"the token server of oauth.{settings.name}"
    request = urllib.request.Request(  # noqa: S310 - settings allow https, and http on loopback
        settings.token_url,
        data=urllib.parse.urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
    )
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect())
        with opener.open(request, timeout=TIMEOUT) as response:
            return _json(response, where)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error, where, known) from None
    except (OSError, HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", error)
        said = getattr(reason, "verify_message", "") or getattr(reason, "strerror", None) or type(reason).__name__
        raise TokenUnavailable(f"{where} cannot be reached: {said}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A secret goes to the configured address and nowhere else."""

    def redirect_request(self, req: Any, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        return None


def _refusal(error: urllib.error.HTTPError, where: str, known: Scrubber) -> TokenUnavailable:
    """RFC 6749 5.2. Only the code is repeated, and it cleaned: descriptions hold what was sent, and codes may."""
    code = ""
    if error.code in (400, 401, 403):
        try:
            code = known.clean(str(_json(error, where).get("error", ""))[:200])
        except TokenUnavailable:
            code = ""
    shown = "".join(c for c in code if c.isascii() and (c.isalnum() or c in "_-"))[:60]
    words = f"{where} says {error.code}{f' {shown}' if shown else ''}"
    if error.code in (400, 401, 403) and shown not in ("temporarily_unavailable", "server_error"):
        return TokenRefused(words)
    return TokenUnavailable(words)


def _json(response: Any, where: str) -> dict[str, Any]:
    body = response.read(LONGEST_ANSWER + 1)
    if len(body) > LONGEST_ANSWER:
        raise TokenUnavailable(f"the answer of {where} is too long")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise TokenUnavailable(f"{where} gave an answer that is none")
    return answer


def _seconds(value: object, otherwise: int) -> int:
    """Some servers say numbers as text."""
    if isinstance(value, bool):
        return otherwise
    try:
        return min(max(int(value), 0), 10 * 365 * 86400)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _read(place: Path | str | None, what: str) -> str:
    try:
        text = place.read_text(encoding="utf-8").strip() if isinstance(place, Path) else os.environ.get(place or "", "")
    except (OSError, UnicodeDecodeError) as error:
        raise TokenUnavailable(f"the {what} cannot be read: {type(error).__name__}") from None
    if not text:
        raise TokenUnavailable(f"there is no {what}")
    return text


def _replace(path: Path, text: str) -> None:
    """The whole new file or the old one, readable to nobody else."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # else a power cut brings the old token back, which the server does not take any more
        finally:
            os.close(folder)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
