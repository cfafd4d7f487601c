"""Plain text whose paragraphs were broken for the way (RFC 3676, `format=flowed`): put together as its author wrote it."""

#: A command is a line of its own. A blank at the end of one was typed by whoever wrote it; only a long one can have been broken.
_COMMAND, _BROKEN_FROM = "#", 40


def unflowed(text: str, delsp: bool) -> str:
    """Each paragraph on one line, quotes with their depth. `delsp`: the blank at which a line was broken was put there for that.
    An empty line always ends a paragraph, and nothing is joined across it: not every program takes off the blanks that people type."""
    made: list[list[str]] = []
    open_at: int | None = None  # the depth of the paragraph that goes on
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:]
        if words.startswith(" ") and not (depth == 0 and words.startswith(" >")):  # what only looks like a quote stays unlike one
            words = words[1:]
        signature = words == "-- "
        if open_at == depth and words and not signature and not words.startswith(_COMMAND):
            if delsp:
                made[-1][-1] = made[-1][-1][:-1]
            made[-1].append(words)
        else:
            made.append([f"{'>' * depth} {words}" if depth else words])
        goes_on = words.endswith(" ") and not signature
        if words.startswith(_COMMAND) and len(words) < _BROKEN_FROM:
            goes_on = False
        open_at = depth if goes_on else None
    return "\n".join("".join(pieces) for pieces in made)
