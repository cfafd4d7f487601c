"""Is it the same mail again? A digest of its bytes without the traces that each delivery leaves in it. Cannot fail."""

import hashlib
import re

#: Headers that servers on the way add or change, with their folded lines; an mbox `From ` line is one as well.
_TRACES = re.compile(
    rb"\n(?:received(?:-spf)?|return-path|delivered-to|x-original-to|envelope-to|authentication-results|dkim-signature"
    rb"|(?:arc|x-spam|x-ms-exchange|x-gm)-[!-9;-~]*)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE,
)


def digest(raw: bytes) -> str:
    """SHA-256 in hex over the bytes with line ends made LF, trailing blank lines cut and the trace headers left out.
    Lexical on purpose: nothing is parsed, so nothing can be too broken for it. Only the top header block is looked at; what an
    attached mail says about its own way belongs to this mail. Linear in the bytes."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    if text.startswith(b"From "):
        text = text.partition(b"\n")[2]
    block, gap, body = (b"\n" + text).partition(b"\n\n")
    whole = hashlib.sha256(_TRACES.sub(b"", block))
    whole.update(gap)
    whole.update(body)
    return whole.hexdigest()
