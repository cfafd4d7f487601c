"""Tells what would follow from a mail: its ticket and the promises, its commands, and who would be written to."""

from collections.abc import Mapping, Sequence

from mailgate.compose.words import METRICS
from mailgate.decide import budget
from mailgate.decide.situation import Situation
from mailgate.explain.layout import INDENT, clipped, columns, counted, filled, listed, quoted, span, when
from mailgate.explain.words import plain
from mailgate.gateway.deciding import DecidedMail
from mailgate.model.commands import Fault, Heard, Parsed, said
from mailgate.model.decision import Change, Decision
from mailgate.model.events import (
    CommandsRefused,
    Event,
    GroupChanged,
    ImpactChanged,
    LetterSuppressed,
    PriorityChanged,
    RatingGiven,
    TicketAssigned,
    TicketOpened,
    UrgencyChanged,
    name_of,
)
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import LETTERS, ReturnedMail, Solution
from mailgate.model.person import Person
from mailgate.model.reason import Reason
from mailgate.model.ticket import Cycle, Entry, Outcome, Status, Ticket, TimerKind, Visibility

#: What each event means, as a colleague says it. What has words of its own is said below (`_event`).
EVENTS: Mapping[str, str] = {
    "requester_wrote": "The requester's side has written.",
    "auto_reply_received": "An automatic reply is kept with it, hidden.",
    "requester_thanked": "The requester says thanks, which changes nothing.",
    "requester_closed": "The requester closes it.",
    "requester_reopened": "The requester opens it again.",
    "agent_replied": "An agent has answered the requester.",
    "note_added": "A note is added that only agents see.",
    "ticket_taken": "The agent takes it.",
    "wait_started": "It waits for the requester.",
    "hold_started": "It waits for somebody else.",
    "ticket_resolved": "It is resolved.",
    "ticket_closed": "It is closed.",
    "ticket_reopened": "It is opened again.",
    "ticket_rejected": "It is rejected.",
    "ticket_merged": "It is merged into another ticket.",
    "wake_due": "Its waiting is over.",
    "reminder_due": "The requester is reminded.",
    "auto_resolved": "It is resolved because nobody answered.",
    "auto_closed": "It is closed because nobody disagreed.",
    "low_rating_given": "The rating is low, so the lead hears of it.",
    "letter_refused": "A letter of ours has reached nobody.",
    "unverified_wrote": "Somebody has written who is not proven: only agents see it, until one lets it in.",
    "entry_admitted": "Words that waited are let in.",
    "participant_joined": "Somebody joins it.",
    "kind_changed": "It becomes another kind of ticket.",
    "urgency_asked": "The requester says that it is urgent.",
    "category_changed": "It is about something else.",
    "standing_changed": "Its requester is of another organisation, or a VIP, or none any more.",
    "watcher_added": "An agent watches it from now on.",
    "watcher_removed": "An agent watches it no longer.",
    "commands_refused": "Commands are refused, and nothing of the mail is applied.",
    "sla_warned": "A promise is nearly broken.",
    "sla_breached": "A promise is broken.",
    "sla_escalated": "A promise has been broken for so long that others hear of it.",
    "sla_repeated": "A promise is still broken, and that is told again.",
    "breach_annulled": "A promise is not broken after all.",
    "promised_date_near": "The date that was promised is near.",
    "promised_date_passed": "The date that was promised has passed.",
}
STATUSES: Mapping[Status, str] = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.PENDING_USER: "waiting for who asked",
    Status.ON_HOLD: "on hold",
    Status.RESOLVED: "resolved",
    Status.CLOSED: "closed",
    Status.MERGED: "merged",
    Status.REJECTED: "rejected",
}
ENTRIES: Mapping[Visibility, str] = {
    Visibility.PUBLIC: "for everybody who takes part in it",
    Visibility.INTERNAL: "for agents only",
    Visibility.UNVERIFIED: "for agents only, until one of them lets it in",
}
TIMERS: Mapping[TimerKind, str] = {
    TimerKind.REMIND: "the requester is reminded",
    TimerKind.AUTO_RESOLVE: "it is resolved if nobody has answered",
    TimerKind.AUTO_CLOSE: "it is closed if nobody has disagreed",
    TimerKind.WAKE: "it is taken up again",
}
MOST_COMMANDS, MOST_FAULTS, MOST_LETTERS = 20, 10, 20


