"""A record for each test: on a file and on a server."""

from __future__ import annotations

from tests.databases import database_kind as database_kind
from tests.record.conftest import nodes as nodes
from tests.record.conftest import store as store
