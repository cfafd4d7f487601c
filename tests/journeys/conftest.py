"""A whole gateway with real sockets for each journey, and a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import database_kind as database_kind
from tests.journeys.world import World
from tests.nursery import letters_are_compiled_once as letters_are_compiled_once
from tests.nursery import letters_are_tried_once as letters_are_tried_once
from tests.nursery import workers_are_forked as workers_are_forked


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path) as one:
        yield one
