"""The command that says when a service was down."""

from datetime import datetime
from zoneinfo import ZoneInfo

from mailgate.decide.commands.course import Course, MailRefused, fault
from mailgate.decide.when import Unclear, parse_past
from mailgate.model.commands import Command, outage_times
from mailgate.model.events import OutageNoted
from mailgate.model.reason import Reason


def outage(c: Course, command: Command) -> None:
    """Said again of the same service it replaces what this ticket said of it before; so an end is added."""
    services = c.s.policy.services
    word = command.args[0].lower()
    service = next((one for one in services.values() if word in (one.id.lower(), one.name.lower())), None)
    if service is None:
        raise MailRefused(fault("E_VALUE", command, ", ".join(services) or Reason("hint.no_services")))
    begin, end = outage_times(command.args[1:])
    zone = c.author.timezone or c.s.policy.desks.get(c.ticket.desk, c.s.desk).timezone
    began_at = _instant(c, command, begin, zone)
    ended_at = _instant(c, command, end, zone) if end else None
    if ended_at is not None and ended_at <= began_at:
        raise MailRefused(fault("E_VALUE", command, Reason("hint.ends_before")))
    c.happen(OutageNoted(at=c.s.now, actor=c.author.id, mail=c.s.inbox, service=service.id, began_at=began_at, ended_at=ended_at), command)
    shown = [f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}" for at in (began_at, ended_at) if at is not None]
    c.done(command, f"{service.name or service.id}, {' – '.join(shown)}")


def _instant(c: Course, command: Command, words: tuple[str, ...], zone: str) -> datetime:
    when = parse_past(words, c.s.arrived_at, zone)
    if isinstance(when, Unclear):
        raise MailRefused(fault("E_VALUE", command, when.hint))
    return when
