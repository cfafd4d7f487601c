"""What a network or a TLS library says, in words that an operator can act on. Tables: the first that fits is said."""

#: A part of the other side's words -> what it means.
_MEANINGS = (
    ("Connection refused", "nobody listens on that port: is the server running, and is the port the right one?"),
    ("Name or service not known", "DNS does not know this name: look for a slip in host"),
    ("nodename nor servname", "DNS does not know this name: look for a slip in host"),
    ("No address associated", "DNS has no address for this name: look for a slip in host"),
    ("has no address", "DNS has no address for this name: look for a slip in host"),
    ("Temporary failure in name resolution", "DNS did not answer: look at the resolver of this machine (/etc/resolv.conf)"),
    ("No route to host", "no way leads to that machine: look at the network and at firewalls"),
    ("Network is unreachable", "no way leads to that network: look at the network of this machine"),
    ("Connection reset", "the other side hung up"),
    ("Connection timed out", "no answer: it is down, or a firewall is in between"),
    ("timed out", "no answer: it is down, hangs, or a firewall is in between"),
    ("WRONG_VERSION_NUMBER", 'the other side speaks no TLS on this port: "starttls" or "tls" is the wrong one of the two, or the port'),
    ("UNEXPECTED_EOF", "the other side hung up while TLS began"),
    ("TLSV1_ALERT", "the other side refuses our TLS: it may be too old"),
    ("UNSUPPORTED_PROTOCOL", "the other side speaks only versions of TLS that are too old"),
    ("self-signed", "its certificate is self-signed: if it is to be trusted, put it into a file and name that in ca_file"),
    ("self signed", "its certificate is self-signed: if it is to be trusted, put it into a file and name that in ca_file"),
    ("unable to get", "its certificate comes from an authority that is not known here: if it is to be trusted, name its file in ca_file"),
    ("certificate has expired", "its certificate has expired: whoever runs it has to renew it"),
    ("not valid for", "its certificate is for another name: set host to the name that stands in it"),
    ("FileNotFoundError", "its file is not there"),
    ("PermissionError", "this user may not read its file"),
    ("UnicodeDecodeError", "its file is not UTF-8"),
    ("no certificate or crl found", "the file holds no certificate (PEM)"),
    ("NO_CERTIFICATE_OR_CRL_FOUND", "the file holds no certificate (PEM)"),
    ("PEM lib", "the file holds no certificate (PEM)"),
    ("KEY_VALUES_MISMATCH", "key and certificate do not belong together"),
    ("EOF occurred", "the other side hung up while TLS began"),
    ("Broken pipe", "the other side hung up"),
)  # fmt: skip


def plainly(said: str) -> str:
    """The same with what a library says in it replaced; what a server said stays as it is."""
    for part, words in _MEANINGS:
        at = said.lower().find(part.lower())
        if at >= 0:
            begins = said.rfind(": ", 0, at)
            return f"{said[:begins]}: {words}" if begins >= 0 else words
    return said
