"""What a mail asks for is carried out once, however often the mail comes.

The same bytes are known at the door. But a mail that is sent on, or said again by somebody who got hold of it, has other trace headers,
one more header, another recipient: then author and Message-ID are the same, or the signature is. What was obeyed leaves its keys in the
record, where a key is unique, so that of two nodes one is first."""

import hashlib

from mailgate.decide.situation import Situation
from mailgate.model.decision import Decision, TraceLine
from mailgate.model.evidence import Verdict
from mailgate.model.mail import Mail
from mailgate.model.reason import Reason

#: As much of a digest as nobody finds a second text for.
_LENGTH = 40


def mail_key(mail: Mail) -> str:
    """By which a mail is known again: its author and its Message-ID; without one, everything that a person put into it."""
    author = mail.author.key if mail.author is not None else ""
    if mail.message_id:
        return _key("mail", author, mail.message_id)
    said = (mail.date.isoformat() if mail.date else "", mail.subject, mail.new_text, *(a.key for a in (*mail.to, *mail.cc)))
    return _key("words", author, *said)


def said_key(mail: Mail) -> str:
    """By which it is known that a mail says the very same once more: its commands, its words and its files."""
    return _key("said", mail_key(mail), " ".join(mail.new_text.split()), *sorted(file.sha256 for file in mail.attachments))


def signature_key(mark: str) -> str:
    return f"seal:{mark}"


def question_key(mail: Mail) -> str:
    """That its author was asked whether it is theirs."""
    return f"asked:{mail_key(mail)}"


def keys_of(mail: Mail, verdict: Verdict) -> tuple[str, ...]:
    """All keys under which something may be known of this mail."""
    return (mail_key(mail), said_key(mail), question_key(mail), *(signature_key(mark) for one in verdict.signatures for mark in one.marks))


def marks(s: Situation) -> tuple[str, ...]:
    """What the record keeps of a mail that is carried out."""
    return (mail_key(s.mail), said_key(s.mail), *(signature_key(mark) for one in s.verdict.signatures for mark in one.marks))


def was_obeyed(s: Situation) -> bool:
    """Whether a mail of this author with this Message-ID was carried out before."""
    return mail_key(s.mail) in s.once


def says_nothing_new(s: Situation, words: str) -> bool:
    """Whether the very same was carried out, or these words, and nothing beside them, stand on the ticket under the same Message-ID: then
    nothing is lost by leaving it at that."""
    if said_key(s.mail) in s.once:
        return True
    said = words.strip()
    if not said or said != s.mail.new_text.strip():
        return False  # commands, or files alone: others than before
    files = {file.sha256 for file in s.mail.attachments}
    entries = s.file.entries if s.file is not None else ()
    mine = (entry for entry in entries if entry.message_id is not None and entry.message_id == s.mail.message_id)
    return any(said in entry.text and files <= {file.sha256 for file in entry.attachments} for entry in mine)


def kept(s: Situation) -> Decision:
    """The mail stays in the inbox, and nothing follows."""
    return Decision(trace=(TraceLine("decide", "once", s.mail.message_id or Reason("same_words"), Reason("obeyed_before")),))


def _key(kind: str, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{digest[:_LENGTH]}"
