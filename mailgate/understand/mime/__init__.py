"""The octets of a mail: parts, headers, addresses, charsets and files, whatever form they come in. Nothing here knows what a ticket is."""

from mailgate.understand.mime.digest import digest

__all__ = ["digest"]
