"""How many automatic letters may leave, and for whom: a machine is never answered for long."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from mailgate.model.flood import AutomaticCounts
from mailgate.model.letter import Audience, Letter, LetterWanted
from mailgate.model.policy import Budgets, Policy
from mailgate.model.reason import Because, Reason
from mailgate.model.sender import folded, is_noreply


@dataclass(frozen=True, slots=True)
class Send:
    """As soon as the courier comes."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The gateway's budget is used up for now."""

    until: datetime
    reason: Because


@dataclass(frozen=True, slots=True)
class Suppress:
    """Never. The reason is recorded on the ticket."""

    reason: Because
    too_many: bool = field(default=False, compare=False)  #: a budget is used up: whoever was not answered reads so on the next letter


Verdict = Send | Delay | Suppress
Counts: TypeAlias = "AutomaticCounts | _Tally"


def _is_notice(letter: LetterWanted) -> bool:
    return letter.automatic and letter.audience in (Audience.AGENT, Audience.LEAD)


def spend(
    wanted: Sequence[LetterWanted], counts: Counts, suppressed: Mapping[str, Because], policy: Policy, now: datetime
) -> tuple[Verdict, ...]:
    """A verdict for each letter wanted, in order. Letters of one batch count for those behind them.
    `suppressed`: address -> why nothing automatic goes there (it is dead). What exceeds an address's budget is suppressed; what exceeds
    the gateway's is delayed minute by minute up to the longest delay, then suppressed. A notice for a colleague whose address is dead is
    only left out when another one hears of the same: nobody's words may end with nobody."""
    tally = _Tally(counts)
    verdicts: list[Verdict] = []
    heard = {
        (letter.event, letter.ticket)
        for letter in (wanted if suppressed else ())
        if _is_notice(letter) and letter.person.address.lower() not in suppressed
    }
    for letter in wanted:
        verdict = _verdict(letter, tally, suppressed, policy, now)
        if isinstance(verdict, Send) and _is_notice(letter) and (letter.event, letter.ticket) in heard:
            reason = suppressed.get(letter.person.address.lower())
            verdict = verdict if reason is None else Suppress(reason)
        tally.add(letter, verdict)
        verdicts.append(verdict)
    return tuple(verdicts)


def after(wanted: Sequence[LetterWanted], verdicts: Sequence[Verdict], counts: Counts) -> Counts:
    """The counts for the next mail of the same round, while the letters of this one are not recorded yet."""
    tally = _Tally(counts)
    for letter, verdict in zip(wanted, verdicts, strict=True):
        tally.add(letter, verdict)
    return tally


def counted_addresses(wanted: Sequence[LetterWanted]) -> set[str]:
    """Whose budgets these letters are on, folded: for each of them `Counts` must be asked before anything is spent."""
    return {folded(letter.person.address) for letter in wanted if letter.is_counted}


def beside(counts: Counts, more: Counts) -> Counts:
    """The counts with those of further addresses; what `more` says of the minutes is left alone."""
    tally = _Tally(counts)
    for mine, theirs in ((tally.per_address_hour, more.per_address_hour), (tally.per_address_day, more.per_address_day)):
        for address, count in theirs.items():
            mine[address] = mine.get(address, 0) + count
    return tally


def is_limited(budgets: Budgets) -> bool:
    limits = (*budgets.of_address(False), *budgets.of_address(True), budgets.unknown_per_minute, budgets.known_per_minute)
    return any(limit is not None for limit in limits)


