"""The log of a life: a line for each step of each mail and letter, and nothing of anybody's words, addresses or secrets in any of them."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailgate.cli.logs import NOISY, AsJson, AsWords, clean, failure
from tests.cli.house import WICKED, wicked
from tests.databases import database_kind as database_kind
from tests.journeys.world import ANN, BOB, EVE, MAX, OPERATOR, SUPPORT, World

pytestmark = pytest.mark.either_database

#: In every place in which a mail can hold somebody's words.
CANARY = "kanarienvogel"
SECRETS = (CANARY, MAX, ANN, BOB, EVE, SUPPORT, OPERATOR, "Muster", "Berg")


@contextmanager
def heard(form: logging.Formatter) -> Iterator[io.StringIO]:
    """Everything that any logger says meanwhile, at every level, as `serve` would show it."""
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    handler.setFormatter(form)
    root = logging.getLogger()
    before = root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)  # as `serve` does: some repeat what was said on the wire
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield shown
    finally:
        root.setLevel(before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        root.removeHandler(handler)


def a_life(world: World) -> None:
    """Opened, answered, noted, mistyped, resolved, rated; a mail nobody can read, one that fools a terminal, an address that is dead."""
    world.send(MAX, SUPPORT, f"VPN {CANARY}", f"It drops {CANARY}.", x_note=CANARY)
    world.letter(MAX, "We've got your message")
    notice = world.letter(ANN, CANARY)
    world.answer(ANN, notice, f"Which version {CANARY}?")
    world.answer(MAX, world.letter(MAX, "Which version"), f"4.1 {CANARY}")
    notice = world.letter(ANN, "4.1")
    world.answer(ANN, notice, f"#assign bob\n#note\nBob, look {CANARY}")
    notice = world.letter(BOB, "Bob, look")
    world.answer(BOB, notice, f"#resolv\nIt is {CANARY}")
    world.letter(BOB, "E_UNKNOWN")
    world.answer(BOB, notice, f"#resolve\n#reply\nThe cable was broken, now it is whole: {CANARY}.", quote=False)
    world.answer(MAX, world.letter(MAX, "The cable"), f"5\n{CANARY}")
    world.deliver(wicked(), EVE, [SUPPORT])
    world.deliver(f"Subject: {CANARY}\r\n\r\n{CANARY}\r\n".encode(), f"{CANARY}@example.net", [SUPPORT])
    world.letter(OPERATOR, "set aside")
    world.settle()


@pytest.mark.parametrize("form", [AsWords(), AsJson()], ids=["words", "json"])
def test_a_whole_life_is_told_step_by_step_and_nobodys_words_are_in_it(tmp_path: Path, form: logging.Formatter) -> None:
    """Secrets and words of mails stand in no line at any level (faults 124, 125, 126), control characters neither (fault 129)."""

    with heard(form) as shown, World(tmp_path) as world:
        a_life(world)
        key = (tmp_path / "config" / "keys").read_text().split()[-1]
        mails = {row.id for row in world.store.inbox.rows(None, 100)}
        signed = {found for one in world.mailboxes.letters for found in re.findall(r"\.([0-9a-z]{16})@", one.data.decode("ascii"))}
    assert len(signed) > 10
    text = shown.getvalue()
    mine = [line for line in text.splitlines() if "mailgate" in line]
    for secret in (*SECRETS, key, WICKED[:8], "owned", *signed):
        assert secret not in text, [line for line in mine if secret in line][:3]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    steps = ("mail_taken_in", "mail_read", "mail_decided")
    if isinstance(form, AsJson):
        facts = [json.loads(line) for line in mine]
        for event in steps:
            assert {one["inbox"] for one in facts if one["event"] == event} == mails, event
            assert all(isinstance(one["ms"], int) for one in facts if one["event"] == event)
        sealed = {one["letter"] for one in facts if one["event"] == "letter_sealed"}
        sent = {one["letter"] for one in facts if one["event"] == "letter_handed_over" and one["outcome"] == "sent"}
        assert sealed == sent and len(sealed) > 10
        decided = ",".join(one.get("events", "") for one in facts if one["event"] == "mail_decided")
        for event in ("ticket_opened", "agent_replied", "requester_wrote", "note_added", "ticket_resolved", "rating_given"):
            assert event in decided
        assert any(one["event"] == "message" and "started: mailgate" in one["message"] for one in facts)
    else:
        for event in steps:
            assert {int(n) for n in re.findall(rf"{event} inbox=(\d+) .*ms=\d+", text)} == mails, event
        assert re.search(r"started: mailgate .*policy [0-9a-f]{16}", text)
        assert re.search(r"listening: (smtp|lmtp) on 127\.0\.0\.1 port \d+", text) and "sending: 127.0.0.1 port" in text


def test_words_that_slip_into_a_line_are_made_harmless() -> None:
    assert clean("to Max <max@example.com>\x1b[2J\nall is well") == "to Max <(address)>\\x1b[2J\\x0aall is well"
    assert clean("no mail here: 3 @ 4") == "no mail here: 3 @ 4"


def test_a_failure_is_told_by_kind_and_place_and_never_by_its_words() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        told = failure(type(error), error, error.__traceback__)
    assert CANARY not in told and "ValueError at " in told and "test_log.py" in told
    record = logging.LogRecord("mailgate", logging.ERROR, __file__, 1, "a round failed", (), (ValueError, ValueError(CANARY), None))
    for form in (AsWords(), AsJson()):
        assert CANARY not in form.format(record) and "\n" not in form.format(record)
    assert "No space left" in failure(OSError, OSError(28, "No space left on device", f"/{CANARY}"), None)


def test_the_control_a_line_with_words_of_a_mail_would_be_found(tmp_path: Path) -> None:
    with heard(AsWords()) as shown:
        logging.getLogger("mailgate").debug("the subject is %s", f"VPN {CANARY}")
    assert CANARY in shown.getvalue()
