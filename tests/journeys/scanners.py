"""Programs that follow the links of a mail before its reader does, of five kinds, and people who rate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from tests.journeys.browsing import FORM, links, post, visit
from tests.journeys.world import ANN, SUPPORT, World

Scanner = Callable[[int, Sequence[str]], None]


def prefetches(port: int, found: Sequence[str]) -> None:
    """Looks whether it is there, then fetches it for later."""
    for link in found:
        visit(port, link, "HEAD")
        visit(port, link, headers={"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"})


def opens_all(port: int, found: Sequence[str]) -> None:
    """As a sandbox opens them, one after the other."""
    for link in found:
        visit(port, link, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks"})
        visit(port, f"{link}?utm_source=mail", headers={"Accept-Language": "en"})


def sends_all_forms(port: int, found: Sequence[str]) -> None:
    """Opens each, and sends the form that is there as it stands."""
    for link in found:
        page = visit(port, link).text
        fields = dict(re.findall(r'name="(\w+)" value="(\w+)" required checked', page))
        visit(port, link, "POST", urlencode({**fields, "comment": ""}).encode(), FORM)


def clicks_all(port: int, found: Sequence[str]) -> None:
    """A browser without a window, which presses whatever can be pressed: on the first page, each choice in turn."""
    for score, link in zip("54321", [found[0]] * 5, strict=True):
        visit(port, link, headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"})
        post(port, link, score=score, comment="test")


def gets_with_a_body(port: int, found: Sequence[str]) -> None:
    """Puts what it would post into a GET, and into the query."""
    for link in found:
        visit(port, link, "GET", b"score=1&comment=bad", FORM)
        visit(port, f"{link}?score=1", "GET", b"score=1", {**FORM, "X-HTTP-Method-Override": "POST"})


KINDS: Mapping[str, Scanner] = {one.__name__: one for one in (prefetches, opens_all, sends_all_forms, clicks_all, gets_with_a_body)}
VISITS = 10  #: requests of each, to five links


def solved_for(world: World, people: int) -> dict[str, list[str]]:
    """Tickets of so many people, solved: by address the five links that each got, best first."""
    addresses = [f"person{n}@example.com" for n in range(people)]
    for address in addresses:
        world.send(address, SUPPORT, f"Trouble of {address.partition('@')[0]}.", "It does not work.")
    world.settle()
    for letter in world.letters_for(ANN):
        if "Trouble of " in letter.header("Subject"):
            world.answer(ANN, letter, "#resolve\nIt works again.", quote=False)
    world.settle()
    found = {one.recipient: links(one.data) for one in world.mailboxes.letters if one.recipient in addresses and b"/r/" in one.data}
    return {address: [link for link in each if "/r/" in link] for address, each in found.items()}


def standing(world: World) -> dict[tuple[int, int], int]:
    """By ticket and solution, the score that counts in the record."""
    always = (world.clock() - timedelta(days=1000), world.clock() + timedelta(days=1))
    return {(one.ticket, one.closure): one.score for one in world.store.ratings.counted(*always)}
