"""A store on a real database for each test: every test runs on a file and on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.record.store import Store, open_store
from tests.databases import a_database
from tests.databases import database_kind as database_kind
from tests.record.builders import NOON, a_store


@pytest.fixture
def store(tmp_path: Path, database_kind: str) -> Iterator[Store]:
    made = a_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two programs on one database."""
    settings = a_database(tmp_path)
    with open_store(settings, NOON) as one, open_store(settings, NOON) as other:
        yield one, other
