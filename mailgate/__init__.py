"""mailgate turns a mailbox into a service desk, by e-mail alone.

A mail travels one way, and the folder names are the road:

    receive  ->  understand  ->  decide  ->  compose  ->  record  ->  send

`model/` holds the nouns, `gateway.py` knows the order, `app.py` builds the running program. See docs/flow.md.
"""

__version__ = "0.1.0"
