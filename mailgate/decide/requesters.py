"""Who a requester is to us: of which organisation, and whether a VIP. An operator's word counts before what the policy says of a domain."""

from dataclasses import dataclass

from mailgate.decide.scene import Scene
from mailgate.model.decision import Change, Decision
from mailgate.model.events import StandingChanged
from mailgate.model.person import Person
from mailgate.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Requester:
    organisation: str | None = None
    vip: bool = False


def requester_of(policy: Policy, person: Person) -> Requester:
    """An organisation that the policy no longer has is none."""
    id_ = person.organisation if person.organisation in policy.organisations else policy.organisation_at(person.address)
    by_organisation = id_ is not None and policy.organisations[id_].vip
    return Requester(id_, by_organisation if person.vip is None else person.vip)


def known_as(s: Scene, person: Person) -> Decision | None:
    """What changes on a live ticket whose requester is another one to us now; None where nothing does."""
    ticket, now = s.ticket, requester_of(s.policy, person)
    if ticket is None or not ticket.status.is_live or (ticket.vip, ticket.organisation) == (now.vip, now.organisation):
        return None
    event = StandingChanged(at=s.now, vip=now.vip, organisation=now.organisation)
    return Decision(changes=(Change(ticket, s.step(ticket, event).ticket, (event,)),))
