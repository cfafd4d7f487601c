"""`mailgate letters`: the words of the letters, and words of your own in their place."""

from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.screen import ConfigOption, console, explained, fail, harmless

app = typer.Typer(help="The letters: copy one template or one sentence to write it anew.", no_args_is_help=True)


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
        for message in found[:10]:
            console.print(harmless(words[message]))
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
