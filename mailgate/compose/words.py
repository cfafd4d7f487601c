"""How durations, sizes, priorities and other short things are said in the reader's language."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache

from babel.lists import format_list
from babel.numbers import format_decimal

from mailgate.compose import page_words
from mailgate.compose.dates import locale_of
from mailgate.model.commands import VERBS
from mailgate.model.letters import LETTERS
from mailgate.model.sentences import ENGLISH, PLAIN, REFUSALS
from mailgate.model.ticket import NO_SUBJECT

Say = Callable[[str], str]  #: an English message in the reader's language
#: How a reason is said to an agent.
AGENTS_SENTENCES: Mapping[str, str] = {**ENGLISH, **PLAIN}

#: For requesters: no "P4", and nothing that makes somebody's trouble small.
PRIORITIES: Mapping[int, str] = {1: "very urgent", 2: "urgent", 3: "important", 4: "standard", 5: "planned"}
#: For agents: what they type behind #priority. It takes each word of both tables, in every language, for the same number.
AGENTS_PRIORITIES: Mapping[int, str] = {1: "critical", 2: "high", 3: "normal", 4: "low", 5: "planned"}
#: For requesters. What is on hold says why where it is known (`headline`).
STATUSES: Mapping[str, str] = {
    "new": "received",
    "open": "in progress",
    "pending_user": "waiting for your answer",
    "on_hold": "on hold",
    "resolved": "solved",
    "closed": "closed",
    "merged": "combined with another request",
    "rejected": "not taken on",
}
#: For agents: what stands behind the ticket's number, and in receipts.
AGENTS_STATUSES: Mapping[str, str] = {
    "new": "new",
    "open": "in progress",
    "pending_user": "waiting for an answer",
    "on_hold": "on hold",
    "resolved": "solved",
    "closed": "closed",
    "merged": "merged into another ticket",
    "rejected": "rejected",
}
STATE_HEADLINES: Mapping[str, str] = {
    "new": "We've got it, and nobody has started yet",
    "open": "We're working on it",
    "pending_user": "We're waiting for your answer",
    "on_hold": "Your request is on hold",
    "on_hold.vendor": "We're waiting for the supplier",
    "on_hold.change": "We're waiting for a planned change",
    "on_hold.problem": "We're working on the cause",
    "on_hold.scheduled": "We'll go on at the agreed time",
    "on_hold.user": "We're waiting for your answer",
    "resolved": "Your request is solved",
    "closed": "Your request is closed",
    "merged": "Your request was combined with another one",
    "rejected": "We're not working on this request",
}
#: Why a ticket is on hold.
HOLDS: Mapping[str, str] = {
    "vendor": "waiting for a supplier",
    "change": "waiting for a change",
    "problem": "waiting for a known problem to be fixed",
    "scheduled": "put off until a date",
    "user": "waiting for somebody outside the team",
}
KINDS: Mapping[str, str] = {"incident": "incident", "request": "request", "problem": "problem"}
METRICS: Mapping[str, str] = {
    "first_reply": "first reply",
    "next_reply": "next reply",
    "update": "next update",
    "resolution": "solution",
    "work": "work",
    "pickup": "pickup",
}
SCORES: Mapping[int, str] = {5: "very good", 4: "good", 3: "okay", 2: "poor", 1: "very poor"}
#: What a requester may answer with, a single word or two. A translation has to be one that `understand.answers` reads as the same.
WISHES: Mapping[str, str] = {"status": "status", "close": "close", "reopen": "reopen", "no surveys": "no surveys"}
#: Languages in which requesters read of an agent by the first name; in the others by the whole name.
FIRST_NAMES = frozenset({"en"})
#: How agents read of a letter.
CALLED: Mapping[str, str] = {kind.event: kind.called for kind in LETTERS.values() if kind.called}
#: How far it is proven who wrote a mail.
PROOFS: Mapping[str, str] = {
    "token": "verified, by a reply to an email that only they had",
    "domain": "verified, by the mail server",
    "both": "verified, by a reply to our email and by the mail server",
    "mailbox": "verified, written in the desk's own mailbox",
    "forwarded": "not verified, somebody else passed it on",
    "none": "not verified, only the email itself says so",
    "failed": "not verified, and the address may be forged",
}
#: Reasons that letters to agents say. Any other would be said in English.
_REASONS = tuple(
    code
    for code in AGENTS_SENTENCES
    if code in ("nobody_here", "was_in_copy", "reported_as_spam", "budget.hour", "budget.day", "budget.known", "budget.unknown")
    or (
        code.startswith(("hint.", "assign.", "residue.", "loop.", "proof.", "lacks", "asks.", "dead", "why."))
        and code
        not in ("why.nothing", "why.all", "proof.answers", "proof.confirmed", "proof.sent_folder", "proof.authentic", "proof.doubtful")
    )
)
ALARMS: Mapping[str, str] = {
    "set_aside": "A mail was set aside and waits for you",
    "relay_down": "The mail server does not take our letters",
    "login_refused": "The mail server refuses our login",
    "disk_low": "The disk is nearly full",
    "unsigned": "Letters cannot be signed and wait",
    "damaged_letter": "A letter was damaged and is not sent",
    "policy_refused": "A new policy is faulty and was refused",
    "agent_unreachable": "Letters to an agent cannot be delivered",
    "mailbox_down": "A mailbox cannot be read",
    "mailbox_unsafe": "The connection to a mailbox is not safe: nothing was said over it",
    "mailbox_login_refused": "A mailbox refuses our login",
    "mailbox_stuck": "Mail that was taken in cannot be flagged or moved in its mailbox",
    "token_refused": "No token can be had for logging in",
    "token_ends": "A secret for logging in ends within a week",
    "clock_off": "The clocks of two machines differ",
    "clock_jumped": "The clock of a machine jumped",
    "clock_faulty": "The clocks of a ticket cannot be reviewed",
    "mail_unread": "Mail waits for so long to be read that promises cannot be judged",
    "many_breaches": "Very many promises are broken at once",
    "promise_unheard": "A promise is broken, and nobody hears of it",
    "no_reader": "No mail is read: no worker can be started",
    "door_short": "A door pauses: no file descriptors or memory are left",
    "dns_silent": "The resolver does not answer",
    "flood": "A flood of mail comes from one sender",
    "loop": "A program seems to answer our letters",
    "unclaimed": "Nobody takes a ticket, and nobody could be told",
}
REQUESTER, UNVERIFIED = "Requester", "unverified"
#: In a letter that leaves without them, above the names of its files.
TOO_LARGE = "These files are too large for a mail server on the way, so this mail comes without them:"
#: Behind the name of somebody who is called like an agent or a desk, and is none.
EXTERNAL = "external"
_OTHER_ALARM = "Something needs you"
NOBODY = "nobody"
WITHDRAWN = "withdrawn"
#: Of each command: what it does, and what a receipt calls that which it changed.
COMMANDS: Mapping[str, str] = {word: verb.help for word, verb in VERBS.items()}
RECEIPTS: Mapping[str, str] = {word: verb.receipt for word, verb in VERBS.items() if verb.receipt}
_HOURS_MINUTES, _HOURS, _MINUTES, _SECONDS = "%(hours)s h %(minutes)s min", "%(hours)s h", "%(minutes)s min", "%(seconds)s s"

#: Every message of this module, for the catalogues.
MESSAGES: frozenset[str] = frozenset(
    (
        *(words for table in (PRIORITIES, AGENTS_PRIORITIES, STATUSES, AGENTS_STATUSES, HOLDS) for words in table.values()),
        *(words for table in (STATE_HEADLINES, KINDS, METRICS, SCORES, WISHES) for words in table.values()),
        *(words for table in (CALLED, REFUSALS, PROOFS, ALARMS, COMMANDS, RECEIPTS) for words in table.values()),
        *(AGENTS_SENTENCES[code] for code in _REASONS),
        *page_words.MESSAGES,
        _OTHER_ALARM, _HOURS_MINUTES, _HOURS, _MINUTES, _SECONDS, REQUESTER, UNVERIFIED, EXTERNAL, NO_SUBJECT, TOO_LARGE, NOBODY, WITHDRAWN,
    )
)  # fmt: skip

#: A thousand octets, a million, and one, where a language does not write them as most do.
_SIZES: Mapping[str, tuple[str, str, str]] = {"fr": ("ko", "Mo", "o")}
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


def direction(language: str) -> str:
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def duration(seconds: int | timedelta, say: Say) -> str:
    """`1 h 50 min`: hours and minutes, cut, never rounded up; seconds below a minute."""
    total = abs(int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds))
    hours, minutes = total // 3600, total // 60 % 60
    if hours and minutes:
        return say(_HOURS_MINUTES) % {"hours": hours, "minutes": minutes}
    if hours:
        return say(_HOURS) % {"hours": hours}
    if minutes or not total:
        return say(_MINUTES) % {"minutes": minutes}
    return say(_SECONDS) % {"seconds": total}


def size(octets: int, language: str) -> str:
    """`120 KB`, in French `120 ko`."""
    k, m, unit = _SIZES.get(language, ("KB", "MB", "B"))
    if octets < 1000:
        return f"{octets} {unit}"
    if octets < 1_000_000:
        return f"{(octets + 500) // 1000} {k}"
    return f"{format_decimal(round(octets / 1_000_000, 1), '0.0', locale=locale_of(language))} {m}"


def people(names: Sequence[str], language: str) -> str:
    """`Max Muster, Kim Lee and Eve Adler`."""
    return _listed(tuple(names), language)


@lru_cache(512)
def _listed(names: tuple[str, ...], language: str) -> str:
    return format_list(list(names), locale=locale_of(language))


def receipt(told: Sequence[tuple[str, str, str]], say: Say) -> list[str]:
    """What commands have changed, one by one: `priority P4 → P2`."""
    said = []
    for verb, before, after in told:
        now = told_as(verb, after, say) if after else ""
        was = f"{told_as(verb, before, say)} → " if before and now else ""
        said.append(" ".join(filter(None, (say(RECEIPTS.get(verb, verb)), f"{was}{now}"))))
    return said


def told_as(verb: str, value: str, say: Say) -> str:
    """The right side of a line of a receipt: what stands in the ticket as an id, in words."""
    what = RECEIPTS.get(verb, "")
    id_, _, more = value.partition(" (")
    if what == "state" and id_ in AGENTS_STATUSES:
        why = more.removesuffix(")")
        return f"{say(AGENTS_STATUSES[id_])} ({say(HOLDS.get(why, why))})" if why else say(AGENTS_STATUSES[id_])
    if what == "kind" and value in KINDS:
        return say(KINDS[value])
    if value == "-":
        return say(NOBODY if what == "owner" else WITHDRAWN)
    return value


def headline(status: str, hold: str | None, say: Say) -> str:
    """How a request stands, as the sentence that a requester reads first."""
    return say(STATE_HEADLINES.get(f"{status}.{hold}") or STATE_HEADLINES[status])


#: A first line of its own that ends so greets: what it says is no news.
_GREETING = re.compile(r"[^\n]{1,60}[,!،，、]\s*\n\s*(?=\S)")

#: So does a last paragraph of a few short lines that end without a stop: it signs.
_SIGNED = re.compile(r"(?:[^\n]{0,30}(?<![.?!。？！])\n?){1,3}")


def preview(text: str, most: int = 100) -> str:
    """How somebody's words begin, in one line, without greeting and name: what an inbox shows below the subject."""
    text = text.strip()
    greeting = _GREETING.match(text)
    text = text[greeting.end() if greeting else 0 :]
    rest, _, last = text.rpartition("\n\n")
    said = " ".join((rest if rest and _SIGNED.fullmatch(last) else text).split())
    if len(said) <= most:
        return said
    begins = said[:most].rpartition(" ")[0] or said[:most]
    return f"{begins.rstrip(' .,;:–-')} …"


def alarm(kind: str, say: Say) -> str:
    return say(ALARMS.get(kind, _OTHER_ALARM))
