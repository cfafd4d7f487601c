"""Tells in words what happened to a mail, as a colleague would: what it is, who wrote it, where it belongs, what would follow."""

from mailgate.explain import belonging, following, reading
from mailgate.explain.dry_run import Explained
from mailgate.explain.layout import WIDTH, clipped, filled
from mailgate.model.mail import Kind

_RULER = "="


def in_words(path: str, told: Explained) -> str:
    """The account of one mail. Nothing in it commands a terminal, and no whole token stands in it."""
    lines = [clipped(path, WIDTH), _RULER * min(WIDTH, max(len(clipped(path, WIDTH)), 20))]
    if told.account is None:
        return "\n".join([*lines, *filled(f"I could not read it: {told.reading.kind_because}."), ""])
    lines += [*reading.head(told.reading.mail), ""]
    if told.decided is not None:
        lines += ["In short", *filled(following.in_short(told.decided)), ""]
    is_written = told.reading.kind in (Kind.WRITTEN, Kind.LIST)
    sections = [
        ("The mail", [*reading.tree(told.account), "", *reading.text(told.reading.mail, told.account, is_written)]),
        ("What it is", reading.rules(told.reading, told.account)),
    ]
    if told.decided is not None:
        s, decision = told.decided.situation, told.decided.wanted
        sections += [
            ("Who wrote it", belonging.author(s)),
            ("Which ticket", belonging.ticket(s, told.unknown)),
            ("Commands", following.commands(s, decision)),
            ("What would follow", following.consequences(told.decided, told.held)),
        ]
    for title, words in sections:
        if words:
            lines += [title, *words, ""]
    return "\n".join(line.rstrip() for line in lines)
