"""Several nodes need a server."""

from __future__ import annotations

from tests.databases import database_kind as database_kind
