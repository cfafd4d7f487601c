"""The life of a ticket over real sockets."""

from __future__ import annotations

from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome, Status, Visibility
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World


def a_ticket(world: World) -> tuple[object, object]:
    """Max wrote; his acknowledgement and Ann's notice."""
    world.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops every ten minutes.")
    return world.letter(MAX), world.letter(ANN, "VPN drops")


def test_a_new_mail_is_acknowledged_once_and_announced_to_the_group(world: World) -> None:
    ack, notice = a_ticket(world)
    world.letter(BOB, "VPN drops")
    assert "Auto-Submitted: auto-replied" in ack.data.decode("ascii")
    assert ack.reverse_path == ""
    assert "[IT-" in ack.header("Subject")
    assert MAX not in "".join(f"{k}: {v}" for k, v in notice.message.items())
    assert len(world.letters_for(MAX)) == 1
    assert world.ticket().ticket.status is Status.NEW


def test_an_agents_plain_answer_reaches_the_requester_under_the_desks_address(world: World) -> None:
    _, notice = a_ticket(world)
    world.clock.turn(minutes=30)
    world.answer(ANN, notice, "Please restart the client once.")
    update = world.letter(MAX, "restart the client")
    assert ANN not in update.data.decode("ascii")
    assert SUPPORT in update.header("From")
    assert "Auto-Submitted" not in update.message
    file = world.ticket()
    assert file.ticket.status is Status.OPEN
    assert file.person(file.ticket.owner).address == ANN
    cycle = file.ticket.cycle(Metric.FIRST_REPLY)
    assert cycle.outcome is Outcome.MET and cycle.elapsed_s == 1800


