"""One sender who floods a desk: every mail is kept and told, and nobody's mailbox is filled by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailgate.gateway import combining
from mailgate.model.delivery import OutboxState
from mailgate.model.flood import Block
from mailgate.record.store import Store
from tests.zoo.days import small
from tests.zoo.house import ANN, BOB, MAX, OPERATOR, SUPPORT, ZooHouse

#: What is counted in the record is tested there, on both databases; `make exam` runs this on a server, too.
pytestmark = pytest.mark.either_database

EVE = "eve@example.net"


@pytest.fixture
def house(store: Store) -> Iterator[ZooHouse]:
    made = ZooHouse(store, replace(small(ZooHouse.__dataclass_fields__["policy"].default_factory()), letters={}))  # type: ignore[misc]
    yield made
    made.close()


def to(house: ZooHouse, address: str, event: str = "") -> list[str]:
    return [one.text for one in house.sent if one.to == address and event in one.subject]


def test_what_one_sender_floods_us_with_is_told_together_and_nothing_is_dropped(house: ZooHouse):
    """1,870 tickets and 3,740 notices in twenty seconds were one sender's (fault 77)."""
    for n in range(60):
        house.mail(f"Eve <eve+{n}@example.net>", SUPPORT, f"Offer {n}", f"This is the offer with the number {n}, take a look at it.")
    house.run()
    assert len(house.store.tickets.listed((), 1000)) == 60
    assert sum(one.to.startswith("eve") for one in house.sent) == 3
    assert len(to(house, ANN)) == len(to(house, BOB)) == 30
    alarms = [text for text in to(house, OPERATOR) if "one sender" in text]
    assert len(alarms) == 1 and "mailgate people block eve@example.net" in alarms[0]
    house.turn(minutes=11)
    house.run()
    together = [one for one in house.sent if one.to == ANN and "in one email" in one.text]
    assert len(together) == 1 and "30 notices" in together[0].text and "Offer 59" in together[0].text
    assert EVE not in "".join(f"{name}{value}" for name, value in together[0].message.items()), "no requester's address in a header"
    house.turn(minutes=11)
    assert house.run() == [], "and nothing is told twice"


def test_what_is_answered_to_such_a_letter_is_internal(house: ZooHouse):
    for n in range(40):
        house.mail(EVE, SUPPORT, f"Offer {n}", f"This is offer number {n}.")
    house.run()
    house.turn(minutes=11)
    house.run()
    [together] = [one for one in house.sent if one.to == ANN and "in one email" in one.text]
    before = len(house.sent)
    house.answer(ANN, together, "He is a nuisance, close all of them.")
    house.run()
    assert not [one for one in house.sent[before:] if one.to == EVE]
    assert "He is a nuisance" in "".join(
        e.text for t in house.store.tickets.listed((), 100) for e in house.store.tickets.files([t.number])[t.number].entries
    )


def test_a_flood_of_one_holds_up_no_notice_about_another(house: ZooHouse):
    for n in range(40):
        house.mail(EVE, SUPPORT, f"Offer {n}", f"This is offer number {n}.")
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    house.run()
    assert [text for text in to(house, ANN) if "The door does not close." in text] and to(house, MAX)


@pytest.mark.parametrize("word", ["#take", "#help"])
def test_forged_commands_in_an_agents_name_fill_nobodys_mailbox(house: ZooHouse, word: str):
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    [notice] = [one for one in house.run() if one.to == ANN]
    for _ in range(40):
        house.mail(ANN, SUPPORT, f"Re: {notice.subject}" if word == "#take" else "help", word)
        house.run()
    answers = [one for one in house.sent if one.to == ANN and (word == "#help" or "Not sent" in one.subject)]
    assert len(answers) <= 8, [one.subject for one in answers]
    house.turn(minutes=11)
    house.run()
    together = [one for one in house.sent if one.to == ANN and "in one email" in one.text]
    assert len(together) == 1
    assert any("people block ann@example.org" in text for text in to(house, OPERATOR))


def test_an_agent_at_work_is_no_flood(house: ZooHouse):
    for n in range(25):
        house.mail(f"p{n}@example.com", SUPPORT, f"Thing {n}", f"The thing with the number {n} is broken, please mend it.")
    notices = [one for one in house.run() if one.to == ANN]
    before = len(house.sent)
    for n, notice in enumerate(notices):
        house.answer(ANN, notice, f"#take\n#reply\nThing {n} is on its way to you.")
    house.run()
    assert sum("is on its way to you" in one.text for one in house.sent[before:] if one.to.startswith("p")) == 25
    assert not house.held()


