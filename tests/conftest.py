"""What every test finds: hypothesis without a stopwatch, and the same examples each time where nobody looks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.databases import pytest_generate_tests as pytest_generate_tests
from tests.servers import in_ci

# Two cores are shared with real servers: how long one example took says nothing about the code.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if in_ci() else "here")
