"""What people see: tables and sentences, with everything that came by mail made harmless for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from mailgate.model.delivery import Reported

T = TypeVar("T")

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

#: Exit codes beside 0 and 1: the configuration is wrong, the store cannot be trusted.
EX_CONFIG = 78
EX_UNTRUSTED = 74
EX_TEMPFAIL = 75

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Folder with mailgate.toml. Default: MAILGATE_CONFIG, ./config, /etc/mailgate.")
]


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, with everything that is known.")]

#: What a list may take where nobody knows how wide the screen is; a wider terminal is used.
WIDTH = 80
#: A column is not made narrower than this to let others stand beside it.
NARROWEST = 10


def safe(value: object) -> str:
    """Text for a terminal: control and bidi characters of a mail are shown, not obeyed."""
    return "".join(ch if ch.isprintable() or ch == "\n" else f"\\x{ord(ch):02x}" for ch in str(value))


def harmless(value: object) -> str:
    """The same for a line with colours in it."""
    return escape(safe(value))


def fail(words: str, code: int = 1) -> NoReturn:
    errors.print(f"[red]mailgate:[/red] {words}")
    raise typer.Exit(code)


def one_of(what: str, given: str, known: Sequence[str]) -> None:
    """Refuses a filter's word that nobody knows; "" filters nothing."""
    if given and given not in known:
        fail(f"no such {what}: {harmless(given)}. There are {', '.join(known)}.", 2)


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


def table(columns: Sequence[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """One line for each row, within the width of the screen; a column that says nothing anywhere is left out.

    The last column is what is long: where it does not fit beside the others, it stands whole on lines of its own below."""
    cells = [[" ".join(safe(cell).split()) for cell in row] for row in rows]
    if not cells:
        console.print(empty)
        return
    kept = [n for n in range(len(columns)) if any(row[n] not in ("", "-") for row in cells)] or [0]
    *short, last = kept
    widths = {n: max(cell_len(columns[n]), *(cell_len(row[n]) for row in cells)) for n in short}
    width = max(WIDTH, console.width) if console.is_terminal else WIDTH
    while sum(widths.values()) + 2 * len(widths) > width - NARROWEST and max(widths.values()) > NARROWEST:
        widths[max(widths, key=widths.__getitem__)] -= 1
    head = "  ".join((*(_cell(columns[n], widths[n]) for n in short), columns[last]))
    console.print(f"[bold]{escape(head)}[/bold]")
    begins = sum(widths.values()) + 2 * len(widths)
    for row in cells:
        line = "  ".join(_cell(row[n], widths[n]) for n in short)
        if begins + cell_len(row[last]) <= width:
            console.print(escape(f"{line}  {row[last]}".rstrip() if short else row[last]))
        else:
            console.print(escape(line.rstrip()))
            for part in textwrap.wrap(row[last], width - 4, break_on_hyphens=False):
                console.print(escape(f"    {part}"))


def _cell(text: str, width: int) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    return text + " " * (width - cell_len(text))


def as_json(objects: Iterable[Mapping[str, object]]) -> None:
    for one in objects:
        print(json.dumps(one, default=_plain))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def explained() -> Iterator[None]:
    """Errors that a person can do something about are said in a sentence, with the way out."""
    from mailgate.model.mail import NoSpace
    from mailgate.record.rows import Broken, Busy
    from mailgate.record.trust import Untrusted
    from mailgate.settings import Mistaken
    from mailgate.settings.words import mistakes, why_not

    try:
        yield
    except Mistaken as mistaken:
        for mistake in mistaken.mistakes:
            errors.print(harmless(mistake))
        fail(f"{mistakes(len(mistaken.mistakes))} in the configuration; nothing was started", EX_CONFIG)
    except FileNotFoundError as error:
        fail(harmless(error), EX_CONFIG)
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"{harmless(error.filename or 'a file')} {why_not(error)}", EX_UNTRUSTED)
    except Untrusted as untrusted:
        fail(f"{harmless(untrusted.reason)}. {harmless(untrusted.way_out)}", EX_UNTRUSTED)
    except Busy as busy:
        fail(f"{harmless(busy) or 'the database is locked'}. Somebody works on it for long: try again.", EX_TEMPFAIL)
    except NoSpace:
        fail("there is no room left for the database: make room on its disk, then try again.", EX_TEMPFAIL)
    except Broken:
        fail("the disk under the database fails. Look at the log of the system, and at `mailgate check`.", EX_UNTRUSTED)


def each(numbers: Sequence[T], work: Callable[[T], str | None], done: str, otherwise: str) -> None:
    """One thing after the other; what cannot be done is said and keeps nobody from the rest. Exit code 1 when there was any."""
    missed = 0
    for number in numbers:
        name = work(number)
        if name is None:
            errors.print(f"[red]mailgate:[/red] {otherwise.format(harmless(number))}")
            missed += 1
        else:
            console.print(done.format(harmless(name)))
    if missed:
        raise typer.Exit(1)


def settings_of(config: Path | None):  # type: ignore[no-untyped-def]
    """The checked settings of the configuration in use."""
    from mailgate import settings

    return settings.load(settings.places.configuration(config))


@contextmanager
def opened(config: Path | None) -> Iterator[tuple[Any, Any, datetime]]:
    """Settings, store and the time, beside a running `serve`; afterwards the store is closed again."""
    from mailgate.app import wall_clock
    from mailgate.record.store import open_store

    with explained():
        settings = settings_of(config)
        with open_store(settings.database, wall_clock()) as store:
            yield settings, store, wall_clock()
