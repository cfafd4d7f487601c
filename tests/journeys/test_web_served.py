"""`mailgate serve` with a web door, as an operator starts it: what it says, how it ends, and on a node of its own."""

from __future__ import annotations

import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mailgate.model import token
from tests.journeys.browsing import BASE, visit
from tests.journeys.served import Served, environment, mailgate
from tests.journeys.world import edit
from tests.servers.postfix import free_port

GARDEN = "Subject: The garden\r\nMessage-ID: <a@example.com>\r\n\r\nThe gate is open.\r\n"


def on_port(port: int) -> Callable[[Path], None]:
    return lambda config: edit(config, "mailgate.toml", ("# [web]", f'[web]\nlisten = "127.0.0.1:{port}"\nbase_url = "{BASE}"'))


def a_page(served: Served) -> str:
    """The link to the page of somebody who has written."""
    with smtplib.SMTP("127.0.0.1", served.port, timeout=60) as client:
        client.sendmail(
            "eve@example.com", ["support@example.org"], f"From: eve@example.com\r\nTo: support@example.org\r\n{GARDEN}".encode()
        )
    with served.store() as store:
        served.until(lambda: any(row.letter.audience == "requester" for row in store.outbox.of_ticket(1)))
        letter = next(row.letter.id for row in store.outbox.of_ticket(1) if row.letter.audience == "requester")
    return f"{BASE}/t/{token.page_detail(served.settings.ring, letter)}"


@pytest.mark.either_database
def test_it_says_where_it_listens_and_check_says_what_is_public(tmp_path: Path) -> None:
    port = free_port()
    with Served(tmp_path, on_port(port)) as served:
        assert f"listening: web on 127.0.0.1 port {port}, for links to {BASE}" in served.log
        link = a_page(served)
        seen = visit(port, link)
        assert seen.status == 200 and "The gate is open." in seen.text
        told = served.run("check").stdout.decode()
        assert f"web on 127.0.0.1 port {port}: somebody listens there" in told and f"{BASE}/t/..." in told
        secret = link.rpartition(".")[2]
        assert secret not in served.log and secret not in told
    with socket.create_server(("127.0.0.1", port)):
        assert b"another program has this port" in served.run("check").stdout
        done = mailgate("serve", "--config", str(served.config))
        assert done.returncode != 0 and b"cannot listen: web on" in done.stderr + done.stdout


@pytest.mark.either_database
def test_sigterm_ends_it_in_time_whoever_is_at_the_web_door(tmp_path: Path) -> None:
    """Idle visitors, slow ones, and one in the middle of a form (fault 49)."""
    port = free_port()
    with Served(tmp_path, on_port(port)) as served:
        peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        for peer in peers[20:40]:
            peer.sendall(b"GET /desk/t/x HTTP/1.1\r\nHost: x\r\n")
        for peer in peers[40:]:
            peer.sendall(b"POST /desk/t/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nscore=")
        assert visit(port, f"{BASE}/t/x").status == 404
        served.signal(signal.SIGTERM)
        began = time.monotonic()
        code = served.process.wait(100)
        took = time.monotonic() - began
        for peer in peers:
            peer.close()
        assert (code, took < 10) == (0, True), (code, took, served.log)
        assert "Traceback" not in served.log, served.log


@pytest.mark.either_database
def test_a_web_door_alone_that_is_not_configured_has_nothing_to_do(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        done = mailgate("serve", "--only", "web", "--config", str(served.config))
    assert done.returncode == 2 and b"there is no [web] in mailgate.toml" in done.stderr + done.stdout


@pytest.mark.database("postgresql", because="several nodes need a server")
def test_a_node_of_its_own_shows_pages_and_files(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    with Served(tmp_path, on_port(first)) as served:
        other = tmp_path / "other"
        shutil.copytree(served.config, other)
        edit(other, "mailgate.toml", (f":{first}", f":{second}"))
        with (tmp_path / "other.log").open("wb") as log:
            words = [sys.executable, "-m", "mailgate", "serve", "--only", "web", "--config", str(other)]
            node = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        try:
            served.until(lambda: b"ready" in (tmp_path / "other.log").read_bytes() or node.poll() is not None)
            seen = visit(second, a_page(served))
            assert seen.status == 200 and "The gate is open." in seen.text, (tmp_path / "other.log").read_text()
            assert not re.search("reader|letters land|fetching", (tmp_path / "other.log").read_text())
        finally:
            node.terminate()
            assert node.wait(100) == 0
