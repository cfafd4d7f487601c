"""Certificates good and bad, made on the fly with the openssl command: no key lies in the repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import find, in_ci


@dataclass(frozen=True, slots=True)
class Certificate:
    """A chain and its key, both PEM."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority of our own, what it signed, and what it did not. All but `wrong_host` are for localhost and 127.0.0.1."""

    authority: Path
    good: Certificate
    expired: Certificate
    wrong_host: Certificate
    self_signed: Certificate


_CONFIG = """
[ca]
default_ca = ours
[ours]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[here]
subjectAltName = DNS:localhost,IP:127.0.0.1
[elsewhere]
subjectAltName = DNS:mail.example.net
"""


def make_certificates(folder: Path) -> Certificates:
    """Makes them all in this folder. Without openssl: a loud skip on somebody's machine, a failure in CI."""
    if find("openssl") is None:
        reason = "openssl is not on this machine (install the package openssl)"
        if in_ci():
            pytest.fail(f"{reason}: in CI it has to be there", pytrace=False)
        pytest.skip(f"NOT TESTED: {reason}")
    (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    _openssl(folder, *_new("authority", "An authority of the tests"), "-x509", "-days", "2", "-extensions", "authority")
    _openssl(folder, *_new("self_signed", "localhost"), "-x509", "-days", "2", "-extensions", "here")
    return Certificates(
        authority=folder / "authority.pem",
        good=_signed(folder, "good", "here", "20200101000000Z", "20491231235959Z"),
        expired=_signed(folder, "expired", "here", "20200101000000Z", "20200201000000Z"),
        wrong_host=_signed(folder, "wrong_host", "elsewhere", "20200101000000Z", "20491231235959Z"),
        self_signed=Certificate(folder / "self_signed.pem", folder / "self_signed.key"),
    )


def _new(name: str, common: str) -> tuple[str, ...]:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")
    return ("req", "-config", "openssl.cnf", *key, "-subj", f"/CN={common}", "-out", f"{name}.pem")


def _signed(folder: Path, name: str, extensions: str, start: str, end: str) -> Certificate:
    request, chain = folder / f"{name}-request.pem", folder / f"{name}.pem"
    _openssl(folder, *_new(name, "relay")[:-1], str(request))
    _openssl(
        folder, "ca", "-config", "openssl.cnf", "-batch", "-notext", "-cert", "authority.pem", "-keyfile", "authority.key",
        "-in", str(request), "-out", str(chain), "-startdate", start, "-enddate", end, "-extensions", extensions,
    )  # fmt: skip
    return Certificate(chain, folder / f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    command = find("openssl")
    assert command is not None
    done = subprocess.run([command, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
