"""DNS for our own check of a mail's author: asked after the mail was taken in, a few seconds at most, and remembered.

A resolver that is dead makes nobody wait for long: after a few questions without any answer it is left alone for a minute, and
the mails go on without a verdict. A name whose own servers are dead does not count as that."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from mailgate.model.dns import DnsAnswer, DnsReply, Question, Wanted
from mailgate.model.evidence import Verdict
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Mail
from mailgate.model.reason import Reason
from mailgate.understand.identity import OUR_CHECK, SignedMail, judge

log = logging.getLogger(__name__)

Alarm = Callable[[str, str, str], None]  #: (kind, what, way out)

#: Seconds for which an answer is remembered.
SHORTEST_LIFE, LONGEST_LIFE, LIFE_OF_NOTHING, LIFE_OF_TROUBLE = 30.0, 3600.0, 60.0, 30.0
MOST_REMEMBERED = 20_000
ONE_QUESTION = 3.0  #: seconds
#: So many questions in a row without any answer, and the resolver is asked for something that each of them knows.
SILENCES = 5
PROBE, PROBE_SECONDS = (".", "NS"), 1.0
LEFT_ALONE = 60.0  #: seconds
MOST_ROUNDS = 40
MOST_QUESTIONS = 80  #: of one mail
LONGEST_ANSWER = 8192  #: characters of one record
MOST_RECORDS = 100

FAILED = DnsAnswer(DnsReply.FAILED)


class Resolver:
    """Asks many questions at once and remembers the answers. For any thread."""

    def __init__(self, settings: VerifySettings, alarm: Alarm = lambda *_: None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._alarm, self._monotonic = alarm, monotonic
        self._resolver = dns.resolver.Resolver(configure=not settings.resolver)
        if settings.resolver:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*_place(text)) for text in settings.resolver]
        self._pool = ThreadPoolExecutor(settings.at_once, thread_name_prefix="dns")
        self._lock = threading.Lock()
        self._remembered: OrderedDict[Question, tuple[DnsAnswer, float]] = OrderedDict()
        self._silences = 0
        self._closed_until = 0.0
        self._suspect = False

    def fetch(self, questions: Collection[Question], seconds: float) -> Mapping[Question, DnsAnswer]:
        """An answer to each, after so many seconds at most; what did not come in time counts as failed."""
        deadline = self._monotonic() + seconds
        if self._is_left_alone():
            return {question: self._remember(question) or FAILED for question in questions}
        answers: dict[Question, DnsAnswer] = {}
        asked: dict[Question, Future[DnsAnswer]] = {}
        for question in questions:
            if (known := self._remember(question)) is not None:
                answers[question] = known
            elif seconds > 0:
                asked[question] = self._pool.submit(self._ask, question, deadline)
        wait(asked.values(), timeout=max(0.0, seconds))
        for question, future in asked.items():
            if future.done():
                answers[question] = future.result()
            else:
                future.cancel()
        return {question: answers.get(question, FAILED) for question in questions}

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, question: Question, deadline: float) -> DnsAnswer:
        seconds = min(ONE_QUESTION, deadline - self._monotonic())
        if seconds <= 0 or self._closed_until > self._monotonic():
            return FAILED
        answer, life = self._resolve(question, seconds)
        with self._lock:
            self._remembered[question] = (answer, self._monotonic() + life)
            self._remembered.move_to_end(question)
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return answer

    def _resolve(self, question: Question, seconds: float) -> tuple[DnsAnswer, float]:
        name, kind = question
        try:
            found = self._resolver.resolve(name, kind, lifetime=seconds, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            self._heard()
            return DnsAnswer(DnsReply.NOTHING), LIFE_OF_NOTHING
        except dns.resolver.LifetimeTimeout:
            self._silent()
            return FAILED, LIFE_OF_TROUBLE
        except (dns.exception.DNSException, OSError, ValueError):  # SERVFAIL, a name that cannot be asked, an answer that makes no sense
            self._heard()
            return FAILED, LIFE_OF_TROUBLE
        self._heard()
        if found.rrset is None:
            return DnsAnswer(DnsReply.NOTHING), LIFE_OF_NOTHING
        records = tuple(text for record in _sorted(found.rrset) if len(text := _text(record)) <= LONGEST_ANSWER)[:MOST_RECORDS]
        return DnsAnswer(DnsReply.FOUND, records), min(LONGEST_LIFE, max(SHORTEST_LIFE, float(found.rrset.ttl)))

    def _remember(self, question: Question) -> DnsAnswer | None:
        with self._lock:
            answer, until = self._remembered.get(question, (None, 0.0))
            return answer if until > self._monotonic() else None

    def _heard(self) -> None:
        self._silences = 0

    def _silent(self) -> None:
        """Nothing came back. Is it this name, or is nobody there?"""
        with self._lock:
            self._silences += 1
            if self._silences < SILENCES or self._suspect or self._closed_until > self._monotonic():
                return
            self._suspect = True
        try:
            if self._is_there():
                self._heard()
            else:
                self._leave_alone()
        finally:
            self._suspect = False

    def _is_there(self) -> bool:
        try:
            self._resolver.resolve(*PROBE, lifetime=PROBE_SECONDS, raise_on_no_answer=False, search=False)
        except dns.resolver.LifetimeTimeout:
            return False
        except (dns.exception.DNSException, OSError):
            pass  # that is an answer, too
        return True

    def _leave_alone(self) -> None:
        self._closed_until = self._monotonic() + LEFT_ALONE
        log.warning("DNS does not answer: mails are read without our own check for a minute")
        self._alarm("dns_silent", "the resolver does not answer; mails are read without a verdict of our own", "look at [verify] resolver")

    def _is_left_alone(self) -> bool:
        """Whether it is left alone now. When the minute is over, one question finds out whether it is back."""
        if not self._closed_until:
            return False
        if self._closed_until <= self._monotonic():
            if self._is_there():
                self._closed_until, self._silences = 0.0, 0
                return False
            self._leave_alone()
        return True


def _place(text: str) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:53`, `[2001:db8::1]:53`."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, int(port.lstrip(":") or 53)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, int(port)
    return text, 53


def _sorted(records: Iterable[object]) -> list[object]:
    return sorted(records, key=lambda record: getattr(record, "preference", 0))


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("latin-1")
    said = next((getattr(record, name) for name in ("address", "exchange", "target") if hasattr(record, name)), "")
    return str(said).rstrip(".").lower()


@dataclass(frozen=True, slots=True)
class UnjudgedMail:
    """A mail that nobody has said anything about."""

    mail: Mail
    signed: SignedMail
    arrival: Arrival


def verdicts(
    cases: Sequence[UnjudgedMail], trust: VerifySettings, resolver: Resolver, monotonic: Callable[[], float] = time.monotonic
) -> list[Verdict]:
    """Our own verdict on each mail: judged, asked for what is lacking, judged again. All of them together wait for one time limit."""
    deadline = monotonic() + trust.time_limit.total_seconds()
    found: dict[int, Verdict] = {}
    asked: dict[int, set[Question]] = {}
    answers: dict[Question, DnsAnswer] = {}
    for _ in range(MOST_ROUNDS):
        wanted: set[Question] = set()
        for index, case in enumerate(cases):
            if index in found:
                continue
            said = judge(case.mail, case.signed, case.arrival, trust, answers)
            if not isinstance(said, Wanted):
                found[index] = said
                continue
            mine = asked.setdefault(index, set())
            mine |= said.questions
            if len(mine) > MOST_QUESTIONS:
                found[index] = Verdict(by=OUR_CHECK, because=Reason.of("too_many_questions", MOST_QUESTIONS))
            else:
                wanted |= said.questions
        if not wanted:
            break
        answers.update(resolver.fetch(wanted, deadline - monotonic()))
    return [found.get(index, Verdict(by=OUR_CHECK, because=Reason("too_slow"))) for index in range(len(cases))]
