"""A machine reports about a letter of ours: which letter, for whom, and what follows from it.

The letter is found by what we signed: its bounce address, its Message-ID or anchor, or the name that the relay gave it. What is not
signed by us names no letter, and does nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from mailgate.decide import refusal
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.delivery import Fate, OutboxState, Reported, Suppression, SuppressionKind, heavier
from mailgate.model.evidence import EvidenceKind
from mailgate.model.mail import Kind, Report
from mailgate.model.reason import Reason
from mailgate.model.understood import LetterFacts

#: Servers give up after five days (RFC 5321 4.5.4.1); what reports about an older letter does nothing.
EXPIRES = timedelta(days=30)

#: Reports on two letters within this time speak for each other.
TOGETHER = timedelta(days=60)

#: RFC 3464 2.3.3 in our words, the gravest first.
FATES: Mapping[str, Fate] = {
    "failed": Fate.BOUNCED,
    "delayed": Fate.DELAYED,
    "delivered": Fate.DELIVERED,
    "relayed": Fate.RELAYED,
    "expanded": Fate.RELAYED,
}
#: Letters that never left: nobody can report about them.
_HERE = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.CANCELLED)


def on_report(s: Situation) -> Decision | None:
    """What follows from a bounce, a delivery notice or a complaint; None when it names no letter of ours."""
    letter = s.letter
    if letter is None:
        if any(e.kind is EvidenceKind.REPLY_ADDRESS and not e.valid for e in s.thread.evidence):
            return Decision(set_aside=Reason.of("never_signed", _a(s)))
        return None
    if letter.first_at is None and letter.state in _HERE:
        return Decision(set_aside=Reason.of("never_left", _a(s), letter.id))
    if s.arrived_at - (letter.first_at or letter.made_at) > EXPIRES:
        return Decision(set_aside=Reason.of("long_ago", _a(s), EXPIRES.days, letter.id))
    if s.reading.kind is Kind.COMPLAINT:
        return _complained(s, letter)
    report = _about(letter, s)
    if report is not None:
        doubt = _why_only_shown(s, letter)
        return _shown(s, letter, report, doubt) if doubt else _said(s, letter, report)
    if s.mail.reports or s.reading.kind is Kind.BOUNCE:
        return _noted(s, letter)
    return None


def _a(s: Situation) -> Reason:
    return Reason(f"a.{s.reading.kind.value}")


def _knows_a_secret(s: Situation, letter: LetterFacts) -> bool:
    """Whether it came to the address that only servers see, which carried the letter: readers of it cannot make that up."""
    return any(e.valid and e.purpose == "bounce" and e.letter == letter.id for e in s.thread.evidence)


def _why_only_shown(s: Situation, letter: LetterFacts) -> Reason | None:
    """Why a report about a letter's own recipient moves nothing, None when it does. Whoever has seen the letter could have written it."""
    if letter.answered_at is not None:
        return Reason("report.answered")
    if not s.null_path and not _knows_a_secret(s, letter):
        return Reason("report.no_server")
    return None


def _may_suppress(s: Situation, letter: LetterFacts) -> bool:
    """Whether a report is enough to stop what machines write to an address: it knows a secret, or it is the second letter that comes
    back. What was sent before somebody answered from there says nothing of now."""
    if s.last_answer is not None and s.last_answer >= letter.made_at:
        return False
    return _knows_a_secret(s, letter) or bool(s.dead_letters - {letter.id})


def _shown(s: Situation, letter: LetterFacts, report: Report, doubt: Reason) -> Decision:
    words = f"{letter.event} -> {letter.address}: somebody says {report.action}. {_words(report)}"
    reported = Reported(letter.id, report.action, None, report.status, report.reply_code, False, report.reason[:500], s.arrived_at)
    trace = (TraceLine("decide", "report", _line(report), Reason.of("report.shown", doubt)),)
    return replace(_remark(s, words), reported=(reported,), trace=trace)


