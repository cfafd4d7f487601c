"""A web door on a free port with somebody behind it who writes down what is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mailgate.model.installation import WebSettings
from mailgate.model.page import PageFile, RatingForm, WebPage
from mailgate.web.door import WebDoor

STYLE = "h1{color:red}"
PATIENCE = 100.0  #: for a machine that is busy with other things


@dataclass
class Behind:
    """Knows no letters: each page says which it is."""

    asked: list[tuple[str, str, RatingForm | None]] = field(default_factory=list)
    files: dict[str, PageFile] = field(default_factory=dict)
    fails: bool = False
    waits: threading.Event | None = None  #: an answer takes until it is set

    def _page(self, what: str, token: str, form: RatingForm | None) -> WebPage:
        if self.waits is not None:
            self.waits.wait(PATIENCE)
        if self.fails:
            raise ValueError(f"the words of an error with {token} in it")
        self.asked.append((what, token, form))
        return WebPage(200, f"<!doctype html><title>{what}</title><style>{STYLE}</style><h1>{what}</h1>", STYLE)

    def rating(self, token: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        return self._page("rating", token, form)

    def request(self, token: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        return self._page("request", token, form)

    def file(self, token: str, name: str, languages: Sequence[str]) -> WebPage | PageFile:
        found = self.files.get(name)
        return found if found is not None else self._page("file", f"{token}/{name}", None)

    def note(self, status: int, key: str, languages: Sequence[str]) -> WebPage:
        return WebPage(status, f"<!doctype html><style>{STYLE}</style><h1>{key}</h1>", STYLE)

    @property
    def rated(self) -> list[RatingForm]:
        return [form for _, _, form in self.asked if form is not None and form.score is not None]


@contextmanager
def a_door(behind: Behind, **settings: Any) -> Iterator[WebDoor]:
    """In a loop of its own, in a thread."""
    said = {"listen": "127.0.0.1:0", "base_url": "https://help.example.org", **settings}
    door = WebDoor(WebSettings(**said), behind)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(door.start(), loop).result(PATIENCE)
    try:
        yield door
    finally:
        asyncio.run_coroutine_threadsafe(door.stop(0.5), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


HASTY = {"request_timeout": timedelta(seconds=0.3), "reading_timeout": timedelta(seconds=0.3)}
