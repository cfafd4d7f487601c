"""The composition root: builds the running program from its settings. Knows every room, decides nothing.

Here is what every command wants of it, and it loads nothing that a command may do without: `status` is asked once a minute. Doors and
rounds are in `program`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailgate.compose.templates import Templates
    from mailgate.model.installation import VerifySettings
    from mailgate.model.mail import Arrival
    from mailgate.receive.verify import Resolver
    from mailgate.record.acceptor import Acceptor
    from mailgate.settings import Settings

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The one clock: aware UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def build_templates(settings: Settings) -> Templates:
    from mailgate.compose.templates import load
    from mailgate.settings import brought

    return load(settings.templates, settings.catalogues, ours=brought.ours().texts)


def build_resolver(settings: VerifySettings, alarm: Callable[[str, str, str], None] = lambda *_: None) -> Resolver | None:
    """For our own check; None where it is switched off."""
    if not settings.dns:
        return None
    from mailgate.receive.verify import Resolver  # its library is loaded only where it is used

    return Resolver(settings, alarm)


def build_intake(settings: Settings, acceptor: Acceptor) -> Callable[[Arrival, str | None], None]:
    """Only the storing, for a mail on standard input: what it is for is seen by the `serve` that runs beside it."""
    from mailgate.gateway import to_keep

    def keep(arrival: Arrival, desk: str | None) -> None:
        acceptor.submit(to_keep(arrival, settings.policy, desk)).result()

    return keep
