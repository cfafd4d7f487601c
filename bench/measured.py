"""Writes what a long run found into docs/measured.md: one line for each kind of run, the newest only."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "measured.md"


def line(what: str, *, n: int, failed: int, seed: int | None = None, **figures: str | int | float) -> str:
    """`what=kill-storm n=300 failed=0 seed=7 kills=10`: how many cases, how many of them went wrong, how to run them again."""
    fields: dict[str, object] = {"what": what, "n": n, "failed": failed, "seed": "-" if seed is None else seed, **figures}
    for key, value in fields.items():
        if any(character.isspace() for character in f"{key}{value}"):
            raise ValueError(f"a field of a measurement has no blanks: {key}={value!r}")
    return " ".join(f"{key}={value}" for key, value in fields.items())


def write(what: str, *, n: int, failed: int, seed: int | None = None, page: Path = PAGE, **figures: str | int | float) -> None:
    """Puts the line of this run in place of the last one of the same name, or at the end of the page."""
    new = line(what, n=n, failed=failed, seed=seed, **figures)
    lines = page.read_text(encoding="utf-8").splitlines()
    places = [place for place, old in enumerate(lines) if old.split(" ", 1)[0] == f"what={what}"]
    if places:
        lines[places[0]] = new
    else:
        closing = lines.pop() if lines and lines[-1] == "```" else None
        lines += [new, *([closing] if closing else [])]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