def test_floods_that_wait_longer_hold_up_none_that_is_due(house: ZooHouse, monkeypatch: pytest.MonkeyPatch):
    """Each letter about a flood makes the next one wait twice as long; meanwhile another sender's notices are told at their time."""
    monkeypatch.setattr(combining, "LETTERS", 4)

    def floods(*senders: str) -> None:
        for who in senders:
            for n in range(32):
                house.mail(f"{who}@example.net", SUPPORT, f"Offer {n}", f"This is the offer with the number {n} of {who}, take a look.")
        house.run()

    for times in range(3):
        floods("eve", "fay")
        house.turn(minutes=11 * 2**times)
        house.run()
    floods("eve", "fay")
    house.turn(minutes=1)
    floods("gus")
    house.turn(minutes=15)
    told = [one.text for one in house.run() if one.to == ANN and "in one email" in one.text]
    assert len(told) == 1 and "gus@example.net" in told[0]


def test_a_question_is_asked_whatever_floods_its_reader(house: ZooHouse):
    """It waits for its answer, which nothing but its own letter can have; told together with others it would be lost."""
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    [notice] = [one for one in house.run() if one.to == ANN]
    house.turn(days=31)
    for n in range(36):
        house.mail(ANN, SUPPORT, f"Re: {notice.subject}", " ".join(f"{word}{chr(97 + n // 26)}{chr(97 + n % 26)}" for word in "abcdefg"))
        house.run()
    assert any("people block ann@example.org" in text for text in to(house, OPERATOR)), "it is a flood"
    house.answer(ANN, notice, "#reply\nI am on my way to the door.")
    [question] = [one for one in house.run() if one.to == ANN and "Please confirm" in one.subject]
    house.answer(ANN, question, "yes")
    house.run()
    assert [one.text for one in house.run() + house.sent if one.to == MAX and "on my way" in one.text]


# --- who is blocked -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "author", "is_out"),
    [
        ("eve@example.net", "eve+x@example.net", True),
        ("example.net", "Eve <Eve@Mail.Example.net>", True),
        ("example.net", "eve@anexample.net", False),
        ("eve@example.net", "bea@example.net", False),
    ],
)
def test_blocked_mail_is_set_aside_and_nobody_is_written_to(house: ZooHouse, pattern: str, author: str, is_out: bool):
    house.store.traffic.block(Block(pattern, house.at, None, "sends offers"))
    house.mail(author, SUPPORT, "Offer", "Take a look at it.")
    letters = house.run()
    rows = house.store.inbox.rows("set_aside")
    assert bool(rows) is is_out and bool(letters) is not is_out
    if is_out:
        assert "blocked" in str(rows[0].reason) and "sends offers" in str(rows[0].reason)
        health = house.store.standing.health(house.at)
        assert health.blocked == 1 and health.inbox["set_aside"] == 0, "nobody is asked to look at it"
        assert house.store.inbox.retry(rows[0].id)
        assert [one.to for one in house.run()], "a person let it through"
        assert len(house.store.tickets.listed()) == 1


def test_a_block_ends_at_its_time_and_by_a_word(house: ZooHouse):
    house.store.traffic.block(Block(EVE, house.at, house.at.replace(hour=9), ""))
    house.turn(hours=2)
    house.mail(EVE, SUPPORT, "One", "Is anybody there?")
    assert house.run()
    house.store.traffic.block(Block(EVE, house.at, None, ""))
    assert house.store.traffic.unblock(EVE) and not house.store.traffic.unblock(EVE)
    house.mail(EVE, SUPPORT, "Two", "And now?")
    assert house.run()


def test_a_block_on_an_agents_name_shuts_out_who_misuses_it(house: ZooHouse):
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    [notice] = [one for one in house.run() if one.to == ANN]
    house.store.traffic.block(Block(ANN, house.at, None, "forged"))
    house.mail(ANN, SUPPORT, f"Re: {notice.subject}", "#take")
    assert house.run() == [] and house.store.inbox.rows("set_aside")
    house.answer(ANN, notice, "I am on my way to the door.")
    assert [one.text for one in house.run() if one.to == MAX]


# --- who was not answered -----------------------------------------------------------------------------------------------


def test_who_was_not_answered_reads_why_on_the_next_letter_and_agents_see_it(house: ZooHouse):
    for n in range(5):
        house.mail(MAX, SUPPORT, f"Thing {n}", f"The thing with the number {n} is broken.")
        house.run()
    assert len(to(house, MAX)) == 3
    told = [
        text
        for text in to(house, ANN)
        if "No acknowledgement: 3 automatic letters to this address within an hour" in " ".join(text.split())
    ]
    assert len(told) == 2
    notice = [one for one in house.sent if one.to == ANN][-1]
    house.answer(ANN, notice, "It is mended.")
    house.run()
    [answer] = [text for text in to(house, MAX) if "It is mended." in text]
    assert "We've got IT-4, IT-5, too." in " ".join(answer.split())
    house.answer(ANN, notice, "And the other one, too.")
    house.run()
    assert "More of your messages" not in to(house, MAX)[-1], "once is enough"


