"""What somebody who answers us says: which ticket it is about, the commands of agents, the ratings of requesters."""

from mailgate.understand.answers.commands import parsed
from mailgate.understand.answers.rating import is_thanks, read_rating
from mailgate.understand.answers.shown import without_preheader
from mailgate.understand.answers.thread import cited_ids, find_evidence, settle
from mailgate.understand.answers.unsolved import says_unsolved
from mailgate.understand.answers.wishes import self_service

__all__ = [
    "cited_ids",
    "find_evidence",
    "is_thanks",
    "parsed",
    "read_rating",
    "says_unsolved",
    "self_service",
    "settle",
    "without_preheader",
]
