"""The line that lists of mails show of a letter of ours: a program that drops styles when it quotes puts it above the marker.

Whoever reads a mail does not know which letter it answers; who knows, folds that line here, and what is read from the new text is read
once more."""

from dataclasses import replace

from mailgate.model.mail import InlineAnswer, Reading
from mailgate.understand.answers.commands import believed, heard_from
from mailgate.understand.limits import LIMITS, ReadingLimits
from mailgate.understand.text import above_the_marker, bare, lines_that_say, without_lines

#: Letters of a line that is too short to be told from what people write themselves.
_LEAST = 12


def without_preheader(reading: Reading, preheader: str, limits: ReadingLimits = LIMITS) -> Reading:
    """The reading without that line of the answered letter in its new text. Where the quote has it already, the author wrote it."""
    mail, said = reading.mail, bare(preheader)
    if len(said) < _LEAST or lines_that_say(above_the_marker(mail.quoted.split("\n")), said):
        return reading
    rows = mail.new_text.split("\n")
    found = lines_that_say(rows, said)
    if found is None:
        return reading
    start, end = found
    shown = "\n".join(rows[start:end])
    pieces = tuple(InlineAnswer(each.above, text) for each in mail.between if (text := _without(each.text, said)))
    inline = any(each.above for each in pieces)
    new, quoted = _without(mail.new_text, said), f"{shown}\n{mail.quoted}".strip("\n")
    if not new.strip():  # as ever: where nothing would be left, all of it is new
        new, quoted = mail.quoted, shown
    folded = replace(
        mail,
        new_text=new,
        quoted=quoted,
        inline_answers=inline,
        between=pieces if inline else (),
        new_html=without_lines(mail.new_html, said, limits) if mail.new_html and new is not mail.quoted else None,
        beside=_without(mail.beside, said),
    )
    return replace(reading, mail=folded, heard=believed(heard_from(folded)))


def _without(text: str, said: str) -> str:
    rows = text.split("\n")
    found = lines_that_say(rows, said)
    if found is None:
        return text
    above, below = "\n".join(rows[: found[0]]).rstrip(), "\n".join(rows[found[1] :]).strip("\n").rstrip()
    return f"{above}\n\n{below}" if above.strip() and below else above.strip("\n") or below
