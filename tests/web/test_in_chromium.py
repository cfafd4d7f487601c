"""The pages in a real browser: by keyboard alone, on a phone, without scripts, to a screen reader, in the dark, from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailgate.compose import pages
from mailgate.compose.catalogue import ENGLISH, Catalogue
from mailgate.model.page import RatingForm, WebPage
from mailgate.web.door import WebDoor
from tests.compose.desk import a_letter, html, templates
from tests.servers.chromium import PATIENCE, chromium
from tests.web.house import Behind, a_door
from tests.web.payloads import PAYLOADS

RATE, LOOK = "/r/abcdefgh.5.0123456789abcdef", "/t/abcdefgh.0123456789abcdef"
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
MAILTO = "mailto:support+abcdefgh.0123456789abcdef@example.org?subject=Re%3A%20%5BIT-1-K7QF3M9X%5D"
ENGLISH_LOOK = pages.Look("en", ENGLISH, "Europe/Berlin", "IT Support", "#2f55d4", ("Example Ltd, 1 High Street",))
#: A language from right to left; its words do not matter here.
ARABIC_LOOK = replace(ENGLISH_LOOK, language="ar", book=Catalogue("ar", {one: f"نص {n}" for n, one in enumerate(pages.SENTENCES.values())}))


def a_request(words: str = "Hello, the VPN drops.", name: str = "Ann", file: str = "screen.png") -> pages.RequestPage:
    files = (pages.FileLink(file, 3000, "abcdefgh.0123456789abcdef/f/0123456789abcdef0123"),)
    return pages.RequestPage(
        ref="IT-1", title="VPN drops", status="resolved", hold=None, opened_at=NOW, facts=(("solved", NOW),), promised=None,
        messages=(pages.Message(name, NOW, words, files), pages.Message("", NOW, words, ())), left_out=False, reply=MAILTO,
        other=(("reopen", MAILTO),), rates=True, score=None, until=NOW,
    )  # fmt: skip


class Shown(Behind):
    """Real pages, without a record behind them."""

    look = ENGLISH_LOOK
    page = a_request()

    def rating(self, token: str, languages: object, form: RatingForm | None) -> WebPage:
        super().rating(token, (), form)
        if form is None:
            return pages.rating(self.look, "IT-1", 5)
        if form.score is None:
            return pages.rating(self.look, "IT-1", None, form.comment, missing=True)
        return pages.thanks(self.look, form.score, form.score < 3, NOW, back=False)

    def request(self, token: str, languages: object, form: RatingForm | None) -> WebPage:
        super().request(token, (), form)
        return pages.request(self.look, self.page)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def door(shown: Shown) -> Iterator[WebDoor]:
    with a_door(shown) as one:
        yield one


def opened(browser: Browser, door: WebDoor, path: str, *, width: int = 375, **options: object) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 700}, **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{door.port}{path}")
    return page


def test_a_rating_is_given_with_the_keyboard_alone_and_without_scripts(browser: Browser, door: WebDoor, shown: Shown) -> None:
    page = opened(browser, door, RATE, java_script_enabled=False)
    for key in ("Tab", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("Quick!\nThanks.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thanks for your rating.").wait_for()
    assert shown.rated == [RatingForm(4, "Quick!\r\nThanks.")]


def test_what_is_pointed_at_can_be_hit_by_a_thumb_and_nothing_is_wider_than_a_phone(browser: Browser, door: WebDoor) -> None:
    for path in (RATE, LOOK):
        page = opened(browser, door, path, width=320)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
        for target in page.locator("label.score, button, a.deed, textarea").all():
            box = target.bounding_box()
            assert box is not None and box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 320, path


def test_long_words_and_lines_do_not_widen_the_page(browser: Browser, door: WebDoor, shown: Shown) -> None:
    shown.page = a_request("x" * 3000 + "\n" + "\t" * 40 + "y", "n" * 300, "f" * 300)
    assert opened(browser, door, LOOK).evaluate("document.documentElement.scrollWidth") == 375


def test_a_screen_reader_hears_a_name_for_each_control_and_the_language(browser: Browser, door: WebDoor) -> None:
    page = opened(browser, door, RATE)
    tree = page.locator("body").aria_snapshot()
    spoken = (
        "banner: IT Support", 'heading "How did we do?" [level=1]', 'group "This is about your request IT-1."', 'radio "1 Very poor"',
        'radio "5 Very good" [checked]', 'textbox "Anything to add? You can leave this empty."', 'button "Send rating"',
    )  # fmt: skip
    for line in spoken:
        assert line in tree, (line, tree)
    assert page.locator("html").get_attribute("lang") == "en" and page.title() == "How did we do? – IT Support"
    tree = opened(browser, door, LOOK).locator("body").aria_snapshot()
    assert re.findall(r'heading "(.*)" \[level=(\d)\]', tree) == [
        ("Your request is solved", "1"),
        ("Messages", "2"),
        ("Ann", "3"),
        ("You", "3"),
    ]
    for line in ('link "Reply"', """link "It's not solved\"""", 'link "screen.png"', 'group "How did we do?"'):
        assert line in tree, (line, tree)
    # No control without a name: a role, and nothing in quotation marks behind it.
    assert not re.findall(r"^\s*- (?:link|button|radio|textbox|group)(?::| \[|$)", tree, re.MULTILINE)


