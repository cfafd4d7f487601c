"""The public key of a domain (RFC 6376 3.6.1, RFC 8463): read from its record, and asked whether it made a signature."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

SHORTEST_KEY, LONGEST_KEY = 1024, 8192  #: bits of RSA; RFC 8301 3.2

Key = RSAPublicKey | Ed25519PublicKey


def read_key(kind: str, octets: bytes) -> Key | None:
    """The key in `p=`, None when it is none of this kind ("rsa" or "ed25519")."""
    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def why_unfit(key: Key) -> str:
    """What speaks against a key, "" when nothing does."""
    if isinstance(key, RSAPublicKey) and not SHORTEST_KEY <= key.key_size <= LONGEST_KEY:
        return f"a key of {key.key_size} bits is not accepted"
    return ""


def made(key: Key, signature: bytes, digest: bytes) -> bool:
    """Whether this key signed this SHA-256 digest."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
        else:
            key.verify(signature, digest)  # RFC 8463 3: the digest is what is signed
    except InvalidSignature:
        return False
    return True
