"""The search for an owner, as it stands on the ticket: what each of its events changes, and what begins and ends it.

Whoever changes a ticket need not think of it: `followed` looks at what became of the ticket, and adds what follows for the search."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailgate.decide.offering import SOUGHT_IN
from mailgate.decide.scene import Scene
from mailgate.model.assignment import Offer
from mailgate.model.decision import Change, Decision
from mailgate.model.events import Event, OfferAccepted, OfferDeclined, OfferExpired, OfferWithdrawn, OwnerSought, TicketAssigned
from mailgate.model.ticket import Ticket

#: Why an offer was withdrawn, where no status says so.
TAKEN, MOVED, AWAY = "taken", "moved", "away"


def followed(s: Scene, change: Change) -> Change:
    """A change, with what it means for the search: the end of an offer, and the beginning of a new search."""
    before, after = change.before, change.after
    events: list[Event] = []
    offer = before.search.offer if before is not None and before.search is not None else None
    at = change.events[-1].at if change.events else s.now
    if offer is not None and not _is_ended(offer, change.events) and (why := _why_over(at, offer, before, after)) is not None:
        events.append(why)
        after = s.step(after, why).ticket
    if is_wanted(s, after) and after.search is None:
        sought = OwnerSought(at=at, passed=_gave_back(before, change.events))
        events.append(sought)
        after = s.step(after, sought).ticket
    return replace(change, after=after, events=(*change.events, *events)) if events else change


def all_followed(s: Scene, decision: Decision) -> Decision:
    """The same for all that a decision changes."""
    changes = tuple(followed(s, change) for change in decision.changes)
    return replace(decision, changes=changes) if changes != decision.changes else decision


def is_wanted(s: Scene, ticket: Ticket) -> bool:
    """Whether somebody is to be found who works on it."""
    return ticket.status in SOUGHT_IN and ticket.owner is None and s.policy.assigns(ticket.group)


def _is_ended(offer: Offer, events: Iterable[Event]) -> bool:
    return any(isinstance(e, OfferDeclined | OfferExpired | OfferWithdrawn | OfferAccepted) and e.n == offer.n for e in events)


def _why_over(at: datetime, offer: Offer, before: Ticket | None, after: Ticket) -> OfferAccepted | OfferWithdrawn | None:
    """How an offer ended that no event has ended yet; None: it is still open."""
    if after.search is not None and after.search.offer == offer:
        return None
    if after.owner == offer.to:
        return OfferAccepted(at=at, actor=offer.to, to=offer.to, n=offer.n)
    cause = TAKEN if after.owner is not None else MOVED if before is not None and before.group != after.group else after.status.value
    return OfferWithdrawn(at=at, to=offer.to, n=offer.n, cause=cause)


def _gave_back(before: Ticket | None, events: Iterable[Event]) -> tuple[int, ...]:
    """Who put it back to the group is not the first who is asked to take it again."""
    if before is None or before.owner is None:
        return ()
    return (before.owner,) if any(isinstance(e, TicketAssigned) and e.to is None and e.actor == before.owner for e in events) else ()
