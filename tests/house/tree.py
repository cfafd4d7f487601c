"""The files of the project as a reader of the repository sees them, for the tests of the house."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE = ("understand", "decide", "compose", "model")
_NOT_OURS = {
    ".git",
    ".venv",
    "__pycache__",
    "dist",
    "build",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
}


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git would commit, and in an unpacked sdist simply what lies there."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        return tuple(path for name in sorted(set(listed)) if name and (path := ROOT / name).is_file())
    found = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    return tuple(path for path in found if not _NOT_OURS.intersection(path.relative_to(ROOT).parts))


def name(path: Path) -> str:
    """How a file is called in the repository."""
    return path.relative_to(ROOT).as_posix()


def modules(*folders: str) -> tuple[Path, ...]:
    """The Python modules below these folders of the project."""
    return tuple(path for path in files() if path.suffix == ".py" and name(path).startswith(tuple(f"{one}/" for one in folders)))


def pure_modules() -> tuple[Path, ...]:
    """The modules in which the same input has to give the same output."""
    return modules(*(f"mailgate/{stage}" for stage in PURE))


@cache
def tree(path: Path) -> ast.Module:
    """A module as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), name(path))


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and full name of everything that a module imports."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(found)


@cache
def calls(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and dotted name of everything that a module calls by name: `datetime.now`, `open`."""
    return tuple((node.lineno, ast.unparse(node.func)) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
