"""One peer cannot take the web door from all others: smuggled, oversized and slow requests, crowds, and the end of the door."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from mailgate.model.installation import WebSettings
from mailgate.model.page import PageFile, RatingForm
from mailgate.web.door import Visitors, WebDoor
from tests.journeys.browsing import say, visit
from tests.web.house import HASTY, PATIENCE, STYLE, Behind, a_door

RATE, LOOK = "/r/abcdefgh.5.0123456789abcdef", "/t/abcdefgh.0123456789abcdef"
HEAD = b"POST " + RATE.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
LOOKS = b"GET " + LOOK.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"

#: Two opinions on where the first request ends: behind it, a second one that rates or looks.
SMUGGLED = {
    "CL.TE": HEAD + b"Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE.CL": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nscore\r\n0\r\n\r\n" + LOOKS,
    "TE.TE": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE disguised": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE tab": HEAD + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "TE folded": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + LOOKS,
    "chunk with a plus": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nscore\r\n0\r\n\r\n" + LOOKS,
    "CL.CL": HEAD + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + LOOKS,
    "CL list": HEAD + b"Content-Length: 0, 44\r\n\r\n" + LOOKS,
    "CL plus": HEAD + b"Content-Length: +7\r\n\r\nscore=1" + LOOKS,
    "CL minus": HEAD + b"Content-Length: -1\r\n\r\n" + LOOKS,
    "CL hex": HEAD + b"Content-Length: 0x7\r\n\r\nscore=1" + LOOKS,
    "bare LF": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + LOOKS,
    "bare CR": HEAD + b"X: a\rContent-Length: 50\r\nContent-Length: 0\r\n\r\n" + LOOKS,
    "NUL": HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n" + LOOKS,
    "pipelined": LOOKS + HEAD + b"Content-Length: 7\r\n\r\nscore=1",
    "GET with a body that is a request": LOOKS[:-2] + b"Content-Length: %d\r\n\r\n" % len(LOOKS) + LOOKS,
    "upgrade": LOOKS[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n" + LOOKS,
    "websocket": LOOKS[:-2]
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AA==\r\n\r\n"
    + LOOKS,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + LOOKS,
    "HTTP/0.9": b"GET " + LOOK.encode() + b"\r\n" + LOOKS,
    "CONNECT": b"CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\r\n" + LOOKS,
    "a line of SMTP": b"EHLO evil.example\r\nMAIL FROM:<a@b>\r\n" + LOOKS,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_one_connection_is_one_request(name: str) -> None:
    """Whatever stands behind the first is never read as another, and nothing rates that is not one plain form."""
    behind = Behind()
    with a_door(behind) as door:
        said = say(door.port, SMUGGLED[name])
    assert said.count(b"HTTP/1.1 ") <= 1, said
    assert len(behind.asked) <= 1 and behind.rated == [], behind.asked


def test_the_plain_form_among_them_rates() -> None:
    behind = Behind()
    with a_door(behind) as door:
        assert say(door.port, HEAD + b"Content-Length: 7\r\n\r\nscore=1" + LOOKS).startswith(b"HTTP/1.1 200 ")
    assert behind.asked == [("rating", "abcdefgh.5.0123456789abcdef", RatingForm(1))]


def test_a_form_in_chunks_is_refused() -> None:
    """No browser sends one, and a proxy may count its end otherwise."""
    behind = Behind()
    with a_door(behind) as door:
        said = say(door.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\nscore=5\r\n0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 411 ") and behind.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        LOOKS[:-2] + b"X-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        LOOKS[:-2] + b"".join(b"X-%d: a\r\n" % n for n in range(5000)) + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"a" * 200_000,
    ],
)
def test_a_head_that_is_too_long_is_not_read_to_its_end(raw: bytes) -> None:
    behind = Behind()
    with a_door(behind) as door:
        said = say(door.port, raw)
        assert said[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431", b"")
        assert visit(door.port, LOOK).status == 200
    assert len(behind.asked) == 1


def test_a_body_that_is_too_long_is_told_so_and_is_not_kept() -> None:
    behind = Behind()
    with a_door(behind) as door:
        whole = b"score=5&comment=" + b"x" * 200_000
        assert b" 413 " in say(door.port, HEAD + b"Content-Length: %d\r\n\r\n" % len(whole) + whole)
        # A promise of more than anybody would read.
        assert b" 413 " in say(door.port, HEAD + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 2_000_000)
    assert behind.asked == []


def hangs_up(peer: socket.socket) -> bool:
    """Whether the door ends this connection, in its own time."""
    peer.settimeout(PATIENCE)
    try:
        while peer.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"G",
        LOOKS[:40],
        LOOKS[:-2],
        HEAD + b"Content-Length: 7\r\n\r\nsco",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 7\r\n\r\n",
    ],
)
def test_who_does_not_finish_a_request_goes(begun: bytes) -> None:
    with a_door(Behind(), **HASTY) as door, socket.create_connection(("127.0.0.1", door.port)) as peer:
        peer.sendall(begun)
        assert hangs_up(peer)


@pytest.mark.parametrize("begun", [LOOKS[:-2] + b"X: ", HEAD + b"Content-Length: 99999\r\n\r\n"])
def test_who_sends_one_octet_after_the_other_goes_as_well(begun: bytes) -> None:
    """A slow loris: each octet is news, the request never is."""
    with a_door(Behind(), **HASTY) as door, socket.create_connection(("127.0.0.1", door.port)) as peer:
        peer.sendall(begun)
        deadline = time.monotonic() + PATIENCE
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                peer.sendall(b"a")
                threading.Event().wait(0.01)


def test_who_does_not_take_a_file_goes_and_who_takes_it_gets_all_of_it() -> None:
    behind = Behind(files={"x": PageFile("x", "application/octet-stream", b"x" * 30_000_000)})
    ask = b"GET " + LOOK.encode() + b"/f/x HTTP/1.1\r\nHost: x\r\n\r\n"
    with a_door(behind, **HASTY) as door, socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", door.port))
        peer.sendall(ask)
        wait_until(lambda: door._visitors.nobody.is_set() is False)
        wait_until(door._visitors.nobody.is_set)
        assert hangs_up(peer)
    with a_door(behind) as door:
        assert len(say(door.port, ask).partition(b"\r\n\r\n")[2]) == 30_000_000


def test_so_many_files_are_in_memory_and_no_more() -> None:
    """The fifth who asks meanwhile is told to come back."""
    behind = Behind(files={"x": PageFile("x", "application/octet-stream", b"x" * 30_000_000)})
    ask = b"GET " + LOOK.encode() + b"/f/x HTTP/1.1\r\nHost: x\r\n\r\n"
    with a_door(behind) as door, ExitStack() as peers:
        for _ in range(4):
            peer = peers.enter_context(socket.socket())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", door.port))
            peer.sendall(ask)
            assert peer.recv(12) == b"HTTP/1.1 200"
        assert visit(door.port, f"{LOOK}/f/x").status == 503
        assert visit(door.port, LOOK).status == 200


def wait_until(look: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():  # type: ignore[operator]
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_full_door_says_so_and_takes_the_next_when_somebody_leaves() -> None:
    with a_door(Behind(), max_connections=3) as door:
        peers = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(3)]
        wait_until(lambda: len(door._state.connections) == 3)
        assert say(door.port, LOOKS).startswith(b"HTTP/1.1 503 ")
        peers.pop().close()
        wait_until(lambda: len(door._state.connections) == 2)
        assert visit(door.port, LOOK).status == 200
        for peer in peers:
            peer.close()


def test_one_address_has_its_share_and_the_proxy_all_of_it() -> None:
    settings = WebSettings(listen="127.0.0.1:0", base_url="https://help.example.org", max_connections=10, max_connections_per_address=3)

    async def let_in(*peers: str) -> list[bool]:
        visitors = Visitors(settings)
        return [visitors.enter(peer) is not None for peer in peers]

    def entered(*peers: str) -> list[bool]:
        return asyncio.run(let_in(*peers))

    assert entered(*["203.0.113.5"] * 4, "203.0.113.6") == [True] * 3 + [False, True]
    assert entered("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8:0:1::4") == [True] * 3 + [False, True]
    assert entered(*["127.0.0.1"] * 11) == [True] * 10 + [False]
    assert entered(*["", "no address"] * 3, "") == [True] * 6 + [False]


def test_a_place_comes_back_with_whoever_leaves() -> None:
    settings = WebSettings(listen="127.0.0.1:0", base_url="https://help.example.org", max_connections=1)

    async def in_and_out() -> None:
        visitors = Visitors(settings)
        for _ in range(100):
            key = visitors.enter("203.0.113.5")
            assert key is not None and not visitors.nobody.is_set()
            visitors.leave(key)
            assert visitors.nobody.is_set()

    asyncio.run(in_and_out())


def test_the_door_ends_in_its_time_whoever_is_there() -> None:
    """An idle visitor, one in the middle of a request, and one whose answer hangs."""
    behind = Behind(waits=threading.Event())

    async def life() -> float:
        door = WebDoor(WebSettings(listen="127.0.0.1:0", base_url="https://help.example.org"), behind)
        await door.start()
        peers = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(3)]
        peers[1].sendall(HEAD)
        peers[2].sendall(LOOKS)
        while len(door._state.connections) < 3 or not door._state.tasks:
            await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await door.stop(0.5)
        took = loop.time() - began
        behind.waits.set()
        for peer in peers:
            assert await loop.run_in_executor(None, hangs_up, peer)
            peer.close()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", door.port), timeout=1)
        return took

    assert asyncio.run(life()) < 0.5 + PATIENCE / 5


def test_who_is_being_answered_when_the_door_ends_gets_the_answer() -> None:
    behind = Behind(waits=threading.Event())

    async def life() -> bytes:
        door = WebDoor(WebSettings(listen="127.0.0.1:0", base_url="https://help.example.org"), behind)
        await door.start()
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(None, say, door.port, LOOKS)
        while not door._state.tasks:
            await asyncio.sleep(0.01)
        ending = asyncio.create_task(door.stop(PATIENCE))
        await asyncio.sleep(0)
        behind.waits.set()
        said = await answer
        await ending
        return said

    assert STYLE.encode() in asyncio.run(life())
