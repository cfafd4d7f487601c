"""A certificate for localhost and its key, made for one test run with nothing but Python: no key lies in the repository."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import random
import ssl
from functools import cache
from pathlib import Path

_SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_COMMON_NAME = bytes.fromhex("0603550403")
_ALTERNATIVE_NAME = bytes.fromhex("0603551d11")


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(octets))) + octets + content


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _is_prime(number: int, chance: random.Random) -> bool:
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):  # Miller and Rabin
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = pow(power, 2, number)
            if power == number - 1:
                break
        else:
            return False
    return True


def _prime(bits: int, chance: random.Random) -> int:
    while True:
        number = chance.getrandbits(bits) | (3 << (bits - 2)) | 1
        if number % 65537 != 1 and _is_prime(number, chance):
            return number


def _pem(kind: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""))


@cache
def self_signed() -> tuple[str, str]:
    """The certificate and its key, both PEM, for `localhost`, 127.0.0.1 and ::1."""
    chance = random.Random(2048)  # the same key each time: it protects nothing
    p, q = _prime(1024, chance), _prime(1024, chance)
    n, e = p * q, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    name = _der(0x30, _der(0x31, _der(0x30, _COMMON_NAME, _der(0x0C, b"localhost"))))
    today = datetime.datetime.now(datetime.UTC)
    validity = _der(0x30, *(_der(0x17, f"{today + datetime.timedelta(days=days):%y%m%d%H%M%SZ}".encode()) for days in (-1, 30)))
    addresses = [_der(0x87, ipaddress.ip_address(text).packed) for text in ("127.0.0.1", "::1")]
    names = _der(0x30, _ALTERNATIVE_NAME, _der(0x04, _der(0x30, _der(0x82, b"localhost"), *addresses)))
    public = _der(0x30, _RSA, _der(0x03, b"\0", _der(0x30, _integer(n), _integer(e))))
    extensions = _der(0xA3, _der(0x30, names))
    body = _der(0x30, _der(0xA0, _integer(2)), _integer(1), _SHA256_WITH_RSA, name, validity, name, public, extensions)
    digest = _SHA256_PREFIX + hashlib.sha256(body).digest()
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(256, "big")
    certificate = _der(0x30, body, _SHA256_WITH_RSA, _der(0x03, b"\0", signature))
    numbers = (0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    key = _der(0x30, *(_integer(number) for number in numbers))
    return _pem("CERTIFICATE", certificate), _pem("RSA PRIVATE KEY", key)


def server_context(folder: Path) -> ssl.SSLContext:
    """What a door needs for STARTTLS. Writes the two files into the folder."""
    certificate, key = self_signed()
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def client_context() -> ssl.SSLContext:
    """A client that trusts that certificate and nothing else."""
    return ssl.create_default_context(cadata=self_signed()[0])
