"""Puts the servers of the tests onto the machine where that is allowed: as root, from Debian's packages. Else it says what is missing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.servers import SERVERS, find, in_ci, missing

POLICY = Path("/usr/sbin/policy-rc.d")


def may_install() -> bool:
    """Only root installs packages, and nobody who said no to it beforehand."""
    wanted = os.environ.get("MAILGATE_TEST_SERVERS", "yes") != "no"
    return wanted and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(names: list[str]) -> None:
    """Fetches the Debian packages of these servers in one go. Nothing is asked, no service is configured."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for name in names:
        for path, text in SERVERS[name].files:
            if not Path(path).exists():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text)
        for answer in SERVERS[name].answers:
            subprocess.run(["debconf-set-selections"], input=f"{answer}\n", text=True, check=True, env=quiet)
    packages = [package for name in names if (package := SERVERS[name].debian)]
    print(f"tests: installing {', '.join(packages)} (MAILGATE_TEST_SERVERS=no leaves that out)", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    fetch = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    with _no_service_starts():
        subprocess.run(fetch, check=True, env=quiet, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Debian starts what it installs unless this file says no. One that is there already has its own opinion."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def main() -> int:
    absent = [name for name, server in SERVERS.items() if find(server.command) is None and server.debian]
    if absent and may_install():
        install(absent)
    reasons = [reason for name in SERVERS if (reason := missing(name))]
    for reason in reasons:
        print(f"tests: {reason}; what needs it will {'FAIL' if in_ci() else 'be skipped'}", file=sys.stderr)
    return 1 if reasons and in_ci() else 0


if __name__ == "__main__":
    sys.exit(main())
