"""Every kind of letter, one entry for each: its event and audiences, the facts that a decision brings along, and how it is treated.

The value in a fact's annotation is its sample: `mailgate check`, the golden letters and whoever writes a template see the letter with it.
A fact with a default may be left out by the decision. A template may use no others. Each kind is a frozen dataclass (`LetterKind`)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from mailgate.model import house_letters
from mailgate.model.commands import VERBS, Fault
from mailgate.model.letter import QUOTED, Audience, Carries, LetterKind, NoticeBudget, Voice
from mailgate.model.policy import Metric
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import HoldReason, Status, Visibility

_REQUESTER, _PARTICIPANT, _AGENT = (Audience.REQUESTER,), (Audience.REQUESTER, Audience.PARTICIPANT), (Audience.AGENT,)
_LEAD, _OPERATOR = (Audience.LEAD,), (Audience.OPERATOR,)

_WHEN = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

By = Annotated[str, "Ann Berg"]  #: name of the agent who did it
#: Names or addresses of outsiders who have the agent's mail from its author.
Direct = Annotated[tuple[str, ...], ("Max Muster",)]
#: What happened (taken, given, answered, resolved, closed), and to whom it was given.
News = Annotated[tuple[tuple[str, str], ...], (("answered", ""), ("given", "Bob Frey"))]
Code = Annotated[str, "fixed"]  #: resolution code
Due = Annotated[datetime, _WHEN]
BackAt = Annotated[datetime | None, None]  #: when somebody is there again, where nobody is there now
FirstDue = Annotated[datetime, datetime(2026, 6, 1, 16, 0, tzinfo=UTC)]  #: of the sample ticket's first reply
Since = Annotated[datetime, datetime(2026, 6, 1, 8, 0, tzinfo=UTC)]  #: when somebody began to wait
Also = Annotated[tuple[str, ...], ("Bob Frey",)]  #: names of those who hear of a broken promise beside those who act
Delay = Annotated[int | None, 2400]  #: seconds between the arrival of the mail and when we had it, where they are more than minutes
Clock = Annotated[Metric, Metric.FIRST_REPLY]
Whom = Annotated[str, "max@example.com"]  #: an address
Reply = Annotated[str, "550 5.1.1 No such mailbox here"]
Sent = Annotated[str, "agent_replied"]  #: the event of another letter
#: Of tickets: `ref`, `title`, `metric`, and `left_s`, the seconds of business time that are left, below 0 that are over.
Rows = Annotated[
    tuple[Mapping[str, str | int], ...],
    (
        {"ref": "IT-1042", "title": "VPN drops every ten minutes", "metric": "first_reply", "left_s": -7800},
        {"ref": "IT-1044", "title": "Printer", "metric": "resolution", "left_s": 2400},
    ),
    QUOTED,
]
Score = Annotated[int, 2]
Comment = Annotated[str, "It took three days.", QUOTED]
Requester = Annotated[str, "Max Muster"]  #: name or address
Commands = Annotated[tuple[str, ...], ("#priority P2", "#take")]
Why = Annotated[Because, Reason("nobody_here")]

# --- to the requester and the participants -----------------------------------------------------------------------------


class Acknowledgement(LetterKind):
    event, audiences, called = "ticket_opened", _REQUESTER, "the acknowledgement"
    explained = "acknowledgement, with the number of the ticket"
    replies, status, words = True, Status.NEW, "asked"
    back_at: BackAt = None


class FollowUpAcknowledgement(LetterKind):
    event, audiences, called = "follow_up_opened", _REQUESTER, "the acknowledgement of a new ticket"
    explained = "acknowledgement, with the number of the new ticket"
    replies, status, words = True, Status.NEW, "asked"
    old_ref: Annotated[str, "IT-1001"]  #: the ticket that it continues
    back_at: BackAt = None


class Answer(LetterKind):
    event, audiences, called = "agent_replied", _PARTICIPANT, "an answer"
    explained = "the agent's answer"
    carries = Carries.ANSWER
    status, words, speaks = Status.PENDING_USER, "questioned", True


class Solution(LetterKind):
    event, audiences, called = "ticket_resolved", _PARTICIPANT, "the solution"
    explained = "the solution"
    carries = Carries.ANSWER
    status, words, speaks, wordless = Status.RESOLVED, "answered", True, True
    by_requester: Annotated[bool, False] = False  #: the requester said so
    code: Code = ""


class Closing(LetterKind):
    event, audiences, called = "ticket_closed", _PARTICIPANT, "the last letter"
    explained = "word that it is closed"
    carries = Carries.ANSWER
    status, words, speaks, wordless = Status.CLOSED, "answered", True, True
    by_requester: Annotated[bool, False] = False
    code: Code = ""


class SolvedBySilence(LetterKind):
    event, audiences, called = "auto_resolved", _REQUESTER, "the letter that it was resolved"
    explained = "word that it is resolved because nobody answered"
    status = Status.RESOLVED


class ClosedBySilence(LetterKind):
    """Written only where the policy asks for it: who has a solution and is content has no need of it."""

    event, audiences, called = "auto_closed", _REQUESTER, "the letter that it was closed"
    explained = "word that it is closed because nobody disagreed"
    status = Status.CLOSED


class Reminder(LetterKind):
    event, audiences, called = "reminder_due", _REQUESTER, "a reminder"
    explained = "a reminder"
    status, missed = Status.PENDING_USER, False
    is_last: Annotated[bool, True] = False  #: not the first, and what comes next is that it counts as resolved


class StatusAnswer(LetterKind):
    event, audiences, called = "status_asked", _REQUESTER, "the answer about its state"
    explained = "how the ticket stands"
    replies = True
    no_letters_in: Annotated[str, ""] = ""  #: the language that they asked for and we do not write
    languages: Annotated[tuple[str, ...], ()] = ()  #: those that we do


class RequesterHelp(LetterKind):
    event, audiences, called = "help_asked", _REQUESTER, "the help that was asked for"
    explained = "the help that was asked for"
    replies = True


class RatingThanks(LetterKind):
    event, audiences, called = "rating_given", _REQUESTER, "the thanks for a rating"
    explained = "thanks for the rating"
    replies, status, missed, tried_again = True, Status.RESOLVED, False, False
    score: Score
    late: Annotated[datetime | None, None] = None  #: until when it would have counted; None for one that does
    follow_up_due_at: Annotated[datetime | None, _WHEN] = None  #: of a low one: by when the lead gets in touch
    unsolved: Annotated[bool, True] = False  #: what stands beside it says that it still fails


class RatingQuestion(LetterKind):
    event, audiences, called = "rating_asked", _REQUESTER, "the question how good it was"
    explained = "the question how good it was"
    status, missed, tried_again = Status.RESOLVED, False, False


class SurveysStopped(LetterKind):
    event, audiences, called = "surveys_declined", _REQUESTER, "word that nobody asks for ratings any more"
    explained = "word that nobody asks for ratings any more"
    replies, missed = True, False


# --- to agents: what somebody wrote ------------------------------------------------------------------------------------


class NewTicketNotice(LetterKind):
    event, audiences = "ticket_opened", _AGENT
    explained = "notice of the new ticket, with the mail"
    carries = Carries.MAIL
    voice, answer_is, shows_notes = Voice.AUTHOR, Visibility.PUBLIC, False
    status, words = Status.NEW, "asked"
    follows: Annotated[str, "IT-1001"] = ""  #: the ticket that ended, and that this one continues
    beside: Annotated[str, "HR-1040"] = ""  #: the ticket of another desk that the same mail belongs to
    reply_left_s: Annotated[int | None, 28_800] = None  #: seconds of business time for the first reply
    solution_left_s: Annotated[int | None, 144_000] = None  #: the same for the solution


class RequesterNotice(LetterKind):
    event, audiences = "requester_wrote", _AGENT
    explained = "notice of what was written"
    carries = Carries.MAIL
    voice, answer_is, shows_notes = Voice.AUTHOR, Visibility.PUBLIC, False
    words = "asked"
    reopened: Annotated[bool, True] = False
    joined: Annotated[tuple[str, ...], ("eve@example.net",)] = ()  #: addresses of new participants


class UnverifiedNotice(LetterKind):
    event, audiences = "unverified_wrote", _AGENT
    explained = "notice of words that nobody has proven"
    carries = Carries.MAIL
    voice, shows_notes = Voice.AUTHOR, False
    words = "intruded"
    because: Why
    may_admit: Annotated[bool, True] = True  #: whoever wrote may be let in
    direct: Direct = ()


class AnswerNotice(LetterKind):
    event, audiences = "agent_replied", _AGENT
    explained = "notice of the answer"
    carries = Carries.MAIL
    voice, answer_is = Voice.AUTHOR, Visibility.PUBLIC
    words = "answered"


class NoteNotice(LetterKind):
    event, audiences = "note_added", _AGENT
    explained = "notice of the note"
    carries = Carries.MAIL
    voice = Voice.AUTHOR
    words = "noted"
    absent: Annotated[bool, False] = False  #: it is no note of theirs: they seem to be away
    direct: Direct = ()


# --- to agents: what became of a ticket --------------------------------------------------------------------------------


class Assignment(LetterKind):
    event, audiences = "ticket_assigned", _AGENT
    explained = "notice that the ticket is theirs"
    carries = Carries.STORY
    voice, answer_is = Voice.STORY, Visibility.PUBLIC
    words, wordless = "asked", True
    by: By = ""
    group: Annotated[str, ""] = ""  #: the one that has it now; "": it is its reader's alone


class TicketOffer(LetterKind):
    event, audiences = "ticket_offered", _AGENT
    explained = "offer of the ticket, with its story"
    carries = Carries.STORY
    voice, answer_is = Voice.STORY, Visibility.PUBLIC
    status, words, wordless, missed, tried_again = Status.NEW, "asked", True, False, False
    until: Due
    because: Annotated[Because, Reason("assign.most_room")]
    skills: Annotated[tuple[str, ...], ("network",)] = ()  #: that it asks for
    tickets: Annotated[int, 3]  #: that its reader has
    load: Annotated[int, 6]  #: what those weigh
    capacity: Annotated[int, 20]


class UnclaimedNotice(LetterKind):
    event, audiences = "ticket_unclaimed", (*_LEAD, *_AGENT)
    explained = "notice that nobody takes the ticket"
    carries = Carries.STORY
    voice, answer_is = Voice.STORY, Visibility.PUBLIC
    status, words, wordless = Status.NEW, "asked", True
    over: Annotated[bool, True] = False  #: enough were asked: otherwise there was nobody to ask
    asked: Annotated[int, 3]  #: how many were


class LostTicketNotice(LetterKind):
    event, audiences = "ticket_lost", _AGENT
    explained = "notice that the ticket is somebody else's now"
    by: By = ""
    news: News


class GroupNews(LetterKind):
    event, audiences = "group_told", _AGENT
    explained = "one line about who did what"
    by: By = ""
    news: News


class WakeUp(LetterKind):
    event, audiences = "wake_due", _AGENT
    explained = "notice that its waiting is over"
    hold: Annotated[HoldReason | None, HoldReason.VENDOR] = None  #: why it was on hold; None: it waited for the requester


class PromiseWarning(LetterKind):
    event, audiences = "sla_warned", _AGENT
    explained = "notice that a promise is nearly broken"
    missed, tried_again = False, False
    status = Status.NEW
    metric: Clock
    since: Since
    due_at: FirstDue
    target_s: Annotated[int, 28_800]  #: seconds of business time that were promised
    left_s: Annotated[int, 7200]  #: the same that are left
    unbroken: Annotated[bool, True] = False  #: nothing closes before it is due, so what is left is what the clock on the wall says
    delay_s: Delay = None
    also: Also = ()  #: hear of it when it is missed


class BrokenPromise(LetterKind):
    event, audiences = "sla_breached", (*_AGENT, *_LEAD)
    explained = "notice that a promise is broken"
    status = Status.NEW
    metric: Clock
    since: Since
    due_at: FirstDue
    target_s: Annotated[int, 28_800]
    over_s: Annotated[int, 600]  #: seconds of business time
    unbroken: Annotated[bool, True] = False
    level: Annotated[int, 150] = 100  #: percent of the promised time that are used up, 100 or more
    again: Annotated[bool, True] = False  #: it was told before
    delay_s: Delay = None
    unread_since: Annotated[datetime | None, _WHEN] = None  #: a mailbox that may hold an answer has not been read since then
    also: Also = ()  #: hear of it as well


class PromisedDate(LetterKind):
    event, audiences = "promised_date", _AGENT
    explained = "notice about a date that was promised by hand"
    promised_at: Due
    passed: Annotated[bool, True] = False


class WithdrawnAlarm(LetterKind):
    event, audiences = "sla_withdrawn", _AGENT
    explained = "notice that a promise is not broken after all"
    metric: Clock
    due_at: Annotated[datetime | None, _WHEN] = None  #: when it is due instead; None: it was kept


class CombinedAlarms(LetterKind):
    """About many tickets, and so about none: what an agent answers to it belongs nowhere."""

    event, audiences, budget, about_ticket = "alarms_combined", _AGENT, NoticeBudget.NONE, False
    explained = "alarms that came close together, in one letter"
    count: Annotated[int, 1840]
    since: Due
    rows: Rows
    more: Annotated[int, 1838] = 0


class UnjudgedPromises(LetterKind):
    event, audiences, budget, about_ticket = "promises_unjudged", _LEAD, NoticeBudget.NONE, False
    explained = "notice that promises cannot be judged while mail waits"
    count: Annotated[int, 120]
    waiting: Annotated[int, 300]  #: mails
    since: Due
    rows: Rows
    more: Annotated[int, 118] = 0


class LowRatingNotice(LetterKind):
    event, audiences, shows_notes = "low_rating_given", _LEAD, False
    explained = "notice of a low rating"
    status = Status.RESOLVED
    score: Score
    comment: Comment = ""
    requester: Requester
    due_at: Annotated[datetime | None, _WHEN] = None  #: by when to get in touch
    again: Annotated[bool, False] = False  #: nobody did


class RatingComment(LetterKind):
    event, audiences = "rating_commented", _AGENT
    explained = "what stands beside the rating"
    score: Score
    comment: Comment = ""
    requester: Requester
    counts: Annotated[bool, True] = True  #: False: it is not the requester's, or not proven to be


# --- to agents: about their own mails ----------------------------------------------------------------------------------


class AgentHelp(LetterKind):
    event, audiences = "help_asked", _AGENT
    explained = "the list of commands"
    budget, shows_notes, replies = NoticeBudget.OWN, False, True
    verb: Annotated[str, ""] = ""  #: the one command that help was asked for
    verbs: Annotated[tuple[str, ...], tuple(VERBS)]


class Receipt(LetterKind):
    event, audiences = "commands_applied", _AGENT
    explained = "receipt: what the commands did"
    budget, shows_notes, replies = NoticeBudget.OWN, False, True
    told: Annotated[tuple[tuple[str, str, str], ...], (("priority", "P4", "P2"), ("take", "", "Ann Berg"))]  #: what, before, after
    noted: Annotated[bool, True] = False  #: an internal note was added
    commands: Commands
    heard: Annotated[tuple[str, ...], ("Bob Frey",)] = ()  #: names of those who read a note
    direct: Direct = ()


class ReturnedMail(LetterKind):
    event, audiences = "commands_refused", _AGENT
    explained = "the mail back, with what was wrong"
    budget, shows_notes, replies, echoes = NoticeBudget.OWN, False, True, True
    faults: Annotated[
        tuple[Fault, ...],
        (
            Fault("E_UNKNOWN", 1, "#resolv", "#resolve"),
            Fault("E_QUOTE", 3, "the admin password is kept in the safe", Reason("residue.line")),
        ),
    ]
    text: Annotated[str, "#resolv\n\nThe cable was loose.\nWe plugged it in again."]
    direct: Direct = ()
    files: Annotated[tuple[str, ...], ("trace.txt",)] = ()  #: names of files that it brought
    way: Annotated[str, "here"] = "here"  #: how it is corrected: see decide/returned


class ConfirmationQuestion(LetterKind):
    event, audiences = "confirmation_asked", _AGENT
    explained = "a question whether the mail is theirs; it waits for the answer"
    budget, replies, echoes = NoticeBudget.NONE, True, True
    why: Annotated[str, "seen_by_others"]
    commands: Commands
    text: Annotated[str, "#priority P2\n#take\n\nThe cable was loose.\nWe plugged it in again."]
    until: Due
    direct: Direct = ()


class UndeliveredNotice(LetterKind):
    event, audiences = "letter_refused", _AGENT
    explained = "notice that a letter reached nobody"
    whom: Whom
    what: Sent
    reply: Reply
    state: Annotated[str, "refused"]
    by: By = ""  #: whose words it carried
    undone: Annotated[bool, True] = False  #: it was an answer, and it counts as none


class LightenedNotice(LetterKind):
    event, audiences = "letter_lightened", _AGENT
    explained = "notice that a letter leaves without files"
    whom: Whom
    what: Sent
    left: Annotated[tuple[tuple[str, int], ...], (("Log.7z", 31_000_000),)]  #: names and octets of files


class SuppressedAddressNotice(LetterKind):
    event, audiences = "address_suppressed", _AGENT
    explained = "notice that an address does not work"
    whom: Whom
    reply: Annotated[Because, Reason("dead.user unknown")]


class HeldAnswerNotice(LetterKind):
    event, audiences, budget, always = "answer_held", _AGENT, NoticeBudget.NONE, True
    explained = "notice that an agent's words are held, as if a program had written them"
    by: By
    loop: Annotated[Because, Reason("loop.same_words", (3, 40))]  #: what looks like a machine


class CombinedNotices(LetterKind):
    event, audiences, budget = "notices_combined", _AGENT, NoticeBudget.NONE
    explained = "notices of one sender, told together"
    sender: Whom
    count: Annotated[int, 1840]
    since: Due
    rows: Annotated[
        tuple[Mapping[str, str], ...],
        (
            {
                "ref": "IT-1042",
                "title": "VPN drops every ten minutes",
                "words": "Hello, since this morning the VPN drops every ten minutes.",
            },
            {"ref": "", "title": "VPN", "words": ""},
        ),
        QUOTED,
    ]
    more: Annotated[int, 1838] = 0
    more_from: Annotated[str, "IT-1044"] = ""
    more_to: Annotated[str, "IT-2881"] = ""


class AbsenceNoted(LetterKind):
    event, audiences, about_ticket = "absence_noted", _AGENT, False
    explained = "word that we know when somebody is away"
    budget, replies = NoticeBudget.OWN, True
    back: Annotated[bool, False] = False  #: they are here again
    from_at: Annotated[datetime | None, datetime(2026, 6, 30, 22, 0, tzinfo=UTC)] = None
    to_at: Annotated[datetime | None, datetime(2026, 7, 14, 21, 59, tzinfo=UTC)] = None  #: None: until they say otherwise
    delegate: Annotated[str, "Bob Frey"] = ""  #: who stands in


class AbsenceSuspected(LetterKind):
    event, audiences, about_ticket = "absence_suspected", _LEAD, False
    explained = "notice that an agent seems to be away"
    who: Annotated[str, "Bob Frey"]
    until: Due


#: All of them, by event and audience: the names of the templates.
LETTERS: Mapping[tuple[str, str], type[LetterKind]] = {
    (kind.event, audience.value): kind
    # Those about no ticket come last.
    for kind in sorted(LetterKind.__subclasses__(), key=lambda kind: kind.__module__ == house_letters.__name__)
    for audience in kind.audiences
}


def letter_kind(event: str, audience: Audience) -> type[LetterKind]:
    """The entry of a letter that was written before; of one that is written no more, an ordinary notice."""
    return LETTERS.get((event, audience.value), LetterKind)
