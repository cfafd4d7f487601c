"""`url` in [database]: a file of this machine, or a PostgreSQL server. Everything else is told, with what can be written instead."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mailgate.settings.safety import Say

_SCHEME = re.compile(r"([a-z][a-z0-9+._-]*)://|(?=(?:sqlite|postgres|mysql|mariadb))([a-z0-9+]+):", re.IGNORECASE)
_OURS = ("postgresql", "postgres", "postgresql+psycopg")
_EITHER = 'write the name of a file (url = "mailgate.db") or "postgresql://USER@HOST/DATABASE"'
_NAMES = {
    "mysql": "MySQL", "mariadb": "MariaDB", "oracle": "Oracle", "mssql": "SQL Server", "mongodb": "MongoDB", "redis": "Redis",
    "cockroachdb": "CockroachDB",
}  # fmt: skip


def check_url(folder: Path, url: str, say: Say) -> None:
    """What is wrong with it. Never repeats it where it may hold a password."""
    place = ("database", "url")
    if not url.strip():
        say(place, f"is empty: {_EITHER}")
        return
    if url == ":memory:" or url.rstrip("/") == "sqlite:":
        say(place, f"keeps nothing: a record in memory is gone with the program; {_EITHER}")
        return
    match = _SCHEME.match(url)
    scheme = (match[1] or match[2]).lower() if match else ""
    if not scheme:
        _check_path(folder / url, say)
    elif scheme == "sqlite":
        if not url.lower().startswith("sqlite:///"):
            say(place, f"a file is written sqlite:///mailgate.db, or just by its name; {_EITHER}")
        else:
            _check_path(folder / url[len("sqlite:///") :], say)
    elif scheme in _OURS:
        _check_server(url, say)
    elif scheme.startswith(("postgresql+", "postgres+")):
        say(place, f'"{scheme}" names a driver that is not used here: write "postgresql://USER@HOST/DATABASE"')
    else:
        name = _NAMES.get(scheme.partition("+")[0], f'"{scheme}"')
        say(place, f"the record is kept in an SQLite file or in PostgreSQL, and not in {name}: {_EITHER}")


def _check_path(path: Path, say: Say) -> None:
    if "?" in path.name or path.name.startswith("file:"):
        say(("database", "url"), 'takes the plain name of a file, without "file:" and without anything behind a ?')
    elif path.is_dir():
        say(("database", "url"), f"{path} is a folder: name a file in it, such as {path.name}/mailgate.db")


def _check_server(url: str, say: Say) -> None:
    place, form = ("database", "url"), 'write "postgresql://USER@HOST/DATABASE"'
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        say(place, f"host and port cannot be understood: {form}, with :PORT behind the host where it is not 5432")
        return
    if port == 0:
        say(place, f"port 0 is no port: {form}")
    if holds_password(url):
        say(place, "holds a password: put it into a file that only mailgate can read, and name it in `password_file`")
    if not parts.path.strip("/") and "dbname" not in parse_qs(parts.query):
        say(place, f"names no database: {form}")


def holds_password(url: str) -> bool:
    """`postgresql://user:password@host/...`, or `?password=` behind it."""
    parts = urlsplit(url)
    return bool(parts.scheme) and (":" in parts.netloc.rpartition("@")[0] or "password" in parse_qs(parts.query, keep_blank_values=True))
