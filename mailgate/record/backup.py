"""A copy of the record that can be restored, taken while the gateway works. A restored copy holds its letters until released."""

import os
from contextlib import closing
from datetime import datetime
from pathlib import Path

from mailgate.record import meta, sqlite
from mailgate.record.database import PATIENCE, Database
from mailgate.record.rows import Broken
from mailgate.record.trust import Untrusted, check_folder, new_file


def backup(database: Database, target: Path, now: datetime) -> None:
    """Copies one moment of the database to a new private file.
    The copy marks itself as restored, its counters jump ahead of whatever is still given out, and it is checked before it gets its name.
    Raises FileExistsError (nothing is ever overwritten), NoSpace, and Untrusted for a folder into which others may write,
    and for a record that is no file."""
    file = database.room
    if not isinstance(file, sqlite.File):
        raise Untrusted(
            f"{file.place} is copied by PostgreSQL's own tools", "pg_dump --format=custom --file=FILE DATABASE; see docs/operating.md"
        )
    check_folder(target.absolute().parent)
    with new_file(target) as draft:
        file.copy(draft)
        os.chmod(draft, 0o600)
        copy = sqlite.File(draft)
        with closing(Database(copy)) as copied:
            if faults := copied.faults():
                raise Broken(f"the copy is damaged: {faults[0]}")
            copied.write(lambda connection: meta.mark_copy(connection, now))
            copy.empty_log(PATIENCE)
        sqlite.ensure_whole(draft)
