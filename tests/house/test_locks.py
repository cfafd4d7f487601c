"""The lock files: made from this pyproject.toml, complete, hashed, and without the address of any registry."""

from __future__ import annotations

import re
import runpy
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.tree import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\]*)?(?: \\)?$")


def _pins(lock: str) -> dict[str, str]:
    pins = (PIN.match(line) for line in (ROOT / lock).read_text().splitlines())
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def test_the_locks_are_made_from_this_pyproject():
    assert runpy.run_path(str(ROOT / ".ci" / "lock"))["check"]() == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes_and_nothing_else_stands_in_a_lock(lock: str):
    after_pin = False
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("#"):
            continue
        if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line):
            after_pin = False
            continue
        assert PIN.match(line) and not after_pin, line
        after_pin = True
    assert not after_pin


def test_what_pyproject_asks_for_is_in_the_locks_in_a_version_that_it_accepts():
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = [*tables["project"]["dependencies"], *tables["build-system"]["requires"]]
    dev = tables["project"]["optional-dependencies"]["dev"]
    for lock, asked in (("requirements.lock", runtime), ("requirements-dev.lock", [*runtime, *dev])):
        pins = _pins(lock)
        for requirement in map(Requirement, asked):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (lock, str(requirement))


def test_tests_run_with_the_very_versions_that_people_install():
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


#: The first version in which a published hole is closed.
MENDED = {
    "aiosmtpd": ("1.4.6", "CVE-2024-27305, CVE-2024-34083: a second mail, or commands of a stranger, within a conversation"),
    "jinja2": ("3.1.6", "CVE-2025-27516: a template leaves its sandbox"),
    "cryptography": ("42.0.4", "CVE-2024-26130: a file of keys ends the program"),
    "dnspython": ("2.6.1", "CVE-2023-29483: whoever answers first stops a question"),
    "mako": ("1.2.2", "CVE-2022-40023: an expression that takes the square of its time"),
}


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("library", MENDED)
def test_no_library_is_older_than_the_mending_of_its_known_holes(lock: str, library: str):
    """(fault 138)"""
    assert Version(_pins(lock)[library]) >= Version(MENDED[library][0]), MENDED[library][1]
