"""The command that lets in what somebody wrote who is not proven: admit."""

from mailgate.decide.commands.course import ANOTHER_NOTICE, Course, MailRefused, fault
from mailgate.decide.situation import Situation
from mailgate.model.commands import Command
from mailgate.model.events import EntryAdmitted, RequesterWrote
from mailgate.model.letters import ReturnedMail, UnverifiedNotice
from mailgate.model.reason import Reason
from mailgate.model.ticket import Entry, Visibility


def admit(c: Course, command: Command) -> None:
    entry = _waiting_entry(c.s, command)
    if any(person.id == entry.author for person in c.s.agents.values()):
        # Their words were never checked for what is internal, and an agent is nobody's participant.
        raise MailRefused(fault("E_STATE", command, Reason("hint.agents_name")))
    c.happen(EntryAdmitted(at=c.s.now, actor=c.author.id, mail=c.s.inbox, admitted=entry.id, author=entry.author), command)
    c.happen(RequesterWrote(at=entry.arrived_at, actor=entry.author, entry=entry.id), command)
    c.admitted.append(entry.id)
    c.done(command, entry.author_name)


def _waiting_entry(s: Situation, command: Command) -> Entry:
    """The one that the notice was about; without such a notice the only one there is. Never another one than was looked at."""
    waiting = [e for e in (s.file.entries if s.file else ()) if e.visibility is Visibility.UNVERIFIED]
    event = s.letter.event if s.letter is not None else ""
    answered = s.letter is not None and (event == UnverifiedNotice.event or (event == ReturnedMail.event and s.letter.entry))
    if s.letter is not None and answered:
        waiting = [e for e in waiting if e.id == s.letter.entry]
    if not waiting:
        raise MailRefused(fault("E_STATE", command, Reason("hint.none_waits")))
    if len(waiting) > 1:
        raise MailRefused(fault("E_AMBIGUOUS", command, ANOTHER_NOTICE))
    return waiting[0]
