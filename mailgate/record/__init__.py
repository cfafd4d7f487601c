"""The record: every mail, ticket and letter, kept all or nothing. The only rooms that speak SQL; `store.py` is their door."""