def in_short(decided: DecidedMail) -> str:
    """The whole of it in a sentence or two."""
    s, decision = decided.situation, decided.wanted
    what = plain(Reason(f"a.{s.reading.kind.value}"))
    what = what[0].upper() + what[1:]
    letters = sum(isinstance(verdict, budget.Send | budget.Delay) for verdict in decided.verdicts)
    wrote = f"{counted(letters, 'letter')} would be written" if letters else "nobody would be written to"
    if decision.set_aside:
        return f"{what}. It would be set aside, and {wrote}."
    if not decision.changes:
        return f"{what}. Nothing would happen to any ticket, and {wrote}."
    change = decision.changes[-1]
    if change.before is None:
        return f"{what}. It would open a new ticket, and {wrote}."
    refused = " and change nothing" if any(isinstance(e, CommandsRefused) for e in change.events) else ""
    hidden = ", for agents' eyes only" if any(e.visibility is Visibility.UNVERIFIED for e in change.entries) else ""
    return f"{what}. It would join ticket {change.after.number}{refused}{hidden}, and {wrote}."


def consequences(decided: DecidedMail, held: bool) -> list[str]:
    """What would follow if this mail came now. `held`: no letter leaves by itself."""
    s, decision = decided.situation, decided.wanted
    zone = s.desk.timezone
    people = {p.id: p for p in (*s.agents.values(), *(s.file.people if s.file else ()), *decision.people)}
    if s.author is not None:
        people[s.author.id] = s.author
    lines: list[str] = []
    if decision.set_aside:
        lines += filled(f"It would be set aside, because {plain(decision.set_aside)}. It is kept, and the operator can look at it.")
    for change in decision.changes:
        lines += _change(change, s, people, zone)
    if not decision.changes and not decision.set_aside:
        lines += _nothing(decision)
    lines += _forward(decision)
    lines += _beside(decision, s, zone)
    lines += _letters(decided.wanted.letters, decided.verdicts, zone)
    if held and decided.wanted.letters:
        lines += filled('None of them would leave by itself: letters are held here (letters = "hold").')
    return lines + _unwritten(decision, people)


# --- the ticket -------------------------------------------------------------------------------------------------------------


def _change(change: Change, s: Situation, people: Mapping[int, Person], zone: str) -> list[str]:
    before, after = change.before, change.after
    lines = filled(_opened(after, s, people) if before is None else _moved(before, after))
    for event in change.events:
        if words := _event(event, after, people):
            lines += filled(words)
    for entry in change.entries:
        lines += filled(_entry(entry))
    lines += _promises(before, after, s, zone)
    lines += _timers(before, after, zone)
    return lines


def _opened(ticket: Ticket, s: Situation, people: Mapping[int, Person]) -> str:
    desk, group = s.policy.desks.get(ticket.desk, s.desk), s.policy.groups.get(ticket.group)
    follows = f" It would follow ticket {ticket.follows}, whose time for opening it again is over." if ticket.follows else ""
    ours = any(s.policy.desk_at(recipient) for recipient in s.arrival.recipients)
    if not ours:
        follows += " None of its recipients is a desk of ours, so I took the first desk of the policy."
    return (
        f"A new ticket would open at {desk.name} <{desk.address}> for {_name(ticket.requester, people)}: {quoted(ticket.title)}, "
        f"priority P{ticket.priority}, in the hands of {group.name if group else ticket.group}.{follows}{_why(ticket, s)}"
    )


def _why(ticket: Ticket, s: Situation) -> str:
    """What its priority, category and group follow from."""
    category = s.policy.categories.get(ticket.category or "")
    about = f" It is about {category.name}." if category else ""
    return f"{about} Why so: {plain(Reason('why.all', ticket.why))}." if ticket.why else about


def _moved(before: Ticket, after: Ticket) -> str:
    name = f"Ticket {after.number}, {quoted(after.title)},"
    if before.status is not after.status:
        return f"{name} is {STATUSES[before.status]} and would then be {STATUSES[after.status]}."
    return f"{name} is {STATUSES[after.status]} and would stay so."


def _event(event: Event, ticket: Ticket, people: Mapping[int, Person]) -> str:
    if isinstance(event, TicketOpened | LetterSuppressed):
        return ""
    if isinstance(event, TicketAssigned):
        return f"It is given to {_name(event.to, people)}." if event.to is not None else "It goes back to its group."
    if isinstance(event, PriorityChanged):
        return f"Its priority goes from P{event.before} to P{event.after}."
    if isinstance(event, ImpactChanged | UrgencyChanged):
        what = "impact" if isinstance(event, ImpactChanged) else "urgency"
        return f"Its {what} becomes {event.after}."
    if isinstance(event, GroupChanged):
        return f"It goes from the group {event.before} to {event.after}."
    if isinstance(event, RatingGiven):
        return f"A rating is counted: {event.score} of 5."
    name = name_of(event)
    return EVENTS.get(name) or f"{name.replace('_', ' ').capitalize()}."


