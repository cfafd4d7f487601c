"""Pages in a real Chromium, watched: what they fetch from an address that counts, what they run, what they ask."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, Request
from playwright.sync_api import Error as PlaywrightError

from tests.hostile_html import SINK

#: What a reader does with every element, one after the other; nothing is followed.
_TOUCHED = """() => {
  document.addEventListener("click", event => event.preventDefault(), true);
  for (const each of [...document.querySelectorAll("*")].slice(0, 400))
    for (const name of ["mouseover", "mouseenter", "focus", "blur", "click", "error", "load", "toggle", "start", "animationstart", "close"])
      each.dispatchEvent(new Event(name, {bubbles: true, cancelable: true}));
}"""


@dataclass(frozen=True)
class Seen:
    """What a page did: nothing, where it is like this."""

    fetched: int = 0
    ran: bool = False
    asked: int = 0


class Watched:
    """A page of a browser that is allowed to do everything, and an address on this machine that counts who comes."""

    def __init__(self, browser: Browser) -> None:
        self._hits = self._asked_for = self._dialogs = 0
        watched = self

        class Counting(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watched._hits += 1
                self.send_response(204)
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._page = browser.new_page()
        self._page.on("dialog", self._dismiss)
        # What the browser asks the world for counts also where it is refused: pages from nowhere may not fetch from this machine.
        self._page.on("request", self._count)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._page.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _count(self, request: Request) -> None:
        self._asked_for += not request.url.startswith(("about:", "data:", "blob:", "cid:"))

    def _dismiss(self, dialog: Any) -> None:
        self._dialogs += 1
        dialog.dismiss()

    def aimed(self, piece: str) -> str:
        """A piece that fetches from the address that counts."""
        return piece.replace(SINK, f"http://127.0.0.1:{self._server.server_address[1]}")

    def look(self, page: str) -> Seen:
        """Shows a page, waits until all is loaded that it loads, and touches all that it holds."""
        self._page.goto("about:blank")
        hits, asked_for, dialogs = self._hits, self._asked_for, self._dialogs
        try:
            self._page.set_content(self.aimed(page), wait_until="domcontentloaded")
            with suppress(PlaywrightError):  # a film that never comes; of our own pages none waits for anything
                self._page.wait_for_load_state("load", timeout=2_000)
            ran = self._page.title() == "RAN"
            self._page.evaluate(_TOUCHED)
            ran = ran or self._page.title() == "RAN"
        except PlaywrightError:  # it went elsewhere meanwhile: what it asked for is counted
            ran = False
        return Seen(max(self._hits - hits, self._asked_for - asked_for), ran, self._dialogs - dialogs)
