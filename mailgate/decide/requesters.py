"""Who a requester is to us: of which organisation, and whether a VIP. An operator's word counts before what the policy says of a domain."""

from dataclasses import dataclass

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
