"""Programs that die and programs side by side: every mail once, every decision whole."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from mailgate.record.store import open_store
from tests.databases import a_database, look
from tests.record.builders import LEASE, NOON, a_keep, some_keeps

ROOT = Path(__file__).parents[2]
HEAD = """
import sys
from datetime import timedelta
from mailgate.model.installation import DatabaseSettings
from mailgate.record.store import open_store
from tests.record.builders import *
settings = DatabaseSettings(sys.argv[1], password_env="MAILGATE_TEST_PG_PASSWORD")
store = open_store(settings, NOON, check=False)
"""


def a_program(code: str, path: str, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + code, path, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT
    )


def lines_until(program: subprocess.Popen[bytes], n: int) -> list[str]:
    assert program.stdout is not None
    lines = []
    while len(lines) < n:
        assert select.select([program.stdout], [], [], 60)[0], "the program hangs"
        line = program.stdout.readline()
        assert line, "the program ended"
        lines.append(line.decode().strip())
    return lines


def killed(program: subprocess.Popen[bytes]) -> list[str]:
    """What it still had said before it died."""
    os.kill(program.pid, signal.SIGKILL)
    return program.communicate()[0].decode().splitlines()


CLAIMING = """
print("ready", flush=True)
sys.stdin.readline()
while claims := store.inbox.claim(7, NOON, LEASE):
    for claim in claims:
        print(claim.id, flush=True)
"""


def test_two_programs_claim_the_same_inbox_and_no_mail_is_read_twice(tmp_path):
    settings = a_database(tmp_path)
    with open_store(settings, NOON) as store:
        ids = {kept.id for kept in store.inbox.keep(some_keeps(400))}
    programs = [a_program(CLAIMING, settings.url) for _ in range(2)]
    for program in programs:
        lines_until(program, 1)
    for program in programs:
        assert program.stdin is not None
        program.stdin.write(b"go\n")
    read = [[int(line) for line in program.communicate(timeout=200)[0].split()] for program in programs]
    assert all(read), "both had a share"
    assert len(read[0]) + len(read[1]) == 400
    assert set(read[0]) | set(read[1]) == ids


KEEPING = """
for number in range(int(sys.argv[2]), 10**6):
    keep = a_keep(f"mail {number}")
    store.inbox.keep([keep])
    print(keep.digest, flush=True)  # the reply to the last dot
"""


def test_a_program_killed_while_it_takes_mail_loses_none_that_it_said_yes_to_and_takes_none_twice(tmp_path):
    """(faults 1 and 9)"""
    settings = a_database(tmp_path)
    said_yes: list[str] = []
    for turn in range(4):
        # The client sends again what it had no reply for: here, from a mail before the last one on.
        program = a_program(KEEPING, settings.url, str(max(0, len(set(said_yes)) - 1)))
        said_yes += lines_until(program, 20 + 7 * turn)
        said_yes += killed(program)
    with open_store(settings, NOON) as store:
        stored = [digest for (digest,) in look(store, "select digest from inbox")]
        assert look(store, "select count(*) from raw_mails") == [(len(stored),)]
        assert set(said_yes) <= set(stored)
        assert len(stored) == len(set(stored))
        assert len(store.inbox.claim(100_000, NOON, LEASE)) == len(stored)


RECORDING = """
while True:
    claims = store.inbox.claim(10, NOON, LEASE) or store.inbox.claim(10, NOON + LEASE, LEASE)
    tickets, people, entries = (store.numbers.take(kind, 10) for kind in ("ticket", "person", "entry"))
    outcomes = []
    for claim, number, person, entry in zip(claims, tickets, people, entries):
        mail = f"<{claim.id}@example.org>"
        ticket = a_ticket(number, requester=person, members=(Member(person, Role.REQUESTER),))
        letters = (an_acknowledgement(number, id=f"A{number}"), a_notice(number, id=f"N{number}"))
        outcomes.append(opened(ticket, a_person(person, f"{person}@example.org"), claim, entries=(an_entry(entry, number, inbox=claim.id),),
                               letters=letters, message_ids=(mail,), message_id=mail))
    store.record(outcomes, NOON)
    print("recorded", flush=True)
"""
WHOLE = {
    "a mail that is done without its ticket": "select 1 from inbox where state = 'done' and ticket not in (select number from tickets)",
    "a ticket without its mail": "select 1 from tickets where number not in (select ticket from inbox where state = 'done')",
    "a ticket without its entry": "select 1 from tickets where number not in (select ticket from entries)",
    "a ticket without its history": "select 1 from tickets t where history != (select count(*) from history h where h.ticket = t.number)",
    "a ticket without its two letters": "select 1 from tickets t where 2 != (select count(*) from letters l where l.ticket = t.number)",
    "a ticket without its clocks": "select 1 from tickets t where 2 != (select count(*) from cycles c where c.ticket = t.number)",
    "a ticket without its Message-ID": "select 1 from tickets where number not in (select ticket from message_ids)",
    "a letter without its ticket": "select 1 from letters where ticket not in (select number from tickets)",
    "a mail with two tickets": "select 1 from entries group by inbox having count(*) > 1",
}


def test_a_program_killed_while_it_records_leaves_each_decision_whole_or_undone(tmp_path):
    """(faults 1 and 53)"""
    settings = a_database(tmp_path)
    with open_store(settings, NOON) as store:
        store.inbox.keep(some_keeps(3000))
    for turn in range(5):
        program = a_program(RECORDING, settings.url)
        lines_until(program, 2 + turn)
        killed(program)
        with open_store(settings, NOON) as store:
            assert {what: look(store, wrong) for what, wrong in WHOLE.items()} == {what: [] for what in WHOLE}
            ((done,),) = look(store, "select count(*) from tickets")
            assert done >= 10 * (2 + turn)
    with open_store(settings, NOON) as store:
        health = store.standing.health(NOON)
        assert health.inbox["waiting"] + health.inbox["claimed"] + done == 3000, "what was claimed when it died is read again"


def test_a_crash_between_the_commit_and_the_reply_makes_no_second_mail(tmp_path):
    """(fault 9)"""
    settings = a_database(tmp_path)
    code = "import os, signal\nstore.inbox.keep([a_keep('once')])\nos.kill(os.getpid(), signal.SIGKILL)\n"
    program = a_program(code, settings.url)
    program.communicate(timeout=200)
    assert program.returncode == -signal.SIGKILL
    with open_store(settings, NOON) as store:
        (again,) = store.inbox.keep([a_keep("once")])
        assert again.duplicate
        assert len(store.inbox.claim(10, NOON, LEASE)) == 1


def test_a_serve_that_was_killed_lets_the_next_one_start(tmp_path):
    settings = a_database(tmp_path)
    code = (
        "store.close()\n"
        "store = open_store(settings, NOON, for_serve=True)\n"
        "store.inbox.keep([a_keep()])\n"
        "print('up', flush=True)\n"
        "sys.stdin.read()\n"
    )
    program = a_program(code, settings.url)
    lines_until(program, 1)
    killed(program)
    with open_store(settings, NOON, for_serve=True) as store:
        assert len(store.inbox.rows()) == 1
