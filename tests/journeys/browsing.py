"""Who follows a link of a letter: plain HTTP against the running web door, as a browser, a scanner or an attacker speaks it."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.journeys.world import World, edit

BASE = "https://help.example.org/desk"
LINK = re.compile(rf"{re.escape(BASE)}/[rt]/[0-9a-z.]+")


def with_web(config: Path) -> None:
    """The web door on a free port of this machine."""
    edit(config, "mailgate.toml", ("# [web]", f'[web]\nlisten = "127.0.0.1:0"\nbase_url = "{BASE}"'))


@dataclass(frozen=True)
class Seen:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def headline(self) -> str:
        return unescape(re.search("<h1>(.*?)</h1>", self.text, re.DOTALL)[1])


def visit(port: int, link: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Seen:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    try:
        connection.request(method, urlsplit(link).path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(port: int, link: str, **fields: str) -> Seen:
    """The form of the page, sent."""
    return visit(port, link, "POST", urlencode(fields).encode(), FORM)


def say(port: int, raw: bytes) -> bytes:
    """These very octets, and all that comes back until the door hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=100) as peer:
        peer.sendall(raw)
        said = b""
        try:
            while piece := peer.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
        return said


def links(data: bytes) -> list[str]:
    """The web links of a letter as it left."""
    from email import message_from_bytes
    from email.policy import default

    message = message_from_bytes(data, policy=default)
    texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return list(dict.fromkeys(LINK.findall(" ".join(texts))))


def web_port(world: World) -> int:
    return world._running.program.web.port
