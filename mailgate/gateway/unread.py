"""How far the mail of each desk was read. Nobody is alarmed about what a mail that waits may have answered (decision 0067)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.writing import LetterWriter
from mailgate.decide import alarms
from mailgate.decide.clocks import ReadUpTo
from mailgate.decide.scene import Scene
from mailgate.gateway.reading import RaiseAlarm
from mailgate.gateway.storms import SHOWN, row_of
from mailgate.gateway.writing import sealed
from mailgate.model.decision import Decision
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.letters import UnjudgedPromises
from mailgate.model.mailbox import FolderKey
from mailgate.model.person import Person
from mailgate.model.ticket import TicketFile
from mailgate.record.rows import Backlog, Conflict, RaisedAlarm, ToRecord

if TYPE_CHECKING:
    from mailgate.record.store import Store

#: So long a promise waits for mail that could have kept it before somebody hears that it cannot be judged.
PATIENCE = timedelta(minutes=10)
TOLD_EVERY = timedelta(hours=1)
SECOND = timedelta(seconds=1)
UNJUDGED = "promises_unjudged"


class UnreadMail:
    """What waits in the inbox, and in mailboxes that have not been looked through."""

    def __init__(self, store: Store, fetched: Mapping[FolderKey, str], alarm: RaiseAlarm) -> None:
        """`fetched`: the folders that mail is fetched from, and the desk that each is for."""
        self._store, self._fetched, self._alarm = store, fetched, alarm
        self._waiting: dict[str, Backlog] = {}

    def upto(self, now: datetime) -> dict[str, ReadUpTo]:
        """By desk, where not all is read: everything that arrived at this instant or before it."""
        self._waiting = self._store.inbox.backlogs()
        found = {desk: ReadUpTo(waiting.arrived_at - SECOND) for desk, waiting in self._waiting.items()}
        for folder in self._store.mailboxes.health() if self._fetched else ():
            desk = self._fetched.get(folder.key)
            if desk is None or folder.ok_at is None:
                continue
            # Whatever it holds is known up to then; a mailbox that nobody can read must not silence alarms for good.
            gone = now - PATIENCE
            looked = ReadUpTo(folder.ok_at - SECOND) if folder.ok_at > gone else ReadUpTo(gone, folder.ok_at)
            found[desk] = min(found.get(desk, looked), looked, key=lambda one: one.at)
        return found

    def tell(self, writer: LetterWriter, agents: Mapping[str, Person], read: Mapping[str, ReadUpTo], now: datetime) -> int:
        """Tells operator and leads of promises that have waited for too long to be judged; returns how many letters there were."""
        letters = 0
        for desk, waiting in self._waiting.items():
            numbers = self._store.tickets.waiting_since(desk, read[desk].at, now - PATIENCE) if desk in read else []
            if not numbers or not self._store.standing.may_alarm(UNJUDGED, desk, now, TOLD_EVERY):
                continue
            files = self._store.tickets.files(numbers[:SHOWN])
            broken = [file for file in files.values() if alarms.is_broken(_scene(writer, agents, file, now))]
            if not broken:
                continue
            count = len(broken) if len(numbers) <= SHOWN else len(numbers)
            what = (
                f"{waiting.count} mails to {desk} wait to be read, the oldest since {waiting.arrived_at}: {count} promises cannot be judged"
            )
            self._alarm("mail_unread", what, "mailgate status; mailgate inbox list --state waiting", desk)
            letters += self._tell_leads(writer, agents, desk, broken, count, now)
        return letters

    def _tell_leads(
        self, writer: LetterWriter, agents: Mapping[str, Person], desk: str, broken: Sequence[TicketFile], count: int, now: datetime
    ) -> int:
        of_lead: dict[int, list[TicketFile]] = defaultdict(list)
        for file in broken:
            for person in alarms.in_charge(_scene(writer, agents, file, now)):
                of_lead[person].append(file)
        people = {person.id: person for person in agents.values()}
        waiting = self._waiting[desk]
        wanted = [
            LetterWanted(
                UnjudgedPromises(
                    count=count - len(broken) + len(files),
                    waiting=waiting.count,
                    since=waiting.arrived_at,
                    rows=tuple(row_of(file, writer, now) for file in files),
                    more=count - len(broken),
                ),
                Audience.LEAD,
                people[id_],
                None,
                desk,
            )
            for id_, files in of_lead.items()
        ]
        letters = sealed(writer, wanted, None, agents, now)
        raised = RaisedAlarm(UNJUDGED, desk, TOLD_EVERY)
        try:
            self._store.record([ToRecord(None, Decision(letters=tuple(wanted)), letters, writer.held, raises=raised)], now)
        except Conflict:
            return 0  # another node told it
        return len(letters)


def _scene(writer: LetterWriter, agents: Mapping[str, Person], file: TicketFile, now: datetime) -> Scene:
    return Scene(file=file, policy=writer.policy, agents=agents, now=now)
