"""Tells what a mail is: its parts as a tree, what is new in it and what was folded, and each rule that looked at it."""

from collections.abc import Mapping
from dataclasses import replace

from mailgate.explain import words
from mailgate.explain.layout import INDENT, clipped, columns, counted, excerpt, filled, listed, quoted, size_of, wide
from mailgate.model.account import Account, Piece
from mailgate.model.mail import Address, Kind, Mail, Reading, Report

FORMS: Mapping[str, str] = {
    "attached": "attached as a whole",
    "gmail": "in the way of Gmail",
    "outlook": "in the way of Outlook",
    "apple": "in the way of Apple Mail",
    "thunderbird": "in the way of Thunderbird",
}
ACTIONS: Mapping[str, str] = {
    "failed": "not delivered",
    "delayed": "late",
    "delivered": "delivered",
    "relayed": "handed on",
    "expanded": "sent on to a list",
}
#: Those that a desk is likely to see; another is told by its code.
LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hr": "Croatian", "hu": "Hungarian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
DEEPEST = 36  #: columns to the left of a part, four for each level
MOST_LINES, MOST_FOLDS, MOST_PIECES, MOST_REPORTS, MOST_DEFECTS = 12, 12, 40, 20, 12


def head(mail: Mail) -> list[str]:
    """What its header says of itself."""
    rows = [("From", listed([who(a) for a in mail.authors[:4]]) or (who(mail.unaddressed) if mail.unaddressed else "(nobody)"))]
    for name, found in (("Reply-To", mail.reply_to), ("To", mail.to), ("Cc", mail.cc)):
        if found:
            more = f" and {len(found) - 4} more" if len(found) > 4 else ""
            rows.append((name, ", ".join(who(a) for a in found[:4]) + more))
    rows.append(("Subject", clipped(mail.subject, 200) if mail.subject else "(none)"))
    if mail.date:
        rows.append(("Date", f"{mail.date:%Y-%m-%d %H:%M} {mail.date:%z}, by its own clock".replace("+0000", "UTC")))
    return columns(rows, INDENT)


def who(address: Address) -> str:
    """`Max Muster <max@example.com>`."""
    shown = f"<{clipped(address.address, 80)}>" if address.address else ""
    return f"{clipped(address.name, 60)} {shown}".strip()


def tree(account: Account) -> list[str]:
    """The parts of the mail, one line each, and below each what had to be repaired there."""
    rows: list[tuple[str, Piece]] = []
    below: list[str] = []  # how the lines below each row go on
    stack: list[tuple[Piece, str, str]] = [(account.outline, "", "")]
    while stack and len(rows) < MOST_PIECES:
        piece, front, onward = stack.pop()
        rows.append((front, piece))
        below.append(onward + ("|   " if piece.children else "    "))
        if len(onward) >= DEEPEST and piece.children:
            piece = rows[-1][1]
            rows[-1] = (front, replace(piece, children=(), use=f"{counted(len(piece.children), 'part')} within, which I leave out here"))
            below[-1] = onward + "    "
            continue
        inside = list(enumerate(piece.children, 1))
        for number, child in reversed(inside):
            last = number == len(inside)
            stack.append((child, onward + ("`-- " if last else "|-- "), onward + ("    " if last else "|   ")))
    lines: list[str] = []
    left = [clipped(front + _called(piece), 58) for front, piece in rows]
    middle = [clipped(piece.charset, 14) for _, piece in rows]
    right = ["" if piece.size is None else size_of(piece.size) for _, piece in rows]
    sizes = [max((wide(cell) for cell in column), default=0) for column in (left, middle, right)]
    for at, (_, piece) in enumerate(rows):
        line = "  ".join(
            cell + " " * (size - wide(cell)) for cell, size in zip((left[at], middle[at], right[at]), sizes, strict=True) if size
        )
        use = f"{piece.use}, {quoted(piece.name, 50)}" if piece.name and piece.use else piece.use
        onward = f"{INDENT}{below[at]}{' ' * max(0, wide(line) - wide(below[at]))}  "
        lines.extend(filled(use, f"{INDENT}{line}  ", onward) if use else [INDENT + line.rstrip()])
        for defect in piece.defects[:MOST_DEFECTS]:
            lines.extend(filled(f"! {defect}", f"{INDENT}{below[at]}  ", f"{INDENT}{below[at]}    "))
    if stack:
        lines.append(f"{INDENT}... and more parts, which I leave out here")
    return lines


def _called(piece: Piece) -> str:
    kind = clipped(piece.type, 45) + ("" if piece.declared else " (assumed)")
    return f"{piece.path} {kind}" if piece.path else kind