#: So many who had a mail in copy are named.
_MOST_COPIED = 10


def _entry(entry: Entry) -> str:
    whose = f"the words of {entry.author_name}" if entry.author is not None and entry.author_name else "a remark of the gateway"
    hidden = ", shown only to who asks for it" if entry.hidden else ""
    files = f", with {len(entry.attachments)} {'file' if len(entry.attachments) == 1 else 'files'}" if entry.attachments else ""
    also = listed([clipped(f"{one.name} <{one.address}>" if one.name else one.address, 80) for one in entry.copied[:_MOST_COPIED]])
    copied = f" {also} had the mail as well, which makes nobody take part." if also else ""
    return f"The ticket would keep {whose}{files}, {ENTRIES[entry.visibility]}{hidden}.{copied}"


def _promises(before: Ticket | None, after: Ticket, s: Situation, zone: str) -> list[str]:
    old = {(c.metric, c.n): c for c in before.cycles} if before else {}
    rows = []
    for cycle in after.cycles:
        was = old.get((cycle.metric, cycle.n))
        if was is None or was.outcome is not cycle.outcome or was.due_at != cycle.due_at:
            rows.append((METRICS[cycle.metric.value], _clock(cycle, was, zone)))
    if not rows:
        running = [c for c in after.cycles if c.outcome in (Outcome.RUNNING, Outcome.PAUSED)]
        return filled("No clock starts: nothing is promised for this.") if before is None and not running else []
    return [*filled("What is promised, and its clocks:"), *columns(rows)]


def _clock(cycle: Cycle, was: Cycle | None, zone: str) -> str:
    hours = "" if cycle.calendar == "always" else f' within the hours of "{cycle.calendar}"'
    target = f"{span(cycle.target_s)}{hours}"
    if cycle.outcome is Outcome.RUNNING:
        begins = "starts" if was is None else "runs on" if was.outcome is not Outcome.RUNNING else "is set anew"
        return f"{begins}, due {when(cycle.due_at, zone)} ({target})"
    return {
        Outcome.PAUSED: "stands still",
        Outcome.MET: "stops: the promise is kept",
        Outcome.MISSED: "stops: the promise was broken",
        Outcome.CANCELLED: "is given up",
    }[cycle.outcome]


def _timers(before: Ticket | None, after: Ticket, zone: str) -> list[str]:
    new = [t for t in after.timers if before is None or t not in before.timers]
    rows = [(when(t.due_at, zone), TIMERS[t.kind]) for t in new]
    return [*filled("What comes by itself if nothing happens:"), *columns(rows)] if rows else []


def _name(id_: int | None, people: Mapping[int, Person]) -> str:
    person = people.get(id_) if id_ is not None else None
    if person is None:
        return "somebody"
    return f"{clipped(person.name, 60)} <{clipped(person.address, 80)}>" if person.name else f"<{clipped(person.address, 80)}>"


# --- everything else ----------------------------------------------------------------------------------------------------------


def _nothing(decision: Decision) -> list[str]:
    told = [line for line in decision.trace if line.stage == "decide" and line.rule not in ("answer", "forward")]
    lines = filled("Nothing would happen to any ticket.")
    for each in told:
        words = plain(each.then)
        saw = f": {plain(each.saw)}" if each.saw and each.saw != decision.trace[0].saw else ""
        lines += filled(f"{words[:1].upper()}{words[1:]}{saw}.")
    return lines


def _forward(decision: Decision) -> list[str]:
    for line in decision.trace:
        if line.rule == "forward":
            if line.then == Reason("stays_forwarders"):
                return filled(f"It stays a mail of who passes it on, although somebody else wrote first: {plain(line.saw)}.")
            return filled("The ticket is for who wrote the mail first, because whoever passes it on is proven.")
    return []


def _beside(decision: Decision, s: Situation, zone: str) -> list[str]:
    lines: list[str] = []
    if s.elsewhere is not None:
        lines += filled(f"It names ticket {s.elsewhere.number} of another desk, which has this mail as well and sees to it there.")
    if s.also:
        groups = [s.policy.groups[each].name if each in s.policy.groups else each for each in s.also]
        lines += filled(f"Another desk was written to as well, so {listed(groups)} would hear of it.")
    for rating in decision.ratings:
        lines += filled(f"A rating of {rating.score} would be counted for the solution that it is about.")
    for report in decision.reported:
        lines += filled(f"On the letter it is about would be written: {report.action}{f', {report.reason}' if report.reason else ''}.")
    for one in decision.suppress:
        until = f" until {when(one.until, zone)}" if one.until else ""
        lines += filled(f"{one.address} would get nothing automatic{until}: {plain(one.reason)}.")
    if decision.lift and s.suppressed:
        lines += filled(f"{listed(list(decision.lift))} has shown to work, and would get automatic letters again.")
    if decision.spent:
        lines += filled("Others have seen the letter that it answers, so it would prove nothing from then on.")
    if decision.bad_token:
        lines += filled(f"A mark in the subject has a signature that is not ours: that is counted against {decision.bad_token}.")
    return lines


