"""`mailgate check`: every mistake at once, before anything starts."""

import time
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from mailgate.cli.screen import EX_CONFIG, ConfigOption, console, explained, fail, harmless


def check(
    send: Annotated[str, typer.Option("--send", metavar="ADDRESS", help="Hand a test letter for this address to the relay, now.")] = "",
    roundtrip: Annotated[
        bool, typer.Option("--roundtrip", help="Write to a desk of ours, and see what comes back through the running `serve`.")
    ] = False,
    desk: Annotated[str, typer.Option(help="The desk of --roundtrip; default: the first.")] = "",
    wait: Annotated[int, typer.Option(help="How many seconds --roundtrip waits.", min=1)] = 120,
    config: ConfigOption = None,
) -> None:
    """Check configuration, templates, keys, database, doors, DNS, mailboxes and relay, and tell every mistake at once.

    Without --send and --roundtrip nothing is sent and nothing is changed. Exit code 0: all is well; 1: something does not work;
    78: the configuration has mistakes (what is sound in it is tried all the same)."""
    from mailgate import settings as all_settings
    from mailgate.app import wall_clock

    with explained():
        folder = all_settings.places.configuration(config)
    if send or roundtrip:
        with explained():
            settings = all_settings.load(folder)
        if desk and desk not in settings.policy.desks:
            fail(f"no desk {harmless(desk)}: there are {', '.join(settings.policy.desks)}", 2)
        found = _sent(settings, send) if send else _went_round(settings, desk, wait)
        if not _told(found):
            raise typer.Exit(1)
        return
    from mailgate.app.checks import checks
    from mailgate.settings.words import mistakes

    examined = all_settings.examine(folder)
    for mistake in examined.mistakes:
        console.print(f"[red]no[/red]  {harmless(mistake)}")
    good = _told(checks(examined, wall_clock()))
    if examined.mistakes:
        fail(f"{mistakes(len(examined.mistakes))} in the configuration of {harmless(folder)}: with them nothing is started", EX_CONFIG)
    if not good:
        raise typer.Exit(1)


def _told(found: Iterable[tuple[str, str, bool]]) -> bool:
    """Prints each finding; whether all is well."""
    good = True
    for name, words, fine in found:
        mark = "[green]ok[/green]  " if fine else "[red]no[/red]  "
        console.print(f"{mark}{name:<14}{harmless(words)}")
        good &= fine
    return good


def _sent(settings: Any, address: str):  # type: ignore[no-untyped-def]
    """A letter past the outbox, and the relay's own words about it."""
    from mailgate.app import wall_clock
    from mailgate.app.probe import send_test
    from mailgate.compose.strict import Unsealable
    from mailgate.model.delivery import Delivered, Refused

    try:
        delivery = send_test(settings, address, wall_clock())
    except (Unsealable, ValueError) as error:
        yield "letter", f"cannot be written: {error}", False
        return
    taken = isinstance(delivery, Delivered)
    verb = "took it" if taken else "refused it" if isinstance(delivery, Refused) else "did not take it now"
    yield "relay", f"{verb}: {delivery.reply}", taken


def _went_round(settings: Any, desk_id: str, seconds: int):  # type: ignore[no-untyped-def]
    """Two letters to ourselves, and what came back of them."""
    from mailgate.app import wall_clock
    from mailgate.app.probe import Watch, compared, missing, send_roundtrip
    from mailgate.model.delivery import Delivered
    from mailgate.record.store import is_served, open_store

    if settings.relay.kind == "maildir":
        way_out = 'name your mail server in [relay] (kind = "smtp"), restart `mailgate serve`, and say this again'
        yield "relay", f"letters land in {settings.relay.path}, and nothing leaves: so nothing can come back. {way_out}", False
        return
    if settings.letters_held:
        yield "relay", 'letters = "hold": nothing leaves, and whoever answers this address today would get the letter', False
        return
    if not settings.database.is_server and not is_served(settings.database):
        yield "roundtrip", "`mailgate serve` does not run: start it, and say this again while it runs. Nothing was sent", False
        return
    desk = settings.policy.desks[desk_id] if desk_id else next(iter(settings.policy.desks.values()))
    with explained(), open_store(settings.database, wall_clock(), check=False) as store:
        watch = Watch(store, settings)
        waiting = send_roundtrip(settings, desk, wall_clock())
        on_the_way = [out for out in waiting if isinstance(out.delivery, Delivered)]
        console.print(f"{len(on_the_way)} letters to {harmless(desk.address)} are on their way; waiting for up to {seconds} s")
        back = []
        until = time.monotonic() + seconds
        with console.status("waiting") as line:
            while on_the_way and (left := until - time.monotonic()) > 0:
                line.update(f"{len(on_the_way)} on their way, {left:.0f} s left")
                for out, one in watch.look(on_the_way):
                    on_the_way.remove(out)
                    back.append((out, one))
                time.sleep(min(0.2, max(left, 0)))
        for out, one in back:
            yield "subaddress" if out.subaddress else "roundtrip", f"mail to {out.letter.address} came back through {one.row.door}", True
            if not out.subaddress:
                yield from compared(out, one, settings, desk)
            if (ticket := watch.opened(one)) is not None:
                yield "intake", f"ticket {ticket} was opened: the relay left nothing of what tells our letter", False
        returned = {out.letter.id for out, _ in back}
        for out in waiting:
            if out.letter.id not in returned:
                yield missing(out, desk, seconds)