def test_what_a_proven_person_asks_for_is_answered_twenty_times_an_hour(house: ZooHouse):
    """The fourth ticket of an hour, a clicked status and a close had no answer, and nobody was told."""
    house.mail(MAX, SUPPORT, "Thing", "The thing is broken.")
    [ack] = [one for one in house.run() if one.to == MAX]
    house.answer(MAX, ack, "It is the one in the hall.")
    house.run()
    for n in range(25):
        house.answer(MAX, ack, "status", Subject_="x") if n % 2 else house.mail(MAX, SUPPORT, f"Thing {n}", f"Number {n} is broken.")
        house.run()
    assert len([one for one in house.sent if one.to == MAX and one.automatic]) == 20


# --- what a machine seems to have written -------------------------------------------------------------------------------

AWAY = "Your message has been forwarded to the responsible colleague and will be handled in the order of its arrival."


def looped(house: ZooHouse, rounds: int = 4) -> None:
    """Ann's mailbox answers each notice with the same words, and Max answers hers with something new."""
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    letters = house.run()
    for n in range(rounds):
        for one in [one for one in letters if one.to == ANN and one.subject.startswith(("The door", "Re: The door"))]:
            house.answer(ANN, one, AWAY)
        answers = [one for one in house.run() if one.to == MAX]
        for one in answers:
            house.answer(MAX, one, f"{'Yes but really, when will somebody come? ' * (n + 1)}{chr(97 + n)}")
        letters = house.run()


def test_an_agents_words_that_a_machine_wrote_are_held_and_told_and_a_person_lets_them_go(house: ZooHouse):
    looped(house)
    assert sum(AWAY in text for text in to(house, MAX)) == 2
    [held] = house.held()
    assert "the same words 3 times" in held.last_reply
    assert any("We held back a reply" in text for text in to(house, BOB)), "colleagues are told"
    assert any("release --ticket 1" in text for text in to(house, OPERATOR))
    assert house.store.outbox.release(house.at, house.store.outbox.held_of(1)) == 1
    house.run()
    assert sum(AWAY in text for text in to(house, MAX)) == 3


def test_a_persons_next_words_leave_at_once(house: ZooHouse):
    looped(house)
    [notice] = [one for one in house.sent if one.to == ANN][:1]
    house.answer(ANN, notice, "I am back and on my way to the door.")
    house.run()
    assert any("I am back" in text for text in to(house, MAX))


def test_what_an_outsider_sends_never_holds_an_agents_answer(house: ZooHouse):
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    [ack, *_] = [one for one in house.run() if one.to == MAX]
    notice = next(one for one in house.sent if one.to == ANN)
    for n in range(60):
        house.answer(MAX, ack, AWAY if n % 2 else f"{AWAY} {chr(97 + n % 26) * 4} {n}")
    house.run()
    house.answer(ANN, notice, "We have seen it. Please stop your program.")
    house.run()
    assert any("Please stop your program" in text for text in to(house, MAX)) and not house.held()


def test_two_people_who_write_fast_are_never_held(house: ZooHouse):
    from tests.decide.test_loops import CHAT

    house.mail(MAX, SUPPORT, "The switch", "The switch in the hall is dead.")
    last = {one.to: one for one in house.run()}
    for n, words in enumerate(CHAT):
        house.turn(seconds=9)
        who = ANN if n % 2 == 0 else MAX
        house.answer(who, last[who], words)
        last.update({one.to: one for one in house.run()})
        other = MAX if who == ANN else ANN
        assert any(words in one.text for one in house.sent if one.to == other), words
    assert not house.held() and not house.store.outbox.rows(OutboxState.CANCELLED)


def test_it_is_counted_in_the_record_so_a_restart_forgets_nothing(house: ZooHouse, store: Store):
    looped(house, rounds=2)
    again = ZooHouse(store, house.policy, at=house.at)
    again.sent, again.count = house.sent, 1000
    try:
        notice = [one for one in again.sent if one.to == ANN][-1]
        again.answer(ANN, notice, AWAY)
        again.run()
        assert len(again.held()) == 1
    finally:
        again.close()


def test_what_somebody_writes_in_an_agents_name_never_holds_that_agents_words(house: ZooHouse):
    house.mail(MAX, SUPPORT, "The door", "The door does not close.")
    [notice] = [one for one in house.run() if one.to == ANN]
    words = "Please press the handle and the button at the same time, and wait for the green light."
    for n in range(6):
        house.mail(ANN, SUPPORT, f"Re: {notice.subject}", f"{words} {n}")
        house.run()
        house.turn(seconds=2)
    before = len(house.sent)
    house.answer(ANN, notice, words)
    house.run()
    assert not house.held()
    assert [one for one in house.sent[before:] if one.to == MAX and words in " ".join(one.text.split())]