def _unwritten(decision: Decision, people: Mapping[int, Person]) -> list[str]:
    """Letters that the rules keep back, and why."""
    kept = [event for change in decision.changes for event in change.events if isinstance(event, LetterSuppressed)]
    rows = []
    for event in kept:
        what = next(kind.explained for kind in LETTERS.values() if kind.event == event.letter_event)
        rows.append((f"to {_name(event.person, people)}", f"{what}; {plain(event.reason)}"))
    return [*filled("Letters that would not be written, and why:"), *columns(rows, most=(60,))] if rows else []


def _letters(letters: Sequence[LetterWanted], verdicts: Sequence[budget.Verdict], zone: str) -> list[str]:
    if not letters:
        return filled("Nobody would be written to.")
    rows = []
    for letter, verdict in zip(letters[:MOST_LETTERS], verdicts, strict=False):
        what = letter.kind.explained + (", asking for a rating" if isinstance(letter.kind, Solution) and letter.closure is not None else "")
        if isinstance(verdict, budget.Suppress):
            what = f"{what}: would not be written, {plain(verdict.reason)}"
        elif isinstance(verdict, budget.Delay):
            what = f"{what}: would wait until {when(verdict.until, zone)}"
        rows.append((f"to {_name(letter.person.id, {letter.person.id: letter.person})}", what))
    more = [f"{INDENT * 2}... and {len(letters) - MOST_LETTERS} more"] if len(letters) > MOST_LETTERS else []
    return [*filled("Letters that would be written:"), *columns(rows, most=(60,)), *more]


# --- commands -----------------------------------------------------------------------------------------------------------------


def commands(s: Situation, decision: Decision) -> list[str]:
    """The commands found in the mail, whether they would be obeyed, and why not. [] where there are none."""
    agent = s.by_agent
    above = s.understood.above if decision.ticket is not None and s.mail.forwarded is not None else None
    parsed = (above or s.understood.commands) if agent else s.reading.heard
    words = [f"#{word}" for word in s.address_words]
    if not (parsed.commands or parsed.errors or words):
        return []
    if not agent:
        if not parsed.commands:
            return []  # a line that merely begins with # is nothing to speak of
        found = listed([said(c) for c in parsed.commands[:MOST_COMMANDS]])
        return filled(f"Lines that look like commands: {found}. Only agents command, so they stay words like all others.")
    faults = _faults(decision, parsed)
    done = {verb for _, verb in decision.commands}
    rows = []
    for command in parsed.commands[:MOST_COMMANDS]:
        obeyed = "would be carried out" if command.verb in done else "would not be carried out"
        rows.append((f"line {command.line}" if command.line > 0 else "by its address", said(command), obeyed))
    rows += [("by its address", word, "would be carried out" if word[1:] in done else "would not be carried out") for word in words]
    lines = columns(rows, most=(20, 60)) if rows else []
    if faults:
        lines += filled("All of a mail is carried out or nothing, and here nothing, because:")
        for fault in faults[:MOST_FAULTS]:
            lines += filled(_fault(fault), f"{INDENT * 2}- ", f"{INDENT * 3}")
    elif rows and not done:
        lines += filled("They are left alone: this mail is not taken as an agent's order.")
    return lines


def _faults(decision: Decision, parsed: Parsed | Heard) -> Sequence[Fault]:
    """Those that would be told to the agent; where no letter may be written, those that were found in the text."""
    for letter in decision.letters:
        if isinstance(letter.kind, ReturnedMail):
            return letter.kind.faults
    return parsed.errors


def _fault(fault: Fault) -> str:
    place = f"line {fault.line}: " if fault.line else ""
    word = f"{quoted(fault.word, 60)}: " if fault.word else ""
    hint = _HINTS.get(fault.code, " ({})").format(plain(fault.hint)) if fault.hint else ""
    return f"{place}{word}{_CODES.get(fault.code) or plain(Reason(fault.code))}{hint}"


_HINTS: Mapping[str, str] = {"E_UNKNOWN": "; perhaps {} was meant", "E_PERM": ": {}", "E_VALUE": "; the form is {}"}
#: Said to the agent there, and of the agent here.
_CODES: Mapping[str, str] = {"E_PERM": "the author may not do this", "E_LATE": "this has to stand above the text"}
