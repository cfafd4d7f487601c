"""Signs mails as a domain would, by another hand (dkimpy) than the one that verifies, with keys made for the test."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

SIGNED = ("from", "to", "subject", "date", "message-id")


@cache
def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


Key = RSAPrivateKey | Ed25519PrivateKey


def in_pem(key: Key) -> bytes:
    """The private key as a file holds it."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def record(key: Key, more: str = "") -> str:
    """What the domain publishes: `v=DKIM1; k=rsa; p=...`."""
    if isinstance(key, Ed25519PrivateKey):
        octets = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; {more}p={base64.b64encode(octets).decode()}"
    octets = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; {more}p={base64.b64encode(octets).decode()}"


class _Signer(dkim.DKIM):  # type: ignore[misc]
    """Signs with exactly these tags."""

    changed: dict[bytes, bytes | None]

    def gen_header(self, fields: Any, *rest: Any) -> bytes:
        head = [(name, self.changed.get(name, value)) for name, value in fields]
        new = [(name, value) for name, value in self.changed.items() if name not in dict(fields)]
        at = next(i for i, (name, _) in enumerate(head) if name == b"h")
        return bytes(super().gen_header([pair for pair in (*head[:at], *new, *head[at:]) if pair[1] is not None], *rest))


def signed(
    raw: bytes,
    domain: str = "example.org",
    *,
    selector: str = "s1",
    form: str = "relaxed/relaxed",
    headers: tuple[str, ...] = SIGNED,
    key: Key | None = None,
    length: bool = False,
    identity: str | None = None,
    **tags: str | None,
) -> bytes:
    """The mail with a signature on top. `headers`: what is signed; `tags`: replaces or adds tags before signing, None leaves one out."""
    key = key or rsa_key()
    signer = _Signer(raw)
    signer.changed = {b"t": None, **{name.encode(): value.encode() if value is not None else None for name, value in tags.items()}}
    signer.signature_algorithm = b"ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else b"rsa-sha256"
    if isinstance(key, Ed25519PrivateKey):
        secret = base64.b64encode(key.private_bytes_raw())
    else:
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )  # fmt: skip
    head, body = form.encode().split(b"/")
    who = identity.encode() if identity else None
    names = [name.encode() for name in headers]
    return bytes(signer.sign(selector.encode(), domain.encode(), secret, None, who, (head, body), names, length)) + raw
