"""What events say of offers, as rows. Beside what reads offers: the events cost every command their time."""

from collections.abc import Mapping
from typing import Any

from mailgate.model.assignment import OfferEnd
from mailgate.model.events import Event, OfferAccepted, OfferDeclined, OfferExpired, OfferWithdrawn, TicketOffered, TicketPushed

_ENDS: Mapping[type[Event], OfferEnd] = {
    OfferAccepted: OfferEnd.ACCEPTED,
    OfferDeclined: OfferEnd.DECLINED,
    OfferExpired: OfferEnd.EXPIRED,
    OfferWithdrawn: OfferEnd.WITHDRAWN,
}


def offer_row(ticket: int, event: Event) -> dict[str, Any] | None:
    """The row of an offer that an event makes; None: it makes none."""
    if isinstance(event, TicketOffered):
        return {
            "ticket": ticket,
            "n": event.n,
            "person": event.to,
            "made_at": event.at,
            "until": event.until,
            "end": None,
            "ended_at": None,
        }
    if isinstance(event, TicketPushed):
        end = OfferEnd.PUSHED.value
        return {
            "ticket": ticket,
            "n": event.n,
            "person": event.to,
            "made_at": event.at,
            "until": event.at,
            "end": end,
            "ended_at": event.at,
        }
    return None


def offer_end(ticket: int, event: Event) -> dict[str, Any] | None:
    """What an event says of the end of an offer."""
    end = _ENDS.get(type(event))
    return {"b_ticket": ticket, "b_n": getattr(event, "n", 0), "end": end.value, "ended_at": event.at} if end is not None else None
