"""A mail that went to several of our desks: each hears of it, once, and each on a ticket of its own.

Every desk has a copy of such a mail in its inbox. What it cites may belong to a ticket of another desk, which has a copy as well: then
that one carries it out there, and this desk does here what it would have done without. In whichever order they come, each does its part."""

from collections.abc import Collection, Iterable

from mailgate.model.mail import Arrival, Mail
from mailgate.model.policy import Desk, Policy
from mailgate.model.ticket import Entry, TicketFile

# What stands in the place of a Message-ID. No mail can cite it: it has no brackets.


def beside(number: int) -> str:
    """The ticket of this desk about what that ticket of another desk is about."""
    return f"beside:{number}"


def after(number: int) -> str:
    """The ticket that goes on where that one ended."""
    return f"after:{number}"


def addressed(mail: Mail, arrival: Arrival, policy: Policy) -> frozenset[str]:
    """The desks that everybody sees in To and Cc, and where one transaction brought the mail to several, those as well."""
    seen = _desks((address.address for address in (*mail.to, *mail.cc)), policy)
    handed = _desks(arrival.recipients, policy)
    return seen | handed if len(handed) > 1 else seen


def others(mail: Mail, desk: Desk, policy: Policy) -> tuple[Desk, ...]:
    """The other desks in To and Cc, in the order of the policy."""
    seen = _desks((address.address for address in (*mail.to, *mail.cc)), policy)
    return tuple(each for each in policy.desks.values() if each.id in seen and each.id != desk.id)


def _desks(addresses: Iterable[str], policy: Policy) -> frozenset[str]:
    return frozenset(each.id for address in addresses if (each := policy.desk_at(address)) is not None)


def came_before(mail: Mail, author: Collection[int], file: TicketFile, here: str) -> Entry | None:
    """The entry that the same mail made when it was read at another desk; None where it was not.
    `here`: the desk at which it is read now. The same bytes at one desk are told apart at the door already."""
    for entry in reversed(file.entries):
        same = entry.message_id == mail.message_id and entry.author in author and entry.text.strip() == mail.new_text.strip()
        if same and read_at(entry, file.ticket.desk) != here:
            return entry
    return None


def read_at(entry: Entry, home: str) -> str:
    """The desk that read the mail of an entry: mostly that of its ticket."""
    return next((flag.partition(":")[2] for flag in entry.flags if flag.startswith("desk:")), home)
