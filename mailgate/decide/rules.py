"""The rules of one desk: what is promised, on which calendar, and how patient we are."""

from dataclasses import dataclass

from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.policy import Metric, Policy, Sla, Target, Timers

#: A desk that the policy no longer has promises nothing; its tickets can still be finished.
NO_PROMISES = Sla(id="none", targets={}, calendar="always")


@dataclass(frozen=True, slots=True)
class Rules:
    policy: Policy
    sla: Sla

    @property
    def timers(self) -> Timers:
        return self.policy.timers

    @property
    def timer_calendar(self) -> Calendar:
        """What reminders, auto-resolve and auto-close count on."""
        return self.calendar(self.sla.calendar)

    def target(self, priority: int, metric: Metric) -> Target | None:
        """None: nothing is promised, so no clock runs."""
        return self.sla.targets.get((priority, metric))

    def calendar(self, id: str) -> Calendar:
        """A calendar that is gone from the policy gives way to the desk's, for cycles that were counted on it."""
        calendars = self.policy.calendars
        return calendars.get(id) or calendars.get(self.sla.calendar) or ALWAYS


def rules_for(policy: Policy, desk_id: str) -> Rules:
    desk = policy.desks.get(desk_id)
    return Rules(policy, policy.slas.get(desk.sla, NO_PROMISES) if desk else NO_PROMISES)