def _about(letter: LetterFacts, s: Situation) -> Report | None:
    """The gravest report about the letter's own recipient: under any of the addresses that this person has here."""
    person = s.file.person(letter.person) if s.file else None
    keys = {letter.address.lower(), *(person.keys if person else ())}
    mine = [r for r in s.mail.reports if r.action in FATES and ({r.recipient.lower(), r.original.lower()} & keys)]
    return min(mine, key=lambda r: list(FATES).index(r.action), default=None)


def _said(s: Situation, letter: LetterFacts, report: Report) -> Decision:
    fate = heavier(letter.fate, FATES[report.action])
    news = fate is not letter.fate
    hard, reason = report.hard, report.reason[:500]
    reported = (Reported(letter.id, report.action, fate, report.status, report.reply_code, hard, reason, s.arrived_at),)
    words = _words(report)
    suppress = refusal.suppression_for(s, letter, report) if _may_suppress(s, letter) else ()
    if fate is Fate.BOUNCED and news and letter.state is not OutboxState.REFUSED:
        reached, known_dead = letter.id in s.reached_otherwise, letter.address.lower() in s.suppressed
        end = refusal.NonDelivery(letter, fate.value, words, reached, known_dead, s.arrived_at, s.inbox)
        decision = refusal.undelivered(s, end, s.ids.entries[0])
        then = Reason.of("report.bounced", letter.id)
    else:
        # The same again, or something that is no trouble: on file, and only a first delay is shown at once.
        decision = _remark(s, f"{letter.event} -> {letter.address}: {report.action}. {words}", hidden=not (news and fate is Fate.DELAYED))
        then = Reason.of("report.fate", letter.id, fate.value) if news else Reason("report.known")
    trace = (TraceLine("decide", "report", _line(report), then),)
    return replace(decision, reported=reported, suppress=suppress, trace=trace)


def _noted(s: Situation, letter: LetterFacts) -> Decision:
    """It is about our letter, but not about whom we wrote to (somebody forwards their mail), or it does not say about whom."""
    report = next(iter(s.mail.reports), None)
    action, status = (report.action, report.status) if report else ("failed", None)
    if report is not None:
        said = f"{report.recipient}: {action}. {_words(report)}"
        words = f"{letter.event} -> {letter.address}: a report about it names another address. {said}"
    else:
        words = f"{letter.event} -> {letter.address}: a report about it that names nobody, mail {s.inbox}"
    reported = Reported(letter.id, action, None, status, None, False, words[:500], s.arrived_at)
    trace = (TraceLine("decide", "report", words[:200], Reason("report.noted")),)
    return replace(_remark(s, words), reported=(reported,), trace=trace)


def _complained(s: Situation, letter: LetterFacts) -> Decision:
    """Somebody called the letter spam (RFC 5965): machines write there no more for a while, people may."""
    reason = Reason("reported_as_spam")
    reported = Reported(letter.id, "complained", None, None, None, False, str(reason), s.arrived_at)
    suppress: tuple[Suppression, ...] = ()
    if letter.audience.is_outside and _may_suppress(s, letter):
        until = s.now + s.policy.budgets.suppress_for
        suppress = (Suppression(letter.address.lower(), SuppressionKind.COMPLAINT, reason, s.now, until),)
    trace = (TraceLine("decide", "complaint", s.reading.kind_because, Reason("complaint.silent" if suppress else "complaint.noted")),)
    decision = _remark(s, f"{letter.event} -> {letter.address}: {reason}", hidden=letter.address.lower() in s.suppressed)
    return replace(decision, reported=(reported,), suppress=suppress, trace=trace)


def _remark(s: Situation, text: str, hidden: bool = False) -> Decision:
    """An internal entry on the letter's ticket, where it has one, that moves nothing."""
    if s.file is None:
        return Decision()
    ticket = s.file.ticket
    entry = refusal.a_remark(text, ticket.number, s.ids.entries[0], s.now, at=s.arrived_at, inbox=s.inbox, hidden=hidden)
    return Decision(changes=(Change(ticket, ticket, (), (entry,)),))


def _line(report: Report) -> Reason:
    return Reason.of("report", report.recipient, report.action, _words(report))


def _words(report: Report) -> str:
    """`5.1.1 user unknown: no such user here`."""
    return " ".join(word for word in (report.status or "", report.reason[:300]) if word) or str(Reason("report.no_reason"))
