"""`mailgate explain`: what these mails are, what would happen, and why. Changes nothing, and never fails on a mail."""

import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import ConfigOption, explained, fail, harmless

#: Mails handed to the worker at once: enough to be quick, few enough that answers come as soon as they are known.
AT_ONCE = 16


STANDARD_INPUT = "-"


def mails(given: list[str]) -> Iterator[tuple[str, Path | bytes]]:
    """The files, and every *.eml below the folders, in order; each under the name by which it was given. "-": standard input."""
    for name in given:
        path = Path(name)
        if name == STANDARD_INPUT:
            yield name, sys.stdin.buffer.read()
        elif path.is_dir():
            yield from ((str(found), found) for found in sorted(path.rglob("*.eml")))
        else:
            yield name, path


def explain(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Mails, or folders of *.eml; - reads a mail from standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line; the form is public and versioned.")] = False,
    dns: Annotated[bool, typer.Option("--dns", help="Check DKIM and DMARC ourselves, with the keys that DNS has today.")] = False,
    config: ConfigOption = None,
) -> None:
    """Tell what mails are and what would happen to them, and why. Nothing is recorded or sent.

    For each mail: its parts as a tree, the new words and what was folded, each rule that looked at it, who wrote it, which ticket it
    belongs to, its commands, and what would follow if it came now: the ticket, its promises, the letters. Long mails are only excerpted,
    and no secret of a letter is shown.

    Needs no running gateway. With a configuration it goes by its policy, keys and database; without one, by the sample policy."""
    if missing := [path for path in paths if path != STANDARD_INPUT and not os.path.lexists(path)]:
        fail(f"not there: {', '.join(harmless(path) for path in missing)}", 2)
    with explained():
        _explain(paths, as_json, config, dns)


def _explain(paths: list[str], as_json: bool, config: Path | None, dns: bool) -> None:
    from mailgate.app.explainer import Explainer
    from mailgate.explain.as_json import as_json as form_of

    if not as_json:
        from mailgate.explain import in_words

    with Explainer(config, dns) as explainer:
        found = mails(paths)
        at_once = 1  # the first answer shall not wait for others
        while True:
            waiting = list(islice(found, at_once))
            if not waiting:
                return
            at_once = min(4 * at_once, AT_ONCE)
            answers = explainer.tell([path for _, path in waiting], accounts=not as_json)
            for (name, _), told in zip(waiting, answers, strict=True):
                if as_json:
                    print(_line(form_of(name, told)), flush=True)
                else:
                    print(_shown(in_words(name, told)), end="\n", flush=True)


def _line(told: object) -> str:
    """As JSON, in letters that the output can take: a mail has any, and a file's name need not be text at all."""
    line = json.dumps(told, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(told)
    return line


def _shown(words: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    printable = "".join(ch if ch.isprintable() or ch == "\n" else "?" for ch in words)
    return printable.encode(encoding, "replace").decode(encoding)
