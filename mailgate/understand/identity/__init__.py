"""Who wrote a mail: stamps of other servers (RFC 8601), DKIM, SPF and DMARC, and what follows from them together."""