def text(mail: Mail, account: Account, is_written: bool) -> list[str]:
    """Which text counts, what is new in it, and what was folded and why. `is_written`: a person wrote it."""
    lines = filled(account.text_because)
    if mail.new_text.strip():
        lines += ["", *filled("What its author wrote this time:" if is_written else "What it says:"), *excerpt(mail.new_text, MOST_LINES)]
    elif mail.text.strip():
        lines += ["", *filled("I found no new words in it:"), *excerpt(mail.text, MOST_LINES // 2)]
    if account.folds_because:
        lines += ["", *filled(account.folds_because)]
    if account.folds:
        lines += ["", *filled("Folded away, but kept:")]
        rows: list[tuple[str, ...]] = []
        for fold in account.folds[:MOST_FOLDS]:
            place = f"line {fold.first}" if fold.first == fold.last else f"lines {fold.first}-{fold.last}"
            rows += [(place, fold.part, clipped(fold.words, 68)), ("", "", f"({words.FOLDS[fold.rule]})")]
        lines += columns(rows)
        if len(account.folds) > MOST_FOLDS:
            lines.append(f"{INDENT * 2}... and {counted(len(account.folds) - MOST_FOLDS, 'more piece')} like these")
    if mail.inline_answers:
        lines += ["", *filled("Its author answers between the quoted lines, so each answer keeps the line above it that it answers.")]
    if mail.new_text.strip():
        lines += ["", *filled(_language(mail, account))]
    if mail.forwarded is not None:
        lines += ["", *_forwarded(mail)]
    if account.defects:
        lines += ["", *filled("What I had to mend, guess or leave out, beside what stands in the tree:")]
        lines += [line for defect in account.defects[:MOST_DEFECTS] for line in filled(defect, f"{INDENT * 2}! ", f"{INDENT * 3}")]
        if len(account.defects) > MOST_DEFECTS:
            lines.append(f"{INDENT * 2}... and {counted(len(account.defects) - MOST_DEFECTS, 'more')[:-1]}")
    return lines


def _language(mail: Mail, account: Account) -> str:
    if mail.language is None:
        return f"I cannot tell its language: {account.language_because}."
    return f"Its language is {LANGUAGES.get(mail.language, mail.language)}, told {account.language_because}."


def _forwarded(mail: Mail) -> list[str]:
    assert mail.forwarded is not None
    passed = mail.forwarded
    about = f", about {quoted(passed.subject)}" if passed.subject else ""
    lines = filled(f"It passes on a mail of {who(passed.author)}{about}, {FORMS.get(passed.form, passed.form)}. Its words:")
    lines += excerpt(passed.text, MOST_LINES // 2)
    if passed.above.strip() and passed.above.strip() != mail.new_text.strip():
        lines += filled("Above it the forwarder wrote:") + excerpt(passed.above, MOST_LINES // 2)
    if passed.attachments:
        lines += filled(f"With it came {listed([quoted(a.name, 40) for a in passed.attachments[:6]])}.")
    return lines


def rules(reading: Reading, account: Account) -> list[str]:
    """Each rule that looked at the mail, and which one decided."""
    lines = filled(words.KINDS[reading.kind])
    *before, last = account.kinds
    if reading.kind is not Kind.WRITTEN:
        lines += filled(f"I say so because {words.yes(last)}.")
    if before:
        first = "Before that I" if reading.kind is not Kind.WRITTEN else "I"
        lines += filled(f"{first} looked for each of these, and found none: {words.names(tuple(before))}.")
    if reading.mail.reports:
        how = "in the form of the standard" if _has_form(account.outline) else "as far as I can read it out of its words"
        lines += ["", *filled(f"It reports, {how}:"), *_reports(reading.mail.reports)]
    return [*lines, "", *_silence(account)]


def _silence(account: Account) -> list[str]:
    if not account.silence:
        return filled("No machine may answer it: mail of this kind never gets an automatic answer.")
    *before, last = account.silence
    if last.evidence is None:
        found = words.names(account.silence)
        return filled(f"A machine may answer it. I looked for a reason to keep silent, and found none of these: {found}.")
    lines = filled(f"No machine may answer it: {words.yes(last)}.")
    return lines + (filled(f"Other reasons that I looked for and did not find: {words.names(tuple(before))}.") if before else [])


def _has_form(outline: Piece) -> bool:
    stack = [outline]
    while stack:
        piece = stack.pop()
        if piece.type in ("message/delivery-status", "message/global-delivery-status"):
            return True
        stack.extend(piece.children)
    return False


def _reports(reports: tuple[Report, ...]) -> list[str]:
    rows = []
    for report in reports[:MOST_REPORTS]:
        code = " ".join(word for word in (report.status, report.reply_code) if word)
        reason = f"{report.reason[:300].rstrip('. ')}." if report.reason else ""
        hard = "The address itself does not work." if report.hard else ""
        rows.append((report.recipient, ACTIONS.get(report.action, report.action), code, f"{reason} {hard}".strip()))
    more = [f"{INDENT * 2}... and {len(reports) - MOST_REPORTS} more"] if len(reports) > MOST_REPORTS else []
    return [*columns(rows, most=(50, 20, 20)), *more]
