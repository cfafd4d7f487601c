"""What ratings add up to: how many are content, how sure that is, and how many answered. Few ratings say little, and say so."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

from mailgate.model.rating import CountedRating, SurveyPut

CONTENT = 4  #: from here on somebody is content
ENOUGH = 5  #: ratings below which one person or desk is not judged
_SURE = 1.959963984540054  #: standard deviations: 95 of 100

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Csat:
    """Of one population and period. What cannot be said of so few is None."""

    rated: int
    content: int  #: ratings of 4 and 5
    asked: int  #: questions that arrived
    answered: int  #: of those
    mean: float | None
    share: float | None  #: of the content among all ratings
    interval: tuple[float, float] | None  #: in which that share lies, 95 times of 100

    @property
    def response(self) -> float | None:
        return self.answered / self.asked if self.asked else None


def summed(counted: Sequence[CountedRating], asked: Sequence[SurveyPut]) -> Csat:
    n, content = len(counted), sum(one.score >= CONTENT for one in counted)
    return Csat(
        rated=n,
        content=content,
        asked=len(asked),
        answered=sum(one.answered for one in asked),
        mean=sum(one.score for one in counted) / n if n else None,
        share=content / n if n else None,
        interval=wilson(content, n) if n else None,
    )


def by(key: Callable[[CountedRating | SurveyPut], K | None], counted: Iterable[CountedRating], asked: Iterable[SurveyPut]) -> dict[K, Csat]:
    """The same of each desk, or of each owner, that has enough ratings."""
    ratings: dict[K, list[CountedRating]] = {}
    questions: dict[K, list[SurveyPut]] = {}
    for one in counted:
        if (whose := key(one)) is not None:
            ratings.setdefault(whose, []).append(one)
    for question in asked:
        if (whose := key(question)) is not None:
            questions.setdefault(whose, []).append(question)
    return {whose: summed(some, questions.get(whose, ())) for whose, some in ratings.items() if len(some) >= ENOUGH}


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The interval of a share (Wilson 1927): right for few, and for all or none of them."""
    share, square = hits / n, _SURE * _SURE
    middle, width = share + square / (2 * n), _SURE * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, (middle - width) / (1 + square / n)), min(1.0, (middle + width) / (1 + square / n))
