"""mailgate turns a mailbox into a service desk, by e-mail alone.

A mail travels one way, and the folder names are the road:

    receive  ->  understand  ->  decide  ->  compose  ->  record  ->  send

`model/` holds the nouns, `gateway/` knows the order, `guard/` lets others read hostile mail, `explain/` tells what would happen to a mail
and why, `settings/` checks the configuration, `app/` builds the running program, `cli/` is what an operator types. See docs/flow.md."""

__version__ = "0.1.0"
