"""Commands about their author: away, back. They are carried out on a ticket, and in a mail that belongs to none."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailgate.decide.calendar import wall
from mailgate.decide.commands.course import Course, MailRefused, fault
from mailgate.decide.commands.owner import find_agent
from mailgate.decide.situation import Situation
from mailgate.decide.when import MOST_YEARS, a_day
from mailgate.model.assignment import Absence
from mailgate.model.commands import Command
from mailgate.model.person import Person
from mailgate.model.reason import Reason

FORMS = "2026-07-01, 2026-07-01..2026-07-14, until fri"


def away(c: Course, command: Command) -> None:
    absence = absence_in(c.s, c.author, command)
    c.absences.append(absence)
    c.done(command, " ".join(command.args))


def back(c: Course, command: Command) -> None:
    c.back.append(c.author.id)
    c.done(command, "")


def absence_in(s: Situation, author: Person, command: Command) -> Absence:
    """What `#away` says: whole days of its author's, both included. Raises MailRefused for days that there are not, or that are over."""
    words, delegate = list(command.args), None
    if len(words) > 1 and words[-2].lower() == "delegate":
        *words, _, name = words
        delegate = find_agent(s, name, command)
        if delegate.id == author.id:
            raise MailRefused(fault("E_VALUE", command, Reason("hint.another_person")))
    zone = author.timezone or s.home.timezone
    today = s.now.astimezone(ZoneInfo(zone)).date()
    until = bool(words) and words[0].lower() == "until"
    first, _, last = (words[-1] if words else "").lower().partition("..")
    try:
        begins = a_day(first, today) if first else today
        ends = a_day(last, today) if last else begins if words else None
    except ValueError:  # the 31st of June
        begins = ends = None
    if begins is None or (words and ends is None):
        raise MailRefused(fault("E_VALUE", command, FORMS))
    from_at = s.now if until or begins <= today else wall(zone, begins, 0)
    to_at = wall(zone, ends, 1440) if ends is not None else None
    if to_at is not None and to_at <= s.now:
        raise MailRefused(fault("E_VALUE", command, Reason("hint.past")))
    if to_at is not None and (to_at <= from_at or _is_far(to_at, s.now)):
        raise MailRefused(fault("E_VALUE", command, FORMS if to_at <= from_at else Reason.of("hint.within", MOST_YEARS)))
    return Absence(author.id, from_at, to_at, delegate.id if delegate is not None else None)


def _is_far(at: datetime, now: datetime) -> bool:
    return at > now + timedelta(days=366 * MOST_YEARS)
