"""The door closes: whoever got a yes has been stored, everybody else hears 421, and it takes no longer than it may."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from contextlib import ExitStack

import pytest

from mailgate.receive import replies
from tests.receive.doors import MAIL, PATIENCE, OpenDoor, open_door


def _stop(house: OpenDoor, grace: float) -> Future[None]:
    stopping = asyncio.run_coroutine_threadsafe(house.door.stop(grace), house.loop)
    house.wait_until(lambda: house.door._door.closing)
    return stopping


def test_who_waits_between_two_mails_hears_421_at_once_and_nobody_new_comes_in():
    with open_door() as house, ExitStack() as stack:
        idle = [stack.enter_context(house.client()) for _ in range(5)]
        assert all(client.reply().startswith("220 ") for client in idle)
        idle[0].ask("EHLO x")
        idle[0].ask("MAIL FROM:<>")  # begun, but nothing is lost with it
        idle[1].send(b"half a com")
        began = time.monotonic()
        stopping = _stop(house, 200.0)
        for client in idle:
            assert client.reply() == replies.SHUTTING_DOWN
            assert client.is_closed()
            client.sock.close()
        stopping.result(PATIENCE)
        assert time.monotonic() - began < 30
        with pytest.raises(ConnectionRefusedError):
            house.client()


def test_a_mail_that_is_being_sent_may_be_finished():
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(b"From: a@b.example\r\n")
        stopping = _stop(house, 30.0)
        client.send(b"\r\n.\r\nMAIL FROM:<>\r\n")
        assert client.reply() == "250 2.0.0 Stored"
        assert client.reply() == replies.SHUTTING_DOWN
        assert client.is_closed()
        client.sock.close()
        stopping.result(PATIENCE)
        assert len(house.gateway.arrivals) == 1


def test_a_mail_that_does_not_end_in_time_is_put_off():
    with open_door() as house, house.client() as client:
        client.until_data()
        client.send(b"From: a@b.example\r\n")
        began = time.monotonic()
        stopping = _stop(house, 0.4)
        assert client.reply() == replies.SHUTTING_DOWN
        stopping.result(PATIENCE)
        assert time.monotonic() - began < 0.4 + 10
        assert house.gateway.arrivals == []


def test_a_commit_under_way_is_waited_for_and_its_client_gets_the_yes():
    with open_door() as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        stopping = _stop(house, 30.0)
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert client.reply() == "250 2.0.0 Stored"
        assert client.reply() == replies.SHUTTING_DOWN
        client.sock.close()
        stopping.result(PATIENCE)


@pytest.mark.parametrize("reset", [False, True])
def test_a_commit_of_a_client_who_is_gone_is_waited_for_too(reset):
    with open_door() as house:
        house.gateway.slow = True
        client = house.client().until_data()
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        if reset:
            client.reset()
        client.sock.close()
        house.wait_until(house.nobody_speaks)
        stopping = _stop(house, 30.0)
        assert not stopping.done()
        house.loop.call_soon_threadsafe(house.gateway.finish)
        stopping.result(PATIENCE)
        assert len(house.gateway.arrivals) == 1


def test_a_commit_that_takes_too_long_is_neither_cancelled_nor_answered():
    with open_door() as house, house.client() as client:
        house.gateway.slow = True
        client.until_data()
        client.send(MAIL + b".\r\n")
        assert house.gateway.begun.wait(PATIENCE)
        _stop(house, 0.2).result(PATIENCE)
        assert client.is_closed()
        assert house.gateway.arrivals == []
        house.loop.call_soon_threadsafe(house.gateway.finish)
        assert house.gateway.done.wait(PATIENCE)
        assert len(house.gateway.arrivals) == 1


def test_every_yes_under_load_is_in_the_store_when_the_door_has_closed():
    with open_door() as house:
        said_yes: list[bytes] = []
        busy = threading.Barrier(7)

        def send_for_ever(name: int) -> None:
            with house.client() as client:
                try:
                    client.until_data()
                    for number in range(100_000):
                        mail = f"Subject: {name} {number}\r\n\r\n".encode()
                        client.send(mail + b".\r\n")
                        if client.reply() != "250 2.0.0 Stored":
                            return
                        said_yes.append(mail)
                        if number == 5:
                            busy.wait(PATIENCE)
                        client.envelope()
                except (AssertionError, ConnectionError, EOFError):
                    return  # 421 or the end, whatever it wanted to say next

        senders = [threading.Thread(target=send_for_ever, args=(name,)) for name in range(6)]
        for sender in senders:
            sender.start()
        busy.wait(PATIENCE)
        _stop(house, 5.0).result(PATIENCE)
        for sender in senders:
            sender.join(PATIENCE)
        stored = [arrival.raw for arrival in house.gateway.arrivals]
        assert len(said_yes) >= 36
        assert sorted(stored) == sorted(said_yes)


def test_a_client_that_hangs_up_at_the_very_moment_of_the_last_word_does_not_keep_the_door_from_closing():
    """The system knows that the connection is gone, and the loop does not yet (fault 49)."""
    with open_door() as house, ExitStack() as stack:
        clients = [stack.enter_context(house.client()) for _ in range(20)]
        assert all(client.reply().startswith("220 ") for client in clients)

        def all_at_once() -> None:
            for client in clients[:10]:
                client.reset()
            for session in list(house.door._door.sessions):
                session.leave_soon()

        house.call(all_at_once)
        assert [client.reply() for client in clients[10:]] == [replies.SHUTTING_DOWN] * 10
        house.wait_until(lambda: house.door.connections <= 10)


@pytest.mark.parametrize(
    "fails", [OSError(107, "Transport endpoint is not connected"), RuntimeError("Cannot call write_eof() when closing")]
)
def test_whatever_a_transport_says_at_the_last_word_the_others_hear_theirs(fails, monkeypatch, caplog):
    with open_door() as house, house.client() as one, house.client() as other:
        assert one.reply()[:3] == other.reply()[:3] == "220"
        first = next(iter(house.door._door.sessions))

        def raises() -> None:
            raise fails

        monkeypatch.setattr(first._wire(), "write_eof", raises, raising=False)
        stopping = _stop(house, 2.0)
        assert {one.reply(), other.reply()} == {replies.SHUTTING_DOWN}
        house.wait_until(first.gone.done)  # at once, and not when its time is up
        assert "could not be dismissed" not in caplog.text
        one.sock.close()
        other.sock.close()
        stopping.result(PATIENCE)
