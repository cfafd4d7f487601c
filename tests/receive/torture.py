"""IMAP torture: a mailbox that is cut off, renumbered, flagged, emptied and killed while it is read. Every mail must come exactly once."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.imap_server import ImapServer, Mail, noon
from tests.receive.mailbox import Desk, a_mail

CUTS = range(0, 4096, 64)
SIZE = 4096


@dataclass(frozen=True, slots=True)
class Result:
    mails: int
    lost: int
    twice: int
    aside: int
    cuts: int = 0

    @property
    def failed(self) -> int:
        return self.lost + self.twice + self.aside


def _result(desk: Desk, wanted: list[bytes], cuts: int = 0) -> Result:
    """By the bytes: a mail that came half is a mail that is lost."""
    rows = desk.store.inbox.rows(None, 100_000)
    there = Counter(desk.store.inbox.raw(row.id) for row in rows)
    lost = sum(raw not in there for raw in wanted)
    twice = sum(count - 1 for count in there.values())
    return Result(len(wanted), lost, twice, sum(row.state == "set_aside" for row in rows), cuts)


def cut_everywhere(folder: Path, offsets: range = CUTS) -> Result:
    """One mail after the other is cut off at one place after the other, alone and in the middle of a batch."""
    with ImapServer() as server:
        desk = Desk(folder, server)
        watch = desk.watch()
        watch.look()
        wanted = []
        cuts = 0
        for offset in offsets:
            three = [a_mail(f"cut-{offset}-{n}", SIZE) for n in range(3)]
            uids = [server.inbox.add(raw, noon(11)) for raw in three]
            wanted += three
            left = [2]  # first of a batch, then alone

            def cut(mail: Mail, target: int = uids[1], place: int = offset, left: list[int] = left) -> int | None:
                nonlocal cuts
                if mail.uid != target or not left[0]:
                    return None
                left[0] -= 1
                cuts += 1
                return place

            server.cut = cut
            for _ in range(3):
                desk.clock.turn(minutes=2)
                watch.look()
        desk.clock.turn(hours=1)
        watch.look()
        result = _result(desk, wanted, cuts)
        desk.close()
    return result


def change_while_reading(folder: Path, mails: int = 503, changes: int = 20, kills: int = 10, seed: int = 7) -> Result:
    """Others flag and move mails away, the UIDs change twenty times, and the server is killed, all in the middle of reading.

    What others take away before it was read is theirs; everything that stays has to come.
    """
    chance = random.Random(seed)
    with ImapServer() as server:
        desk = Desk(folder, server)
        server.inbox.add(a_mail("before-us"), noon(1))
        watch = desk.watch()
        watch.look()
        wanted = [a_mail(f"mail-{number}", 300 + number) for number in range(mails)]
        coming = list(reversed(wanted))
        for _ in range(mails // 2):
            server.inbox.add(coming.pop(), noon(11))
        left = {"changes": changes, "kills": kills}
        spread = max(1, mails // 100)

        def meddle(command: str) -> None:
            if command not in ("FETCH", "SEARCH", "STORE", "SELECT"):
                return
            for _ in range(min(len(coming), chance.randrange(spread * 4))):
                server.inbox.add(coming.pop(), noon(11))
            for mail in chance.sample(server.inbox.mails, min(3, len(server.inbox.mails))):
                mail.flags.add("\\Seen")
            dice = chance.random()
            if dice < 0.25 and len(server.inbox.mails) > 1:
                gone = chance.choice(server.inbox.mails)
                server.inbox.mails.remove(gone)
            elif dice < 0.45 and left["changes"]:
                left["changes"] -= 1
                server.inbox.renumber()
                server.hang_up()  # as RFC 3501 2.3.1.1 has it: never within a session
            elif dice < 0.6 and left["kills"]:
                left["kills"] -= 1
                server.hang_up()

        server.before = meddle
        looks = 0
        while (coming or any(left.values())) and looks < 2000:
            desk.clock.turn(seconds=30)
            watch.look()
            looks += 1
        server.before = lambda _: None
        for _ in range(3):
            desk.clock.turn(hours=1)
            watch.look()
        here = {mail.raw for mail in server.inbox.mails}
        assert not coming and not any(left.values()), (len(coming), left)
        result = _result(desk, [raw for raw in wanted if raw in here])
        desk.close()
    return result
