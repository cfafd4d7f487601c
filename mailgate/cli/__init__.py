"""The command line. Each group of commands has its own module; what costs time to import is imported when it is needed."""

from typing import Annotated

import typer

from mailgate import __version__
from mailgate.cli import (
    absences,
    backup,
    check,
    deliver,
    demo,
    dkim,
    explain,
    import_,
    inbox,
    init,
    letters,
    outbox,
    people,
    ratings,
    replay,
    report,
    serve,
    status,
    tickets,
)

app = typer.Typer(
    name="mailgate",
    help="A service desk by e-mail alone: a mail comes in, a ticket lives, an agent answers from the mail client, the rating comes back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        import platform

        typer.echo(f"mailgate {__version__} (Python {platform.python_version()})")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is, and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """A service desk by e-mail alone: a mail comes in, a ticket lives, an agent answers from the mail client, the rating comes back."""


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("deliver")(deliver.deliver)
app.command("import")(import_.import_)
app.command("backup")(backup.backup)
app.command("ratings")(ratings.ratings)
app.command("replay")(replay.replay)
app.command("report")(report.report)
app.add_typer(dkim.app, name="dkim")
app.add_typer(inbox.app, name="inbox")
app.add_typer(outbox.app, name="outbox")
app.add_typer(tickets.app, name="tickets")
people.app.command("away")(absences.away)
people.app.command("back")(absences.back)
app.add_typer(people.app, name="people")
app.add_typer(letters.app, name="letters")


def main() -> None:
    """The entry point of the installed program."""
    app()
