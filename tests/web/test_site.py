"""What the web door answers: looking never rates, one form does, and what a client says of itself is not believed."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from mailgate.model.page import PageFile, RatingForm
from mailgate.web.site import METHODS
from tests.journeys.browsing import FORM, post, say, visit
from tests.web.house import Behind, a_door

RATE, LOOK = "/r/abcdefgh.5.0123456789abcdef", "/t/abcdefgh.0123456789abcdef"


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[Behind, int]]:
    behind = Behind(files={"picture": PageFile('a "b"\\;\u202e.png', "image/png", b"\x89PNG" * 70_000)})
    with a_door(behind) as one:
        yield behind, one.port


@pytest.fixture(autouse=True)
def nothing_was_asked(door: tuple[Behind, int]) -> None:
    door[0].asked.clear()
    door[0].fails = False


@pytest.mark.parametrize("link", [RATE, LOOK])
def test_looking_rates_nothing_however_it_is_done(door: tuple[Behind, int], link: str) -> None:
    """Previews, sandboxes and prefetching browsers, with the headers that they send, and a GET with a form in its body."""
    behind, port = door
    form = b"score=1&comment=bad"
    looks = [
        ("GET", None, {}), ("HEAD", None, {}), ("OPTIONS", None, {}), ("GET", form, FORM), ("HEAD", form, FORM), ("OPTIONS", form, FORM),
        ("GET", None, {"Sec-Purpose": "prefetch;prerender"}), ("GET", None, {"Purpose": "prefetch"}), ("GET", None, {"X-Moz": "prefetch"}),
        ("GET", form, {**FORM, "X-HTTP-Method-Override": "POST"}), ("GET", form, {**FORM, "X-Method-Override": "POST"}),
    ]  # fmt: skip
    for method, body, headers in looks:
        assert visit(port, link, method, body, headers).status in (200, 204), (method, headers)
    assert behind.rated == [] and all(form is None for _, _, form in behind.asked)
    assert visit(port, f"{link}?score=5&_method=POST").status == 200
    assert behind.rated == []
    # The other way round: the same form, posted, does rate.
    assert post(port, link, score="1", comment="bad").status == 200
    assert behind.rated == [RatingForm(1, "bad")]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"score=5", RatingForm(5)),
        (b"score=3&comment=+a%0D%0Ab+", RatingForm(3, "a\r\nb")),
        (b"comment=hello", RatingForm(None, "hello")),
        (b"", RatingForm(None)),
        (b"score=", RatingForm(None)),
        (b"score=6", RatingForm(None)),
        (b"score=0", RatingForm(None)),
        (b"score=55", RatingForm(None)),
        (b"score=5&score=1", RatingForm(None)),
        (b"score=5&score=5", RatingForm(None)),
        (b"score=%EF%BC%95", RatingForm(None)),  # a five of full width
        (b"score=5\xff", RatingForm(None)),
        (b"&".join(b"x%d=1" % n for n in range(50)) + b"&score=5", RatingForm(None)),
        (b"score=4&comment=" + b"x" * 5000, RatingForm(4, "x" * 2000)),
        (b"score=4&comment=%ff%fe", RatingForm(4, "\ufffd\ufffd")),
    ],
)
def test_a_form_says_one_score_or_none(door: tuple[Behind, int], body: bytes, form: RatingForm) -> None:
    behind, port = door
    visit(port, RATE, "POST", body, FORM)
    assert [one for _, _, one in behind.asked] == [form]


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "application/x-www-form-urlencodedx"]
)
def test_what_is_no_form_of_a_page_rates_nothing(door: tuple[Behind, int], kind: str) -> None:
    behind, port = door
    assert visit(port, RATE, "POST", b"score=5", {"Content-Type": kind}).status == 415
    assert behind.asked == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL", "LOCK", "get", "POSTS"])
def test_other_methods_do_nothing(door: tuple[Behind, int], method: str) -> None:
    behind, port = door
    seen = visit(port, RATE, method, b"score=5", FORM)
    assert seen.status == 405 and seen.headers["allow"] == ", ".join(METHODS) and behind.asked == []


def test_a_file_is_only_looked_at(door: tuple[Behind, int]) -> None:
    behind, port = door
    assert post(port, f"{LOOK}/f/picture", score="5").status == 405
    assert behind.asked == []


WHERE = [
    "/",
    "/r",
    "/r/",
    "/t/",
    f"{RATE}/",
    f"{LOOK}/f/",
    f"{LOOK}/f/a/b",
    f"{LOOK}/g/a",
    "/R/x",
    "//r/x",
    "/r//x",
    "/favicon.ico",
    "/admin",
]
WHERE += [
    f"/r/{dots}/{dots}/etc/passwd" for dots in ("..", "%2e%2e", "..%2f..", "%2e%2e%2f", "....//", "%252e%252e", "..\\", "%c0%ae%c0%ae")
]
WHERE += ["/t/x/f/..%2f..%2fmailgate.toml", "/t/x/f/%2fetc%2fpasswd", "/r/x%2f..%2fy", "/t/x%00/f", "/r/../t/x/f/../../../keys"]


def test_nothing_lies_at_other_addresses(door: tuple[Behind, int]) -> None:
    """No path is a path of a file system: it is a link of ours, as one piece, or it is not found (fault 123, CVE-2022-25803)."""
    behind, port = door
    found = {where: visit(port, where) for where in WHERE}
    assert {where: seen.status for where, seen in found.items() if seen.status != 404} == {}
    assert behind.asked == []
    assert "location" not in {name for seen in found.values() for name in seen.headers}


def test_each_answer_forbids_the_browser_everything_that_no_page_of_ours_needs(door: tuple[Behind, int]) -> None:
    behind, port = door
    answers = {
        "page": visit(port, LOOK), "head": visit(port, LOOK, "HEAD"), "options": visit(port, LOOK, "OPTIONS"), "unknown": visit(port, "/x"),
        "method": visit(port, LOOK, "PUT"), "kind": visit(port, RATE, "POST", b"x", {}), "long": post(port, RATE, comment="x" * 90_000),
        "robots": visit(port, "/robots.txt"), "file": visit(port, f"{LOOK}/f/picture"), "posted": post(port, RATE, score="5"),
    }  # fmt: skip
    behind.fails = True
    answers["trouble"] = visit(port, LOOK)
    assert {name: seen.status for name, seen in answers.items()} == {
        "page": 200, "head": 200, "options": 204, "unknown": 404, "method": 405, "kind": 415, "long": 413, "robots": 200, "file": 200,
        "posted": 200, "trouble": 503,
    }  # fmt: skip
    for name, seen in answers.items():
        headers = seen.headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";") if " " in part.strip())
        assert policy.pop("default-src") == policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'", name
        assert policy.pop("form-action") in ("'self'", "'none'"), name
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy.pop("style-src", f"'sha256-{'A' * 43}='")) and policy == {}, name
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer", name
        assert headers["cache-control"] == "no-store" and "noindex" in headers["x-robots-tag"], name
        assert headers["permissions-policy"] and headers["x-frame-options"] == "DENY" and headers["connection"] == "close", name
        assert not headers.keys() & {"set-cookie", "server", "location", "access-control-allow-origin", "etag"}, name


def test_a_file_is_saved_and_never_shown_in_a_pages_place(door: tuple[Behind, int]) -> None:
    seen = visit(door[1], f"{LOOK}/f/picture")
    assert seen.body == b"\x89PNG" * 70_000
    assert seen.headers["content-type"] == "image/png"
    assert seen.headers["content-disposition"] == ("attachment; filename=\"a _b____.png\"; filename*=UTF-8''a%20%22b%22%5C%3B%E2%80%AE.png")
    assert seen.headers["content-security-policy"].endswith("; sandbox")


@pytest.mark.parametrize(
    "headers",
    [
        "Host: evil.example\r\n",
        "Host: help.example.org\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: javascript\r\nForwarded: host=evil.example\r\n",
        "Host: help.example.org:99999\r\nX-Original-URL: /evil.example\r\nX-Rewrite-URL: /evil.example\r\n",
        'Host: evil.example"><script>alert(1)</script>\r\n',
    ],
)
@pytest.mark.parametrize("path", [LOOK, f"{LOOK}/", "/nowhere", "https://evil.example/t/x"])
def test_what_a_client_calls_us_is_in_no_answer(door: tuple[Behind, int], path: str, headers: str) -> None:
    """(fault 122, GHSA-2wmj)"""
    said = say(door[1], f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
    assert b"evil" not in said and b"\nlocation:" not in said.lower()


def test_what_goes_wrong_is_told_without_the_link(door: tuple[Behind, int], caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log could open the page. (The error itself has the link in its words.)"""
    behind, port = door
    behind.fails = True
    with caplog.at_level(logging.DEBUG):
        seen = visit(port, LOOK)
    assert seen.status == 503 and b"<h1>trouble</h1>" in seen.body and seen.headers["retry-after"]
    told = " ".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    assert "ValueError in _page" in told and LOOK.rpartition("/")[2] not in told and "0123456789abcdef" not in told


def test_a_base_url_with_a_path_has_all_pages_below_it() -> None:
    behind = Behind()
    with a_door(behind, base_url="https://www.example.org/help/desk/") as one:
        assert visit(one.port, f"/help/desk{RATE}").status == 200
        assert visit(one.port, RATE).status == 404
    assert [token for _, token, _ in behind.asked] == ["abcdefgh.5.0123456789abcdef"]
