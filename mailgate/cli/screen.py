"""What people see: tables and sentences, with everything that came by mail made harmless for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from mailgate.model.delivery import Reported

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

#: Exit codes beside 0 and 1: the configuration is wrong, the store cannot be trusted.
EX_CONFIG = 78
EX_UNTRUSTED = 74
EX_TEMPFAIL = 75

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Folder with mailgate.toml. Default: MAILGATE_CONFIG, ./config, /etc/mailgate.")
]


def harmless(value: object) -> str:
    """Text for a terminal: control and bidi characters of a mail are shown, not obeyed."""
    return escape("".join(ch if ch.isprintable() or ch == "\n" else f"\\x{ord(ch):02x}" for ch in str(value)))


def fail(words: str, code: int = 1) -> NoReturn:
    errors.print(f"[red]mailgate:[/red] {words}")
    raise typer.Exit(code)


def ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "-"
    seconds = int((now - at).total_seconds())
    sign = "" if seconds >= 0 else "in "
    seconds = abs(seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{sign}{seconds // size}{unit}"
    return f"{sign}{seconds}s"


def told(report: Reported) -> str:
    """One report about a letter: `2026-06-01 08:00 UTC failed 5.1.1 user unknown: ...`."""
    words = " ".join(word for word in (report.action, report.status or "", report.reason) if word)
    return f"{report.at:%Y-%m-%d %H:%M} UTC {harmless(words)}"


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """A table, or a sentence when there is nothing to show."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        shown.add_row(*(harmless(cell) for cell in row))
        count += 1
    console.print(shown if count else empty)


@contextmanager
def explained() -> Iterator[None]:
    """Errors that a person can do something about are said in a sentence, with the way out."""
    from mailgate.record.rows import Busy
    from mailgate.record.trust import Untrusted
    from mailgate.settings import Mistaken

    try:
        yield
    except Mistaken as mistaken:
        for mistake in mistaken.mistakes:
            errors.print(harmless(mistake))
        fail(f"{len(mistaken.mistakes)} mistakes in the configuration; nothing was started", EX_CONFIG)
    except FileNotFoundError as error:
        fail(harmless(error), EX_CONFIG)
    except Untrusted as untrusted:
        fail(f"{harmless(untrusted.reason)}. {harmless(untrusted.way_out)}", EX_UNTRUSTED)
    except Busy as busy:
        fail(f"{harmless(busy) or 'the database is locked'}. Somebody works on it for long: try again.", EX_TEMPFAIL)


def settings_of(config: Path | None):  # type: ignore[no-untyped-def]
    """The checked settings of the configuration in use."""
    from mailgate import settings

    return settings.load(settings.places.configuration(config))


def with_store(config: Path | None, work: Callable[..., None]) -> None:
    """Opens the store beside a running `serve` and closes it again."""
    from mailgate.app import wall_clock
    from mailgate.record.store import open_store

    with explained():
        settings = settings_of(config)
        store = open_store(settings.database, wall_clock())
        try:
            work(settings, store, wall_clock())
        finally:
            store.close()
