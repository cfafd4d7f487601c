"""What is internal stays internal, even with a reader that cuts nothing away: the residue check alone stands between (fault 99)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate.app.reader import GuardedReader
from mailgate.app.stage import Received
from mailgate.model.mail import Reading, Unread
from mailgate.understand import Item
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World

# What a reader cuts and what the check refuses is the same on every record.
pytestmark = pytest.mark.either_database

#: One in every kind of internal text; long enough to be a line of its own, and none stands in a public entry.
NOTE = "the canary of the note sings in the cellar"
REFUSED = "the canary of the refused mail sings at noon"
STRANGER = "the canary of the stranger sings in the attic"
RATING = "the canary of the rating sings very badly"
HOLD = "the canary of the second note sings for ever"
CANARIES = (NOTE, REFUSED, STRANGER, HOLD)
AGENTS = (ANN, BOB)


class CutsNothing(GuardedReader):
    """Reads as always, and then takes the whole mail for what its author wrote this time."""

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]:
        return [self._uncut(answer) if isinstance(answer, Reading) else answer for answer in super().read(items)]

    @staticmethod
    def _uncut(reading: Reading) -> Reading:
        mail = reading.mail
        return replace(reading, mail=replace(mail, new_text=mail.text, quoted="", signature="", inline_answers=False, new_html=mail.html))


@pytest.fixture
def uncut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("mailgate.app.program.GuardedReader", CutsNothing)
    with World(tmp_path, refuse=frozenset({"gone@example.net"})) as world:
        yield world


def whole(raw: bytes) -> str:
    """Everything that stands in a letter: its octets, its headers and all its parts decoded."""
    message = message_from_bytes(raw)
    texts = [raw.decode("latin-1"), *(str(value) for value in message.values())]
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            texts += [payload.decode("utf-8", "replace"), payload.decode("latin-1")]
    return " ".join(" ".join(texts).split()).lower()


def html_of(letter: Received) -> str:
    part = next(part for part in letter.message.walk() if part.get_content_type() == "text/html")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def notices(world: World, address: str) -> dict[str, Received]:
    """The newest letter of each kind that this agent has, by event."""
    world.settle()
    events = {
        row.letter.message_id: row.letter.event
        for ticket in world.store.tickets.listed()
        for row in world.store.outbox.of_ticket(ticket.number)
    }
    found: dict[str, Received] = {}
    for one in world.mailboxes.letters:
        if one.recipient == address and (event := events.get(one.header("Message-ID"))):
            found[event] = one
    return found


def a_full_life(world: World) -> None:
    """A ticket on which every kind of notice was written, each with a canary where people put words into it."""
    world.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops every ten minutes.")
    ack, notice, of_bob = world.letter(MAX), world.letter(ANN, "VPN drops"), world.letter(BOB, "VPN drops")
    world.answer(BOB, of_bob, "#watch", quote=False)
    world.letter(BOB)
    world.answer(ANN, notice, f"#take\n#note\n{NOTE}", quote=False)
    world.letter(BOB, NOTE)
    world.answer(ANN, notice, f"#resolv\n#note\n{REFUSED}", quote=False)
    world.letter(ANN, REFUSED)
    world.answer(EVE, ack, STRANGER, quote=False)
    world.letter(ANN, STRANGER)
    world.answer(ANN, notice, "#help", quote=False)
    world.answer(ANN, notice, "Which version is it?", quote=False)
    world.answer(MAX, world.letter(MAX, "Which version"), "It is version 4.1.0 of the client.", quote=False)
    world.letter(ANN, "4.1.0")
    world.pass_time(days=3, hours=2)  # three quarters of the forty hours of the promise
    world.pass_time(days=7)
    world.answer(ANN, notice, f"#hold vendor for 2h\n#note\n{HOLD}", quote=False)
    world.letter(BOB, HOLD)
    world.pass_time(hours=3)
    world.answer(ANN, notice, "#resolve\nThe line card was changed today.", quote=False)
    world.answer(MAX, world.letter(MAX, "line card"), f"1\n{RATING}", quote=False)
    world.answer(MAX, world.letter(MAX, matching=lambda one: "1" in one.text), "It drops again, as it did before.", quote=False)
    world.answer(ANN, notice, "#assign bob", quote=False)
    world.settle()


def outside(world: World) -> list[Received]:
    world.settle()
    return [one for one in world.mailboxes.letters if one.recipient not in AGENTS and not one.recipient.startswith("postmaster@")]


def answers(event: str, letter: Received) -> Iterator[tuple[str, str]]:
    """How a mail client may leave a notice in an answer."""
    text = letter.text
    yield "below the words", f"#reply\nThank you, we are on it.\n\n{text}"
    yield "above the words", f"#reply\n{text}\n\nThank you, we are on it."
    yield "with quote marks", "#reply\nThank you.\n" + "".join(f"> {line}\n" for line in text.splitlines())
    yield "broken into short lines", "#reply\n" + "\n".join(part for line in text.splitlines() for part in textwrap.wrap(line, 44) or [""])
    yield "in one long line", "#reply\nThank you. " + " ".join(text.split())


def test_with_nothing_cut_away_no_letter_leaves_with_a_line_of_any_notice(uncut: World) -> None:
    a_full_life(uncut)
    mine = {agent: notices(uncut, agent) for agent in AGENTS}
    kinds = {event for found in mine.values() for event in found}
    assert kinds >= {
        "ticket_opened", "agent_replied", "note_added", "requester_wrote", "unverified_wrote", "commands_refused", "commands_applied",
        "ticket_assigned", "help_asked", "sla_warned", "sla_breached", "wake_due", "low_rating_given",
    }  # fmt: skip
    before = len(outside(uncut))
    number = uncut.tickets()[0].number
    for agent, found in mine.items():
        for event, letter in found.items():
            for form, text in answers(event, letter):
                refused = uncut.events(number).count("commands_refused")
                uncut.answer(agent, letter, text, quote=False)
                assert uncut.events(number).count("commands_refused") == refused + 1, (agent, event, form)
                error = notices(uncut, agent)["commands_refused"]
                # In these two stand words that look like commands, and such a fault is said first.
                assert "E_QUOTE" in error.text or event in ("commands_refused", "help_asked"), (agent, event, form, error.text)
                assert len(outside(uncut)) == before, (agent, event, form)
    for one in outside(uncut):
        assert not any(canary in whole(one.data) for canary in CANARIES), one.data


def html_answer(world: World, agent: str, letter: Received, text: str, html: str) -> None:
    """A mail with both forms, whose HTML holds more than its text."""
    world.count += 1
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = agent, letter.reply_address, f"Re: {letter.header('Subject')}"
    mail["Message-ID"] = f"<html-{world.count}@example.org>"
    mail["In-Reply-To"] = letter.header("Message-ID")
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    world.deliver(mail.as_bytes(policy=SMTP), agent, [letter.reply_address])
    world.settle()


def test_a_notice_that_stands_only_in_the_html_does_not_leave_either(uncut: World) -> None:
    a_full_life(uncut)
    number = uncut.tickets()[0].number
    before = len(outside(uncut))
    for agent in AGENTS:
        for event, letter in notices(uncut, agent).items():
            refused = uncut.events(number).count("commands_refused")
            # Other words each time: who says the same again and again is taken for a machine, and that is not the matter here.
            words = f"{event.capitalize()}: {agent.partition('@')[0]} {event[::-1]} {event}."
            quoted = f"<html><body><p>{words}</p><blockquote>{html_of(letter)}</blockquote></body></html>"
            html_answer(uncut, agent, letter, words, quoted)
            said = uncut.events(number)
            # An answer to an internal notice is a note; one that would be public is refused.
            assert said.count("commands_refused") == refused + 1 or said[-1] == "note_added", (agent, event)
            assert len(outside(uncut)) == before, (agent, event)
            html_answer(uncut, agent, letter, f"#reply\nWe are on it, number {uncut.count}.", quoted)
            before = len(outside(uncut))
    for one in outside(uncut):
        assert not any(canary in whole(one.data) for canary in (*CANARIES, *AGENTS)), one.data


def test_what_was_made_public_may_be_said_again(uncut: World) -> None:
    """The check refuses what is internal, and not simply everything."""
    uncut.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops every ten minutes.")
    notice = uncut.letter(ANN, "VPN drops")
    uncut.answer(ANN, notice, "You wrote: Hello, since this morning the VPN drops every ten minutes.\nIs that on the train?", quote=False)
    assert uncut.letter(MAX, "on the train")


def test_with_the_real_reader_an_ordinary_quoted_answer_leaves_and_carries_no_canary(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    notice = world.letter(ANN, "VPN drops")
    world.answer(BOB, world.letter(BOB, "VPN drops"), "#watch")
    world.settle()
    world.answer(ANN, notice, f"#note\n{NOTE}")
    note = world.letter(BOB, NOTE)
    world.answer(BOB, note, "#reply\nWe look into it.")
    assert NOTE not in whole(world.letter(MAX, "look into it").data)


def test_without_the_check_the_canary_would_leave(uncut: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """That these tests can see what they look for."""
    monkeypatch.setattr("mailgate.decide.leaving.residue", lambda *_: ())
    uncut.send(MAX, SUPPORT, "VPN drops", "It drops.")
    notice = uncut.letter(ANN, "VPN drops")
    uncut.answer(BOB, uncut.letter(BOB, "VPN drops"), "#watch", quote=False)
    uncut.letter(BOB)
    uncut.answer(ANN, notice, f"#note\n{NOTE}", quote=False)
    note = uncut.letter(BOB, NOTE)
    uncut.answer(BOB, note, f"#reply\nWe look into it.\n\n{note.text}", quote=False)
    assert NOTE in whole(uncut.letter(MAX, "look into it").data)
