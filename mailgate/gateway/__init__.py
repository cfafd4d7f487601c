"""The conductor: accept a mail, read the inbox, review the clocks, send the outbox, count ratings. The only room that knows the order.

Each entrance has one shape: load what is needed, decide without any lock held, record all of it or none of it. What is due when
is a column of a row, so a restart forgets nothing.

While a backlog lasts three batches are in work: one is read ahead, one decided, and the letters of the one before are written; they are
recorded in order. A batch that fails is decided again one mail at a time, and what fails alone is set aside. While the database is away
nothing is: the round fails, and the next one reads those mails. Rounds go by the machine's clock, but not the moment it jumps
(docs/decisions/0039)."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailgate.compose.assemble import Sign
from mailgate.compose.templates import Templates
from mailgate.compose.writing import LetterWriter
from mailgate.decide import feedback
from mailgate.decide.terms import terms_of
from mailgate.gateway import journal, rating
from mailgate.gateway.authenticating import Authentication
from mailgate.gateway.clock import ClockRound
from mailgate.gateway.pausing import Backoff
from mailgate.gateway.reading import ReadingRound
from mailgate.gateway.recounting import Recounting
from mailgate.gateway.reporting import ReportRound
from mailgate.gateway.sending import MOST_RETRIES, SendingRound
from mailgate.gateway.workers import Files, NoReader, Reader
from mailgate.gateway.writing import sealed
from mailgate.model.decision import Decision
from mailgate.model.house_letters import AlarmNotice, Welcome
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.mail import Arrival, Door
from mailgate.model.mailbox import JUNK, FolderKey
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.rating import Rated
from mailgate.model.reason import Because
from mailgate.model.token import Keyring
from mailgate.record.rows import OCTETS, Broken, Conflict, Keep, Kept, KeptPolicy, RaisedAlarm, ToRecord
from mailgate.understand.mime import digest

if TYPE_CHECKING:
    from mailgate.record.acceptor import Acceptor
    from mailgate.record.store import Store
    from mailgate.send.courier import Courier

log = logging.getLogger(__name__)

#: An alarm of one kind about one thing is raised again after this long.
ALARM_EVERY = timedelta(hours=1)
LETTERS_OF_A_ROUND = 200
TICKETS_OF_A_ROUND = 200
#: Seconds that the reading gives way to busy doors after each batch: twice what a full batch takes. So a crowd is let in at double speed,
#: a third of the time is left for reading meanwhile, and in the end everything is done as soon (decision 0016).
COURTESY = 0.2


class NoDesk(Exception):
    """No recipient of this mail is a desk of ours."""


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What the gateway is built with and does not change while it runs."""

    ring: Keyring
    templates: Templates
    reverse_path: str
    operator: str
    held: bool
    batch: int = 100  #: mails that are read at a time
    octets: int = OCTETS  #: of them together
    message_id_pattern: str | None = None  #: how the relay's reply names a letter that it gives a Message-ID of its own
    authentication: Authentication | None = None
    sign: Sign = lambda *_: b""  #: puts signatures on top of what leaves
    web: str = ""  #: what links to the web door begin with; "": there is none
    fetched: Mapping[FolderKey, str] = field(default_factory=dict)  #: folders that mail is fetched from, and the desk that each is for
    leaps: Callable[[], int] = lambda: 0  #: how often the clock has jumped far, and was believed


def to_keep(arrival: Arrival, policy: Policy, desk: str | None = None, aside: Because | None = None) -> list[Keep]:
    """What is stored of an arrival: one row for each desk it is for, told apart from copies by its content. Raises NoDesk."""
    found = (policy.desk_at(recipient) for recipient in arrival.recipients)
    desks = dict.fromkeys(id_ for id_ in (desk, *(d.id for d in found if d)) if id_)
    if not desks:
        raise NoDesk(", ".join(arrival.recipients))
    content = digest(arrival.raw)
    if arrival.door is Door.IMAP_SENT:
        # What a colleague sent to the desk, too, comes in twice, and each means something else.
        content = f"sent:{content}"
    return [Keep(arrival, at, content, aside) for at in desks]


