"""The sending round: sealed letters go to the relay unchanged, and each answer is written down as soon as it is known.

No transaction is open while the relay is spoken to. The lease fences our record: a round that slept past it may hand over one
more identical copy, but cannot write over what was recorded meanwhile."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mailgate.compose.assemble import Damaged, Sign, assemble
from mailgate.compose.lighter import language_of, lightened
from mailgate.compose.writing import LetterWriter
from mailgate.decide import refusal, retry
from mailgate.decide.scene import Scene
from mailgate.gateway import journal
from mailgate.gateway.reading import RaiseAlarm
from mailgate.gateway.workers import Files, NoReader
from mailgate.gateway.writing import sealed
from mailgate.model.delivery import Deferred, Delivered, Delivery, OutboxState, Refused, Settled
from mailgate.model.letter import Audience, Letter, PartRef
from mailgate.model.letters import letter_kind
from mailgate.model.mail import Attachment, Unread
from mailgate.model.person import Person
from mailgate.model.token import Keyring, bounce_detail
from mailgate.record.rows import ClaimedLetter, Conflict, Settlement, ToRecord
from mailgate.send.courier import Courier, NotReady, Outgoing
from mailgate.send.dkim import Unsigned
from mailgate.understand.reports import judged

if TYPE_CHECKING:
    from mailgate.record.store import Store

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=20)
MOST_RETRIES = 8

#: What the relay's trouble is told by, and what helps. The first that fits is said.
WAYS_OUT = (
    ("expired", "The certificate of the relay has to be renewed by whoever runs it"),
    ("not valid for", "Set host in [relay] to the name that stands in the certificate"),
    ("self-signed", "If it is to be trusted, put it into a file and name that as ca_file in [relay]"),
    ("unable to get", "If its authority is to be trusted, put that into a file and name it as ca_file in [relay]"),
    ("STARTTLS", 'The relay does not speak TLS, or somebody in between takes it out: try tls = "tls" and port 465, or ask whoever runs it'),
    ("TLS", "Ask whoever runs the relay what changed in its TLS"),
)


def way_out(reply: str) -> str:
    """What a person can do about a relay that takes no letters. Nothing leaves in clear meanwhile, and nothing is lost."""
    first = next((way for word, way in WAYS_OUT if word in reply), "")
    return "; ".join((*((first,) if first else ()), "mailgate check says when it works", "mailgate outbox list shows what waits"))


class SendingRound:
    def __init__(
        self,
        store: Store,
        courier: Courier,
        files: Files,
        now: Callable[[], datetime],
        alarm: RaiseAlarm,
        message_id_pattern: str | None = None,
        sign: Sign = lambda *_: b"",
        bring_up: Callable[[Iterable[int]], object] = lambda _: None,
    ) -> None:
        """`bring_up`: is called before a ticket is decided."""
        self.sign, self.bring_up = sign, bring_up
        self._unsigned: dict[str, str] = {}  #: letters that could not be signed, and why
        self.unsigned = True  #: signing is not known to work since the start
        self.store, self.courier, self.files, self.now, self.alarm = store, courier, files, now, alarm
        self.troubled = True  #: not known to work since the start
        self._began: dict[str, float] = {}  #: when the courier took up a letter
        self.renamed = re.compile(message_id_pattern) if message_id_pattern else None
        self._owed: list[ClaimedLetter] = []  #: letters that were not begun, to give back as soon as the database can be told so
        self.spread: Callable[[], float] = random.random  # jitter, not a secret

    def run(self, desk: LetterWriter, agents: Mapping[str, Person], limit: int) -> int:
        """Hands over up to `limit` letters; returns how many were tried."""
        if self._owed:
            self.store.outbox.release_lease(self._owed, self.now())
            self._owed = []
        claimed = self.store.outbox.claim(limit, self.now(), LEASE)
        if not claimed:
            return 0
        by_id = {c.letter.id: c for c in claimed}
        outgoing = [self._outgoing(one.letter, desk.ring) for one in claimed]
        # Where the database is away or full, what was not begun goes back as it was: left to its lease, it would wait and count as doubted.
        with closing(self.courier.send(outgoing, given_up=lambda one: self._owed.append(by_id[one.id]))) as answers:
            return self._write_down(answers, by_id, desk, agents)

    def _outgoing(self, letter: Letter, ring: Keyring) -> Outgoing:
        """Put together in the courier's thread: the attachments of a whole round would not fit into memory."""
        envelope_id, whole = bounce_detail(ring, letter.id), partial(self._whole, letter)
        return Outgoing(letter.id, letter.reverse_path, letter.address, whole, letter.utf8, envelope_id, letter.size)

    def _write_down(
        self,
        answers: Iterable[tuple[Outgoing, Delivery]],
        claimed: Mapping[str, ClaimedLetter],
        desk: LetterWriter,
        agents: Mapping[str, Person],
    ) -> int:
        """How many were tried: where none can be, the next round is early enough."""
        down: Deferred | None = None
        tried = 0
        for sent, delivery in answers:
            one = claimed[sent.id]
            if isinstance(delivery, Deferred) and delivery.untried:
                self.store.outbox.release_lease([one], self.now())
                continue
            tried += 1
            if isinstance(delivery, Delivered) and self.renamed and (match := self.renamed.search(delivery.reply)):
                # First: once the letter is settled nobody hears this name again, and a bounce may come at once.
                self.store.outbox.add_alias(f"<{match[1].strip('<>')}>", sent.id)
            self._settle(one, delivery, desk, agents)
            begun = self._began.pop(sent.id, None)
            if not (isinstance(delivery, Deferred) and delivery.relay_down):  # of a relay that is down one line is enough: the alarm's
                journal.was_handed_over(one, delivery, begun)
            if isinstance(delivery, Deferred) and delivery.relay_down:
                down = delivery
            elif isinstance(delivery, Refused) and delivery.damaged:
                # What was sealed is not what would leave: it never leaves, and a person has to look.
                self.alarm("damaged_letter", f"{sent.id}: {delivery.reply}", f"mailgate outbox show {sent.id}")
            elif isinstance(delivery, Delivered) and self.troubled:
                # It works again: should it fail once more, that is news.
                self.troubled = False
                for kind in ("relay_down", "login_refused"):
                    self.store.standing.forget_alarm(kind, "")
        self._tell_unsigned(tried)
        if down is not None:
            self.troubled = True
            kind = "login_refused" if down.login_refused else "relay_down"
            self.alarm(kind, down.reply, way_out(down.reply))
        return tried

    def _tell_unsigned(self, tried: int) -> None:
        """Whether the letters of this round could be signed: letters that could not are in every round."""
        if self._unsigned:
            self.unsigned = True
            _, reason = self._unsigned.popitem()
            self._unsigned.clear()
            self.alarm(
                "unsigned", reason, "Put the key back, or correct [[dkim]]; mailgate check says when it works, and the letters leave"
            )
        elif self.unsigned and tried:
            self.unsigned = False
            self.store.standing.forget_alarm("unsigned", "")

    def _whole(self, letter: Letter) -> bytes:
        self._began[letter.id] = journal.clock()
        found: dict[PartRef, bytes] = {}
        for inbox in dict.fromkeys(ref.inbox for ref in letter.parts):
            refs = [ref for ref in letter.parts if ref.inbox == inbox]
            found.update(zip(refs, self._opened(inbox, refs), strict=True))
        return assemble(letter, [found[ref] for ref in letter.parts], partial(self._signatures, letter))

    def _signatures(self, letter: Letter, pieces: Sequence[bytes], at: datetime) -> bytes:
        """What goes on top. Without its key a letter waits; only the operator's leave all the same: they say that it is missing."""
        try:
            return self.sign(pieces, at)
        except Unsigned as unsigned:
            self._unsigned[letter.id] = str(unsigned)
            if letter.audience is Audience.OPERATOR:
                return b""
            raise NotReady(str(unsigned), untried=True) from unsigned

    def _opened(self, inbox: int, refs: Sequence[PartRef]) -> list[bytes]:
        """Files of one mail, in one reading of it. Raises Damaged for one that is not what was sealed, NotReady when nobody can tell."""
        described = tuple(Attachment(r.name, r.type, r.size, r.sha256, r.inline, r.content_id, r.part) for r in refs)
        try:
            (opened,) = self.files([(self.store.inbox.raw(inbox), described)])
        except NoReader as error:
            raise NotReady(str(error), untried=True) from error
        if isinstance(opened, Unread):
            raise NotReady(f"its files could not be opened: {opened.reason}")
        octets: list[bytes] = []
        for ref, data in zip(refs, opened, strict=True):
            if data is None:
                raise Damaged(f"its attachment {ref.part} is not what was sealed")
            octets.append(data)
        return octets

    def _without_files(self, one: ClaimedLetter, refused: Refused, desk: LetterWriter, agents: Mapping[str, Person]) -> bool:
        """The letter waits without what was too large, in the place of the whole one. False where that would not help it."""
        now, letter = self.now(), one.letter
        found = lightened(letter, refused.limit, desk.templates.catalogue(desk.templates.language(language_of(letter))))
        if found is None or letter.ticket is None:
            return False
        lighter, left = found
        again = Settled(OutboxState.DEFERRED, now, one.doubted, counts=False)
        settlement = Settlement(letter.id, one.lease, again, refused.reply, lighter)
        for _ in range(MOST_RETRIES):
            file = self.store.tickets.files([letter.ticket])[letter.ticket]
            entry = self.store.numbers.take("entry", 1)[0]
            scene = Scene(file=file, policy=desk.policy, agents=agents, now=now)
            decision = refusal.sent_without(scene, letter, left, refused.reply, entry)
            letters = sealed(desk, decision.letters, file, agents, now)
            try:
                self.store.record([ToRecord(None, decision, letters, desk.held, settlement=settlement, policy=desk.policy.digest)], now)
                return True
            except Conflict as conflict:
                if conflict.what == "lease":
                    log.warning("letter %s: the lease was lost, the answer of the relay is not recorded", letter.id)
                    return True
        return False

    def _settle(self, one: ClaimedLetter, delivery: Delivery, desk: LetterWriter, agents: Mapping[str, Person]) -> None:
        now, began = self.now(), journal.clock()
        letter = one.letter
        spread = self.spread()
        resend = letter_kind(letter.event, letter.audience).tried_again
        settled = retry.settle(OutboxState.SENDING, delivery, one.attempts, one.first_at, now, spread, resend, one.doubted)
        settlement = Settlement(letter.id, one.lease, settled, delivery.reply)
        if settled.state not in (OutboxState.REFUSED, OutboxState.UNKNOWN):
            if not self.store.outbox.settle(settlement, now):
                log.warning("letter %s: the lease was lost, the answer of the relay is not recorded", letter.id)
            return
        if isinstance(delivery, Refused) and delivery.too_large and self._without_files(one, delivery, desk, agents):
            return
        # What the relay says about the address is a bounce that came at once.
        says_no = isinstance(delivery, Refused) and not delivery.damaged
        report = judged(letter.address, "failed", None, delivery.reply) if says_no else None
        known_dead = not letter.audience.is_outside and letter.address.lower() in self.store.people.suppressed([letter.address], now)
        reached = letter.id in self.store.delivery_reports.reached_otherwise([letter.id])
        end = refusal.NonDelivery(letter, settled.state.value, delivery.reply, reached, known_dead)
        for _ in range(MOST_RETRIES):
            file = None
            if letter.ticket is not None:
                self.bring_up([letter.ticket])
                file = self.store.tickets.files([letter.ticket])[letter.ticket]
            entry = self.store.numbers.take("entry", 1)[0]
            decision = refusal.on_settled(Scene(file=file, policy=desk.policy, agents=agents, now=now), end, entry, report)
            if decision is None:
                self.store.outbox.settle(settlement, now)
                return
            letters = sealed(desk, decision.letters, file, agents, now)
            try:
                outcomes = [ToRecord(None, decision, letters, desk.held, settlement=settlement, policy=desk.policy.digest)]
                self.store.record(outcomes, now)
                journal.were_recorded(outcomes, began)
                if decision.alarm is not None:
                    self.alarm(decision.alarm.kind, decision.alarm.what, decision.alarm.way_out, decision.alarm.key)
                return
            except Conflict as conflict:
                if conflict.what == "lease":
                    log.warning("letter %s: the lease was lost, the answer of the relay is not recorded", letter.id)
                    return
        log.error("letter %s: its end could not be shown on ticket %s", letter.id, letter.ticket)