def overrun(letters: Sequence[Letter], counts: Counts, budgets: Budgets, now: datetime) -> str:
    """What is used up by now: "" while these letters may leave when they were told to, else whose budget it is.
    Other nodes decide at the same moment and do not see it. So this is asked once more when the letters are in the record: `counts` is of
    then, with `letters` in it; `now` is when they were decided."""
    tally = _Tally(counts)
    counted = [letter for letter in letters if letter.automatic and letter.audience.is_outside]
    for letter in counted:
        tally.take_away(letter)
    for letter in counted:
        address = folded(letter.address)
        turn = (letter.not_before or now) - now
        counts_of_one = (tally.per_address_hour[address], tally.per_address_day[address])
        limits = budgets.of_address(letter.proven)
        if any(limit is not None and count >= limit for count, limit in zip(counts_of_one, limits, strict=True)):
            return "one address"
        waiting, limit = (
            (tally.known_minute, budgets.known_per_minute) if letter.proven else (tally.unknown_minute, budgets.unknown_per_minute)
        )
        if limit is not None and (not limit or turn < timedelta(minutes=waiting // limit)):
            return f"{'known' if letter.proven else 'unknown'} addresses"
        tally.count(letter.proven, address)
    return ""


def last_look(budgets: Budgets, now: datetime) -> Callable[[Sequence[Letter], Counts], str] | None:
    """For the record: `overrun` of letters that were decided at `now`. None where every limit is lifted."""
    return partial(overrun, budgets=budgets, now=now) if is_limited(budgets) else None


class _Tally:
    """Counts that grow."""

    def __init__(self, counts: Counts) -> None:
        # Copied twice for each mail of a batch: plain dictionaries cost a fifth of what a Counter does.
        self.per_address_hour: dict[str, int] = dict(counts.per_address_hour)
        self.per_address_day: dict[str, int] = dict(counts.per_address_day)
        self.unknown_minute: int = counts.unknown_minute
        self.known_minute: int = counts.known_minute

    def add(self, letter: LetterWanted, verdict: Verdict) -> None:
        if letter.is_counted and not isinstance(verdict, Suppress):
            self.count(letter.proven, folded(letter.person.address))

    def take_away(self, letter: Letter) -> None:
        self.count(letter.proven, folded(letter.address), -1)

    def count(self, proven: bool, address: str, by: int = 1) -> None:
        self.per_address_hour[address] = self.per_address_hour.get(address, 0) + by
        self.per_address_day[address] = self.per_address_day.get(address, 0) + by
        if proven:
            self.known_minute += by
        else:
            self.unknown_minute += by


def _verdict(letter: LetterWanted, counts: Counts, suppressed: Mapping[str, Because], policy: Policy, now: datetime) -> Verdict:
    address, budgets = letter.person.address.lower(), policy.budgets
    if policy.is_own(address):
        return Suppress(Reason("budget.own"))  # whoever's words: such a letter comes back as a mail
    if not letter.is_counted:
        return Send()
    if not address or is_noreply(address):
        return Suppress(Reason("budget.nobody"))
    if address in suppressed:
        return Suppress(suppressed[address])
    key = folded(address)
    for count, limit, span in zip(
        (counts.per_address_hour.get(key, 0), counts.per_address_day.get(key, 0)),
        budgets.of_address(letter.proven),
        ("budget.hour", "budget.day"),
        strict=True,
    ):
        if limit is not None and count >= limit:
            return Suppress(Reason.of(span, limit), too_many=True)
    if letter.proven:
        return _turn(counts.known_minute, budgets.known_per_minute, "budget.known", budgets, now)
    return _turn(counts.unknown_minute, budgets.unknown_per_minute, "budget.unknown", budgets, now)


def _turn(waiting: int, limit: int | None, code: str, budgets: Budgets, now: datetime) -> Verdict:
    """When it is a letter's turn, with so many before it and so many a minute."""
    if limit is None or waiting < limit:
        return Send()
    reason = Reason.of(code, limit)
    delay = timedelta(minutes=waiting // limit) if limit else None
    if delay is None or delay > budgets.longest_delay:
        return Suppress(reason, too_many=True)
    return Delay(now + delay, reason)


SHORT, FEW = 48, 8  #: characters and words of a stranger's subject that we repeat

#: What would carry somebody's message to a third person: where to go, whom to call, what it costs, how loud it is.
_LINK = re.compile(
    r"://|www\.|@"  # a scheme, www, an address
    r"|[^\W_]\.[^\W\d_]{2,}(?=[\W_]|\Z)"  # what a mail program makes a link of: a name with a dot
    r"|\bxn--"
    r"|\d(?:[ /().\-]{0,2}\d){5}"  # a number to call
    r"|[\$%!]|[\u20a0-\u20bf\u00a2-\u00a5]",  # money, a discount, a shout
    re.IGNORECASE,
)


def shown_subject(subject: str, *, known: bool, verdict_source: bool, authenticated: bool) -> str | None:
    """What of a stranger's subject an acknowledgement may repeat; None: the subject is ours.
    An acknowledgement goes to whoever From: names, so it must carry nobody's message to a third person. A known or authenticated
    sender gets their subject back. Where somebody could have been authenticated and was not, it is ours. Where nobody can be (no verdict
    source), a few plain words are told apart from a message (decision 0031)."""
    if known or authenticated:
        return subject
    if verdict_source or len(subject) > 5 * SHORT:
        return None
    # Dots of other scripts make links too (IDNA 2003).
    plain = " ".join(unicodedata.normalize("NFKC", subject).translate({0x3002: ".", 0x2024: "."}).split())
    words = plain.split()
    if not words or len(plain) > SHORT or len(words) > FEW or _LINK.search(plain) or not plain.isprintable():
        return None
    return plain
