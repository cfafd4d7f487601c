"""The words of a mail: which of them are new, quoted or signature, what was forwarded, and in which language they are."""
