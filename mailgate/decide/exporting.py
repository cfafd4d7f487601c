"""A report for programs: one row for each number, with whom it counts and how."""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO

from mailgate.decide.reporting import Compared, Counts, Days

FIELDS = (
    "from", "to", "zone", "of", "number", "words", "value", "unit", "n", "too_few", "low", "high", "before", "before_n", "population",
    "formula",
)  # fmt: skip


def exported(found: Counts, desk: str = "", by: str = "") -> Iterator[Mapping[str, object]]:
    """`desk`: the one that all of it is about, or "" for all; `by`: what its parts are."""
    whole = f"desk {desk}" if desk else "all"
    for of, lines in ((whole, found.whole), *((f"{by} {name}", lines) for name, lines in found.parts.items())):
        for line in lines.values():
            yield _row(found.days, of, line)


def _row(days: Days, of: str, line: Compared) -> Mapping[str, object]:
    figure, was, number = line.figure, line.before, line.figure.number
    low, high = figure.interval or (None, None)
    values = (
        days.first.isoformat(), days.last.isoformat(), days.zone, of, number.id, number.words.strip(), figure.value, number.unit.value,
        figure.n, figure.is_few, low, high, was.value if was else None, was.n if was else None, number.population, number.said,
    )  # fmt: skip
    return dict(zip(FIELDS, values, strict=True))


def as_csv(found: Counts, desk: str = "", by: str = "") -> str:
    """With the line ends of RFC 4180. What a spreadsheet would take for a formula is none."""
    written = StringIO(newline="")
    writer = csv.DictWriter(written, FIELDS)
    writer.writeheader()
    writer.writerows(
        {key: f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value for key, value in row.items()}
        for row in exported(found, desk, by)
    )
    return written.getvalue()