class Gateway:
    """The five entrances. Safe to call from the doors' loop and from the rounds' threads at the same time."""

    def __init__(
        self,
        store: Store,
        acceptor: Acceptor,
        setup: GatewaySetup,
        policy: Policy,
        now: Callable[[], datetime],
        reader: Reader | None = None,
        courier: Courier | None = None,
        files: Files | None = None,
    ) -> None:
        """`files`: who hands letters over has to open those that travel."""
        self.store, self.acceptor, self.now, self._setup = store, acceptor, now, setup
        self._desk = self._desk_with(policy)
        self._agents: dict[str, Person] = {}
        pattern = setup.message_id_pattern
        self._recounting = Recounting(store, now, self.alarm)
        self._reading: ReadingRound | None = (
            ReadingRound(store, reader, now, self.alarm, self._recounting, pattern is not None, setup.authentication, setup.octets)
            if reader
            else None
        )
        assert courier is None or files is not None, "who hands letters over has to open their files"
        self._sending = (
            SendingRound(store, courier, files, now, self.alarm, pattern, setup.sign, self._recounting.bring_up)
            if courier and files
            else None
        )
        self._clocks = ClockRound(store, now, self.alarm, self._recounting, setup.fetched, setup.leaps)
        if self._reading is not None:
            self._reading.on_due = lambda: self.on_due()
        self._one_reader, self._one_sender, self._one_clock = threading.Lock(), threading.Lock(), threading.Lock()
        self._one_recount = threading.Lock()
        self._reports, self._one_report = ReportRound(store, now), threading.Lock()
        self._pause = Backoff()
        self.closing = threading.Event()  #: rounds end after the batch in hand
        self._said: dict[tuple[str, str], datetime] = {}  #: alarms in the log, and when
        self.on_mail: Callable[[], None] = lambda: None  #: called after each accepted mail: wakes the reader
        self.on_broken: Callable[[], None] = lambda: None  #: called when the disk failed: the program has to end
        self.on_due: Callable[[], None] = lambda: None  #: called when a ticket wants to be looked at now: wakes the clocks
        self.on_letters: Callable[[], None] = lambda: None  #: called when letters wait: wakes the sender
        self.on_policy: Callable[[], None] = lambda: None  #: called when another policy counts: wakes who counts clocks anew

    @property
    def policy(self) -> Policy:
        return self._desk.policy

    @property
    def writer(self) -> LetterWriter:
        """Policy, keys and templates as they are now."""
        return self._desk

    def _desk_with(self, policy: Policy) -> LetterWriter:
        setup = self._setup
        return LetterWriter(policy, setup.ring, setup.templates, setup.reverse_path, setup.operator, setup.held, setup.web)

    def adopt(self, policy: Policy, text: str) -> None:
        """From now on this policy counts. New agents are welcomed. The text is kept under its digest, and cycles cite it."""
        now = self.now()
        self.store.policies.adopt(KeptPolicy(policy.digest, text, terms_of(policy), policy.calendars), now)
        self.store.clock_faults.try_again(now)
        agents, fresh = self.store.people.adopt_agents(policy)
        self._agents = dict(agents)
        policy = replace(policy, former=self.store.policies.former())
        self._desk = self._desk_with(policy)
        self._recounting.adopt(self._desk, agents)
        self.on_policy()
        new = [person for id_, person in agents.items() if id_ in fresh]
        if new and policy.wants(Welcome.event):
            self._welcome(new, now)

    def _welcome(self, people: list[Person], now: datetime) -> None:
        wanted = []
        for person in people:
            agent = self.policy.agents[person.agent or ""]
            desk = next((d for d in self.policy.desks.values() if d.group in agent.groups), next(iter(self.policy.desks.values())))
            wanted.append(LetterWanted(Welcome(), Audience.AGENT, person, None, desk.id))
        letters = sealed(self._desk, wanted, None, self._agents, now)
        began, outcomes = journal.clock(), [ToRecord(None, Decision(letters=tuple(wanted)), letters, self._setup.held)]
        self.store.record(outcomes, now)
        journal.were_recorded(outcomes, began)
        self.on_letters()

    def desk_of(self, recipient: str) -> str | None:
        desk = self.policy.desk_at(recipient)
        return desk.id if desk else None

    def keep(self, arrival: Arrival, desk: str | None = None) -> Future[list[Kept]]:
        """Hands a mail to the committing thread; the future is done once its bytes are safe. Raises NoDesk."""
        return self.acceptor.submit(to_keep(arrival, self.policy, desk))

    async def accept(self, arrival: Arrival) -> None:
        """Returns only when the mail is committed (RFC 5321 6.1). The same mail again is told yes and changes nothing."""
        began, items = journal.clock(), to_keep(arrival, self.policy)
        try:
            kept = await asyncio.wrap_future(self.acceptor.submit(items))
        except Broken:
            self.on_broken()
            raise
        journal.taken_in(items, kept, began)
        self.on_mail()

    def accept_all(self, arrivals: Sequence[Arrival], desk: str, aside: Because | None = None) -> None:
        """Mails that were fetched from a mailbox of this desk; returns when all are committed (they share a commit).
        `aside`: they are set aside unread, for this reason."""
        at = self.policy.desks.get(desk)
        known = tuple(replace(one, recipients=(at.address,)) for one in arrivals) if at is not None else tuple(arrivals)
        began = journal.clock()
        items = [to_keep(one, self.policy, desk, aside) for one in known]
        waiting = [self.acceptor.submit(one) for one in items]
        try:
            kept = [row for future in waiting for row in future.result()]
        except Broken:
            self.on_broken()
            raise
        journal.taken_in([keep for one in items for keep in one], kept, began)
        if aside is None:
            self.on_mail()
        elif aside != JUNK:
            for row in kept:
                if row.id is not None:
                    self.alarm("set_aside", f"{row.id}: {aside}", f"mailgate inbox show {row.id}")

    def read_inbox(self) -> int:
        """Reads what waits until nothing waits; returns how many mails were read."""
        total = 0
        with self._one_reader:
            while self._reading is not None and not self.closing.is_set() and self._pause.is_over():
                try:
                    count = self._reading.run(self._desk, self._agents, self._setup.batch)
                except NoReader as error:
                    if not self.closing.is_set():
                        self._pause.begin(str(error), self.alarm)
                        self._reading.give_back()  # another node may have workers
                    break
                self._pause.end(self.alarm_over)
                total += count
                if count == 0:
                    break
                self.on_letters()
                self.acceptor.give_way(COURTESY)
        return total

    def close(self, seconds: float = 10.0) -> None:
        """Ends the rounds after the batch in hand, and gives back what was only read ahead. `seconds`: so long that batch may take."""
        self.closing.set()
        if self._one_reader.acquire(timeout=seconds):
            try:
                if self._reading is not None:
                    self._reading.close()
            finally:
                self._one_reader.release()
        else:
            log.warning("a round of reading did not end; its mails are read at the next start")

    def review_clocks(self) -> int:
        """Looks at every ticket on which something is due; returns how many there were."""
        with self._one_clock:
            count = self._clocks.run(self._desk, self._agents, TICKETS_OF_A_ROUND, self.closing)
        if count:
            self.on_letters()
        return count

    def recount(self) -> int:
        """Counts clocks anew that were last counted by another policy, until there are none; returns how many tickets there were."""
        total = 0
        with self._one_recount:
            while not self.closing.is_set() and (count := self._recounting.run()):
                total += count
                self.acceptor.give_way(COURTESY)
        if total:
            log.info("policy %s: the clocks of %d tickets were looked at", self.policy.digest, total)
        return total

    def write_reports(self) -> int:
        """The weekly report, where one is due that was not written; returns how many letters there were."""
        with self._one_report:
            count = self._reports.run(self._desk, self._agents)
        if count:
            self.on_letters()
        return count

    def rate(self, letter: str, score: int, comment: str) -> Rated:
        """A score from the page of a letter, whose signature has been looked at. For threads: it waits for the record."""
        if (facts := self.store.outbox.facts([letter]).get(letter)) is not None and facts.ticket is not None:
            self._recounting.bring_up([facts.ticket])
        while (answer := rating.rate(self.store, letter, score, comment, self.policy, self._agents, self.now())) is None:
            pass  # somebody else was first, so something was recorded: not for ever
        return answer

    def rating(self, letter: str) -> Rated | None:
        """What counts of the solution that a letter asked about; None where nothing can be rated by it."""
        found = rating.scene_of(self.store, letter, self.policy, self._agents, self.now())
        return feedback.counts_now(*found) if found is not None else None

    def send_outbox(self) -> int:
        """Hands over what is due until nothing is; returns how many letters were tried."""
        total = 0
        with self._one_sender:
            while self._sending is not None and not self.closing.is_set():
                count = self._sending.run(self._desk, self._agents, LETTERS_OF_A_ROUND)
                total += count
                if count == 0:
                    break
        return total

    def alarm(self, kind: str, what: str, way_out: str, key: str = "", every: timedelta = ALARM_EVERY) -> None:
        """A letter to the operator, at most one an hour of each kind about each thing. It waits in the outbox like any other."""
        now = self.now()
        if now - self._said.get((kind, key), now - every) >= every:  # a trouble that lasts is no reason to say it every few seconds
            self._said[kind, key] = now
            log.error("alarm %s: %s", kind, what)
        if not self.policy.wants(AlarmNotice.event):
            return
        for _ in range(MOST_RETRIES):
            if not self.store.standing.may_alarm(kind, key, now, every):
                return
            try:
                self._raise_alarm(RaisedAlarm(kind, key, every), what, way_out, now)
                self.on_letters()
                return
            except Conflict:
                continue  # another node raised it at this moment, or put the operator on file

    def _raise_alarm(self, raised: RaisedAlarm, what: str, way_out: str, now: datetime) -> None:
        address = self._setup.operator
        person = self.store.people.at([address]).get(address.lower())
        new = person is None
        if person is None:
            person = Person(id=self.store.numbers.take("person", 1)[0], name="", address=address)
        desk = next(iter(self.policy.desks.values()))
        notice = AlarmNotice(kind=raised.kind, what=what, since=now, way_out=way_out)
        wanted = LetterWanted(notice, Audience.OPERATOR, person, None, desk.id)
        letters = sealed(self._desk, [wanted], None, self._agents, now)
        decision = Decision(letters=(wanted,), people=(person,) if new else ())
        began, outcomes = journal.clock(), [ToRecord(None, decision, letters, self._setup.held, raises=raised)]
        self.store.record(outcomes, now)
        journal.were_recorded(outcomes, began)

    def alarm_over(self, kind: str, key: str = "") -> None:
        """It works again: should it fail once more, that is news."""
        if self._said.pop((kind, key), None) is not None:
            log.info("alarm %s is over", kind)
        self.store.standing.forget_alarm(kind, key)

    @property
    def agents(self) -> Mapping[str, Person]:
        return self._agents
