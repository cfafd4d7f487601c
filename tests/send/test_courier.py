"""Many letters at once over a few kept connections, and a relay that does not play along."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from mailgate.model.delivery import Deferred, Delivered, Delivery, Refused
from mailgate.model.installation import RelaySettings
from mailgate.send.courier import Courier, NotReady, Outgoing
from mailgate.send.relay import Relay, SmtpRelay
from tests.fakes.smtp_sink import CONNECT, Act, Close, Say, Silence, SmtpSink

LETTER = b"Subject: Hello\r\n\r\nEnd.\r\n"
SECOND = timedelta(seconds=1)
OK = Delivered("250 fine")
DOWN = Deferred("connection refused", relay_down=True)


def letters(count: int) -> list[Outgoing]:
    return [Outgoing(f"L{number}", "desk@example.org", f"ann{number}@example.org", LETTER) for number in range(count)]


class ScriptedRelay:
    """Answers with what a function says, and remembers whom it was asked for."""

    def __init__(self, answer: Callable[[str], Delivery]) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.aborted = threading.Event()
        self.closed = False

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        self.asked.append(recipient)
        return self.answer(recipient)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted.set()


@pytest.fixture
def hire() -> Iterator[Callable[..., Courier]]:
    couriers: list[Courier] = []

    def hire(*relays: Relay) -> Courier:
        queue = list(relays)
        couriers.append(Courier(lambda: queue.pop(0), threads=len(relays)))
        return couriers[-1]

    yield hire
    for courier in couriers:
        courier.stop(SECOND)


def smtp(sink: SmtpSink, timeout: timedelta = 5 * SECOND) -> SmtpRelay:
    return SmtpRelay(RelaySettings(port=sink.port, tls="none", timeout=timeout, final_timeout=timeout), lambda: None)


def test_every_letter_comes_back_once_and_connections_are_kept_from_round_to_round(hire: Callable[..., Courier]) -> None:
    with SmtpSink() as sink:
        courier = hire(smtp(sink), smtp(sink))
        for _ in range(3):
            answers = dict(courier.send(letters(30)))
            assert sorted(item.id for item in answers) == sorted(item.id for item in letters(30))
            assert {type(delivery) for delivery in answers.values()} == {Delivered}
        courier.stop(SECOND)
        assert sink.connections <= 2
    assert len(sink.taken) == 90
    assert sink.commands.count("QUIT") == sink.connections


def test_no_thread_begins_its_next_letter_before_the_last_one_is_written_down(hire: Callable[..., Courier]) -> None:
    relays = [ScriptedRelay(lambda _: OK), ScriptedRelay(lambda _: OK)]
    begun: list[int] = []
    for written, _ in enumerate(hire(*relays).send(letters(20))):
        time.sleep(0.005)  # as a commit takes
        begun.append(sum(len(relay.asked) for relay in relays) - written)
    assert max(begun) <= 2, "one for each thread may be sent twice by a program that is killed"


def test_a_letter_is_put_together_when_its_turn_comes(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda _: OK)
    threads: list[str] = []

    def data() -> bytes:
        threads.append(threading.current_thread().name)
        return LETTER

    assert [delivery for _, delivery in hire(relay).send([Outgoing("A", "", "a@b.example", data)])] == [OK]
    assert threads == ["courier-0"]


def test_a_letter_that_cannot_be_put_together_does_not_stop_the_others(
    hire: Callable[..., Courier], caplog: pytest.LogCaptureFixture
) -> None:
    def changed() -> bytes:
        raise ValueError("it is not what was sealed")

    def unreadable() -> bytes:
        raise OSError("database is locked")

    relay = ScriptedRelay(lambda _: OK)
    items = [Outgoing("A", "", "a@b.example", changed), Outgoing("B", "", "b@b.example", unreadable), *letters(1)]
    with caplog.at_level(logging.CRITICAL):
        answers = {item.id: delivery for item, delivery in hire(relay).send(items)}
    damaged = Refused("not sent: it is not what was sealed", damaged=True)
    assert answers == {"A": damaged, "B": Deferred("not put together: OSError"), "L0": OK}


def test_a_letter_with_a_broken_address_is_refused_and_not_the_connection(hire: Callable[..., Courier]) -> None:
    with SmtpSink() as sink:
        items = [Outgoing("A", "", "a@b.example\r\nRCPT TO:<x@y.example>", LETTER), *letters(2)]
        answers = {item.id: delivery for item, delivery in hire(smtp(sink)).send(items)}
    assert isinstance(answers["A"], Refused)
    assert [type(answers[name]) for name in ("L0", "L1")] == [Delivered, Delivered]


def test_what_nobody_expected_may_have_been_delivered(hire: Callable[..., Courier], caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: str) -> Delivery:
        raise RuntimeError("canary")

    with caplog.at_level(logging.CRITICAL):
        ((_, delivery),) = hire(ScriptedRelay(fail)).send(letters(1))
    assert delivery == Deferred("not handed over: RuntimeError", uncertain=True)


def test_a_dead_relay_is_tried_a_few_times_and_not_once_for_each_letter(hire: Callable[..., Courier]) -> None:
    """(fault 33)"""
    relays = [ScriptedRelay(lambda _: DOWN), ScriptedRelay(lambda _: DOWN)]
    answers = list(hire(*relays).send(letters(100)))
    assert len(answers) == 100
    assert {delivery for _, delivery in answers} == {DOWN}
    assert sum(len(relay.asked) for relay in relays) == 4


def test_a_silent_relay_costs_two_time_limits(hire: Callable[..., Courier]) -> None:
    with SmtpSink({CONNECT: [Silence()] * 10}) as sink:
        courier = hire(smtp(sink, timedelta(seconds=0.2)))
        begin = time.monotonic()
        answers = list(courier.send(letters(50)))
        assert time.monotonic() - begin < 2
    assert len(answers) == 50 and all(isinstance(delivery, Deferred) and delivery.relay_down for _, delivery in answers)


def test_a_second_connection_that_the_relay_refuses_costs_no_letter(hire: Callable[..., Courier]) -> None:
    gate = threading.Event()
    first = ScriptedRelay(lambda _: (gate.wait(60), OK)[1])

    def refuse(_: str) -> Delivery:
        if len(second.asked) == 2:
            gate.set()
        return Deferred("421 too many connections", relay_down=True)

    second = ScriptedRelay(refuse)
    answers = list(hire(first, second).send(letters(20)))
    assert [delivery for _, delivery in answers] == [OK] * 20


def test_one_letter_that_the_relay_answers_with_a_fault_of_ours_does_not_hold_up_those_behind_it(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda recipient: DOWN if recipient == "ann0@example.org" else OK)
    answers = {item.id: delivery for item, delivery in hire(relay).send(letters(10))}
    assert answers.pop("L0") == DOWN
    assert len(answers) == 9 and set(answers.values()) == {OK}


def test_several_such_letters_do_not_either_as_long_as_others_go_through(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda recipient: DOWN if recipient in ("ann0@example.org", "ann2@example.org") else OK)
    answers = {item.id: delivery for item, delivery in hire(relay).send(letters(10))}
    assert {name for name, delivery in answers.items() if delivery != OK} == {"L0", "L2"}


def test_when_the_time_of_a_round_is_used_up_the_rest_waits_for_the_next(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda _: OK)
    answers = list(hire(relay).send(letters(3), budget=timedelta(seconds=-1)))
    assert relay.asked == []
    assert {delivery for _, delivery in answers} == {Deferred("not tried: no time was left in this round", untried=True)}


def test_who_stops_listening_gives_the_rest_up(hire: Callable[..., Courier]) -> None:
    step = threading.Semaphore(0)
    relay = ScriptedRelay(lambda _: (step.acquire(timeout=60), OK)[1])
    courier = hire(relay)
    answers = courier.send(letters(50))
    step.release()
    next(answers)
    answers.close()
    step.release(100)
    assert [delivery for _, delivery in courier.send(letters(1))] == [OK]
    assert len(relay.asked) <= 3


def test_stop_lets_the_letter_in_work_finish_and_begins_no_other(hire: Callable[..., Courier]) -> None:
    begun, go = threading.Event(), threading.Event()

    def answer(_: str) -> Delivery:
        begun.set()
        go.wait(60)
        return OK

    relay = ScriptedRelay(answer)
    courier = hire(relay)
    answers: list[tuple[Outgoing, Delivery]] = []
    round_ = threading.Thread(target=lambda: answers.extend(courier.send(letters(5))))
    round_.start()
    assert begun.wait(60)
    stopping = threading.Thread(target=courier.stop, args=(5 * SECOND,))
    stopping.start()
    go.set()
    stopping.join()
    round_.join()
    assert relay.asked == ["ann0@example.org"]
    assert [type(delivery) for _, delivery in answers] == [Delivered, Deferred, Deferred, Deferred, Deferred]
    assert answers[-1][1] == Deferred("not tried: the gateway is stopping", untried=True)
    assert relay.closed and not relay.aborted.is_set()


def test_stop_cuts_a_relay_that_keeps_us_waiting(hire: Callable[..., Courier]) -> None:
    with SmtpSink({"MAIL": [Silence()]}) as sink:
        courier = hire(smtp(sink, timedelta(minutes=5)))
        answers: list[tuple[Outgoing, Delivery]] = []
        round_ = threading.Thread(target=lambda: answers.extend(courier.send(letters(1))))
        round_.start()
        for _ in range(500):
            if any(line.startswith("MAIL") for line in sink.commands):
                break
            round_.join(0.01)
        begin = time.monotonic()
        courier.stop(timedelta(seconds=0.1))
        round_.join(60)
        assert time.monotonic() - begin < 3
    ((_, delivery),) = answers
    assert isinstance(delivery, Deferred) and not delivery.uncertain


def test_a_stopped_courier_takes_nothing_more(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda _: OK)
    courier = hire(relay)
    courier.stop(SECOND)
    assert [type(delivery) for _, delivery in courier.send(letters(3))] == [Deferred] * 3
    assert relay.asked == []


def test_a_relay_that_fails_now_and_then_loses_nothing(hire: Callable[..., Courier]) -> None:
    faults: list[Act] = [Say("451 4.3.0 later"), Close(), Say("550 5.1.1 no"), Say("421 4.3.2 bye", close=True)]
    with SmtpSink({"RCPT": faults * 3, "MAIL": faults * 2, ".": faults * 2}) as sink:
        courier = hire(smtp(sink), smtp(sink))
        waiting, refused = letters(60), 0
        for _ in range(20):
            answers = list(courier.send(waiting))
            assert sorted(item.id for item, _ in answers) == sorted(item.id for item in waiting)
            refused += sum(isinstance(delivery, Refused) for _, delivery in answers)
            waiting = [item for item, delivery in answers if isinstance(delivery, Deferred)]
        courier.stop(SECOND)
    assert waiting == []
    assert refused == 7
    assert len({taken.recipient for taken in sink.taken}) == 60 - refused


def test_whoever_stops_asking_gets_back_each_letter_that_was_not_begun_and_none_of_them_is(hire: Callable[..., Courier]) -> None:
    relay = ScriptedRelay(lambda _: OK)
    courier, back = hire(relay), list[Outgoing]()
    answers = courier.send(letters(50), given_up=back.append)
    first, _ = next(answers)
    answers.close()
    assert first.id == "L0" and [one.id for one in back] == [f"L{number}" for number in range(1, 50)]
    assert list(courier.send([])) == [] and [item.id for item, _ in courier.send(letters(1))] == ["L0"]
    assert relay.asked == ["ann0@example.org", "ann0@example.org"], "one of each round: the rest was never begun"


def test_large_letters_are_in_hand_one_at_a_time_and_small_ones_beside_them(hire: Callable[..., Courier]) -> None:
    """Each lies in memory several times while it is put together and said."""
    in_hand, most, lock = [0], [0], threading.Lock()

    class Counting(ScriptedRelay):
        def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
            with lock:
                in_hand[0] -= sizes[recipient]
            return OK

    def put_together(size: int) -> bytes:
        with lock:
            in_hand[0] += size
            most[0] = max(most[0], in_hand[0])
        return LETTER

    large, small = 25 * 1024 * 1024, 1024
    sizes = {f"ann{n}@example.org": large if n % 3 == 0 else small for n in range(60)}
    courier = hire(*(Counting(lambda _: OK) for _ in range(4)))
    answers = list(
        courier.send([Outgoing(to, "desk@example.org", to, partial(put_together, size), octets=size) for to, size in sizes.items()])
    )
    assert len(answers) == 60 and {type(delivery) for _, delivery in answers} == {Delivered}
    assert most[0] < large + large // 2, "never two large ones"


def test_a_letter_that_cannot_be_put_together_for_want_of_a_worker_counts_as_untried(
    hire: Callable[..., Courier], caplog: pytest.LogCaptureFixture
) -> None:
    def no_worker() -> bytes:
        raise NotReady("no worker can be started", untried=True)

    courier = hire(ScriptedRelay(lambda _: OK))
    ((_, delivery),) = courier.send([Outgoing("L", "desk@example.org", "ann@example.org", no_worker)])
    assert delivery == Deferred("not put together: no worker can be started", untried=True)
    assert not any(record.exc_info for record in caplog.records)


def test_stop_ends_in_time_although_a_letter_is_never_put_together(hire: Callable[..., Courier]) -> None:
    begun, over = threading.Event(), threading.Event()

    def for_ever() -> bytes:
        begun.set()
        over.wait(60)
        return LETTER

    courier = hire(ScriptedRelay(lambda _: OK))
    sender = threading.Thread(target=lambda: list(courier.send([Outgoing("L", "desk@example.org", "ann@example.org", for_ever)])))
    sender.start()
    begun.wait(60)
    began = time.monotonic()
    assert courier.stop(timedelta(0), SECOND / 5) is False
    assert time.monotonic() - began < 30
    over.set()
    sender.join(60)
    assert courier.stop(SECOND) is True


def test_a_small_letter_does_not_wait_behind_two_large_ones(hire: Callable[..., Courier]) -> None:
    """One thread has a large letter in hand, and the relay takes its time: the other goes on with what fits beside it."""
    small_is_out = threading.Event()
    asked: list[str] = []
    large = 25 * 1024 * 1024

    def answer(recipient: str) -> Delivery:
        asked.append(recipient)
        if recipient == "small@example.org":
            small_is_out.set()
        elif len(asked) == 1:
            assert small_is_out.wait(100), "the small letter waited"
        return OK

    courier = hire(ScriptedRelay(answer), ScriptedRelay(answer))
    letters = [Outgoing(to, "desk@example.org", f"{to}@example.org", LETTER, octets=large) for to in ("one", "two", "three")]
    letters.append(Outgoing("small", "desk@example.org", "small@example.org", LETTER, octets=1000))
    assert {type(delivery) for _, delivery in courier.send(letters)} == {Delivered}
    assert len(asked) == 4 and asked[1] == "small@example.org"
