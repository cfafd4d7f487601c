"""What is answered at each address: reads the request, asks what is behind the door, and writes the headers of the answer."""

import asyncio
import hashlib
import logging
import re
import traceback
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from email.utils import formatdate
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from mailgate.model.installation import WebSettings
from mailgate.model.page import PageFile, RatingForm, WebPage
from mailgate.model.rating import LONGEST_COMMENT
from mailgate.web import AnswersVisitors

log = logging.getLogger(__name__)

T = TypeVar("T")

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
#: Octets handed over at a time: who does not take them is noticed (`door`).
PIECE = 64 * 1024
#: Files that are in memory at the same time, each as large as a mail may be.
MOST_FILES = 4
#: Read of a form that is too long, so that its sender gets to see why it was not taken.
DRAINED = 1024 * 1024
#: For everything that leaves.
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_NOTHING = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
_LANGUAGE = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,2})(?:;q=([01](?:\.[0-9]{0,3})?))?")


class InPieces(Response):
    """An answer in pieces: the next one leaves when the one before was taken."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        for start in range(0, len(body) or 1, PIECE):
            more = start + PIECE < len(body)
            await send({"type": "http.response.body", "body": body[start : start + PIECE], "more_body": more})


class FormTooLong(Exception):
    """A form that is larger than any that we made."""


class Site:
    """The web door's application, in the language of ASGI."""

    def __init__(self, visits: AnswersVisitors, settings: WebSettings, pool: Executor) -> None:
        """`pool`: where answers are found, for that takes its time."""
        self._visits, self._settings, self._pool = visits, settings, pool
        path = settings.path  # what stands before each of ours
        self._files = asyncio.Semaphore(MOST_FILES)
        routes = [
            Route(f"{path}/r/{{token}}", self._rating, methods=METHODS),
            Route(f"{path}/t/{{token}}", self._request, methods=METHODS),
            Route(f"{path}/t/{{token}}/f/{{name}}", self._file, methods=METHODS),
            Route("/robots.txt", self._robots, methods=METHODS),
        ]
        # A redirect would be built from what the client calls us.
        self._router = Router(routes, redirect_slashes=False, default=self._unknown)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        request = Request(scope, receive)
        try:
            answer = await self._before(request)
            await (self._router if answer is None else answer)(scope, receive, sent)
        except ClientDisconnect:
            pass
        except Exception as error:
            # The words of an error may hold what was asked for: its type and place say enough.
            last = traceback.extract_tb(error.__traceback__)[-1]
            log.error("web: a visit failed: %s in %s, line %d", type(error).__name__, last.name, last.lineno or 0)
            if not begun:
                await (await self._refused(request, 503, "trouble"))(scope, receive, send)

    async def _before(self, request: Request) -> Response | None:
        """The answer to what is asked of no page at all."""
        if (
            sum(len(name) + len(value) + 4 for name, value in request.headers.raw) + len(request.scope["raw_path"])
            > self._settings.max_head
        ):
            return await self._refused(request, 431, "too long")
        if request.method not in METHODS:
            return await self._refused(request, 405, "not this way")
        if "transfer-encoding" in request.headers:
            # No browser sends a form so, and two opinions on where a request ends are how requests are smuggled (RFC 9112 11.2).
            return await self._refused(request, 411, "not this way")
        if request.method == "OPTIONS":
            answer = _finished(InPieces(status_code=204), _NOTHING)
            answer.headers["Allow"] = ", ".join(METHODS)
            return answer
        return None

    async def _rating(self, request: Request) -> Response:
        return await self._form_page(request, self._visits.rating)

    async def _request(self, request: Request) -> Response:
        return await self._form_page(request, self._visits.request)

    async def _form_page(self, request: Request, visit: Callable[[str, Sequence[str], RatingForm | None], WebPage]) -> Response:
        form = None
        if request.method == "POST":
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
                return await self._refused(request, 415, "not this way")
            try:
                form = rating_form(await self._body(request))
            except FormTooLong:
                return await self._refused(request, 413, "too long")
        return page_answer(await self._find(visit, request.path_params["token"], languages(request), form))

    async def _file(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._refused(request, 405, "not this way")
        if self._files.locked():
            return await self._refused(request, 503, "trouble")
        params = request.path_params
        found = await self._find(self._visits.file, params["token"], params["name"], languages(request))
        return page_answer(found) if isinstance(found, WebPage) else file_answer(found, self._files)

    async def _robots(self, request: Request) -> Response:
        return _finished(InPieces("User-agent: *\nDisallow: /\n", media_type="text/plain"), _NOTHING)

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._refused(Request(scope, receive), 404, "wrong"))(scope, receive, send)

    async def _refused(self, request: Request, status: int, key: str) -> Response:
        answer = page_answer(await self._find(self._visits.note, status, key, languages(request)))
        if status == 405:
            answer.headers["Allow"] = ", ".join(METHODS)
        if status == 503:
            answer.headers["Retry-After"] = "60"
        return answer

    async def _find(self, visit: Callable[..., T], *words: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(visit, *words))

    async def _body(self, request: Request) -> bytes:
        body, total = bytearray(), 0
        async for piece in request.stream():
            total += len(piece)
            if total > DRAINED:
                break
            if total <= self._settings.max_body:
                body += piece
        if total > self._settings.max_body:
            raise FormTooLong
        return bytes(body)


def rating_form(body: bytes) -> RatingForm:
    """What a form says. A score that is missing, unknown or there twice is none."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="replace")
    except ValueError:  # not ASCII, or too many fields: no browser made it
        return RatingForm(None)
    scores = fields.get("score", [])
    score = int(scores[0]) if len(scores) == 1 and re.fullmatch("[1-5]", scores[0]) else None
    return RatingForm(score, "\n".join(fields.get("comment", [])).strip()[:LONGEST_COMMENT])


def languages(request: Request) -> list[str]:
    """What the browser asks for, best first."""
    asked = (_LANGUAGE.fullmatch(one.strip()) for one in request.headers.get("accept-language", "")[:200].split(","))
    found = [(float(one[2] or 1), one[1]) for one in asked if one]
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])]


def page_answer(page: WebPage) -> Response:
    style = b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    return _finished(InPieces(page.html, page.status, media_type="text/html"), policy)


def file_answer(file: PageFile, places: asyncio.Semaphore) -> Response:
    """To be saved, and never to be taken for a page of ours."""
    plain = re.sub(r"[^ !#$&+.0-9A-Z^_`a-z{}~()-]", "_", file.name) or "file"
    answer = _FileInPieces(file.data, media_type=file.type)
    answer.places = places
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name or 'file', safe='')}"
    return _finished(answer, f"{_NOTHING}; sandbox")


class _FileInPieces(InPieces):
    """Holds one of the places for files until it has left."""

    places: asyncio.Semaphore

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.places:
            await super().__call__(scope, receive, send)


def _finished(answer: Response, policy: str) -> Response:
    answer.headers.update(HEADERS)
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Date"] = formatdate(usegmt=True)
    return answer
