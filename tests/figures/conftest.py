"""Reports are counted on a file and on a server."""

from tests.databases import database_kind as database_kind