def test_the_requesters_answer_reaches_the_owner_and_not_the_whole_group(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(ANN, notice, "Which version?")
    world.answer(MAX, world.letter(MAX, "Which version?"), "It is 4.1.0.")
    world.letter(ANN, "4.1.0")
    assert not any("4.1.0" in one.text for one in world.letters_for(BOB))
    assert [e.text for e in world.ticket().entries][-1].strip() == "It is 4.1.0."


def test_a_note_reaches_colleagues_and_never_the_requester(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(BOB, world.letter(BOB, "VPN drops"), "#watch")
    world.settle()
    world.answer(ANN, notice, "#take\n#note\nThe canary sings at midnight.")
    world.letter(BOB, "canary sings")
    assert not any(b"canary" in one.data for one in world.letters_for(MAX))
    entry = world.ticket().entries[-1]
    assert entry.visibility is Visibility.INTERNAL


def test_resolve_rating_and_reopening(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(ANN, notice, "#resolve\nThe server had a bad line card. We changed it.")
    solved = world.letter(MAX, "bad line card")
    assert world.ticket().ticket.status is Status.RESOLVED
    world.answer(MAX, solved, "4\nquick")
    world.settle()
    assert world.ticket().ticket.status is Status.RESOLVED
    assert "rating_given" in world.events(world.ticket().ticket.number)
    world.answer(MAX, solved, "Sorry, it still drops, again and again.")
    world.letter(ANN, "still drops")
    ticket = world.ticket().ticket
    assert ticket.status is Status.OPEN and ticket.reopened == 1


def test_a_mistyped_command_changes_nothing_and_sends_nothing(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(ANN, notice, "#resolv\nAll good now.")
    world.letter(ANN, "E_UNKNOWN")
    assert world.ticket().ticket.status is Status.NEW
    assert len(world.letters_for(MAX)) == 1


def test_a_from_alone_never_commands(world: World) -> None:
    """(fault 85)"""
    ack, _ = a_ticket(world)
    world.send(ANN, SUPPORT, ack.header("Subject"), "#close\nDone.")
    world.settle()
    file = world.ticket()
    assert file.ticket.status is Status.NEW
    assert file.entries[-1].visibility is Visibility.UNVERIFIED
    assert len(world.letters_for(MAX)) == 1


def test_a_stranger_with_the_reply_address_is_seen_by_agents_only_until_admitted(world: World) -> None:
    ack, _ = a_ticket(world)
    world.answer(EVE, ack, "I have the same problem.")
    held = world.letter(ANN, "same problem")
    assert world.ticket().entries[-1].visibility is Visibility.UNVERIFIED
    world.answer(ANN, held, "#admit")
    world.settle()
    assert world.ticket().entries[-1].visibility is Visibility.PUBLIC


def test_mail_to_an_unknown_recipient_is_refused_at_the_door(world: World) -> None:
    import smtplib

    import pytest

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        world.send(MAX, "nobody@example.org", "x", "y")
    assert refused.value.recipients["nobody@example.org"][0] == 550


def test_silence_is_reminded_then_resolved_then_closed(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(ANN, notice, "#wait\nWhich version do you have?")
    world.letter(MAX, "Which version")
    world.pass_time(days=2, hours=1)
    world.pass_time(days=2)
    subjects = [one.header("Subject") for one in world.letters_for(MAX)]
    assert len(subjects) == 4, subjects
    world.pass_time(days=5)
    assert world.ticket().ticket.status is Status.RESOLVED
    world.pass_time(days=8)
    assert world.ticket().ticket.status is Status.CLOSED


def test_a_promise_is_warned_of_and_its_breach_told_to_owner_and_lead_once(world: World) -> None:
    a_ticket(world)
    world.answer(BOB, world.letter(BOB, "VPN drops"), "#take")
    world.settle()
    before = len(world.letters_for(BOB))
    world.pass_time(hours=7)
    world.pass_time(hours=20)
    world.pass_time(minutes=5)
    events = world.events(world.ticket().ticket.number)
    assert events.count("sla_breached") == 1
    assert events.count("sla_warned") >= 1
    assert len(world.letters_for(BOB)) > before
    assert any("breach" in one.text.lower() or "broken" in one.text.lower() or "over" in one.text.lower() for one in world.letters_for(ANN))


def test_a_refused_recipient_shows_on_the_ticket(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """(fault 30)"""
    with World(tmp_path, refuse=frozenset({MAX})) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.letter(ANN, "VPN drops")
        world.letter(ANN, "550")
        file = world.ticket()
        assert any("550" in e.text and e.visibility is Visibility.INTERNAL for e in file.entries)
        assert "letter_refused" in world.events(file.ticket.number)


def test_a_mail_nobody_can_read_is_set_aside_and_the_operator_is_told(world: World) -> None:
    world.deliver(b"Subject: who am I\r\n\r\nno From at all\r\n", "x@example.net", [SUPPORT])
    alarm = world.letter("postmaster@example.org", "set aside")
    assert "mailgate inbox" in alarm.text
    assert [r.state for r in world.store.inbox.rows("set_aside", 10)] == ["set_aside"]


def test_the_same_mail_again_is_told_yes_and_changes_nothing(world: World) -> None:
    """(fault 10)"""
    raw = b"From: max@example.com\r\nTo: support@example.org\r\nSubject: twice\r\nMessage-ID: <twice@example.com>\r\n\r\nOnce only.\r\n"
    for hop in (b"a", b"b", b"c"):
        world.deliver(b"Received: from " + hop + b" by x; Mon, 1 Jun 2026 08:00:00 +0000\r\n" + raw, "max@example.com", [SUPPORT])
    assert len(world.tickets()) == 1
    assert len(world.letters_for(MAX)) == 1


def test_a_reply_that_overtakes_its_question_still_makes_one_ticket(world: World) -> None:
    """(fault 40)"""
    world.send(MAX, SUPPORT, "Re: Printer", "And it smells.", message_id="<second@example.com>", In_Reply_To="<first@example.com>")
    world.settle()
    world.send(MAX, SUPPORT, "Printer", "The printer burns.", message_id="<first@example.com>")
    assert len(world.tickets()) == 1


def test_answers_use_up_no_ticket_numbers(world: World) -> None:
    _, notice = a_ticket(world)
    world.answer(ANN, notice, "Which version?")
    world.answer(MAX, world.letter(MAX, "Which version?"), "It is 4.1.0.")
    world.settle()
    world.send(EVE, SUPPORT, "Printer", "It burns.")
    first, second = world.tickets()
    assert second.number == first.number + 1
