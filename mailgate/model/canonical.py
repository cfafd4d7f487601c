"""The forms in which a mail is signed (RFC 6376 3.4), so that white space which servers change on the way changes no signature.

Bytes come in with LF as line ends, bodies go out with CR LF."""

import re

_WHITE = re.compile(rb"[ \t]+")
_FOLDED_WHITE = re.compile(rb"[ \t\n]+")


def simple_body(body: bytes) -> bytes:
    """RFC 6376 3.4.3."""
    return (body.rstrip(b"\n") + b"\n").replace(b"\n", b"\r\n")


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4."""
    text = _WHITE.sub(b" ", body).replace(b" \n", b"\n").rstrip(b"\n")
    if text.endswith(b" "):
        text = text[:-1].rstrip(b"\n")
    return (text + b"\n").replace(b"\n", b"\r\n") if text else b""


def relaxed_header(field: bytes) -> bytes:
    """RFC 6376 3.4.2, of one whole field; without a line end."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _FOLDED_WHITE.sub(b" ", value).strip(b" \t\n")
