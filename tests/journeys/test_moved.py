"""A database that is moved away under a running `serve`: it ends by itself with 74 and says so, and what it had answered is still there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import database_kind as database_kind
from tests.journeys.served import Served
from tests.journeys.world import edit


@pytest.mark.database("sqlite", because="a server's files are its own affair")
def test_a_database_that_is_moved_away_ends_serve_which_finds_all_mail_once_it_is_back(tmp_path: Path) -> None:
    with Served(tmp_path, lambda config: edit(config, "mailgate.toml", ('# watch = "1m"', 'watch = "1s"'))) as served:
        served.send("one")
        database = served.config / "mailgate.db"
        database.rename(tmp_path / "elsewhere")
        assert served.process.wait(150) == 74, served.log
        assert "is gone: it was removed or moved away while it was in use" in served.log and "Traceback" not in served.log
        (tmp_path / "elsewhere").rename(database)
        with served.store() as store:
            assert [row.reverse_path for row in store.inbox.rows(None, 10)] == ["one@example.com"]
