"""What every test finds: a database of the kind that was asked for, hypothesis without a stopwatch, the same examples in CI."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import databases_are_dropped as databases_are_dropped
from tests.databases import no_file_in_place_of_a_server as no_file_in_place_of_a_server
from tests.databases import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.databases import pytest_generate_tests as pytest_generate_tests
from tests.databases import pytest_sessionfinish as pytest_sessionfinish
from tests.databases import pytest_terminal_summary as pytest_terminal_summary
from tests.databases import pytest_testnodedown as pytest_testnodedown
from tests.letters import compiled, hook
from tests.servers import in_ci

hook.install()
compiled.install()

# Two cores are shared with real servers: how long one example took says nothing about the code.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if in_ci() else "here")


def pytest_configure() -> None:
    """Twelve thousand tests are found, and none of them is garbage: to look for some is half of the work."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def the_log_goes_where_it_went() -> Iterator[None]:
    """A command that a test runs in this process sends the log to the test's own output, which is gone when the next test writes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(autouse=True)
def each_letter_is_a_good_one() -> Iterator[None]:
    """Whatever a test is about: a letter that it has written keeps the rules (tests/letters)."""
    hook.FAULTY.clear()
    yield
    assert hook.FAULTY == []
