"""A real Chromium, as it looks at pages and letters: without a window, and without a network but this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers import find, require_server

#: Root may not use Chromium's own sandbox; and it shall fetch nothing by itself.
_ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 100_000.0  # milliseconds, for a machine that is busy with other things


@contextmanager
def chromium() -> Iterator[Browser]:
    require_server("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=_ARGUMENTS, timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()
