"""A rating that comes from the web: load, decide, record, as with a mail. Exactly one counts, however many come at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from mailgate.decide import feedback
from mailgate.decide.scene import Scene
from mailgate.gateway import journal
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.rating import Rated
from mailgate.model.understood import LetterFacts
from mailgate.record.rows import Conflict, ToRecord
from mailgate.understand.answers import says_unsolved

if TYPE_CHECKING:
    from mailgate.record.store import Store


def with_ratings(store: Store, scene: Scene) -> Scene:
    """The scene of a ticket with all that was ever rated on it, and with when its requester was last asked."""
    if scene.ticket is None:
        return scene
    number, requester, settings = scene.ticket.number, scene.ticket.requester, scene.policy.ratings
    given = store.ratings.of([number]).get(number, ())
    since = scene.now - max(settings.rest_after_rating, settings.rest_after_question)
    surveyed = store.ratings.surveyed([requester], since).get(requester, scene.surveyed)
    return replace(scene, ratings=tuple(replace(one, unsolved=says_unsolved(one.comment)) for one in given), surveyed=surveyed)


def scene_of(store: Store, letter: str, policy: Policy, agents: Mapping[str, Person], now: datetime) -> tuple[Scene, LetterFacts] | None:
    """The ticket that a letter of ours is about; None where there is no such letter, or none about a ticket."""
    facts = store.outbox.facts([letter]).get(letter)
    if facts is None or facts.ticket is None:
        return None
    file = store.tickets.files([facts.ticket])[facts.ticket]
    return with_ratings(store, Scene(file=file, policy=policy, agents=agents, now=now)), facts


def rate(store: Store, letter: str, score: int, comment: str, policy: Policy, agents: Mapping[str, Person], now: datetime) -> Rated | None:
    """None where somebody else changed the ticket at the same moment: try again. Nobody is told anything here; the clocks do that."""
    began, found = journal.clock(), scene_of(store, letter, policy, agents, now)
    if found is None:
        return feedback.REFUSED
    decision, answer = feedback.on_the_web(*found, score, comment)
    if decision.changes:
        outcomes = [ToRecord(None, decision, policy=policy.digest)]
        try:
            store.record(outcomes, now)
        except Conflict:
            return None
        journal.were_recorded(outcomes, began)
    return answer
