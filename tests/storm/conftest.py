"""The storm comes over a file and over a server."""

from __future__ import annotations

from tests.databases import database_kind as database_kind
