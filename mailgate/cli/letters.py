"""`mailgate letters`: the words of the letters, and words of your own in their place."""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailgate.cli.screen import EX_CONFIG, ConfigOption, console, errors, explained, fail, harmless, one_of

if TYPE_CHECKING:
    from mailgate.compose.templates import Templates
    from mailgate.model.policy import Policy

app = typer.Typer(help="The letters: look at all of them, copy one template or one sentence to write it anew.", no_args_is_help=True)


@app.command("preview")
def preview(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the pages go; open its index.html.")],
    desk: Annotated[str, typer.Option(help="Whose brand the letters have. Default: the first desk.")] = "",
    language: Annotated[str, typer.Option(help="Only in this language.")] = "",
    config: ConfigOption = None,
) -> None:
    """Write every letter in every language as pages, texts and mails to look at, with your templates and brand.

    Without a configuration the letters are those that mailgate brings along. Exit code 1: a letter cannot be written."""
    from mailgate.app import previews

    with explained():
        index = folder / "index.html"
        if (
            folder.exists()
            and any(folder.iterdir())
            and not (index.is_file() and index.read_text("utf-8", "replace").startswith(previews.OURS))
        ):
            fail(f"{harmless(folder)} holds something else: name a new folder, or one with letters of before", 2)
        templates, policy, web = _configured(config)
        one_of("desk", desk, tuple(policy.desks))
        one_of("language", language, templates.languages)
        chosen = policy.desks[desk or next(iter(policy.desks))]
        letters: dict[str, list[previews.Preview]] = {}
        faults: list[str] = []
        for each in [language] if language else templates.languages:
            found = list(previews.previews(templates, policy, chosen, web, each))
            letters[each] = [one for one in found if isinstance(one, previews.Preview)]
            faults += [one for one in found if isinstance(one, str)]
            console.print(f"{each}: {len(letters[each])} letters")
        previews.write(folder, letters)
        for fault in faults:
            errors.print(harmless(fault))
        console.print(f"Look at {harmless(index)}")
    if faults:
        raise typer.Exit(1)


def _configured(config: Path | None) -> tuple["Templates", "Policy", str]:
    """Templates, policy and what links begin with: of the configuration, or where there is none and none was named, as brought along."""
    from mailgate import settings
    from mailgate.compose.templates import BadTemplates, load

    try:
        folder = settings.places.configuration(config)
    except FileNotFoundError:
        if config is not None or os.environ.get("MAILGATE_CONFIG"):
            raise
        return load(*settings.brought_templates(None), checked=True), settings.sample_policy(), ""
    found = settings.examine(folder)
    if found.policy is None:
        raise settings.Mistaken(found.mistakes)
    try:
        templates = load(found.templates, found.catalogues)
    except BadTemplates as bad:
        for problem in bad.problems:
            errors.print(harmless(problem))
        fail("the templates cannot be used", EX_CONFIG)
    return templates, found.policy, found.web.links if found.web is not None else ""


@app.command("copy")
def copy(
    what: Annotated[str, typer.Argument(metavar="LETTER|SENTENCE", help="ticket_opened/requester, _footer, or words of a sentence.")],
    language: Annotated[str, typer.Option(help="Of a sentence: en, de, ...")] = "",
    seen: Annotated[bool, typer.Option("--seen", help="Yours stays as it is; ours of today is what it was copied from.")] = False,
    config: ConfigOption = None,
) -> None:
    """Copy a template, or with --language one sentence, into `templates` beside the configuration, to write it anew.

    Only what differs has to lie there. `mailgate check` says when an upgrade has changed what was copied."""
    from mailgate import settings
    from mailgate.settings import brought

    with explained():
        folder = settings.places.configuration(config)
        if language:
            _sentence(folder, what, language)
            return
        texts = brought.ours().texts
        name = next((one for one in (what, f"{what}.txt", f"{what}.html") if one in texts), "")
        if not name:
            fail(f"no letter {harmless(what)}: there are {', '.join(one.removesuffix('.txt') for one in texts)}", 2)
        path, noted = folder / brought.OWN / name, folder / brought.OWN / brought.COPIED_FROM / name
        if path.exists() and not seen:
            fail(f"{harmless(path)} is there already; with --seen it stays as it is, and ours of today is noted beside it")
        if seen and not path.exists():
            fail(f"{harmless(path)} is not there")
        _write(noted, texts[name])
        if not seen:
            _write(path, texts[name])
        console.print(f"{harmless(path)} {'stays as it is' if seen else 'is yours to change'}; mailgate check renders it")


def _sentence(folder: Path, what: str, language: str) -> None:
    """One sentence, found by some of its words in English or in that language, at the end of `locale/LANGUAGE.po`."""
    from mailgate.app.own_words import as_noted
    from mailgate.compose.catalogue import opened, row_of
    from mailgate.compose.templates import load
    from mailgate.settings import brought

    ours = brought.ours()
    if language != "en" and language not in ours.catalogues:
        fail(f"no such language: {harmless(language)}. There are {', '.join(sorted({'en', *ours.catalogues}))}.", 2)
    book = opened(language, ours.catalogues[language]) if language != "en" else None
    messages = load(ours.texts, ours.catalogues, checked=True).messages
    words = {message: as_noted(message, book) for message in messages}
    low = what.casefold()
    found = [what] if what in words else [one for one, said in words.items() if low in one.casefold() or low in said.casefold()]
    if len(found) != 1:
        said = Counter(words[message] for message in found)
        for message in found[:10]:
            # Two sentences may have the same words in one language: their English tells them apart.
            console.print(harmless(words[message] + (f"  (English: {message})" if said[words[message]] > 1 else "")))
        fail(f"{len(found)} sentences have these words" + (": say more of one of them" if found else ""), 2)
    path = folder / brought.OWN / brought.LOCALE / f"{language}.po"
    already = path.read_text(encoding="utf-8") if path.exists() else ""
    row = row_of(found[0], messages[found[0]], book)
    if row.split("\nmsgstr")[0] in already:
        fail(f"{harmless(path)} has this sentence already")
    _write(path, f"{already.rstrip()}\n\n#. ours: {words[found[0]]}\n{row}\n".lstrip())
    console.print(f"{harmless(path)} has it: change the words behind msgstr; mailgate check looks at them")


def _write(path: Path, text: str) -> None:
    """Nobody else may change it: whoever can write a template writes our letters."""
    for folder in (one for one in reversed(path.parents) if not one.exists()):
        folder.mkdir()
        folder.chmod(0o755)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
