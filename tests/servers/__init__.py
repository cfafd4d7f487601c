"""Real servers that the tests talk to: which there are, where they come from, and what happens to a test whose server is missing."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Administration commands lie here, and the path of an ordinary user often leaves these folders out.
_PLACES = os.pathsep.join(
    (
        os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin",
        # Debian keeps several versions of PostgreSQL side by side, none of them on the path.
        *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), key=lambda path: -int(Path(path).parent.name)),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """One server program: the command that proves it is there, and how it gets onto the machine."""

    command: str
    debian: str | None = None  #: package that `tests.servers.install` fetches where it may
    wheel: str | None = None  #: package of the lock file that brings the server instead, for machines without Debian's
    files: tuple[tuple[str, str], ...] = ()  #: (path, text) that have to be there before, or the package would start something
    answers: tuple[str, ...] = ()  #: debconf questions answered beforehand, so that nothing is asked and nothing configured
    needs_root: bool = False  #: the server drops its rights itself and cannot be started without them


#: A further server is a line here and a module beside this one that starts it.
SERVERS = {
    "postfix": Server(
        command="postfix",
        debian="postfix",
        # "No configuration": the package then has no main.cf and starts no service, port 25 stays as it was.
        answers=("postfix postfix/main_mailer_type select No configuration",),
        needs_root=True,
    ),
    "dovecot": Server(command="dovecot", debian="dovecot-imapd", needs_root=True),
    "neomutt": Server(command="neomutt", debian="neomutt"),  # a mail program: whether it shows one conversation
    "chromium": Server(command="chromium", debian="chromium"),  # the browser in which pages and letters are looked at
    "strace": Server(command="strace", debian="strace"),  # no server either: it tells what a program wrote, call by call
    "postgresql": Server(
        command="postgres",
        debian="postgresql",
        # The programs alone: by default the package makes a cluster and starts it.
        files=(("/etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n"),),
    ),
}


def find(command: str) -> str | None:
    """The path of a server's command, also where only administrators look."""
    return shutil.which(command, path=_PLACES)


def missing(name: str) -> str | None:
    """Why this server cannot be used here, in a sentence, or None when it can."""
    server = SERVERS[name]
    if find(server.command) is None:
        how = f"install the package {server.debian}" if server.debian else f"install the wheel {server.wheel}"
        return f"{name} is not on this machine ({how})"
    if server.needs_root and os.geteuid() != 0:
        return f"{name} can only be started by root"
    return None


def in_ci() -> bool:
    """Whether nobody is looking: then a test that cannot run is a failure."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def require_server(name: str) -> None:
    """Call this first in a fixture or test that needs the server. Without it: a loud skip on somebody's machine, a failure in CI."""
    reason = missing(name)
    if reason is None:
        return
    if in_ci():
        pytest.fail(f"{reason}: in CI every server has to be there", pytrace=False)
    pytest.skip(f"NOT TESTED: {reason}")
