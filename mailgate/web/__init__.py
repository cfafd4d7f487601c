"""The web door: people rate, and look at their request, behind links that only our letters bring. Off unless `[web]` is configured.

Looking never changes anything: GET, HEAD, OPTIONS and whatever fetches a link beforehand show a page, and only a POST with a score in its
body rates. No cookie, no script, nothing fetched, and the browser is told to allow none. One request a connection, so that nothing is ever
taken for another request; links are built from `base_url`, and what a client says of itself (Host, X-Forwarded-*) is not read. A wrong
link is not found, whatever is wrong with it. No link stands in the log, nor in what goes wrong.

It is an entrance like the doors for mail and knows of what is behind it only `AnswersVisitors`; `app` hands it over."""

from collections.abc import Sequence
from typing import Protocol

from mailgate.model.page import PageFile, RatingForm, WebPage


class AnswersVisitors(Protocol):
    """What is behind the web door. From any thread; each may take its time. `token`: as it stands in the link, not looked at yet;
    `languages`: what the browser asks for, best first, for pages that have no reader."""

    def rating(self, token: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        """The page behind a link of five; with a form, somebody rates."""

    def request(self, token: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        """The requester's page; with a form, its requester rates."""

    def file(self, token: str, name: str, languages: Sequence[str]) -> WebPage | PageFile:
        """A file that the requester's page links to."""

    def note(self, status: int, key: str, languages: Sequence[str]) -> WebPage:
        """A page for what cannot be done."""
