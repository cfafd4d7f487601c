"""What each event of the search for an owner changes on the ticket."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mailgate.model.assignment import Offer, OwnerSearch, SearchStage
from mailgate.model.events import Event, NobodyTook, OfferAccepted, OfferDeclined, OfferExpired, OfferWithdrawn, OwnerSought, TicketOffered
from mailgate.model.ticket import Status, Ticket

#: In these somebody has to work on a ticket; in all others it waits, or is over.
SOUGHT_IN = frozenset({Status.NEW, Status.OPEN})


def settled(ticket: Ticket) -> Ticket:
    """No search outlives its reason, whichever event took that away."""
    if ticket.search is None or (ticket.owner is None and ticket.status in SOUGHT_IN):
        return ticket
    return replace(ticket, search=None)


def _sought(ticket: Ticket, event: OwnerSought) -> Ticket:
    return replace(ticket, search=OwnerSearch(SearchStage.DUE, event.at, event.at, event.passed, event.first))


def _offered(ticket: Ticket, event: TicketOffered) -> Ticket:
    search = ticket.search or OwnerSearch(SearchStage.DUE, event.at, event.at)
    offer = Offer(event.to, event.n, event.at, event.until)
    search = replace(search, stage=SearchStage.OFFERED, at=event.until, first=None, rounds=search.rounds + 1, offer=offer)
    return replace(ticket, search=search, offers=event.n)


def _passed_on(ticket: Ticket, event: OfferDeclined | OfferExpired) -> Ticket:
    """Somebody else is asked at once."""
    search = ticket.search
    if search is None or search.offer is None or search.offer.n != event.n:
        return ticket
    passed = tuple(dict.fromkeys((*search.passed, event.to)))
    return replace(ticket, search=replace(search, stage=SearchStage.DUE, at=event.at, passed=passed, offer=None))


def _withdrawn(ticket: Ticket, event: OfferWithdrawn) -> Ticket:
    """Who was only kept from answering may be asked again."""
    search = ticket.search
    if search is None or search.offer is None or search.offer.n != event.n:
        return ticket
    return replace(ticket, search=replace(search, stage=SearchStage.DUE, at=event.at, offer=None, rounds=search.rounds - 1))


def _nobody(ticket: Ticket, event: NobodyTook) -> Ticket:
    stage = SearchStage.LEFT if event.over else SearchStage.WAITING
    search = ticket.search or OwnerSearch(stage, event.at, event.until)
    return replace(ticket, search=replace(search, stage=stage, at=event.until, told=event.told, offer=None))


#: `OfferAccepted` changes nothing: what its agent did has.
CHANGES: Mapping[type[Event], Callable[[Ticket, Any], Ticket]] = {
    OwnerSought: _sought,
    TicketOffered: _offered,
    OfferDeclined: _passed_on,
    OfferExpired: _passed_on,
    OfferWithdrawn: _withdrawn,
    OfferAccepted: lambda ticket, event: ticket,
    NobodyTook: _nobody,
}
