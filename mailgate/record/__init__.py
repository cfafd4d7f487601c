"""The record: every mail, ticket and letter, kept all or nothing. The only rooms that speak SQL; `store.py` is their door.

Rows are claimed with a lease that names its program: who slept past its lease can record nothing any more, and `serve` forgets the
leases of its last run when it starts. A connection that dies at the COMMIT leaves nobody knowing: then it is looked up, or decided
again. A log of SQLite that somebody cut after a crash is noticed (docs/decisions/0038), and so is a file that is moved under a program."""
