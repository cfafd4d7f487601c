"""What may not leave with an agent's answer besides words: what we signed for others, files of notes, certificates, cipher text.

Words are compared by the residue check; here a form counts because one of our keys made it, and a file because of its digest."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from mailgate.decide.commands.course import MailRefused
from mailgate.decide.entries import files_of, known_outside, own_words_inside
from mailgate.decide.residue import Residue, readings, residue
from mailgate.decide.situation import Situation
from mailgate.model.commands import Fault
from mailgate.model.letters import ReturnedMail
from mailgate.model.mail import Attachment
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility
from mailgate.model.token import signed_forms

MOST_FAULTS, LONGEST_LINE = 20, 200
#: The first line of an encrypted text (RFC 9580 6.2), and what carries an encrypted mail (RFC 3156 4, RFC 8551 3.3).
ENCRYPTED_TEXT = "-----BEGIN PGP MESSAGE-----"
_WHOLLY_ENCRYPTED = "multipart/encrypted"
_ENCRYPTED = frozenset({"application/pgp-encrypted"})
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
#: How programs call the part with the cipher text where a server has taken the mail apart.
_ENCRYPTED_NAMES = frozenset({"encrypted.asc", "msg.asc", "message.asc", "smime.p7m", "pgpexch.htm.pgp"})
_QUOTES = "\"'“”„«»「」‹›\u00a0\u202f "
SIGNED_FOR_ANOTHER = Reason("hint.signed_for_another")


def leaving(s: Situation) -> tuple[str, ...]:
    """Every text of a mail that would leave with it: its words, all that can be read in its HTML, the names of its files."""
    page = readings(s.mail.new_html) if s.mail.new_html else ()
    return (s.mail.new_text, *page, *(each.name for each in files_of(s.mail)))


def refuse_encrypted(s: Situation) -> None:
    """Nobody here can read an encrypted mail: as a note it says nothing to colleagues, as an answer it meets a promise with noise."""
    if _is_encrypted(s):
        raise MailRefused(Fault("E_ENCRYPTED", None, "", ""))


def files_to_attach_again(s: Situation, faults: Iterable[Fault]) -> tuple[str, ...]:
    """Names of the files that a corrected mail has to bring: nothing that would stay behind anyhow, no cipher text."""
    files = files_of(s.mail)
    if any(fault.code == "E_ENCRYPTED" for fault in faults):
        wrapped = s.mail.content_type in (_WHOLLY_ENCRYPTED, *_ENVELOPES)
        files = () if wrapped else tuple(each for each in files if not _is_cipher(each))
    return tuple(each.name for each in files)


def _is_cipher(file: Attachment) -> bool:
    return file.type in _ENCRYPTED | _ENVELOPES or file.name.lower() in _ENCRYPTED_NAMES


def _is_encrypted(s: Situation) -> bool:
    mail = s.mail
    types = {each.type for each in mail.attachments}
    if mail.content_type == _WHOLLY_ENCRYPTED or types & _ENCRYPTED:
        return True
    if any(line.strip() == ENCRYPTED_TEXT for line in mail.new_text.splitlines()):
        return True
    wordless = not s.understood.commands.body.strip()
    names = {each.name.lower() for each in mail.attachments}
    return wordless and (mail.content_type in _ENVELOPES or bool(names & _ENCRYPTED_NAMES))


def refuse_what_is_below(s: Situation) -> None:
    """Words within a quote that nothing marks: whether they are meant for the reader, and where they end, only their author can say."""
    lines = [line for answer in s.below for line in answer.text.splitlines() if line.strip()]
    if lines:
        raise MailRefused(*(Fault("E_BELOW", None, line.strip()[:LONGEST_LINE], "") for line in lines[:MOST_FAULTS]))


def refuse_what_is_not_for_outside(s: Situation, said_to: str) -> None:
    """Raises MailRefused for what an outsider must not get. `said_to`: the visibility that the agent said: note, reply or default."""
    faults = [*_faults_of_forms(s), *_of_a_note(s, said_to)]
    if faults:
        raise MailRefused(*faults[:MOST_FAULTS])


def residue_in(s: Situation, words: str, page: str | None) -> tuple[Residue, ...]:
    """Which lines of words, or of a page, are of an internal notice about the ticket and were never said outside."""
    assert s.file is not None and s.author is not None
    known = [*known_outside(s.file), *own_words_inside(s.file, s.author.id, s.letter)]
    return residue(words, page, s.file.notices, known, s.author.keys, s.policy.residue_line, s.desk.keys | s.home.keys)


def signed_for_others(s: Situation) -> set[str]:
    """Forms in a mail that prove whoever has them to be somebody else than its readers outside."""
    outside = set(s.file.ticket.outsiders()) if s.file else set()
    return {form for form, person in s.signed.items() if person is None or outside != {person}}


def _faults_of_forms(s: Situation) -> Iterator[Fault]:
    """Whoever has an agent's signed address, or the Message-ID of their notice, is that agent. Readers may be told their own."""
    foreign = signed_for_others(s)
    if not foreign:
        return
    rows = ((number, row.strip(), signed_forms(row)) for number, row in enumerate(s.mail.new_text.splitlines(), 1))
    names = ((None, each.name, signed_forms(each.name)) for each in files_of(s.mail))
    files = ((None, name, forms) for name, forms in s.in_files)
    found = [(number, shown) for number, shown, forms in chain(rows, names, files) if not foreign.isdisjoint(forms)]
    # Where none has it alone, it stands across lines, or in the HTML.
    for number, shown in found or [(None, sorted(foreign)[0].partition(".")[0] + ".…")]:
        yield Fault("E_QUOTE", number, shown[:LONGEST_LINE], SIGNED_FOR_ANOTHER)


def _of_a_note(s: Situation, said_to: str) -> Iterator[Fault]:
    """Files that came to the ticket with a note, or with words that nobody admitted, and never with a public entry."""
    if s.file is None:
        return
    outside = s.file.ticket.outsiders()
    inner: set[str] = set()
    known: set[str] = set()
    for entry in s.file.entries:
        had = entry.visibility is Visibility.PUBLIC or (entry.author is not None and entry.author in outside)
        (known if had else inner).update(each.sha256 for each in entry.attachments if each.size)
    # Of two files of notes with one name a refusal does not say which it means: then neither leaves by it.
    noted = {(each.name, each.sha256) for entry in s.file.entries for each in entry.attachments if each.sha256 in inner - known}
    names = Counter(name for name, _ in noted)
    for each in files_of(s.mail):
        if each.sha256 in inner - known and not (_is_said_again(s, each, said_to) and names[each.name] <= 1):
            yield Fault("E_FILE", None, each.name[:LONGEST_LINE], "")


def _is_said_again(s: Situation, file: Attachment, said_to: str) -> bool:
    """Whether they were told of this very file, and send it once more in the answer to that, with #reply."""
    if said_to != "reply" or s.letter is None or s.letter.event != ReturnedMail.event:
        return False
    # What was wrong is a list, each with the name first, in the quotes of its reader's language, and its code.
    items = (" ".join(item.partition("\n\n")[0].split()).lstrip(_QUOTES) for item in f"\n{s.refusal}".split("\n- ")[1:])
    name = " ".join(file.name[:LONGEST_LINE].split())
    return any(item.startswith(name) and item[len(name) :][:1] in _QUOTES and "E_FILE" in item for item in items)
