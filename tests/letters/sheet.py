"""All letters as they look, on one sheet: docs/letters/letters.jpg. English and Arabic, light and dark, on a phone and on a desk.

python -m tests.letters.sheet
"""

from __future__ import annotations

import base64
import sys
from html import escape

from playwright.sync_api import Browser

from mailgate.model.letters import LETTERS
from tests.compose.desk import a_letter, html, templates
from tests.house.tree import ROOT
from tests.servers.chromium import chromium

SHEET = ROOT / "docs" / "letters" / "letters.jpg"
LANGUAGES, SCHEMES, WIDTHS = ("en", "ar"), ("light", "dark"), (375, 800)
SCALE, QUALITY, MARGIN = 0.18, 24, 4
MOST = 500_000  #: octets of the sheet


def shots(browser: Browser) -> dict[tuple[str, str, int, str], bytes]:
    """Event, audience, width and scheme of each letter in each language that there is, and its picture."""
    found: dict[tuple[str, str, int, str], bytes] = {}
    pages = {
        (f"{event}/{audience}", language): html(a_letter(event, audience, language))
        for event, audience in LETTERS
        for language in LANGUAGES
        if language in templates().languages
    }
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(viewport={"width": width, "height": 500}, device_scale_factor=SCALE, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            for (letter, language), content in pages.items():
                page.set_content(content)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    print(f"{letter} ({language}) is wider than {width} pixels", file=sys.stderr)
                found[letter, language, width, scheme] = page.screenshot(full_page=True)
            context.close()
    return found


def main() -> None:
    with chromium() as browser:
        found = shots(browser)
        cells = {
            letter: "".join(
                f'<img src="data:image/png;base64,{base64.b64encode(found[letter, language, width, scheme]).decode()}">'
                for language in LANGUAGES
                for width in WIDTHS
                for scheme in SCHEMES
                if (letter, language, width, scheme) in found
            )
            for letter, *_ in found
        }
        body = "".join(f"<figure><figcaption>{escape(name)}</figcaption>{shown}</figure>" for name, shown in cells.items())
        style = (
            f"body {{ margin: {MARGIN}px; background: #c9ced6; font: 11px sans-serif; display: grid; grid-template-columns: 1fr 1fr; }}"
            f"figure {{ margin: 0 0 {MARGIN}px; }} img {{ vertical-align: top; margin: 0 {MARGIN}px {MARGIN}px 0; }}"
        )
        page = browser.new_page(viewport={"width": 1900, "height": 600})
        page.set_content(f"<style>{style}</style>{body}")
        SHEET.parent.mkdir(exist_ok=True)
        SHEET.write_bytes(page.screenshot(full_page=True, type="jpeg", quality=QUALITY))
    size = SHEET.stat().st_size
    print(f"{SHEET.relative_to(ROOT)}: {len(found)} pictures, {size} octets")
    if size > MOST:
        sys.exit(f"more than {MOST} octets: make it smaller")


if __name__ == "__main__":
    main()