CONTRAST = """() => {
  const part = n => n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4;
  const lum = c => { const v = c.match(/[\\d.]+/g).map(n => part(n / 255)); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] };
  const ground = e => { const c = getComputedStyle(e).backgroundColor; return /^rgba.*, 0\\)$/.test(c) ? ground(e.parentElement) : c };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text) continue;
    const [a, b] = [lum(getComputedStyle(e).color), lum(ground(e))].sort((x, y) => x - y);
    if ((b + 0.05) / (a + 0.05) < 4.5) low.push(text + ' ' + getComputedStyle(e).color + ' on ' + ground(e));
  }
  return low }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#2f55d4", "#ffd400", "#000000", "#ffffff", "#7f7f7f", "#00b050"])
def test_every_word_can_be_read_in_light_and_dark_whatever_the_accent(browser: Browser, shown: Shown, scheme: str, accent: str) -> None:
    shown.look = replace(ENGLISH_LOOK, accent=accent)
    with a_door(shown) as door:
        grounds = set()
        for path in (RATE, LOOK):
            page = opened(browser, door, path, color_scheme=scheme)
            assert page.evaluate(CONTRAST) == [], path
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert grounds == {"rgb(15, 17, 20)" if scheme == "dark" else "rgb(236, 238, 242)"}


def test_a_page_from_right_to_left_is_mirrored_and_people_write_in_their_own_direction(
    browser: Browser, door: WebDoor, shown: Shown
) -> None:
    shown.look, shown.page = ARABIC_LOOK, replace(a_request("Hello (world)."), title="(VPN)")
    page = opened(browser, door, LOOK)
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    radio, label = page.locator("label.score input").first.bounding_box(), page.locator("label.score").first.bounding_box()
    assert radio is not None and label is not None and radio["x"] > label["x"] + label["width"] / 2, "what comes first stands on the right"
    assert page.locator(".words").first.evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_the_style_of_a_page_holds_under_its_own_policy(browser: Browser, door: WebDoor) -> None:
    """A digest that is wrong by one octet leaves a page bare, and so it would look in every browser."""
    page = opened(browser, door, RATE)
    assert page.evaluate("getComputedStyle(document.querySelector('main')).borderTopLeftRadius") == "0px"  # of a phone
    assert page.evaluate("getComputedStyle(document.querySelector('main')).paddingTop") == "20px"


def tried(page: Page, url: str) -> tuple[list[str], list[str]]:
    """What ran (each payload that runs says so) and what was fetched besides the page."""
    ran: list[str] = []
    fetched: list[str] = []
    page.set_default_timeout(PATIENCE)
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss())[1])
    page.on("requestfinished", lambda request: fetched.append(request.url))
    page.route(re.compile("evil"), lambda route: route.fulfill(body=""))
    page.goto(url, wait_until="networkidle")
    for opens in page.locator("details").all():
        opens.evaluate("e => e.toggleAttribute('open')")
    return ran, [one for one in fetched if one != url]


def test_no_payload_runs_or_fetches_anything(browser: Browser, door: WebDoor, shown: Shown, tmp_path: Path) -> None:
    """All of them on one page, as name, text and file; and the control, in which the same words are no text."""
    files = tuple(pages.FileLink(word, 1, "abcdefgh.0123456789abcdef/f/0123456789abcdef0123") for word in PAYLOADS)
    messages = tuple(pages.Message(word, NOW, word, ()) for word in PAYLOADS)
    shown.page = replace(a_request(), messages=(*messages, pages.Message("", NOW, "", files)), title=" ".join(PAYLOADS))
    assert tried(browser.new_context().new_page(), f"http://127.0.0.1:{door.port}{LOOK}") == ([], [])

    # Were it not text, the policy would still hold; and without the policy, as a file of this machine, all of it runs.
    raw = pages.request(ENGLISH_LOOK, replace(a_request(), messages=(pages.Message("", NOW, "@@", ()),)))
    shown.page = a_request()
    # Without what would end the page, or make all that follows a comment.
    plain = [word for word in PAYLOADS if word.startswith("<") and not re.search("refresh|<base|<!", word)]
    unescaped = replace(raw, html=raw.html.replace("@@", "\n".join(plain)))
    shown.request = lambda *_: unescaped  # type: ignore[method-assign]
    assert tried(browser.new_context().new_page(), f"http://127.0.0.1:{door.port}{LOOK}") == ([], [])
    (tmp_path / "page.html").write_text(unescaped.html)
    ran, fetched = tried(browser.new_context().new_page(), f"file://{tmp_path}/page.html")
    assert ran and any("evil.example" in one for one in fetched)


NARROW = """() => [...document.querySelectorAll("td, th, a")].filter(one => one.scrollWidth > one.clientWidth && one.clientWidth)
  .map(one => one.textContent.trim())"""


def test_no_cell_or_button_of_a_letter_is_narrower_than_its_words_on_a_phone(browser: Browser) -> None:
    """Those that are short of room: the five choices, and a quote with its bar."""
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=True)
    page = context.new_page()
    found = {}
    for key in (("ticket_resolved", "requester"), ("rating_asked", "requester"), ("wake_due", "agent")):
        for language in templates().languages:
            page.set_content(html(a_letter(*key, language)))
            found[*key, language] = page.evaluate(NARROW)
    context.close()
    assert {key: words for key, words in found.items() if words} == {}
