"""Two hundred peers, each at an address of its own, take the whole door and are in no hurry; ordinary mail comes in all the same."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from bench import measured
from mailgate.receive.connection import DoorState
from tests.receive.doors import MAIL, Client, OpenDoor, open_door

pytestmark = pytest.mark.exam

PEERS, MAILS = 200, 10
UNTIL_DATA = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
#: Seconds that an ordinary peer may wait for its 250.
SERVED_WITHIN = 30.0


class Crowd:
    """Idle ones, talkers, and mails that come octet by octet. Who is sent away comes again at once."""

    def __init__(self, house: OpenDoor, seed: int) -> None:
        self._house, self._chance, self._over = house, random.Random(seed), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.came_again = 0

    def __enter__(self) -> Crowd:
        self._stack = ExitStack()
        self._clients = [self._come(number) for number in range(PEERS)]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._stack.close()

    def _come(self, number: int) -> socket.socket:
        address = (f"127.0.{2 + number // 200}.{1 + number % 200}", 0)
        sock = socket.create_connection(("127.0.0.1", self._house.door.port), 30, source_address=address)
        sock.setblocking(False)
        self._stack.callback(sock.close)
        return sock

    def _run(self) -> None:
        while not self._over.wait(0.5):
            for number, sock in enumerate(self._clients):
                try:
                    while sock.recv(4096):
                        pass
                    raise ConnectionError
                except BlockingIOError:
                    pass
                except OSError:
                    sock.close()
                    self._clients[number] = self._come(number)
                    self.came_again += 1
                    continue
                try:
                    if number % 3 == 1:
                        sock.send(b"NOOP\r\n")
                    elif number % 3 == 2:
                        sock.send(self._chance.choice([b"E", UNTIL_DATA, b"x\r\n"]))
                except OSError:
                    continue


def ordinary_mails(house: OpenDoor) -> list[float]:
    """How long each waited for its 250; infinite for one that heard a no."""
    waited = []
    for number in range(MAILS):
        began = time.monotonic()
        try:
            address = (f"127.0.9.{number + 1}", 0)
            with Client(socket.create_connection(("127.0.0.1", house.door.port), 30, source_address=address)) as client:
                client.sock.settimeout(SERVED_WITHIN)
                client.until_data()
                client.send(MAIL + b".\r\n")
                assert client.reply() == "250 2.0.0 Stored"
            waited.append(time.monotonic() - began)
        except (AssertionError, OSError, EOFError):
            waited.append(float("inf"))
    return waited


def siege() -> tuple[list[float], int]:
    with open_door() as house, Crowd(house, seed=7) as crowd:
        house.wait_until(lambda: house.door.connections == PEERS)
        return ordinary_mails(house), crowd.came_again


def test_two_hundred_slow_peers_do_not_keep_an_ordinary_mail_out() -> None:
    waited, again = siege()
    failed = sum(one > SERVED_WITHIN for one in waited)
    measured.write("slow-peers", n=MAILS, failed=failed, seed=7, peers=PEERS, came_again=again, longest_s=round(max(waited), 1))
    assert failed == 0, waited


def test_they_do_where_nobody_ever_has_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DoorState, "look_round", lambda _: None)
    waited, _ = siege()
    failed = sum(one > SERVED_WITHIN for one in waited)
    measured.write("slow-peers-negative-control", n=MAILS, failed=failed, seed=7, peers=PEERS)
    assert failed == MAILS
