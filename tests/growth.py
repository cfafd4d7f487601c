"""Does it take time in proportion to its input? Asked in processor time, and of the best of several tries: a busy machine never decides."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 6
#: Seconds of processor time below which nobody is kept waiting, whatever the curve.
TOO_LITTLE_TO_MATTER = 0.02


def cost(work: Callable[[], object], enough: float = 0.0, tries: int = TRIES) -> float:
    """Seconds of processor time that `work` takes, the least of several tries; no further try once it is at most `enough`."""
    best = float("inf")
    for _ in range(tries):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
        if best <= enough:
            break
    return best


def assert_linear(work: Callable[[int], object], small: int, times: int = 4, why: object = "") -> None:
    """`work(times * small)` may cost three times what proportion asks for, and no more: its square would cost `times` times as much."""
    little = large = float("inf")
    for _ in range(TRIES):
        large = min(large, cost(lambda: work(times * small), tries=1))
        if large <= TOO_LITTLE_TO_MATTER:
            return
        little = min(little, cost(lambda: work(small), tries=1))
        if large < 3 * times * little:
            return
    raise AssertionError(f"{times} times the input costs {large / little:.0f} times the time: {why!r}")
