"""All notices of one ticket are one conversation in a mail program, and so are the letters and mails of a requester."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from mailgate.compose import samples
from mailgate.model import token
from mailgate.model.letter import Letter
from tests.compose.desk import a_context, a_letter, header, whole
from tests.compose.jwz import threads
from tests.servers import find, require_server

NOTICES = tuple("ticket_opened requester_wrote note_added agent_replied ticket_assigned group_told ticket_lost commands_applied".split())
NEWS = ("unverified_wrote", "letter_refused", "sla_warned", "sla_breached", "wake_due")


def a_letter_of_its_own(event: str, audience: str, n: int) -> Letter:
    return a_letter(event, audience, context=a_context(event, letter_id=f"K7QF3M{n:02d}"))


def read(letter: Letter) -> Message:
    return message_from_bytes(whole(letter), policy=policy.default)


def an_answer(letter: Message, n: int) -> EmailMessage:
    """As mail programs answer (RFC 5322 3.6.4)."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann Berg <ann@example.org>", str(letter["Reply-To"]), f"Re: {letter['Subject']}"
    mail["Date"], mail["Message-ID"] = str(letter["Date"]), f"<answer-{n}@ann.example.org>"
    mail["In-Reply-To"], mail["References"] = str(letter["Message-ID"]), f"{letter['References']} {letter['Message-ID']}"
    mail.set_content("Please restart it.")
    return mail


def an_agents_mailbox() -> list[Message]:
    """Every kind of notice of one ticket, and his answers to some of them."""
    notices = [read(a_letter_of_its_own(event, "agent", n)) for n, event in enumerate((*NOTICES, *NEWS))]
    return [*notices, *(an_answer(one, n) for n, one in enumerate(notices[:4]))]


def without_the_thread(mail: Message) -> Message:
    copy = message_from_bytes(mail.as_bytes(), policy=policy.default)
    cited = [one for one in str(copy["References"]).split() if not token.is_thread_id(one)]
    del copy["References"]
    copy["References"] = " ".join(cited)
    return copy


@pytest.mark.parametrize("order", [1, -1])
def test_all_notices_of_a_ticket_are_one_thread_in_any_order(order: int):
    mailbox = an_agents_mailbox()[::order]
    assert len(threads(mailbox)) == 1


def test_without_the_thread_of_the_ticket_they_fall_apart():
    assert len(threads([without_the_thread(one) for one in an_agents_mailbox()])) > 5, "the reader can see a difference"


def test_letters_about_two_tickets_are_two_threads():
    one = [read(a_letter_of_its_own(event, "agent", n)) for n, event in enumerate(NOTICES)]
    other = [
        message_from_bytes(mail.as_bytes().replace(b"-1042", b"-1043").replace(b"<1042.k7", b"<1043.k8"), policy=policy.default)
        for mail in one
    ]
    assert len(threads([*one, *other])) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_the_letters_to_a_requester_hang_below_what_he_wrote(order: int):
    """(fault 152)"""
    first = EmailMessage()
    first["Message-ID"] = "<vpn-1@example.com>"
    events = ("ticket_opened", "agent_replied", "reminder_due", "ticket_resolved", "status_asked")
    letters = [read(a_letter_of_its_own(event, "requester", n)) for n, event in enumerate(events)]
    assert len(threads([first, *letters][::order])) == 1
    assert all("<vpn-1@example.com>" in str(one["In-Reply-To"]) for one in letters)


def test_the_thread_finds_and_proves_nothing():
    thread = token.thread_id("IT", 1042, "example.org")
    assert token.read_own_id(samples.RING, thread) is None
    assert header(a_letter("ticket_opened", "agent"), "References").startswith(thread + " ")


def test_references_stay_bounded():
    letter = a_letter("agent_replied", "requester", thread=tuple(f"<{n}.{'x' * 200}@example.com>" for n in range(500)))
    references = header(letter, "References").split()
    assert len(references) <= 24 and len(" ".join(references)) <= 4096 + 200
    assert token.read_own_id(samples.RING, references[0]) is not None
    notice = header(
        a_letter("note_added", "agent", thread=tuple(f"<{n}.{'x' * 200}@example.com>" for n in range(500))), "References"
    ).split()
    assert token.is_thread_id(notice[0]) and token.read_own_id(samples.RING, notice[1]) is not None and len(notice) <= 24


# --- a real mail program -------------------------------------------------------------------------------------------------------


def conversation_in_neomutt(folder: Path, mails: list[Message]) -> set[str]:
    """The Message-IDs of what neomutt takes for the conversation of the first mail, by strict threads."""
    inbox, out = folder / "inbox", folder / "out"
    for box in (inbox, out):
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True)
    for n, mail in enumerate(mails):
        (inbox / "cur" / f"{n}.x:2,S").write_bytes(mail.as_bytes())
    rc = folder / "rc"
    rc.write_text(
        f"set folder={folder}\nset mbox_type=Maildir\nset strict_threads=yes\nset use_threads=threads\nset sort=date\n"
        "set confirm_append=no\n"
        f"set copy=yes\nset auto_tag=no\nset sleep_time=0\nset wait_key=no\nset header_cache=\nset quit=yes\nset move=no\nset delete=no\n"
        f'push "<first-entry><tag-thread><tag-prefix><copy-message><kill-line>{out}<enter><quit>"\n',
        encoding="utf-8",
    )
    command = find("neomutt")
    assert command is not None
    pid, screen = pty.fork()
    if pid == 0:
        os.environ.update(TERM="vt100", HOME=str(folder), LC_ALL="C.UTF-8")
        os.execv(command, [command, "-n", "-F", str(rc), "-f", str(inbox)])
    until = time.monotonic() + 60
    try:
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if select.select([screen], [], [], 0.2)[0] and not os.read(screen, 65536):
                    break
            if os.waitpid(pid, os.WNOHANG)[0]:
                pid = 0
                break
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(screen)
    copied = [*(out / "cur").iterdir(), *(out / "new").iterdir()]
    return {str(message_from_bytes(one.read_bytes(), policy=policy.default)["Message-ID"]).strip() for one in copied}


def test_neomutt_shows_one_conversation_with_strict_threads(tmp_path: Path):
    require_server("neomutt")
    mailbox = an_agents_mailbox()
    assert conversation_in_neomutt(tmp_path, mailbox) == {str(one["Message-ID"]).strip() for one in mailbox}


def test_neomutt_shows_more_than_one_without_the_thread_of_the_ticket(tmp_path: Path):
    require_server("neomutt")
    shown = conversation_in_neomutt(tmp_path, [without_the_thread(one) for one in an_agents_mailbox()])
    assert 0 < len(shown) < 4
