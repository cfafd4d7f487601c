"""What every decision stands on, of a mail, of a clock or of the relay: a ticket with its people, the policy, the agents and now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.decide.lifecycle import NOTHING_MORE, Step, apply
from mailgate.decide.rules import Rules, rules_for
from mailgate.decide.transitions import Facts
from mailgate.model.assignment import Availability
from mailgate.model.events import Event
from mailgate.model.person import Person
from mailgate.model.policy import Desk, Policy, ProveBy
from mailgate.model.rating import GivenRating, Surveyed
from mailgate.model.ticket import Ticket, TicketFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    file: TicketFile | None  #: after following merges
    policy: Policy
    agents: Mapping[str, Person]  #: by their id in the policy
    now: datetime
    surveyed: Surveyed = Surveyed()  #: when the requester last rated, and was last asked to
    ratings: tuple[GivenRating, ...] = ()  #: all that were given on the ticket, where a decision may be about them
    staff: Mapping[int, Availability] = field(default_factory=dict)  #: how it stands with each agent, where work may be given to one
    also: tuple[str, ...] = ()  #: groups who are to hear of it besides the ticket's: their desk was written to as well

    @property
    def ticket(self) -> Ticket | None:
        return self.file.ticket if self.file else None

    @property
    def home(self) -> Desk | None:
        """The desk of the ticket; None where the policy no longer has it."""
        return self.policy.desks.get(self.ticket.desk) if self.ticket else None

    @property
    def prove_by(self) -> ProveBy:
        """How agents prove themselves on this ticket."""
        return self.home.agents_prove_by if self.home else ProveBy.BOTH

    def rules_of(self, ticket: Ticket) -> Rules:
        return rules_for(self.policy, ticket)

    def step(self, ticket: Ticket, event: Event, facts: Facts = NOTHING_MORE) -> Step:
        return apply(ticket, event, self.rules_of(ticket), self.now, facts)

    def agent(self, id: int | None) -> Person | None:
        return next((person for person in self.agents.values() if person.id == id), None)

    def group(self, id: str) -> tuple[int, ...]:
        return tuple(self.agents[agent.id].id for agent in self.policy.members(id) if agent.id in self.agents)

    def group_name(self, id: str) -> str:
        return self.policy.groups[id].name if id in self.policy.groups else id

    def lead(self, ticket: Ticket) -> Person | None:
        lead = self.policy.lead_of(ticket.group)
        return self.agents.get(lead.id) if lead else None

    def manager(self, ticket: Ticket) -> Person | None:
        group = self.policy.groups.get(ticket.group)
        return self.agents.get(group.manager) if group is not None and group.manager is not None else None

    def people(self) -> dict[int, Person]:
        """Everybody at hand: those of the ticket, and all agents."""
        return {person.id: person for person in (*(self.file.people if self.file else ()), *self.agents.values())}

    def knows(self, person: Person) -> bool:
        """An agent, or somebody who answered a letter of ours lately. An address that was only written in a From: is nobody's yet:
        a forger who writes twice in a victim's name must not make the victim known."""
        return person.agent in self.policy.agents or person.is_proven(self.now, self.policy.budgets.proof_lasts)
