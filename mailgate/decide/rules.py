"""The rules of one ticket: what is promised, on which calendar, and how patient we are."""

from dataclasses import dataclass, replace

from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.policy import Metric, Policy, Sla, Target, Timers, When
from mailgate.model.ticket import Cycle, Ticket

#: A desk that the policy no longer has promises nothing; its tickets can still be finished.
NO_PROMISES = Sla(id="none", targets={}, calendar="always")
#: The condition of promises that no condition was written for.
ANYTHING = When()


@dataclass(frozen=True, slots=True)
class Rules:
    policy: Policy
    sla: Sla
    pickup_calendar: str | None = None  #: that of the ticket's group, where it has its own

    @property
    def timers(self) -> Timers:
        return self.policy.timers

    @property
    def timer_calendar(self) -> Calendar:
        """What reminders, auto-resolve and auto-close count on."""
        return self.calendar(self.sla.calendar)

    def target(self, priority: int, metric: Metric) -> Target | None:
        """None: nothing is promised, so no clock runs."""
        found = self.sla.targets.get((priority, metric))
        if found is None or metric is not Metric.PICKUP or self.pickup_calendar is None:
            return found
        return replace(found, calendar=self.pickup_calendar)

    def calendar(self, id: str) -> Calendar:
        """A calendar that is gone from the policy gives way to the desk's, for cycles that were counted on it."""
        calendars = self.policy.calendars
        return calendars.get(id) or calendars.get(self.sla.calendar) or ALWAYS

    def calendar_of(self, cycle: Cycle) -> Calendar:
        """The one that a cycle was counted on, also where it was edited since."""
        present = self.calendar(cycle.calendar)
        if cycle.calendar_digest in (None, present.digest):
            return present
        return self.policy.former.get(cycle.calendar_digest or "", present)


def rules_for(policy: Policy, ticket: Ticket) -> Rules:
    """Of the promises whose conditions fit a ticket the first, by their order and then by their place in the file; else those that its
    desk names. The same ticket and policy always give the same."""
    group = policy.groups.get(ticket.group)
    calendar = group.calendar if group is not None else None
    fitting = [sla for sla in policy.slas.values() if sla.when != ANYTHING and _fits(sla.when, ticket)]
    if fitting:
        return Rules(policy, min(fitting, key=lambda sla: sla.order), calendar)
    desk = policy.desks.get(ticket.desk)
    return Rules(policy, policy.slas.get(desk.sla, NO_PROMISES) if desk else NO_PROMISES, calendar)


def _fits(when: When, ticket: Ticket) -> bool:
    named = (
        (when.desk, ticket.desk),
        (when.group, ticket.group),
        (when.kind, ticket.kind.value),
        (when.category, ticket.category),
        (when.organisation, ticket.organisation),
    )
    return all(not some or one in some for some, one in named) and when.vip in (None, bool(ticket.vip))
