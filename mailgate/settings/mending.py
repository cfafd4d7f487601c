"""A file with mistakes of form is mended for one purpose: so that its mistakes of meaning are said in the same run."""

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

F = TypeVar("F", bound=BaseModel)

Place = tuple[str, ...]

MOST_ROUNDS = 12


def mended(kind: type[F], data: Mapping[str, Any], errors: Sequence[Any]) -> tuple[F | None, frozenset[Place]]:
    """The form with what is wrong left out and what is missing replaced by a stand-in, and the places where that was done.
    What is found wrong with the meaning of such a place says nothing. None where no form can be made. Never to be used for more."""
    repaired: Any = copy.deepcopy(dict(data))
    touched: Counter[Place] = Counter()
    for _ in range(MOST_ROUNDS):
        for error in errors:
            place = tuple(error["loc"])
            if "[key]" in place or not place:
                return None, frozenset()  # a table without its name: everything that names it would seem to be wrong
            name = tuple(map(str, place))
            touched[name] += 1
            if error["type"] == "missing":
                _put(repaired, place, _stand_in(len(touched), touched[name]))
            else:
                _drop(repaired, place)
        try:
            return kind.model_validate(repaired), frozenset(touched)
        except ValidationError as still:
            errors = still.errors(include_url=False)
    return None, frozenset()


def _stand_in(number: int, attempt: int) -> object:
    """Something new of each kind, one after the other."""
    kinds: tuple[object, ...] = (f"x{number}", f"x{number}@stand-in.invalid", 1, "smtp", {})
    return kinds[(attempt // 2) % len(kinds)]  # each second attempt finds the place empty again


def _put(data: Any, place: Sequence[Any], value: object) -> None:
    for step in place[:-1]:
        data = data[step]
    data[place[-1]] = value


def _drop(data: Any, place: Sequence[Any]) -> None:
    """Takes away the innermost thing of this place that a table holds; a union's error names its kinds behind it."""
    table, key = None, None
    for step in place:
        if isinstance(data, dict) and step in data:
            table, key = data, step
        elif not (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            break
        data = data[step]
    if table is not None:
        del table[key]
